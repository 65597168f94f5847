//! What a redaction leaves of an event, and who may redact what.
//! <https://spec.matrix.org/v1.19/client-server-api/#redactions>

use bytes::Bytes;
use model::{Pdu, RoomVersion};
use ruma::canonical_json::redact_in_place;

use crate::{
    build::BuildError,
    canonical::{self, FormError},
    power::PowerLevels,
};

/// The event with everything removed that its room version does not protect. The id stays: it is the hash of
/// exactly this form.
///
/// # Errors
/// When the stored bytes are no event; that is corruption.
pub fn redact(pdu: &Pdu, version: &RoomVersion) -> Result<Pdu, BuildError> {
    let mut object = canonical::parse_object(pdu.json())?;
    redact_in_place(&mut object, version.redaction(), None)
        .map_err(|error| FormError::NotCanonical(error.to_string()))?;
    object.remove("unsigned");
    Ok(Pdu::parse(pdu.event_id().to_owned(), Bytes::from(canonical::to_bytes(&object)?))?)
}

/// Whether a redaction that passed the authorisation rules may be applied to its target: the sender has the
/// power to redact, or sender and target come from the same server (that server answers for its own users).
/// Room versions 1 and 2 decide this in the authorisation rules already, by the same test.
/// <https://spec.matrix.org/v1.19/rooms/v3/#handling-redactions>
#[must_use]
pub fn may_be_applied(redaction: &Pdu, target: &Pdu, power: &PowerLevels) -> bool {
    redaction.room_id() == target.room_id()
        && target.kind() != "m.room.create"
        && (power.may_redact_others(redaction.sender())
            || redaction.sender().server_name() == target.sender().server_name())
}

/// Whether a user of this server may send the redaction: of their own events, or with the power to redact.
#[must_use]
pub fn may_be_sent(sender: &ruma::UserId, target: &Pdu, power: &PowerLevels) -> bool {
    target.sender() == sender || power.may_redact_others(sender)
}

#[cfg(test)]
#[path = "redaction_tests.rs"]
mod tests;
