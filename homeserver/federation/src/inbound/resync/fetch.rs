//! The state before the event with which this server came in, as one server tells it.
//!
//! Ids come first; what is not here of them is fetched, the whole answer as text, and checked and kept in chunks:
//! never are all events of a large room in memory as anything but text.

use model::{EventNum, Pdu, RoomVersion};
use rooms::{PartialRoom, RoomsError};
use ruma::api::federation::event::{get_room_state, get_room_state_ids};
use ruma::{EventId, OwnedEventId, RoomId, ServerName};
use serde::Deserialize;
use serde_json::value::RawValue;

use super::super::InboundError;
use super::super::fetch::Search;
use super::super::limits::{
    RESYNC_CHUNK, RESYNC_EVENTS_MAX, RESYNC_PASSES_MAX, RESYNC_TIME_MAX, STATE_ANSWER_BYTES_MAX,
    STATE_EVENTS_ONE_BY_ONE_MAX,
};
use crate::Federation;
use crate::client::Limits;
use crate::ring::KeyBudget;

/// What one server told.
pub(super) enum Told<T> {
    /// Everything that was asked for.
    All(T),
    /// A part of it may be had a little later: the keys that prove it, or, perhaps `elsewhere`, the events themselves.
    Lacking { elsewhere: bool },
    /// Nothing that helps.
    Nothing,
}

/// A room of which state is fetched, and from whom.
struct Source<'a> {
    federation: &'a Federation,
    partial: &'a PartialRoom,
    room_id: &'a RoomId,
    version: &'static RoomVersion,
    server: &'a ServerName,
    /// What cannot be had or proved now is not done without.
    is_patient: bool,
}

/// Why an event of the told state may be missing here.
#[derive(Clone, Copy, Default)]
struct Lack {
    /// A key cannot be had now.
    keys: bool,
    /// A question was not answered.
    answers: bool,
}

impl Federation {
    /// The states after the parents of the membership event.
    pub(super) async fn fetch_state_before(
        &self,
        partial: &PartialRoom,
        server: &ServerName,
        is_patient: bool,
        budget: &mut KeyBudget,
    ) -> Result<Told<Vec<Vec<EventNum>>>, InboundError> {
        let rooms = &self.parts().rooms;
        let room_id = rooms.room_id(rooms.store(), partial.room).await?;
        let version = rooms.room_version(rooms.store(), partial.room).await?;
        let join = rooms.pdu(rooms.store(), partial.join).await?;
        let source = Source { federation: self, partial, room_id: &room_id, version, server, is_patient };
        let mut states = Vec::with_capacity(join.prev_events().len());
        for parent in join.prev_events() {
            match source.state_after(parent, budget).await? {
                Told::All(state) => states.push(state),
                Told::Lacking { elsewhere } => return Ok(Told::Lacking { elsewhere }),
                Told::Nothing => return Ok(Told::Nothing),
            }
        }
        Ok(Told::All(states))
    }
}

impl Source<'_> {
    async fn state_after(
        &self,
        parent: &EventId,
        budget: &mut KeyBudget,
    ) -> Result<Told<Vec<EventNum>>, RoomsError> {
        let rooms = &self.federation.parts().rooms;
        let Some((state, chain)) = self.ids(parent).await else { return Ok(Told::Nothing) };
        let mut lack = Lack::default();
        let all: Vec<OwnedEventId> = chain.into_iter().chain(state.iter().cloned()).collect();
        let missing = rooms.unknown_events(self.partial.room, &all).await?;
        if missing.len() > STATE_EVENTS_ONE_BY_ONE_MAX {
            let Some(events) = self.events(parent).await else { return Ok(Told::Nothing) };
            lack.keys = self.keep_all(events, budget).await?;
        }
        let servers = vec![self.server.to_owned()];
        let mut search = Search::new(self.federation, self.partial.room, self.room_id, self.version, servers);
        let mut missing = rooms.unknown_events(self.partial.room, &all).await?;
        if lack.keys && self.is_patient {
            // They were told, and another answer would tell the same.
            missing.clear();
        }
        if !all.iter().any(|event_id| event_id == parent) {
            missing.extend(rooms.unknown_events(self.partial.room, &[parent.to_owned()]).await?);
        }
        if !missing.is_empty() {
            search.fetch_with_authority(missing).await?;
        }
        lack.keys |= search.lacks_keys;
        lack.answers = search.was_cut_off || search.lacks_endpoint;
        self.known_state(&state, parent, lack).await
    }

    /// The entries that are here, and the parent itself when it is one; nothing when it is no state of this room. Who has
    /// waited long enough does without the others. Without the parent that is the state before it, as the server tells it.
    async fn known_state(
        &self,
        state: &[OwnedEventId],
        parent: &EventId,
        lack: Lack,
    ) -> Result<Told<Vec<EventNum>>, RoomsError> {
        let rooms = &self.federation.parts().rooms;
        let create = rooms.current_state_num(rooms.store(), self.partial.room, "m.room.create", "").await?;
        let mut known = Vec::with_capacity(state.len() + 1);
        let mut left_out = 0;
        // Of two entries for one key the last one counts.
        for event_id in state.iter().map(|event_id| &**event_id).chain([parent]) {
            let Some(standing) = rooms.standing(self.partial.room, event_id).await? else {
                // Nobody can do without the parent and know that nothing is missing.
                if self.is_patient && (lack.keys || lack.answers || event_id == parent) {
                    let (room_id, server) = (self.room_id, self.server);
                    tracing::info!(%room_id, %server, %event_id, lacks_keys = lack.keys, "state is waited for");
                    return Ok(Told::Lacking { elsewhere: !lack.keys });
                }
                left_out += 1;
                continue;
            };
            if rooms.pdu(rooms.store(), standing.event).await?.is_state() && !standing.rejected {
                known.push(standing.event);
            }
        }
        if left_out > 0 {
            metrics::counter!("lianqiao_room_state_left_out_total").increment(left_out);
            let (room_id, server) = (self.room_id, self.server);
            tracing::warn!(%room_id, %server, left_out, "a room is made whole without state that nobody gives or proves");
        }
        let has_create = create.is_some_and(|create| known.contains(&create));
        if !has_create {
            tracing::info!(room_id = %self.room_id, server = %self.server, "told a state without the create event");
        }
        Ok(if has_create { Told::All(known) } else { Told::Nothing })
    }

    async fn ids(&self, event_id: &EventId) -> Option<(Vec<OwnedEventId>, Vec<OwnedEventId>)> {
        let request = get_room_state_ids::v1::Request::new(event_id.to_owned(), self.room_id.to_owned());
        match self.federation.client().send(self.server, request, limits()).await {
            Ok(answer) if answer.pdu_ids.len() + answer.auth_chain_ids.len() > RESYNC_EVENTS_MAX => {
                tracing::warn!(room_id = %self.room_id, server = %self.server, "more state than this server takes in");
                None
            }
            Ok(answer) => Some((answer.pdu_ids, answer.auth_chain_ids)),
            Err(error) => {
                tracing::info!(room_id = %self.room_id, server = %self.server, %error, "state cannot be had there");
                None
            }
        }
    }

    /// The whole state and what stands behind it, as text.
    async fn events(&self, event_id: &EventId) -> Option<Vec<Box<RawValue>>> {
        let request = get_room_state::v1::Request::new(event_id.to_owned(), self.room_id.to_owned());
        match self.federation.client().send(self.server, request, limits()).await {
            Ok(answer) => Some(answer.auth_chain.into_iter().chain(answer.pdus).collect()),
            Err(error) => {
                tracing::info!(room_id = %self.room_id, server = %self.server, %error, "state cannot be had there");
                None
            }
        }
    }

    /// Checks and keeps events, those first that others stand on. An honest server gives what stands behind an event a
    /// smaller depth; what it gets wrong is tried again. Says whether keys are lacking for some of them.
    async fn keep_all(
        &self,
        mut events: Vec<Box<RawValue>>,
        budget: &mut KeyBudget,
    ) -> Result<bool, RoomsError> {
        #[derive(Deserialize)]
        struct Depth {
            depth: u64,
        }
        let rooms = &self.federation.parts().rooms;
        events.truncate(RESYNC_EVENTS_MAX);
        events.sort_by_cached_key(|event| {
            serde_json::from_str::<Depth>(event.get()).map_or(u64::MAX, |event| event.depth)
        });
        let mut lacks_keys = false;
        for _ in 0..RESYNC_PASSES_MAX {
            let mut left: Vec<Box<RawValue>> = Vec::new();
            let mut all = events.into_iter();
            loop {
                let chunk: Vec<Box<RawValue>> = all.by_ref().take(RESYNC_CHUNK).collect();
                if chunk.is_empty() {
                    break;
                }
                let verified = self.federation.verified_within(&chunk, self.version, budget).await;
                lacks_keys |= verified.lacks_keys;
                let mut pdus: Vec<Pdu> = verified.pdus;
                pdus.retain(|pdu| pdu.room_id() == self.room_id);
                if rooms.keep_judged(self.partial.room, pdus).await? > 0 {
                    left.extend(chunk);
                }
            }
            if left.is_empty() {
                break;
            }
            events = left;
        }
        Ok(lacks_keys)
    }
}

fn limits() -> Limits {
    Limits::default().within(RESYNC_TIME_MAX).up_to(STATE_ANSWER_BYTES_MAX).insisting()
}
