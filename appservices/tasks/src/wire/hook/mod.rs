//! An address of a program elsewhere, a project tool for example, that hears how tasks stand.
//!
//! Each change leaves one row for its task, in its batch. What the task is by then is sent, signed, one task after the other. What
//! is not taken waits by itself, longer each time, and holds up no other; where nobody has time for a second one either, all wait.
//! What is refused is tried again as well, since the other side may be between two versions or have lost its secret; those who look
//! after the organisation hear of it at once, and again when it is refused after all was taken. What waited for days is given up, and
//! they hear of that, too. So a program that was away hears of each task as it is now, and never of two changes in
//! the wrong order. Secret tasks are not told of. Read `round.rs`, then `address.rs`.

mod address;
mod round;
mod warning;

use std::{sync::Arc, time::Duration};

use base::Shutdown;
use cases::Case;
use store::Batch;

pub use self::address::Hook;
use super::Tasks;
use crate::{
    limits::{HOOK_PAUSE, HOOK_PAUSE_MAX},
    tables::{HOOK, HookRow},
    task::{Task, state},
};

impl Tasks {
    /// Has a task told of, as it is when its turn comes.
    pub(super) fn tell_hook_later(&self, batch: &mut Batch, case: &Case<Task>) {
        if self.0.parts.hook.is_none() || !is_told(case) {
            return;
        }
        let row = HookRow { rev: case.rev, since_ms: self.kit().clock().now_ms(), tried: None };
        batch.put(&HOOK, &case.id, &row);
        let news = Arc::clone(&self.0.hook_news);
        batch.on_visible(move |_| news.notify_one());
    }

    /// Tells the address of tasks, if there is one, until the shutdown.
    pub async fn carry_hook(self, shutdown: Shutdown) {
        let mut failures: u32 = 0;
        while self.0.parts.hook.is_some() && !shutdown.is_triggered() {
            // What is under way when it ends stays, and is told of again.
            let outcome = tokio::select! {
                () = shutdown.wait() => return,
                outcome = Box::pin(self.tell_hook()) => outcome,
            };
            let wait = match outcome {
                Ok(wait) => {
                    failures = 0;
                    wait
                }
                Err(error) => {
                    let wait = pause(failures);
                    failures = failures.saturating_add(1);
                    tracing::warn!(%error, failures, "tasks cannot be told of elsewhere now; will try again");
                    wait
                }
            };
            tokio::select! {
                () = shutdown.wait() => {}
                () = self.0.hook_news.notified(), if failures == 0 => {}
                () = tokio::time::sleep(wait) => {}
            }
        }
    }
}

/// Whether anybody outside hears of a task.
fn is_told(case: &Case<Task>) -> bool {
    case.state != state::PROPOSED && !case.data.is_secret
}

/// How long to wait after so many failures before this one.
fn pause(failures: u32) -> Duration {
    HOOK_PAUSE.saturating_mul(2_u32.saturating_pow(failures)).min(HOOK_PAUSE_MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_to_their_bound() {
        assert_eq!([0, 1, 2].map(pause), [1, 2, 4].map(|times| HOOK_PAUSE * times));
        assert_eq!([20, u32::MAX].map(pause), [HOOK_PAUSE_MAX; 2]);
    }
}
