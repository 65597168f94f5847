//! What a robot's message says. Read from raw JSON, because the platform sends more than its pages name.

use bridge_api::{
    Arrival, Block, Content, ConversationId, EventKey, File, FileKind, Happened, Inline, MediaId, Message,
    MessageId, PersonId, RichText, Sender, limits::PARTS_MAX,
};
use serde_json::Value;

use super::{quoted, records};
use crate::{
    ids,
    lenient::{number, text},
    limits::NODES_MAX,
};

/// What a robot's message is.
#[derive(Debug, PartialEq)]
pub enum Received {
    /// Somebody said something.
    Said {
        /// What.
        arrival: Box<Arrival>,
        /// What it answers, in the words that the platform brings with it.
        quote: Option<String>,
    },
    /// Somebody said something, but the month's pushes are used up and the platform keeps the words; where, if it says that.
    Withheld(Option<Box<Arrival>>),
    /// It cannot be placed: the reason.
    Unreadable(&'static str),
}

/// Reads a message; `name_of` says what people are called.
pub fn read(message: &Value, client_id: &str, name_of: &dyn Fn(&PersonId) -> String) -> Received {
    let code = number(message, "errorCode").unwrap_or_default();
    if code == 20_001 || (code != 0 && text(message, "msgtype").is_none()) {
        return Received::Withheld(withheld(message, client_id).map(Box::new));
    }
    let Some(id) = text(message, "msgId").and_then(|id| MessageId::new(id).ok()) else {
        return Received::Unreadable("a message without an id");
    };
    let Some(sender) = ids::sender(message) else {
        return Received::Unreadable("a message without a sender");
    };
    let Some(conversation) = conversation(message, &sender) else {
        return Received::Unreadable("a message without a conversation");
    };
    let Ok(key) = EventKey::new(format!("{client_id}:message:{id}")) else {
        return Received::Unreadable("a message whose id is too long");
    };
    let ourselves = text(message, "senderId").is_some_and(|id| text(message, "chatbotUserId") == Some(id));
    let from = if ourselves {
        Sender::Ourselves
    } else {
        let external = ids::is_external(message);
        Sender::Person { id: sender, name: text(message, "senderNick"), external }
    };
    let parts = parts(message, name_of);
    let what = Happened::Message(Message { id, from, parts, reply_to: quoted::id(message), thread: None });
    let at_ms = number(message, "createAt").unwrap_or_default();
    let arrival = Arrival { key, conversation: Some(conversation), at_ms, trace: None, what };
    Received::Said { arrival: Box::new(arrival), quote: quoted::words(message) }
}

/// That something was said of which the platform tells nothing more.
fn withheld(message: &Value, client_id: &str) -> Option<Arrival> {
    let (id, at_ms) = (text(message, "msgId")?, number(message, "createAt").unwrap_or_default());
    let conversation = conversation(message, &ids::sender(message)?)?;
    let key = EventKey::new(format!("{client_id}:withheld:{id}")).ok()?;
    Some(Arrival { key, conversation: Some(conversation), at_ms, trace: None, what: Happened::Withheld })
}

fn conversation(message: &Value, sender: &PersonId) -> Option<ConversationId> {
    if text(message, "conversationType").as_deref() == Some("1") {
        // Without a userId nobody can be written to but by the session: then the platform's own id is kept.
        if let Some(user) = ids::user(sender) {
            return ConversationId::new(format!("user:{user}")).ok();
        }
    }
    ConversationId::new(text(message, "conversationId")?).ok()
}

fn parts(message: &Value, name_of: &dyn Fn(&PersonId) -> String) -> Vec<Content> {
    let kind = text(message, "msgtype").unwrap_or_default();
    let content = message.get("content").unwrap_or(&Value::Null);
    let words = message.pointer("/text/content").or_else(|| message.get("text")).and_then(Value::as_str);
    let mut parts = of_kind(&kind, content, words.unwrap_or_default());
    address(&mut parts, &mentioned(message), name_of);
    parts.retain(|part| !matches!(part, Content::Text(words) if words.blocks.is_empty()));
    if parts.is_empty() {
        parts.push(Content::Text(RichText::plain("@")));
    }
    parts.truncate(PARTS_MAX);
    parts
}

/// What a message of a kind says; `words` are those of a text.
pub(super) fn of_kind(kind: &str, content: &Value, words: &str) -> Vec<Content> {
    let unsupported = |fallback: String| vec![Content::Unsupported { kind: kind.to_owned(), fallback }];
    let file = |kind, name: String| vec![file(content, kind, name)];
    match kind {
        "text" => vec![Content::Text(RichText::plain(words.trim()))],
        "richText" => rich(content),
        "picture" => file(FileKind::Image, "picture".into()),
        "audio" => {
            let heard = text(content, "recognition");
            let words = heard.map(|words| Content::Text(RichText::plain(&format!("“{words}”"))));
            file(FileKind::Voice, "voice".into()).into_iter().chain(words).collect()
        }
        "video" => {
            let kind = text(content, "videoType").unwrap_or_else(|| "mp4".into());
            file(FileKind::Video, format!("video.{kind}"))
        }
        "file" => file(FileKind::File, text(content, "fileName").unwrap_or_else(|| "file".into())),
        "unknownMsgType" => unsupported(text(content, "unknownMsgType").unwrap_or_default()),
        "chatRecord" => match records::read(content) {
            Some(records) => vec![records],
            None => {
                let words = [text(content, "title"), text(content, "summary")];
                unsupported(words.into_iter().flatten().collect::<Vec<_>>().join("\n"))
            }
        },
        _ if !words.is_empty() => unsupported(words.to_owned()),
        _ => unsupported(text(content, "title").unwrap_or_default()),
    }
}

fn file(content: &Value, kind: FileKind, name: String) -> Content {
    let codes = ["downloadCode", "pictureDownloadCode"].iter().filter_map(|field| text(content, field));
    let Some(media) = codes.filter_map(|code| MediaId::new(code).ok()).next() else {
        return Content::Unsupported { kind: "file".into(), fallback: name };
    };
    let mimetype = (kind == FileKind::Video && name.ends_with(".mp4")).then(|| "video/mp4".to_owned());
    // Films tell their length in seconds now and then, against the page: nothing is shorter than a tenth of one.
    let length = number(content, "duration").map(|length| match kind {
        FileKind::Video if length < 100 => length * 1000,
        _ => length,
    });
    Content::File(File { mimetype, duration_ms: length, ..File::new(kind, name, media) })
}

/// Words and pictures in turn.
fn rich(content: &Value) -> Vec<Content> {
    let (mut parts, mut inlines) = (Vec::new(), Vec::new());
    let nodes = content.get("richText").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    for node in nodes.iter().take(NODES_MAX) {
        match text(node, "type").as_deref() {
            Some("picture") => {
                parts.extend(paragraph(&mut inlines));
                parts.push(file(node, FileKind::Image, "picture".into()));
            }
            Some("at") => {
                let name = text(node, "atName").unwrap_or_default().trim_start_matches('@').to_owned();
                inlines.push(Inline::Mention {
                    person: text(node, "atUserId").and_then(|id| ids::person(&id)),
                    name,
                });
            }
            _ => {
                for (index, line) in text(node, "text").unwrap_or_default().split('\n').enumerate() {
                    if index > 0 {
                        inlines.push(Inline::Break);
                    }
                    if !line.is_empty() {
                        inlines.push(Inline::text(line));
                    }
                }
            }
        }
    }
    parts.extend(paragraph(&mut inlines));
    parts
}

fn paragraph(inlines: &mut Vec<Inline>) -> Option<Content> {
    while matches!(inlines.last(), Some(Inline::Break)) {
        inlines.pop();
    }
    let inlines = std::mem::take(inlines);
    (!inlines.is_empty()).then(|| Content::Text(RichText { blocks: vec![Block::Paragraph(inlines)] }))
}

/// Who is addressed beside the robot itself.
fn mentioned(message: &Value) -> Vec<PersonId> {
    let robot = text(message, "chatbotUserId");
    let users = message.get("atUsers").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let others =
        users.iter().take(NODES_MAX).filter(|user| text(user, "dingtalkId") != robot || robot.is_none());
    others
        .filter_map(|user| {
            text(user, "staffId").or_else(|| text(user, "unionId").map(|id| format!("union:{id}")))
        })
        .filter_map(|id| PersonId::new(id).ok())
        .collect()
}

/// The platform takes names out of the words and does not say where they stood: they are put behind the words.
fn address(parts: &mut Vec<Content>, people: &[PersonId], name_of: &dyn Fn(&PersonId) -> String) {
    let named: Vec<PersonId> = parts
        .iter()
        .filter_map(|part| if let Content::Text(words) = part { Some(words.mentions()) } else { None })
        .flatten()
        .cloned()
        .collect();
    let missing: Vec<&PersonId> = people.iter().filter(|person| !named.contains(person)).collect();
    if missing.is_empty() {
        return;
    }
    let mentions = missing.into_iter().flat_map(|person| {
        [Inline::text(" "), Inline::Mention { person: Some(person.clone()), name: name_of(person) }]
    });
    match parts.iter_mut().find_map(|part| match part {
        Content::Text(words) => match words.blocks.last_mut() {
            Some(Block::Paragraph(inlines)) => Some(inlines),
            _ => None,
        },
        _ => None,
    }) {
        Some(inlines) => inlines.extend(mentions),
        None => {
            parts.push(Content::Text(RichText { blocks: vec![Block::Paragraph(mentions.skip(1).collect())] }))
        }
    }
}

#[cfg(test)]
mod tests;
