//! An image in a file: what kind it is by its first bytes, how large by its head, and only then its
//! pixels, within the budget.

use std::{
    fs::File,
    io::{BufReader, Read as _, Seek as _},
    path::Path,
};

use image::{
    DynamicImage, ImageDecoder, ImageError, ImageFormat, ImageReader, Limits, error::LimitErrorKind,
};

use crate::{
    MediaError,
    limits::{DECODER_BYTES_PER_PIXEL, HEAD_BYTES, IMAGE_SIDE_MAX},
};

/// The kinds of images that are read. Decoders of all others stay closed, whatever a file claims to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ImageKind {
    Png,
    Jpeg,
    Gif,
    Webp,
}

impl ImageKind {
    /// By the first bytes of a file.
    pub fn sniff(head: &[u8]) -> Option<Self> {
        match head {
            [0x89, b'P', b'N', b'G', 0x0d, 0x0a, 0x1a, 0x0a, ..] => Some(Self::Png),
            [0xff, 0xd8, 0xff, ..] => Some(Self::Jpeg),
            [b'G', b'I', b'F', b'8', b'7' | b'9', b'a', ..] => Some(Self::Gif),
            [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'E', b'B', b'P', ..] => Some(Self::Webp),
            _ => None,
        }
    }

    pub fn content_type(self) -> &'static str {
        match self {
            Self::Png => "image/png",
            Self::Jpeg => "image/jpeg",
            Self::Gif => "image/gif",
            Self::Webp => "image/webp",
        }
    }

    fn format(self) -> ImageFormat {
        match self {
            Self::Png => ImageFormat::Png,
            Self::Jpeg => ImageFormat::Jpeg,
            Self::Gif => ImageFormat::Gif,
            Self::Webp => ImageFormat::WebP,
        }
    }
}

/// How much an image may cost.
#[derive(Clone, Copy)]
pub(crate) struct Budget {
    pub pixels_max: u64,
}

impl Budget {
    /// What a decoder is told.
    pub fn limits(self) -> Limits {
        let mut limits = Limits::default();
        limits.max_image_width = Some(IMAGE_SIDE_MAX);
        limits.max_image_height = Some(IMAGE_SIDE_MAX);
        limits.max_alloc = Some(self.pixels_max.saturating_mul(DECODER_BYTES_PER_PIXEL));
        limits
    }

    /// Refuses dimensions that nobody should decode.
    pub fn check(self, (width, height): (u32, u32)) -> Result<(), MediaError> {
        let sides = width <= IMAGE_SIDE_MAX && height <= IMAGE_SIDE_MAX;
        let pixels = u64::from(width) * u64::from(height) <= self.pixels_max;
        if sides && pixels { Ok(()) } else { Err(MediaError::ImageTooLarge) }
    }
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
        let kind = ImageKind::sniff(&head).ok_or(MediaError::NoThumbnail)?;
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
        let reader = ImageReader::with_format(self.reader()?, self.kind.format());
        reader.into_dimensions().map_err(|error| refused(&error))
    }

    /// All pixels, turned the way up that the camera noted.
    pub fn decode(&self, budget: Budget) -> Result<DynamicImage, MediaError> {
        let mut reader = ImageReader::with_format(self.reader()?, self.kind.format());
        reader.limits(budget.limits());
        let mut decoder = reader.into_decoder().map_err(|error| refused(&error))?;
        budget.check(decoder.dimensions())?;
        let orientation = decoder.orientation().unwrap_or(image::metadata::Orientation::NoTransforms);
        let mut image = DynamicImage::from_decoder(decoder).map_err(|error| refused(&error))?;
        image.apply_orientation(orientation);
        Ok(image)
    }
}

/// Width and height of the image in a file, if it is one.
pub(crate) fn dimensions(path: &Path) -> Option<(u32, u32)> {
    ImageFile::open(path).and_then(|image| image.dimensions()).ok()
}

/// What a decoder's complaint means to the asker.
pub(crate) fn refused(error: &ImageError) -> MediaError {
    match error {
        ImageError::Limits(limit) if !matches!(limit.kind(), LimitErrorKind::Unsupported { .. }) => {
            MediaError::ImageTooLarge
        }
        _ => MediaError::NoThumbnail,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn t19_only_four_kinds_of_images_are_known_by_their_first_bytes() {
        let known: [(&[u8], ImageKind); 4] = [
            (b"\x89PNG\r\n\x1a\n____", ImageKind::Png),
            (b"\xff\xd8\xff\xe0", ImageKind::Jpeg),
            (b"GIF89a", ImageKind::Gif),
            (b"RIFF____WEBPVP8 ", ImageKind::Webp),
        ];
        for (head, kind) in known {
            assert_eq!(ImageKind::sniff(head), Some(kind));
        }
        let others: [&[u8]; 10] = [
            b"",
            b"<svg xmlns='http://www.w3.org/2000/svg'/>",
            b"%PDF-1.7",
            b"%!PS-Adobe-3.0",
            b"II*\0",
            b"BM____",
            b"\0\0\0\x20ftypavif",
            b"RIFF____WAVE",
            b"8BPS",
            b"\x76\x2f\x31\x01",
        ];
        for head in others {
            assert_eq!(ImageKind::sniff(head), None, "{head:?}");
        }
    }
}
