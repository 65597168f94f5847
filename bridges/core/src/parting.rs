//! The bot was removed from a room: from that moment on nothing is bound to it, and both sides are told.
//!
//! The binding goes in the batch that takes the news. What has to be said of it stands in the lane: for whoever looks after the
//! bridges here, and for the people of the conversation, however long their platform is away.

use std::collections::BTreeSet;

use bridge_api::{Content, IdempotencyKey, Outgoing, RichText, Speaker};
use kit::PREFIX;
use ruma::{OwnedRoomId, OwnedUserId, UserId};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use store::Batch;

use crate::{
    Bridges,
    bridges::Seat,
    error::Stuck,
    lanes::{Lane, Next},
    names::hex,
    tables::{OUTBOX, Place},
};

/// Who is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Side {
    /// Whoever looks after the bridges, and who had bound the conversation.
    Here,
    /// The people of the conversation.
    There,
}

/// What is to be told in a lane.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Parting {
    pub room: OwnedRoomId,
    /// Who removed the bot.
    pub by: OwnedUserId,
    /// Who had bound the conversation.
    pub bound_by: Option<String>,
    pub at_ms: u64,
    pub side: Side,
}

/// The type of such a row. No room brings one: what rooms say is carried by type.
fn kind() -> String {
    format!("{PREFIX}bridge.parted")
}

impl Parting {
    /// As it stands in the outbox.
    pub fn to_event(&self) -> String {
        json!({ "type": kind(), "content": self }).to_string()
    }

    /// What a row of the outbox says, if it is one of these.
    pub fn read(event: &Value) -> Option<Self> {
        (event["type"] == kind()).then(|| Self::deserialize(&event["content"]).ok()).flatten()
    }
}

impl Bridges {
    /// Tells one side.
    pub(crate) async fn tell_parting(
        &self,
        lane: &Lane,
        place: Place,
        parting: &Parting,
    ) -> Result<Next, Stuck> {
        let Some(seat) = self.seat(lane.0) else { return Ok(Next::Idle) };
        let mut batch = Batch::new();
        match parting.side {
            Side::Here => self.tell_overseers(&mut batch, lane, parting),
            Side::There => {
                if let Err(wait) = seat.buckets.take(&lane.1) {
                    return Ok(Next::After(wait));
                }
                match self.tell_there(seat, lane, parting).await {
                    Ok(()) => {}
                    Err(Stuck::Never(reason, _)) => {
                        tracing::warn!(
                            network = lane.0.key(),
                            reason,
                            "people are not told that a room is gone"
                        );
                    }
                    Err(error) => return Err(error),
                }
            }
        }
        self.outbound().end(&mut batch, &OUTBOX, lane, place);
        self.0.store.commit(batch).await?;
        Ok(Next::Again)
    }

    fn tell_overseers(&self, batch: &mut Batch, lane: &Lane, parting: &Parting) {
        let bound_by = parting.bound_by.as_deref().and_then(|by| UserId::parse(by).ok());
        let people: BTreeSet<_> = self.0.settings.administrators.iter().cloned().chain(bound_by).collect();
        let name = self.name_of(lane);
        let values =
            [("conversation", name.as_str()), ("who", parting.by.as_str()), ("room", parting.room.as_str())];
        for person in people {
            let unique = format!("parted/{}/{}/{}/{person}", lane.0.key(), lane.1, parting.at_ms);
            self.tell(batch, &person, &unique, "bridge.told.parted", &values);
        }
    }

    async fn tell_there(&self, seat: &Seat, lane: &Lane, parting: &Parting) -> Result<(), Stuck> {
        let of = format!("parted/{}/{}/{}/{}", lane.0.key(), lane.1, parting.room, parting.at_ms);
        let key: String = hex(&Sha256::digest(of)).chars().take(40).collect();
        let key = IdempotencyKey::new(key).map_err(|error| Stuck::Never(error.to_string(), None))?;
        let text = self.0.kit.texts().fill(self.lang(), "bridge.told.parted_there", &[]);
        let outgoing = Outgoing {
            key,
            conversation: lane.1.clone(),
            speaker: Speaker::default(),
            content: Content::Text(RichText::plain(&text)),
            reply_to: None,
            thread: None,
        };
        seat.heard(seat.connector.send(&outgoing).await)?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_parting_is_read_as_it_was_written_and_nothing_else_is_one() {
        let parting = Parting {
            room: OwnedRoomId::try_from("!r:test").expect("valid"),
            by: OwnedUserId::try_from("@li:test").expect("valid"),
            bound_by: None,
            at_ms: 7,
            side: Side::There,
        };
        let event: Value = serde_json::from_str(&parting.to_event()).expect("JSON");
        assert_eq!(Parting::read(&event), Some(parting));
        assert_eq!(Parting::read(&json!({ "type": "m.room.message", "content": event["content"] })), None);
        assert_eq!(Parting::read(&json!({ "type": event["type"], "content": {} })), None);
    }
}
