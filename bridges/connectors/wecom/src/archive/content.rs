//! What each kind of message in the archive becomes. Pure. What has no form elsewhere is said in words and never dropped.

use bridge_api::{
    Block, Content, File, FileKind, Inline, MediaId, RichText, Words, digest,
    lenient::{items, number, text},
    limits::PARTS_MAX,
    words,
};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::limits::{FILE_ID_BYTES_MAX, LINE_CHARACTERS_MAX, LINES_MAX, RECORD_DEPTH_MAX};

words! {
    AGREED = "同意会话存档" | "agreed that the conversation is archived";
    DISAGREED = "不同意会话存档，其消息不会出现在这里" | "did not agree that the conversation is archived: their messages do not appear here";
}

/// What media of the archive begin with.
pub(super) const MEDIA: &str = "archive:";

/// Fields that say something of a message without a form, in the order in which they are said.
const TELLING: [&str; 20] = [
    "title",
    "votetitle",
    "topic",
    "room_name",
    "corpname",
    "displayname",
    "userid",
    "sph_name",
    "feed_desc",
    "content",
    "description",
    "wish",
    "filename",
    "creator",
    "creatorname",
    "place",
    "address",
    "remarks",
    "link_url",
    "url",
];

/// A file of the archive, by what the library finds it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct KeptFile {
    /// The library's id (`sdkfileid`), longer than ours may be.
    pub id: String,
    /// Its media type, where the kind of the message says it.
    pub mimetype: Option<String>,
}

impl KeptFile {
    /// What it is called here.
    pub(super) fn name(&self) -> String {
        digest(self.id.as_bytes())
    }
}

/// Words in both languages at once: a connector does not know a room's.
pub(super) fn both(words: &Words) -> String {
    format!("{} · {}", words.zh, words.en)
}

/// Plain words.
pub(super) fn plain(words: &str) -> Content {
    Content::Text(RichText::plain(words))
}

/// The parts of a message; `body` is its member, `depth` how many records it stands in.
pub(super) fn parts(kind: &str, body: &Value, files: &mut Vec<KeptFile>, depth: usize) -> Vec<Content> {
    match kind {
        "mixed" => {
            let item = |item: &Value| inner(item, files, depth);
            items(body, "item").iter().take(PARTS_MAX).flat_map(item).collect()
        }
        "chatrecord" => record(body, files, depth),
        _ => vec![one(kind, body, files)],
    }
}

/// An item of a record or of words and pictures: its content is JSON within a text.
fn inner(item: &Value, files: &mut Vec<KeptFile>, depth: usize) -> Vec<Content> {
    let kind = text(item, "type").unwrap_or_default();
    let kind = kind.strip_prefix("ChatRecord").unwrap_or(&kind).to_lowercase();
    let content = item.get("content").cloned().unwrap_or_default();
    let content = match &content {
        Value::String(json) => serde_json::from_str(json).unwrap_or(content),
        _ => content,
    };
    if depth >= RECORD_DEPTH_MAX {
        return vec![unsupported(&kind, &content)];
    }
    parts(&kind, &content, files, depth + 1)
}

/// A chat that somebody passed on: its lines as a quotation, and its files behind them.
fn record(body: &Value, files: &mut Vec<KeptFile>, depth: usize) -> Vec<Content> {
    let (mut lines, mut behind) = (Vec::new(), Vec::new());
    for item in items(body, "item").iter().take(LINES_MAX) {
        for part in inner(item, files, depth) {
            lines.extend(RichText::plain(&cut(&part.to_plain())).blocks);
            if matches!(part, Content::File(_) | Content::Sticker { .. }) && behind.len() + 1 < PARTS_MAX {
                behind.push(part);
            }
        }
    }
    lines.truncate(LINES_MAX);
    let title = text(body, "title").unwrap_or_else(|| "聊天记录".to_owned());
    let mut parts = vec![Content::passed_on(&cut(&title), lines)];
    parts.append(&mut behind);
    parts
}

fn one(kind: &str, body: &Value, files: &mut Vec<KeptFile>) -> Content {
    let mut file = |form: Form| form.file(body, files).unwrap_or_else(|| unsupported(kind, body));
    match kind {
        "text" | "markdown" => plain(body.get("content").and_then(Value::as_str).unwrap_or_default()),
        "image" => file(Form::new(FileKind::Image, "picture.jpg", None)),
        "voice" => file(Form::new(FileKind::Voice, "voice.amr", Some("audio/amr"))),
        "video" => file(Form::new(FileKind::Video, "video.mp4", Some("video/mp4"))),
        "file" | "voip_doc_share" | "qydiskfile" => file(Form::new(FileKind::File, "file", None)),
        "meeting_voice_call" => file(Form::new(FileKind::File, "meeting", None)),
        "emotion" => {
            let mimetype = if number(body, "type") == Some(1) { "image/gif" } else { "image/png" };
            match kept(body, Some(mimetype), files) {
                Some(media) => Content::Sticker { media: Some(media), name: "表情".to_owned() },
                None => unsupported(kind, body),
            }
        }
        "location" => location(body).unwrap_or_else(|| unsupported(kind, body)),
        "link" | "docmsg" => Content::Text(RichText { blocks: link(body, "link_url") }),
        "news" => {
            let items = items(body, "item").iter().take(PARTS_MAX);
            Content::Text(RichText { blocks: items.flat_map(|item| link(item, "url")).collect() })
        }
        "agree" => Content::Unsupported { kind: kind.to_owned(), fallback: both(&AGREED) },
        "disagree" => Content::Unsupported { kind: kind.to_owned(), fallback: both(&DISAGREED) },
        _ => unsupported(kind, body),
    }
}

/// How a file of a kind is shown.
struct Form {
    kind: FileKind,
    /// What it is called when nobody says it.
    name: &'static str,
    mimetype: Option<&'static str>,
}

impl Form {
    const fn new(kind: FileKind, name: &'static str, mimetype: Option<&'static str>) -> Self {
        Self { kind, name, mimetype }
    }

    /// The file; nothing when the archive does not have it.
    fn file(&self, body: &Value, files: &mut Vec<KeptFile>) -> Option<Content> {
        let media = kept(body, self.mimetype, files)?;
        let size = number(body, "filesize").or_else(|| number(body, "voice_size"));
        Some(Content::File(File {
            kind: self.kind,
            name: text(body, "filename").unwrap_or_else(|| self.name.to_owned()),
            mimetype: self.mimetype.map(str::to_owned),
            size: size.filter(|size| *size > 0),
            duration_ms: number(body, "play_length").map(|seconds| seconds.saturating_mul(1_000)),
            dimensions: None,
            media,
        }))
    }
}

/// Keeps a file of a message under an id of ours. Its checksum is known to be wrong now and then, and is not looked at.
fn kept(body: &Value, mimetype: Option<&str>, files: &mut Vec<KeptFile>) -> Option<MediaId> {
    let id = text(body, "sdkfileid").filter(|id| id.len() <= FILE_ID_BYTES_MAX)?;
    let file = KeptFile { id, mimetype: mimetype.map(str::to_owned) };
    let media = MediaId::new(format!("{MEDIA}{}", file.name())).ok()?;
    files.push(file);
    Some(media)
}

fn location(body: &Value) -> Option<Content> {
    let degrees = |name| text(body, name)?.parse::<f64>().ok();
    let name = text(body, "title").or_else(|| text(body, "address")).unwrap_or_default();
    Some(Content::Location { name, latitude: degrees("latitude")?, longitude: degrees("longitude")? })
}

fn link(body: &Value, address: &str) -> Vec<Block> {
    let (address, title) = (text(body, address).unwrap_or_default(), text(body, "title").unwrap_or_default());
    let label = if title.is_empty() { address.clone() } else { title };
    let mut blocks = vec![Block::Paragraph(vec![Inline::Link { address, label }])];
    blocks.extend(RichText::plain(&text(body, "description").unwrap_or_default()).blocks);
    blocks
}

/// What can be said of a message without a form.
fn unsupported(kind: &str, body: &Value) -> Content {
    let mut lines: Vec<String> = TELLING.iter().filter_map(|name| text(body, name)).collect();
    lines.extend(items(body, "voteitem").iter().filter_map(Value::as_str).map(|item| format!("• {item}")));
    lines.extend(
        items(body, "details").iter().filter_map(|item| text(item, "ques")).map(|item| format!("• {item}")),
    );
    lines.truncate(LINES_MAX);
    let lines: Vec<String> = lines.iter().map(|line| cut(line)).collect();
    let kind = if kind.is_empty() { "message" } else { kind };
    Content::Unsupported { kind: kind.to_owned(), fallback: lines.join("\n") }
}

fn cut(line: &str) -> String {
    line.chars().take(LINE_CHARACTERS_MAX).collect()
}
