//! What a message of each kind says. Kinds that we do not know are named, never dropped.

use bridge_api::{Block, Card, Content, File, FileKind, Inline, MediaId, RichText};
use serde_json::Value;

use super::{mentions::Mentions, post_received, text_received};

/// Longest word of the platform for a kind, in characters.
const KIND_CHARACTERS_MAX: usize = 64;
/// Pieces of text taken out of a card.
const CARD_TEXTS_MAX: usize = 200;
/// How deep a card is read.
const CARD_DEPTH_MAX: usize = 24;

/// The parts of a message. `content` is the JSON inside the message, which may be none at all.
pub fn parts(kind: &str, content: &str, mentions: &Mentions) -> Vec<Content> {
    let value: Value = serde_json::from_str(content).unwrap_or(Value::Null);
    let text = |key: &str| value.get(key).and_then(Value::as_str).unwrap_or_default();
    let unsupported =
        |fallback: &str| Content::Unsupported { kind: short(kind), fallback: fallback.to_owned() };
    let part = match kind {
        "text" => Content::Text(text_received::rich(text("text"), mentions)),
        "post" => return some(post_received::parts(&value, mentions), || unsupported("")),
        "image" => file(FileKind::Image, "image", text("image_key"), "image", &value)
            .unwrap_or_else(|| unsupported("")),
        "file" => {
            file(FileKind::File, "file", text("file_key"), "file", &value).unwrap_or_else(|| unsupported(""))
        }
        "audio" => file(FileKind::Voice, "file", text("file_key"), "voice.ogg", &value)
            .unwrap_or_else(|| unsupported("")),
        "media" => file(FileKind::Video, "file", text("file_key"), "video.mp4", &value)
            .unwrap_or_else(|| unsupported("")),
        "sticker" => Content::Sticker { media: None, name: "sticker".to_owned() },
        "interactive" => Content::Card(card(&value)),
        "location" => location(&value).unwrap_or_else(|| unsupported(text("name"))),
        "share_user" => shared_person(text("user_id")).unwrap_or_else(|| unsupported("")),
        "system" => unsupported(&system(&value)),
        "folder" => unsupported(text("file_name")),
        "share_calendar_event" | "calendar" | "general_calendar" => unsupported(text("summary")),
        "video_chat" => unsupported(text("topic")),
        "todo" => unsupported(&todo(&value)),
        "vote" => unsupported(&vote(&value)),
        _ => unsupported(text("text")),
    };
    vec![part]
}

/// The picture or film of a node in a rich message.
pub fn post_file(node: &Value) -> Option<Content> {
    let text = |key: &str| node.get(key).and_then(Value::as_str).unwrap_or_default();
    match text("tag") {
        "media" => file(FileKind::Video, "file", text("file_key"), "video.mp4", node),
        _ => file(FileKind::Image, "image", text("image_key"), "image", node),
    }
}

/// A word of the platform, made short and harmless.
pub fn short(word: &str) -> String {
    word.chars().filter(|sign| sign.is_ascii_graphic()).take(KIND_CHARACTERS_MAX).collect()
}

fn some(parts: Vec<Content>, otherwise: impl FnOnce() -> Content) -> Vec<Content> {
    if parts.is_empty() { vec![otherwise()] } else { parts }
}

fn file(kind: FileKind, fetched_as: &str, key: &str, name: &str, value: &Value) -> Option<Content> {
    if key.is_empty() {
        return None;
    }
    let media = MediaId::new(format!("{fetched_as}:{key}")).ok()?;
    let given = value.get("file_name").and_then(Value::as_str).filter(|name| !name.trim().is_empty());
    let duration_ms = value.get("duration").and_then(number);
    let mimetype = (kind == FileKind::Voice).then(|| "audio/ogg".to_owned());
    let name = given.unwrap_or(name).to_owned();
    Some(Content::File(File { mimetype, duration_ms, ..File::new(kind, name, media) }))
}

/// A number that the platform writes as a number or as a text.
fn number(value: &Value) -> Option<u64> {
    value.as_u64().or_else(|| value.as_str()?.parse().ok())
}

fn location(value: &Value) -> Option<Content> {
    let degrees = |key: &str, most: f64| {
        let value = value.get(key)?;
        let number = value.as_f64().or_else(|| value.as_str()?.trim().parse().ok())?;
        (number.abs() <= most).then_some(number)
    };
    let name = value.get("name").and_then(Value::as_str).unwrap_or_default().to_owned();
    Some(Content::Location {
        name,
        latitude: degrees("latitude", 90.0)?,
        longitude: degrees("longitude", 180.0)?,
    })
}

fn shared_person(id: &str) -> Option<Content> {
    let person = bridge_api::PersonId::new(id).ok().filter(|_| id.starts_with("ou_"))?;
    let mention = Inline::Mention { person: Some(person), name: String::new() };
    Some(Content::Text(RichText { blocks: vec![Block::Paragraph(vec![mention])] }))
}

/// A notice of the platform: names are put into its template.
fn system(value: &Value) -> String {
    if let Some(divider) =
        value.get("divider_text").and_then(|divider| divider.get("text")).and_then(Value::as_str)
    {
        return divider.to_owned();
    }
    let mut text = value.get("template").and_then(Value::as_str).unwrap_or_default().to_owned();
    for (key, value) in value.as_object().into_iter().flatten() {
        let names: Vec<&str> = match value {
            Value::Array(list) => list.iter().filter_map(Value::as_str).collect(),
            Value::String(name) if key != "template" => vec![name],
            _ => continue,
        };
        text = text.replace(&format!("{{{key}}}"), &names.join(", "));
    }
    text
}

fn todo(value: &Value) -> String {
    let summary = value.get("summary");
    let title = summary.and_then(|summary| summary.get("title")).and_then(Value::as_str);
    title.filter(|title| !title.is_empty()).map(str::to_owned).unwrap_or_else(|| {
        let lines = summary.and_then(|summary| summary.get("content"));
        lines.map(|lines| texts(lines).join(" ")).unwrap_or_default()
    })
}

fn vote(value: &Value) -> String {
    let topic = value.get("topic").and_then(Value::as_str).unwrap_or_default();
    let options = value.get("options").and_then(Value::as_array).into_iter().flatten();
    options
        .filter_map(Value::as_str)
        .take(CARD_TEXTS_MAX)
        .fold(topic.to_owned(), |all, option| format!("{all}\n- {option}"))
}

/// What can be read on somebody else's card, whatever generation it is of.
fn card(value: &Value) -> Card {
    let title = value.get("title").and_then(Value::as_str).map(str::to_owned);
    let title =
        title.or_else(|| value.get("header").map(|header| texts(header).join(" "))).unwrap_or_default();
    let body = value.get("elements").or_else(|| value.get("body"));
    let body = body.map(texts).unwrap_or_default().join("\n");
    Card { title, body: RichText::plain(&body), buttons: Vec::new(), input: None, revision: 0 }
}

/// All texts below a value, in their order, within bounds.
fn texts(value: &Value) -> Vec<String> {
    fn walk(value: &Value, depth: usize, found: &mut Vec<String>) {
        if depth > CARD_DEPTH_MAX || found.len() >= CARD_TEXTS_MAX {
            return;
        }
        match value {
            Value::Array(list) => list.iter().for_each(|value| walk(value, depth + 1, found)),
            Value::Object(fields) => {
                for key in ["text", "content"] {
                    if let Some(Value::String(text)) = fields.get(key)
                        && !text.trim().is_empty()
                    {
                        found.push(text.clone());
                    }
                }
                let nested = |value: &&Value| value.is_array() || value.is_object();
                fields.values().filter(nested).for_each(|value| walk(value, depth + 1, found));
            }
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
        }
    }
    let mut found = Vec::new();
    walk(value, 0, &mut found);
    found
}

#[cfg(test)]
mod tests;
