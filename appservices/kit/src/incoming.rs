//! An event becomes what a bot understands: a command, a text, a reaction, somebody who came or went.

use ruma::{EventId, OwnedEventId, OwnedRoomId, OwnedUserId};
use serde::Deserialize;
use serde_json::Value;
use store::StoreError;

use crate::{
    Heard, Kit, PREFIX, What,
    commands::{normalised_reaction, typed, without_quotation},
    tables::{Incoming, REACTIONS, ROOMS, RoomRow},
};

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
    /// A command that was edited, or a message that was edited into one.
    EditedCommand,
    /// What nobody can read.
    Encrypted,
    /// Anything else that bots hear.
    Other(What),
    /// Nothing that concerns a bot.
    Nothing,
}

/// An event with what it relates to.
#[derive(Debug)]
pub(crate) struct Interpreted {
    pub heard: Heard,
    pub meaning: Meaning,
    pub row: RoomRow,
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
    ) -> Result<Option<(Event, Interpreted)>, StoreError> {
        let Ok(event) = serde_json::from_str::<Event>(&incoming.event) else { return Ok(None) };
        let Some(row) = self.0.store.get(&ROOMS, &(bot, &*event.room_id)).await? else { return Ok(None) };
        let heard = Heard {
            room: event.room_id.clone(),
            is_direct: row.is_direct,
            sender: event.sender.clone(),
            event_id: event.event_id.clone(),
            received_ms: incoming.received_ms,
            thread: event.thread(),
            on: self.letter_meant(&event).await?,
            what: What::Text(String::new()),
        };
        let meaning = self.meaning(bot, &event, &row).await?;
        Ok(Some((event, Interpreted { heard, meaning, row })))
    }

    /// The letter that an event reacts to, answers, or whose thread it is in, the nearest first; of a redaction the one
    /// that the redacted reaction was to.
    async fn letter_meant(&self, event: &Event) -> Result<Option<String>, StoreError> {
        if let Some(redacted) = event.redacted().filter(|_| event.kind == "m.room.redaction") {
            return Ok(self.0.store.get(&REACTIONS, &redacted).await?.map(|row| row.letter));
        }
        let annotated = (event.kind == "m.reaction").then(|| event.relation("event_id")).flatten();
        for target in [annotated, event.reply_to(), event.thread()].into_iter().flatten() {
            if let Some(key) = self.letter_of(&target).await? {
                return Ok(Some(key));
            }
        }
        Ok(None)
    }

    async fn meaning(&self, bot: &str, event: &Event, row: &RoomRow) -> Result<Meaning, StoreError> {
        Ok(match event.kind.as_str() {
            "m.room.member" => membership(self.user(bot).map(|user| user.as_str()), event, row),
            "m.room.message" => message(event),
            "m.room.encrypted" => Meaning::Encrypted,
            "m.reaction" => match event.content["m.relates_to"]["key"].as_str() {
                Some(key) => Meaning::Other(What::Reaction(normalised_reaction(key))),
                None => Meaning::Nothing,
            },
            "m.room.redaction" => self.taken_back(event).await?,
            kind if kind.starts_with(PREFIX) => Meaning::Other(What::Ours {
                kind: kind.to_owned(),
                state_key: event.state_key.clone(),
                content: event.content.clone(),
            }),
            _ => Meaning::Nothing,
        })
    }

    /// A redaction means something where it takes back a reaction to a letter of ours.
    async fn taken_back(&self, event: &Event) -> Result<Meaning, StoreError> {
        let Some(redacted) = event.redacted() else { return Ok(Meaning::Nothing) };
        Ok(match self.0.store.get(&REACTIONS, &redacted).await? {
            Some(row) => Meaning::Other(What::ReactionTakenBack { event: redacted, reaction: row.reaction }),
            None => Meaning::Nothing,
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

fn message(event: &Event) -> Meaning {
    let content = &event.content;
    if event.relation_kind() == Some("m.replace") {
        return edit(event);
    }
    let body = content["body"].as_str().unwrap_or_default();
    match content["msgtype"].as_str() {
        Some("m.text" | "m.emote") => {
            let said = without_quotation(body, event.reply_to().is_some());
            match typed(said) {
                Some(command) => Meaning::Command {
                    name: command.name.to_owned(),
                    arguments: command.arguments.to_owned(),
                },
                None => Meaning::Other(What::Text(said.to_owned())),
            }
        }
        Some("m.file" | "m.image" | "m.video" | "m.audio") => match content["url"].as_str() {
            Some(mxc) => Meaning::Other(What::File {
                name: content["filename"].as_str().unwrap_or(body).to_owned(),
                mxc: mxc.to_owned(),
                bytes: content["info"]["size"].as_u64(),
                mimetype: content["info"]["mimetype"].as_str().map(ToOwned::to_owned),
            }),
            // An encrypted file in a room that is not.
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
    match (typed(text), event.relation("event_id")) {
        (Some(_), _) => Meaning::EditedCommand,
        (None, Some(original)) => Meaning::Other(What::Edited { original, text: text.to_owned() }),
        (None, None) => Meaning::Nothing,
    }
}
