//! What a message answers, in the shapes that were seen; none is documented.

use bridge_api::{Content, MessageId, message_of_ours};
use serde_json::Value;

use super::received::of_kind;
use crate::{
    lenient::{text, truth},
    limits::QUOTE_CHARACTERS_MAX,
};

/// The message that is answered.
pub fn id(message: &Value) -> Option<MessageId> {
    if let Some(key) = text(message, "originalProcessQueryKey") {
        return message_of_ours(&format!("key:{key}")).ok();
    }
    let inner = replied(message).and_then(|replied| text(replied, "msgId"));
    let older = message.get("quoteMessage").and_then(|quote| text(quote, "msgId"));
    MessageId::new(text(message, "originalMsgId").or(inner).or(older)?).ok()
}

/// What the answered message says, as far as the platform brings it along.
pub fn words(message: &Value) -> Option<String> {
    let (kind, content, name) = match (replied(message), message.get("quoteMessage")) {
        (Some(replied), _) => (text(replied, "msgType"), replied.get("content"), None),
        (None, Some(older)) => (text(older, "msgtype"), older.get("content"), text(older, "senderNick")),
        (None, None) => return None,
    };
    let content = content.unwrap_or(&Value::Null);
    let older =
        message.pointer("/quoteMessage/text/content").or_else(|| message.pointer("/quoteMessage/text"));
    let said = content.get("text").or(older).and_then(Value::as_str).unwrap_or_default();
    let kind = kind.unwrap_or_else(|| "text".to_owned());
    let parts = of_kind(&kind, content, said);
    let words: Vec<String> = parts.iter().map(Content::to_plain).filter(|words| !words.is_empty()).collect();
    let words = words.join("\n");
    let words = match name {
        Some(name) if !words.is_empty() => format!("{name}: {words}"),
        _ => words,
    };
    let words: String = words.chars().take(QUOTE_CHARACTERS_MAX).collect();
    Some(words).filter(|words| !words.is_empty())
}

fn replied(message: &Value) -> Option<&Value> {
    let bodies = [message.get("text"), message.get("content")];
    bodies.into_iter().flatten().find(|body| truth(body, "isReplyMsg"))?.get("repliedMsg")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_answered_comes_in_words_of_every_kind() {
        let replied = |kind: &str, content: Value| {
            json!({"text": {"content": "yes", "isReplyMsg": true,
                "repliedMsg": {"msgId": "m", "msgType": kind, "content": content}}})
        };
        let table = [
            (replied("text", json!({"text": "lunch?"})), Some("lunch?")),
            (replied("picture", json!({"downloadCode": "d"})), Some("[picture]")),
            (replied("file", json!({"downloadCode": "d", "fileName": "a.pdf"})), Some("[a.pdf]")),
            (
                replied("richText", json!({"richText": [{"text": "see"}, {"text": " this"}]})),
                Some("see this"),
            ),
            (replied("chatRecord", json!({"title": "T", "summary": "s"})), Some("[chatRecord] T\ns")),
            (replied("interactiveCard", Value::Null), Some("[interactiveCard]")),
            (
                json!({"quoteMessage": {"msgId": "m", "msgtype": "text", "text": "old", "senderNick": "Li"}}),
                Some("Li: old"),
            ),
            (
                json!({"quoteMessage": {"msgId": "m", "msgtype": "text", "text": {"content": "old"}}}),
                Some("old"),
            ),
            (json!({"text": {"content": "yes", "repliedMsg": {"msgId": "m"}}}), None),
            (json!({"text": {"content": "yes"}}), None),
        ];
        for (message, expected) in table {
            assert_eq!(words(&message).as_deref(), expected, "{message}");
        }
        let long = words(&replied("text", json!({"text": "x".repeat(10 * QUOTE_CHARACTERS_MAX)})));
        assert_eq!(long.map(|words| words.len()), Some(QUOTE_CHARACTERS_MAX));
    }
}
