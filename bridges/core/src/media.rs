//! Files on their way, within bounds, a few at once.

use bridge_api::{ByteStream, File, FileKind, MessageId};
use bytes::{Bytes, BytesMut};
use futures_util::StreamExt as _;
use tokio::sync::SemaphorePermit;

use crate::{Bridges, error::Stuck, lanes::Lane, limits::FILE_BYTES_MAX};

/// A file of a platform, here. It keeps its place among those in memory until it is dropped.
pub(crate) struct Fetched<'a> {
    pub name: Option<String>,
    pub mimetype: String,
    pub bytes: Bytes,
    pub place: SemaphorePermit<'a>,
}

/// All of a stream, unless it is larger than `bytes_max`.
pub(crate) async fn collected(mut stream: ByteStream, bytes_max: usize) -> Result<Bytes, Stuck> {
    let mut all = BytesMut::new();
    while let Some(piece) = stream.next().await {
        let piece = piece?;
        if all.len() + piece.len() > bytes_max {
            let refusal =
                bridge_api::Refusal::TooLarge { bytes_max: u64::try_from(bytes_max).unwrap_or(u64::MAX) };
            return Err(Stuck::Never("a file is too large".to_owned(), Some(refusal)));
        }
        all.extend_from_slice(&piece);
    }
    Ok(all.freeze())
}

impl Bridges {
    /// Fetches a file of a message, when there is a place for it in memory: of [`FILES_AT_ONCE`](crate::limits::FILES_AT_ONCE) both
    /// ways, and whoever is given it keeps the place as long as its bytes, through conversion and upload.
    pub(crate) async fn fetch(
        &self,
        lane: &Lane,
        message: &MessageId,
        file: &File,
    ) -> Result<Fetched<'_>, Stuck> {
        let impossible = || Stuck::Never("no files here".to_owned(), Some(bridge_api::Refusal::Impossible));
        let files = self.seat(lane.0).and_then(|seat| seat.connector.files()).ok_or_else(impossible)?;
        let closed = |_| Stuck::Later("the bridges end".to_owned(), None);
        let place = self.0.files.acquire().await.map_err(closed)?;
        let download = files.download(&lane.1, message, file).await?;
        let told = download.mimetype.clone().or_else(|| file.mimetype.clone());
        let bytes = collected(download.bytes, FILE_BYTES_MAX).await?;
        let mimetype = told.filter(|kind| is_media_type(kind)).unwrap_or_else(|| usual(file.kind).to_owned());
        Ok(Fetched { name: download.name, mimetype, bytes, place })
    }
}

/// Whether a text is a media type and nothing more.
pub(crate) fn is_media_type(text: &str) -> bool {
    let is_word = |part: &str| {
        !part.is_empty() && part.chars().all(|c| c.is_ascii_alphanumeric() || "!#$&-^_.+".contains(c))
    };
    text.len() <= 100 && text.split_once('/').is_some_and(|(kind, sub)| is_word(kind) && is_word(sub))
}

/// What a file of a kind usually is.
pub(crate) const fn usual(kind: FileKind) -> &'static str {
    match kind {
        FileKind::Image => "image/png",
        FileKind::File => "application/octet-stream",
        FileKind::Voice => "audio/ogg",
        FileKind::Video => "video/mp4",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn media_types_hold_nothing_else() {
        assert!(is_media_type("image/svg+xml") && is_media_type("application/vnd.ms-excel"));
        for wrong in ["", "image", "image/", "a/b; c=d", "a/b\r\nX: y", "text/html\"", "a/b/c"] {
            assert!(!is_media_type(wrong), "{wrong:?}");
        }
    }

    #[tokio::test]
    async fn a_file_that_grows_too_large_is_left() {
        let pieces = || futures_util::stream::iter((0..4).map(|_| Ok(Bytes::from_static(b"1234"))));
        assert_eq!(collected(Box::pin(pieces()), 16).await.map(|all| all.len()).ok(), Some(16));
        assert!(matches!(collected(Box::pin(pieces()), 15).await, Err(Stuck::Never(_, Some(_)))));
    }
}
