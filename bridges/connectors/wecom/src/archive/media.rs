//! Files of the archive, fetched piece by piece when somebody wants them.

use std::{sync::Arc, time::Duration};

use bridge_api::{Download, Failure, Refusal, Shelf, bounded};
use futures_util::stream;
use tokio::time::sleep;

use super::{
    Archive, ArchiveError, Piece,
    content::KeptFile,
    limits::{PIECES_MAX, RESTART_PAUSE_MIN},
};
use crate::limits::{BUSY_TRIES_MAX, DOWNLOAD_BYTES_MAX};

/// Gives out files.
pub struct Media {
    archive: Arc<dyn Archive>,
    shelf: Arc<dyn Shelf>,
}

/// Under what the shelf keeps how a file is found.
pub(super) fn key(name: &str) -> String {
    format!("archived:{name}")
}

impl Media {
    /// The files of one company.
    pub fn new(archive: Arc<dyn Archive>, shelf: Arc<dyn Shelf>) -> Self {
        Self { archive, shelf }
    }

    /// Opens a file by what it is called here.
    ///
    /// # Errors
    /// [`Refusal::Gone`] when the platform has it no more, else what the archive says.
    pub async fn download(&self, name: &str) -> Result<Download, Failure> {
        let file: Option<KeptFile> = self.shelf.read(&key(name)).await?;
        let file = file.ok_or_else(|| Failure::refused(Refusal::Gone))?;
        let first = piece(self.archive.as_ref(), &file.id, "").await?;
        let mimetype = sniffed(&first.bytes).map(str::to_owned).or(file.mimetype);
        let (archive, id) = (Arc::clone(&self.archive), file.id);
        let pieces = stream::unfold((Some(first), 0_usize), move |(found, count)| {
            let (archive, id) = (Arc::clone(&archive), id.clone());
            async move {
                let Piece { bytes, next } = found?;
                let next = match next {
                    Some(_) if count >= PIECES_MAX => None,
                    Some(index) => match piece(archive.as_ref(), &id, &index).await {
                        Ok(next) => Some(next),
                        // What was read so far is no file: the failure comes in its place.
                        Err(error) => return Some((Err(Failure::from(error)), (None, count))),
                    },
                    None => None,
                };
                Some((Ok(bytes), (next, count + 1)))
            }
        });
        Ok(Download {
            name: None,
            mimetype,
            size: None,
            bytes: bounded(Box::pin(pieces), DOWNLOAD_BYTES_MAX),
        })
    }
}

/// A piece; again when the network or the helper has a bad moment.
async fn piece(archive: &dyn Archive, file: &str, index: &str) -> Result<Piece, ArchiveError> {
    let (mut tries, mut pause) = (1, RESTART_PAUSE_MIN + Duration::from_millis(100));
    loop {
        match archive.piece(file, index).await {
            Err(ArchiveError::Helper(_) | ArchiveError::Library(10_001..=10_003))
                if tries < BUSY_TRIES_MAX => {}
            outcome => return outcome,
        }
        sleep(pause).await;
        (tries, pause) = (tries + 1, pause * 2);
    }
}

/// What a picture is by its first bytes; the archive does not say it.
fn sniffed(bytes: &[u8]) -> Option<&'static str> {
    let kinds: [(&[u8], &str); 4] = [
        (b"\xff\xd8\xff", "image/jpeg"),
        (b"\x89PNG\r\n", "image/png"),
        (b"GIF8", "image/gif"),
        (b"#!AMR", "audio/amr"),
    ];
    kinds.iter().find(|(head, _)| bytes.starts_with(head)).map(|(_, kind)| *kind)
}
