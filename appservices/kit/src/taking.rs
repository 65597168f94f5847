//! The events of a transaction on their way into a batch: whom they concern, and where the bots are after them.

use std::collections::{HashMap, HashSet};

use ruma::{EventId, OwnedEventId, OwnedRoomId, RoomId, UserId};
use serde::Deserialize;
use serde_json::Value;
use store::{Batch, StoreError};

use crate::{
    Kit, PREFIX,
    crypto::{forget_encryption, note_encryption, tables::ENCRYPTION},
    incoming::{CALL_MEMBERS, POLL_ANSWERS},
    tables::{INBOX, Incoming, ROOMS, RoomRow, SEEN, SEEN_ORDER},
};

/// The parts of an event that say whom it concerns.
#[derive(Deserialize)]
struct Envelope {
    event_id: String,
    room_id: String,
    sender: String,
    #[serde(rename = "type")]
    kind: String,
    #[serde(default)]
    state_key: Option<String>,
    #[serde(default)]
    content: Value,
}

/// A transaction on its way into a batch.
pub(crate) struct Taking<'a> {
    kit: &'a Kit,
    pub batch: Batch,
    /// Rooms as the batch leaves them.
    rooms: HashMap<(String, OwnedRoomId), Option<RoomRow>>,
    /// What the batch remembers.
    pub seen: HashSet<OwnedEventId>,
    /// Bots that are gone, and from where.
    pub left: Vec<(&'static str, OwnedRoomId)>,
}

/// What an event is to a bot.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Concern {
    None,
    /// It changes where the bot is, and needs no answer.
    Noted,
    Hears,
}

impl<'a> Taking<'a> {
    pub fn new(kit: &'a Kit) -> Self {
        let (rooms, seen) = (HashMap::new(), HashSet::new());
        Self { kit, batch: Batch::new(), rooms, seen, left: Vec::new() }
    }

    pub async fn event(&mut self, json: &str) -> Result<(), StoreError> {
        // Whatever cannot be read is nothing that a bot could act on; the homeserver would send it for ever.
        let Ok(envelope) = serde_json::from_str::<Envelope>(json) else {
            tracing::warn!(bytes = json.len(), "an event of a transaction cannot be read; it is left out");
            return Ok(());
        };
        let parsed = (
            EventId::parse(&envelope.event_id),
            RoomId::parse(&envelope.room_id),
            UserId::parse(&envelope.sender),
        );
        let (Ok(event_id), Ok(room), Ok(sender)) = parsed else { return Ok(()) };
        if self.seen.contains(&event_id) || self.kit.0.store.exists(&SEEN, &event_id).await? {
            return Ok(());
        }
        self.encryption(&room, &envelope).await?;
        let kit = self.kit;
        if let Some(ear) = &kit.0.service.ear
            && ear.overhears(json, &mut self.batch).await?
        {
            self.remember(&event_id);
        }
        let occupied = kit.0.occupied.lock().clone();
        for (bot, user) in kit.0.users.iter().filter(|(bot, _)| !occupied.contains(bot)) {
            let concern = self.concern(bot, user, &room, &sender, &envelope).await?;
            if concern == Concern::Hears {
                let place = self.batch.position();
                let row = Incoming::new(json.to_owned(), kit.0.clock.now_ms());
                self.batch.put(&INBOX, &(*bot, place), &row);
            }
            if concern != Concern::None {
                self.remember(&event_id);
            }
        }
        Ok(())
    }

    /// Has an event heard once, also when it comes in another transaction.
    fn remember(&mut self, event_id: &OwnedEventId) {
        if self.seen.insert(event_id.clone()) {
            let place = self.batch.position();
            self.batch.expect_absent(&SEEN, event_id).put(&SEEN, event_id, &());
            self.batch.put(&SEEN_ORDER, &place, event_id);
        }
    }

    /// Notes what an event changes for what is encrypted in its room.
    async fn encryption(&mut self, room: &RoomId, envelope: &Envelope) -> Result<(), StoreError> {
        match (envelope.kind.as_str(), envelope.state_key.as_deref()) {
            ("m.room.member", Some(_)) | ("m.room.history_visibility", Some("")) => {
                self.kit.0.audiences.forget(room);
            }
            ("m.room.encryption", Some("")) => {
                for (bot, _) in &self.kit.0.users {
                    if self.row(bot, room).await?.is_some() {
                        note_encryption(&mut self.batch, room, &envelope.content);
                    }
                }
            }
            _ => {}
        }
        Ok(())
    }

    /// Notes the bot's own memberships, and tells whether it has to hear the event.
    async fn concern(
        &mut self,
        bot: &'static str,
        user: &UserId,
        room: &RoomId,
        sender: &UserId,
        envelope: &Envelope,
    ) -> Result<Concern, StoreError> {
        let is_member_event = envelope.kind == "m.room.member";
        if is_member_event && envelope.state_key.as_deref() == Some(user.as_str()) {
            return self.membership(bot, room, sender, &envelope.content).await;
        }
        // The bots do not talk to each other, or to themselves.
        if self.kit.is_ours(sender) || !self.row(bot, room).await?.is_some_and(|row| row.is_joined) {
            return Ok(Concern::None);
        }
        let is_end = envelope.kind == "m.room.tombstone" && envelope.state_key.as_deref() == Some("");
        let is_heard = is_member_event
            || is_end
            || matches!(
                envelope.kind.as_str(),
                "m.room.message" | "m.room.encrypted" | "m.reaction" | "m.room.redaction"
            )
            || POLL_ANSWERS.contains(&envelope.kind.as_str())
            || CALL_MEMBERS.contains(&envelope.kind.as_str())
            || envelope.kind.starts_with(PREFIX);
        Ok(if is_heard { Concern::Hears } else { Concern::None })
    }

    /// The bot's own membership changed.
    async fn membership(
        &mut self,
        bot: &'static str,
        room: &RoomId,
        sender: &UserId,
        content: &Value,
    ) -> Result<Concern, StoreError> {
        let old = self.row(bot, room).await?;
        match content["membership"].as_str() {
            Some("invite") => {
                let is_direct = content["is_direct"].as_bool().unwrap_or_default();
                let row = RoomRow { is_direct, inviter: Some(sender.to_owned()), ..RoomRow::default() };
                self.set_row(bot, room, Some(row));
                Ok(Concern::Hears)
            }
            Some("join") => {
                let was_joined = old.as_ref().is_some_and(|old| old.is_joined);
                if !old.as_ref().is_some_and(RoomRow::is_there) {
                    self.kit.tell_of_coming(&mut self.batch);
                }
                self.set_row(bot, room, Some(RoomRow { is_joined: true, ..old.unwrap_or_default() }));
                // A change of name is a join of somebody who is in the room.
                Ok(if was_joined { Concern::Noted } else { Concern::Hears })
            }
            Some("leave" | "ban") => {
                self.set_row(bot, room, None);
                let encryption = self.kit.0.store.get(&ENCRYPTION, room).await?;
                forget_encryption(&mut self.batch, room, encryption.as_ref());
                self.left.push((bot, room.to_owned()));
                Ok(Concern::Noted)
            }
            Some(_) | None => Ok(Concern::None),
        }
    }

    async fn row(&self, bot: &str, room: &RoomId) -> Result<Option<RoomRow>, StoreError> {
        match self.rooms.get(&(bot.to_owned(), room.to_owned())) {
            Some(row) => Ok(row.clone()),
            None => self.kit.0.store.get(&ROOMS, &(bot, room)).await,
        }
    }

    fn set_row(&mut self, bot: &str, room: &RoomId, row: Option<RoomRow>) {
        match &row {
            Some(row) => self.batch.put(&ROOMS, &(bot, room), row),
            None => self.batch.delete(&ROOMS, &(bot, room)),
        };
        self.rooms.insert((bot.to_owned(), room.to_owned()), row);
    }
}
