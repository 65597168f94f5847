//! Messages and what happens to them. Events and history write messages in two shapes; both are read here.

use bridge_api::{
    Arrival, Happened, Message, MessageId, PersonId, Sender, ThreadId, limits::PEOPLE_AT_ONCE_MAX,
};
use serde_json::Value;

use super::{
    Envelope, EventError, Ourselves, arrival,
    fields::{conversation, list, message, message_of, milliseconds, person, text},
};
use crate::{
    content::{mentions::Mentions, received},
    emoji,
    ids::TopicId,
};

/// A message that somebody has just sent.
pub fn received(envelope: &Envelope, ours: &Ourselves) -> Result<Vec<Arrival>, EventError> {
    let null = Value::Null;
    let said = envelope.event.get("message").unwrap_or(&null);
    let sender = envelope.event.get("sender").unwrap_or(&null);
    let written = Written {
        kind: text(said, "message_type"),
        content: text(said, "content"),
        from: live_sender(sender, ours),
        trace: Some(&envelope.id),
    };
    Ok(vec![written.arrival(said, ours, envelope.at_ms)?])
}

/// A message of history: the message itself, its last change, or that it was taken back.
///
/// # Errors
/// [`EventError`] for an item that is no message.
pub fn of_history(item: &Value, ours: &Ourselves) -> Result<Vec<Arrival>, EventError> {
    if is_taken_back(item) {
        return Ok(vec![taken_back(item, ours)?]);
    }
    let written = Written {
        kind: text(item, "msg_type"),
        content: item.get("body").map(|body| text(body, "content")).unwrap_or_default(),
        from: history_sender(item.get("sender").unwrap_or(&Value::Null), ours),
        trace: None,
    };
    let mut arrivals = vec![written.arrival(item, ours, 0)?];
    if item.get("updated").and_then(Value::as_bool).unwrap_or_default() {
        arrivals.extend(edited(&arrivals, item, ours)?);
    }
    Ok(arrivals)
}

/// Whether an item of history was taken back.
pub fn is_taken_back(item: &Value) -> bool {
    item.get("deleted").and_then(Value::as_bool).unwrap_or_default()
}

/// The change of a message, known by the time of the change: no event tells of it.
fn edited(arrivals: &[Arrival], item: &Value, ours: &Ourselves) -> Result<Option<Arrival>, EventError> {
    let Some(Arrival { conversation, what: Happened::Message(message), at_ms, .. }) = arrivals.first() else {
        return Ok(None);
    };
    let at_ms = milliseconds(item.get("update_time")).unwrap_or(*at_ms);
    let (from, parts) = (message.from.clone(), message.parts.clone());
    Ok(Some(Arrival {
        key: ours.key("edited", &format!("{}:{at_ms}", message.id))?,
        conversation: conversation.clone(),
        at_ms,
        trace: None,
        what: Happened::Edited { message: message.id.clone(), from, parts },
    }))
}

struct Written<'a> {
    kind: &'a str,
    content: &'a str,
    from: Sender,
    trace: Option<&'a str>,
}

impl Written<'_> {
    fn arrival(self, said: &Value, ours: &Ourselves, otherwise_at_ms: u64) -> Result<Arrival, EventError> {
        // Taken back before it was delivered.
        if self.content.is_empty() {
            return taken_back(said, ours);
        }
        let id = message(said, "message_id")?;
        let mentions = Mentions::read(said.get("mentions"));
        let (reply_to, thread) = place(said);
        let parts = received::parts(self.kind, self.content, &mentions);
        Ok(Arrival {
            key: ours.key("message", id.as_str())?,
            conversation: Some(conversation(said, "chat_id")?),
            at_ms: milliseconds(said.get("create_time")).unwrap_or(otherwise_at_ms),
            trace: self.trace.map(str::to_owned),
            what: Happened::Message(Message { id, from: self.from, parts, reply_to, thread }),
        })
    }
}

/// What a message answers, and the topic that it stands in. In a topic everything names the first message, which is
/// no answer to it.
fn place(said: &Value) -> (Option<MessageId>, Option<(ThreadId, Option<MessageId>)>) {
    let (parent, root) = (message_of(text(said, "parent_id")), message_of(text(said, "root_id")));
    let topic = TopicId::parse(text(said, "thread_id")).and_then(|id| ThreadId::new(id.as_str()).ok());
    match topic {
        Some(topic) => (parent.filter(|parent| Some(parent) != root.as_ref()), Some((topic, root))),
        None => (parent, None),
    }
}

/// Who said it. Somebody of whom the platform gives no open id says something all the same.
fn live_sender(sender: &Value, ours: &Ourselves) -> Sender {
    let ids = sender.get("sender_id").unwrap_or(&Value::Null);
    let other = || ["union_id", "user_id"].iter().find_map(|key| PersonId::new(text(ids, key)).ok());
    let Some(id) = person(Some(ids)).or_else(other) else { return Sender::System };
    match text(sender, "sender_type") {
        _ if ours.is(id.as_str()) => Sender::Ourselves,
        "bot" | "app" => Sender::Bot { id, name: None },
        _ => Sender::Person { id, name: None, external: ours.is_external(text(sender, "tenant_key")) },
    }
}

fn history_sender(sender: &Value, ours: &Ourselves) -> Sender {
    let Ok(id) = PersonId::new(text(sender, "id")) else { return Sender::System };
    match text(sender, "sender_type") {
        _ if ours.is(id.as_str()) => Sender::Ourselves,
        "user" => Sender::Person { id, name: None, external: ours.is_external(text(sender, "tenant_key")) },
        "app" | "bot" => Sender::Bot { id, name: None },
        _ => Sender::System,
    }
}

fn taken_back(said: &Value, ours: &Ourselves) -> Result<Arrival, EventError> {
    let id = message(said, "message_id")?;
    let at_ms = milliseconds(said.get("update_time").or_else(|| said.get("create_time")));
    Ok(Arrival {
        key: ours.key("recalled", id.as_str())?,
        conversation: Some(conversation(said, "chat_id")?),
        at_ms: at_ms.unwrap_or_default(),
        trace: None,
        what: Happened::Recalled { message: id, by: None },
    })
}

/// A message that was taken back. The platform does not say by whom.
pub fn recalled(envelope: &Envelope, ours: &Ourselves) -> Result<Arrival, EventError> {
    let event = &envelope.event;
    let message = message(event, "message_id")?;
    Ok(Arrival {
        key: ours.key("recalled", message.as_str())?,
        conversation: Some(conversation(event, "chat_id")?),
        at_ms: milliseconds(event.get("recall_time")).unwrap_or(envelope.at_ms),
        trace: Some(envelope.id.clone()),
        what: Happened::Recalled { message, by: None },
    })
}

/// A reaction that came or went.
pub fn reacted(envelope: &Envelope, ours: &Ourselves, added: bool) -> Result<Arrival, EventError> {
    let event = &envelope.event;
    let name = event.get("reaction_type").map(|kind| text(kind, "emoji_type")).unwrap_or_default();
    if name.is_empty() {
        return Err(EventError::missing("emoji_type"));
    }
    let app = text(event, "app_id");
    let from = match person(event.get("user_id")) {
        _ if text(event, "operator_type") == "app" && ours.is(app) => Sender::Ourselves,
        Some(id) if ours.is(id.as_str()) => Sender::Ourselves,
        Some(id) => Sender::Person { id, name: None, external: None },
        None => {
            let id = PersonId::new(app).map_err(|_| EventError::missing("user_id"))?;
            Sender::Bot { id, name: None }
        }
    };
    let message = message(event, "message_id")?;
    let what = Happened::Reacted { message, from, emoji: emoji::emoji_of(name), added };
    let at_ms = milliseconds(event.get("action_time")).unwrap_or(envelope.at_ms);
    Ok(Arrival { at_ms, ..arrival(envelope, ours, None, what)? })
}

/// Messages of ours that somebody has read, in direct chats alone.
pub fn read(envelope: &Envelope, ours: &Ourselves) -> Result<Vec<Arrival>, EventError> {
    let reader = envelope.event.get("reader").unwrap_or(&Value::Null);
    let person = person(reader.get("reader_id")).ok_or_else(|| EventError::missing("reader_id"))?;
    let ids =
        list(&envelope.event, "message_id_list").iter().filter_map(Value::as_str).filter_map(message_of);
    let messages: Vec<_> = ids.take(PEOPLE_AT_ONCE_MAX).collect();
    if messages.is_empty() {
        return Ok(Vec::new());
    }
    let at_ms = milliseconds(reader.get("read_time")).unwrap_or(envelope.at_ms);
    Ok(vec![Arrival { at_ms, ..arrival(envelope, ours, None, Happened::Read { person, messages })? }])
}
