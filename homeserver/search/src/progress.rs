//! How far a reader of the stream has come, for those who must not look before it has.

use std::{sync::Arc, time::Duration};

use base::Shutdown;
use model::StreamPos;
use store::{Audience, CommitListener};
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

    /// Returns when it is time for the reader to look again: at once when somebody asks or the server stops,
    /// `gather` after a commit that nobody asks for, and after [`READER_PAUSE_MAX`] in any case.
    pub(crate) async fn next_look(
        &self,
        bell: &mut watch::Receiver<StreamPos>,
        gather: Duration,
        shutdown: &Shutdown,
    ) {
        let rung = async {
            // An error would mean that the bell is gone, which is held beside this.
            let _ = bell.changed().await;
            sleep(gather).await;
        };
        tokio::select! {
            () = shutdown.wait() => {}
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

/// Tells readers of the stream that somebody committed something.
#[derive(Clone)]
pub(crate) struct Bell(Arc<watch::Sender<StreamPos>>);

impl Default for Bell {
    fn default() -> Self {
        Self(Arc::new(watch::Sender::new(StreamPos::ZERO)))
    }
}

impl Bell {
    /// Hears every later ring.
    pub(crate) fn subscribe(&self) -> watch::Receiver<StreamPos> {
        self.0.subscribe()
    }
}

impl CommitListener for Bell {
    fn committed(&self, _: &[Audience], frontier: StreamPos) {
        self.0.send_replace(frontier);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PATIENCE: Duration = Duration::from_secs(60);

    #[tokio::test(start_paused = true)]
    async fn whoever_waits_rings_and_goes_on_when_the_reader_is_there() {
        let progress = Arc::new(Progress::default());
        progress.reached(StreamPos::new(3));
        assert!(progress.wait_until(StreamPos::new(3), PATIENCE).await);
        let reader = Arc::clone(&progress);
        let work = tokio::spawn(async move {
            let mut silent = Bell::default().subscribe();
            reader.next_look(&mut silent, PATIENCE, &Shutdown::new()).await;
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
