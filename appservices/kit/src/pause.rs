//! Pauses between tries: twice as long each time, with some chance in it so that lanes do not march in step.

use std::time::Duration;

use base::Rng;

use crate::limits::{PAUSE_MAX, PAUSE_MIN};

/// How long to wait after so many failures in a row (1 for the first).
pub(crate) fn after(failures: u32, rng: &Rng) -> Duration {
    let doubled = PAUSE_MIN.saturating_mul(1 << failures.saturating_sub(1).min(16)).min(PAUSE_MAX);
    let chance_ms = u64::try_from(doubled.as_millis() / 4).unwrap_or_default();
    doubled + Duration::from_millis(rng.below(chance_ms))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pause_grows_to_its_bound() {
        let rng = Rng::seeded(1);
        assert!(after(1, &rng) >= PAUSE_MIN && after(1, &rng) < PAUSE_MIN * 2);
        for failures in [7, 20, u32::MAX] {
            let pause = after(failures, &rng);
            assert!(pause >= PAUSE_MAX && pause <= PAUSE_MAX + PAUSE_MAX / 4, "{pause:?}");
        }
    }
}
