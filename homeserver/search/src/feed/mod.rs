//! Keeping the index up with the stream.
//!
//! One task reads facts behind the index's own mark, changes documents, and commits them in groups.
//! A crash loses what was not committed and nothing else: the facts are read again, and a document is
//! always made from what the store says now, so repeats are harmless.

mod documents;
mod fill;

pub(crate) use documents::known;

use std::{collections::HashMap, sync::atomic::Ordering, time::Duration};

use base::Shutdown;
use model::{EventNum, StreamPos};
use store::{Batch, StoreError};
use streams::{Cursor, Fact};
use tokio::time::{Instant, sleep};

use crate::{
    Search, SearchError,
    index::{IndexBuilder, Mark},
    limits::{
        DICTIONARY_CHECK_INTERVAL, FACTS_UNRECORDED_MAX, INDEX_BATCH_DOCUMENTS_MAX, INDEX_INTERVAL,
        INDEX_WRITER_IDLE_MAX, READER_RETRY_PAUSE,
    },
    measure,
    tables::{EDIT_OF, INDEX_COMMIT},
};

/// The name of the cursor.
pub(crate) const CURSOR_NAME: &str = "search";

/// The only key of the index's last commit.
const INDEX_COMMIT_KEY: u8 = 0;

impl Search {
    /// Keeps the index up to date until the shutdown. Run once for each [`Search`].
    pub async fn keep_index(self, shutdown: Shutdown) {
        while !shutdown.is_triggered() {
            let outcome: Result<(), SearchError> = match Feed::open(&self).await {
                Ok(mut feed) => match feed.run(&shutdown).await {
                    Ok(()) => return feed.end_writer().await,
                    Err(error) => Err(error),
                },
                Err(error) => Err(error),
            };
            if let Err(error) = outcome {
                tracing::error!(%error, "keep search index; will try again");
            }
            tokio::select! {
                () = shutdown.wait() => {}
                () = sleep(READER_RETRY_PAUSE) => {}
            }
        }
    }
}

/// The reader of the stream.
struct Feed {
    search: Search,
    /// Opened at the first change and ended when nothing changed for a while: it has threads and memory of its own.
    /// Taken while a commit runs on a thread of its own.
    builder: Option<IndexBuilder>,
    /// When something was last committed.
    committed_at: Instant,
    cursor: Cursor,
    /// Everything up to here is in the builder.
    position: StreamPos,
    /// Edits since the last commit, and whose text they replace.
    edits: HashMap<EventNum, String>,
    /// Where the index was committed, until the store knows.
    committed: Option<StreamPos>,
}

impl Feed {
    async fn open(search: &Search) -> Result<Self, SearchError> {
        let store = &search.parts.store;
        let cursor = Cursor::load(store, CURSOR_NAME).await?;
        let mark = search.index.mark();
        let mut feed = Self {
            search: search.clone(),
            builder: None,
            committed_at: Instant::now(),
            position: mark.position.min(cursor.position()),
            cursor,
            edits: HashMap::new(),
            committed: None,
        };
        let committed = store.get(&INDEX_COMMIT, &INDEX_COMMIT_KEY).await?.unwrap_or(StreamPos::ZERO);
        // An index ahead of the store belongs to another life of the database; one behind what it was is
        // an old copy, and the facts between may be forgotten.
        let is_foreign = mark.position > store.frontier() || mark.position < committed;
        if mark.is_new() || is_foreign {
            feed.begin_fill().await?;
        } else if mark.filling.is_none() {
            search.index_progress.reached(feed.position);
        }
        Ok(feed)
    }

    async fn run(&mut self, shutdown: &Shutdown) -> Result<(), SearchError> {
        let mut bell = self.search.bell.subscribe();
        let mut dictionary_checked = Instant::now();
        while !shutdown.is_triggered() {
            if self.search.rebuild_wanted.swap(false, Ordering::AcqRel) {
                self.begin_fill().await?;
            }
            if let Some(done) = self.search.index.mark().filling {
                self.fill(done, shutdown).await?;
                continue;
            }
            self.catch_up().await?;
            if dictionary_checked.elapsed() >= DICTIONARY_CHECK_INTERVAL {
                self.search.segmenter.release_if_unused();
                dictionary_checked = Instant::now();
            }
            if self.committed_at.elapsed() >= INDEX_WRITER_IDLE_MAX {
                self.end_writer().await;
            }
            self.search.index_progress.next_look(&mut bell, INDEX_INTERVAL, shutdown).await;
        }
        Ok(())
    }

    /// Brings the index to the present.
    async fn catch_up(&mut self) -> Result<(), SearchError> {
        let store = self.search.parts.store.clone();
        let frontier = store.frontier();
        while self.position < frontier {
            let facts = streams::facts(&store, self.position, frontier).await?;
            let Some((last, _)) = facts.last() else { break };
            let last = *last;
            for (_, fact) in facts {
                self.apply(&fact).await?;
            }
            self.position = last;
            if self.changed() >= INDEX_BATCH_DOCUMENTS_MAX {
                self.commit(Mark::full(last)).await?;
            }
        }
        self.position = self.position.max(frontier);
        if self.changed() > 0 {
            self.commit(Mark::full(self.position)).await?;
        } else {
            self.search.index_progress.reached(self.position);
            if self.position.get().saturating_sub(self.cursor.position().get()) > FACTS_UNRECORDED_MAX {
                self.record_place(self.position).await?;
            }
        }
        Ok(())
    }

    async fn apply(&mut self, fact: &Fact) -> Result<(), SearchError> {
        match fact {
            Fact::Event { event, .. } => self.event(*event).await,
            Fact::Listing { room } => {
                let rooms = &self.search.parts.rooms;
                if !rooms.room_exists(rooms.store(), *room).await? {
                    self.builder()?.remove_room(*room);
                }
                Ok(())
            }
            Fact::Removed { event, .. } => {
                self.builder()?.remove(*event);
                Ok(())
            }
            // The other facts say nothing of texts.
            _ => Ok(()),
        }
    }

    fn builder(&mut self) -> Result<&mut IndexBuilder, SearchError> {
        match &mut self.builder {
            Some(builder) => Ok(builder),
            none => Ok(none.insert(self.search.index.builder()?)),
        }
    }

    /// Documents changed since the last commit.
    fn changed(&self) -> usize {
        self.builder.as_ref().map_or(0, IndexBuilder::changed)
    }

    /// Commits the index, then writes down how far it is.
    async fn commit(&mut self, mark: Mark) -> Result<(), SearchError> {
        self.builder()?;
        let Some(mut builder) = self.builder.take() else { return Ok(()) };
        let search = self.search.clone();
        let (position, is_full) = (mark.position, mark.filling.is_none());
        let started = Instant::now();
        let work = tokio::task::spawn_blocking(move || {
            let outcome = builder.commit(&mark).and_then(|()| search.index.show(mark));
            (builder, outcome)
        });
        let (builder, outcome) = work.await.map_err(|error| SearchError::Index(error.to_string()))?;
        self.builder = Some(builder);
        outcome?;
        self.committed = Some(position);
        self.committed_at = Instant::now();
        metrics::histogram!(measure::COMMIT_SECONDS).record(started.elapsed().as_secs_f64());
        if is_full {
            self.search.index_progress.reached(position);
            self.record_place(position).await?;
        } else {
            self.record_edits().await?;
        }
        self.search.record_metrics();
        Ok(())
    }

    /// Writes the cursor, and the edits on the way to it.
    async fn record_place(&mut self, position: StreamPos) -> Result<(), StoreError> {
        let mut batch = Batch::new();
        for (edit, original) in self.edits.drain() {
            batch.put(&EDIT_OF, &edit, &original);
        }
        if let Some(committed) = self.committed.take() {
            batch.put(&INDEX_COMMIT, &INDEX_COMMIT_KEY, &committed);
        }
        self.cursor.advance(&mut batch, position);
        if batch.is_empty() {
            return Ok(());
        }
        self.search.parts.store.commit(batch).await.map(drop)
    }

    async fn record_edits(&mut self) -> Result<(), StoreError> {
        let position = self.cursor.position();
        self.record_place(position).await
    }

    /// Ends the writer, the merges under way included, within reason. Everything must be committed.
    async fn end_writer(&mut self) {
        let Some(builder) = self.builder.take() else { return };
        const PATIENCE: Duration = Duration::from_secs(10);
        let closing = tokio::task::spawn_blocking(move || builder.close());
        match tokio::time::timeout(PATIENCE, closing).await {
            Ok(Ok(Ok(()))) => {}
            Ok(Ok(Err(error))) => tracing::warn!(%error, "close search index"),
            Ok(Err(error)) => tracing::warn!(%error, "close search index"),
            Err(_) => tracing::warn!("search index still merges; it will do so again"),
        }
    }
}
