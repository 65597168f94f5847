//! What apps and bots are told, before it is dressed for its way.

use serde_json::{Value, json};

use super::State;

/// Who is told.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Receiver {
    /// A self-built app, by its agentid.
    App(u64),
    /// An AI bot, by its id.
    Bot(String),
    /// An account of customer service, by its id: nobody is told at once, what is said there is fetched.
    Account(String),
}

impl Receiver {
    pub(crate) fn id(&self) -> String {
        match self {
            Self::App(agent) => agent.to_string(),
            Self::Bot(id) | Self::Account(id) => id.clone(),
        }
    }
}

/// Something that an app or a bot is told.
#[derive(Clone, Debug)]
pub struct Event {
    pub(crate) to: Receiver,
    /// The MsgId of a message; what makes events different from each other otherwise.
    pub(crate) id: String,
    pub(crate) what: What,
    pub(crate) born_ms: u64,
}

/// What is told.
#[derive(Clone, Debug)]
pub(crate) enum What {
    /// A message of a person, by its id; it is put into words when it is sent.
    Message(String),
    /// Something happened: the fields of an app's XML but for the receiver.
    Happened(Value),
    /// Something happened to a bot.
    Bot {
        /// The eventtype.
        name: &'static str,
        /// What stands under the event's name.
        data: Value,
        person: String,
        chat: String,
    },
}

impl State {
    fn put(&self, to: Receiver, id: String, what: What) {
        self.queue.put(Event { to, id, what, born_ms: self.now_ms() });
    }

    /// Tells somebody of a message.
    pub(crate) fn tell(&mut self, to: Receiver, message: &str) {
        self.put(to, message.to_owned(), What::Message(message.to_owned()));
    }

    /// Tells an app that something happened: `fields` beside who, when and what kind. `by` is `sys` for the platform.
    pub(crate) fn emit(&mut self, agent: u64, by: &str, event: &str, fields: &Value) {
        let event = self.happened(agent, by, event, fields);
        self.queue.put(event);
    }

    /// The same, for somebody who brings it themselves.
    pub(crate) fn happened(&mut self, agent: u64, by: &str, event: &str, fields: &Value) -> Event {
        let mut all = json!({
            "FromUserName": by, "CreateTime": self.now_s(), "MsgType": "event", "Event": event, "AgentID": agent,
        });
        for (name, value) in fields.as_object().into_iter().flatten() {
            all[name.as_str()] = value.clone();
        }
        let id = self.stage.chance.id("", 16);
        Event { to: Receiver::App(agent), id, what: What::Happened(all), born_ms: self.now_ms() }
    }

    /// Tells a bot that something happened.
    pub(crate) fn emit_to_bot(
        &mut self,
        bot: &str,
        name: &'static str,
        data: Value,
        person: &str,
        chat: &str,
    ) {
        let event = self.happened_to_bot(bot, name, data, person, chat);
        self.queue.put(event);
    }

    /// The same, for somebody who brings it themselves.
    pub(crate) fn happened_to_bot(
        &mut self,
        bot: &str,
        name: &'static str,
        data: Value,
        person: &str,
        chat: &str,
    ) -> Event {
        let what = What::Bot { name, data, person: person.to_owned(), chat: chat.to_owned() };
        let id = self.stage.chance.id("", 32);
        Event { to: Receiver::Bot(bot.to_owned()), id, what, born_ms: self.now_ms() }
    }
}
