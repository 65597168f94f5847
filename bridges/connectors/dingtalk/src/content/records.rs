//! Chats that somebody passed on. The platform brings them as JSON within a text whose form no page tells, so their fields are looked for
//! under every name that was seen.

use bridge_api::{Content, RichText};
use serde_json::Value;

use super::received::of_kind;
use crate::{
    lenient::text,
    limits::{LINE_CHARACTERS_MAX, RECORDS_MAX},
};

/// What such a chat is called when nobody says it.
const TITLE: &str = "聊天记录";
/// Under which the messages stand where they are no list by themselves.
const LISTS: [&str; 4] = ["records", "messages", "chatRecord", "list"];
/// Under which somebody's name stands.
const NAMES: [&str; 5] = ["senderNick", "senderName", "nick", "name", "sender"];
/// Under which words stand.
const WORDS: [&str; 4] = ["content", "text", "msgContent", "message"];

/// The chat with its messages as lines; nothing where none can be read.
pub fn read(content: &Value) -> Option<Content> {
    let records = match content.get("chatRecord")? {
        Value::String(json) => serde_json::from_str(json).ok()?,
        records => records.clone(),
    };
    let inner = || LISTS.iter().find_map(|name| records.get(name)?.as_array());
    let lines = records.as_array().or_else(inner)?.iter().take(RECORDS_MAX).filter_map(line);
    let lines: Vec<_> = lines.flat_map(|line| RichText::plain(&cut(&line)).blocks).collect();
    let title = text(content, "title").unwrap_or_else(|| TITLE.to_owned());
    (!lines.is_empty()).then(|| Content::passed_on(&cut(&title), lines))
}

/// One message: who said it, and what.
fn line(record: &Value) -> Option<String> {
    let kind = ["msgType", "msgtype", "type"].iter().find_map(|name| text(record, name));
    let kind = kind.unwrap_or_else(|| "text".to_owned());
    let body = WORDS.iter().find_map(|name| record.get(name).filter(|body| !body.is_null()));
    let body = body.unwrap_or(&Value::Null);
    let words = body.as_str().or_else(|| WORDS.iter().find_map(|name| body.get(name)?.as_str()));
    let words = words.unwrap_or_default();
    // A chat within a chat is named and not read.
    let said = match kind.as_str() {
        "chatRecord" => format!("[{}]", text(body, "title").unwrap_or_else(|| TITLE.to_owned())),
        _ => of_kind(&kind, body, words).iter().map(Content::to_plain).collect::<Vec<_>>().join(" "),
    };
    if said.is_empty() {
        return None;
    }
    match NAMES.iter().find_map(|name| text(record, name)) {
        Some(name) => Some(format!("{name}: {said}")),
        None => Some(said),
    }
}

fn cut(line: &str) -> String {
    line.chars().take(LINE_CHARACTERS_MAX).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn plain(records: &Value) -> Option<String> {
        let content = json!({"title": "Team", "summary": "two", "chatRecord": records});
        read(&content).map(|chat| chat.to_plain())
    }

    #[test]
    fn a_chat_that_is_passed_on_brings_its_messages_in_every_form() {
        let list = json!([{"senderNick": "Li", "msgType": "text", "content": "lunch?"},
            {"senderName": "Wang", "msgtype": "text", "text": {"content": "at 12"}},
            {"nick": "Zhao", "msgType": "picture", "content": {"downloadCode": "d"}},
            {"nick": "Zhao", "msgType": "chatRecord", "content": {"title": "Inner", "chatRecord": "[]"}},
            {"content": "no name"}, {"nick": "nothing"}]);
        let expected = "Team\n> Li: lunch?\n> Wang: at 12\n> Zhao: [picture]\n> Zhao: [Inner]\n> no name";
        assert_eq!(plain(&list).as_deref(), Some(expected));
        assert_eq!(plain(&json!(list.to_string())).as_deref(), Some(expected));
        assert_eq!(plain(&json!({"records": list})).as_deref(), Some(expected));
        for nothing in [json!("no json"), json!([]), json!({}), json!(7), Value::Null] {
            assert_eq!(plain(&nothing), None, "{nothing}");
        }
    }

    #[test]
    fn chats_are_bounded() {
        let many: Vec<Value> = (0..RECORDS_MAX * 3).map(|_| json!({"content": "x".repeat(5_000)})).collect();
        let plain = plain(&json!(many)).expect("a chat");
        assert_eq!(plain.lines().count(), RECORDS_MAX + 1);
        assert!(plain.lines().all(|line| line.chars().count() <= LINE_CHARACTERS_MAX + 2));
    }
}
