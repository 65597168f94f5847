//! The full-text index: its fields, its files, and the questions asked of it by number.
//!
//! Knows numbers and words only: what a document is worth to a user is decided by
//! [`crate::messages`]. Everything here can be made again from the store, so damaged or outdated
//! files are thrown away.

mod documents;
mod files;
mod matching;
mod schema;

pub(crate) use documents::{Document, IndexBuilder, TextKind, stable_hash};
pub(crate) use files::Mark;
pub use files::Place;
pub(crate) use matching::{Match, Order, Spot, Wanted};

use parking_lot::Mutex;
use tantivy::{IndexReader, ReloadPolicy};

use self::{files::Files, schema::Fields};
use crate::{SearchError, text::Segmenter};

/// An open index. Reading is shared; the one writer is taken by [`Index::builder`].
pub(crate) struct Index {
    files: Files,
    reader: IndexReader,
    fields: Fields,
    mark: Mutex<Mark>,
}

impl Index {
    /// Opens the index at a place, an empty one when there is none that this version can read.
    pub(crate) fn open(place: &Place, segmenter: &Segmenter) -> Result<Self, SearchError> {
        let (schema, fields) = schema::schema();
        let files = Files::open(place, schema, segmenter)?;
        let reader = files.index().reader_builder().reload_policy(ReloadPolicy::Manual).try_into()?;
        let mark = Mutex::new(files.mark()?);
        Ok(Self { files, reader, fields, mark })
    }

    /// How far the index has come.
    pub(crate) fn mark(&self) -> Mark {
        self.mark.lock().clone()
    }

    /// Documents that can be found.
    pub(crate) fn documents(&self) -> u64 {
        self.reader.searcher().num_docs()
    }

    /// The writer. Only one may exist; dropping it throws away what was not committed.
    pub(crate) fn builder(&self) -> Result<IndexBuilder, SearchError> {
        IndexBuilder::new(self.files.index(), self.fields)
    }

    /// Makes what a builder committed visible to searches.
    pub(crate) fn show(&self, mark: Mark) -> Result<(), SearchError> {
        self.reader.reload()?;
        *self.mark.lock() = mark;
        Ok(())
    }

    /// The best matches in the wanted order. Slow for common words: call it off the async threads.
    pub(crate) fn matches(&self, wanted: &Wanted) -> Result<Vec<Match>, SearchError> {
        matching::matches(&self.reader.searcher(), self.fields, wanted)
    }
}

#[cfg(test)]
mod tests;
