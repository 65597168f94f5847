//! Messages: who wrote what, who is told, what becomes of them.

use serde_json::Value;
use simulator_stage::Label;

use super::cards::Card;
use super::people::folded;
use super::{Receiver, State};
use crate::limits::MESSAGES_MAX;
use crate::refusal::Refusal;

/// Interactions of one person with one bot that may be unfinished at a time.
const INTERACTIONS_MAX: usize = 3;
/// What can mention somebody; in groups a bot hears nothing else.
const MENTIONING: &[&str] = &["text", "mixed"];

/// Who wrote a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Author {
    Person(String),
    /// A self-built app, by its agentid.
    App(u64),
    /// An AI bot.
    Bot(String),
    /// A webhook, by its key.
    Webhook(String),
    /// An account of customer service, by its id.
    Account(String),
}

impl Author {
    pub(crate) fn id(&self) -> String {
        match self {
            Self::Person(id) | Self::Bot(id) | Self::Webhook(id) | Self::Account(id) => id.clone(),
            Self::App(agent) => agent.to_string(),
        }
    }
}

/// A message.
#[derive(Clone, Debug)]
pub(crate) struct Message {
    pub(crate) id: String,
    pub(crate) by: Author,
    pub(crate) draft: Draft,
    pub(crate) created_ms: u64,
    pub(crate) number: u64,
    pub(crate) recalled: bool,
    /// How often its stream was changed.
    pub(crate) edits: u64,
}

/// A message to be.
#[derive(Clone, Debug, Default)]
pub(crate) struct Draft {
    pub(crate) chat: String,
    /// The msgtype.
    pub(crate) kind: String,
    /// What stands under the msgtype. Media of people stand as `key`.
    pub(crate) content: Value,
    /// People and bots that are mentioned; `all` for everybody.
    pub(crate) at: Vec<String>,
    pub(crate) reply_to: Option<String>,
    /// The msgid that `message/send` answered.
    pub(crate) msgid: Option<String>,
    /// The id of the frame that said it.
    pub(crate) req_id: Option<String>,
    /// What was uploaded for it.
    pub(crate) media: Option<String>,
    pub(crate) card: Option<Card>,
    /// Whether its stream has ended; nothing when it is no stream.
    pub(crate) finished: Option<bool>,
}

impl State {
    /// Puts a message into its chat.
    pub(crate) fn say(&mut self, by: Author, draft: Draft) -> Result<String, Refusal> {
        if self.messages.len() >= MESSAGES_MAX {
            return Err(Refusal::new(-1));
        }
        let to_app = self.chats.get(&draft.chat).and_then(|chat| chat.direct.as_ref());
        let to_app = matches!(to_app, Some((_, Receiver::App(_))));
        let id = if to_app { self.message_number() } else { self.stage.chance.id("", 32) };
        let (created_ms, number) = (self.now_ms(), self.stage.number());
        if let Some(msgid) = &draft.msgid {
            self.sent.entry(msgid.clone()).or_default().push(id.clone());
        }
        let message = Message { id: id.clone(), by, draft, created_ms, number, recalled: false, edits: 0 };
        self.messages.insert(id.clone(), message);
        self.archive_said(&id)?;
        Ok(id)
    }

    /// A person says something, and who may hear it is told.
    pub(crate) fn say_as(&mut self, person: &str, draft: Draft) -> Result<String, Refusal> {
        let person = folded(person);
        let chat = self.chats.get(&draft.chat).cloned().unwrap_or_default();
        let hearing: Vec<Receiver> = match &chat.direct {
            Some((_, with)) => vec![with.clone()],
            // A bot in a group hears what mentions it alone; everybody being mentioned does not count.
            None if MENTIONING.contains(&draft.kind.as_str()) => {
                let heard = chat.bots.iter().filter(|bot| draft.at.contains(bot));
                heard.cloned().map(Receiver::Bot).collect()
            }
            None => Vec::new(),
        };
        let id = self.say(Author::Person(person.clone()), draft)?;
        for receiver in hearing {
            self.be_heard(receiver, &person, &chat.id, &id);
        }
        Ok(id)
    }

    fn be_heard(&mut self, receiver: Receiver, person: &str, chat: &str, message: &str) {
        if let Receiver::Account(account) = &receiver {
            return self.heard_by_account(account, person, message);
        }
        if let Receiver::Bot(bot) = &receiver {
            let known = self.bots.get(bot);
            // Such a bot gets the messages of its creator alone, and nobody is told.
            let creator = known.and_then(|known| known.creator_only.as_deref());
            if creator.is_some_and(|creator| folded(creator) != person) {
                return self.unheard(&receiver, message, "not pushed: of the creator alone");
            }
            if self.interactions(bot, person) >= INTERACTIONS_MAX {
                return self.unheard(&receiver, message, "not pushed: too many interactions");
            }
            if let Some(chat) = self.chats.get_mut(chat) {
                chat.addressed.insert(bot.clone());
            }
        }
        self.tell(receiver, message);
    }

    fn unheard(&mut self, receiver: &Receiver, message: &str, outcome: &str) {
        let label = Label { app: receiver.id(), id: message.to_owned(), what: "message".to_owned() };
        self.stage.note(label, 0, outcome);
    }

    /// How many streams of a bot go on that this person asked for.
    fn interactions(&self, bot: &str, person: &str) -> usize {
        let now = self.now_ms();
        let open = self.streams.iter().filter(|((of, _), stream)| {
            of == bot && stream.person == person && !stream.finished && stream.until_ms > now
        });
        open.count()
    }

    /// Takes back what an app sent with one call.
    pub(crate) fn recall_sent(&mut self, agent: u64, msgid: &str) -> Result<(), Refusal> {
        let now = self.now_ms();
        let window_ms = self.settings.recall_window_ms;
        let messages = self.sent.get(msgid).cloned().unwrap_or_default();
        let own = |message: &&String| {
            self.messages.get(*message).is_some_and(|message| {
                message.by == Author::App(agent) && message.created_ms + window_ms > now
            })
        };
        if messages.is_empty() || messages.iter().filter(own).count() != messages.len() {
            return Err(Refusal::parameter("invalid msgid, or recalled too late"));
        }
        for message in messages {
            if let Some(message) = self.messages.get_mut(&message) {
                message.recalled = true;
            }
        }
        Ok(())
    }
}
