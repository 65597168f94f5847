//! WeCom's paid chat archive (会话内容存档), which hears all that people with a licence say, and speaks nothing.
//!
//! The platform gives it out by a closed library alone. [`Archive`] is what that library can do; `helper.rs` does it by a small
//! process in C that loads the library, so that nothing of it runs within ours. All else is here: `keys.rs` opens the key of an
//! entry, `entry.rs` and `content.rs` say what it means, `reader.rs` makes arrivals of it, `keeper.rs` reads on from where it
//! stopped, `rooms.rs` asks what groups are called and who agreed, `twins.rs` knows what another way brought before; `archived.rs`
//! puts it all together.

mod archived;
mod content;
mod entry;
mod error;
mod frames;
mod helper;
mod keeper;
mod keys;
pub mod limits;
mod media;
mod reader;
mod rooms;
mod senders;
mod settings;
#[cfg(test)]
mod tests;
mod twins;

use async_trait::async_trait;
use bytes::Bytes;

pub use self::{
    archived::Archived,
    error::ArchiveError,
    media::Media,
    settings::{ArchiveKey, ArchiveSettings},
    twins::{Twins, Way, Words},
};

/// An entry of the archive as the library gives it out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sealed {
    /// Its place: rises from entry to entry, with gaps.
    pub seq: u64,
    /// The id of the message.
    pub message_id: String,
    /// Which of the company's keys its own key is encrypted with.
    pub key_version: u64,
    /// Its own key, encrypted, in base64.
    pub key: String,
    /// The message, encrypted, in base64.
    pub message: String,
}

/// A piece of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Piece {
    /// Its bytes.
    pub bytes: Bytes,
    /// By what the next one is asked for; nothing when this is the last one.
    pub next: Option<String>,
}

/// What the platform's library can do. Calls may come at once and may be dropped at any await.
#[async_trait]
pub trait Archive: Send + Sync {
    /// Signs in and does nothing else.
    ///
    /// # Errors
    /// See [`ArchiveError`].
    async fn sign_in(&self) -> Result<(), ArchiveError>;

    /// Entries behind the place `after`, at most `most` of them, first one first.
    ///
    /// # Errors
    /// See [`ArchiveError`].
    async fn entries(&self, after: u64, most: u32) -> Result<Vec<Sealed>, ArchiveError>;

    /// What an entry says, as the platform's JSON; `key` is its own key, decrypted.
    ///
    /// # Errors
    /// See [`ArchiveError`].
    async fn decrypted(&self, key: &str, message: &str) -> Result<String, ArchiveError>;

    /// A piece of a file: the first one with an empty `index`.
    ///
    /// # Errors
    /// See [`ArchiveError`].
    async fn piece(&self, file: &str, index: &str) -> Result<Piece, ArchiveError>;
}
