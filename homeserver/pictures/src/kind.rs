//! The kinds of pictures that are read.

use image::ImageFormat;

/// The kinds of pictures that are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Portable network graphics, moving ones too.
    Png,
    /// Photographs.
    Jpeg,
    /// Pictures of few colours that often move.
    Gif,
    /// WebP, still or moving.
    Webp,
    /// Bitmaps, which browsers may or may not show.
    Bmp,
    /// Scans and prints, which browsers do not show.
    Tiff,
}

impl Kind {
    /// By the first bytes of a file, [`crate::limits::HEAD_BYTES`] of them or all.
    #[must_use]
    pub const fn sniff(head: &[u8]) -> Option<Self> {
        match head {
            [0x89, b'P', b'N', b'G', 0x0d, 0x0a, 0x1a, 0x0a, ..] => Some(Self::Png),
            [0xff, 0xd8, 0xff, ..] => Some(Self::Jpeg),
            [b'G', b'I', b'F', b'8', b'7' | b'9', b'a', ..] => Some(Self::Gif),
            [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'E', b'B', b'P', ..] => Some(Self::Webp),
            // Behind the letters stand the size of the file, four bytes without a meaning, and where the pixels begin.
            [b'B', b'M', _, _, _, _, 0, 0, 0, 0, ..] => Some(Self::Bmp),
            [b'I', b'I', b'*', 0, ..] | [b'M', b'M', 0, b'*', ..] => Some(Self::Tiff),
            _ => None,
        }
    }

    /// Its media type.
    #[must_use]
    pub const fn content_type(self) -> &'static str {
        match self {
            Self::Png => "image/png",
            Self::Jpeg => "image/jpeg",
            Self::Gif => "image/gif",
            Self::Webp => "image/webp",
            Self::Bmp => "image/bmp",
            Self::Tiff => "image/tiff",
        }
    }

    /// How names of its files end, without the dot.
    #[must_use]
    pub const fn ending(self) -> &'static str {
        match self {
            Self::Png => "png",
            Self::Jpeg => "jpg",
            Self::Gif => "gif",
            Self::Webp => "webp",
            Self::Bmp => "bmp",
            Self::Tiff => "tif",
        }
    }

    pub(crate) const fn format(self) -> ImageFormat {
        match self {
            Self::Png => ImageFormat::Png,
            Self::Jpeg => ImageFormat::Jpeg,
            Self::Gif => ImageFormat::Gif,
            Self::Webp => ImageFormat::WebP,
            Self::Bmp => ImageFormat::Bmp,
            Self::Tiff => ImageFormat::Tiff,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_six_kinds_of_pictures_are_known_by_their_first_bytes() {
        let known: [(&[u8], Kind); 7] = [
            (b"\x89PNG\r\n\x1a\n____", Kind::Png),
            (b"\xff\xd8\xff\xe0", Kind::Jpeg),
            (b"GIF89a", Kind::Gif),
            (b"RIFF____WEBPVP8 ", Kind::Webp),
            (b"BM\x46\0\0\0\0\0\0\0\x36", Kind::Bmp),
            (b"II*\0", Kind::Tiff),
            (b"MM\0*", Kind::Tiff),
        ];
        for (head, kind) in known {
            assert_eq!(Kind::sniff(head), Some(kind));
        }
        let others: [&[u8]; 10] = [
            b"",
            b"<svg xmlns='http://www.w3.org/2000/svg'/>",
            b"%PDF-1.7",
            b"%!PS-Adobe-3.0",
            b"II+\0",
            b"BMW is no picture",
            b"\0\0\0\x20ftypavif",
            b"RIFF____WAVE",
            b"8BPS",
            b"\x76\x2f\x31\x01",
        ];
        for head in others {
            assert_eq!(Kind::sniff(head), None, "{head:?}");
        }
    }
}
