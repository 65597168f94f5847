//! What a message asks, and whom. A pure function over hostile JSON.

use ruma::{EventId, OwnedEventId, OwnedUserId, UserId};
use serde_json::Value;

use crate::limits::MAIL_PEOPLE_MAX;

/// Words at the beginning of a message that say that it is important.
const URGENT: [&str; 6] = ["【紧急】", "[紧急]", "!紧急", "！紧急", "[urgent]", "!ding"];

/// What a message asks, and whom.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Asking {
    pub event: OwnedEventId,
    pub sender: OwnedUserId,
    pub body: String,
    pub mentions: Vec<OwnedUserId>,
    /// Whether it is for everybody whom it concerns.
    pub is_important: bool,
}

/// Reads whether a message asks somebody for something: mentions, cards that wait for somebody, words that say so.
pub(super) fn asking(json: &Value) -> Option<Asking> {
    let content = &json["content"];
    if json["type"] == format!("{}bridge.card", kit::PREFIX) {
        return card(json);
    }
    if json["type"] != "m.room.message" || content["m.relates_to"]["rel_type"] == "m.replace" {
        return None;
    }
    let event = EventId::parse(json["event_id"].as_str()?).ok()?;
    let sender = UserId::parse(json["sender"].as_str()?).ok()?;
    let body = content["body"].as_str()?.to_owned();
    let mentions = content["m.mentions"]["user_ids"].as_array().into_iter().flatten();
    let mentions: Vec<_> =
        mentions.filter_map(|user| UserId::parse(user.as_str()?).ok()).take(MAIL_PEOPLE_MAX).collect();
    let lower = body.trim_start().to_lowercase();
    let is_important = content["m.mentions"]["room"] == true
        || content[format!("{}priority", kit::PREFIX)] == "high"
        || URGENT.iter().any(|word| lower.starts_with(word));
    (!mentions.is_empty() || is_important).then_some(Asking { event, sender, body, mentions, is_important })
}

/// A card of a bot that waits for somebody's decision.
fn card(json: &Value) -> Option<Asking> {
    let content = &json["content"];
    content["buttons"].as_array().filter(|buttons| !buttons.is_empty())?;
    let words = [content["title"].as_str()?, content["body"].as_str().unwrap_or_default()];
    Some(Asking {
        event: EventId::parse(json["event_id"].as_str()?).ok()?,
        sender: UserId::parse(json["sender"].as_str()?).ok()?,
        body: words.join("\n"),
        mentions: vec![UserId::parse(content["for"].as_str()?).ok()?],
        is_important: false,
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_card_is_worth_a_letter_while_it_waits_for_somebody() {
        let card = |buttons: Value| {
            asking(&json!({
                "type": "com.lianqiao.bridge.card", "event_id": "$a", "sender": "@approvals:test",
                "content": { "for": "@li:test", "title": "AP-1", "body": "x", "buttons": buttons },
            }))
        };
        let asked = card(json!([{ "action": "approve" }])).expect("it waits");
        assert_eq!((asked.body.as_str(), asked.mentions.len()), ("AP-1\nx", 1));
        assert_eq!(card(json!([])), None);
    }

    fn asked(content: Value) -> Option<(usize, bool)> {
        let event = json!({
            "type": "m.room.message", "event_id": "$a", "sender": "@li:test", "room_id": "!r:test",
            "content": content,
        });
        asking(&event).map(|asking| (asking.mentions.len(), asking.is_important))
    }

    #[test]
    fn letters_are_for_what_asks_somebody_and_for_what_is_important() {
        let mention = json!({ "user_ids": ["@wang:test", "no user"] });
        for (content, asks) in [
            (json!({ "body": "hi" }), None),
            (json!({ "body": "hi", "m.mentions": mention }), Some((1, false))),
            (json!({ "body": "hi", "m.mentions": { "room": true } }), Some((0, true))),
            (json!({ "body": " 【紧急】停机" }), Some((0, true))),
            (json!({ "body": "[Urgent] stop" }), Some((0, true))),
            (json!({ "body": "x", "com.lianqiao.priority": "high" }), Some((0, true))),
            (
                json!({ "body": "* hi", "m.mentions": mention, "m.relates_to": { "rel_type": "m.replace" } }),
                None,
            ),
            (json!({ "m.mentions": mention }), None),
        ] {
            assert_eq!(asked(content.clone()), asks, "{content}");
        }
        assert_eq!(asking(&json!([])), None);
    }
}
