//! What people said between asking a bot in and its coming: the homeserver tells a service of rooms that one of its users
//! is in, so this is the one part of a conversation that no transaction brings.

use ruma::{EventId, OwnedEventId, RoomId, UserId};
use serde_json::Value;
use store::{Batch, StoreError};

use crate::{
    CallError, Intent, Kit, PREFIX,
    limits::CATCH_UP_EVENTS_MAX,
    tables::{INBOX, Incoming, SEEN, SEEN_ORDER},
};

/// A message from before the bot came.
pub(crate) struct Missed {
    event: OwnedEventId,
    json: String,
}

impl Kit {
    /// The messages since the bot was asked in, the oldest first. Nothing where the invitation is further back than
    /// [`CATCH_UP_EVENTS_MAX`] events: what was said before it is none of the bot's business.
    pub(crate) async fn missed(&self, intent: &Intent, room: &RoomId) -> Result<Vec<Missed>, CallError> {
        let recent = intent.recent(room, CATCH_UP_EVENTS_MAX).await?;
        let is_invitation = |event: &Value| {
            event["type"] == "m.room.member"
                && event["state_key"] == intent.user().as_str()
                && event["content"]["membership"] == "invite"
        };
        let Some(end) = recent.iter().position(is_invitation) else { return Ok(Vec::new()) };
        let is_from_person = |event: &Value| {
            let sender = event["sender"].as_str().and_then(|sender| UserId::parse(sender).ok());
            sender.is_some_and(|sender| !self.is_ours(&sender))
        };
        let messages = recent[..end].iter().rev();
        let is_said = |event: &Value| {
            let kind = event["type"].as_str().unwrap_or_default();
            let is_own = kind.starts_with(PREFIX) && event.get("state_key").is_none();
            matches!(kind, "m.room.message" | "m.room.encrypted") || is_own
        };
        let messages = messages.filter(|event| is_said(event) && is_from_person(event));
        Ok(messages
            .filter_map(|event| {
                let id = EventId::parse(event["event_id"].as_str()?).ok()?;
                let mut event = event.clone();
                event["room_id"] = Value::from(room.as_str());
                Some(Missed { event: id, json: event.to_string() })
            })
            .collect())
    }

    /// Has the bot hear them, unless it has.
    pub(crate) async fn hear_missed(
        &self,
        batch: &mut Batch,
        bot: &str,
        missed: &[Missed],
    ) -> Result<(), StoreError> {
        for Missed { event, json } in missed {
            if self.0.store.exists(&SEEN, event).await? {
                continue;
            }
            let place = batch.position();
            let row = Incoming::new(json.clone(), self.0.clock.now_ms());
            batch.put(&INBOX, &(bot, place), &row);
            batch.expect_absent(&SEEN, event).put(&SEEN, event, &()).put(&SEEN_ORDER, &place, event);
        }
        Ok(())
    }
}
