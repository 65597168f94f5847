//! What the AI bot hears, which comes as JSON, the same over its connection and by callbacks.

use std::collections::BTreeMap;

use bridge_api::{
    Arrival, Content, ConversationId, EventKey, File, FileKind, Happened, MediaId, Message, MessageId,
    PersonId, RichText, Sender, digest,
    limits::{FORM_VALUES_MAX, PARTS_MAX},
};
use serde_json::Value;

use super::{BotMessage, FileAddress, NAMELESS, Press, Received};
use crate::{
    ids,
    lenient::{items, number, text},
    settings::Bot,
};

/// Reads a message or an event; `now_ms` counts where the platform tells no time.
pub fn read(body: &Value, bot: &Bot, now_ms: u64) -> Received {
    if text(body, "aibotid").is_some_and(|id| id != bot.id) {
        return Received::Nothing("something for another bot".to_owned());
    }
    let kind = text(body, "msgtype").unwrap_or_default();
    let at_ms = number(body, "create_time").map_or(now_ms, |at| at.saturating_mul(1_000));
    let found = match kind.as_str() {
        "event" => press(body, bot, at_ms).map(|press| Received::Press(Box::new(press))),
        // The platform asks how an answer that is written goes on; ours are never in pieces.
        "stream" => None,
        _ => message(body, &kind, bot, at_ms).map(|message| Received::Bot(Box::new(message))),
    };
    let event = body.pointer("/event/eventtype").and_then(Value::as_str).unwrap_or_default();
    found.unwrap_or_else(|| Received::Nothing(format!("{kind} {event} of the bot")))
}

/// Where it was said, and by whom.
fn whence(body: &Value) -> Option<(ConversationId, PersonId)> {
    let user = text(body.get("from")?, "userid").filter(|user| user != "sys")?;
    let person = ids::person(&user)?;
    let conversation = match text(body, "chatid") {
        Some(chat) if text(body, "chattype").as_deref() != Some("single") => {
            format!("group:{chat}")
        }
        _ => format!("bot:{person}"),
    };
    Some((ConversationId::new(conversation).ok()?, person))
}

fn message(body: &Value, kind: &str, bot: &Bot, at_ms: u64) -> Option<BotMessage> {
    let id = text(body, "msgid")?;
    let (conversation, person) = whence(body)?;
    let mut files = Vec::new();
    let mut parts = parts(body, kind, bot, &mut files);
    parts.retain(|part| !matches!(part, Content::Text(words) if words.is_empty()));
    if parts.is_empty() {
        // Somebody said nothing but the bot's name.
        parts.push(Content::Text(RichText::plain("@")));
    }
    parts.truncate(PARTS_MAX);
    let what = Happened::Message(Message {
        id: MessageId::new(id.as_str()).ok()?,
        from: Sender::Person { id: person, name: None, external: None },
        parts,
        reply_to: None,
        thread: None,
    });
    let key = EventKey::new(format!("{}:message:{id}", bot.id)).ok()?;
    let arrival = Arrival { key, conversation: Some(conversation), at_ms, trace: Some(id), what };
    let quote = body.get("quote").map(|quote| quoted(quote, bot)).filter(|quote| !quote.is_empty());
    Some(BotMessage { arrival, files, quote, response_url: text(body, "response_url") })
}

fn parts(body: &Value, kind: &str, bot: &Bot, files: &mut Vec<FileAddress>) -> Vec<Content> {
    let inner = body.get(kind).unwrap_or(&Value::Null);
    let one = match kind {
        "text" => words(inner, bot),
        "image" => file(inner, FileKind::Image, "picture.jpg", files),
        "file" => file(inner, FileKind::File, NAMELESS, files),
        "video" => file(inner, FileKind::Video, "video.mp4", files),
        // The platform gives out what it understood, and no sound.
        "voice" => Content::Unsupported {
            kind: "voice".to_owned(),
            fallback: text(inner, "content").unwrap_or_default(),
        },
        "mixed" => {
            let part = |item: &Value| {
                let kind = text(item, "msgtype").unwrap_or_default();
                if kind == "mixed" { Vec::new() } else { parts(item, &kind, bot, files) }
            };
            return items(inner, "msg_item").iter().take(PARTS_MAX).flat_map(part).collect();
        }
        _ => Content::Unsupported {
            kind: kind.to_owned(),
            fallback: text(inner, "content").unwrap_or_default(),
        },
    };
    vec![one]
}

fn words(inner: &Value, bot: &Bot) -> Content {
    let content = inner.get("content").and_then(Value::as_str).unwrap_or_default();
    Content::Text(RichText::plain(unaddressed(content, &bot.names)))
}

/// A text without the bot's own name once at its beginning or its end; others' names stay.
pub fn unaddressed<'a>(content: &'a str, names: &[String]) -> &'a str {
    let content = content.trim();
    for name in names.iter().filter(|name| !name.is_empty()) {
        let address = format!("@{name}");
        if let Some(rest) = content.strip_prefix(&address)
            && rest
                .chars()
                .next()
                .is_none_or(|next| next.is_whitespace() || matches!(next, ',' | ':' | '，' | '：'))
        {
            return rest.trim_start_matches([',', ':', '，', '：']).trim();
        }
        if let Some(rest) = content.strip_suffix(&address) {
            return rest.trim();
        }
    }
    content
}

fn file(inner: &Value, kind: FileKind, usual: &str, files: &mut Vec<FileAddress>) -> Content {
    let name = ["filename", "name"].iter().find_map(|field| text(inner, field));
    let name = name.unwrap_or_else(|| usual.to_owned());
    let Some(url) = text(inner, "url") else {
        return Content::Unsupported { kind: "file".to_owned(), fallback: name };
    };
    // Addresses are longer than an id may be, and hold a signature: the shelf keeps them under their hash.
    let media = MediaId::new(format!("bot:{}", digest(url.as_bytes())));
    let Ok(media) = media else { return Content::Unsupported { kind: "file".to_owned(), fallback: name } };
    files.push(FileAddress { url, aes_key: text(inner, "aeskey") });
    let mimetype = (kind == FileKind::Video).then(|| "video/mp4".to_owned());
    Content::File(File { mimetype, ..File::new(kind, name, media) })
}

/// What is quoted, in words; the platform tells neither its id nor who said it.
fn quoted(quote: &Value, bot: &Bot) -> String {
    let kind = text(quote, "msgtype").unwrap_or_default();
    let parts = parts(quote, &kind, bot, &mut Vec::new());
    parts.iter().map(Content::to_plain).collect::<Vec<_>>().join("\n").trim().to_owned()
}

fn press(body: &Value, bot: &Bot, at_ms: u64) -> Option<Press> {
    let event = body.get("event")?;
    if text(event, "eventtype").as_deref() != Some("template_card_event") {
        return None;
    }
    // The pages and the platform's own library differ in where the fields stand.
    let inner = event.get("template_card_event").unwrap_or(event);
    let field = |name| text(inner, name).or_else(|| text(event, name));
    let (conversation, by) = whence(body)?;
    let mut chosen = BTreeMap::new();
    let selected = inner.get("selected_items").unwrap_or(&Value::Null);
    for item in items(selected, "selected_item").iter().take(FORM_VALUES_MAX) {
        let options = item.get("option_ids").map(|ids| items(ids, "option_id")).unwrap_or_default();
        let options: Vec<_> = options.iter().filter_map(Value::as_str).collect();
        chosen.insert(text(item, "question_key").unwrap_or_default(), options.join(","));
    }
    let (task, button) = (field("task_id")?, field("event_key")?);
    let id =
        text(body, "msgid").unwrap_or_else(|| digest(format!("{task}\n{button}\n{by}\n{at_ms}").as_bytes()));
    let key = EventKey::new(format!("{}:card:{id}", bot.id)).ok()?;
    Some(Press { key, at_ms, task, button, by, conversation: Some(conversation), chosen, code: None })
}

#[cfg(test)]
mod tests {
    use bridge_api::Secret;
    use serde_json::json;

    use super::*;
    use crate::settings::BotMode;

    fn bot() -> Bot {
        let mode =
            BotMode::Socket { url: "ws://127.0.0.1".parse().expect("an address"), secret: Secret::new("s") };
        Bot { id: "aibX".into(), names: vec!["Bridge".into(), "连桥".into()], mode }
    }

    fn said(body: Value) -> BotMessage {
        let received = read(&body, &bot(), 5);
        let Received::Bot(message) = received else { panic!("{received:?}") };
        *message
    }

    fn plain(message: &BotMessage) -> Vec<String> {
        let Happened::Message(said) = &message.arrival.what else { panic!("no message") };
        said.parts.iter().map(Content::to_plain).collect()
    }

    #[test]
    fn groups_and_chats_are_told_apart_and_the_name_of_the_bot_is_cut_off() {
        let mut body = json!({"msgid": "m1", "create_time": 1_700_000_000, "aibotid": "aibX", "chatid": "wrXX",
            "chattype": "group", "from": {"userid": "ZhangSan"}, "response_url": "https://r",
            "msgtype": "text", "text": {"content": "@Bridge hello @Li"},
            "quote": {"msgtype": "text", "text": {"content": "earlier"}}});
        let message = said(body.clone());
        assert_eq!(message.arrival.conversation.as_ref().map(ConversationId::as_str), Some("group:wrXX"));
        assert_eq!(
            (message.arrival.key.as_str(), message.arrival.at_ms),
            ("aibX:message:m1", 1_700_000_000_000)
        );
        assert_eq!(
            (plain(&message), message.quote.as_deref()),
            (vec!["hello @Li".to_owned()], Some("earlier"))
        );
        body["chattype"] = json!("single");
        body["create_time"] = Value::Null;
        let message = said(body.clone());
        assert_eq!(message.arrival.conversation.map(String::from).as_deref(), Some("bot:zhangsan"));
        assert_eq!(message.arrival.at_ms, 5);
        body["aibotid"] = json!("aibOther");
        assert!(matches!(read(&body, &bot(), 5), Received::Nothing(_)));
    }

    #[test]
    fn only_the_own_name_is_cut_off_and_once() {
        let names = bot().names;
        let table = [
            ("@Bridge hello", "hello"),
            ("@连桥 你好", "你好"),
            ("@Bridge, hello", "hello"),
            ("hello @Bridge", "hello"),
            ("@BridgeTeam hello", "@BridgeTeam hello"),
            ("@Bridge @Bridge", "@Bridge"),
            ("@Bridge", ""),
            ("write to a@Bridge.example", "write to a@Bridge.example"),
        ];
        for (content, expected) in table {
            assert_eq!(unaddressed(content, &names), expected, "{content}");
        }
        let nothing =
            json!({"msgid": "m", "from": {"userid": "a"}, "msgtype": "text", "text": {"content": "@Bridge"}});
        assert_eq!(plain(&said(nothing)), ["@"]);
    }

    #[test]
    fn files_lie_elsewhere_and_what_has_no_form_is_named() {
        let of = |kind: &str, inner: Value| {
            said(json!({"msgid": "m", "from": {"userid": "a"}, "msgtype": kind, kind: inner}))
        };
        let message = of("file", json!({"url": "https://x.myqcloud.com/f", "aeskey": "K"}));
        assert_eq!(
            message.files,
            [FileAddress { url: "https://x.myqcloud.com/f".into(), aes_key: Some("K".into()) }]
        );
        assert_eq!(plain(&message), ["[file]"]);
        let mixed = json!({"msg_item": [{"msgtype": "text", "text": {"content": "@Bridge look"}},
            {"msgtype": "image", "image": {"url": "https://x.myqcloud.com/p"}}, {"msgtype": "mixed", "mixed": {"msg_item": []}}]});
        let message = of("mixed", mixed);
        assert_eq!(
            (plain(&message), message.files.len()),
            (vec!["look".to_owned(), "[picture.jpg]".to_owned()], 1)
        );
        assert_eq!(plain(&of("voice", json!({"content": "明天见"}))), ["[voice] 明天见"]);
        assert_eq!(plain(&of("dance", json!({}))), ["[dance]"]);
        for nobody in [
            json!({"msgtype": "text", "msgid": "m"}),
            json!({"msgtype": "text", "from": {"userid": "sys"}, "msgid": "m"}),
            json!({}),
            json!([]),
        ] {
            assert!(matches!(read(&nobody, &bot(), 5), Received::Nothing(_)), "{nobody}");
        }
    }

    #[test]
    fn a_press_is_read_in_both_shapes() {
        let nested = json!({"msgid": "e1", "msgtype": "event", "from": {"userid": "Li"}, "chatid": "wrX", "chattype": "group",
            "event": {"eventtype": "template_card_event", "template_card_event": {"event_key": "1", "task_id": "t",
                "selected_items": {"selected_item": [{"question_key": "q", "option_ids": {"option_id": ["a", "b"]}}]}}}});
        let flat = json!({"msgid": "e1", "msgtype": "event", "from": {"userid": "Li"},
            "event": {"eventtype": "template_card_event", "event_key": "1", "task_id": "t"}});
        for (body, place, chosen) in [(nested, "group:wrX", Some("a,b")), (flat, "bot:li", None)] {
            let Received::Press(press) = read(&body, &bot(), 5) else { panic!("no press: {body}") };
            assert_eq!((press.task.as_str(), press.button.as_str(), press.by.as_str()), ("t", "1", "li"));
            assert_eq!(press.conversation.map(String::from).as_deref(), Some(place));
            assert_eq!(press.chosen.get("q").map(String::as_str), chosen);
        }
        for kind in ["enter_chat", "feedback_event", "disconnected_event"] {
            let body = json!({"msgtype": "event", "from": {"userid": "li"}, "event": {"eventtype": kind}});
            assert!(matches!(read(&body, &bot(), 5), Received::Nothing(_)), "{kind}");
        }
    }
}
