//! Serials for what is never stored: typing and presence.

use std::sync::Arc;

use base::Clock;
use tokio::sync::watch;

/// A counter of this process. It starts at the microseconds of the clock and counts by one, so that after a restart it
/// is ahead of everything it gave before (as long as fewer than a million serials a second are taken).
#[derive(Clone, Debug)]
pub struct EphemeralPos(Arc<watch::Sender<u64>>);

impl EphemeralPos {
    /// A counter that starts now.
    #[must_use]
    pub fn new(clock: &Clock) -> Self {
        Self(Arc::new(watch::Sender::new(clock.now_us())))
    }

    /// The last serial given. Sample it before reading what it numbers.
    #[must_use]
    pub fn now(&self) -> u64 {
        *self.0.borrow()
    }

    /// A new serial, above every earlier one.
    #[must_use]
    pub fn next(&self) -> u64 {
        let mut given = 0;
        self.0.send_modify(|serial| {
            *serial += 1;
            given = *serial;
        });
        given
    }

    /// Tells whenever a serial was given. What it numbers may be written a moment later: whoever is told samples the
    /// serial anew before reading.
    #[must_use]
    pub fn changes(&self) -> watch::Receiver<u64> {
        self.0.subscribe()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn serials_rise_and_a_restart_does_not_go_back() {
        let clock = Clock::fake(1_000);
        let before = EphemeralPos::new(&clock);
        assert_eq!(before.now(), 1_000_000);
        let last = (0..500).fold(0, |last, _| {
            let next = before.next();
            assert!(next > last);
            next
        });
        assert_eq!(last, before.now());
        clock.advance(1);
        assert!(EphemeralPos::new(&clock).now() > last);
    }
}
