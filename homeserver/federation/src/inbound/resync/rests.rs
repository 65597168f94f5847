//! When a room is tried again that could not be completed.

use std::time::Duration;

use tokio::time::Instant;

use super::super::limits::{RESYNC_KEYS_PAUSE, RESYNC_PAUSE_MAX, RESYNC_PAUSE_MIN};

/// What became of a try to complete a room.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ended {
    /// Nothing remains to be done.
    Done,
    /// Nobody helped, or something failed here.
    InVain,
    /// A part of the state could not be had.
    Lacking,
    /// A part of the state is signed by servers whose keys cannot be had now.
    Unproven,
}

/// A room that rests between two tries.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rest {
    until: Instant,
    failures: u32,
    /// Where the last one ended without some keys: how often servers had told their keys late when it began.
    keys_seen: Option<u64>,
}

impl Rest {
    /// The rest after a try that did not complete the room. Each is longer than the one before; for keys it is as long as
    /// a server is not asked for them again, and over when any are told that were waited for.
    pub fn after(before: Option<Self>, ended: Ended, now: Instant, keys_seen: u64) -> Self {
        let failures = before.map_or(0, |rest| rest.failures);
        match ended {
            Ended::Unproven => Self { until: now + RESYNC_KEYS_PAUSE, failures, keys_seen: Some(keys_seen) },
            Ended::Done | Ended::InVain | Ended::Lacking => {
                let pause = RESYNC_PAUSE_MIN.saturating_mul(2_u32.saturating_pow(failures));
                Self {
                    until: now + pause.min(RESYNC_PAUSE_MAX),
                    failures: failures.saturating_add(1),
                    keys_seen: None,
                }
            }
        }
    }

    /// Whether the room may be tried again.
    pub fn is_over(&self, now: Instant, keys_told: u64) -> bool {
        self.until <= now || self.keys_seen.is_some_and(|seen| seen != keys_told)
    }

    /// How long the rest goes on at most.
    pub fn left(&self, now: Instant) -> Duration {
        self.until.saturating_duration_since(now)
    }

    /// Tries that ended otherwise: nobody helped, or not with everything.
    pub fn failures(&self) -> u32 {
        self.failures
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn pauses_grow_and_keys_that_are_told_end_one() {
        let now = Instant::now();
        let mut rest = None;
        for pause in [5, 10, 20] {
            let next = Rest::after(rest, Ended::InVain, now, 0);
            assert_eq!(next.left(now), Duration::from_secs(pause));
            assert!(!next.is_over(now, 1), "it waits for no keys");
            rest = Some(next);
        }
        let waiting = Rest::after(rest, Ended::Unproven, now, 7);
        assert!(!waiting.is_over(now, 7));
        assert!(waiting.is_over(now, 8) && waiting.is_over(now + RESYNC_KEYS_PAUSE, 7));
        let failed = Rest::after(Some(waiting), Ended::InVain, now, 7);
        assert_eq!(failed.left(now), Duration::from_secs(40), "the other failures are not forgotten");
    }
}
