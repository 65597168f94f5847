//! Messages as apps are told of them, and as the API shows them.

use serde_json::{Value, json};

use super::State;
use super::chats::Chat;
use super::messages::{Actor, Message};

impl State {
    /// What bots say no bot hears; the rest by the scopes that each has.
    pub(super) fn tell_message(&mut self, message_id: &str) {
        for bot in self.bots_of(message_id) {
            let (Some(message), Some(app)) = (self.messages.get(message_id), self.apps.get(&bot)) else {
                continue;
            };
            let direct = self.chats.get(&message.chat_id).is_some_and(|chat| chat.direct.is_some());
            let mentioned = message.mentions.iter().any(|mention| mention.who.as_deref() == Some(&bot));
            let hears = match direct {
                true => app.may_any(&["im:message.p2p_msg:readonly", "im:message.p2p_msg"]),
                false => {
                    app.may_any(&["im:message.group_msg", "im:message.group_msg:readonly"])
                        || mentioned
                            && app.may_any(&["im:message.group_at_msg:readonly", "im:message.group_at_msg"])
                }
            };
            if hears && matches!(message.by, Actor::Person(_)) {
                let body = self.received(&bot, message);
                self.emit(&bot, "im.message.receive_v1", body);
            }
        }
    }

    /// The body of `im.message.receive_v1`.
    pub(crate) fn received(&self, viewer: &str, message: &Message) -> Value {
        let chat_type = self.chats.get(&message.chat_id).map_or("group", Chat::chat_type);
        let mut body = json!({
            "message_id": message.message_id,
            "create_time": message.create_ms.to_string(),
            "update_time": message.update_ms.to_string(),
            "chat_id": message.chat_id,
            "chat_type": chat_type,
            "message_type": message.kind,
            "content": if message.recalled_ms.is_some() { String::new() } else { message.content.to_string() },
        });
        name_what_it_answers(&mut body, message);
        // The list is missing where everybody is mentioned.
        let mentions: Vec<_> = message
            .mentions
            .iter()
            .filter_map(|mention| {
                let who = mention.who.as_deref()?;
                Some(json!({
                    "key": mention.key, "id": self.ids(viewer, who), "name": self.name_of(who),
                    "mentioned_type": if self.apps.contains_key(who) { "bot" } else { "user" },
                    "tenant_key": self.tenant_of(who),
                }))
            })
            .collect();
        if !mentions.is_empty() {
            body["mentions"] = mentions.into();
        }
        json!({
            "sender": {
                "sender_id": self.ids(viewer, message.by.id()), "tenant_key": self.tenant_of(message.by.id()),
                "sender_type": if matches!(message.by, Actor::Person(_)) { "user" } else { "bot" },
            },
            "message": body,
        })
    }

    /// A message as the API shows it. `whole_cards` asks for cards as they were sent.
    pub(crate) fn shown(&self, viewer: &str, message: &Message, id_kind: &str, whole_cards: bool) -> Value {
        let (id, id_type, sender_type) = match &message.by {
            Actor::Person(person) => (self.id_of(viewer, person, id_kind), id_kind, "user"),
            Actor::App(app) => (app.clone(), "app_id", "app"),
        };
        let content = match (&message.card, message.recalled_ms) {
            (_, Some(_)) => "This message was recalled".to_owned(),
            (Some(card), None) if whole_cards => card.to_string(),
            (_, None) => message.content.to_string(),
        };
        let mut shown = json!({
            "message_id": message.message_id, "msg_type": message.kind, "chat_id": message.chat_id,
            "create_time": message.create_ms.to_string(), "update_time": message.update_ms.to_string(),
            "deleted": message.recalled_ms.is_some(), "updated": message.edits > 0,
            "sender": {
                "id": id, "id_type": id_type, "sender_type": sender_type,
                "tenant_key": self.tenant_of(message.by.id()),
            },
            "body": { "content": content },
        });
        name_what_it_answers(&mut shown, message);
        let mentions: Vec<_> = message
            .mentions
            .iter()
            .filter_map(|mention| {
                let who = mention.who.as_deref()?;
                Some(json!({
                    "key": mention.key, "id": self.id_of(viewer, who, "open_id"), "id_type": "open_id",
                    "name": self.name_of(who), "tenant_key": self.tenant_of(who),
                }))
            })
            .collect();
        if !mentions.is_empty() {
            shown["mentions"] = mentions.into();
        }
        shown
    }
}

/// The messages and the thread that a message belongs to, as far as there are any.
fn name_what_it_answers(shown: &mut Value, message: &Message) {
    for (name, value) in
        [("root_id", &message.root), ("parent_id", &message.parent), ("thread_id", &message.thread)]
    {
        if let Some(value) = value {
            shown[name] = value.clone().into();
        }
    }
}
