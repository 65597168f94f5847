//! Thumbnails that move: GIF, because that is what our library can write and every client can show.

use std::{fs::File, io::BufReader, path::Path};

use image::{
    AnimationDecoder as _, DynamicImage, Frame, Frames, ImageDecoder as _,
    codecs::{
        gif::{GifDecoder, GifEncoder, Repeat},
        png::PngDecoder,
        webp::WebPDecoder,
    },
};

use super::{
    Made,
    image_file::{Budget, ImageFile, ImageKind, refused},
    ladder::Rung,
    still,
};
use crate::{
    MediaError,
    limits::{ANIMATION_PIXELS_MAX, FRAMES_MAX},
};

/// How fast colours are chosen: 1 is best, 30 is fastest.
const COLOUR_SPEED: i32 = 20;

/// Makes a moving thumbnail; a still one of what does not move, or moves beyond the budget.
pub(super) fn make(path: &Path, rung: Rung, budget: Budget) -> Result<Made, MediaError> {
    let file = ImageFile::open(path)?;
    let dimensions = file.dimensions()?;
    budget.check(dimensions)?;
    let pixels = u64::from(dimensions.0) * u64::from(dimensions.1);
    let frames_max = (ANIMATION_PIXELS_MAX / pixels.max(1)).min(FRAMES_MAX as u64);
    let frames = usize::try_from(frames_max).unwrap_or(FRAMES_MAX);
    if frames < 2 || !moves(&file, budget, frames)? {
        return still::make(path, rung, budget);
    }
    if rung.plan(dimensions).is_none() {
        return Ok(Made::Original(file.kind));
    }
    let mut out = Vec::new();
    {
        let mut encoder = GifEncoder::new_with_speed(&mut out, COLOUR_SPEED);
        encoder.set_repeat(Repeat::Infinite).map_err(refused)?;
        for frame in animation(&file, budget)? {
            let frame = frame.map_err(refused)?;
            let delay = frame.delay();
            let image = DynamicImage::ImageRgba8(frame.into_buffer());
            let image = match rung.plan((image.width(), image.height())) {
                Some(plan) => still::shrink(image, plan),
                None => image,
            };
            let small = Frame::from_parts(image.into_rgba8(), 0, 0, delay);
            encoder.encode_frame(small).map_err(refused)?;
        }
    }
    Ok(Made::Image { bytes: out, content_type: ImageKind::Gif.content_type() })
}

/// Whether a file holds from two to `frames_max` good frames. Every frame is decoded, one at a time.
fn moves(file: &ImageFile, budget: Budget, frames_max: usize) -> Result<bool, MediaError> {
    // Of a WebP its frames say so themselves.
    if file.kind != ImageKind::Webp && !file.may_move()? {
        return Ok(false);
    }
    let mut count = 0;
    for frame in animation(file, budget)?.take(frames_max + 1) {
        frame.map_err(refused)?;
        count += 1;
    }
    Ok((2..=frames_max).contains(&count))
}

fn animation(file: &ImageFile, budget: Budget) -> Result<Frames<'static>, MediaError> {
    let reader: BufReader<File> = file.reader()?;
    match file.kind {
        ImageKind::Gif => {
            let mut decoder = GifDecoder::new(reader).map_err(refused)?;
            decoder.set_limits(budget.limits()).map_err(refused)?;
            Ok(decoder.into_frames())
        }
        ImageKind::Webp => {
            let mut decoder = WebPDecoder::new(reader).map_err(refused)?;
            decoder.set_limits(budget.limits()).map_err(refused)?;
            Ok(decoder.into_frames())
        }
        ImageKind::Png => {
            let decoder = PngDecoder::with_limits(reader, budget.limits()).map_err(refused)?;
            Ok(decoder.apng().map_err(refused)?.into_frames())
        }
        ImageKind::Jpeg | ImageKind::Bmp | ImageKind::Tiff => Err(MediaError::NoThumbnail),
    }
}
