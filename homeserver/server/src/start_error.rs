//! Why a server did not start.

use std::{io, path::PathBuf};

use accounts::AccountError;
use media::MediaError;
use outbound::OutboundError;
use store::{OpenError, StoreError};

/// Why a server did not start. The text says what to do.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// A setting that `config check` would have refused.
    #[error("setting {key}: {reason}")]
    Setting {
        /// `section.key`.
        key: &'static str,
        /// What is wrong.
        reason: String,
    },
    /// The data folder cannot be made.
    #[error("the data folder {path} cannot be made: {error}")]
    Directory {
        /// The folder.
        path: PathBuf,
        /// The system's word.
        error: io::Error,
    },
    /// The signing key cannot be read or written.
    #[error("the signing key {path} cannot be used: {reason}")]
    SigningKey {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        reason: String,
    },
    /// The database folder cannot be opened, for example because another process holds it.
    #[error("{0}")]
    Database(#[from] store_rocksdb::DirectoryError),
    /// The database is not one that this server may open.
    #[error("the database cannot be opened: {0}")]
    Open(#[from] OpenError),
    /// What a restore left to be done cannot be read or removed.
    #[error("the marker of a restore {path} cannot be used: {reason}; restore the backup again")]
    Restore {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        reason: String,
    },
    /// The database answers with an error.
    #[error("the database cannot be read: {0}")]
    Store(#[from] StoreError),
    /// Connections to the outside cannot be made ready.
    #[error("section [outbound]: {0}")]
    Outbound(#[from] OutboundError),
    /// The storage of media cannot be used.
    #[error("section [media]: {0}")]
    Media(#[from] MediaError),
    /// Accounts cannot be prepared.
    #[error("accounts cannot be prepared: {0}")]
    Accounts(#[from] AccountError),
    /// What is known of other servers cannot be read.
    #[error("federation cannot be prepared: {0}")]
    Federation(#[from] federation::FederationError),
    /// The search index cannot be opened.
    #[error("{0}; its folder may be deleted, it is made anew")]
    Search(#[from] search::SearchError),
    /// Work that a crash interrupted cannot be finished.
    #[error("work interrupted by a crash cannot be finished: {0}")]
    Resume(String),
    /// The registration of the bots cannot be read or written.
    #[error("the registration of the bots {path} cannot be used: {reason}")]
    Registration {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        reason: String,
    },
    /// A bot cannot use what it kept.
    #[error("the bots cannot start: {0}")]
    Bots(String),
    /// The bridges cannot use what they kept.
    #[error("the bridges cannot start: {0}")]
    Bridges(String),
    /// A certificate cannot be used.
    #[error("TLS: {0}")]
    Tls(String),
    /// An address cannot be listened on.
    #[error("cannot listen on {address}: {error}; is another server running there?")]
    Listen {
        /// The address as configured.
        address: String,
        /// The system's word.
        error: io::Error,
    },
}
