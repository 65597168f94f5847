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

/// The longest side of a PNG or a GIF in pixels, as its head says it; other images are not looked into.
pub(crate) fn image_side(bytes: &[u8]) -> Option<u32> {
    if bytes.starts_with(b"\x89PNG") && bytes.get(12..16) == Some(b"IHDR") {
        let side = |from: usize| Some(u32::from_be_bytes(bytes.get(from..from + 4)?.try_into().ok()?));
        return side(16).max(side(20));
    }
    if bytes.starts_with(b"GIF8") {
        let side = |from: usize| Some(u16::from_le_bytes(bytes.get(from..from + 2)?.try_into().ok()?));
        return side(6).max(side(8)).map(u32::from);
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_head_of_an_image_says_how_large_it_is() {
        let png = b"\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR\0\0\x2e\xe1\0\0\0\x01\x08\x02";
        assert_eq!(image_side(png), Some(12_001));
        assert_eq!(image_side(b"GIF89a\x01\0\xd1\x07"), Some(2_001));
        assert_eq!(image_side(b"\x89PNG\r\n\x1a\n\x01\0\0\0\x02\0\0\0\x03\0\0\0\x04\0\0\0"), None);
    }
}
