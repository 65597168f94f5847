//! What users report: rooms, events, people.
//!
//! [Reporting content](https://spec.matrix.org/v1.19/client-server-api/#reporting-content). Whether the
//! reporter may see what they report is decided before it comes here.

use model::StreamPos;
use ruma::{OwnedEventId, OwnedRoomId, OwnedUserId};
use store::{Batch, Scan, StoreError};

use crate::{
    Administration, AdministrationError,
    limits::{REASON_BYTES_MAX, REPORTS_PAGE_MAX, REPORTS_READ, REPORTS_SCAN_MAX},
    tables::{REPORT, ReportRow},
};

/// What is reported.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReportKind {
    /// An event.
    Event,
    /// A room.
    Room,
    /// A user.
    User,
}

impl ReportKind {
    fn code(self) -> u8 {
        match self {
            Self::Event => 1,
            Self::Room => 2,
            Self::User => 3,
        }
    }
}

/// A report on its way in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewReport {
    /// What is reported.
    pub kind: ReportKind,
    /// Who reports.
    pub reporter: OwnedUserId,
    /// The room, for events and rooms.
    pub room: Option<OwnedRoomId>,
    /// The event.
    pub event: Option<OwnedEventId>,
    /// The sender of the event, or the reported user.
    pub user: Option<OwnedUserId>,
    /// Why.
    pub reason: Option<String>,
    /// How bad, from -100 (most) to 0.
    pub score: Option<i64>,
}

/// A report in the list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// Its number.
    pub id: u64,
    /// When it arrived, in ms since 1970.
    pub at_ms: u64,
    /// What was said.
    pub report: NewReport,
}

/// Which reports are wanted.
#[derive(Clone, Debug, Default)]
pub struct ReportFilter {
    /// Text in the reporter's id.
    pub reporter: Option<String>,
    /// Text in the room's id.
    pub room: Option<String>,
    /// Text in the id of the event's sender or of the reported user.
    pub user: Option<String>,
    /// Oldest first.
    pub forwards: bool,
    /// How many to pass over.
    pub from: usize,
    /// How many to return.
    pub limit: usize,
}

/// A page of reports.
#[derive(Clone, Debug, Default)]
pub struct ReportPage {
    /// The reports.
    pub reports: Vec<Report>,
    /// How many there are in all.
    pub total: usize,
}

impl Administration {
    /// Adds a report to the list and returns its number.
    ///
    /// # Errors
    /// A reason beyond [`REASON_BYTES_MAX`].
    pub async fn report(&self, new: NewReport) -> Result<u64, AdministrationError> {
        if new.reason.as_ref().is_some_and(|reason| reason.len() > REASON_BYTES_MAX) {
            return Err(AdministrationError::TooLarge("the reason"));
        }
        let kind = new.kind.code();
        let row = ReportRow {
            at_ms: self.0.clock.now_ms(),
            reporter: new.reporter,
            room: new.room,
            event: new.event,
            user: new.user,
            reason: new.reason,
            score: new.score,
        };
        let mut batch = Batch::new();
        let place = batch.position();
        batch.put(&REPORT, &(kind, place), &row);
        let commit = self.0.store.commit(batch).await?;
        metrics::counter!("lianqiao_reports_total").increment(1);
        Ok(commit.resolve(place).get())
    }

    /// One report.
    ///
    /// # Errors
    /// The store's own.
    pub async fn report_by_id(&self, kind: ReportKind, id: u64) -> Result<Option<Report>, StoreError> {
        let row = self.0.store.get(&REPORT, &(kind.code(), StreamPos::new(id))).await?;
        Ok(row.map(|row| described(kind, id, row)))
    }

    /// Takes a report off the list.
    ///
    /// # Errors
    /// [`AdministrationError::NotFound`].
    pub async fn delete_report(&self, kind: ReportKind, id: u64) -> Result<(), AdministrationError> {
        let key = (kind.code(), StreamPos::new(id));
        let row = self.0.store.get(&REPORT, &key).await?.ok_or(AdministrationError::NotFound)?;
        let mut batch = Batch::new();
        batch.expect_eq(&REPORT, &key, &row);
        batch.delete(&REPORT, &key);
        match self.0.store.commit(batch).await {
            Ok(_) => Ok(()),
            Err(StoreError::Conflict) => Err(AdministrationError::NotFound),
            Err(error) => Err(error.into()),
        }
    }

    /// Reports of one kind, the newest first unless asked otherwise.
    ///
    /// # Errors
    /// The store's own.
    pub async fn reports(&self, kind: ReportKind, filter: &ReportFilter) -> Result<ReportPage, StoreError> {
        let limit = filter.limit.min(REPORTS_PAGE_MAX);
        let mut page = ReportPage::default();
        let (mut last, mut seen): (Option<StreamPos>, usize) = (None, 0);
        while seen < REPORTS_SCAN_MAX {
            let rows = self.report_rows(kind, filter.forwards, last).await?;
            let Some((end, _)) = rows.last() else { break };
            last = Some(*end);
            seen += rows.len();
            for (place, row) in rows {
                if !filter.wants(&row) {
                    continue;
                }
                if page.total >= filter.from && page.reports.len() < limit {
                    page.reports.push(described(kind, place.get(), row));
                }
                page.total += 1;
            }
        }
        Ok(page)
    }

    async fn report_rows(
        &self,
        kind: ReportKind,
        forwards: bool,
        last: Option<StreamPos>,
    ) -> Result<Vec<(StreamPos, ReportRow)>, StoreError> {
        let mut scan = Scan::prefix(&kind.code()).limit(REPORTS_READ);
        scan = match (last, forwards) {
            (Some(last), true) => scan.after(&(kind.code(), last)),
            (Some(last), false) => scan.until(&(kind.code(), last)).reverse(),
            (None, true) => scan,
            (None, false) => scan.reverse(),
        };
        let rows = self.0.store.scan(&REPORT, scan).await?;
        Ok(rows.into_iter().map(|((_, place), row)| (place, row)).collect())
    }
}

impl ReportFilter {
    fn wants(&self, row: &ReportRow) -> bool {
        let has = |wanted: &Option<String>, text: Option<&str>| {
            wanted.as_ref().is_none_or(|wanted| text.is_some_and(|text| text.contains(wanted.as_str())))
        };
        has(&self.reporter, Some(row.reporter.as_str()))
            && has(&self.room, row.room.as_ref().map(|room| room.as_str()))
            && has(&self.user, row.user.as_ref().map(|user| user.as_str()))
    }
}

fn described(kind: ReportKind, id: u64, row: ReportRow) -> Report {
    let ReportRow { at_ms, reporter, room, event, user, reason, score } = row;
    Report { id, at_ms, report: NewReport { kind, reporter, room, event, user, reason, score } }
}
