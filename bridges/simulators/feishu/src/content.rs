//! What an app sends, as others receive it: mentions become keys, posts lose their locales, markdown its marks.

use serde_json::{Map, Value, json};

use crate::card;
use crate::refusal::Refusal;
use crate::state::State;
use crate::state::messages::Mention;

/// Bytes of the content of a text.
const TEXT_BYTES_MAX: usize = 150 << 10;
/// Bytes of the content of a post or a card.
const POST_BYTES_MAX: usize = 30 << 10;
const STYLES: &[&str] = &["bold", "underline", "lineThrough", "italic"];

/// Content as it is kept.
pub(crate) struct Converted {
    pub(crate) content: Value,
    pub(crate) card: Option<Value>,
    pub(crate) mentions: Vec<Mention>,
}

impl Converted {
    fn plain(content: Value) -> Self {
        Self { content, card: None, mentions: Vec::new() }
    }
}

fn invalid() -> Refusal {
    Refusal::ext(230_001, "invalid message content")
}

/// Reads `content` of a message of this kind that an app sends.
pub(crate) fn convert(state: &State, app: &str, kind: &str, content: &str) -> Result<Converted, Refusal> {
    let bytes_max = if kind == "text" { TEXT_BYTES_MAX } else { POST_BYTES_MAX };
    if content.len() > bytes_max {
        return Err(Refusal::code(230_025));
    }
    if kind == "interactive" {
        let card: Value = serde_json::from_str(content)
            .map_err(|_| Refusal::ext(230_099, "ErrCode: 200621; ErrMsg: parse card json err"))?;
        card::check(&card)?;
        return Ok(Converted { content: card::simplified(&card), card: Some(card), mentions: Vec::new() });
    }
    let value: Value = serde_json::from_str(content).map_err(|_| invalid())?;
    let Value::Object(fields) = &value else { return Err(invalid()) };
    let key_of = |name: &str| fields.get(name).and_then(Value::as_str).ok_or_else(invalid);
    match kind {
        "text" => {
            let mut mentions = Vec::new();
            let text = read_tags(state, app, key_of("text")?, &mut mentions)?;
            Ok(Converted { content: json!({ "text": text }), card: None, mentions })
        }
        "post" => post(state, app, fields),
        "image" => {
            owned(state, app, key_of("image_key")?, &["image"]).map(|()| Converted::plain(value.clone()))
        }
        "file" => {
            let key = key_of("file_key")?;
            owned(state, app, key, &["pdf", "doc", "xls", "ppt", "stream"])?;
            let name = state.media.get(key).map(|media| media.name.clone()).unwrap_or_default();
            Ok(Converted::plain(json!({ "file_key": key, "file_name": name })))
        }
        "audio" => {
            owned(state, app, key_of("file_key")?, &["opus"])?;
            Ok(Converted::plain(json!({ "file_key": key_of("file_key")?, "duration": 1_000 })))
        }
        "media" => {
            let key = key_of("file_key")?;
            owned(state, app, key, &["mp4"])?;
            let name = state.media.get(key).map(|media| media.name.clone()).unwrap_or_default();
            let image_key = fields.get("image_key").and_then(Value::as_str).unwrap_or_default();
            Ok(Converted::plain(
                json!({ "file_key": key, "image_key": image_key, "file_name": name, "duration": 1_000 }),
            ))
        }
        "share_chat" => key_of("chat_id").map(|_| Converted::plain(value.clone())),
        "share_user" => key_of("user_id").map(|_| Converted::plain(value.clone())),
        "sticker" => Err(Refusal::code(230_017)),
        _ => Err(Refusal::ext(230_001, "invalid msg_type")),
    }
}

/// Whether this key may be sent by this app as one of these kinds.
fn owned(state: &State, app: &str, key: &str, kinds: &[&str]) -> Result<(), Refusal> {
    let media = state.media.get(key).ok_or_else(invalid)?;
    if media.app.as_deref() != Some(app) {
        return Err(Refusal::code(230_017));
    }
    if kinds.contains(&media.kind.as_str()) { Ok(()) } else { Err(Refusal::code(230_055)) }
}

/// The key of one more mention.
fn mention(state: &State, app: &str, id: &str, mentions: &mut Vec<Mention>) -> Result<String, Refusal> {
    if id == "all" {
        mentions.push(Mention { key: "@_all".into(), who: None });
        return Ok("@_all".to_owned());
    }
    let kind = if id.starts_with("on_") {
        "union_id"
    } else if id.starts_with("ou_") {
        "open_id"
    } else {
        "user_id"
    };
    let person = state.person(app, kind, id).map_err(|_| invalid())?;
    let number = mentions.iter().filter(|mention| mention.who.is_some()).count() + 1;
    let key = format!("@_user_{number}");
    mentions.push(Mention { key: key.clone(), who: Some(person.user_id.clone()) });
    Ok(key)
}

/// Reads `<at user_id="..">..</at>` and the tags of styles, which do not come back. What is broken stays as it is typed.
fn read_tags(state: &State, app: &str, text: &str, mentions: &mut Vec<Mention>) -> Result<String, Refusal> {
    let mut out = String::new();
    let mut rest = text;
    while let Some(start) = rest.find('<') {
        out.push_str(&rest[..start]);
        rest = &rest[start..];
        if let Some((id, length)) = at_tag(rest) {
            out.push_str(&mention(state, app, id, mentions)?);
            rest = &rest[length..];
            continue;
        }
        let style = ["<b>", "</b>", "<i>", "</i>", "<u>", "</u>", "<s>", "</s>"];
        if let Some(tag) = style.iter().find(|tag| rest.starts_with(**tag)) {
            rest = &rest[tag.len()..];
        } else {
            out.push('<');
            rest = &rest[1..];
        }
    }
    out.push_str(rest);
    Ok(out)
}

/// The id and the length of an `at` tag at the start of `text`.
fn at_tag(text: &str) -> Option<(&str, usize)> {
    let inside = text.strip_prefix("<at user_id=\"")?;
    let (id, rest) = inside.split_once('"')?;
    let rest = rest.strip_prefix('>')?;
    let end = rest.find("</at>")?;
    if rest[..end].contains('<') {
        return None;
    }
    Some((id, text.len() - rest.len() + end + "</at>".len()))
}

fn post(state: &State, app: &str, fields: &Map<String, Value>) -> Result<Converted, Refusal> {
    let locale = ["zh_cn", "en_us", "ja_jp"].iter().find_map(|name| fields.get(*name)).ok_or_else(invalid)?;
    let lines = locale.get("content").and_then(Value::as_array).ok_or_else(invalid)?;
    let title = locale.get("title").and_then(Value::as_str).unwrap_or_default();
    let mut mentions = Vec::new();
    let mut received: Vec<Value> = Vec::new();
    for line in lines {
        let nodes = line.as_array().ok_or_else(invalid)?;
        let mut kept = Vec::new();
        for node in nodes {
            let tag = node.get("tag").and_then(Value::as_str).ok_or_else(invalid)?;
            if ["img", "media", "md"].contains(&tag) && nodes.len() > 1 {
                return Err(invalid());
            }
            if tag == "md" {
                let text = node.get("text").and_then(Value::as_str).ok_or_else(invalid)?;
                received.extend(markdown(state, app, text, &mut mentions)?);
            } else {
                kept.push(post_node(state, app, tag, node, &mut mentions)?);
            }
        }
        if !kept.is_empty() || nodes.is_empty() {
            received.push(kept.into());
        }
    }
    Ok(Converted { content: json!({ "title": title, "content": received }), card: None, mentions })
}

fn post_node(
    state: &State,
    app: &str,
    tag: &str,
    node: &Value,
    mentions: &mut Vec<Mention>,
) -> Result<Value, Refusal> {
    let text_of = |name: &str| node.get(name).and_then(Value::as_str).ok_or_else(invalid);
    let style: Vec<_> = node
        .get("style")
        .and_then(Value::as_array)
        .map(|styles| {
            styles.iter().filter_map(Value::as_str).filter(|style| STYLES.contains(style)).collect()
        })
        .unwrap_or_default();
    match tag {
        "text" => Ok(json!({ "tag": "text", "text": text_of("text")?, "style": style })),
        "a" => {
            let href = text_of("href")?;
            if !(href.starts_with("http://") || href.starts_with("https://") || href.starts_with("mailto:")) {
                return Err(Refusal::ext(230_001, "invalid href"));
            }
            Ok(json!({ "tag": "a", "text": text_of("text")?, "href": href, "style": style }))
        }
        "at" => {
            let key = mention(state, app, text_of("user_id")?, mentions)?;
            let who = mentions.last().and_then(|mention| mention.who.clone());
            let name = who.map(|who| state.name_of(&who)).unwrap_or_default();
            Ok(json!({ "tag": "at", "user_id": key, "user_name": name, "style": style }))
        }
        "img" => {
            owned(state, app, text_of("image_key")?, &["image"])?;
            Ok(json!({ "tag": "img", "image_key": text_of("image_key")? }))
        }
        "media" => {
            owned(state, app, text_of("file_key")?, &["mp4"])?;
            Ok(node.clone())
        }
        "emotion" => Ok(json!({ "tag": "emotion", "emoji_type": text_of("emoji_type")? })),
        "code_block" => {
            let language = node.get("language").and_then(Value::as_str).unwrap_or_default();
            Ok(json!({ "tag": "code_block", "language": language, "text": text_of("text")? }))
        }
        "hr" => Ok(json!({ "tag": "hr" })),
        _ => Err(invalid()),
    }
}

/// Markdown comes back as text, line by line; fenced code as a block of code, and mentions as mentions.
fn markdown(
    state: &State,
    app: &str,
    text: &str,
    mentions: &mut Vec<Mention>,
) -> Result<Vec<Value>, Refusal> {
    let mut lines = Vec::new();
    let mut code: Option<(String, Vec<&str>)> = None;
    for line in text.split('\n') {
        let fence = line.trim_start().strip_prefix("```");
        match (&mut code, fence) {
            (None, Some(language)) => code = Some((language.trim().to_owned(), Vec::new())),
            (Some((language, kept)), Some(_)) => {
                lines.push(json!([{ "tag": "code_block", "language": language, "text": kept.join("\n") }]));
                code = None;
            }
            (Some((_, kept)), None) => kept.push(line),
            (None, None) => {
                let line = read_tags(state, app, line, mentions)?;
                lines.push(json!([{ "tag": "text", "text": without_marks(&line), "style": [] }]));
            }
        }
    }
    if let Some((language, kept)) = code {
        lines.push(json!([{ "tag": "code_block", "language": language, "text": kept.join("\n") }]));
    }
    Ok(lines)
}

fn without_marks(line: &str) -> String {
    line.replace("**", "").replace("~~", "")
}
