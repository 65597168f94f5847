//! Reading pictures: their sizes by the head alone, whether they move, their pixels.

use std::io::{BufRead, Seek};

use image::{
    AnimationDecoder as _, DynamicImage, ImageDecoder, ImageReader,
    codecs::{gif::GifDecoder, png::PngDecoder, webp::WebPDecoder},
    metadata::Orientation,
};

use crate::{Budget, Kind, PictureError, pages::holds_more};

/// Width and height as they are stored, by the head alone.
///
/// # Errors
/// [`PictureError::NoPicture`].
pub fn dimensions<R: BufRead + Seek>(reader: R, kind: Kind) -> Result<(u32, u32), PictureError> {
    Ok(ImageReader::with_format(reader, kind.format()).into_dimensions()?)
}

/// Width and height as people see them, turned the way up that the camera noted, by the head alone.
///
/// # Errors
/// See [`PictureError`].
pub fn shown_dimensions<R: BufRead + Seek>(
    reader: R,
    kind: Kind,
    budget: Budget,
) -> Result<(u32, u32), PictureError> {
    let mut reader = ImageReader::with_format(reader, kind.format());
    reader.limits(budget.limits_of(kind));
    let mut decoder = reader.into_decoder()?;
    let (width, height) = decoder.dimensions();
    let is_turned = matches!(
        decoder.orientation(),
        Ok(Orientation::Rotate90
            | Orientation::Rotate270
            | Orientation::Rotate90FlipH
            | Orientation::Rotate270FlipH)
    );
    Ok(if is_turned { (height, width) } else { (width, height) })
}

/// All pixels, turned the way up that the camera noted; of a moving picture the first ones.
///
/// # Errors
/// See [`PictureError`].
pub fn decode<R: BufRead + Seek>(
    reader: R,
    kind: Kind,
    budget: Budget,
) -> Result<DynamicImage, PictureError> {
    let mut reader = ImageReader::with_format(reader, kind.format());
    let limits = budget.limits_of(kind);
    let bytes_max = limits.max_alloc.unwrap_or(u64::MAX);
    reader.limits(limits);
    let mut decoder = reader.into_decoder()?;
    budget.check(decoder.dimensions())?;
    if decoder.total_bytes() > bytes_max {
        return Err(PictureError::TooLarge);
    }
    let orientation = decoder.orientation().unwrap_or(Orientation::NoTransforms);
    let mut image = DynamicImage::from_decoder(decoder)?;
    image.apply_orientation(orientation);
    Ok(image)
}

/// Whether a file may hold more than one picture: one that moves, or one with pages. A GIF counts as moving without being read to its
/// end.
///
/// # Errors
/// [`PictureError::NoPicture`].
pub fn may_move<R: BufRead + Seek>(reader: R, kind: Kind) -> Result<bool, PictureError> {
    match kind {
        Kind::Jpeg | Kind::Bmp => Ok(false),
        Kind::Tiff => holds_more(reader).map_err(|_| PictureError::NoPicture),
        Kind::Gif => Ok(true),
        Kind::Png => Ok(PngDecoder::new(reader)?.is_apng()?),
        Kind::Webp => {
            let decoder = WebPDecoder::new(reader)?;
            let (width, height) = decoder.dimensions();
            Ok(decoder.has_animation() && width > 0 && height > 0)
        }
    }
}

/// Whether a file holds more than one picture; of a GIF two are decoded for that.
///
/// # Errors
/// See [`PictureError`].
pub fn moves<R: BufRead + Seek>(reader: R, kind: Kind, budget: Budget) -> Result<bool, PictureError> {
    if kind != Kind::Gif {
        return may_move(reader, kind);
    }
    let mut decoder = GifDecoder::new(reader)?;
    budget.check(decoder.dimensions())?;
    decoder.set_limits(budget.limits())?;
    Ok(decoder.into_frames().take(2).filter(Result::is_ok).count() == 2)
}
