//! Questions to other servers about events of one room, within a budget.

use std::future::Future;

use model::{Pdu, RoomNum, RoomVersion};
use rooms::{Gap, RoomsError};
use ruma::api::federation::authorization::get_event_authorization::v1 as event_auth;
use ruma::api::federation::backfill::get_backfill;
use ruma::api::federation::event::{get_event, get_missing_events, get_room_state, get_room_state_ids};
use ruma::{EventId, OwnedEventId, OwnedServerName, RoomId, ServerName, UInt};
use serde_json::value::RawValue;

use super::limits::{
    EVENTS_PER_EVENT_MAX, HISTORY_EVENTS_MAX, MISSING_EVENTS_MAX, QUESTION_TIME_MAX, QUESTIONS_PER_EVENT_MAX,
    SERVERS_ASKED_MAX, STATE_ANSWER_BYTES_MAX,
};
use crate::client::Limits;
use crate::{ClientError, Federation};

/// One incoming event being worked off: where it belongs, whom to ask, and how much may still be asked.
pub(super) struct Search<'a> {
    pub federation: &'a Federation,
    pub room: RoomNum,
    pub room_id: &'a RoomId,
    pub version: &'static RoomVersion,
    /// Who is asked, the likeliest first.
    pub servers: Vec<OwnedServerName>,
    others_are_known: bool,
    /// A server could not be reached, or the keys of one that signed something, so another try may bring what this one
    /// did not.
    pub was_cut_off: bool,
    /// The keys of a server that signed something cannot be had now.
    pub lacks_keys: bool,
    /// A server has nothing at the path of a question, or something in front of it says so while it is away.
    pub lacks_endpoint: bool,
    /// Gaps that could not be filled, or not completely.
    pub gaps_tried: Vec<Gap>,
    questions_left: usize,
    events_left: usize,
}

impl Federation {
    /// These servers and others of the room, the ones with most members first.
    pub(super) async fn servers_to_ask(
        &self,
        room: RoomNum,
        first: &[OwnedServerName],
    ) -> Result<Vec<OwnedServerName>, RoomsError> {
        let rooms = &self.parts().rooms;
        let mut servers = first.to_vec();
        let mut others = rooms.joined_servers(rooms.store(), room).await?;
        others.sort_by_key(|(_, members)| std::cmp::Reverse(*members));
        for (server, _) in others {
            if servers.len() >= SERVERS_ASKED_MAX {
                break;
            }
            if !servers.contains(&server) {
                servers.push(server);
            }
        }
        Ok(servers)
    }
}

impl<'a> Search<'a> {
    pub fn new(
        federation: &'a Federation,
        room: RoomNum,
        room_id: &'a RoomId,
        version: &'static RoomVersion,
        likeliest: Vec<OwnedServerName>,
    ) -> Self {
        let mut servers: Vec<OwnedServerName> = Vec::with_capacity(SERVERS_ASKED_MAX);
        for server in likeliest {
            if server != federation.server_name() && !servers.contains(&server) {
                servers.push(server);
            }
        }
        Self {
            federation,
            room,
            room_id,
            version,
            servers,
            others_are_known: false,
            was_cut_off: false,
            lacks_keys: false,
            lacks_endpoint: false,
            gaps_tried: Vec::new(),
            questions_left: QUESTIONS_PER_EVENT_MAX,
            events_left: EVENTS_PER_EVENT_MAX,
        }
    }

    /// Adds others of the room to those who are asked, the ones with most members first. Most events need nobody, so
    /// this is not done before something is missing.
    pub async fn meet_others(&mut self) -> Result<(), RoomsError> {
        if std::mem::replace(&mut self.others_are_known, true) {
            return Ok(());
        }
        self.servers = self.federation.servers_to_ask(self.room, &self.servers).await?;
        Ok(())
    }

    /// Asks this server before the others, if it is in the room.
    pub async fn ask_first(&mut self, server: &ServerName) -> Result<(), RoomsError> {
        self.meet_others().await?;
        let known = self.servers.iter().position(|known| known == server);
        if let Some(place) = known {
            self.servers.swap(0, place);
        } else if server != self.federation.server_name()
            && self.federation.parts().rooms.server_is_in_room(self.room, server).await?
        {
            self.servers.insert(0, server.to_owned());
            self.servers.truncate(SERVERS_ASKED_MAX);
        }
        Ok(())
    }

    /// Asks one server after the other until one answers.
    async fn ask<'s, T, F>(&mut self, what: &str, question: impl Fn(OwnedServerName) -> F) -> Option<T>
    where
        F: Future<Output = Result<T, ClientError>> + Send + 's,
    {
        for server in self.servers.clone() {
            self.questions_left = self.questions_left.checked_sub(1)?;
            match question(server.clone()).await {
                Ok(answer) => return Some(answer),
                Err(error) => {
                    self.was_cut_off |= error.may_pass();
                    self.lacks_endpoint |= matches!(error, ClientError::NoEndpoint(_));
                    tracing::debug!(%server, room_id = %self.room_id, %error, "{what} cannot be had there");
                }
            }
        }
        None
    }

    /// Counts events against the budget; none is left when it is spent.
    fn spend(&mut self, events: Vec<Box<RawValue>>) -> Vec<Box<RawValue>> {
        let taken = events.len().min(self.events_left);
        self.events_left -= taken;
        events.into_iter().take(taken).collect()
    }

    async fn verified(&mut self, events: Vec<Box<RawValue>>) -> Vec<Pdu> {
        let events = self.spend(events);
        let mut verified = self.federation.verified_ones(&events, self.version).await;
        self.was_cut_off |= verified.lacks_keys;
        self.lacks_keys |= verified.lacks_keys;
        verified.pdus.retain(|pdu| pdu.room_id() == self.room_id);
        verified.pdus
    }

    /// One event by its id.
    pub async fn event(&mut self, event_id: &EventId) -> Option<Pdu> {
        let client = self.federation.client().clone();
        let question = |server: OwnedServerName| {
            let (client, event_id) = (client.clone(), event_id.to_owned());
            async move { client.send(&server, get_event::v1::Request::new(event_id), limits()).await }
        };
        let answer = self.ask("an event", question).await?;
        let found = self.verified(vec![answer.pdu]).await;
        found.into_iter().find(|pdu| pdu.event_id() == event_id)
    }

    /// What stands behind an event.
    pub async fn auth_chain(&mut self, event_id: &EventId) -> Vec<Pdu> {
        let (client, room_id) = (self.federation.client().clone(), self.room_id.to_owned());
        let question = |server: OwnedServerName| {
            let (client, room_id, event_id) = (client.clone(), room_id.clone(), event_id.to_owned());
            async move { client.send(&server, event_auth::Request::new(room_id, event_id), limits()).await }
        };
        match self.ask("what stands behind an event", question).await {
            Some(answer) => self.verified(answer.auth_chain).await,
            None => Vec::new(),
        }
    }

    /// Events between what this server has and `latest`, and whether the answer held as many as one may.
    pub async fn missing_events(
        &mut self,
        earliest: &[OwnedEventId],
        latest: &[OwnedEventId],
    ) -> (Vec<Pdu>, bool) {
        let (client, room_id) = (self.federation.client().clone(), self.room_id.to_owned());
        let latest: Vec<OwnedEventId> = latest.iter().take(MISSING_EVENTS_MAX as usize).cloned().collect();
        let question = |server: OwnedServerName| {
            let (earliest, latest) = (earliest.to_vec(), latest.clone());
            let mut request = get_missing_events::v1::Request::new(room_id.clone(), earliest, latest);
            request.limit = UInt::from(MISSING_EVENTS_MAX);
            let client = client.clone();
            async move { client.send(&server, request, limits()).await }
        };
        let Some(answer) = self.ask("missing events", question).await else { return (Vec::new(), false) };
        let is_full = answer.events.len() >= MISSING_EVENTS_MAX as usize;
        let events = answer.events.into_iter().take(MISSING_EVENTS_MAX as usize).collect();
        (self.verified(events).await, is_full)
    }

    /// Events before and with the given ones.
    pub async fn history_before(&mut self, from: &[OwnedEventId]) -> Vec<Pdu> {
        let (client, room_id) = (self.federation.client().clone(), self.room_id.to_owned());
        let from: Vec<OwnedEventId> = from.iter().take(HISTORY_EVENTS_MAX as usize).cloned().collect();
        let question = |server: OwnedServerName| {
            let limit = UInt::from(HISTORY_EVENTS_MAX);
            let request = get_backfill::v1::Request::new(room_id.clone(), from.clone(), limit);
            let client = client.clone();
            async move { client.send(&server, request, limits()).await }
        };
        let Some(answer) = self.ask("history", question).await else { return Vec::new() };
        self.verified(answer.pdus.into_iter().take(HISTORY_EVENTS_MAX as usize).collect()).await
    }

    /// The ids of the state before an event, and of what stands behind it.
    pub async fn state_ids(&mut self, event_id: &EventId) -> Option<(Vec<OwnedEventId>, Vec<OwnedEventId>)> {
        let (client, room_id) = (self.federation.client().clone(), self.room_id.to_owned());
        let question = |server: OwnedServerName| {
            let request = get_room_state_ids::v1::Request::new(event_id.to_owned(), room_id.clone());
            let client = client.clone();
            async move { client.send(&server, request, limits().up_to(STATE_ANSWER_BYTES_MAX)).await }
        };
        let answer = self.ask("the state at an event", question).await?;
        let count = answer.pdu_ids.len() + answer.auth_chain_ids.len();
        (count <= EVENTS_PER_EVENT_MAX).then_some((answer.pdu_ids, answer.auth_chain_ids))
    }

    /// The whole state before an event, with what stands behind it.
    pub async fn state(&mut self, event_id: &EventId) -> Vec<Pdu> {
        let (client, room_id) = (self.federation.client().clone(), self.room_id.to_owned());
        let question = |server: OwnedServerName| {
            let request = get_room_state::v1::Request::new(event_id.to_owned(), room_id.clone());
            let client = client.clone();
            async move { client.send(&server, request, limits().up_to(STATE_ANSWER_BYTES_MAX)).await }
        };
        let Some(answer) = self.ask("the state at an event", question).await else { return Vec::new() };
        self.verified(answer.pdus.into_iter().chain(answer.auth_chain).collect()).await
    }
}

fn limits() -> Limits {
    Limits::default().within(QUESTION_TIME_MAX)
}
