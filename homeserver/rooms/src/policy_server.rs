//! Policy servers at the door: rooms that name one take in what it recommends.
//! <https://spec.matrix.org/v1.19/server-server-api/#policy-servers>
//!
//! Here is which rooms use one, and that every way into a room asks. Who asks over the network, or judges in its
//! place, is plugged in from above. Nothing is asked while a room's lock is held: the answer may take seconds.

use std::sync::Arc;

use async_trait::async_trait;
use model::{Pdu, RoomNum, RoomVersion};
use parking_lot::RwLock;
use rules::policy_server::{self, KIND, PolicyServer};
use ruma::OwnedServerName;
use thiserror::Error;

use crate::{Rooms, RoomsError};

/// Why an event lacks a policy server's word.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum NotRecommended {
    /// The policy server does not want it. Code and words are its own.
    #[error("{message}")]
    Refused {
        /// The Matrix error code.
        errcode: String,
        /// For people.
        message: String,
    },
    /// The policy server cannot be asked, or its answer cannot be used.
    #[error("the room's policy server {server} does not answer, so nothing can be sent: {reason}")]
    Unanswered {
        /// The policy server.
        server: OwnedServerName,
        /// What went wrong.
        reason: String,
    },
}

/// Whoever can ask policy servers.
#[async_trait]
pub trait PolicyServers: Send + Sync {
    /// Asks for the policy server's signature on an event, unpadded base64. Answers within seconds.
    async fn ask(
        &self,
        server: &PolicyServer,
        room: RoomNum,
        version: &'static RoomVersion,
        pdu: &Pdu,
    ) -> Result<String, NotRecommended>;
}

/// Who asks, once it is plugged in.
pub(crate) type Asker = RwLock<Option<Arc<dyn PolicyServers>>>;

impl Rooms {
    /// Plugs in who asks policy servers. Without anybody, nothing can be sent in rooms that use one.
    pub fn plug_policy_servers(&self, servers: Arc<dyn PolicyServers>) {
        *self.policy_servers.write() = Some(servers);
    }

    /// Takes it out, at the stop of a server: it holds this crate.
    pub fn unplug_policy_servers(&self) {
        *self.policy_servers.write() = None;
    }

    /// The policy server that a room uses now: its state names one, which has a joined user in the room.
    ///
    /// # Errors
    /// The store's own, and damage.
    pub async fn policy_server(&self, room: RoomNum) -> Result<Option<PolicyServer>, RoomsError> {
        let store = &self.parts.store;
        let Some(event) = self.current_state_num(store, room, KIND, "").await? else { return Ok(None) };
        let Some(server) = PolicyServer::of(self.pdu(store, event).await?.content_str()) else {
            return Ok(None);
        };
        Ok(self.server_is_in_room(room, server.name()).await?.then_some(server))
    }

    /// The policy server without whose word an event may not enter a room now.
    pub(crate) async fn policy_server_for(
        &self,
        room: RoomNum,
        kind: &str,
        state_key: Option<&str>,
    ) -> Result<Option<PolicyServer>, RoomsError> {
        if policy_server::is_exempt(kind, state_key) { Ok(None) } else { self.policy_server(room).await }
    }

    /// The event as it may enter the room: with the policy server's signature, where the room uses one. What is here
    /// already was judged when it came.
    ///
    /// # Errors
    /// [`RoomsError::NotRecommended`], and the store's own.
    pub(crate) async fn recommended(&self, room: RoomNum, pdu: Pdu) -> Result<Pdu, RoomsError> {
        match self.policy_server_for(room, pdu.kind(), pdu.state_key()).await? {
            Some(server) if self.is_news(room, &pdu).await? => self.recommended_by(&server, room, pdu).await,
            Some(_) | None => Ok(pdu),
        }
    }

    /// Whether the event is not here yet, or only as an outlier.
    async fn is_news(&self, room: RoomNum, pdu: &Pdu) -> Result<bool, RoomsError> {
        Ok(self.standing(room, pdu.event_id()).await?.is_none_or(|standing| standing.outlier))
    }

    /// The event with the signature of this policy server.
    pub(crate) async fn recommended_by(
        &self,
        server: &PolicyServer,
        room: RoomNum,
        pdu: Pdu,
    ) -> Result<Pdu, RoomsError> {
        let version = self.room_version(&self.parts.store, room).await?;
        if server.has_signed(&pdu, version) {
            return Ok(pdu);
        }
        let unanswered = |reason: &str| {
            let (server, reason) = (server.name().to_owned(), reason.to_owned());
            RoomsError::NotRecommended(NotRecommended::Unanswered { server, reason })
        };
        let asker = self.policy_servers.read().clone();
        let asker = asker.ok_or_else(|| unanswered("this server talks with no other"))?;
        let asked = asker.ask(server, room, version, &pdu).await;
        let outcome = match &asked {
            Ok(_) => "signed",
            Err(NotRecommended::Refused { .. }) => "refused",
            Err(NotRecommended::Unanswered { .. }) => "unanswered",
        };
        metrics::counter!("lianqiao_policy_server_questions_total", "outcome" => outcome).increment(1);
        let signed = policy_server::with_signature(&pdu, server.name(), &asked?);
        let signed = signed.map_err(|error| unanswered(&error.to_string()))?;
        if server.has_signed(&signed, version) {
            Ok(signed)
        } else {
            Err(unanswered("it signs with another key than the room names"))
        }
    }
}
