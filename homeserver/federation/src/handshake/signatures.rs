//! Signatures that another server adds to an event of ours.

use model::{Pdu, RoomVersion};
use rules::canonical;
use rules::foreign::{self, Received};
use ruma::{CanonicalJsonValue, ServerName};

use super::HandshakeError;

/// Our event with the signatures that `server` put on the copy it returned. Nothing else of the copy is looked at.
pub(super) fn with_signatures_of(
    ours: &Pdu,
    returned: &str,
    server: &ServerName,
    version: &RoomVersion,
) -> Result<Received, HandshakeError> {
    let unusable = |what: String| HandshakeError::Failed(format!("the event that came back: {what}"));
    let mut returned =
        canonical::parse_object(returned.as_bytes()).map_err(|error| unusable(error.to_string()))?;
    let added = match returned.remove("signatures") {
        Some(CanonicalJsonValue::Object(mut signatures)) => signatures.remove(server.as_str()),
        _ => None,
    };
    let mut event = canonical::parse_object(ours.json()).map_err(|error| unusable(error.to_string()))?;
    if let (Some(CanonicalJsonValue::Object(signatures)), Some(added)) = (event.get_mut("signatures"), added)
    {
        // A policy server on our side of the event may be the same server.
        match (signatures.get_mut(server.as_str()), added) {
            (Some(CanonicalJsonValue::Object(known)), CanonicalJsonValue::Object(added)) => {
                known.extend(added)
            }
            (_, added) => drop(signatures.insert(server.to_string(), added)),
        }
    }
    foreign::from_object(event, version).map_err(|error| unusable(error.to_string()))
}
