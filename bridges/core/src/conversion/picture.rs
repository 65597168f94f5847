//! Pictures: what they are by their bytes, and written anew within a platform's bounds. Nothing here awaits.

use std::io::Cursor;

use bridge_api::Forms;
use image::DynamicImage;
use pictures::{Budget, Kind, PictureError, limits::SIDE_MAX};

use super::{Converted, course::Look, heif::Head};
use crate::limits::{PICTURE_PIXELS_MAX, PICTURE_QUALITY, PICTURE_SHRINKS_MAX};

pub(super) const BUDGET: Budget = Budget { pixels_max: PICTURE_PIXELS_MAX };

/// Looks at a picture of which only a little is decoded. What is no picture, or one beyond all bounds, cannot be read.
pub(super) fn look(bytes: &[u8], kind: Kind) -> Look {
    let seen = || -> Result<Look, PictureError> {
        let dimensions = pictures::shown_dimensions(Cursor::new(bytes), kind, BUDGET)?;
        BUDGET.check(dimensions)?;
        let moves = pictures::moves(Cursor::new(bytes), kind, BUDGET)?;
        Ok(Look { is_readable: true, moves, dimensions: Some(dimensions) })
    };
    seen().unwrap_or_default()
}

/// A picture in a form and size that a platform shows: PNG where one sees through it or it has hard edges, else JPEG; the way up that
/// the camera noted; smaller until it fits, at most [`PICTURE_SHRINKS_MAX`] times.
///
/// # Errors
/// [`PictureError::TooLarge`] where it does not fit then, or is beyond the budget; [`PictureError::NoPicture`].
pub(super) fn fitted(bytes: &[u8], kind: Kind, forms: &Forms) -> Result<Converted, PictureError> {
    let image = pictures::decode(Cursor::new(bytes), kind, BUDGET)?;
    written(image, matches!(kind, Kind::Png | Kind::Gif | Kind::Bmp | Kind::Tiff), forms)
}

/// The picture of a phone, which the program wrote as PNG, in a form and size that a platform shows.
///
/// # Errors
/// Those of [`fitted`], and [`PictureError::NoPicture`] where the program left out some of it, or did not turn it.
pub(super) fn photograph(png: &[u8], head: Head, forms: &Forms) -> Result<Converted, PictureError> {
    if !head.is_whole(pictures::dimensions(Cursor::new(png), Kind::Png)?) {
        return Err(PictureError::NoPicture);
    }
    written(pictures::decode(Cursor::new(png), Kind::Png, BUDGET)?, false, forms)
}

fn written(image: DynamicImage, has_edges: bool, forms: &Forms) -> Result<Converted, PictureError> {
    let is_translucent = pictures::is_translucent(&image);
    let has_jpeg = forms.knows(Kind::Jpeg.content_type());
    let mut image = within(image, forms.side_max.unwrap_or(SIDE_MAX));
    for shrinks in 0..=PICTURE_SHRINKS_MAX {
        // Where even a JPEG is too large, the PNG is larger still.
        let is_png = is_translucent || !has_jpeg || (has_edges && shrinks == 0);
        if is_png && forms.knows(Kind::Png.content_type()) {
            let bytes = pictures::png(&image, is_translucent)?;
            if is_within(&bytes, forms) {
                return Ok(made(bytes, Kind::Png, &image));
            }
        }
        if has_jpeg && !is_translucent {
            let bytes = pictures::jpeg(&image, PICTURE_QUALITY)?;
            if is_within(&bytes, forms) {
                return Ok(made(bytes, Kind::Jpeg, &image));
            }
        }
        let side = image.width().max(image.height());
        image = within(image, side - side / 4);
    }
    Err(PictureError::TooLarge)
}

fn is_within(bytes: &[u8], forms: &Forms) -> bool {
    u64::try_from(bytes.len()).is_ok_and(|size| size <= forms.bytes_max)
}

fn made(bytes: Vec<u8>, kind: Kind, image: &DynamicImage) -> Converted {
    Converted {
        bytes: bytes.into(),
        mimetype: kind.content_type(),
        ending: kind.ending(),
        dimensions: Some((image.width(), image.height())),
    }
}

/// The picture with no side longer than so many pixels; by whole numbers, because filters keep sixteen bytes for a pixel meanwhile.
fn within(image: DynamicImage, side_max: u32) -> DynamicImage {
    if image.width().max(image.height()) <= side_max {
        return image;
    }
    image.thumbnail(side_max.max(1), side_max.max(1))
}

#[cfg(test)]
mod tests;
