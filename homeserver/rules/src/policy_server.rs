//! Policy servers: what a room says of the one it uses, and whether that server signed an event.
//! <https://spec.matrix.org/v1.19/server-server-api/#policy-servers>
//!
//! Whether the named server has a member in the room, which it must have, is for the caller to look up.

use bytes::Bytes;
use model::{Pdu, RoomVersion};
use ruma::events::room::policy::{POLICY_SERVER_ED25519_SIGNING_KEY_ID, RoomPolicyEventContent};
use ruma::serde::Base64;
use ruma::signatures::{KeyPair, sign_event, verify_policy_server_signature};
use ruma::{CanonicalJsonObject, CanonicalJsonValue, OwnedServerName, ServerName};
use serde::Deserialize;

use crate::build::BuildError;
use crate::canonical;

/// The type of the state event, with an empty state key, by which a room names its policy server.
pub const KIND: &str = "m.room.policy";

/// The id under which every policy server signs.
pub const KEY_ID: &str = POLICY_SERVER_ED25519_SIGNING_KEY_ID;

/// The part of [`KEY_ID`] after the algorithm.
pub const KEY_VERSION: &str = "policy_server";

/// Bytes of an ed25519 public key.
const PUBLIC_KEY_BYTES: usize = 32;

/// The policy server that a room names.
#[derive(Clone, Debug)]
pub struct PolicyServer(RoomPolicyEventContent);

impl PolicyServer {
    /// Reads the content of the state event; none when it does not name a server and a key.
    #[must_use]
    pub fn of(content: &str) -> Option<Self> {
        #[derive(Deserialize)]
        struct Content {
            via: OwnedServerName,
            public_keys: PublicKeys,
        }
        #[derive(Deserialize)]
        struct PublicKeys {
            ed25519: String,
        }
        let content: Content = serde_json::from_str(content).ok()?;
        // The specification's own example is written in the alphabet for addresses.
        let key = content.public_keys.ed25519.replace('-', "+").replace('_', "/");
        let key = Base64::parse(key).ok().filter(|key| key.as_bytes().len() == PUBLIC_KEY_BYTES)?;
        Some(Self(RoomPolicyEventContent::new(content.via, key)))
    }

    /// The server.
    #[must_use]
    pub fn name(&self) -> &ServerName {
        &self.0.via
    }

    /// Whether this is the key it signs with, given as bytes.
    #[must_use]
    pub fn has_key(&self, public_key: &[u8]) -> bool {
        self.0.public_keys.values().any(|key| key.as_bytes() == public_key)
    }

    /// Whether it signed the event.
    #[must_use]
    pub fn has_signed(&self, pdu: &Pdu, version: &RoomVersion) -> bool {
        canonical::parse_object(pdu.json())
            .is_ok_and(|object| verify_policy_server_signature(&self.0, &object, version.rules()).is_ok())
    }
}

/// Whether an event enters a room without the policy server's word: the event that names the server, so that a room
/// gets rid of one that is gone.
#[must_use]
pub fn is_exempt(kind: &str, state_key: Option<&str>) -> bool {
    kind == KIND && state_key == Some("")
}

/// The signature of a policy server on an event, unpadded base64.
///
/// # Errors
/// When the event cannot be signed.
pub fn signature_on<K: KeyPair>(
    object: &CanonicalJsonObject,
    version: &RoomVersion,
    key: &K,
    server: &ServerName,
) -> Result<String, BuildError> {
    let mut bare = object.clone();
    bare.remove("signatures");
    sign_event(server.as_str(), key, &mut bare, version.redaction())?;
    let signature = bare.get("signatures").and_then(|all| all.as_object()?.get(server.as_str())?.as_object());
    let signature = signature.and_then(|own| own.values().next()?.as_str()).map(str::to_owned);
    signature.ok_or(BuildError::Missing("signature"))
}

/// The event with a policy server's signature beside those that it has, also of the same server.
///
/// # Errors
/// When the event cannot be read back.
pub fn with_signature(pdu: &Pdu, server: &ServerName, signature: &str) -> Result<Pdu, BuildError> {
    let mut object = canonical::parse_object(pdu.json())?;
    let empty = || CanonicalJsonValue::Object(CanonicalJsonObject::new());
    if let CanonicalJsonValue::Object(all) = object.entry("signatures".to_owned()).or_insert_with(empty)
        && let CanonicalJsonValue::Object(own) = all.entry(server.to_string()).or_insert_with(empty)
    {
        own.insert(KEY_ID.to_owned(), CanonicalJsonValue::String(signature.to_owned()));
    }
    Ok(Pdu::parse(pdu.event_id().to_owned(), Bytes::from(canonical::to_bytes(&object)?))?)
}

#[cfg(test)]
mod tests {
    use model::ROOM_VERSIONS;
    use ruma::signatures::Ed25519KeyPair;
    use ruma::{server_name, user_id};
    use serde_json::json;

    use super::*;
    use crate::foreign;
    use crate::test_room::{TestRoom, server};

    fn key() -> Ed25519KeyPair {
        Ed25519KeyPair::from_der(&Ed25519KeyPair::generate(), KEY_VERSION.to_owned()).unwrap()
    }

    fn named(server: &ServerName, key: &Ed25519KeyPair) -> PolicyServer {
        let key = Base64::<ruma::serde::base64::Standard, _>::new(key.public_key().to_vec()).encode();
        PolicyServer::of(&json!({ "via": server, "public_keys": { "ed25519": key } }).to_string()).unwrap()
    }

    #[test]
    fn only_a_server_with_a_key_is_one() {
        let example = json!({ "via": "policy.example.org",
            "public_keys": { "ed25519": "6yhHGKhCiXTSEN2ksjV7kX_N6rBQZ3Xb-M7LlC6NS-s" } });
        assert_eq!(PolicyServer::of(&example.to_string()).unwrap().name(), "policy.example.org");
        for wrong in [
            json!({}),
            json!({ "via": "p.org" }),
            json!({ "via": "p.org", "public_keys": {} }),
            json!({ "via": "p.org", "public_keys": { "ed25519": 7 } }),
            json!({ "via": "p.org", "public_keys": { "ed25519": "c2hvcnQ" } }),
            json!({ "via": "not a name", "public_keys": example["public_keys"] }),
        ] {
            assert!(PolicyServer::of(&wrong.to_string()).is_none(), "{wrong}");
        }
    }

    #[test]
    fn a_signature_counts_in_every_version_and_stands_beside_the_others() {
        let key = key();
        for version in ROOM_VERSIONS.iter() {
            let room = TestRoom::new(version, "public");
            let content = json!({ "body": "hi", "msgtype": "m.text" });
            let pdu = room.builds(user_id!("@alice:example.org"), "m.room.message", None, &content);
            // Also when the policy server is the one that sent the event.
            for name in [server(), server_name!("policy.org")] {
                let policy = named(name, &key);
                assert!(!policy.has_signed(&pdu, version));
                let object = canonical::parse_object(pdu.json()).unwrap();
                let signature = signature_on(&object, version, &key, name).unwrap();
                let signed = with_signature(&pdu, name, &signature).unwrap();
                assert!(policy.has_signed(&signed, version), "{version:?}");
                assert_eq!(signed.event_id(), pdu.event_id());
                let received = foreign::read(signed.json(), version).unwrap();
                let sender_keys = [(server().to_owned(), "ed25519:1".to_owned())];
                assert_eq!(received.wanted_keys(version).unwrap(), sender_keys, "{version:?}");
                let other = Ed25519KeyPair::from_der(&Ed25519KeyPair::generate(), KEY_VERSION.to_owned());
                assert!(!named(name, &other.unwrap()).has_signed(&signed, version), "{version:?}");
            }
        }
    }

    #[test]
    fn what_names_the_server_needs_no_word_of_it() {
        for (kind, state_key, exempt) in [
            (KIND, Some(""), true),
            (KIND, Some("x"), false),
            (KIND, None, false),
            ("m.room.name", Some(""), false),
        ] {
            assert_eq!(is_exempt(kind, state_key), exempt, "{kind} {state_key:?}");
        }
    }
}
