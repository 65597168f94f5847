//! An event becomes what a bot understands: a command, a text, a reaction, somebody who came or went.

use ruma::{EventId, OwnedEventId, OwnedRoomId, OwnedUserId};
use serde::Deserialize;
use serde_json::Value;
use store::StoreError;

use crate::{
    BotError, FileSource, Heard, Kit, PREFIX, What,
    commands::{normalised_reaction, typed, without_quotation},
    crypto::{Fresh, Reading},
    descriptions::picked,
    limits::{MENTIONS_MAX, POLL_ANSWER_BYTES_MAX, POLL_ANSWERS_MAX},
    prompts::{used, without_bots},
    tables::{Incoming, REACTIONS, ROOMS, RoomRow},
};

/// The types of votes in polls, as they are sent today and as they will be.
pub(crate) const POLL_ANSWERS: [&str; 2] = ["org.matrix.msc3381.poll.response", "m.poll.response"];

/// The types of the state that says who is in a call (MSC3401, MSC4143).
pub const CALL_MEMBERS: [&str; 3] =
    ["org.matrix.msc3401.call.member", "m.call.member", "org.matrix.msc4143.rtc.member"];

/// An event as the homeserver sends it.
#[derive(Debug, Deserialize)]
pub(crate) struct Event {
    pub event_id: OwnedEventId,
    pub room_id: OwnedRoomId,
    pub sender: OwnedUserId,
    #[serde(rename = "type")]
    pub kind: String,
    #[serde(default)]
    pub state_key: Option<String>,
    #[serde(default)]
    pub content: Value,
    /// Of redactions in rooms before version 11.
    #[serde(default)]
    redacts: Option<OwnedEventId>,
}

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

impl Event {
    fn relation(&self, key: &str) -> Option<OwnedEventId> {
        EventId::parse(self.content["m.relates_to"][key].as_str()?).ok()
    }

    fn relation_kind(&self) -> Option<&str> {
        self.content["m.relates_to"]["rel_type"].as_str()
    }

    fn thread(&self) -> Option<OwnedEventId> {
        (self.relation_kind() == Some("m.thread")).then(|| self.relation("event_id")).flatten()
    }

    fn reply_to(&self) -> Option<OwnedEventId> {
        EventId::parse(self.content["m.relates_to"]["m.in_reply_to"]["event_id"].as_str()?).ok()
    }

    /// What a person chose to answer: in a thread, old clients are shown an answer that nobody meant.
    fn answered(&self) -> Option<OwnedEventId> {
        let is_meant = self.content["m.relates_to"]["is_falling_back"] != true;
        is_meant.then(|| self.reply_to()).flatten()
    }

    fn mentions(&self) -> Vec<OwnedUserId> {
        let users = self.content["m.mentions"]["user_ids"].as_array().into_iter().flatten();
        users.filter_map(|user| OwnedUserId::try_from(user.as_str()?).ok()).take(MENTIONS_MAX).collect()
    }

    /// The room that takes the place of this one, if the event says so.
    fn replacement(&self) -> Option<OwnedRoomId> {
        self.state_key.as_deref().filter(|key| key.is_empty())?;
        let room = OwnedRoomId::try_from(self.content["replacement_room"].as_str()?).ok()?;
        (room != self.room_id).then_some(room)
    }

    /// What a reaction is to.
    fn annotated(&self) -> Option<OwnedEventId> {
        (self.kind == "m.reaction").then(|| self.relation("event_id")).flatten()
    }

    /// What the prompt belongs to that a message uses: what it answers, or the root of the thread that it is in, where old clients
    /// are shown it as an answer to whatever stands last.
    fn pressed_on(&self) -> Option<OwnedEventId> {
        used(&self.content)?;
        self.answered().or_else(|| self.thread())
    }

    /// Whether a client wrote it that offers commands and buttons in forms: it mentions the bot that is meant.
    fn is_in_a_form(&self) -> bool {
        picked(&self.content).is_some() || used(&self.content).is_some()
    }

    /// The poll that a vote is in.
    fn voted_on(&self) -> Option<OwnedEventId> {
        let is_vote =
            POLL_ANSWERS.contains(&self.kind.as_str()) && self.relation_kind() == Some("m.reference");
        is_vote.then(|| self.relation("event_id")).flatten()
    }

    /// Whoever leaves a call empties their state, or their list of memberships.
    fn is_in_call(&self) -> bool {
        let is_empty = |content: &Value| content.as_object().is_none_or(serde_json::Map::is_empty);
        let has_left = self.content["memberships"].as_array().is_some_and(Vec::is_empty);
        self.state_key.is_some() && !is_empty(&self.content) && !has_left
    }

    fn redacted(&self) -> Option<OwnedEventId> {
        let inside = self.content["redacts"].as_str().and_then(|event| EventId::parse(event).ok());
        inside.or_else(|| self.redacts.clone())
    }
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

fn membership(bot: Option<&str>, event: &Event, row: &RoomRow) -> Meaning {
    let membership = event.content["membership"].as_str().unwrap_or_default();
    let Some(user) = &event.state_key else { return Meaning::Nothing };
    if bot == Some(user) {
        return match membership {
            "invite" if !row.is_joined => Meaning::Invited,
            "join" => Meaning::Other(What::Joined { inviter: row.inviter.clone() }),
            _ => Meaning::Nothing,
        };
    }
    match OwnedUserId::try_from(user.as_str()) {
        Ok(user) => Meaning::Other(What::Member { user, membership: membership.to_owned() }),
        Err(_) => Meaning::Nothing,
    }
}

/// The ids of what somebody chose in a poll.
fn chosen(event: &Event) -> Vec<String> {
    let unstable = &event.content["org.matrix.msc3381.poll.response"]["answers"];
    let answers = unstable.as_array().or_else(|| event.content["m.selections"].as_array());
    let ids = answers.into_iter().flatten().filter_map(Value::as_str);
    ids.filter(|id| id.len() <= POLL_ANSWER_BYTES_MAX).take(POLL_ANSWERS_MAX).map(ToOwned::to_owned).collect()
}

fn message(event: &Event) -> Meaning {
    let content = &event.content;
    if event.relation_kind() == Some("m.replace") {
        return edit(event);
    }
    let body = content["body"].as_str().unwrap_or_default();
    match content["msgtype"].as_str() {
        Some("m.text" | "m.emote") => {
            if let (Some(key), Some(_)) = (used(content), event.pressed_on()) {
                return Meaning::Other(What::Reaction(normalised_reaction(key)));
            }
            let line = picked(content);
            let said = without_quotation(body, event.reply_to().is_some());
            match typed(line.as_deref().unwrap_or(said)) {
                Some(command) => Meaning::Command {
                    name: command.name.to_owned(),
                    arguments: command.arguments.to_owned(),
                },
                None => Meaning::Other(What::Text(said.to_owned())),
            }
        }
        Some("m.file" | "m.image" | "m.video" | "m.audio") => match FileSource::of(content) {
            Some(source) => Meaning::Other(What::File {
                name: content["filename"].as_str().unwrap_or(body).to_owned(),
                source,
                bytes: content["info"]["size"].as_u64(),
                mimetype: content["info"]["mimetype"].as_str().map(ToOwned::to_owned),
            }),
            None => Meaning::Nothing,
        },
        // Notices are for people: bots that answer bots never end.
        Some(_) | None => Meaning::Nothing,
    }
}

fn edit(event: &Event) -> Meaning {
    let new = &event.content["m.new_content"];
    let (Some("m.text"), Some(text)) = (new["msgtype"].as_str(), new["body"].as_str()) else {
        return Meaning::Nothing;
    };
    let line = picked(new);
    match (typed(line.as_deref().unwrap_or(text)), event.relation("event_id")) {
        (Some(command), _) => {
            Meaning::EditedCommand { name: command.name.to_owned(), arguments: command.arguments.to_owned() }
        }
        (None, Some(original)) => Meaning::Other(What::Edited { original, text: text.to_owned() }),
        (None, None) => Meaning::Nothing,
    }
}
