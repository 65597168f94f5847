//! The content of a letter as it is sent: with its file and with what it relates to.

use bytes::Bytes;
use ruma::OwnedEventId;
use serde_json::{Map, Value, json};

use crate::{
    Attachment, Intent,
    crypto::locked,
    delivery::Undelivered,
    letter::{Letter, Relation},
    prompts,
};

/// The content, with prompts for the reactions below it. Its file is uploaded, encrypted where the message will be.
pub(crate) async fn of(
    intent: &Intent,
    letter: &Letter,
    reactions: &[String],
    related: Option<&OwnedEventId>,
    is_encrypted: bool,
) -> Result<Value, Undelivered> {
    let mut content = letter.content.clone();
    prompts::add(&mut content, &letter.to, reactions);
    let mut content = content.as_object().cloned().unwrap_or_default();
    if let Some(file) = &letter.attachment {
        attach(intent, file, &mut content, is_encrypted).await?;
    }
    let (Some(relation), Some(event)) = (&letter.relation, related) else {
        return Ok(Value::Object(content));
    };
    let relates = match relation {
        Relation::Edits(_) => return Ok(edited(content, event)),
        Relation::Redacts(_) => return Ok(Value::Object(content)),
        Relation::Reacts(_, key) => {
            let annotation = json!({ "rel_type": "m.annotation", "event_id": event, "key": key });
            return Ok(json!({ "m.relates_to": annotation }));
        }
        Relation::Thread(_) => json!({
            "rel_type": "m.thread",
            "event_id": event,
            "is_falling_back": true,
            "m.in_reply_to": { "event_id": event },
        }),
        Relation::ReplyTo(_) => json!({ "m.in_reply_to": { "event_id": event } }),
        Relation::Refers(_) => json!({ "rel_type": "m.reference", "event_id": event }),
    };
    content.insert("m.relates_to".to_owned(), relates);
    Ok(Value::Object(content))
}

async fn attach(
    intent: &Intent,
    file: &Attachment,
    content: &mut Map<String, Value>,
    is_encrypted: bool,
) -> Result<(), Undelivered> {
    if is_encrypted {
        let (bytes, mut key) = locked(&file.bytes)?;
        // The homeserver learns neither the name nor the type.
        let url = intent.upload(None, "application/octet-stream", bytes).await?;
        key["url"] = json!(url);
        content.insert("file".to_owned(), key);
    } else {
        let url = intent.upload(Some(&file.name), &file.mimetype, Bytes::from(file.bytes.clone())).await?;
        content.insert("url".to_owned(), json!(url));
    }
    content.entry("msgtype").or_insert_with(|| json!("m.file"));
    content.entry("body").or_insert_with(|| json!(file.name));
    content.insert("filename".to_owned(), json!(file.name));
    content.insert("info".to_owned(), json!({ "mimetype": file.mimetype, "size": file.bytes.len() }));
    Ok(())
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
