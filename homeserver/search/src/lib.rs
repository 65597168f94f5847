//! Search over messages, room names and topics; the user directory; the room directory.
//!
//! Two readers of the stream keep what is searched: one feeds the full-text index, which lies in files
//! of its own and can be thrown away ([`Search::keep_index`]), the other the words of names in the
//! store's tables ([`Search::keep_directories`]). A question first waits, for a bounded time, until
//! they have reached the moment it was asked; a search in messages is refused when they have not, because an answer
//! with a part of the truth reads like one with all of it. This crate never decides who may see what: every match
//! is judged by `rooms` before it leaves.

mod directory;
mod error;
mod feed;
mod index;
pub mod limits;
mod measure;
mod messages;
mod progress;
mod tables;
mod text;

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use accounts::Accounts;
use model::StreamPos;
use rooms::Rooms;
use store::Store;
use tokio::{sync::Semaphore, time::Instant};

pub use self::{
    directory::{DirectoryPage, DirectoryQuery, FoundUser, FoundUsers, MutualRooms, UserQuery},
    error::SearchError,
    index::Place,
    measure::describe_metrics,
    messages::{
        ContextWish, FoundEvent, FoundGroup, Grouping, SearchKey, SearchOrder, SearchPage, SearchRequest,
    },
    tables::tables,
};
use self::{
    index::Index,
    limits::{FILL_WAIT_MAX, INDEX_WAIT_MAX, SEARCHES_AT_ONCE_MAX},
    progress::Progress,
    text::Segmenter,
};

/// The readers of the stream in this crate, by the names of their cursors.
pub const STREAM_READERS: [&str; 2] = [feed::CURSOR_NAME, directory::worker::CURSOR_NAME];

/// Choices of the operator.
#[derive(Clone, Copy, Debug, Default)]
pub struct SearchSettings {
    /// Whether everybody finds every local user, and not only people they share a room with or who are
    /// in rooms that anybody may enter or read.
    pub all_users_found: bool,
}

/// What [`Search`] is built from.
pub struct SearchParts {
    /// The store that holds the tables of [`tables`].
    pub store: Store,
    /// Rooms, and who may see what in them.
    pub rooms: Rooms,
    /// Profiles.
    pub accounts: Accounts,
    /// Where the full-text index lies.
    pub place: Place,
    /// Choices of the operator.
    pub settings: SearchSettings,
}

/// Everything that can be searched. Cloning it is one reference count.
#[derive(Clone)]
pub struct Search(Arc<SearchInner>);

/// What a [`Search`] shares; reached only inside this crate.
pub struct SearchInner {
    parts: SearchParts,
    index: Index,
    segmenter: Segmenter,
    index_progress: Progress,
    directory_progress: Progress,
    rebuild_wanted: AtomicBool,
    searches: Semaphore,
}

impl std::ops::Deref for Search {
    type Target = SearchInner;

    fn deref(&self) -> &SearchInner {
        &self.0
    }
}

impl std::fmt::Debug for Search {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Search").field("place", &self.parts.place).finish_non_exhaustive()
    }
}

impl Search {
    /// Opens the index, an empty one when there is none that can be used. Nothing is read from rooms
    /// before [`Search::keep_index`] and [`Search::keep_directories`] run.
    ///
    /// # Errors
    /// The folder of the index cannot be used.
    pub fn open(parts: SearchParts) -> Result<Self, SearchError> {
        let segmenter = Segmenter::default();
        let index = Index::open(&parts.place, &segmenter)?;
        Ok(Self(Arc::new(SearchInner {
            parts,
            index,
            segmenter,
            index_progress: Progress::default(),
            directory_progress: Progress::default(),
            rebuild_wanted: AtomicBool::new(false),
            searches: Semaphore::new(SEARCHES_AT_ONCE_MAX),
        })))
    }

    /// Has the index made anew from the rooms. Returns at once; searches are refused until it is done.
    pub fn rebuild(&self) {
        self.rebuild_wanted.store(true, Ordering::Release);
        self.index_progress.ask();
    }

    /// Has the index made anew, returns when it is, and says how many texts it holds.
    pub async fn rebuild_and_wait(&self) -> u64 {
        let fills = self.index_progress.standing().fills;
        self.rebuild();
        self.index_progress.wait_filled(fills).await;
        self.index.documents()
    }

    /// Waits until everything committed up to `position` can be found, at most so long; says whether it
    /// can.
    pub async fn indexed(&self, position: StreamPos, patience: Duration) -> bool {
        self.index_progress.wait_until(position, patience).await
    }

    /// Waits for what was committed before this moment, for a bounded time; says whether all of it can be
    /// found now.
    #[must_use]
    async fn caught_up(&self, progress: &Progress) -> bool {
        let started = Instant::now();
        let patience = if progress.standing().filling { FILL_WAIT_MAX } else { INDEX_WAIT_MAX };
        let is_there = progress.wait_until(self.parts.store.frontier(), patience).await;
        if !is_there {
            metrics::counter!(measure::BEHIND).increment(1);
        }
        metrics::histogram!(measure::WAIT_SECONDS).record(started.elapsed().as_secs_f64());
        is_there
    }

    /// Records the gauges; call it when metrics are collected.
    pub fn record_metrics(&self) {
        let lag =
            self.parts.store.frontier().get().saturating_sub(self.index_progress.standing().position.get());
        metrics::gauge!(measure::LAG).set(lag as f64);
        metrics::gauge!(measure::DOCUMENTS).set(self.index.documents() as f64);
    }
}

#[cfg(test)]
mod tests;
