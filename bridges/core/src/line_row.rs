//! How a line stands, as it is written down.

use bridge_api::Failure;
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct LineRow {
    pub is_up: bool,
    pub since_ms: u64,
    /// Whether people were told that it is down.
    pub is_told: bool,
    /// Conversations in which something had been missed, ever.
    pub gaps: u64,
    /// Why it is down.
    pub reason: String,
    /// Whether arrivals come while it is down: then nothing that is sent arrives there.
    #[serde(default, skip_serializing_if = "is_default")]
    pub hears: bool,
    /// For how long the oldest of what waits has waited, in steps.
    #[serde(default, skip_serializing_if = "is_default")]
    pub delay_ms: u64,
    /// What the platform carried when its rooms were last told: a letter for each ability and way.
    #[serde(default, skip_serializing_if = "is_default")]
    pub abilities: String,
}

/// Rows are compared by their bytes, so one from before has to be written as it was.
fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

impl LineRow {
    /// The same line, up since then.
    pub fn up(&self, since_ms: u64) -> Self {
        Self { is_up: true, since_ms, ..self.lasting() }
    }

    /// The same line, down since then, or since it was down before.
    pub fn down(&self, since_ms: u64, failure: &Failure, hears: bool) -> Self {
        let reason = failure.to_string().chars().take(200).collect();
        match self.is_down() {
            true => Self { reason, hears, ..self.clone() },
            false => Self { since_ms, reason, hears, ..self.lasting() },
        }
    }

    /// What stays when the line comes or goes.
    fn lasting(&self) -> Self {
        let (gaps, delay_ms, abilities) = (self.gaps, self.delay_ms, self.abilities.clone());
        Self { gaps, delay_ms, abilities, ..Self::default() }
    }

    /// Whether it is known to be down.
    pub fn is_down(&self) -> bool {
        !self.is_up && self.since_ms > 0
    }

    /// Whether what is said there does not come.
    pub fn is_deaf(&self) -> bool {
        self.is_down() && !self.hears
    }
}

store::record!(LineRow);
