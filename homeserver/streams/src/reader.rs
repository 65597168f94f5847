//! Following the stream: the loop of everybody who turns facts into something else.
//!
//! A [`StreamReader`] says what a page of facts means to it; [`follow`] does the rest: it reads from the reader's durable
//! cursor, page by page, commits what the reader wrote together with the place it came to, waits for the next commit,
//! stops on shutdown, and begins again from the durable place after a failure. What the reader is for is not known here.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use base::Shutdown;
use model::StreamPos;
use store::{Audience, Batch, CommitListener, Health, Snapshot, Store, StoreError};
use tokio::sync::watch;

use crate::limits::{FACTS_READ_MAX, PLACE_UNSAVED_POSITIONS_MAX, READER_PAUSE_MAX, READER_PAUSE_MIN};
use crate::{Cursor, Fact, facts};

/// Rings after commits: those that announce to somebody, and those that took positions.
#[derive(Debug)]
pub struct Bell(watch::Receiver<StreamPos>);

struct Clapper(watch::Sender<StreamPos>);

impl CommitListener for Clapper {
    fn committed(&self, _: &[Audience], frontier: StreamPos) {
        self.0.send_replace(frontier);
    }
}

impl Bell {
    /// A bell that rings for the commits of a store from now on, for as long as the store lives.
    #[must_use]
    pub fn new(store: &Store) -> Self {
        let (sender, receiver) = watch::channel(store.frontier());
        store.listen(Arc::new(Clapper(sender)));
        Self(receiver)
    }

    /// A bell that never rings, for those who have other signs.
    #[must_use]
    pub fn silent() -> Self {
        Self(watch::channel(StreamPos::ZERO).1)
    }

    /// Returns when it rang since the last call; any number of rings count as one.
    pub async fn rung(&mut self) {
        if self.0.changed().await.is_err() {
            // Nobody holds the other end: nothing will ever be committed.
            std::future::pending::<()>().await;
        }
    }
}

/// When the place that a page ends at is written down.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Saving {
    /// With what the reader wrote, or when the place written last is far behind.
    WhenWorth,
    /// With this page.
    Now,
    /// Not yet: something of the pages so far is not durable.
    Not,
}

/// What happened between two positions, and the batch that its consequences go into.
#[derive(Debug)]
pub struct Page {
    snapshot: Snapshot,
    after: StreamPos,
    up_to: StreamPos,
    saving: Saving,
    /// Committed together with the place in the stream. Left empty, nothing may be written at all.
    pub batch: Batch,
}

impl Page {
    fn new(snapshot: Snapshot, after: StreamPos) -> Self {
        let up_to = snapshot.position();
        Self { snapshot, after, up_to, saving: Saving::WhenWorth, batch: Batch::new() }
    }

    /// What the store held when the page was opened.
    #[must_use]
    pub const fn snapshot(&self) -> &Snapshot {
        &self.snapshot
    }

    /// The page begins behind this position.
    #[must_use]
    pub const fn after(&self) -> StreamPos {
        self.after
    }

    /// The page ends with this position; nearer once [`Page::facts`] or [`Page::end_at`] said so.
    #[must_use]
    pub const fn up_to(&self) -> StreamPos {
        self.up_to
    }

    /// Whether nothing is behind this page in its snapshot.
    #[must_use]
    pub fn is_last(&self) -> bool {
        self.up_to >= self.snapshot.position()
    }

    /// The facts of the page, oldest first, at most [`FACTS_READ_MAX`]: a page that has more ends with the last of
    /// them. A reader that has nothing to do with any fact need not ask.
    ///
    /// # Errors
    /// Whatever the store answers.
    pub async fn facts(&mut self) -> Result<Vec<(StreamPos, Fact)>, StoreError> {
        let facts = facts(&self.snapshot, self.after, self.up_to).await?;
        if facts.len() >= FACTS_READ_MAX
            && let Some((last, _)) = facts.last()
        {
            self.up_to = *last;
        }
        Ok(facts)
    }

    /// Takes no more than what happened up to this position; the rest is the next page.
    pub fn end_at(&mut self, position: StreamPos) {
        self.up_to = self.up_to.min(position.max(self.after));
    }

    /// Writes the place down even if the batch stays empty: the reader did something that it should not repeat.
    pub const fn save_place(&mut self) {
        self.saving = Saving::Now;
    }

    /// Leaves the durable place where it is, because what the reader made of this page is not durable yet. Also holds
    /// at shutdown; a later page that does not ask for it ends it.
    pub const fn hold_place(&mut self) {
        self.saving = Saving::Not;
    }
}

/// Somebody who reads the stream. Its futures may be dropped at any await, and any page may come again.
pub trait StreamReader: Send {
    /// What can go wrong; it is logged, and the reader begins again at its durable place after a pause.
    type Error: std::fmt::Display + From<StoreError> + Send;

    /// The name of its cursor. Another name begins anew.
    const NAME: &'static str;

    /// Called at the start and after every failure, with the place that is durable: [`StreamPos::ZERO`] for a reader that
    /// never had one. Forgets what is in memory only and answers where to read from. What it answers the first time
    /// becomes the durable place, unless the server stops meanwhile. Without an own answer, whatever happened before the
    /// first time concerns nobody.
    fn open(
        &mut self,
        place: StreamPos,
        frontier: StreamPos,
    ) -> impl Future<Output = Result<StreamPos, Self::Error>> + Send {
        let begin = if place == StreamPos::ZERO { frontier } else { place };
        async move { Ok(begin) }
    }

    /// Called before every look for a page, also when there turns out to be none.
    fn woken(&mut self) -> impl Future<Output = Result<(), Self::Error>> + Send {
        async { Ok(()) }
    }

    /// Puts the consequences of a page into its batch.
    fn take(&mut self, page: &mut Page) -> impl Future<Output = Result<(), Self::Error>> + Send;

    /// The batch of the last page is durable, if it had anything, and everything up to the position is done.
    fn passed(&mut self, position: StreamPos) {
        let _ = position;
    }

    /// Returns when it may be worth looking again: after the next commit, unless the reader has other signs or gathers.
    fn wait(&mut self, bell: &mut Bell) -> impl Future<Output = ()> + Send {
        bell.rung()
    }
}

/// Follows the stream until the server stops or the store is closed. Run once for each reader of a store.
pub async fn follow<R: StreamReader>(store: &Store, reader: &mut R, shutdown: &Shutdown) {
    let mut bell = Bell::new(store);
    let mut failures = 0;
    while !shutdown.is_triggered() {
        let Err(error) = read_on(store, reader, &mut bell, shutdown, &mut failures).await else { return };
        if store.health() == Health::Closed {
            return;
        }
        failures += 1;
        let pause = pause(failures);
        tracing::warn!(reader = R::NAME, %error, ?pause, "read the stream; will try again");
        metrics::counter!("lianqiao_stream_reader_failures_total", "reader" => R::NAME).increment(1);
        tokio::select! {
            () = shutdown.wait() => {}
            () = tokio::time::sleep(pause) => {}
        }
    }
}

async fn read_on<R: StreamReader>(
    store: &Store,
    reader: &mut R,
    bell: &mut Bell,
    shutdown: &Shutdown,
    failures: &mut u32,
) -> Result<(), R::Error> {
    let mut cursor = Cursor::load(store, R::NAME).await?;
    let mut read_to = reader.open(cursor.position(), store.frontier()).await?;
    if shutdown.is_triggered() {
        return Ok(());
    }
    if cursor.position() == StreamPos::ZERO {
        save(store, &mut cursor, read_to, Batch::new()).await?;
    }
    let lag = metrics::gauge!("lianqiao_stream_reader_lag_positions", "reader" => R::NAME);
    let mut is_held = false;
    loop {
        reader.woken().await?;
        if shutdown.is_triggered() {
            break;
        }
        let snapshot = store.snapshot();
        if read_to < snapshot.position() {
            let mut page = Page::new(snapshot, read_to);
            reader.take(&mut page).await?;
            let Page { up_to, saving, batch, .. } = page;
            is_held = saving == Saving::Not;
            let is_far = up_to.get().saturating_sub(cursor.position().get()) >= PLACE_UNSAVED_POSITIONS_MAX;
            if is_held {
                commit(store, batch).await?;
            } else if !batch.is_empty() || saving == Saving::Now || is_far {
                save(store, &mut cursor, up_to, batch).await?;
            }
            read_to = up_to;
            *failures = 0;
            reader.passed(read_to);
            lag.set(store.frontier().get().saturating_sub(read_to.get()) as f64);
            continue;
        }
        tokio::select! {
            () = shutdown.wait() => break,
            () = reader.wait(bell) => {}
        }
    }
    if is_held { Ok(()) } else { Ok(save(store, &mut cursor, read_to, Batch::new()).await?) }
}

async fn save(
    store: &Store,
    cursor: &mut Cursor,
    position: StreamPos,
    mut batch: Batch,
) -> Result<(), StoreError> {
    cursor.advance(&mut batch, position);
    commit(store, batch).await
}

async fn commit(store: &Store, batch: Batch) -> Result<(), StoreError> {
    if batch.is_empty() { Ok(()) } else { store.commit(batch).await.map(drop) }
}

/// Doubles with each failure in a row.
fn pause(failures: u32) -> Duration {
    READER_PAUSE_MIN.saturating_mul(1 << failures.saturating_sub(1).min(16)).min(READER_PAUSE_MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_to_a_bound() {
        assert_eq!(pause(1), READER_PAUSE_MIN);
        assert_eq!(pause(2), READER_PAUSE_MIN * 2);
        assert_eq!(pause(u32::MAX), READER_PAUSE_MAX);
    }
}
