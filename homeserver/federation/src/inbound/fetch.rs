//! Questions to other servers about events of one room, within a budget.

use std::future::Future;

use model::{Pdu, RoomNum, RoomVersion};
use ruma::api::federation::authorization::get_event_authorization::v1 as event_auth;
use ruma::api::federation::event::{get_event, get_missing_events, get_room_state, get_room_state_ids};
use ruma::{EventId, OwnedEventId, OwnedServerName, RoomId, UInt};
use serde_json::value::RawValue;

use super::limits::{
    EVENTS_PER_EVENT_MAX, MISSING_EVENTS_MAX, QUESTION_TIME_MAX, QUESTIONS_PER_EVENT_MAX, SERVERS_ASKED_MAX,
    STATE_ANSWER_BYTES_MAX,
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
    questions_left: usize,
    events_left: usize,
}

impl<'a> Search<'a> {
    pub fn new(
        federation: &'a Federation,
        room: RoomNum,
        room_id: &'a RoomId,
        version: &'static RoomVersion,
        mut servers: Vec<OwnedServerName>,
    ) -> Self {
        servers.retain(|server| server != federation.server_name());
        servers.truncate(SERVERS_ASKED_MAX);
        Self {
            federation,
            room,
            room_id,
            version,
            servers,
            questions_left: QUESTIONS_PER_EVENT_MAX,
            events_left: EVENTS_PER_EVENT_MAX,
        }
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
        let mut pdus = self.federation.verified_ones(&events, self.version).await;
        pdus.retain(|pdu| pdu.room_id() == self.room_id);
        pdus
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

    /// Events between what this server has and `latest`.
    pub async fn missing_events(&mut self, earliest: Vec<OwnedEventId>, latest: &EventId) -> Vec<Pdu> {
        let (client, room_id) = (self.federation.client().clone(), self.room_id.to_owned());
        let question = |server: OwnedServerName| {
            let latest = vec![latest.to_owned()];
            let mut request = get_missing_events::v1::Request::new(room_id.clone(), earliest.clone(), latest);
            request.limit = UInt::from(MISSING_EVENTS_MAX);
            let client = client.clone();
            async move { client.send(&server, request, limits()).await }
        };
        let Some(answer) = self.ask("missing events", question).await else { return Vec::new() };
        let events = answer.events.into_iter().take(MISSING_EVENTS_MAX as usize).collect();
        self.verified(events).await
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
