//! The content of a letter as it is sent: with its file and with what it relates to.

use ruma::OwnedEventId;
use serde_json::{Map, Value, json};

use crate::{
    files::Carried,
    letter::{Letter, Relation},
    prompts,
};

/// The content, with its file and with prompts for the reactions below it.
pub(crate) fn of(
    letter: &Letter,
    carried: Carried,
    reactions: &[String],
    related: Option<&OwnedEventId>,
) -> Value {
    let (mut content, file) = match carried {
        Carried::Nothing => (letter.content.clone(), Map::new()),
        Carried::File(keys) => (letter.content.clone(), keys),
        Carried::Words(words) => (words, Map::new()),
    };
    prompts::add(&mut content, &letter.to, reactions);
    let mut content = content.as_object().cloned().unwrap_or_default();
    if !file.is_empty() {
        content.entry("msgtype").or_insert_with(|| json!("m.file"));
        content.entry("body").or_insert_with(|| file.get("filename").cloned().unwrap_or_default());
        content.extend(file);
    }
    let (Some(relation), Some(event)) = (&letter.relation, related) else {
        return Value::Object(content);
    };
    let relates = match relation {
        Relation::Edits(_) => return edited(content, event),
        Relation::Redacts(_) => return Value::Object(content),
        Relation::Reacts(_, key) => {
            let annotation = json!({ "rel_type": "m.annotation", "event_id": event, "key": key });
            return json!({ "m.relates_to": annotation });
        }
        Relation::Thread(_) => json!({
            "rel_type": "m.thread",
            "event_id": event,
            "is_falling_back": true,
            "m.in_reply_to": { "event_id": event },
        }),
        Relation::ReplyTo(_) => json!({ "m.in_reply_to": { "event_id": event } }),
        Relation::Refers(_) => json!({ "rel_type": "m.reference", "event_id": event }),
        Relation::Other(_, kind) => json!({ "rel_type": kind, "event_id": event }),
    };
    content.insert("m.relates_to".to_owned(), relates);
    Value::Object(content)
}

/// A new version of a message: all of it inside, and outside what clients without edits show. Outside it mentions
/// nobody, so an edit rings at nobody's.
fn edited(new: Map<String, Value>, original: &OwnedEventId) -> Value {
    let mut outside = new.clone();
    if let Some(body) = new.get("body").and_then(Value::as_str) {
        outside.insert("body".to_owned(), json!(format!("* {body}")));
    }
    outside.insert("m.mentions".to_owned(), json!({}));
    outside.insert("m.new_content".to_owned(), Value::Object(new));
    outside.insert("m.relates_to".to_owned(), json!({ "rel_type": "m.replace", "event_id": original }));
    Value::Object(outside)
}
