//! What the state of every simulated platform holds beside its own: clock, chance, faults, rates, the record of deliveries.

use std::collections::VecDeque;
use std::sync::Arc;

use serde_json::{Value, json};

use crate::chance::Chance;
use crate::faults::Faults;
use crate::limits::DELIVERIES_KEPT_MAX;
use crate::rates::Rates;

/// Reads milliseconds since the Unix epoch.
pub type Now = Arc<dyn Fn() -> u64 + Send + Sync>;

/// What an event is in the record of deliveries.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Label {
    /// The app that is told.
    pub app: String,
    /// The id under which it is told.
    pub id: String,
    /// What kind of event it is.
    pub what: String,
}

/// Belongs into a platform's state, under its lock.
pub struct Stage {
    /// Every random choice.
    pub chance: Chance,
    /// What goes wrong.
    pub faults: Faults,
    now: Now,
    skipped_ms: u64,
    /// Grows with each thing that happens, so that order never hangs on the clock.
    last_number: u64,
    rates: Rates,
    deliveries: VecDeque<(Label, usize, String)>,
}

impl Stage {
    /// A stage on which nothing has happened.
    pub fn new(seed: u64, now: Now) -> Self {
        Self {
            chance: Chance::new(seed),
            faults: Faults::default(),
            now,
            skipped_ms: 0,
            last_number: 0,
            rates: Rates::default(),
            deliveries: VecDeque::new(),
        }
    }

    /// The platform's clock, in milliseconds since the Unix epoch.
    pub fn now_ms(&self) -> u64 {
        (self.now)().saturating_add(self.skipped_ms)
    }

    /// Moves the platform's clock forward.
    pub(crate) fn skip(&mut self, by_ms: u64) {
        self.skipped_ms = self.skipped_ms.saturating_add(by_ms);
    }

    /// The next number of the order in which things happen; the first is 1.
    pub fn number(&mut self) -> u64 {
        self.last_number += 1;
        self.last_number
    }

    /// Counts one request of `who` for `name` against bounds of (length of the window in milliseconds, requests in it).
    ///
    /// # Errors
    /// One too many, which is not counted: the milliseconds to wait.
    pub fn count(&mut self, who: &str, name: &str, bounds: &[(u64, u32)]) -> Result<(), u64> {
        self.rates.count(self.now_ms(), who, name, bounds)
    }

    /// Writes into the record how a try of an event ended.
    pub fn note(&mut self, label: Label, try_number: usize, outcome: &str) {
        if self.deliveries.len() >= DELIVERIES_KEPT_MAX {
            self.deliveries.pop_front();
        }
        self.deliveries.push_back((label, try_number, outcome.to_owned()));
    }

    /// How events fared, oldest first.
    pub(crate) fn deliveries(&self) -> Value {
        let lines = self.deliveries.iter().map(|(label, try_number, outcome)| {
            json!({ "app": label.app, "id": label.id, "what": label.what, "try": try_number, "outcome": outcome })
        });
        lines.collect()
    }
}
