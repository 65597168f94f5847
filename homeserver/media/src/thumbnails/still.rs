//! Thumbnails that do not move.

use std::path::Path;

use image::DynamicImage;

use super::{
    Made,
    image_file::{Budget, ImageFile, ImageKind},
    ladder::{Plan, Rung},
};
use crate::{MediaError, limits::JPEG_QUALITY};

/// Makes a still thumbnail. An image that is small enough and does not move stands for itself.
pub(super) fn make(path: &Path, rung: Rung, budget: Budget) -> Result<Made, MediaError> {
    let file = ImageFile::open(path)?;
    let dimensions = file.dimensions()?;
    budget.check(dimensions)?;
    if rung.plan(dimensions).is_none() && !file.may_move()? {
        // Small images are decoded as well, so that only what is an image to its end is called one.
        file.decode(budget)?;
        return Ok(Made::Original(file.kind));
    }
    let image = file.decode(budget)?;
    let image = match rung.plan((image.width(), image.height())) {
        Some(plan) => shrink(image, plan),
        None => image,
    };
    encode(&image, file.kind)
}

/// The part that is shown, at the size it is shown at.
pub(super) fn shrink(image: DynamicImage, plan: Plan) -> DynamicImage {
    let (left, top, width, height) = plan.part;
    let whole = (left, top, width, height) == (0, 0, image.width(), image.height());
    let part = if whole { image } else { image.crop_imm(left, top, width, height) };
    part.thumbnail_exact(plan.size.0, plan.size.1)
}

/// PNG for what was one (a picture of a screen blurs in JPEG) and for an image that one can see through, else JPEG.
fn encode(image: &DynamicImage, kind: ImageKind) -> Result<Made, MediaError> {
    let is_translucent = pictures::is_translucent(image);
    let (made, bytes) = if is_translucent || kind == ImageKind::Png {
        (ImageKind::Png, pictures::png(image, is_translucent)?)
    } else {
        (ImageKind::Jpeg, pictures::jpeg(image, JPEG_QUALITY)?)
    };
    Ok(Made::Image { bytes, content_type: made.content_type() })
}
