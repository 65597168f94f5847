//! An image in a file on disk: what kind it is by its first bytes, and its pixels within the budget.

use std::{
    fs::File,
    io::{BufReader, Read as _, Seek as _},
    path::Path,
};

use image::{DynamicImage, ImageError};
pub(crate) use pictures::{Budget, Kind as ImageKind};
use pictures::{PictureError, limits::HEAD_BYTES};

use crate::MediaError;

/// The kind of an image that clients show, by the first bytes of its file. Decoders of all others stay closed, whatever a file
/// claims to be.
pub(crate) fn sniff(head: &[u8]) -> Option<ImageKind> {
    ImageKind::sniff(head).filter(|kind| !matches!(kind, ImageKind::Bmp | ImageKind::Tiff))
}

/// A file that begins like an image.
pub(crate) struct ImageFile {
    file: File,
    pub kind: ImageKind,
}

impl ImageFile {
    pub fn open(path: &Path) -> Result<Self, MediaError> {
        let mut file = File::open(path)?;
        let mut head = Vec::with_capacity(HEAD_BYTES);
        (&mut file).take(HEAD_BYTES as u64).read_to_end(&mut head)?;
        let kind = sniff(&head).ok_or(MediaError::NoThumbnail)?;
        Ok(Self { file, kind })
    }

    /// A reader from the beginning.
    pub fn reader(&self) -> Result<BufReader<File>, MediaError> {
        let mut file = self.file.try_clone()?;
        file.rewind()?;
        Ok(BufReader::new(file))
    }

    /// Width and height, by the head alone.
    pub fn dimensions(&self) -> Result<(u32, u32), MediaError> {
        Ok(pictures::dimensions(self.reader()?, self.kind)?)
    }

    /// All pixels, turned the way up that the camera noted.
    pub fn decode(&self, budget: Budget) -> Result<DynamicImage, MediaError> {
        Ok(pictures::decode(self.reader()?, self.kind, budget)?)
    }

    /// Whether it may hold more than one picture. A GIF counts as moving without being read to its end.
    pub fn may_move(&self) -> Result<bool, MediaError> {
        Ok(pictures::may_move(self.reader()?, self.kind)?)
    }
}

/// Width and height of the image in a file, if it is one.
pub(crate) fn dimensions(path: &Path) -> Option<(u32, u32)> {
    ImageFile::open(path).and_then(|image| image.dimensions()).ok()
}

/// What a decoder's complaint means to the asker.
pub(crate) fn refused(error: ImageError) -> MediaError {
    PictureError::from(error).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn t19_only_four_kinds_of_images_have_thumbnails() {
        let known: [(&[u8], ImageKind); 4] = [
            (b"\x89PNG\r\n\x1a\n____", ImageKind::Png),
            (b"\xff\xd8\xff\xe0", ImageKind::Jpeg),
            (b"GIF89a", ImageKind::Gif),
            (b"RIFF____WEBPVP8 ", ImageKind::Webp),
        ];
        for (head, kind) in known {
            assert_eq!(sniff(head), Some(kind));
        }
        for head in [&b"BM\x46\0\0\0\0\0\0\0\x36"[..], b"II*\0", b"MM\0*"] {
            assert_eq!(sniff(head), None, "browsers need not show it");
        }
    }
}
