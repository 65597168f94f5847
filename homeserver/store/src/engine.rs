//! The small synchronous contract under the typed store: ordered bytes, atomic durable writes, snapshots.
//!
//! An engine knows neither tables nor positions nor conditions; those are the committer's. Implementations:
//! [`crate::MemoryKv`], [`crate::FaultyKv`], and `RocksKv` of the crate `store_rocksdb`.

use std::ops::ControlFlow;
use std::path::Path;
use std::sync::Arc;

use thiserror::Error;

use crate::table::Profile;

/// What an engine can say about a failure.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum EngineError {
    /// No room on the disk.
    #[error("the disk is full: {0}")]
    Full(String),
    /// Reading, writing or syncing failed; after a write it is unknown how much reached the disk.
    #[error("{0}")]
    Io(String),
    /// A checksum or structure is wrong.
    #[error("the stored data is damaged: {0}")]
    Corrupt(String),
    /// The engine was closed or has crashed.
    #[error("the engine is closed")]
    Closed,
}

/// One change of a write.
#[derive(Clone, Debug)]
pub struct Operation {
    /// Where the row lives.
    pub profile: Profile,
    /// The encoded key with its table tag.
    pub key: Vec<u8>,
    /// The value to put, or `None` to delete.
    pub value: Option<Vec<u8>>,
}

/// A range of encoded keys, in the order of bytes.
#[derive(Clone, Debug)]
pub struct ByteRange {
    /// The first key of the range.
    pub start: Vec<u8>,
    /// The first key behind the range.
    pub end: Vec<u8>,
    /// Whether rows come from the end backwards.
    pub reverse: bool,
}

/// Receives the rows of a scan, until it says stop.
pub type EachRow<'a> = dyn FnMut(&[u8], &[u8]) -> ControlFlow<()> + 'a;

/// Reads of one moment (a snapshot) or of now (an engine). Rows are lent, not copied.
pub trait View: Send + Sync + 'static {
    /// Calls `found` with the value of `key`, if there is one.
    fn get(&self, profile: Profile, key: &[u8], found: &mut dyn FnMut(&[u8])) -> Result<(), EngineError>;

    /// Calls `found` with the index and value of every key that exists, in the order of `keys`.
    fn multi_get(
        &self,
        profile: Profile,
        keys: &[Vec<u8>],
        found: &mut dyn FnMut(usize, &[u8]),
    ) -> Result<(), EngineError> {
        for (index, key) in keys.iter().enumerate() {
            self.get(profile, key, &mut |value| found(index, value))?;
        }
        Ok(())
    }

    /// Calls `each` with the rows of `range` in order until it breaks.
    fn scan(&self, profile: Profile, range: &ByteRange, each: &mut EachRow<'_>) -> Result<(), EngineError>;
}

/// A key-value engine. Only the committer writes, from one thread.
pub trait Engine: View {
    /// A view that later writes do not change.
    fn snapshot(&self) -> Result<Arc<dyn View>, EngineError>;

    /// Applies all operations in order, atomically, and returns when they are durable (or, if the engine was set
    /// so, handed to the operating system). An error means: unknown; the store takes no more writes.
    fn write(&self, operations: &[Operation]) -> Result<(), EngineError>;

    /// Whether a returned write survives a power cut.
    fn is_durable(&self) -> bool {
        true
    }

    /// Whether the place is known never to have held a store.
    fn is_fresh(&self) -> Result<bool, EngineError>;

    /// Told once the first manifest is durable: from here on the place is not fresh.
    fn created(&self) -> Result<(), EngineError> {
        Ok(())
    }

    /// Whether so little room is left that a write must not be tried.
    fn is_nearly_full(&self) -> bool {
        false
    }

    /// Makes a copy of this moment in a directory that does not exist yet, which can be opened like the place itself.
    /// Writes may go on meanwhile.
    fn checkpoint(&self, _directory: &Path) -> Result<(), EngineError> {
        Err(EngineError::Io("the data is in memory only, so it cannot be copied".to_owned()))
    }

    /// Told after the last write of a store that was closed: background work of the engine ends here, because a process
    /// may exit while somebody still holds a view.
    fn ended(&self) {}

    /// Records gauges (cache use, file sizes) with the `metrics` facade.
    fn record_metrics(&self) {}
}
