//! Thumbnails that do not move.

use std::{io::Cursor, path::Path};

use image::{
    DynamicImage, ImageDecoder as _, ImageFormat, codecs::jpeg::JpegEncoder, codecs::webp::WebPDecoder,
};

use super::{
    Made,
    image_file::{Budget, ImageFile, ImageKind, refused},
    ladder::{Plan, Rung},
};
use crate::{MediaError, limits::JPEG_QUALITY};

/// Makes a still thumbnail. An image that is small enough and does not move stands for itself.
pub(super) fn make(path: &Path, rung: Rung, budget: Budget) -> Result<Made, MediaError> {
    let file = ImageFile::open(path)?;
    let dimensions = file.dimensions()?;
    budget.check(dimensions)?;
    if rung.plan(dimensions).is_none() && !may_move(&file)? {
        // Small images are decoded as well, so that only what is an image to its end is called one.
        file.decode(budget)?;
        return Ok(Made::Original(file.kind));
    }
    let image = file.decode(budget)?;
    let image = match rung.plan((image.width(), image.height())) {
        Some(plan) => shrink(image, plan),
        None => image,
    };
    encode(image, file.kind)
}

/// The part that is shown, at the size it is shown at.
pub(super) fn shrink(image: DynamicImage, plan: Plan) -> DynamicImage {
    let (left, top, width, height) = plan.part;
    let whole = (left, top, width, height) == (0, 0, image.width(), image.height());
    let part = if whole { image } else { image.crop_imm(left, top, width, height) };
    part.thumbnail_exact(plan.size.0, plan.size.1)
}

/// PNG for what was one (a picture of a screen blurs in JPEG) and for an image that one can see through, else JPEG.
fn encode(image: DynamicImage, kind: ImageKind) -> Result<Made, MediaError> {
    let mut out = Cursor::new(Vec::new());
    let is_translucent = image.color().has_alpha() && is_translucent(&image);
    let image = if is_translucent {
        DynamicImage::ImageRgba8(image.into_rgba8())
    } else {
        DynamicImage::ImageRgb8(image.into_rgb8())
    };
    let (made, written) = if is_translucent || kind == ImageKind::Png {
        (ImageKind::Png, image.write_to(&mut out, ImageFormat::Png))
    } else {
        let encoder = JpegEncoder::new_with_quality(&mut out, JPEG_QUALITY);
        (ImageKind::Jpeg, image.write_with_encoder(encoder))
    };
    written.map_err(|error| refused(&error))?;
    Ok(Made::Image { bytes: out.into_inner(), content_type: made.content_type() })
}

fn is_translucent(image: &DynamicImage) -> bool {
    image.to_rgba8().pixels().any(|pixel| pixel.0[3] < u8::MAX)
}

/// Whether the file may hold more than one picture. A GIF counts as moving without being read to its end.
fn may_move(file: &ImageFile) -> Result<bool, MediaError> {
    match file.kind {
        ImageKind::Jpeg => Ok(false),
        ImageKind::Gif => Ok(true),
        ImageKind::Png => super::animated::is_animated_png(file),
        ImageKind::Webp => {
            let decoder = WebPDecoder::new(file.reader()?).map_err(|error| refused(&error))?;
            let (width, height) = decoder.dimensions();
            Ok(decoder.has_animation() && width > 0 && height > 0)
        }
    }
}
