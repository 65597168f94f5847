//! An event as the homeserver sends it, and what it relates to.

use ruma::{EventId, OwnedEventId, OwnedRoomId, OwnedUserId};
use serde::Deserialize;
use serde_json::Value;

use super::POLL_ANSWERS;
use crate::{descriptions::picked, limits::MENTIONS_MAX, prompts::used};

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

impl Event {
    pub fn relation(&self, key: &str) -> Option<OwnedEventId> {
        EventId::parse(self.content["m.relates_to"][key].as_str()?).ok()
    }

    pub fn relation_kind(&self) -> Option<&str> {
        self.content["m.relates_to"]["rel_type"].as_str()
    }

    pub fn thread(&self) -> Option<OwnedEventId> {
        (self.relation_kind() == Some("m.thread")).then(|| self.relation("event_id")).flatten()
    }

    pub fn reply_to(&self) -> Option<OwnedEventId> {
        EventId::parse(self.content["m.relates_to"]["m.in_reply_to"]["event_id"].as_str()?).ok()
    }

    /// What a person chose to answer: in a thread, old clients are shown an answer that nobody meant.
    pub fn answered(&self) -> Option<OwnedEventId> {
        let is_meant = self.content["m.relates_to"]["is_falling_back"] != true;
        is_meant.then(|| self.reply_to()).flatten()
    }

    pub fn mentions(&self) -> Vec<OwnedUserId> {
        let users = self.content["m.mentions"]["user_ids"].as_array().into_iter().flatten();
        users.filter_map(|user| OwnedUserId::try_from(user.as_str()?).ok()).take(MENTIONS_MAX).collect()
    }

    /// The room that takes the place of this one, if the event says so.
    pub fn replacement(&self) -> Option<OwnedRoomId> {
        self.state_key.as_deref().filter(|key| key.is_empty())?;
        let room = OwnedRoomId::try_from(self.content["replacement_room"].as_str()?).ok()?;
        (room != self.room_id).then_some(room)
    }

    /// What a reaction is to.
    pub fn annotated(&self) -> Option<OwnedEventId> {
        (self.kind == "m.reaction").then(|| self.relation("event_id")).flatten()
    }

    /// What the prompt belongs to that a message uses: what it answers, or the root of the thread that it is in, where old clients
    /// are shown it as an answer to whatever stands last.
    pub fn pressed_on(&self) -> Option<OwnedEventId> {
        used(&self.content)?;
        self.answered().or_else(|| self.thread())
    }

    /// Whether a client wrote it that offers commands and buttons in forms: it mentions the bot that is meant.
    pub fn is_in_a_form(&self) -> bool {
        picked(&self.content).is_some() || used(&self.content).is_some()
    }

    /// The poll that a vote is in.
    pub fn voted_on(&self) -> Option<OwnedEventId> {
        let is_vote =
            POLL_ANSWERS.contains(&self.kind.as_str()) && self.relation_kind() == Some("m.reference");
        is_vote.then(|| self.relation("event_id")).flatten()
    }

    /// Whoever leaves a call empties their state, or their list of memberships.
    pub fn is_in_call(&self) -> bool {
        let is_empty = |content: &Value| content.as_object().is_none_or(serde_json::Map::is_empty);
        let has_left = self.content["memberships"].as_array().is_some_and(Vec::is_empty);
        self.state_key.is_some() && !is_empty(&self.content) && !has_left
    }

    pub fn redacted(&self) -> Option<OwnedEventId> {
        let inside = self.content["redacts"].as_str().and_then(|event| EventId::parse(event).ok());
        inside.or_else(|| self.redacts.clone())
    }
}
