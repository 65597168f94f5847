//! What an entry of the archive is: who, where, when, and what of it becomes something here. Pure.

use bridge_api::{
    Content, MessageId,
    lenient::{items, number, text},
    limits::PARTS_MAX,
};
use serde_json::Value;

use super::content::{self, KeptFile};
use crate::ids;

/// With what the platform begins words that answer other words.
const QUOTING: &str = "这是一条引用/回复消息";
/// The shortest line that stands between what is quoted and what is said.
const LINE_CHARACTERS_MIN: usize = 3;
/// With what ids of messages end that people of other companies see too.
const EXTERNAL: [&str; 2] = ["_external", "_updown_stream"];

/// An entry that means something here.
#[derive(Debug, PartialEq)]
pub(super) struct Heard {
    /// The id of the message.
    pub id: String,
    /// Where it happened.
    pub place: Where,
    /// Who did it, as the platform calls them.
    pub from: String,
    /// When, in milliseconds since the Unix epoch.
    pub at_ms: u64,
    /// Whether people of other companies are there.
    pub is_external: bool,
    /// What it is.
    pub what: What,
}

/// Where something happened.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Where {
    /// In a group, by its roomid.
    Room(String),
    /// Between two people, in the order of their ids.
    Between(String, String),
}

/// What happened.
#[derive(Debug, PartialEq)]
pub(super) enum What {
    /// Something was said.
    Said {
        /// What, at least one.
        parts: Vec<Content>,
        /// The files among it.
        files: Vec<KeptFile>,
        /// The words that it answers.
        quote: Option<String>,
    },
    /// A message was taken back.
    Recalled(MessageId),
}

/// Reads an entry.
///
/// # Errors
/// Why it is nothing to a bridge.
pub(super) fn read(entry: &Value) -> Result<Heard, String> {
    let action = text(entry, "action").unwrap_or_default();
    let kind = text(entry, "msgtype").unwrap_or_default();
    let left_out = |why: &str| format!("an entry {action:?} of kind {kind:?}: {why}");
    if action == "switch" {
        return Err(left_out("somebody looks at another company"));
    }
    let id = text(entry, "msgid").ok_or_else(|| left_out("no id"))?;
    let from = text(entry, "from").ok_or_else(|| left_out("no sender"))?;
    let to: Vec<&str> = items(entry, "tolist").iter().filter_map(Value::as_str).collect();
    let place = match text(entry, "roomid") {
        Some(room) => Where::Room(room),
        None => between(&from, &to).ok_or_else(|| left_out("neither a group nor two people"))?,
    };
    let is_external = EXTERNAL.iter().any(|end| id.ends_with(end))
        || to.iter().chain([&&*from]).any(|user| ids::is_open(user));
    let what = if kind == "revoke" || action == "recall" {
        let before = entry.pointer("/revoke/pre_msgid").and_then(Value::as_str);
        let before = before.and_then(|id| MessageId::new(id).ok());
        What::Recalled(before.ok_or_else(|| left_out("nothing that was taken back"))?)
    } else {
        said(entry, &kind)
    };
    Ok(Heard { id, place, from, at_ms: number(entry, "msgtime").unwrap_or_default(), is_external, what })
}

fn between(from: &str, to: &[&str]) -> Option<Where> {
    let [to] = to else { return None };
    let (one, other) = (ids::person(from)?.to_string(), ids::person(to)?.to_string());
    Some(if one <= other { Where::Between(one, other) } else { Where::Between(other, one) })
}

fn said(entry: &Value, kind: &str) -> What {
    let member = match kind {
        "docmsg" => "doc",
        "markdown" | "news" => "info",
        "external_redpacket" if entry.get(kind).is_none() => "redpacket",
        other => other,
    };
    let body = entry.get(member).unwrap_or(&Value::Null);
    let mut files = Vec::new();
    let (mut quote, mut parts) = (None, Vec::new());
    if kind == "text" {
        let words = body.get("content").and_then(Value::as_str).unwrap_or_default();
        let (quoted, own) = unquoted(words);
        quote = quoted;
        parts.push(content::plain(own));
    } else {
        parts = content::parts(kind, body, &mut files, 0);
    }
    parts.truncate(PARTS_MAX);
    if parts.is_empty() {
        parts.push(Content::Unsupported { kind: kind.to_owned(), fallback: String::new() });
    }
    What::Said { parts, files, quote }
}

/// The words that are answered, and the words themselves: the platform writes both into one text with a line between them.
fn unquoted(words: &str) -> (Option<String>, &str) {
    let whole = || (None, words);
    let Some(rest) = words.strip_prefix(QUOTING) else { return whole() };
    let mut at = 0;
    for line in rest.split_inclusive('\n') {
        let dashes = line.trim();
        if dashes.chars().count() >= LINE_CHARACTERS_MIN && dashes.chars().all(|letter| letter == '-') {
            let marks = |letter: char| {
                letter.is_whitespace() || matches!(letter, ':' | '：' | '"' | '“' | '”' | '「' | '」')
            };
            let quoted = rest[..at].trim_matches(marks).to_owned();
            let own = rest[at + line.len()..].trim();
            return (Some(quoted).filter(|quoted| !quoted.is_empty()), own);
        }
        at += line.len();
    }
    whole()
}

#[cfg(test)]
mod tests {
    use bridge_api::RichText;
    use serde_json::json;

    use super::*;

    fn entry(more: &Value) -> Value {
        let mut entry = json!({"msgid": "CAQQ_1", "action": "send", "from": "ZhangSan", "tolist": ["lisi", "wangwu"],
            "roomid": "wrRoom", "msgtime": 1_700_000_000_123_u64, "msgtype": "text", "text": {"content": "你好"}});
        for (name, value) in more.as_object().into_iter().flatten() {
            entry[name] = value.clone();
        }
        entry
    }

    #[test]
    fn an_entry_says_who_where_and_when() {
        let heard = read(&entry(&json!({}))).expect("something");
        assert_eq!((heard.id.as_str(), heard.from.as_str()), ("CAQQ_1", "ZhangSan"));
        assert_eq!((heard.at_ms, heard.is_external), (1_700_000_000_123, false));
        assert_eq!(heard.place, Where::Room("wrRoom".into()));
        let parts = vec![Content::Text(RichText::plain("你好"))];
        assert_eq!(heard.what, What::Said { parts, files: Vec::new(), quote: None });
    }

    #[test]
    fn two_people_are_one_conversation_whoever_speaks() {
        let direct =
            |from: &str, to: &str| read(&entry(&json!({"roomid": "", "from": from, "tolist": [to]})));
        let place = Where::Between("lisi".into(), "zhangsan".into());
        assert_eq!(direct("ZhangSan", "lisi").expect("something").place, place);
        assert_eq!(direct("lisi", "zhangsan").expect("something").place, place);
        let customer = direct("wmXXXXXXXXXXXXXXXXXXXXXXXXXXXXXX", "lisi").expect("something");
        assert!(customer.is_external);
    }

    #[test]
    fn what_was_taken_back_names_the_message_and_what_is_nothing_says_why() {
        let recalled = read(&entry(
            &json!({"action": "recall", "msgtype": "revoke", "revoke": {"pre_msgid": "CAQQ_0"}}),
        ));
        let message = MessageId::new("CAQQ_0").expect("an id");
        assert_eq!(recalled.expect("something").what, What::Recalled(message));
        let nothing = [
            json!({"msgid": "x", "action": "switch", "time": 1, "user": "lisi"}),
            json!({"msgid": "x", "action": "send", "msgtype": "text"}),
            json!({"msgid": "x", "action": "send", "from": "lisi", "tolist": [], "msgtype": "text"}),
            entry(&json!({"action": "recall", "msgtype": "revoke"})),
        ];
        for entry in nothing {
            assert!(read(&entry).is_err(), "{entry}");
        }
    }

    #[test]
    fn an_answer_is_parted_from_what_it_answers() {
        let table = [
            ("这是一条引用/回复消息：\n\"张三：\n午饭?\"\n------\n好的", Some("张三：\n午饭?"), "好的"),
            ("这是一条引用/回复消息：\n没有线", None, "这是一条引用/回复消息：\n没有线"),
            ("a\n------\nb", None, "a\n------\nb"),
        ];
        for (words, quote, own) in table {
            assert_eq!(unquoted(words), (quote.map(str::to_owned), own), "{words}");
        }
    }
}
