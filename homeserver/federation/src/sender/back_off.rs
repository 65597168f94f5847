//! How long a destination is left alone after a failure.

use base::Rng;

use super::limits::{BACK_OFF_MS_MAX, BACK_OFF_MS_MIN};

/// The pause in ms after that many failures in a row. Chance is spread over the whole pause, half of it to both
/// sides, so that servers which failed together do not come back together.
pub(super) fn pause_ms(failures: u32, rng: &Rng) -> u64 {
    let doublings = failures.saturating_sub(1).min(30);
    let pause_ms = (BACK_OFF_MS_MIN << doublings).min(BACK_OFF_MS_MAX);
    pause_ms / 2 + rng.below(pause_ms)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_retry_comes_within_seconds_and_the_last_within_hours() {
        let rng = Rng::seeded(3);
        for _ in 0..100 {
            assert!(pause_ms(1, &rng) <= 3_000);
            assert!(pause_ms(u32::MAX, &rng) <= BACK_OFF_MS_MAX * 3 / 2);
            assert!(pause_ms(8, &rng) >= 2_000 << 6);
        }
    }

    #[test]
    fn servers_that_failed_together_come_back_apart() {
        let rng = Rng::seeded(4);
        let pauses: std::collections::BTreeSet<u64> = (0..50).map(|_| pause_ms(10, &rng)).collect();
        assert!(pauses.len() > 45);
    }
}
