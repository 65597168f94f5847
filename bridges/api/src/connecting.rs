//! Why a platform's connection is not open, and when to try again.

use std::time::Duration;

use base::Rng;

use crate::{Failure, FailureKind};

/// Why there is no connection.
#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
    /// It may work in a moment.
    #[error("{0}")]
    Passing(String),
    /// It will not work before somebody changes a configuration; tried again slowly, so that it heals by itself.
    #[error("{0}")]
    Misconfigured(String),
}

impl From<ConnectError> for Failure {
    fn from(error: ConnectError) -> Self {
        match error {
            ConnectError::Passing(reason) => Self::later(reason),
            ConnectError::Misconfigured(reason) => Self::new(FailureKind::NotSignedIn(reason)),
        }
    }
}

/// How long to wait before the next attempt: `first`, doubled by each attempt that failed before, at most `longest`; a fifth of it
/// is chance, so that not all come back at the same moment.
pub fn doubled_pause(first: Duration, longest: Duration, failed: u32, rng: &Rng) -> Duration {
    let most = first.saturating_mul(2_u32.saturating_pow(failed.min(16))).min(longest);
    let spread_ms = u64::try_from((most / 5).as_millis()).unwrap_or(u64::MAX).max(1);
    most - Duration::from_millis(rng.below(spread_ms))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attempts_become_slower_up_to_the_longest_pause() {
        let (rng, first, longest) = (Rng::seeded(1), Duration::from_secs(1), Duration::from_secs(30));
        for (failed, most) in [(0, 1_000), (1, 2_000), (3, 8_000), (5, 30_000), (1000, 30_000)] {
            let (pause, most) = (doubled_pause(first, longest, failed, &rng), Duration::from_millis(most));
            assert!(pause <= most && pause >= most * 4 / 5, "{failed}: {pause:?}");
        }
    }
}
