//! Answering as the policy server of rooms that name this one.
//! <https://spec.matrix.org/v1.19/server-server-api/#post_matrixpolicyv1sign>

use model::{Pdu, RoomNum, RoomVersion};
use rules::foreign::{self, Received};
use rules::policy_server::{PolicyServer, is_exempt, signature_on};
use ruma::{CanonicalJsonObject, OwnedRoomId, ServerName, UserId};
use serde::Deserialize;
use serde_json::value::RawValue;

use super::PolicyServerError;
use crate::Federation;

impl Federation {
    /// The public key that rooms name to use this server as their policy server, unpadded base64; none when it is
    /// none.
    #[must_use]
    pub fn policy_server_key(&self) -> Option<String> {
        self.policy_servers().public_key()
    }

    /// The signature of this server, as the policy server of the event's room; unpadded base64.
    ///
    /// # Errors
    /// See [`PolicyServerError`].
    pub async fn sign_for_room(
        &self,
        origin: &ServerName,
        event: &RawValue,
    ) -> Result<String, PolicyServerError> {
        #[derive(Deserialize)]
        struct Place {
            room_id: OwnedRoomId,
        }
        if self.policy_servers().own.is_none() {
            return Err(PolicyServerError::NotServing);
        }
        let bad = |what: String| PolicyServerError::BadEvent(what);
        let place: Place = serde_json::from_str(event.get()).map_err(|error| bad(error.to_string()))?;
        let rooms = &self.parts().rooms;
        let room = rooms.room_num(rooms.store(), &place.room_id).await?;
        let room = room.ok_or(PolicyServerError::NotProtected)?;
        let server = rooms.policy_server(room).await?.filter(|server| server.name() == self.server_name());
        let server = server.ok_or(PolicyServerError::NotProtected)?;
        if !rooms.acl_allows(room, origin).await? {
            return Err(PolicyServerError::KeptOut);
        }
        let version = rooms.room_version(rooms.store(), room).await?;
        let received =
            foreign::read(event.get().as_bytes(), version).map_err(|error| bad(error.to_string()))?;
        // The signature covers the hash, not the content: whoever could show us another content than the others get
        // would say what they like.
        if !received.fits_its_hash() {
            return Err(bad("the content does not fit its hash".to_owned()));
        }
        let object = received.object().clone();
        let pdu = self.attributed(origin, received, version).await?;
        if is_exempt(pdu.kind(), pdu.state_key()) {
            return Err(bad("such an event needs no signature of a policy server".to_owned()));
        }
        self.own_signature(&server, room, version, (&pdu, &object)).await
    }

    /// The event, when it is of the server that shows it or that server's user signed it. Nobody is to be counted as a
    /// sender by somebody else's word.
    async fn attributed(
        &self,
        origin: &ServerName,
        received: Received,
        version: &'static RoomVersion,
    ) -> Result<Pdu, PolicyServerError> {
        let bad = |what: String| PolicyServerError::BadEvent(what);
        let sender = received.object().get("sender").and_then(|sender| sender.as_str());
        let is_own = sender
            .and_then(|sender| <&UserId>::try_from(sender).ok())
            .is_some_and(|sender| sender.server_name() == origin);
        if is_own {
            return received.unverified().map_err(|error| bad(error.to_string()));
        }
        self.verified(received, version).await.map_err(|error| bad(error.to_string()))
    }

    /// Judges an event once, and signs it when it is recommended.
    pub(super) async fn own_signature(
        &self,
        server: &PolicyServer,
        room: RoomNum,
        version: &'static RoomVersion,
        (pdu, object): (&Pdu, &CanonicalJsonObject),
    ) -> Result<String, PolicyServerError> {
        let own = self.policy_servers().own.as_ref().ok_or(PolicyServerError::NotServing)?;
        if !server.has_key(&own.key.public_key()) {
            return Err(PolicyServerError::NotProtected);
        }
        let event_id = pdu.event_id().to_owned();
        let refusal = match own.judgements.get(&event_id) {
            Some(known) => known,
            None => {
                let levels = self.parts().rooms.power_levels(room).await?;
                let is_spared = levels.of(pdu.sender()).reaches(own.judge.spared_power_level());
                let refusal = own.judge.judge(room, pdu, is_spared).err();
                own.judgements.insert(event_id, refusal.clone());
                refusal
            }
        };
        if let Some(reason) = refusal {
            tracing::info!(event_id = %pdu.event_id(), sender = %pdu.sender(), reason, "event not recommended");
            return Err(PolicyServerError::Refused(reason));
        }
        signature_on(object, version, &*own.key, self.server_name())
            .map_err(|error| PolicyServerError::BadEvent(error.to_string()))
    }
}
