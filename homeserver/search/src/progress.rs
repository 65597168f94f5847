//! How far a reader of the stream has come, for those who must not look before it has.

use std::time::Duration;

use model::StreamPos;
use streams::Bell;
use tokio::{
    sync::{Notify, watch},
    time::sleep,
};

use crate::limits::READER_PAUSE_MAX;

/// What a reader of the stream says of itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Standing {
    /// Everything up to here is done.
    pub position: StreamPos,
    /// It makes everything anew, which may take long.
    pub filling: bool,
    /// How often it has made everything anew since the start.
    pub fills: u64,
}

/// The place of a reader, and the bell on its desk.
pub(crate) struct Progress {
    standing: watch::Sender<Standing>,
    asked: Notify,
}

impl Default for Progress {
    fn default() -> Self {
        let nothing = Standing { position: StreamPos::ZERO, filling: true, fills: 0 };
        Self { standing: watch::Sender::new(nothing), asked: Notify::new() }
    }
}

impl Progress {
    /// Where the reader is.
    pub(crate) fn standing(&self) -> Standing {
        *self.standing.borrow()
    }

    /// The reader has come so far.
    pub(crate) fn reached(&self, position: StreamPos) {
        self.standing.send_modify(|standing| {
            standing.filling = false;
            standing.position = standing.position.max(position);
        });
    }

    /// The reader has made everything anew.
    pub(crate) fn filled(&self) {
        self.standing.send_modify(|standing| standing.fills += 1);
    }

    /// The reader begins to make everything anew.
    pub(crate) fn filling(&self) {
        self.standing.send_modify(|standing| standing.filling = true);
    }

    /// Asks the reader to go on at once.
    pub(crate) fn ask(&self) {
        self.asked.notify_one();
    }

    /// Returns when it is time for the reader to look again: at once when somebody asks, `gather` after a commit that
    /// nobody asks for, and after [`READER_PAUSE_MAX`] in any case.
    pub(crate) async fn next_look(&self, bell: &mut Bell, gather: Duration) {
        let rung = async {
            bell.rung().await;
            sleep(gather).await;
        };
        tokio::select! {
            () = self.asked.notified() => {}
            () = rung => {}
            () = sleep(READER_PAUSE_MAX) => {}
        }
    }

    /// Waits until the reader has reached `position`, at most so long; says whether it has.
    pub(crate) async fn wait_until(&self, position: StreamPos, patience: Duration) -> bool {
        let mut standing = self.standing.subscribe();
        if !standing.borrow().filling && standing.borrow().position >= position {
            return true;
        }
        self.ask();
        let there = standing.wait_for(|standing| !standing.filling && standing.position >= position);
        matches!(tokio::time::timeout(patience, there).await, Ok(Ok(_)))
    }

    /// Waits until everything was made anew more often than `fills`.
    pub(crate) async fn wait_filled(&self, fills: u64) {
        // An error would mean that the sender is gone, which we hold.
        let _ = self.standing.subscribe().wait_for(|standing| standing.fills > fills).await;
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    const PATIENCE: Duration = Duration::from_secs(60);

    #[tokio::test(start_paused = true)]
    async fn whoever_waits_rings_and_goes_on_when_the_reader_is_there() {
        let progress = Arc::new(Progress::default());
        progress.reached(StreamPos::new(3));
        assert!(progress.wait_until(StreamPos::new(3), PATIENCE).await);
        let reader = Arc::clone(&progress);
        let work = tokio::spawn(async move {
            reader.next_look(&mut Bell::silent(), PATIENCE).await;
            reader.reached(StreamPos::new(9));
        });
        assert!(progress.wait_until(StreamPos::new(8), PATIENCE).await);
        work.await.unwrap();
        assert!(!progress.wait_until(StreamPos::new(10), PATIENCE).await);
    }

    #[tokio::test(start_paused = true)]
    async fn a_fill_is_waited_for_and_counted() {
        let progress = Arc::new(Progress::default());
        assert!(!progress.wait_until(StreamPos::ZERO, PATIENCE).await);
        let reader = Arc::clone(&progress);
        let work = tokio::spawn(async move {
            reader.reached(StreamPos::new(1));
            reader.filled();
        });
        progress.wait_filled(0).await;
        assert!(progress.wait_until(StreamPos::new(1), PATIENCE).await);
        work.await.unwrap();
        progress.filling();
        assert!(!progress.wait_until(StreamPos::new(1), PATIENCE).await);
        assert_eq!(progress.standing().fills, 1);
    }
}
