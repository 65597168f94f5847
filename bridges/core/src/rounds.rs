//! What is done at each connection and every so often while the line stays up: of what happened meanwhile no event may tell.

use std::time::Duration;

use base::Shutdown;
use futures_util::future::BoxFuture;
use tokio::time::Instant;

use crate::{bridges::Seat, line::LineNow};

/// How often rounds are made.
pub(crate) struct Rounds {
    /// From one round to the next while the line stays up.
    pub every: Duration,
    /// Shortest time between two rounds: a line that comes and goes asks no more often.
    pub pause_min: Duration,
}

impl Rounds {
    /// Makes rounds until the shutdown, none of them while the line is down.
    pub async fn keep<'a>(
        self,
        seat: &'a Seat,
        shutdown: &Shutdown,
        round: impl Fn() -> BoxFuture<'a, ()> + Send,
    ) {
        let mut line = seat.line.subscribe();
        let mut due = Instant::now();
        loop {
            if matches!(*line.borrow_and_update(), LineNow::Up(_)) {
                let made = async {
                    tokio::time::sleep_until(due).await;
                    round().await;
                };
                tokio::select! {
                    () = shutdown.wait() => return,
                    () = made => due = Instant::now() + self.pause_min,
                }
            }
            tokio::select! {
                () = shutdown.wait() => return,
                () = tokio::time::sleep(self.every) => {}
                changed = line.changed() => if changed.is_err() { return },
            }
        }
    }
}
