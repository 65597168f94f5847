//! Images and files: who uploaded them, what kind they are.

use bytes::Bytes;

use super::State;
use crate::limits::MEDIA_MAX;
use crate::refusal::Refusal;

/// Something that was uploaded.
#[derive(Clone, Debug)]
pub(crate) struct Media {
    /// The app that owns it; nobody when a person sent it.
    pub(crate) app: Option<String>,
    /// `image`, or the `file_type` of a file.
    pub(crate) kind: String,
    pub(crate) name: String,
    pub(crate) content_type: String,
    pub(crate) bytes: Bytes,
}

impl State {
    /// Keeps it and returns its key.
    pub(crate) fn keep_media(&mut self, media: Media) -> Result<String, Refusal> {
        if self.media.len() >= MEDIA_MAX {
            return Err(Refusal::code(2200));
        }
        let key = self.stage.chance.id(if media.kind == "image" { "img_v3_" } else { "file_v3_" }, 32);
        self.media.insert(key.clone(), media);
        Ok(key)
    }
}

/// The type of an image by its first bytes, of those that the platform takes.
pub(crate) fn image_type(bytes: &[u8]) -> Option<&'static str> {
    const STARTS: &[(&[u8], &str)] = &[
        (b"\x89PNG\r\n\x1a\n", "image/png"),
        (b"\xff\xd8\xff", "image/jpeg"),
        (b"GIF8", "image/gif"),
        (b"BM", "image/bmp"),
        (b"\0\0\x01\0", "image/x-icon"),
        (b"II*\0", "image/tiff"),
        (b"MM\0*", "image/tiff"),
    ];
    if bytes.starts_with(b"RIFF") && bytes.get(8..12) == Some(b"WEBP") {
        return Some("image/webp");
    }
    if bytes.get(4..8) == Some(b"ftyp") && bytes.get(8..11) == Some(b"hei") {
        return Some("image/heic");
    }
    STARTS.iter().find(|(start, _)| bytes.starts_with(start)).map(|(_, name)| *name)
}
