//! The store: one handle for reads, snapshots and commits.

use std::ops::Deref;
use std::path::Path;
use std::sync::Arc;

use model::StreamPos;
use parking_lot::RwLock;
use tokio::sync::watch;

use crate::batch::{Batch, Commit};
use crate::committer::{self, CommitListener, Published, Shared};
use crate::engine::Engine;
use crate::error::{OpenError, StoreError};
use crate::health::Health;
use crate::manifest::{self, Identity, MANIFEST, Manifest};
use crate::measure::FRONTIER_LAG_SECONDS;
use crate::migration::{self, Migration};
use crate::queue::{Queue, Submission};
use crate::reader::Reader;
use crate::restore::Restores;
use crate::table::{TableInfo, catalogue, check_unique};

/// A database of typed tables. Cheap to clone; the committer thread ends when the last clone is dropped or after
/// [`Store::close`]. Dereferences to a [`Reader`] of what is there now.
#[derive(Clone)]
pub struct Store {
    reader: Reader,
    handle: Arc<Handle>,
}

/// Ends the committer with the last store.
struct Handle {
    shared: Arc<Shared>,
    ended: watch::Receiver<bool>,
    tables: Vec<TableInfo>,
    restores: Restores,
}

impl Drop for Handle {
    fn drop(&mut self) {
        self.shared.queue.close();
    }
}

impl std::fmt::Debug for Store {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Store").field("frontier", &self.frontier()).finish_non_exhaustive()
    }
}

impl Deref for Store {
    type Target = Reader;

    fn deref(&self) -> &Reader {
        &self.reader
    }
}

/// What the store held at one position, whatever is committed later. Dereferences to a [`Reader`]. Holding one for long
/// keeps old rows on the disk.
#[derive(Clone, Debug)]
pub struct Snapshot {
    reader: Reader,
    position: StreamPos,
}

impl Snapshot {
    /// The last position the snapshot holds: everything up to it, nothing behind it.
    #[must_use]
    pub const fn position(&self) -> StreamPos {
        self.position
    }
}

impl Deref for Snapshot {
    type Target = Reader;

    fn deref(&self) -> &Reader {
        &self.reader
    }
}

impl Store {
    /// Opens the data of `engine`: checks whose it is, runs the migrations it has not seen (numbered from 2), starts the
    /// committer. `tables` are all tables of the program.
    pub async fn open(
        engine: Arc<dyn Engine>,
        tables: Vec<TableInfo>,
        identity: Identity,
        migrations: Vec<Box<dyn Migration>>,
    ) -> Result<Self, OpenError> {
        let tables: Vec<_> = manifest::tables().into_iter().chain(tables).collect();
        check_unique(&tables)?;
        tracing::debug!("tables of the store:\n{}", catalogue(&tables));
        let newest = migration::newest(&migrations)?;
        let (manifest, position) = manifest::load_or_create(&*engine, &tables, &identity, newest)?;
        let store = Self::start(engine, tables, position, manifest.restores.clone())?;
        migration::run(&store, manifest, &migrations).await?;
        Ok(store)
    }

    fn start(
        engine: Arc<dyn Engine>,
        tables: Vec<TableInfo>,
        position: StreamPos,
        restores: Restores,
    ) -> Result<Self, OpenError> {
        let view = engine.snapshot()?;
        let shared = Arc::new(Shared {
            engine: Arc::clone(&engine),
            queue: Queue::new(),
            published: RwLock::new(Published { view, position }),
            health: RwLock::default(),
            listeners: RwLock::default(),
            writing_since: RwLock::default(),
        });
        let (end, ended) = watch::channel(false);
        let thread = Arc::clone(&shared);
        std::thread::Builder::new()
            .name("committer".to_owned())
            .spawn(move || committer::run(&thread, &end))
            .map_err(|error| OpenError::Engine(format!("cannot start the committer thread: {error}")))?;
        let handle = Arc::new(Handle { shared, ended, tables, restores });
        Ok(Self { reader: Reader::new(engine), handle })
    }

    /// The last position that is visible; everything at or below it is.
    #[must_use]
    pub fn frontier(&self) -> StreamPos {
        self.shared().published.read().position
    }

    /// What is there now, held still. Costs one reference count: the committer makes one view per group.
    #[must_use]
    pub fn snapshot(&self) -> Snapshot {
        let Published { view, position } = self.shared().published.read().clone();
        Snapshot { reader: Reader::new(view), position }
    }

    /// Commits a batch; answers when it is durable and visible, or refused whole. Waits when the queue is full.
    /// Dropping the future while it waits for room drops the batch; after that the commit goes on without its caller.
    pub async fn commit(&self, mut batch: Batch) -> Result<Commit, StoreError> {
        // Before it waits: a batch over its bound may be larger than all the room there is.
        if let Some(fault) = batch.fault() {
            return Err(fault);
        }
        let room = self.shared().queue.room(batch.bytes()).await?;
        self.shared().queue.push(batch, room).await
    }

    /// Commits a batch; none when one of its conditions does not hold any more, so that the caller reads anew and tries
    /// again, within a bound.
    ///
    /// # Errors
    /// As [`Store::commit`], apart from [`StoreError::Conflict`].
    pub async fn try_commit(&self, batch: Batch) -> Result<Option<Commit>, StoreError> {
        match self.commit(batch).await {
            Ok(commit) => Ok(Some(commit)),
            Err(StoreError::Conflict) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Queues a batch before it returns, so that a caller fixes the order of its batches and waits later. Refused with
    /// [`StoreError::Busy`] when the queue is full.
    pub fn submit(&self, mut batch: Batch) -> Submission {
        if let Some(fault) = batch.fault() {
            return Submission::refused(fault);
        }
        match self.shared().queue.room_now(batch.bytes()) {
            Some(room) => self.shared().queue.push(batch, room),
            None => Submission::refused(StoreError::Busy),
        }
    }

    /// Waits until the queue has room for a batch of `bytes`. Another caller may take it first.
    pub async fn has_room(&self, bytes: usize) -> Result<(), StoreError> {
        self.shared().queue.room(bytes).await.map(drop)
    }

    /// Adds somebody who hears of every later commit that announces.
    pub fn listen(&self, listener: Arc<dyn CommitListener>) {
        self.shared().listeners.write().push(listener);
    }

    /// Whether writes are taken. Cheap enough for every readiness probe.
    #[must_use]
    pub fn health(&self) -> Health {
        let health = self.shared().health.read().clone();
        match health {
            // Nobody may have written since room was made or lost: ask the disk.
            Health::Ok | Health::Full if self.shared().engine.is_nearly_full() => Health::Full,
            Health::Ok | Health::Full if self.shared().queue.is_closed() => Health::Closed,
            Health::Ok | Health::Full => Health::Ok,
            Health::Failed(_) | Health::Closed => health,
        }
    }

    /// How often this data was restored from a backup. Whatever other servers may remember of us by a number should be
    /// told apart by it.
    #[must_use]
    pub fn restore_epoch(&self) -> u64 {
        self.handle.restores.epoch
    }

    /// Whether a position belongs to what a restore lost: who shows it has seen what is not here any more.
    #[must_use]
    pub fn has_lost(&self, position: StreamPos) -> bool {
        self.handle.restores.has_lost(position)
    }

    /// Whether the owners of rows have still to forget what a restore made untrue; see [`Store::finish_restore`].
    pub async fn is_restore_unfinished(&self) -> Result<bool, StoreError> {
        Ok(self.get(&MANIFEST, &()).await?.is_some_and(|manifest| manifest.restores.is_unfinished))
    }

    /// Notes that everything is forgotten that a restore made untrue.
    pub async fn finish_restore(&self) -> Result<(), StoreError> {
        let Some(before) = self.get(&MANIFEST, &()).await? else { return Ok(()) };
        let restores = Restores { is_unfinished: false, ..before.restores.clone() };
        let mut batch = Batch::new();
        batch.expect_eq(&MANIFEST, &(), &before);
        batch.put(&MANIFEST, &(), &Manifest { restores, ..before });
        self.commit(batch).await.map(drop)
    }

    /// Makes a copy of the present state in a directory that does not exist yet. Blocks the thread for as long as it takes:
    /// moments where files can be linked. Everything at or below the frontier of the call is in it.
    pub fn checkpoint(&self, directory: &Path) -> Result<(), StoreError> {
        self.shared().engine.checkpoint(directory).map_err(StoreError::from)
    }

    /// The list of tables for people.
    #[must_use]
    pub fn catalogue(&self) -> String {
        catalogue(&self.handle.tables)
    }

    /// Records the gauges of store and engine; call it when metrics are collected.
    pub fn record_metrics(&self) {
        let shared = self.shared();
        let oldest = shared.writing_since.read().or_else(|| shared.queue.oldest());
        let lag = oldest.map_or(0.0, |since| since.elapsed().as_secs_f64());
        metrics::gauge!(FRONTIER_LAG_SECONDS).set(lag);
        shared.engine.record_metrics();
    }

    /// Takes no more commits, finishes those that wait, and returns when the committer has ended. To open the same data
    /// again in this process, also drop every clone, snapshot and reader.
    pub async fn close(&self) {
        self.shared().queue.close();
        let mut ended = self.handle.ended.clone();
        // An error means that the thread is gone, which is what we wait for.
        let _ = ended.wait_for(|ended| *ended).await;
    }

    fn shared(&self) -> &Shared {
        &self.handle.shared
    }
}
