//! What administrators do, what users report, and work that outlives a request.
//!
//! This crate owns the audit stream (who did what to whom, and how it ended), the list of reports,
//! background tasks whose state survives a restart, and the few notes that administration keeps of users:
//! their rate limits and their room for server notices. It decides nothing about accounts or rooms and
//! reaches neither: `http` records acts here around the call that does them, `flows` carries tasks out.
//! Read [`Administration`] first, then `audit.rs`.

mod audit;
mod error;
pub mod limits;
mod notices;
mod rate_overrides;
mod reports;
mod tables;
mod tasks;
#[cfg(test)]
mod tests;
mod turn;

use std::sync::Arc;

use base::{Clock, Rng};
use store::Store;
use tokio::sync::watch;

pub use self::{
    audit::{Act, AuditEntry, AuditMark, AuditOutcome},
    error::AdministrationError,
    rate_overrides::RateOverride,
    reports::{NewReport, Report, ReportFilter, ReportKind, ReportPage},
    tables::tables,
    tasks::{Task, TaskState},
    turn::{TurnCredentials, TurnSettings},
};

/// What [`Administration`] is built from.
#[derive(Clone)]
pub struct AdministrationParts {
    /// The store that holds the tables of [`tables`].
    pub store: Store,
    /// The time.
    pub clock: Clock,
    /// Randomness for the ids of tasks.
    pub rng: Rng,
}

/// The notes of administration. Cloning it is one reference count.
#[derive(Clone)]
pub struct Administration(Arc<Inner>);

pub(crate) struct Inner {
    store: Store,
    clock: Clock,
    rng: Rng,
    /// Counts changes of tasks, for those who wait for one.
    tasks_changed: watch::Sender<u64>,
}

impl Administration {
    /// Makes it over an open store. Reads and writes nothing yet.
    #[must_use]
    pub fn new(parts: AdministrationParts) -> Self {
        let AdministrationParts { store, clock, rng } = parts;
        Self(Arc::new(Inner { store, clock, rng, tasks_changed: watch::Sender::new(0) }))
    }
}
