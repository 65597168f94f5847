//! One event from the staging table to its room.
//!
//! Who signed it is checked, what it refers to is brought in, and `rooms` judges it. An event that cannot be completed
//! is dropped: whoever refers to it later makes us ask again.
//! <https://spec.matrix.org/v1.19/server-server-api/#checks-performed-on-receipt-of-a-pdu>

use std::collections::HashMap;

use model::Pdu;
use rooms::{ForeignEvent, Member, Membership, OutsideMembership, RoomsError, Verdict};
use rules::foreign;
use ruma::{OwnedEventId, RoomId, ServerName, UserId};

use super::InboundError;
use super::fetch::Search;
use super::limits::SERVERS_ASKED_MAX;
use crate::Federation;

impl Federation {
    /// Works off one event. Whatever comes of it, it needs no second try.
    pub(super) async fn take_in(&self, room_id: &RoomId, origin: &ServerName, json: &str) {
        let started = tokio::time::Instant::now();
        let outcome = self.try_take_in(room_id, origin, json).await;
        let word = match &outcome {
            Ok(word) => word,
            Err(error) => {
                tracing::warn!(%room_id, %origin, %error, "an event of another server could not be worked off");
                "error"
            }
        };
        metrics::counter!("lianqiao_federation_events_total", "outcome" => word).increment(1);
        metrics::histogram!("lianqiao_federation_event_seconds").record(started.elapsed());
    }

    async fn try_take_in(
        &self,
        room_id: &RoomId,
        origin: &ServerName,
        json: &str,
    ) -> Result<&'static str, InboundError> {
        let rooms = &self.parts().rooms;
        let Some(room) = rooms.room_num(rooms.store(), room_id).await? else { return Ok("unknown_room") };
        let version = rooms.room_version(rooms.store(), room).await?;
        let Ok(received) = foreign::read(json.as_bytes(), version) else { return Ok("unreadable") };
        let known = rooms.standing(room, received.event_id()).await?;
        if known.is_some_and(|standing| !standing.outlier) {
            return Ok("known");
        }
        // The access list may have changed while the event waited.
        if !rooms.acl_allows(room, origin).await? {
            return Ok("kept_out");
        }
        let raw = serde_json::value::RawValue::from_string(json.to_owned());
        let raw = raw.map(|raw| vec![raw]).unwrap_or_default();
        let Some(pdu) = self.verified_ones(&raw, version).await.pop() else { return Ok("not_signed") };
        if !rooms.is_resident(room).await? {
            // Who let us in may be faster with the first events than we are with the room.
            self.joins().settled(room_id).await;
        }
        if !rooms.is_resident(room).await? {
            return self.take_in_from_outside(room_id, pdu).await;
        }
        let servers = self.servers_to_ask(room, &[origin, pdu.sender().server_name()]).await?;
        let mut search = Search::new(self, room, room_id, version, servers);
        search.take_with_past(pdu).await.map_err(InboundError::from)
    }

    /// The given servers and others of the room.
    pub(super) async fn servers_to_ask(
        &self,
        room: model::RoomNum,
        first: &[&ServerName],
    ) -> Result<Vec<ruma::OwnedServerName>, RoomsError> {
        let mut servers: Vec<ruma::OwnedServerName> = Vec::new();
        let others = self.parts().rooms.servers_of_room(room).await?;
        for server in first.iter().copied().chain(others.iter().map(|server| &**server)) {
            if server != self.server_name() && !servers.iter().any(|known| known == server) {
                servers.push(server.to_owned());
            }
            if servers.len() > SERVERS_ASKED_MAX {
                break;
            }
        }
        Ok(servers)
    }

    /// An event of a room in which nobody of us is: it can only take back an invite, which only the server that sent the
    /// invite may do, or refuse a knock, which those servers may whose users showed us the room.
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
        let sender = pdu.sender().server_name();
        let is_believed = if member.membership == Membership::Knock {
            self.servers_that_showed(room, &target).await?.iter().any(|server| server == sender)
        } else {
            rooms.pdu(store, member.event).await?.sender().server_name() == sender
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
        let rooms = self.federation.parts().rooms.clone();
        if !self.complete_authority(&pdu).await? {
            tracing::info!(event_id = %pdu.event_id(), "dropped: what it names as its authority cannot be had");
            return Ok("no_authority");
        }
        if !rooms.without_past(self.room, pdu.prev_events()).await?.is_empty() {
            let extremities = rooms.extremities(self.room_id).await?;
            let earliest = extremities.into_iter().map(|(event_id, ..)| event_id).collect();
            let missing = self.missing_events(earliest, pdu.event_id()).await;
            for earlier in parents_first(missing) {
                if earlier.event_id() != pdu.event_id() && self.complete_authority(&earlier).await? {
                    self.append(earlier).await?;
                }
            }
        }
        self.append(pdu).await
    }

    /// Hands an event over; where parents are still missing, with the state behind them.
    async fn append(&mut self, pdu: Pdu) -> Result<&'static str, RoomsError> {
        let rooms = self.federation.parts().rooms.clone();
        let known = rooms.standing(self.room, pdu.event_id()).await?;
        if known.is_some_and(|standing| !standing.outlier) {
            return Ok("known");
        }
        let mut states = Vec::new();
        for parent in rooms.without_past(self.room, pdu.prev_events()).await? {
            let Some(state) = self.state_after(&parent).await? else {
                tracing::info!(event_id = %pdu.event_id(), %parent, "dropped: the state behind it cannot be had");
                return Ok("no_state");
            };
            states.push(state);
        }
        Ok(match rooms.append_pdu(self.room, ForeignEvent { pdu, states }).await? {
            Verdict::Accepted { .. } => "accepted",
            Verdict::Known | Verdict::Kept => "known",
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

/// Events in an order in which none comes before a parent among them; by depth, which honest servers get right, and
/// what it gets wrong is asked for again.
pub(super) fn parents_first(events: Vec<Pdu>) -> Vec<Pdu> {
    let mut by_id: HashMap<OwnedEventId, Pdu> =
        events.into_iter().map(|pdu| (pdu.event_id().to_owned(), pdu)).collect();
    let mut starts: Vec<(u64, OwnedEventId)> =
        by_id.values().map(|pdu| (pdu.depth(), pdu.event_id().to_owned())).collect();
    starts.sort();
    let mut order = Vec::with_capacity(by_id.len());
    for (_, start) in starts {
        let mut path = vec![start];
        while let Some(event_id) = path.last().cloned() {
            let parents = by_id.get(&event_id).map(|pdu| pdu.prev_events().to_vec()).unwrap_or_default();
            let open =
                parents.into_iter().find(|parent| by_id.contains_key(parent) && !path.contains(parent));
            match open {
                Some(parent) => path.push(parent),
                None => {
                    path.pop();
                    order.extend(by_id.remove(&event_id));
                }
            }
        }
    }
    order
}
