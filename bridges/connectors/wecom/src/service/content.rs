//! What a customer, or the member who attends to them, says. Pure.

use bridge_api::{Block, Content, File, FileKind, Inline, MediaId, RichText};
use serde_json::Value;

use crate::{
    lenient::{items, text},
    received::NAMELESS,
};

/// Reads what stands under its kind.
pub(super) fn read(entry: &Value, kind: &str) -> Content {
    let content = entry.get(kind).unwrap_or(&Value::Null);
    let file = |file_kind, name: &str, mimetype: Option<&str>| {
        let media = text(content, "media_id").and_then(|media| MediaId::new(format!("app:{media}")).ok());
        let mimetype = mimetype.map(str::to_owned);
        media.map(|media| Content::File(File { mimetype, ..File::new(file_kind, name, media) }))
    };
    let read = match kind {
        "text" => Some(Content::Text(RichText::plain(&text(content, "content").unwrap_or_default()))),
        "image" => file(FileKind::Image, "picture.jpg", None),
        "voice" => file(FileKind::Voice, "voice.amr", Some("audio/amr")),
        "video" => file(FileKind::Video, "video.mp4", Some("video/mp4")),
        "file" => file(FileKind::File, NAMELESS, None),
        "location" => location(content),
        "link" => link(content),
        "msgmenu" => Some(Content::Text(RichText::plain(&menu(content)))),
        _ => None,
    };
    read.unwrap_or_else(|| Content::Unsupported { kind: kind.to_owned(), fallback: fallback(content) })
}

fn location(content: &Value) -> Option<Content> {
    let degrees = |name| {
        let value = content.get(name)?;
        value.as_f64().or_else(|| value.as_str()?.trim().parse().ok())
    };
    Some(Content::Location {
        name: text(content, "name").or_else(|| text(content, "address")).unwrap_or_default(),
        latitude: degrees("latitude")?,
        longitude: degrees("longitude")?,
    })
}

fn link(content: &Value) -> Option<Content> {
    let address = text(content, "url")?;
    let label = text(content, "title").unwrap_or_else(|| address.clone());
    let mut blocks = vec![Block::Paragraph(vec![Inline::Link { address, label }])];
    blocks.extend(RichText::plain(&text(content, "desc").unwrap_or_default()).blocks);
    Some(Content::Text(RichText { blocks }))
}

/// A menu in words: what stands above it, its items, what stands below it.
fn menu(content: &Value) -> String {
    let item = |item: &Value| {
        let kind = text(item, "type")?;
        text(item.get(&kind)?, "content").map(|words| format!("• {words}"))
    };
    let head = text(content, "head_content");
    let lines = head.into_iter().chain(items(content, "list").iter().filter_map(item));
    lines.chain(text(content, "tail_content")).collect::<Vec<_>>().join("\n")
}

/// What can be said in words of what has no form elsewhere: mini programs, cards of people, goods and orders.
fn fallback(content: &Value) -> String {
    let names = ["title", "userid", "nickname", "shop_nickname", "product_titles", "desc", "content"];
    let found: Vec<String> = names.iter().filter_map(|name| text(content, name)).collect();
    found.join(" · ")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn every_kind_is_something_here() {
        let of = |kind: &str, content: Value| read(&json!({"msgtype": kind, kind: content}), kind);
        assert_eq!(of("text", json!({"content": "你好", "menu_id": ""})).to_plain(), "你好");
        let Content::File(file) = of("voice", json!({"media_id": "M"})) else { panic!("no file") };
        assert_eq!(
            (file.kind, file.media.as_str(), file.mimetype.as_deref()),
            (FileKind::Voice, "app:M", Some("audio/amr"))
        );
        let place =
            of("location", json!({"latitude": 31.2, "longitude": "121.5", "name": "", "address": "Bund"}));
        assert_eq!(place, Content::Location { name: "Bund".into(), latitude: 31.2, longitude: 121.5 });
        let menu = json!({"head_content": "Well?", "list": [{"type": "click", "click": {"id": "1", "content": "yes"}}],
            "tail_content": "Thanks"});
        assert_eq!(of("msgmenu", menu).to_plain(), "Well?\n• yes\nThanks");
        assert!(of("link", json!({"title": "here", "url": "https://a.example"})).to_plain().contains("here"));
        for (kind, content, expected) in [
            ("business_card", json!({"userid": "lisi"}), "lisi"),
            ("channels_shop_product", json!({"title": "tea"}), "tea"),
            ("image", json!({}), ""),
            ("something new", Value::Null, ""),
        ] {
            let fallback = expected.to_owned();
            assert_eq!(of(kind, content), Content::Unsupported { kind: kind.to_owned(), fallback });
        }
    }
}
