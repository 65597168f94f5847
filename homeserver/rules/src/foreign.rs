//! Events that another server sent: from bytes to an event whose form, id, hash and signatures were checked.
//!
//! Two steps, because the keys come from elsewhere: [`read`] checks the form and computes the id, and
//! [`Received::verify`] holds the event against the keys that [`Received::wanted_keys`] named. Nothing that a peer
//! adds beside the signed event (`unsigned`, an id of its own choice) survives.
//! <https://spec.matrix.org/v1.19/server-server-api/#validating-hashes-and-signatures-on-received-events>

use bytes::Bytes;
use model::{Pdu, PduError, RoomVersion};
use ruma::canonical_json::redact_in_place;
use ruma::signatures::{
    KeyPair, PublicKeyMap, VerificationError, Verified, content_hash,
    required_server_signatures_to_verify_event, sign_event, verify_event,
};
use ruma::{CanonicalJsonObject, CanonicalJsonValue, EventId, OwnedEventId, OwnedServerName, ServerName};

use crate::build::{self, BuildError};
use crate::canonical::{self, FormError};
use crate::limits::SIGNATURES_PER_SERVER_MAX;

/// Why an event of another server cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ForeignError {
    /// It does not have the form of its room version.
    #[error(transparent)]
    Form(#[from] FormError),
    /// It has no id, or none that its version allows.
    #[error("event id: {0}")]
    Id(#[from] BuildError),
    /// A signature that must be there is missing or wrong, or its key is not known.
    #[error("signature: {0}")]
    Signature(#[from] VerificationError),
    /// It cannot be read although its form is right; identifiers, mostly.
    #[error(transparent)]
    Unreadable(#[from] PduError),
}

/// An event whose form was checked and whose signatures were not.
#[derive(Clone, Debug)]
pub struct Received {
    object: CanonicalJsonObject,
    event_id: OwnedEventId,
}

/// Reads the JSON of an event as its room version wants it, and computes its id.
///
/// # Errors
/// [`ForeignError::Form`] and [`ForeignError::Id`].
pub fn read(json: &[u8], version: &RoomVersion) -> Result<Received, ForeignError> {
    from_object(canonical::parse_object(json)?, version)
}

/// The same for JSON that was parsed before.
///
/// # Errors
/// [`ForeignError::Form`] and [`ForeignError::Id`].
pub fn from_object(mut object: CanonicalJsonObject, version: &RoomVersion) -> Result<Received, ForeignError> {
    object.remove("unsigned");
    if !version.sender_chooses_event_id() {
        object.remove("event_id");
    }
    if version.room_id_is_create_hash()
        && object.get("type").and_then(|kind| kind.as_str()) == Some("m.room.create")
    {
        // Clients are told the room's id; between servers the create event names none.
        object.remove("room_id");
    }
    canonical::check_event(&object, version)?;
    let event_id = build::event_id(&object, version)?;
    if event_id.as_bytes().len() > model::limits::EVENT_FIELD_BYTES_MAX {
        let bytes_max = model::limits::EVENT_FIELD_BYTES_MAX;
        return Err(FormError::TooLarge { what: "event_id", bytes_max }.into());
    }
    Ok(Received { object, event_id })
}

impl Received {
    /// The id, computed here and not as the peer says.
    #[must_use]
    pub fn event_id(&self) -> &EventId {
        &self.event_id
    }

    /// The event as it was sent, less what nobody signs.
    #[must_use]
    pub fn object(&self) -> &CanonicalJsonObject {
        &self.object
    }

    /// The room that the event names; none for a create event of version 12.
    #[must_use]
    pub fn room_id(&self) -> Option<&str> {
        self.object.get("room_id").and_then(|room_id| room_id.as_str())
    }

    /// Milliseconds since 1970 as the sender claims; 0 for a time before that.
    #[must_use]
    pub fn origin_server_ts(&self) -> u64 {
        match self.object.get("origin_server_ts") {
            Some(CanonicalJsonValue::Integer(time)) => u64::try_from(i64::from(*time)).unwrap_or(0),
            _ => 0,
        }
    }

    /// Whether the content fits the hash that the signatures are made over. The content of an event that does not is
    /// worth nothing: nobody else will see it.
    #[must_use]
    pub fn fits_its_hash(&self) -> bool {
        let hashes = self.object.get("hashes").and_then(|hashes| hashes.as_object());
        let said = hashes.and_then(|hashes| hashes.get("sha256")).and_then(|hash| hash.as_str());
        let real = content_hash(&self.object).map(|hash| hash.encode());
        said.is_some_and(|said| real.is_ok_and(|real| real == said.trim_end_matches('=')))
    }

    /// The servers that must have signed, each with the ids of keys by which it did, at most
    /// [`SIGNATURES_PER_SERVER_MAX`].
    ///
    /// # Errors
    /// [`ForeignError::Signature`] when the event does not say who must have signed.
    pub fn wanted_keys(&self, version: &RoomVersion) -> Result<Vec<(OwnedServerName, String)>, ForeignError> {
        let servers = required_server_signatures_to_verify_event(&self.object, &version.rules().signatures)?;
        let mut wanted = Vec::new();
        for server in servers {
            let signatures = self.object.get("signatures").and_then(|all| all.as_object());
            let signatures =
                signatures.and_then(|all| all.get(server.as_str())).and_then(|by| by.as_object());
            let ids = signatures.into_iter().flat_map(|by| by.keys());
            // A policy server's key stands in the room and is never published.
            let ids = ids.filter(|id| *id != crate::policy_server::KEY_ID);
            wanted.extend(ids.take(SIGNATURES_PER_SERVER_MAX).map(|id| (server.clone(), id.clone())));
        }
        Ok(wanted)
    }

    /// The event, if every signature that must be there is right. An event whose content does not fit its hash
    /// comes back in its redacted form, which is what its signatures are made over.
    ///
    /// # Errors
    /// [`ForeignError::Signature`], and [`ForeignError::Unreadable`] for identifiers that no event may hold.
    pub fn verify(self, version: &RoomVersion, keys: &PublicKeyMap) -> Result<Pdu, ForeignError> {
        let Self { mut object, event_id } = self;
        match verify_event(keys, &object, version.rules())? {
            Verified::All => {}
            Verified::Signatures => {
                redact_in_place(&mut object, version.redaction(), None)
                    .map_err(|error| FormError::NotCanonical(error.to_string()))?;
            }
        }
        Ok(Pdu::parse(event_id, Bytes::from(canonical::to_bytes(&object)?))?)
    }

    /// The event without a look at its signatures, for what nobody has to believe (a preview).
    ///
    /// # Errors
    /// [`ForeignError::Unreadable`].
    pub fn unverified(self) -> Result<Pdu, ForeignError> {
        Ok(Pdu::parse(self.event_id, Bytes::from(canonical::to_bytes(&self.object)?))?)
    }
}

/// The event with one signature more: of a server that vouches for it.
///
/// # Errors
/// When the event cannot be signed or read back.
pub fn co_sign<K: KeyPair>(
    pdu: &Pdu,
    version: &RoomVersion,
    key: &K,
    server_name: &ServerName,
) -> Result<Pdu, BuildError> {
    let mut object = canonical::parse_object(pdu.json())?;
    sign_event(server_name.as_str(), key, &mut object, version.redaction())?;
    Ok(Pdu::parse(pdu.event_id().to_owned(), Bytes::from(canonical::to_bytes(&object)?))?)
}

/// A received event with one signature more, before its signatures are checked.
///
/// # Errors
/// When the event cannot be signed.
pub fn co_sign_received<K: KeyPair>(
    received: Received,
    version: &RoomVersion,
    key: &K,
    server_name: &ServerName,
) -> Result<Received, ForeignError> {
    let Received { mut object, event_id } = received;
    sign_event(server_name.as_str(), key, &mut object, version.redaction()).map_err(BuildError::from)?;
    Ok(Received { object, event_id })
}

#[cfg(test)]
#[path = "foreign_tests.rs"]
mod tests;
