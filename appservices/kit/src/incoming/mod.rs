//! An event becomes what a bot understands: a command, a text, a reaction, somebody who came or went.

mod event;
mod words;

use store::StoreError;

pub(crate) use self::event::Event;
use self::words::{chosen, membership, message};
use crate::{
    BotError, Heard, Kit, PREFIX, What,
    commands::normalised_reaction,
    crypto::{Fresh, Reading},
    prompts::without_bots,
    tables::{Incoming, REACTIONS, ROOMS, RoomRow},
};

/// The types of votes in polls, as they are sent today and as they will be.
pub(crate) const POLL_ANSWERS: [&str; 2] = ["org.matrix.msc3381.poll.response", "m.poll.response"];

/// The types of the state that says who is in a call (MSC3401, MSC4143).
pub const CALL_MEMBERS: [&str; 3] =
    ["org.matrix.msc3401.call.member", "m.call.member", "org.matrix.msc4143.rtc.member"];

/// What an event is before the verbs of the bot are known.
#[derive(Debug)]
pub(crate) enum Meaning {
    /// Somebody asks the bot in.
    Invited,
    /// Something that looks like a command, without its mark.
    Command { name: String, arguments: String },
    /// A command that was edited, or a message that was edited into one: what it would be now.
    EditedCommand { name: String, arguments: String },
    /// What nobody can read without the key of this session.
    NoKey {
        session: String,
        /// Whether the sender said that the bot does not get it.
        is_withheld: bool,
    },
    /// What nobody can read.
    Unreadable,
    /// Anything else that bots hear.
    Other(What),
    /// Nothing that concerns a bot.
    Nothing,
}

/// An event with what it relates to.
pub(crate) struct Interpreted {
    pub heard: Heard,
    pub meaning: Meaning,
    pub row: RoomRow,
    /// What it was of a session, where it was encrypted.
    pub fresh: Option<Fresh>,
}

impl Kit {
    /// Reads an event for a bot. Nothing where it is no event, or the bot has left the room since.
    pub(crate) async fn interpret(
        &self,
        bot: &str,
        incoming: &Incoming,
    ) -> Result<Option<(Event, Interpreted)>, BotError> {
        let Ok(mut event) = serde_json::from_str::<Event>(&incoming.event) else { return Ok(None) };
        let Some(row) = self.0.store.get(&ROOMS, &(bot, &*event.room_id)).await? else { return Ok(None) };
        let (mut hidden, mut fresh) = (None, None);
        if event.kind == "m.room.encrypted" && event.state_key.is_none() {
            match self.read(bot, &event.room_id, &incoming.event).await? {
                Reading::Clear { kind, content, spent } => {
                    (event.kind, event.content) = (kind, content);
                    fresh = self.fresh(bot, spent).await?;
                    if fresh.is_none() {
                        tracing::warn!(event = %event.event_id, "an encrypted message was sent again; it is not heard");
                        hidden = Some(Meaning::Nothing);
                    }
                }
                Reading::NoKey { session, is_withheld } => {
                    hidden = Some(Meaning::NoKey { session, is_withheld });
                }
                Reading::Unreadable => hidden = Some(Meaning::Unreadable),
                Reading::Forged => hidden = Some(Meaning::Nothing),
            }
        }
        let heard = Heard {
            room: event.room_id.clone(),
            is_direct: row.is_direct,
            sender: event.sender.clone(),
            event_id: event.event_id.clone(),
            received_ms: incoming.received_ms,
            thread: event.thread(),
            on: self.letter_meant(&event).await?,
            about: event.annotated().or_else(|| event.pressed_on()).or_else(|| event.answered()),
            mentions: match event.is_in_a_form() {
                true => without_bots(self, event.mentions()),
                false => event.mentions(),
            },
            what: What::Text(String::new()),
        };
        let meaning = match hidden {
            Some(meaning) => meaning,
            None => self.meaning(bot, &event, &row).await?,
        };
        Ok(Some((event, Interpreted { heard, meaning, row, fresh })))
    }

    /// The letter that an event reacts to, answers, or whose thread it is in, the nearest first; of a redaction the one
    /// that the redacted reaction was to.
    async fn letter_meant(&self, event: &Event) -> Result<Option<String>, StoreError> {
        if let Some(redacted) = event.redacted().filter(|_| event.kind == "m.room.redaction") {
            return Ok(self.0.store.get(&REACTIONS, &redacted).await?.map(|row| row.letter));
        }
        let targets =
            [event.annotated(), event.pressed_on(), event.voted_on(), event.reply_to(), event.thread()];
        for target in targets.into_iter().flatten() {
            if let Some(key) = self.letter_of(&target).await? {
                return Ok(Some(key));
            }
        }
        Ok(None)
    }

    async fn meaning(&self, bot: &str, event: &Event, row: &RoomRow) -> Result<Meaning, StoreError> {
        Ok(match event.kind.as_str() {
            "m.room.member" => membership(self.user(bot).map(|user| user.as_str()), event, row),
            "m.room.message" if self.is_for_another(bot, event) => Meaning::Nothing,
            "m.room.message" => message(event),
            "m.reaction" => match event.content["m.relates_to"]["key"].as_str() {
                Some(key) => Meaning::Other(What::Reaction(normalised_reaction(key))),
                None => Meaning::Nothing,
            },
            "m.room.redaction" => self.taken_back(event).await?,
            "m.room.tombstone" => match event.replacement() {
                Some(replacement) => Meaning::Other(What::Upgraded { replacement }),
                None => Meaning::Nothing,
            },
            kind if POLL_ANSWERS.contains(&kind) => {
                Meaning::Other(What::PollAnswered { answers: chosen(event) })
            }
            kind if CALL_MEMBERS.contains(&kind) && event.is_in_call() => Meaning::Other(What::InCall),
            kind if kind.starts_with(PREFIX) => Meaning::Other(What::Ours {
                kind: kind.to_owned(),
                state_key: event.state_key.clone(),
                content: event.content.clone(),
            }),
            _ => Meaning::Nothing,
        })
    }

    /// Whether a command was picked, or a button pressed, of another bot of ours: its client mentions the one that it is for.
    fn is_for_another(&self, bot: &str, event: &Event) -> bool {
        let mentions = event.mentions();
        let is_meant = self.user(bot).is_some_and(|user| mentions.iter().any(|mentioned| mentioned == user));
        event.is_in_a_form() && !is_meant && mentions.iter().any(|user| self.is_ours(user))
    }

    /// A redaction takes back a reaction to a letter of ours, or another event that somebody may have kept in mind.
    async fn taken_back(&self, event: &Event) -> Result<Meaning, StoreError> {
        let Some(redacted) = event.redacted() else { return Ok(Meaning::Nothing) };
        Ok(match self.0.store.get(&REACTIONS, &redacted).await? {
            Some(row) => Meaning::Other(What::ReactionTakenBack { event: redacted, reaction: row.reaction }),
            None => Meaning::Other(What::Redacted { event: redacted }),
        })
    }
}
