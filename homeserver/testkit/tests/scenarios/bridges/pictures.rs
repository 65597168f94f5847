//! Pictures that one platform shows and another one does not: each side gets what it shows.

use std::io::Cursor;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use image::{DynamicImage, GenericImageView as _, ImageFormat, RgbImage};
use serde_json::{Value, json};
use simulator_feishu::Command;
use testkit::{User, limits::LOOK_INTERVAL};
use tokio::time::Instant;

use crate::bridges::{Bridge, PATIENCE, dingtalk::DingTalk};

fn drawn(width: u32, height: u32, format: ImageFormat) -> Vec<u8> {
    let image =
        RgbImage::from_fn(width, height, |x, y| image::Rgb([x.to_le_bytes()[0], y.to_le_bytes()[0], 128]));
    let mut out = Cursor::new(Vec::new());
    DynamicImage::ImageRgb8(image).write_to(&mut out, format).unwrap();
    out.into_inner()
}

/// Has somebody send a picture into a room.
pub(super) async fn sends(person: &User, room: &str, name: &str, mimetype: &str, bytes: &[u8]) {
    let mxc = person.uploads(bytes, mimetype, Some(name)).await;
    let picture = json!({
        "msgtype": "m.image", "body": name, "filename": name, "url": mxc,
        "info": { "mimetype": mimetype, "size": bytes.len() },
    });
    person.sends_event(room, "m.room.message", picture).await.ok();
}

/// A picture in WebP of forty to twenty pixels.
pub(super) fn webp() -> Vec<u8> {
    drawn(40, 20, ImageFormat::WebP)
}

/// What a platform opened: the form of the picture, and its dimensions.
pub(super) fn opened(answer: &Value) -> (ImageFormat, (u32, u32)) {
    let bytes = STANDARD.decode(answer["base64"].as_str().unwrap()).unwrap();
    let form = image::guess_format(&bytes).unwrap();
    (form, image::load_from_memory_with_format(&bytes, form).unwrap().dimensions())
}

/// The picture that an app of ours showed in these messages of Feishu, below the name of who sent it.
fn key_of(shown: &[Value]) -> Option<String> {
    let ours = shown.iter().filter(|message| message["is_bot"] == true);
    let lines = ours.filter_map(|message| message["content"]["content"].as_array()).flatten();
    let mut parts = lines.filter_map(Value::as_array).flatten();
    parts.find_map(|part| part["image_key"].as_str().map(str::to_owned))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_picture_that_feishu_shows_becomes_one_that_dingtalk_shows() {
    let ding = DingTalk::start().await;
    let bridge = Bridge::beside(&ding.section("")).await;
    let code = bridge.code("dingtalk").await;
    ding.speaks(&format!("绑定 {code}")).await;
    bridge.until_bound(&ding.chat).await;
    sends(&bridge.alice, &bridge.room, "dot.webp", "image/webp", &webp()).await;
    let shown = bridge.shows_until(&bridge.chat, |shown| key_of(shown).is_some()).await;
    let there = bridge.platform.act(Command::Open { key: key_of(&shown).unwrap() }).await.unwrap();
    assert_eq!(opened(&there), (ImageFormat::WebP, (40, 20)));
    let begin = Instant::now();
    let media = loop {
        let shown = ding.does(json!({ "do": "show", "chat": ding.chat })).await;
        let text = shown.to_string();
        // The picture stands in the words of the message, below who sent it.
        if let Some((media, _)) = text.split_once("![](").and_then(|(_, rest)| rest.split_once(')')) {
            break media.to_owned();
        }
        assert!(begin.elapsed() < PATIENCE, "{shown:#?}\n{}", bridge.log());
        tokio::time::sleep(LOOK_INTERVAL).await;
    };
    let there = ding.does(json!({ "do": "open", "key": media })).await;
    assert_eq!(opened(&there), (ImageFormat::Jpeg, (40, 20)));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_picture_that_is_too_wide_for_feishu_is_made_smaller() {
    let bridge = Bridge::new().await;
    let wide = drawn(12_400, 62, ImageFormat::Png);
    sends(&bridge.alice, &bridge.room, "wide.png", "image/png", &wide).await;
    let shown = bridge.shows_until(&bridge.chat, |shown| key_of(shown).is_some()).await;
    let there = bridge.platform.act(Command::Open { key: key_of(&shown).unwrap() }).await.unwrap();
    assert_eq!(opened(&there), (ImageFormat::Png, (12_000, 60)));
}
