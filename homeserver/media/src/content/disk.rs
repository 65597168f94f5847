//! Contents as files: `content/ab/cd/<digest>`, moved there whole and never written to again.

use std::{
    io,
    ops::Range,
    path::{Path, PathBuf},
    sync::Arc,
};

use bytes::BytesMut;
use futures_util::{StreamExt as _, stream};
use tokio::{
    fs::File,
    io::{AsyncReadExt as _, AsyncSeekExt as _},
};

use super::{ContentStream, Digest, Spooled};
use crate::{MediaError, limits::CHUNK_BYTES};

/// A folder of contents.
#[derive(Clone)]
pub(crate) struct Disk {
    directory: Arc<Path>,
}

impl Disk {
    pub fn new(directory: PathBuf) -> Self {
        Self { directory: directory.into() }
    }

    /// Two levels of 256 folders, so that no folder grows too large to list.
    pub fn path(&self, digest: &Digest) -> PathBuf {
        let name = digest.to_string();
        self.directory.join(&name[..2]).join(&name[2..4]).join(name)
    }

    pub async fn adopt(&self, spooled: &Spooled) -> Result<(), MediaError> {
        let (from, to) = (spooled.path().to_owned(), self.path(&spooled.digest));
        let moved = tokio::task::spawn_blocking(move || move_durably(&from, &to)).await;
        Ok(moved.map_err(|error| MediaError::Storage(error.to_string()))??)
    }

    pub async fn has(&self, digest: &Digest, bytes: u64) -> Result<bool, MediaError> {
        match tokio::fs::metadata(self.path(digest)).await {
            Ok(found) => Ok(found.is_file() && found.len() == bytes),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
            Err(error) => Err(error.into()),
        }
    }

    pub async fn read(&self, digest: &Digest, range: Range<u64>) -> Result<ContentStream, MediaError> {
        let mut file = File::open(self.path(digest)).await.map_err(missing)?;
        file.set_max_buf_size(CHUNK_BYTES);
        if range.start > 0 {
            file.seek(io::SeekFrom::Start(range.start)).await?;
        }
        let rest = range.end.saturating_sub(range.start);
        Ok(stream::try_unfold((file, rest), |(mut file, rest)| async move {
            let wanted = usize::try_from(rest).unwrap_or(CHUNK_BYTES).min(CHUNK_BYTES);
            if wanted == 0 {
                return Ok(None);
            }
            let mut chunk = BytesMut::with_capacity(wanted);
            let read = (&mut file).take(wanted as u64).read_buf(&mut chunk).await?;
            if read == 0 {
                return Err(MediaError::Storage("a file is shorter than it was".to_owned()));
            }
            Ok(Some((chunk.freeze(), (file, rest - read as u64))))
        })
        .boxed())
    }

    pub async fn delete(&self, digest: &Digest) -> Result<(), MediaError> {
        match tokio::fs::remove_file(self.path(digest)).await {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error.into()),
            Ok(()) | Err(_) => Ok(()),
        }
    }
}

/// A file that the tables name and that is gone is damage, not a wrong question; it is logged and the
/// asker hears that there is nothing.
fn missing(error: io::Error) -> MediaError {
    if error.kind() == io::ErrorKind::NotFound {
        tracing::error!("a stored content is missing from the disk");
        return MediaError::NotFound;
    }
    error.into()
}

/// The file is synced already; the move lasts once the folder, and whichever folders were made for it,
/// are synced.
fn move_durably(from: &Path, to: &Path) -> io::Result<()> {
    let Some(folder) = to.parent() else { return Err(io::Error::other("a content without folder")) };
    let is_new = !folder.is_dir();
    if is_new {
        std::fs::create_dir_all(folder)?;
    }
    std::fs::rename(from, to)?;
    std::fs::File::open(folder)?.sync_all()?;
    if is_new {
        for above in folder.ancestors().skip(1).take(3).filter(|above| above.is_dir()) {
            std::fs::File::open(above)?.sync_all()?;
        }
    }
    Ok(())
}
