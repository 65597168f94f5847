//! Files that are given another form on their way, seen from both sides.

use std::io::Cursor;

use bridge_api::{Content, File, FileKind, MediaId, MessageId, Network};
use bytes::Bytes;
use image::{DynamicImage, ImageFormat, Rgb, RgbImage};
use serde_json::{Value, json};

use super::{
    Stage,
    stage::{CHAT, conversation},
};
use crate::limits::FILES_AT_ONCE;

/// A picture whose every pixel is another one, in this form.
fn drawn(width: u32, height: u32, format: ImageFormat) -> Vec<u8> {
    let colour = |x: u32, y: u32| Rgb([x.to_le_bytes()[0], y.to_le_bytes()[0], (x ^ y).to_le_bytes()[0]]);
    let image = DynamicImage::ImageRgb8(RgbImage::from_fn(width, height, colour));
    let mut out = Cursor::new(Vec::new());
    image.write_to(&mut out, format).expect("it is written");
    out.into_inner()
}

impl Stage {
    /// Alice sends a file; what the platform was given of it, with the message that shows it.
    async fn gives(&mut self, kind: &str, name: &str, mimetype: &str, bytes: &[u8]) -> (File, Bytes) {
        let before = self.platform.count();
        let url = self.uploads_bytes(bytes);
        let mut content = json!({
            "msgtype": kind, "body": name, "filename": name, "url": url,
            "info": { "mimetype": mimetype, "size": bytes.len() },
        });
        if kind == "m.audio" {
            content["org.matrix.msc3245.voice"] = json!({});
        }
        self.sends("m.room.message", content).await;
        self.until("it is there", |stage| stage.platform.count() > before).await;
        let (file, bytes) = self.platform.taken.lock().last().cloned().expect("a file");
        let sent = self.platform.sent().pop().expect("a message");
        assert!(matches!(&sent.content, Content::File(shown) if shown.name == file.name), "{sent:?}");
        (file, bytes)
    }

    /// Somebody of the platform sends a file; the event that it becomes, and its bytes.
    async fn brings(
        &mut self,
        kind: FileKind,
        name: &str,
        bytes: Vec<u8>,
        said: &'static str,
    ) -> (Value, Vec<u8>) {
        let heard = self.heard().len();
        *self.platform.given.lock() = (bytes.into(), said);
        let file = File::new(kind, name, MediaId::new("m").expect("valid"));
        let what = self.said_there(&format!("om_file_{heard}"), vec![Content::File(file)]);
        self.happens(what).await;
        self.until("it is here", |stage| stage.heard().len() > heard).await;
        let event = self.heard().remove(heard);
        let bytes = self.homeserver.file(event["content"]["url"].as_str().expect("a file"));
        (event, bytes)
    }
}

#[tokio::test]
async fn a_picture_that_the_platform_does_not_show_becomes_one_that_it_shows() {
    let mut stage = Stage::new().await;
    for (format, mimetype, name, expected, called) in [
        (ImageFormat::Png, "image/png", "a.png", "image/png", "a.png"),
        (ImageFormat::WebP, "image/webp", "a.webp", "image/jpeg", "a.jpg"),
        // Whatever the sender says that it is.
        (ImageFormat::WebP, "image/png", "b.png", "image/jpeg", "b.jpg"),
        (ImageFormat::Bmp, "image/bmp", "c.BMP", "image/png", "c.png"),
        (ImageFormat::Tiff, "image/tiff", "d.tiff", "image/png", "d.png"),
    ] {
        let bytes = drawn(40, 20, format);
        let (file, taken) = stage.gives("m.image", name, mimetype, &bytes).await;
        assert_eq!((file.kind, file.mimetype.as_deref()), (FileKind::Image, Some(expected)), "{name}");
        assert_eq!((file.name.as_str(), file.dimensions), (called, Some((40, 20))));
        assert_eq!(file.size, Some(taken.len() as u64));
        assert_eq!(taken == bytes, format == ImageFormat::Png, "{name}");
        image::load_from_memory(&taken).expect("a picture");
    }
    let (file, taken) =
        stage.gives("m.image", "wide.png", "image/png", &drawn(256, 128, ImageFormat::Png)).await;
    assert_eq!((file.kind, file.dimensions), (FileKind::Image, Some((64, 32))));
    assert!(taken.len() <= 20_000);
}

#[tokio::test]
async fn what_cannot_be_converted_goes_as_a_document() {
    let mut stage = Stage::new().await;
    let mut broken = drawn(40, 20, ImageFormat::WebP);
    broken.truncate(60);
    for (kind, name, mimetype, bytes) in [
        ("m.image", "a.webp", "image/webp", &broken[..]),
        ("m.image", "a.svg", "image/svg+xml", b"<svg/>"),
        ("m.image", "a.heic", "image/heic", b"\0\0\0\x14ftypheic\0\0\0\0mif1"),
        ("m.video", "a.mov", "video/quicktime", b"\0\0\0\x14ftypqt  "),
        // There is no program for sound here.
        ("m.audio", "a.ogg", "audio/ogg", b"OggS words"),
    ] {
        let (file, taken) = stage.gives(kind, name, mimetype, bytes).await;
        assert_eq!((file.kind, file.name.as_str(), &taken[..]), (FileKind::File, name, bytes));
    }
    let (file, _) = stage.gives("m.audio", "b.amr", "audio/amr", b"#!AMR\n\x3c").await;
    assert_eq!((file.kind, file.duration_ms), (FileKind::Voice, Some(20)));
}

#[tokio::test]
async fn pictures_of_the_platform_are_what_browsers_show_and_say_how_large_they_are() {
    let mut stage = Stage::new().await;
    let bitmap = drawn(40, 20, ImageFormat::Bmp);
    let (event, bytes) = stage.brings(FileKind::Image, "图.bmp", bitmap, "image/bmp").await;
    let content = &event["content"];
    assert_eq!(
        (content["msgtype"].as_str(), content["filename"].as_str()),
        (Some("m.image"), Some("图.png"))
    );
    let expected = json!({ "mimetype": "image/png", "size": bytes.len(), "w": 40, "h": 20 });
    assert_eq!(content["info"], expected);
    image::load_from_memory_with_format(&bytes, ImageFormat::Png).expect("a picture");

    let scan = drawn(40, 20, ImageFormat::Tiff);
    let (event, _) = stage.brings(FileKind::Image, "图.tif", scan, "image/tiff").await;
    assert_eq!(event["content"]["info"]["mimetype"], "image/png");

    // The platform says what it likes.
    let photograph = drawn(40, 20, ImageFormat::Jpeg);
    let (event, bytes) =
        stage.brings(FileKind::Image, "image", photograph.clone(), "application/octet-stream").await;
    assert_eq!(bytes, photograph);
    assert_eq!(event["content"]["info"]["mimetype"], "image/jpeg");
    let (event, bytes) =
        stage.brings(FileKind::File, "a.bmp", b"BM\0\0\0\0\0\0\0\0".to_vec(), "image/bmp").await;
    assert_eq!((event["content"]["msgtype"].as_str(), bytes.len()), (Some("m.file"), 10));
}

#[tokio::test]
async fn who_asks_how_the_lines_are_hears_that_voice_and_pictures_of_phones_are_not_converted() {
    let mut stage = Stage::new().await;
    stage.says("!status").await;
    stage.until("it is said", |stage| stage.is_told("Voice: not converted")).await;
    assert!(stage.is_told("Pictures in HEIC and AVIF: not converted"));
    stage.until("it is shown", |stage| stage.status()["converts_voice"] == false).await;
    assert_eq!(stage.status()["converts_pictures"], false);
}

#[tokio::test]
async fn a_file_of_the_platform_keeps_its_place_in_memory_as_long_as_its_bytes_are_there() {
    let stage = Stage::new().await;
    let lane = (Network::Feishu, conversation(CHAT));
    let file = File::new(FileKind::File, "a.pdf", MediaId::new("m").expect("valid"));
    let message = MessageId::new("om_1").expect("valid");
    let free = || stage.bridges.0.files.available_permits();
    let fetched = stage.bridges.fetch(&lane, &message, &file).await.expect("it is here");
    assert_eq!((free(), fetched.bytes.len()), (FILES_AT_ONCE - 1, 7));
    drop(fetched);
    assert_eq!(free(), FILES_AT_ONCE);
}
