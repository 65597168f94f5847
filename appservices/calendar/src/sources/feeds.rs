//! Files of calendars elsewhere, fetched every quarter of an hour, for all who named one.
//!
//! What is kept of a file is when its owner is busy, for a good year ahead, and nothing else of it.

use std::{sync::Arc, time::Duration};

use base::Shutdown;
use futures_util::{FutureExt as _, StreamExt as _, stream};
use http::StatusCode;
use outbound::{Limits, Request};
use store::{Batch, Scan};

use super::{FirstLook, FirstLooks, KeptSource, Seen, Source, SourceFault, caldav::refused};
use crate::{
    Address, Busy, CalendarError, Calendars, Span, Zone,
    ics::{self, Calendar},
    limits::{
        CALDAV_LOOK_INTERVAL, FEED_AHEAD_MS, FEED_BEHIND_MS, FEED_BYTES_MAX, FEED_INTERVAL,
        FEED_INTERVALS_MAX, FEED_KNOWN_MS_MAX, FEED_LOOK_INTERVAL, FEED_TIME_MAX, FEEDS_AT_ONCE_MAX,
        PAGE_ROWS_MAX, QUESTION_INSTANCES_MAX,
    },
    tables::{FETCHED, FetchedRow, SOURCES},
    time::{joined, kind_for},
};

/// Redirects that a feed may take.
const REDIRECTS_MAX: usize = 5;

/// The pause grows with failures, to sixteen times what it is.
const DOUBLINGS_MAX: u32 = 4;

impl Calendars {
    /// Fetches feeds when they are due, until the shutdown. What came of the first look at a calendar goes to the listener.
    pub async fn fetch_feeds(self, listener: Arc<dyn FirstLooks>, shutdown: Shutdown) {
        loop {
            let fetched = tokio::select! {
                // A commit that is under way goes on; what was not committed is looked at again after the start.
                () = shutdown.wait() => return,
                fetched = self.fetch_due(&*listener) => fetched,
            };
            if let Err(error) = fetched {
                tracing::warn!(%error, "feeds of calendars cannot be fetched now");
            }
            tokio::select! {
                () = shutdown.wait() => return,
                () = self.0.sources_changed.notified() => {}
                () = tokio::time::sleep(FEED_LOOK_INTERVAL) => {}
            }
        }
    }

    /// Fetches every feed whose time has come, and looks whether CalDAV servers let their owners in.
    ///
    /// # Errors
    /// The store's own; a calendar that does not answer is noted with its row.
    pub async fn fetch_due(&self, listener: &dyn FirstLooks) -> Result<(), CalendarError> {
        let mut scan = Scan::all().limit(PAGE_ROWS_MAX);
        loop {
            let rows = self.store().scan(&SOURCES, scan).await?;
            let last = (rows.len() == PAGE_ROWS_MAX).then(|| rows.last().map(|row| row.0.clone())).flatten();
            let fetches =
                rows.into_iter().map(|((owner, _), kept)| self.fetch_if_due(owner, kept, listener).boxed());
            let mut fetching = stream::iter(fetches.collect::<Vec<_>>()).buffer_unordered(FEEDS_AT_ONCE_MAX);
            while let Some(fetched) = fetching.next().await {
                fetched?;
            }
            match last {
                Some(key) => scan = Scan::all().after(&key).limit(PAGE_ROWS_MAX),
                None => return Ok(()),
            }
        }
    }

    async fn fetch_if_due(
        &self,
        owner: String,
        kept: KeptSource,
        listener: &dyn FirstLooks,
    ) -> Result<(), CalendarError> {
        let key = (owner.as_str(), kept.id.as_str());
        let known = self.store().get(&FETCHED, &key).await?;
        let is_first = known.is_none();
        let before = known.unwrap_or_default();
        let now_ms = self.now_ms();
        if now_ms < before.next_ms {
            return Ok(());
        }
        // A look may ask several times; a pass ends with the slowest of all looks.
        let looked = tokio::time::timeout(FEED_TIME_MAX, self.look(&owner, &kept.source, &before)).await;
        let looked = looked.unwrap_or_else(|_| Err(SourceFault::Unreachable.because("no answer in time")));
        let seen = looked.as_ref().map(|row| Seen { times: ahead(row, now_ms), until_ms: row.until_ms });
        let seen = seen.map_err(CalendarError::fault);
        let row = match looked {
            Ok(row) => looked_at(&kept.source, row, now_ms),
            Err(error) => {
                tracing::info!(owner, source = ?kept.source, %error, "a calendar elsewhere cannot be read");
                failed_at(before, &error, now_ms)
            }
        };
        let outcome = if row.trouble.is_none() { "read" } else { "failed" };
        metrics::counter!("calendar_feeds_total", "outcome" => outcome).increment(1);
        let mut batch = Batch::new();
        // One that was dropped meanwhile leaves nothing behind.
        batch.expect_eq(&SOURCES, &key, &kept);
        batch.put(&FETCHED, &key, &row);
        if is_first && let Ok(person) = owner.parse::<Address>() {
            let outcome = seen.map_or_else(SourceFault::label, |_| "read");
            metrics::counter!("calendar_first_looks_total", "outcome" => outcome).increment(1);
            let look = FirstLook { owner: &person, kept: &kept, seen };
            if !listener.looked(&mut batch, look).await? {
                batch.delete(&SOURCES, &key);
                batch.delete(&FETCHED, &key);
            }
        }
        self.store().try_commit(batch).await?;
        Ok(())
    }

    /// What a calendar elsewhere says now.
    async fn look(
        &self,
        owner: &str,
        source: &Source,
        before: &FetchedRow,
    ) -> Result<FetchedRow, CalendarError> {
        match source {
            Source::Feed { url } => self.fetch(url, owner, before).await,
            Source::CalDav { url, user, password } => {
                self.look_at_caldav(owner, url, (user, password), before).await
            }
        }
    }

    async fn fetch(&self, url: &str, owner: &str, before: &FetchedRow) -> Result<FetchedRow, CalendarError> {
        let failed = |error: outbound::OutboundError| SourceFault::outside(&error);
        let mut request = Request::get(url).header("accept", "text/calendar");
        // The same file says something else a month later: the year ahead goes on.
        let is_recent = before.until_ms > self.now_ms() + FEED_AHEAD_MS / 2;
        if let Some(etag) = before.etag.as_ref().filter(|_| is_recent) {
            request = request.header("if-none-match", etag);
        }
        let limits =
            Limits { bytes_max: FEED_BYTES_MAX, time_max: FEED_TIME_MAX, redirects_max: REDIRECTS_MAX };
        let download = self.0.parts.outbound.open(request, limits).await.map_err(failed)?;
        let status = download.status();
        if status == StatusCode::NOT_MODIFIED && before.etag.is_some() {
            return Ok(before.clone());
        }
        if !status.is_success() {
            return Err(refused(status));
        }
        let etag = download.header(&http::header::ETAG).map(str::to_owned);
        let answer = download.collect().await.map_err(failed)?;
        let now_ms = self.now_ms();
        let within =
            Span { from_ms: now_ms.saturating_sub(FEED_BEHIND_MS), until_ms: now_ms + FEED_AHEAD_MS };
        let intervals = busy_of(&answer.body, &self.0.parts.zone, owner, within)?;
        if intervals.len() > FEED_INTERVALS_MAX {
            return Err(CalendarError::TooLarge("the number of busy times"));
        }
        let (from_ms, until_ms) = (within.from_ms, within.until_ms);
        Ok(FetchedRow { from_ms, until_ms, intervals, etag, ..before.clone() })
    }

    /// What a feed said; none when it never answered, not for long, or not about all of that time.
    pub(super) async fn ask_feed(
        &self,
        owner: &str,
        id: &str,
        within: Span,
    ) -> Result<Option<Vec<Busy>>, CalendarError> {
        let Some(row) = self.store().get(&FETCHED, &(owner, id)).await? else { return Ok(None) };
        let is_old = self.now_ms() > row.at_ms.saturating_add(FEED_KNOWN_MS_MAX);
        let is_covered = row.from_ms <= within.from_ms && within.until_ms <= row.until_ms;
        Ok((!is_old && is_covered).then_some(row.intervals))
    }
}

/// How many busy times are not over.
fn ahead(row: &FetchedRow, now_ms: u64) -> usize {
    row.intervals.iter().filter(|busy| busy.until_ms > now_ms).count()
}

/// The row of a calendar that was looked at. Of a CalDAV server no times are kept: it is asked when somebody wants to know.
fn looked_at(source: &Source, row: FetchedRow, now_ms: u64) -> FetchedRow {
    let (interval, intervals) = match source {
        Source::Feed { .. } => (FEED_INTERVAL, row.intervals),
        Source::CalDav { .. } => (CALDAV_LOOK_INTERVAL, Vec::new()),
    };
    let next_ms = now_ms.saturating_add(milliseconds(interval));
    FetchedRow { at_ms: now_ms, next_ms, intervals, failures: 0, trouble: None, fault: None, ..row }
}

/// The row of a calendar that could not be read: what it said before stays, and the pause grows.
fn failed_at(before: FetchedRow, error: &CalendarError, now_ms: u64) -> FetchedRow {
    let failures = before.failures.saturating_add(1);
    let pause_ms = milliseconds(FEED_INTERVAL) << failures.saturating_sub(1).min(DOUBLINGS_MAX);
    let (trouble, fault) = (Some(error.to_string()), Some(error.fault()));
    FetchedRow { next_ms: now_ms.saturating_add(pause_ms), failures, trouble, fault, ..before }
}

fn milliseconds(interval: Duration) -> u64 {
    u64::try_from(interval.as_millis()).unwrap_or(u64::MAX)
}

/// When the owner of a file is busy by it. A file with an event that cannot be read says nothing: it may hide time.
pub(super) fn busy_of(
    bytes: &[u8],
    zone: &Zone,
    owner: &str,
    within: Span,
) -> Result<Vec<Busy>, CalendarError> {
    let mut intervals = ics::read_busy(bytes)?.unwrap_or_default();
    let calendar = ics::read_feed(bytes, zone)?;
    if let Some(reason) = calendar.skipped.first() {
        return Err(CalendarError::Unreadable(format!(
            "{} events cannot be read, the first because: {reason}",
            calendar.skipped.len()
        )));
    }
    intervals.extend(busy_by(&calendar, owner, within)?);
    Ok(joined(intervals, within))
}

/// When the owner of these events is busy.
pub(super) fn busy_by(calendar: &Calendar, owner: &str, within: Span) -> Result<Vec<Busy>, CalendarError> {
    let owner: Vec<Address> = owner.parse().into_iter().collect();
    let mut instances_left = QUESTION_INSTANCES_MAX;
    let mut intervals = Vec::new();
    for item in &calendar.items {
        let (occurrences, looked_at) = item.event.counted_occurrences(within, instances_left)?;
        instances_left = instances_left.saturating_sub(looked_at).max(1);
        for one in occurrences {
            if let Some(kind) = kind_for(&item.event, &one, &owner) {
                intervals.push(Busy { from_ms: one.start_ms, until_ms: one.end_ms, kind, title: None });
            }
        }
    }
    Ok(intervals)
}
