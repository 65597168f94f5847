//! The clock of a process: the wall, or a number that a test moves.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::UNIX_EPOCH;

/// Where the time of day comes from. Cloning shares the same clock.
#[derive(Clone, Debug)]
pub struct Clock(Source);

#[derive(Clone, Debug)]
enum Source {
    System,
    Fake(Arc<AtomicU64>),
}

impl Clock {
    /// The clock of the operating system.
    pub const fn system() -> Self {
        Self(Source::System)
    }

    /// A clock that stands still at `start_ms` (milliseconds since the Unix epoch) until somebody moves it.
    pub fn fake(start_ms: u64) -> Self {
        Self(Source::Fake(Arc::new(AtomicU64::new(start_ms))))
    }

    /// Milliseconds since the Unix epoch; 0 for a system clock set before 1970.
    pub fn now_ms(&self) -> u64 {
        u64::try_from(self.since_epoch_us() / 1000).unwrap_or(u64::MAX)
    }

    /// Microseconds since the Unix epoch.
    pub fn now_us(&self) -> u64 {
        u64::try_from(self.since_epoch_us()).unwrap_or(u64::MAX)
    }

    /// Moves a fake clock forward by `by_ms` milliseconds; the system clock cannot be moved and ignores it.
    pub fn advance(&self, by_ms: u64) {
        if let Source::Fake(now) = &self.0 {
            now.fetch_add(by_ms, Ordering::SeqCst);
        }
    }

    #[expect(clippy::disallowed_methods, reason = "this is the one place where the real clock is read")]
    fn since_epoch_us(&self) -> u128 {
        match &self.0 {
            Source::System => {
                std::time::SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_micros())
            }
            Source::Fake(now) => u128::from(now.load(Ordering::SeqCst)) * 1000,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fake_clock_stands_still_until_it_is_moved() {
        let clock = Clock::fake(1_000);
        let same = clock.clone();
        assert_eq!(clock.now_ms(), 1_000);
        same.advance(500);
        assert_eq!(clock.now_ms(), 1_500);
        assert_eq!(clock.now_us(), 1_500_000);
    }

    #[test]
    fn the_system_clock_is_past_2020() {
        let clock = Clock::system();
        clock.advance(1_000_000_000_000);
        assert!(clock.now_ms() > 1_577_836_800_000);
        assert!(clock.now_ms() < 1_000_000_000_000_000);
    }
}
