//! Messages: saying, replying, editing, recalling, and who is told.

use serde_json::{Value, json};

use super::State;
use super::reactions::Reaction;
use crate::limits::MESSAGES_MAX;
use crate::refusal::Refusal;

/// How often a message may be edited.
const EDITS_MAX: u32 = 20;

/// Who does something: a person by `user_id`, or an app by `app_id`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Actor {
    /// A person.
    Person(String),
    /// An app through its bot.
    App(String),
}

impl Actor {
    /// The `user_id` or `app_id`.
    pub(crate) fn id(&self) -> &str {
        match self {
            Self::Person(id) | Self::App(id) => id,
        }
    }
}

/// A place in the content where somebody is mentioned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Mention {
    /// `@_user_1` and so on, or `@_all`.
    pub(crate) key: String,
    /// The `user_id` or `app_id`; nobody when everybody is meant.
    pub(crate) who: Option<String>,
}

/// What somebody wants to say.
#[derive(Clone, Debug)]
pub(crate) struct Draft {
    pub(crate) chat_id: String,
    pub(crate) by: Actor,
    pub(crate) kind: String,
    /// As it is received: flat posts, keys for mentions.
    pub(crate) content: Value,
    /// The card as it was sent.
    pub(crate) card: Option<Value>,
    pub(crate) mentions: Vec<Mention>,
    pub(crate) reply_to: Option<String>,
    pub(crate) in_thread: bool,
    pub(crate) uuid: Option<String>,
}

/// A message.
#[derive(Clone, Debug)]
pub(crate) struct Message {
    pub(crate) message_id: String,
    pub(crate) number: u64,
    pub(crate) chat_id: String,
    pub(crate) by: Actor,
    pub(crate) kind: String,
    pub(crate) content: Value,
    pub(crate) card: Option<Value>,
    /// The messages that it passes on, each with an id of its own there.
    pub(crate) merged: Vec<Message>,
    pub(crate) mentions: Vec<Mention>,
    pub(crate) parent: Option<String>,
    pub(crate) root: Option<String>,
    pub(crate) thread: Option<String>,
    pub(crate) create_ms: u64,
    pub(crate) update_ms: u64,
    pub(crate) edits: u32,
    pub(crate) recalled_ms: Option<u64>,
    pub(crate) reactions: Vec<Reaction>,
    pub(crate) read_by: Vec<(String, u64)>,
}

impl Message {
    pub(crate) fn has_reaction(&self, reaction_id: &str) -> bool {
        self.reactions.iter().any(|reaction| reaction.reaction_id == reaction_id)
    }
}

impl State {
    /// Says it, and tells the bots of the chat if a person said it.
    pub(crate) fn say(&mut self, draft: Draft) -> Result<String, Refusal> {
        if self.messages.len() >= MESSAGES_MAX {
            return Err(Refusal::code(2200));
        }
        let (mut parent, mut root, mut thread) = (None, None, None);
        if let Some(target) = &draft.reply_to {
            let target = self.messages.get(target).ok_or(Refusal::code(99_992_354))?.clone();
            if target.recalled_ms.is_some() {
                return Err(Refusal::code(230_011));
            }
            let first = target.root.clone().unwrap_or_else(|| target.message_id.clone());
            thread = match (target.thread, draft.in_thread) {
                (Some(thread), _) => Some(thread),
                (None, true) => Some(self.begin_thread(&target.message_id)),
                (None, false) => None,
            };
            // Inside of a topic both are its first message.
            parent = Some(if thread.is_some() { first.clone() } else { target.message_id });
            root = Some(first);
        }
        let message_id = self.stage.chance.id("om_", 32);
        let now = self.stage.now_ms();
        if let (Some(uuid), Actor::App(app)) = (draft.uuid, &draft.by) {
            self.uuids.insert((app.clone(), uuid), message_id.clone());
        }
        let message = Message {
            message_id: message_id.clone(),
            number: self.stage.number(),
            chat_id: draft.chat_id,
            by: draft.by,
            kind: draft.kind,
            content: draft.content,
            card: draft.card,
            merged: Vec::new(),
            mentions: draft.mentions,
            parent,
            root,
            thread,
            create_ms: now,
            update_ms: now,
            edits: 0,
            recalled_ms: None,
            reactions: Vec::new(),
            read_by: Vec::new(),
        };
        self.messages.insert(message_id.clone(), message);
        self.tell_message(&message_id);
        Ok(message_id)
    }

    fn begin_thread(&mut self, message_id: &str) -> String {
        let thread = self.stage.chance.id("omt_", 16);
        if let Some(message) = self.messages.get_mut(message_id) {
            message.thread = Some(thread.clone());
        }
        thread
    }

    /// The bots in the chat of a message.
    pub(crate) fn bots_of(&self, message_id: &str) -> Vec<String> {
        let chat = self.messages.get(message_id).and_then(|message| self.chats.get(&message.chat_id));
        chat.map(|chat| chat.bots.iter().cloned().collect()).unwrap_or_default()
    }

    /// Takes a message back. People may do that with their own, and the owner of a group with all in it.
    pub(crate) fn recall(&mut self, message_id: &str, by: &Actor) -> Result<(), Refusal> {
        let now = self.stage.now_ms();
        let window_ms = self.settings.change_window_ms;
        let message = self.messages.get(message_id).ok_or(Refusal::code(99_992_354))?;
        let own = message.by == *by;
        let owner =
            self.chats.get(&message.chat_id).is_some_and(|chat| chat.owner.as_deref() == Some(by.id()));
        if !own && !owner {
            return Err(Refusal::code(230_026));
        }
        if own && !owner && now > message.create_ms + window_ms {
            return Err(Refusal::code(230_009));
        }
        let chat_id = message.chat_id.clone();
        if let Some(message) =
            self.messages.get_mut(message_id).filter(|message| message.recalled_ms.is_none())
        {
            message.recalled_ms = Some(now);
            message.update_ms = now;
        } else {
            return Ok(());
        }
        for bot in self.bots_of(message_id) {
            if by.id() == bot && !self.settings.echoes {
                continue;
            }
            let body = json!({
                "message_id": message_id, "chat_id": chat_id, "recall_time": now.to_string(),
                "recall_type": if own { "message_owner" } else { "group_owner" },
            });
            self.emit(&bot, "im.message.recalled_v1", body);
        }
        Ok(())
    }

    /// Edits a text or a post. No event tells of it.
    pub(crate) fn edit(
        &mut self,
        message_id: &str,
        by: &Actor,
        kind: &str,
        content: Value,
        mentions: Vec<Mention>,
    ) -> Result<(), Refusal> {
        let now = self.stage.now_ms();
        let window_ms = self.settings.change_window_ms;
        let message = self.messages.get_mut(message_id).ok_or(Refusal::code(99_992_354))?;
        if message.by != *by {
            return Err(Refusal::code(230_071));
        }
        if message.recalled_ms.is_some() {
            return Err(Refusal::code(230_011));
        }
        if !["text", "post"].contains(&message.kind.as_str()) {
            return Err(Refusal::code(230_054));
        }
        if message.edits >= EDITS_MAX {
            return Err(Refusal::code(230_072));
        }
        if now > message.create_ms + window_ms {
            return Err(Refusal::code(230_075));
        }
        message.kind = kind.to_owned();
        message.content = content;
        message.mentions = mentions;
        message.edits += 1;
        message.update_ms = now;
        Ok(())
    }

    /// A person reads everything in a chat; bots hear of it for their direct messages.
    pub(crate) fn read(&mut self, chat_id: &str, person: &str) {
        let now = self.stage.now_ms();
        let direct = self.chats.get(chat_id).and_then(|chat| chat.direct.clone());
        let mut read = Vec::new();
        for message in self.messages.values_mut().filter(|message| message.chat_id == chat_id) {
            let known = message.read_by.iter().any(|(reader, _)| reader == person);
            if !known && matches!(message.by, Actor::App(_)) {
                message.read_by.push((person.to_owned(), now));
                read.push(message.message_id.clone());
            }
        }
        if let (Some((_, bot)), false) = (direct, read.is_empty()) {
            let body = json!({
                "reader": {
                    "reader_id": self.ids(&bot, person), "read_time": now.to_string(),
                    "tenant_key": self.tenant_of(person),
                },
                "message_id_list": read,
            });
            self.emit(&bot, "im.message.message_read_v1", body);
        }
    }
}
