//! Messages: who wrote what, who is told, what becomes of them.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::{State, Told};
use crate::chance::opaque;
use crate::limits::MESSAGES_MAX;
use crate::refusal::Refusal;

/// Who wrote a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Author {
    Person(String),
    /// The robot of an app.
    Robot(String),
    /// A custom robot, by its token.
    Custom(String),
}

impl Author {
    pub(crate) fn id(&self) -> &str {
        match self {
            Self::Person(id) | Self::Robot(id) | Self::Custom(id) => id,
        }
    }
}

/// A message.
#[derive(Clone, Debug)]
pub(crate) struct Message {
    pub(crate) id: String,
    pub(crate) chat: String,
    pub(crate) by: Author,
    /// A msgtype of people, or of a session's webhook, or the msgKey of a robot.
    pub(crate) kind: String,
    /// What it says. Media of people stand as the ids of what was uploaded.
    pub(crate) content: Value,
    /// People and apps that are mentioned; `all` for everybody.
    pub(crate) at: Vec<String>,
    pub(crate) reply_to: Option<String>,
    /// The processQueryKey of what a robot sent by the API.
    pub(crate) query_key: Option<String>,
    /// The outTrackId of a card.
    pub(crate) card: Option<String>,
    pub(crate) created_ms: u64,
    pub(crate) number: u64,
    pub(crate) recalled: bool,
    pub(crate) read_by: BTreeSet<String>,
    /// Reactions that robots put on it: the text and whose.
    pub(crate) reactions: BTreeMap<String, BTreeSet<String>>,
}

/// A message to be.
#[derive(Clone, Debug, Default)]
pub(crate) struct Draft {
    pub(crate) chat: String,
    pub(crate) kind: String,
    pub(crate) content: Value,
    pub(crate) at: Vec<String>,
    pub(crate) reply_to: Option<String>,
    pub(crate) query_key: Option<String>,
    pub(crate) card: Option<String>,
}

impl State {
    /// Puts a message into its chat and tells the robots that may hear it.
    pub(crate) fn say(&mut self, by: Author, draft: Draft) -> Result<String, Refusal> {
        if self.messages.len() >= MESSAGES_MAX {
            return Err(Refusal::control("there are too many messages"));
        }
        let id = opaque(&mut self.stage.chance, "msg");
        // Two messages never share a time, or nothing that the platform shows would say which was first.
        self.last_said_ms = self.stage.now_ms().max(self.last_said_ms + 1);
        let (created_ms, number) = (self.last_said_ms, self.stage.number());
        if let Some(key) = &draft.query_key {
            self.query_keys.insert(key.clone(), id.clone());
        }
        let chat = self.chats.get(&draft.chat);
        // A robot hears what is said to it alone; everybody being mentioned does not count.
        let hearing: Vec<String> = match (&by, chat) {
            (Author::Person(_), Some(chat)) => chat
                .robots
                .iter()
                .filter(|app| chat.direct.is_some() || draft.at.contains(app))
                .cloned()
                .collect(),
            (Author::Person(_) | Author::Robot(_) | Author::Custom(_), _) => Vec::new(),
        };
        let message = Message {
            id: id.clone(),
            chat: draft.chat,
            by,
            kind: draft.kind,
            content: draft.content,
            at: draft.at,
            reply_to: draft.reply_to,
            query_key: draft.query_key,
            card: draft.card,
            created_ms,
            number,
            recalled: false,
            read_by: BTreeSet::new(),
            reactions: BTreeMap::new(),
        };
        self.messages.insert(id.clone(), message);
        for app in hearing {
            self.tell(&app, Told::Robot(id.clone()));
        }
        Ok(id)
    }

    /// Tells the app of a robot's message what a person did with it.
    fn tell_of_message(&mut self, message: &Message, event_type: &'static str, person: &str) {
        let Author::Robot(app) = &message.by else { return };
        let union_id = self.people.get(person).map(|person| person.union_id.clone());
        let data = json!({
            "unionId": union_id, "userId": person, "operatTime": self.stage.now_ms(), "robotCode": app,
            "openConversationId": message.chat, "processQueryKey": message.query_key,
        });
        self.emit(&app.clone(), event_type, data);
    }

    /// A person takes a message back. Nobody is told, unless a robot wrote it.
    pub(crate) fn recall(&mut self, id: &str, person: &str) -> Result<(), Refusal> {
        let message =
            self.messages.get_mut(id).ok_or_else(|| Refusal::control("there is no such message"))?;
        message.recalled = true;
        let message = message.clone();
        self.tell_of_message(&message, "robot_msg_recall", person);
        Ok(())
    }

    /// A person reads everything in a chat; apps are told of what their robots sent by the API.
    pub(crate) fn read(&mut self, chat: &str, person: &str) {
        let mut read: Vec<Message> = Vec::new();
        for message in self.messages.values_mut().filter(|message| message.chat == chat) {
            if message.read_by.insert(person.to_owned()) && message.query_key.is_some() && !message.recalled {
                read.push(message.clone());
            }
        }
        read.sort_by_key(|message| message.number);
        for message in read {
            self.tell_of_message(&message, "robot_msg_read", person);
        }
    }
}
