//! What a caller of the store can act on.

use std::sync::Arc;

use thiserror::Error;

use crate::engine::EngineError;

/// Why a read or a commit failed. Cloned to every batch of a group that fails together.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum StoreError {
    /// A condition of the batch did not hold; nothing of it was written. Read again and retry.
    #[error("a condition of the commit did not hold")]
    Conflict,
    /// The queue of the committer is at its bound. Nothing was written; retry later.
    #[error("too many commits are waiting")]
    Busy,
    /// No room on the disk. Nothing of the batch counts as written.
    #[error("the disk of the store is full")]
    Full,
    /// An earlier write failed, so the store takes no more until it is opened again; reads go on.
    #[error("the store takes no writes: {0}")]
    ReadOnly(Arc<str>),
    /// A row cannot be what was written: a bug, a foreign table, or a damaged disk.
    #[error("a row of table {table} cannot be read: {detail}")]
    Corrupt {
        /// Name of the table.
        table: &'static str,
        /// What is wrong with the row.
        detail: Arc<str>,
    },
    /// A key, value, batch or request is over its bound in `limits`.
    #[error("{what} of {size} is over the bound of {max}")]
    TooLarge {
        /// What is too large.
        what: &'static str,
        /// Its size (bytes or items).
        size: usize,
        /// The bound.
        max: usize,
    },
    /// The store was closed.
    #[error("the store is closed")]
    Closed,
    /// The engine failed. For a commit: nothing of the batch counts as written.
    #[error("the storage engine failed: {0}")]
    Io(Arc<str>),
}

impl From<EngineError> for StoreError {
    fn from(error: EngineError) -> Self {
        match error {
            EngineError::Full(_) => Self::Full,
            EngineError::Closed => Self::Closed,
            EngineError::Corrupt(detail) => Self::Corrupt { table: "(engine)", detail: detail.into() },
            EngineError::Io(detail) => Self::Io(detail.into()),
        }
    }
}

/// Why a store could not be opened. Each message says what to do; nothing is ever created over old data.
#[derive(Debug, Error)]
pub enum OpenError {
    /// The data belongs to another server.
    #[error(
        "this database belongs to the server {found:?}, and the configuration says {expected:?}: correct \
         server_name, or choose another data directory (a database never changes its server name)"
    )]
    OtherServer {
        /// The name in the database.
        found: String,
        /// The name in the configuration.
        expected: String,
    },
    /// The data was written by a newer program.
    #[error(
        "this database has schema {found}, and this program knows schemas up to {known}: run the program \
         version that last opened it or a newer one, or restore a backup made before the upgrade"
    )]
    NewerSchema {
        /// The schema of the database.
        found: u32,
        /// The newest schema of the program.
        known: u32,
    },
    /// There is data, and no manifest row.
    #[error(
        "the data directory holds data but no manifest, so it is damaged or not a database of this program: \
         restore a backup, or choose an empty directory; nothing was changed"
    )]
    NoManifest,
    /// The manifest row does not decode.
    #[error("the manifest of the database cannot be read ({0}): restore a backup; nothing was changed")]
    BadManifest(String),
    /// Two tables share an id or a name.
    #[error("tables {first:?} and {second:?} both use {what}: give one of them another (tables.rs)")]
    DuplicateTable {
        /// The earlier table.
        first: &'static str,
        /// The later table.
        second: &'static str,
        /// The shared id or name.
        what: String,
    },
    /// A table moved to another profile and its rows did not.
    #[error(
        "table {name:?} was written with profile {found:?} and is declared with {declared:?}: add a migration \
         that moves its rows, or restore the profile"
    )]
    ProfileChanged {
        /// The table.
        name: &'static str,
        /// Profile of the stored rows.
        found: String,
        /// Profile of the declaration.
        declared: String,
    },
    /// The list of migrations has a hole or a repeat.
    #[error("migrations must be numbered without holes from 2; found {found} where {expected} belongs")]
    MigrationNumbers {
        /// The number found.
        found: u32,
        /// The number expected.
        expected: u32,
    },
    /// A migration failed. It runs again at the next start.
    #[error("migration {number} ({name}) failed: {source}; it is safe to start again")]
    Migration {
        /// Its number.
        number: u32,
        /// Its name.
        name: &'static str,
        /// What failed.
        source: StoreError,
    },
    /// The engine failed.
    #[error("cannot open the database: {0}")]
    Engine(String),
}

impl From<EngineError> for OpenError {
    fn from(error: EngineError) -> Self {
        Self::Engine(error.to_string())
    }
}

impl From<StoreError> for OpenError {
    fn from(error: StoreError) -> Self {
        Self::Engine(error.to_string())
    }
}
