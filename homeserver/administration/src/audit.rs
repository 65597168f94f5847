//! The audit stream: append-only, in the order of commits.
//!
//! An act is written down *before* it is done and its outcome after, so that a crash between the two
//! leaves an act whose outcome is unknown and never a deed without a trace. Nothing here is ever changed
//! or deleted. Texts never hold secrets: callers name targets, not request bodies.

use model::StreamPos;
use store::{Batch, Scan, StoreError};

use crate::{
    Administration,
    limits::{AUDIT_PAGE_MAX, AUDIT_TEXT_BYTES_MAX},
    tables::{AUDIT, AUDIT_OUTCOME, ActRow, OutcomeRow},
};

/// What somebody sets out to do.
#[derive(Clone, Debug)]
pub struct Act<'a> {
    /// A user id, or who else acts (`operator` for the command line).
    pub actor: &'a str,
    /// What: method and path template, or the name of a command.
    pub action: &'a str,
    /// To whom or what.
    pub target: &'a str,
}

/// An act that was written down; give it back with the outcome.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AuditMark(StreamPos);

/// How an act ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AuditOutcome {
    /// Nothing was written: it is still under way, or the server stopped in the middle.
    Unknown,
    /// It was done.
    Done {
        /// When, in ms since 1970.
        at_ms: u64,
    },
    /// It was refused or failed.
    Failed {
        /// When, in ms since 1970.
        at_ms: u64,
        /// The error as the actor was told.
        error: String,
    },
}

/// One entry of the stream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditEntry {
    /// Its place; ascending with time.
    pub place: StreamPos,
    /// When it began, in ms since 1970.
    pub at_ms: u64,
    /// Who.
    pub actor: String,
    /// What.
    pub action: String,
    /// To whom or what.
    pub target: String,
    /// How it ended.
    pub outcome: AuditOutcome,
}

impl Administration {
    /// Writes an act down; it is durable when this returns, and only then may it be done.
    ///
    /// # Errors
    /// The store's own: the act must not be done then.
    pub async fn begin_act(&self, act: Act<'_>) -> Result<AuditMark, StoreError> {
        let row = ActRow {
            at_ms: self.0.clock.now_ms(),
            actor: shortened(act.actor),
            action: shortened(act.action),
            target: shortened(act.target),
        };
        let mut batch = Batch::new();
        let place = batch.position();
        batch.put(&AUDIT, &place, &row);
        let commit = self.0.store.commit(batch).await?;
        Ok(AuditMark(commit.resolve(place)))
    }

    /// Writes down how an act ended. A failure to do so is logged: the act itself stands.
    pub async fn end_act(&self, AuditMark(place): AuditMark, error: Option<&str>) {
        let row =
            OutcomeRow { at_ms: self.0.clock.now_ms(), error: error.map(shortened).unwrap_or_default() };
        let mut batch = Batch::new();
        batch.expect_absent(&AUDIT_OUTCOME, &place);
        batch.put(&AUDIT_OUTCOME, &place, &row);
        if let Err(error) = self.0.store.commit(batch).await {
            tracing::error!(place = place.get(), %error, "write the outcome of an administrator's act");
        }
    }

    /// A page of the stream: after `after` going forward, before it going `backwards`, at most
    /// [`AUDIT_PAGE_MAX`] entries.
    ///
    /// # Errors
    /// The store's own.
    pub async fn audit(
        &self,
        after: Option<StreamPos>,
        backwards: bool,
        limit: usize,
    ) -> Result<Vec<AuditEntry>, StoreError> {
        let mut scan = Scan::all().limit(limit.clamp(1, AUDIT_PAGE_MAX));
        scan = match (after, backwards) {
            (Some(after), false) => scan.after(&after),
            (Some(before), true) => scan.until(&before).reverse(),
            (None, false) => scan,
            (None, true) => scan.reverse(),
        };
        let rows = self.0.store.scan(&AUDIT, scan).await?;
        let places: Vec<StreamPos> = rows.iter().map(|(place, _)| *place).collect();
        let outcomes = self.0.store.multi_get(&AUDIT_OUTCOME, &places).await?;
        Ok(rows.into_iter().zip(outcomes).map(|((place, row), outcome)| entry(place, row, outcome)).collect())
    }
}

fn entry(place: StreamPos, row: ActRow, outcome: Option<OutcomeRow>) -> AuditEntry {
    let outcome = match outcome {
        None => AuditOutcome::Unknown,
        Some(row) if row.error.is_empty() => AuditOutcome::Done { at_ms: row.at_ms },
        Some(row) => AuditOutcome::Failed { at_ms: row.at_ms, error: row.error },
    };
    let ActRow { at_ms, actor, action, target } = row;
    AuditEntry { place, at_ms, actor, action, target, outcome }
}

fn shortened(text: &str) -> String {
    let mut end = AUDIT_TEXT_BYTES_MAX.min(text.len());
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text.get(..end).unwrap_or_default().to_owned()
}
