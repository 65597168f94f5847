//! Time of the seeded world: it stands still while anything works, and goes on in small steps when nothing does. So a
//! minute of waiting costs some milliseconds.

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use base::Clock;

/// How far time goes on at once, in ms.
pub(super) const TICK_MS: u64 = 20;
/// Rounds in which every task that is ready has its turn, before it is asked whether anything moved.
const TURNS: usize = 3;
/// How long the threads that write for the servers get the processor between two looks.
const WRITING_TIME: Duration = Duration::from_micros(100);
/// Looks after which time goes on although something still moves: a flood does not stop the clock.
const LOOKS_MAX: u32 = 25;

/// What moves in a world: writes to disks and bytes on wires. Clones count together.
#[derive(Clone, Debug, Default)]
pub(super) struct Motion(Arc<AtomicU64>);

impl Motion {
    /// Something moved.
    pub(super) fn add(&self, amount: u64) {
        self.0.fetch_add(amount, Ordering::Relaxed);
    }

    fn so_far(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// Runs a world in which [`pass`] alone moves time.
pub(super) fn run(world: impl Future<Output = ()>) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build();
    runtime.expect("a runtime starts").block_on(async {
        // Paused time jumps by itself whenever this thread has nothing to do, also while the thread of a store writes
        // or bytes are on their way. A task that blocks keeps it from that.
        let (release, held) = std::sync::mpsc::channel::<()>();
        tokio::task::spawn_blocking(move || held.recv().is_err());
        world.await;
        drop(release);
    });
}

/// Lets time pass for the timers of this thread and for these clocks.
pub(super) async fn pass(clocks: Vec<Clock>, motion: Motion, writes: impl Fn() -> u64) {
    let (mut seen, mut looks) = (0, 0);
    loop {
        for _ in 0..TURNS {
            tokio::task::yield_now().await;
        }
        std::thread::sleep(WRITING_TIME);
        let moved = motion.so_far() + writes();
        if moved != seen && looks < LOOKS_MAX {
            (seen, looks) = (moved, looks + 1);
            continue;
        }
        (seen, looks) = (moved, 0);
        tokio::time::advance(Duration::from_millis(TICK_MS)).await;
        for clock in &clocks {
            clock.advance(TICK_MS);
        }
    }
}
