//! Content on its way in: written to a temporary file while it is hashed, so that memory stays bounded
//! and nothing half-arrived ever has a name.

use std::{
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use sha2::{Digest as _, Sha256};
use tokio::{
    fs::File,
    io::{AsyncWriteExt as _, BufWriter},
};

use super::Digest;
use crate::{
    MediaError,
    limits::{CHUNK_BYTES, HEAD_BYTES},
};

/// The folder of arriving contents.
#[derive(Clone)]
pub(crate) struct Spool {
    directory: Arc<Path>,
    next: Arc<AtomicU64>,
}

impl Spool {
    pub fn new(directory: PathBuf) -> Self {
        Self { directory: directory.into(), next: Arc::default() }
    }

    /// Removes everything; only for a time when nothing can be arriving.
    pub async fn clean(&self) -> Result<(), MediaError> {
        match tokio::fs::remove_dir_all(&self.directory).await {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error.into()),
            Ok(()) | Err(_) => Ok(()),
        }
    }

    pub async fn open(&self, bytes_max: u64) -> Result<Incoming, MediaError> {
        tokio::fs::create_dir_all(&self.directory).await?;
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        let path = self.directory.join(format!("{}-{number}", std::process::id()));
        let file = File::create(&path).await?;
        Ok(Incoming {
            file: BufWriter::with_capacity(CHUNK_BYTES, file),
            path: TemporaryPath(path),
            hasher: Sha256::new(),
            head: Vec::with_capacity(HEAD_BYTES),
            bytes: 0,
            bytes_max,
        })
    }
}

/// A content that arrives. Dropping it removes the file.
pub(crate) struct Incoming {
    file: BufWriter<File>,
    path: TemporaryPath,
    hasher: Sha256,
    head: Vec<u8>,
    bytes: u64,
    bytes_max: u64,
}

impl Incoming {
    /// Adds bytes; refused when there are too many.
    pub async fn write(&mut self, chunk: &[u8]) -> Result<(), MediaError> {
        self.bytes = self.bytes.saturating_add(chunk.len() as u64);
        if self.bytes > self.bytes_max {
            return Err(MediaError::TooLarge { bytes_max: self.bytes_max });
        }
        let missing = HEAD_BYTES.saturating_sub(self.head.len());
        self.head.extend(chunk.iter().take(missing));
        self.hasher.update(chunk);
        self.file.write_all(chunk).await?;
        Ok(())
    }

    /// Makes the file durable, still under its temporary name.
    pub async fn finish(mut self) -> Result<Spooled, MediaError> {
        self.file.flush().await?;
        self.file.get_ref().sync_all().await?;
        let digest = Digest(self.hasher.finalize().into());
        Ok(Spooled { path: self.path, digest, bytes: self.bytes, head: self.head })
    }
}

/// A content that arrived whole and waits for its name. Dropping it removes the file, unless it was
/// moved away.
pub(crate) struct Spooled {
    path: TemporaryPath,
    pub digest: Digest,
    pub bytes: u64,
    /// Its first bytes.
    pub head: Vec<u8>,
}

impl Spooled {
    pub fn path(&self) -> &Path {
        &self.path.0
    }
}

struct TemporaryPath(PathBuf);

impl Drop for TemporaryPath {
    fn drop(&mut self) {
        // Gone already when it was moved to its place; otherwise the next start cleans up.
        let _ = std::fs::remove_file(&self.0);
    }
}
