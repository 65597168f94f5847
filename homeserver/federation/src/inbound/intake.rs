//! One event from the staging table to its room.
//!
//! Who signed it is checked, what it refers to is brought in, and `rooms` judges it. An event that cannot be completed
//! because nobody can be reached, or not in time, is tried some times more; after that, or when others do not have what
//! is missing, it is dropped: whoever refers to it later makes us ask again.
//! <https://spec.matrix.org/v1.19/server-server-api/#checks-performed-on-receipt-of-a-pdu>

use std::collections::HashMap;

use model::Pdu;
use rooms::{
    ForeignEvent, Member, Membership, OutsideMembership, RoomsError, Standing, Verdict, parents_first,
};
use rules::foreign;
use ruma::{OwnedEventId, RoomId, ServerName, UserId};
use tokio::time::timeout;

use super::InboundError;
use super::fetch::Search;
use super::limits::{EVENT_TIME_MAX, MISSING_ROUNDS_MAX};
use super::tables::StagedRow;
use crate::Federation;

/// How an event came here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Source {
    /// Somebody sent it.
    Sent,
    /// It was missing behind another one.
    AskedFor,
}

/// What came of working off an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    /// It needs no second try; the word says why.
    Done(&'static str),
    /// It may work out another time.
    Later,
}

impl Federation {
    /// Works off one event.
    pub(super) async fn take_in(&self, room_id: &RoomId, row: &StagedRow) -> Outcome {
        let started = tokio::time::Instant::now();
        let origin = &*row.origin;
        let outcome = match timeout(EVENT_TIME_MAX, self.try_take_in(room_id, origin, &row.json)).await {
            Ok(Ok(outcome)) => outcome,
            Ok(Err(
                error @ (InboundError::Store(_)
                | InboundError::Rooms(
                    RoomsError::Store(_) | RoomsError::Contended | RoomsError::Corrupt(_),
                )),
            )) => {
                tracing::warn!(%room_id, %origin, %error, "an event of another server could not be stored");
                Outcome::Later
            }
            Ok(Err(error)) => {
                tracing::warn!(%room_id, %origin, %error, "an event of another server could not be worked off");
                Outcome::Done("error")
            }
            Err(_) => {
                tracing::warn!(%room_id, %origin, "an event of another server takes too long");
                Outcome::Later
            }
        };
        let word = match outcome {
            Outcome::Done(word) => word,
            Outcome::Later => "later",
        };
        metrics::counter!("lianqiao_federation_events_total", "outcome" => word).increment(1);
        metrics::histogram!("lianqiao_federation_event_seconds").record(started.elapsed());
        outcome
    }

    async fn try_take_in(
        &self,
        room_id: &RoomId,
        origin: &ServerName,
        json: &str,
    ) -> Result<Outcome, InboundError> {
        let rooms = &self.parts().rooms;
        let Some(room) = rooms.room_num(rooms.store(), room_id).await? else {
            return Ok(Outcome::Done("unknown_room"));
        };
        let version = rooms.room_version(rooms.store(), room).await?;
        let Ok(received) = foreign::read(json.as_bytes(), version) else {
            return Ok(Outcome::Done("unreadable"));
        };
        let known = rooms.standing(room, received.event_id()).await?;
        if known.is_some_and(Standing::is_settled) {
            return Ok(Outcome::Done("known"));
        }
        // The access list may have changed while the event waited.
        if !rooms.acl_allows(room, origin).await? {
            return Ok(Outcome::Done("kept_out"));
        }
        let raw = serde_json::value::RawValue::from_string(json.to_owned());
        let raw = raw.map(|raw| vec![raw]).unwrap_or_default();
        let mut verified = self.verified_ones(&raw, version).await;
        let Some(pdu) = verified.pdus.pop() else {
            return Ok(if verified.lacks_keys { Outcome::Later } else { Outcome::Done("not_signed") });
        };
        if !rooms.is_resident(room).await? {
            // Who let us in may be faster with the first events than we are with the room.
            self.joins().settled(room_id).await;
        }
        if !rooms.is_resident(room).await? {
            return self.take_in_from_outside(room_id, pdu).await.map(Outcome::Done);
        }
        let likeliest = vec![origin.to_owned(), pdu.sender().server_name().to_owned()];
        let mut search = Search::new(self, room, room_id, version, likeliest);
        Ok(match search.take_with_past(pdu).await? {
            "no_authority" | "no_past" | "no_state" if search.was_cut_off => Outcome::Later,
            word => Outcome::Done(word),
        })
    }

    /// An event of a room in which nobody of us is: it can only take back an invite, which only its sender may do
    /// (nobody here knows the power of others), or refuse a knock, which those servers may whose users showed us the room.
    async fn take_in_from_outside(&self, room_id: &RoomId, pdu: Pdu) -> Result<&'static str, InboundError> {
        let rooms = &self.parts().rooms;
        let store = rooms.store();
        let target = pdu.state_key().filter(|_| pdu.kind() == "m.room.member");
        let Some(target) = target.and_then(|user| UserId::parse(user).ok()) else { return Ok("not_in_room") };
        let Some(room) = rooms.room_num(store, room_id).await? else { return Ok("unknown_room") };
        let member = rooms.member(store, room, &target).await?;
        let waits = |member: &Member| matches!(member.membership, Membership::Invite | Membership::Knock);
        let Some(member) = member.filter(waits) else {
            return Ok("not_in_room");
        };
        let membership = match membership_of(&pdu) {
            Some(membership @ (Membership::Leave | Membership::Ban)) => membership,
            Some(Membership::Join | Membership::Invite | Membership::Knock) | None => {
                return Ok("not_in_room");
            }
        };
        if !rooms.is_local(&target) || member.event.get() == 0 {
            return Ok("not_in_room");
        }
        let current = rooms.pdu(store, member.event).await?;
        if !pdu.auth_events().iter().any(|event_id| event_id == current.event_id()) {
            // It ended what was before: the user has knocked again, or was invited again, while it was on its way.
            return Ok("of_before");
        }
        let is_believed = if member.membership == Membership::Knock {
            let sender = pdu.sender().server_name();
            self.servers_that_showed(room, &target).await?.iter().any(|server| server == sender)
        } else {
            current.sender() == pdu.sender()
        };
        if !is_believed {
            return Ok("not_the_inviter");
        }
        let version = rooms.room_version(store, room).await?;
        let outside = OutsideMembership {
            room_id: room_id.to_owned(),
            version,
            user: target,
            membership,
            event: Some(pdu),
            stripped: Vec::new(),
        };
        rooms.outside_membership(outside).await?;
        Ok("invite_taken_back")
    }
}

impl Search<'_> {
    /// Takes in an event that is news, with those before it that are missing.
    pub async fn take_with_past(&mut self, pdu: Pdu) -> Result<&'static str, RoomsError> {
        if self.take_into_gap(&pdu).await? {
            return Ok("in_gap");
        }
        for earlier in parents_first(self.missing_past(&pdu).await?) {
            self.append(earlier, Source::AskedFor).await?;
        }
        self.append(pdu, Source::Sent).await
    }

    /// Events between what this server has and an event. A full answer is followed by another question; where one
    /// server tells nothing, another is asked.
    async fn missing_past(&mut self, pdu: &Pdu) -> Result<Vec<Pdu>, RoomsError> {
        let rooms = self.federation.parts().rooms.clone();
        let mut found: HashMap<OwnedEventId, Pdu> = HashMap::new();
        let mut latest = vec![pdu.event_id().to_owned()];
        if rooms.without_past(self.room, pdu.prev_events()).await?.is_empty() {
            return Ok(Vec::new());
        }
        self.meet_others().await?;
        let mut others_left = self.servers.len().saturating_sub(1);
        let extremities = rooms.extremities(self.room_id).await?;
        let earliest: Vec<OwnedEventId> = extremities.into_iter().map(|(event_id, ..)| event_id).collect();
        for _ in 0..MISSING_ROUNDS_MAX {
            let (told, is_full) = self.missing_events(&earliest, &latest).await;
            let known = found.len();
            let new = told.into_iter().filter(|earlier| earlier.event_id() != pdu.event_id());
            found.extend(new.map(|earlier| (earlier.event_id().to_owned(), earlier)));
            if found.len() == known {
                if others_left == 0 {
                    break;
                }
                others_left -= 1;
                self.servers.rotate_left(1);
                continue;
            }
            latest.truncate(1);
            for earlier in found.values() {
                let missing = rooms.without_past(self.room, earlier.prev_events()).await?;
                if missing.iter().any(|parent| !found.contains_key(parent)) {
                    latest.push(earlier.event_id().to_owned());
                }
            }
            if !is_full || latest.len() == 1 {
                break;
            }
        }
        Ok(found.into_values().collect())
    }

    /// Hands an event over. One that was asked for may have parents that are still missing, and comes with the state
    /// behind them; one that was sent may not: it could become the only end of the room, and the state that its sender
    /// tells would be the room's.
    async fn append(&mut self, pdu: Pdu, source: Source) -> Result<&'static str, RoomsError> {
        let rooms = self.federation.parts().rooms.clone();
        let known = rooms.standing(self.room, pdu.event_id()).await?;
        if known.is_some_and(Standing::is_settled) {
            return Ok("known");
        }
        if self.take_into_gap(&pdu).await? {
            return Ok("in_gap");
        }
        let mut states = Vec::new();
        let missing = rooms.without_past(self.room, pdu.prev_events()).await?;
        if !missing.is_empty() {
            // Who built on them has the state there. Whoever handed the event on may tell another one.
            self.ask_first(pdu.sender().server_name()).await?;
        }
        for parent in missing {
            if source == Source::Sent {
                tracing::info!(event_id = %pdu.event_id(), %parent, "dropped: its parent cannot be had");
                return Ok("no_past");
            }
            let Some(state) = self.state_after(&parent).await? else {
                tracing::info!(event_id = %pdu.event_id(), %parent, "dropped: the state behind it cannot be had");
                return Ok("no_state");
            };
            states.push(state);
        }
        if !self.complete_authority(&pdu).await? {
            tracing::info!(event_id = %pdu.event_id(), "dropped: what it names as its authority cannot be had");
            return Ok("no_authority");
        }
        Ok(match rooms.append_pdu(self.room, ForeignEvent { pdu, states }).await? {
            Verdict::Accepted { .. } => "accepted",
            Verdict::Known => "known",
            Verdict::Kept => "in_gap",
            Verdict::SoftFailed => "soft_failed",
            Verdict::Rejected(_) => "rejected",
        })
    }
}

fn membership_of(pdu: &Pdu) -> Option<Membership> {
    #[derive(serde::Deserialize)]
    struct Content {
        membership: String,
    }
    pdu.content_as::<Content>().ok().and_then(|content| Membership::parse(&content.membership))
}
