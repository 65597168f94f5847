//! Thumbnails of good images and of hostile ones.

use std::{io::Cursor, time::Duration};

use image::{
    AnimationDecoder as _, DynamicImage, Frame, ImageFormat, ImageReader, Rgb, RgbImage, Rgba, RgbaImage,
    codecs::gif::{GifDecoder, GifEncoder},
};

use super::*;
use crate::{Shape, Swept, ThumbnailRequest};

/// A picture whose left half is red and whose right half is blue.
fn halves(width: u32, height: u32) -> DynamicImage {
    let pixel = |x, _| if x < width / 2 { Rgb([255, 0, 0]) } else { Rgb([0, 0, 255]) };
    DynamicImage::ImageRgb8(RgbImage::from_fn(width, height, pixel))
}

fn encoded(image: &DynamicImage, format: ImageFormat) -> Vec<u8> {
    let mut out = Cursor::new(Vec::new());
    image.write_to(&mut out, format).unwrap();
    out.into_inner()
}

pub(super) fn picture_png(width: u32, height: u32) -> Vec<u8> {
    encoded(&halves(width, height), ImageFormat::Png)
}

fn animated_gif(width: u32, height: u32, frames: u8) -> Vec<u8> {
    let mut out = Vec::new();
    let mut encoder = GifEncoder::new_with_speed(&mut out, 30);
    for number in 0..frames {
        let image = RgbaImage::from_pixel(width, height, Rgba([number, 0, 0, 255]));
        encoder.encode_frame(Frame::new(image)).unwrap();
    }
    drop(encoder);
    out
}

const STILL: ThumbnailRequest =
    ThumbnailRequest { width: 64, height: 64, shape: Shape::Scale, animated: false };
const CROPPED: ThumbnailRequest = ThumbnailRequest { shape: Shape::Crop, ..STILL };
const MOVING: ThumbnailRequest = ThumbnailRequest { animated: true, ..STILL };

impl World {
    async fn thumbnail(
        &self,
        uri: &MxcUri,
        request: ThumbnailRequest,
    ) -> Result<(String, Vec<u8>), MediaError> {
        let found = self.media.thumbnail(server(), &id(uri), request, Duration::ZERO).await?;
        let pieces: Vec<_> = self.media.read(&found, None).await?.try_collect().await?;
        Ok((found.content_type.unwrap_or_default(), pieces.concat()))
    }
}

fn decode(bytes: &[u8]) -> DynamicImage {
    ImageReader::new(Cursor::new(bytes)).with_guessed_format().unwrap().decode().unwrap()
}

#[tokio::test]
async fn every_kind_of_image_is_scaled_and_cropped_and_kept() {
    let world = world().await;
    for format in [ImageFormat::Png, ImageFormat::Jpeg, ImageFormat::Gif, ImageFormat::WebP] {
        let uri = world.upload(alice(), &encoded(&halves(400, 200), format)).await;
        let (content_type, bytes) = world.thumbnail(&uri, STILL).await.unwrap();
        let expected = if format == ImageFormat::Png { "image/png" } else { "image/jpeg" };
        assert_eq!(content_type, expected, "{format:?}");
        let image = decode(&bytes);
        assert_eq!((image.width(), image.height()), (64, 32), "{format:?}");
        let cropped = decode(&world.thumbnail(&uri, CROPPED).await.unwrap().1).into_rgb8();
        assert_eq!(cropped.dimensions(), (64, 64), "{format:?}");
        let (left, right) = (cropped.get_pixel(5, 32), cropped.get_pixel(58, 32));
        assert!(left.0[0] > 200 && left.0[2] < 60, "{format:?} {left:?}");
        assert!(right.0[2] > 200 && right.0[0] < 60, "{format:?} {right:?}");
        assert_eq!(world.thumbnail(&uri, STILL).await.unwrap().1, bytes, "{format:?}: the same again");
    }
}

#[tokio::test]
async fn an_image_one_can_see_through_stays_so() {
    let world = world().await;
    let image = RgbaImage::from_pixel(300, 300, Rgba([0, 255, 0, 128]));
    let uri = world.upload(alice(), &encoded(&DynamicImage::ImageRgba8(image), ImageFormat::Png)).await;
    let (content_type, bytes) = world.thumbnail(&uri, STILL).await.unwrap();
    assert_eq!(content_type, "image/png");
    assert_eq!(decode(&bytes).into_rgba8().get_pixel(30, 30).0[3], 128);
}

#[tokio::test]
async fn a_small_image_is_never_made_larger() {
    let world = world().await;
    let bytes = picture_png(20, 10);
    let uri = world.upload(alice(), &bytes).await;
    for request in [STILL, CROPPED, MOVING] {
        let (content_type, thumbnail) = world.thumbnail(&uri, request).await.unwrap();
        assert_eq!((content_type.as_str(), thumbnail == bytes), ("image/png", true), "{request:?}");
    }
}

#[tokio::test]
async fn an_animation_moves_only_when_asked_to() {
    let world = world().await;
    for side in [200, 30] {
        let uri = world.upload(alice(), &animated_gif(side, side, 3)).await;
        let (content_type, moving) = world.thumbnail(&uri, MOVING).await.unwrap();
        assert_eq!(content_type, "image/gif");
        let frames = GifDecoder::new(Cursor::new(&moving)).unwrap().into_frames().collect_frames().unwrap();
        assert_eq!(frames.len(), 3, "{side}");
        assert_eq!(frames[0].buffer().width(), side.min(64), "{side}");
        let (content_type, still) = world.thumbnail(&uri, STILL).await.unwrap();
        assert_eq!(content_type, "image/jpeg", "{side}");
        assert_eq!(decode(&still).width(), side.min(64), "{side}");
    }
}

#[tokio::test]
async fn t19_an_animation_beyond_the_budget_stands_still() {
    let world = world().await;
    let uri = world.upload(alice(), &animated_gif(70, 70, 250)).await;
    assert_eq!(world.thumbnail(&uri, MOVING).await.unwrap().0, "image/jpeg");
}

#[tokio::test]
async fn t19_exotic_formats_are_not_decoded_whatever_type_they_claim() {
    let world = world().await;
    let exotic: [&[u8]; 6] = [
        b"",
        b"<svg xmlns='http://www.w3.org/2000/svg' width='1' height='1'/>",
        b"%!PS-Adobe-3.0 EPSF-3.0",
        b"BM\x3a\0\0\0\0\0\0\0\x36\0\0\0\x28\0\0\0\x01\0\0\0\x01\0\0\0\x01\0\x18\0",
        b"II*\0\x08\0\0\0",
        b"P6 1 1 255 \0\0\0",
    ];
    for bytes in exotic {
        let uri = world.upload(alice(), bytes).await;
        let refused = world.thumbnail(&uri, STILL).await;
        assert!(matches!(refused, Err(MediaError::NoThumbnail)), "{bytes:?}");
    }
}

#[tokio::test]
async fn t19_broken_images_are_refused() {
    let world = world().await;
    for format in [ImageFormat::Png, ImageFormat::Jpeg, ImageFormat::Gif, ImageFormat::WebP] {
        let whole = encoded(&halves(300, 300), format);
        for cut in [8, 16, 40, whole.len() / 2] {
            let uri = world.upload(alice(), &whole[..cut.min(whole.len())]).await;
            for request in [STILL, MOVING] {
                match world.thumbnail(&uri, request).await {
                    // Some decoders are content with half a picture.
                    Ok((_, bytes)) => assert!(decode(&bytes).width() <= 64, "{format:?} {cut}"),
                    Err(error) => {
                        assert!(matches!(error, MediaError::NoThumbnail), "{format:?} {cut}: {error}")
                    }
                }
            }
        }
    }
}

/// The head of a PNG that says it has these dimensions, with nearly nothing behind it.
fn png_bomb(width: u32, height: u32) -> Vec<u8> {
    let mut bytes = picture_png(1, 1);
    bytes[16..20].copy_from_slice(&width.to_be_bytes());
    bytes[20..24].copy_from_slice(&height.to_be_bytes());
    let checksum = crc32(&bytes[12..29]);
    bytes[29..33].copy_from_slice(&checksum.to_be_bytes());
    bytes
}

fn crc32(bytes: &[u8]) -> u32 {
    let step = |crc: u32, byte: &u8| {
        (0..8).fold(
            crc ^ u32::from(*byte),
            |crc, _| if crc & 1 == 1 { crc >> 1 ^ 0xedb8_8320 } else { crc >> 1 },
        )
    };
    !bytes.iter().fold(!0, step)
}

#[tokio::test]
async fn t19_huge_dimensions_are_refused_before_anything_is_decoded() {
    let world = configured(|settings| settings.thumbnail_pixels_max = 1_000_000).await;
    let mut bombs = vec![
        png_bomb(100_000, 100_000),
        png_bomb(u32::MAX >> 1, 1),
        png_bomb(1001, 1000),
        picture_png(2000, 1000),
        encoded(&halves(2000, 1000), ImageFormat::Jpeg),
        encoded(&halves(2000, 1000), ImageFormat::WebP),
    ];
    let mut gif = animated_gif(10, 10, 2);
    gif[6..10].copy_from_slice(&[0xff, 0xff, 0xff, 0xff]);
    bombs.push(gif);
    for (number, bomb) in bombs.iter().enumerate() {
        let uri = world.upload(alice(), bomb).await;
        for request in [STILL, MOVING] {
            let refused = world.thumbnail(&uri, request).await;
            assert!(matches!(refused, Err(MediaError::ImageTooLarge)), "{number} {request:?}: {refused:?}");
        }
    }
}

#[tokio::test]
async fn t19_a_file_beyond_the_bound_is_not_even_opened() {
    let world = configured(|settings| settings.thumbnail_source_bytes_max = 100).await;
    let uri = world.upload(alice(), &picture_png(400, 200)).await;
    assert!(matches!(world.thumbnail(&uri, STILL).await, Err(MediaError::ImageTooLarge)));
}

#[tokio::test]
async fn many_who_ask_for_one_thumbnail_get_the_same() {
    let world = Arc::new(world().await);
    let uri = world.upload(alice(), &picture_png(500, 500)).await;
    let asks = (0..16).map(|_| {
        let (world, uri) = (Arc::clone(&world), uri.clone());
        tokio::spawn(async move { world.thumbnail(&uri, STILL).await.unwrap().1 })
    });
    let mut answers = Vec::new();
    for ask in asks.collect::<Vec<_>>() {
        answers.push(ask.await.unwrap());
    }
    assert!(answers.windows(2).all(|pair| pair[0] == pair[1]));
    assert_eq!(world.stored(), 2);
}

#[tokio::test]
async fn thumbnails_go_with_their_image() {
    let world = world().await;
    let uri = world.upload(alice(), &picture_png(500, 500)).await;
    for request in [STILL, CROPPED] {
        world.thumbnail(&uri, request).await.unwrap();
    }
    assert!(world.stored() >= 2);
    world.media.delete(server(), &id(&uri)).await.unwrap();
    world.clock.advance(25 * HOUR_MS);
    assert_eq!(world.sweep().await.contents, 1);
    world.clock.advance(25 * HOUR_MS);
    world.sweep().await;
    assert_eq!(world.stored(), 0);
    assert_eq!(world.sweep().await, Swept::default());
}
