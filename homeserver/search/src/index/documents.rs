//! Writing documents.

use model::{EventNum, RoomNum};
use tantivy::{IndexWriter, TantivyDocument, Term, indexer::IndexWriterOptions};

use super::{files::Mark, schema::Fields};
use crate::{SearchError, limits::INDEX_WRITER_BYTES};

/// What a text is to its event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TextKind {
    /// `content.body` of a message.
    Body,
    /// `content.name` of a room.
    Name,
    /// `content.topic` of a room.
    Topic,
}

/// Added to the code of the kind when the event has a URL.
const HAS_URL: u64 = 1 << 8;

impl TextKind {
    fn code(self) -> u64 {
        match self {
            Self::Body => 1,
            Self::Name => 2,
            Self::Topic => 3,
        }
    }

    /// Splits a stored kind into the kind, if it is one, and whether the event has a URL.
    pub(super) fn of_stored(stored: u64) -> (Option<Self>, bool) {
        let kind = match stored & (HAS_URL - 1) {
            1 => Some(Self::Body),
            2 => Some(Self::Name),
            3 => Some(Self::Topic),
            _ => None,
        };
        (kind, stored & HAS_URL != 0)
    }
}

/// What is indexed of an event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Document {
    /// The event that is found.
    pub event: EventNum,
    /// Its room.
    pub room: RoomNum,
    /// The event that the text is from.
    pub source: EventNum,
    /// The sender.
    pub sender: String,
    /// When, as the sender claims.
    pub time_ms: u64,
    /// What the text is.
    pub kind: TextKind,
    /// Whether the event has a URL.
    pub has_url: bool,
    /// The text.
    pub text: String,
}

/// Changes the index. Nothing is visible, nor survives a crash, before the commit.
pub(crate) struct IndexBuilder {
    writer: IndexWriter,
    fields: Fields,
    changed: usize,
}

impl IndexBuilder {
    pub(super) fn new(index: &tantivy::Index, fields: Fields) -> Result<Self, SearchError> {
        let options = IndexWriterOptions::builder()
            .memory_budget_per_thread(INDEX_WRITER_BYTES)
            .num_worker_threads(1)
            .num_merge_threads(1)
            .build();
        Ok(Self { writer: index.writer_with_options(options)?, fields, changed: 0 })
    }

    /// Documents changed since the last commit.
    pub(crate) fn changed(&self) -> usize {
        self.changed
    }

    /// Puts a document in the place of the one for the same event.
    pub(crate) fn put(&mut self, document: &Document) -> Result<(), SearchError> {
        self.remove(document.event);
        let kind = document.kind.code() | if document.has_url { HAS_URL } else { 0 };
        let mut row = TantivyDocument::new();
        row.add_u64(self.fields.event, document.event.get());
        row.add_u64(self.fields.room, document.room.get());
        row.add_u64(self.fields.source, document.source.get());
        row.add_u64(self.fields.sender, stable_hash([document.sender.as_str()]));
        row.add_u64(self.fields.time, document.time_ms);
        row.add_u64(self.fields.kind, kind);
        row.add_text(self.fields.text, &document.text);
        self.writer.add_document(row)?;
        Ok(())
    }

    /// Takes the document of an event out, if there is one.
    pub(crate) fn remove(&mut self, event: EventNum) {
        self.changed += 1;
        self.writer.delete_term(Term::from_field_u64(self.fields.event, event.get()));
    }

    /// Takes every document of a room out.
    pub(crate) fn remove_room(&mut self, room: RoomNum) {
        self.changed += 1;
        self.writer.delete_term(Term::from_field_u64(self.fields.room, room.get()));
    }

    /// Takes everything out.
    pub(crate) fn clear(&mut self) -> Result<(), SearchError> {
        self.changed += 1;
        self.writer.delete_all_documents()?;
        Ok(())
    }

    /// Makes the changes durable together with the mark. Blocks for some disk syncs.
    pub(crate) fn commit(&mut self, mark: &Mark) -> Result<(), SearchError> {
        let payload = serde_json::to_string(mark).map_err(|error| SearchError::Index(error.to_string()))?;
        let mut prepared = self.writer.prepare_commit()?;
        prepared.set_payload(&payload);
        prepared.commit()?;
        self.changed = 0;
        Ok(())
    }

    /// Ends the writer after the merges under way. Blocks as long as they take.
    pub(crate) fn close(self) -> Result<(), SearchError> {
        Ok(self.writer.wait_merging_threads()?)
    }
}

/// A hash that is the same in every process (FNV-1a), for values that are only compared.
pub(crate) fn stable_hash<'a>(parts: impl IntoIterator<Item = &'a str>) -> u64 {
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    for part in parts {
        for byte in part.bytes().chain([0xff]) {
            hash = (hash ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3);
        }
    }
    hash
}
