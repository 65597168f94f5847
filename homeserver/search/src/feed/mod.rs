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
use store::Batch;
use streams::{Bell, Fact, Page, StreamReader};
use tokio::time::Instant;

use crate::{
    Search, SearchError,
    index::{IndexBuilder, Mark},
    limits::{DICTIONARY_CHECK_INTERVAL, INDEX_BATCH_DOCUMENTS_MAX, INDEX_INTERVAL, INDEX_WRITER_IDLE_MAX},
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
        let store = self.parts.store.clone();
        let mut feed = Feed::new(self, shutdown.clone());
        streams::follow(&store, &mut feed, &shutdown).await;
        feed.end_writer().await;
    }
}

/// The reader of the stream.
struct Feed {
    search: Search,
    shutdown: Shutdown,
    /// Opened at the first change and ended when nothing changed for a while: it has threads and memory of its own.
    /// Taken while a commit runs on a thread of its own.
    builder: Option<IndexBuilder>,
    /// When something was last committed.
    committed_at: Instant,
    dictionary_checked_at: Instant,
    /// Edits since the last commit, and whose text they replace.
    edits: HashMap<EventNum, String>,
    /// Where the index was committed, until the store knows.
    committed: Option<StreamPos>,
}

impl StreamReader for Feed {
    type Error = SearchError;

    const NAME: &'static str = CURSOR_NAME;

    async fn open(&mut self, place: StreamPos, frontier: StreamPos) -> Result<StreamPos, SearchError> {
        self.builder = None;
        self.edits.clear();
        self.committed = None;
        let mark = self.search.index.mark();
        let store = &self.search.parts.store;
        let committed = store.get(&INDEX_COMMIT, &INDEX_COMMIT_KEY).await?.unwrap_or(StreamPos::ZERO);
        // An index ahead of the store belongs to another life of the database; one behind what it was is
        // an old copy, and the facts between may be forgotten.
        let is_foreign = mark.position > frontier || mark.position < committed;
        if mark.is_new() || is_foreign || place == StreamPos::ZERO {
            self.begin_fill().await?;
        } else if mark.filling.is_none() {
            self.search.index_progress.reached(mark.position.min(place));
        }
        // The facts behind this place are read once more after a filling, which does no harm.
        Ok(if place == StreamPos::ZERO { frontier } else { place })
    }

    async fn woken(&mut self) -> Result<(), SearchError> {
        if self.search.rebuild_wanted.swap(false, Ordering::AcqRel) {
            self.begin_fill().await?;
        }
        if let Some(done) = self.search.index.mark().filling {
            self.fill(done).await?;
            // A server that has just started may be idle from now on.
            if self.changed() == 0 && self.search.index.mark().filling.is_none() {
                self.end_writer().await;
            }
        }
        if self.dictionary_checked_at.elapsed() >= DICTIONARY_CHECK_INTERVAL {
            self.search.segmenter.release_if_unused();
            self.dictionary_checked_at = Instant::now();
        }
        if self.committed_at.elapsed() >= INDEX_WRITER_IDLE_MAX && self.changed() == 0 {
            self.end_writer().await;
        }
        Ok(())
    }

    /// Changes documents. The place moves when the index is committed, or when there was nothing to commit.
    async fn take(&mut self, page: &mut Page) -> Result<(), SearchError> {
        for (_, fact) in page.facts().await? {
            self.apply(&fact).await?;
        }
        let changed = self.changed();
        if changed >= INDEX_BATCH_DOCUMENTS_MAX || (changed > 0 && page.is_last()) {
            // After a filling the index is ahead of what is read again.
            let reached = self.search.index.mark().position.max(page.up_to());
            self.commit(Mark::full(reached)).await?;
        } else if changed > 0 {
            page.hold_place();
            return Ok(());
        }
        self.record(&mut page.batch);
        Ok(())
    }

    fn passed(&mut self, position: StreamPos) {
        if self.changed() == 0 {
            self.search.index_progress.reached(position);
        }
    }

    async fn wait(&mut self, bell: &mut Bell) {
        self.search.index_progress.next_look(bell, INDEX_INTERVAL).await;
    }
}

impl Feed {
    fn new(search: Search, shutdown: Shutdown) -> Self {
        Self {
            search,
            shutdown,
            builder: None,
            committed_at: Instant::now(),
            dictionary_checked_at: Instant::now(),
            edits: HashMap::new(),
            committed: None,
        }
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

    /// Commits the index.
    async fn commit(&mut self, mark: Mark) -> Result<(), SearchError> {
        self.builder()?;
        let Some(mut builder) = self.builder.take() else { return Ok(()) };
        let search = self.search.clone();
        let position = mark.position;
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
        self.search.record_metrics();
        Ok(())
    }

    /// Writes where the index was committed, and the edits on the way to it.
    fn record(&mut self, batch: &mut Batch) {
        for (edit, original) in self.edits.drain() {
            batch.put(&EDIT_OF, &edit, &original);
        }
        if let Some(committed) = self.committed.take() {
            batch.put(&INDEX_COMMIT, &INDEX_COMMIT_KEY, &committed);
        }
    }

    /// Commits a part of a filling and writes down what belongs to it.
    async fn commit_filled(&mut self, mark: Mark) -> Result<(), SearchError> {
        self.commit(mark).await?;
        let mut batch = Batch::new();
        self.record(&mut batch);
        if !batch.is_empty() {
            self.search.parts.store.commit(batch).await?;
        }
        Ok(())
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
