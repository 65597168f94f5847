//! Writing pictures anew.

use std::io::Cursor;

use image::{DynamicImage, ImageFormat, codecs::jpeg::JpegEncoder};

use crate::PictureError;

/// Whether one can see through a picture anywhere.
#[must_use]
pub fn is_translucent(image: &DynamicImage) -> bool {
    image.color().has_alpha() && image.to_rgba8().pixels().any(|pixel| pixel.0[3] < u8::MAX)
}

/// As PNG, eight bits a colour, with what one sees through where `is_translucent`.
///
/// # Errors
/// [`PictureError`] where it cannot be written.
pub fn png(image: &DynamicImage, is_translucent: bool) -> Result<Vec<u8>, PictureError> {
    let mut out = Cursor::new(Vec::new());
    match (image, is_translucent) {
        (DynamicImage::ImageRgba8(_), true) | (DynamicImage::ImageRgb8(_), false) => {
            image.write_to(&mut out, ImageFormat::Png)?;
        }
        (_, true) => DynamicImage::ImageRgba8(image.to_rgba8()).write_to(&mut out, ImageFormat::Png)?,
        (_, false) => DynamicImage::ImageRgb8(image.to_rgb8()).write_to(&mut out, ImageFormat::Png)?,
    }
    Ok(out.into_inner())
}

/// As JPEG of a quality from 1 to 100. What one sees through becomes its colour.
///
/// # Errors
/// [`PictureError`] where it cannot be written.
pub fn jpeg(image: &DynamicImage, quality: u8) -> Result<Vec<u8>, PictureError> {
    let mut out = Cursor::new(Vec::new());
    let encoder = JpegEncoder::new_with_quality(&mut out, quality);
    match image {
        DynamicImage::ImageRgb8(_) => image.write_with_encoder(encoder)?,
        _ => DynamicImage::ImageRgb8(image.to_rgb8()).write_with_encoder(encoder)?,
    }
    Ok(out.into_inner())
}

#[cfg(test)]
mod tests {
    use image::{Rgb, RgbImage, Rgba, RgbaImage};

    use super::*;
    use crate::{Budget, Kind, decode};

    #[test]
    fn a_tiff_is_read_within_half_of_the_memory_because_its_pixels_are_kept_twice() {
        let deep = DynamicImage::ImageRgb8(RgbImage::from_pixel(30, 20, Rgb([9, 9, 9]))).into_rgb16();
        let mut tiff = Cursor::new(Vec::new());
        DynamicImage::ImageRgb16(deep).write_to(&mut tiff, ImageFormat::Tiff).expect("a TIFF");
        let read = |pixels_max| decode(Cursor::new(tiff.get_ref()), Kind::Tiff, Budget { pixels_max });
        assert_eq!(Kind::sniff(tiff.get_ref()), Some(Kind::Tiff));
        assert_eq!(read(10_000).map(|image| (image.width(), image.height())), Ok((30, 20)));
        // Six bytes for each of its pixels, where there may be four.
        assert_eq!(read(600).map(drop), Err(PictureError::TooLarge));
    }

    #[test]
    fn what_is_written_is_read_again_and_stays_translucent_where_it_was() {
        let clear = DynamicImage::ImageRgba8(RgbaImage::from_pixel(300, 200, Rgba([9, 9, 9, 0])));
        let solid = DynamicImage::ImageRgb8(RgbImage::from_pixel(300, 200, Rgb([9, 9, 9])));
        let opaque = DynamicImage::ImageRgba8(RgbaImage::from_pixel(300, 200, Rgba([9, 9, 9, 255])));
        for (image, translucent) in [(clear, true), (solid, false), (opaque, false)] {
            assert_eq!(is_translucent(&image), translucent);
            let (png, jpeg) = (png(&image, translucent).expect("a PNG"), jpeg(&image, 80).expect("a JPEG"));
            for (bytes, kind) in [(png, Kind::Png), (jpeg, Kind::Jpeg)] {
                assert_eq!(Kind::sniff(&bytes), Some(kind));
                let budget = Budget { pixels_max: 60_000 };
                let again = decode(Cursor::new(&bytes), kind, budget).expect("a picture");
                assert_eq!((again.width(), again.height()), (300, 200));
                assert_eq!(is_translucent(&again), translucent && kind == Kind::Png);
                let less = decode(Cursor::new(&bytes), kind, Budget { pixels_max: 59_999 });
                assert_eq!(less.map(drop), Err(PictureError::TooLarge));
            }
        }
    }
}
