//! Pictures that the tests draw, and files that only claim to be pictures.

use image::{Frame, Rgb, RgbImage, Rgba, RgbaImage, codecs::gif::GifEncoder};

use super::*;

const ALL: Forms = Forms::of(&[("image/jpeg", "jpg"), ("image/png", "png")], 1_000_000);

/// Noise, which no encoder makes small.
fn noise(width: u32, height: u32) -> DynamicImage {
    let mut state = 7_u32;
    DynamicImage::ImageRgb8(RgbImage::from_fn(width, height, |_, _| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        let [_, red, green, blue] = state.to_be_bytes();
        Rgb([red, green, blue])
    }))
}

fn drawn(image: &DynamicImage, format: image::ImageFormat) -> Vec<u8> {
    let mut out = Cursor::new(Vec::new());
    image.write_to(&mut out, format).expect("it is written");
    out.into_inner()
}

/// The checksum of a chunk of a PNG.
fn checksum(chunk: &[u8]) -> u32 {
    let mix = |sum: u32, byte: &u8| {
        (0..8).fold(sum ^ u32::from(*byte), |sum, _| (sum >> 1) ^ (0xedb8_8320 * (sum & 1)))
    };
    !chunk.iter().fold(u32::MAX, mix)
}

fn again(made: &Converted) -> DynamicImage {
    let kind = Kind::sniff(&made.bytes).expect("a picture");
    assert_eq!((kind.content_type(), kind.ending()), (made.mimetype, made.ending));
    let image = pictures::decode(Cursor::new(&made.bytes), kind, BUDGET).expect("it is read again");
    assert_eq!(Some((image.width(), image.height())), made.dimensions);
    image
}

#[test]
fn what_one_sees_through_becomes_png_and_a_photograph_jpeg() {
    let clear = DynamicImage::ImageRgba8(RgbaImage::from_pixel(20, 10, Rgba([200, 0, 0, 128])));
    let photograph = noise(20, 10);
    for (image, format, kind, expected) in [
        (&clear, image::ImageFormat::WebP, Kind::Webp, "image/png"),
        (&photograph, image::ImageFormat::WebP, Kind::Webp, "image/jpeg"),
        (&photograph, image::ImageFormat::Bmp, Kind::Bmp, "image/png"),
        (&photograph, image::ImageFormat::Gif, Kind::Gif, "image/png"),
    ] {
        let made = fitted(&drawn(image, format), kind, &ALL).expect("it is converted");
        assert_eq!(made.mimetype, expected, "{format:?}");
        assert_eq!(made.dimensions, Some((20, 10)));
        assert_eq!(pictures::is_translucent(&again(&made)), expected == "image/png" && kind == Kind::Webp);
    }
}

#[test]
fn a_picture_that_is_too_large_shrinks_until_it_fits() {
    let bytes = drawn(&noise(400, 300), image::ImageFormat::Png);
    for (bytes_max, side_max) in [(1_000_000, Some(200)), (30_000, None), (8_000, Some(300))] {
        let forms = Forms { bytes_max, side_max, ..ALL };
        let made = fitted(&bytes, Kind::Png, &forms).expect("it fits");
        let image = again(&made);
        assert!(made.bytes.len() as u64 <= bytes_max, "{} bytes", made.bytes.len());
        assert!(side_max.is_none_or(|side| image.width() <= side), "{} pixels", image.width());
        assert!((image.width() * 3 / 4).abs_diff(image.height()) <= 2, "it keeps its shape");
    }
    let tiny = Forms { bytes_max: 100, ..ALL };
    assert_eq!(fitted(&bytes, Kind::Png, &tiny).map(drop), Err(PictureError::TooLarge));
}

#[test]
fn a_photograph_stands_the_way_up_that_the_camera_noted() {
    let mut wide = noise(40, 20).into_rgb8();
    (0..20).for_each(|y| (0..20).for_each(|x| wide.put_pixel(x, y, Rgb([255, 255, 255]))));
    let plain = drawn(&DynamicImage::ImageRgb8(wide), image::ImageFormat::Jpeg);
    // Behind the first marker: an Exif segment whose only entry is the orientation, turned by a quarter clockwise.
    let mut exif = b"\xff\xe1\0\x22Exif\0\0II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0\x06\0\0\0".to_vec();
    exif.extend([0; 4]);
    let turned = [&plain[..2], &exif, &plain[2..]].concat();
    assert_eq!(look(&turned, Kind::Jpeg).dimensions, Some((20, 40)));
    let made = fitted(&turned, Kind::Jpeg, &ALL).expect("it is converted");
    let image = again(&made).into_rgb8();
    assert_eq!((image.width(), image.height()), (20, 40));
    let bright = |x, y| image.get_pixel(x, y).0.iter().all(|colour| *colour > 200);
    assert!(bright(10, 5) && bright(5, 15), "what was to the left is on top");
}

#[test]
fn a_gif_moves_when_it_has_two_pictures() {
    let frame = || Frame::new(RgbaImage::from_pixel(8, 8, Rgba([1, 2, 3, 255])));
    for (frames, moves) in [(1, false), (2, true), (3, true)] {
        let mut bytes = Vec::new();
        GifEncoder::new(&mut bytes).encode_frames((0..frames).map(|_| frame())).expect("a GIF");
        let expected = Look { is_readable: true, moves, dimensions: Some((8, 8)) };
        assert_eq!(look(&bytes, Kind::Gif), expected, "{frames}");
    }
}

#[test]
fn what_only_claims_to_be_a_picture_is_none() {
    let good = drawn(&noise(64, 64), image::ImageFormat::Png);
    // A head that says 30000 × 30000, with nothing behind it.
    let mut bomb = good.clone();
    bomb[16..24].copy_from_slice(&[0, 0, 0x75, 0x30, 0, 0, 0x75, 0x30]);
    let sum = checksum(&bomb[12..29]);
    bomb[29..33].copy_from_slice(&sum.to_be_bytes());
    let mut garbage = good[..8].to_vec();
    garbage.extend(b"no chunk of a picture at all");
    for (bytes, kind) in [
        (&bomb[..], Kind::Png),
        (&good[..good.len() / 2], Kind::Png),
        (&garbage[..], Kind::Png),
        (&good[..], Kind::Jpeg),
        (&good[..], Kind::Gif),
        (&good[..], Kind::Webp),
        (&good[..], Kind::Bmp),
        (&b"GIF89a"[..], Kind::Gif),
        (&b"BM"[..], Kind::Bmp),
    ] {
        assert!(fitted(bytes, kind, &ALL).is_err(), "{kind:?} of {} bytes", bytes.len());
    }
    assert_eq!(fitted(&bomb, Kind::Png, &ALL).map(drop), Err(PictureError::TooLarge));
    assert_eq!(look(&bomb, Kind::Png), Look::default());
    assert_eq!(look(&garbage, Kind::Png), Look::default());
}
