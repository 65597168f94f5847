//! Where bytes lie: a folder or an object store, addressed by their SHA-256 digest.
//!
//! A content never changes once it is there, so writing it twice does no harm and a copy made at any
//! time is good. Who refers to a content is not known here; see `references.rs`.

mod digest;
mod disk;
mod incoming;
mod objects;

use std::{ops::Range, path::PathBuf, sync::Arc};

use bytes::Bytes;
use futures_util::stream::BoxStream;

pub use digest::Digest;
pub(crate) use incoming::{Incoming, Spool, Spooled};

use self::{disk::Disk, objects::Objects};
use crate::{MediaError, S3Settings};

/// The bytes of a content, piece by piece.
pub type ContentStream = BoxStream<'static, Result<Bytes, MediaError>>;

/// The storage of contents. Cloning shares it.
#[derive(Clone)]
pub(crate) struct ContentStore {
    place: Place,
    spool: Spool,
}

#[derive(Clone)]
enum Place {
    Disk(Disk),
    Objects(Objects),
}

/// A content as a local file, for readers that must jump in it. A temporary one goes with this value.
pub(crate) enum LocalFile {
    Kept(PathBuf),
    Temporary(Spooled),
}

impl LocalFile {
    pub fn path(&self) -> &std::path::Path {
        match self {
            Self::Kept(path) => path,
            Self::Temporary(spooled) => spooled.path(),
        }
    }
}

impl ContentStore {
    /// Files below `directory`.
    pub fn disk(directory: PathBuf) -> Self {
        Self {
            spool: Spool::new(directory.join("incoming")),
            place: Place::Disk(Disk::new(directory.join("content"))),
        }
    }

    /// Main memory; only arriving uploads touch `directory`.
    pub fn memory(directory: PathBuf) -> Self {
        let objects = Objects::new(Arc::new(object_store::memory::InMemory::new()), "");
        Self { spool: Spool::new(directory.join("incoming")), place: Place::Objects(objects) }
    }

    /// A bucket; only arriving uploads touch `directory`.
    pub fn s3(directory: PathBuf, settings: &S3Settings) -> Result<Self, MediaError> {
        let place = Place::Objects(Objects::s3(settings)?);
        Ok(Self { spool: Spool::new(directory.join("incoming")), place })
    }

    /// Removes what a crash left of uploads that were arriving.
    pub async fn clean(&self) -> Result<(), MediaError> {
        self.spool.clean().await
    }

    /// A file for an arriving content of at most `bytes_max` bytes.
    pub async fn incoming(&self, bytes_max: u64) -> Result<Incoming, MediaError> {
        self.spool.open(bytes_max).await
    }

    /// Makes a spooled content durable under its digest; one that is there already stays.
    pub async fn adopt(&self, spooled: &Spooled) -> Result<(), MediaError> {
        match &self.place {
            Place::Disk(disk) => disk.adopt(spooled).await,
            Place::Objects(objects) => objects.adopt(spooled).await,
        }
    }

    /// Whether a content of this length is there.
    pub async fn has(&self, digest: &Digest, bytes: u64) -> Result<bool, MediaError> {
        match &self.place {
            Place::Disk(disk) => disk.has(digest, bytes).await,
            Place::Objects(objects) => objects.has(digest, bytes).await,
        }
    }

    /// Reads a part of a content, which must lie inside it.
    pub async fn read(&self, digest: &Digest, range: Range<u64>) -> Result<ContentStream, MediaError> {
        match &self.place {
            Place::Disk(disk) => disk.read(digest, range).await,
            Place::Objects(objects) => objects.read(digest, range).await,
        }
    }

    /// A content as a file on this machine.
    pub async fn local_file(&self, digest: &Digest, bytes: u64) -> Result<LocalFile, MediaError> {
        match &self.place {
            Place::Disk(disk) => Ok(LocalFile::Kept(disk.path(digest))),
            Place::Objects(objects) => {
                use futures_util::TryStreamExt as _;
                let mut incoming = self.incoming(bytes).await?;
                let mut stream = objects.read(digest, 0..bytes).await?;
                while let Some(chunk) = stream.try_next().await? {
                    incoming.write(&chunk).await?;
                }
                Ok(LocalFile::Temporary(incoming.finish().await?))
            }
        }
    }

    /// Deletes a content; one that is not there is no error.
    pub async fn delete(&self, digest: &Digest) -> Result<(), MediaError> {
        match &self.place {
            Place::Disk(disk) => disk.delete(digest).await,
            Place::Objects(objects) => objects.delete(digest).await,
        }
    }
}

#[cfg(test)]
mod contract;
