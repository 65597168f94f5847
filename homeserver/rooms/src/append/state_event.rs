//! What an invited or knocking user is shown of a room.

use model::{EventForm, Pdu, Unsigned};
use ruma::UserId;

use crate::RoomsError;

/// Types of state that introduce a room to somebody outside
/// (<https://spec.matrix.org/v1.19/client-server-api/#stripped-state>).
const INTRODUCTION: [&str; 8] = [
    "m.room.create",
    "m.room.name",
    "m.room.avatar",
    "m.room.topic",
    "m.room.join_rules",
    "m.room.canonical_alias",
    "m.room.encryption",
    "m.room.history_visibility",
];

/// Type and state key of the state shown with an invite or knock; the event itself is not in it.
pub(crate) fn shown_to_invited<'a>(
    sender: &'a UserId,
    target: &'a UserId,
) -> impl Iterator<Item = (&'static str, &'a str)> {
    let inviter = (sender != target).then_some(("m.room.member", sender.as_str()));
    INTRODUCTION.into_iter().map(|kind| (kind, "")).chain(inviter)
}

/// The stripped form of a state event, known to be readable. The create event goes whole, so that the
/// invited user's client can check the room id against it (MSC4311).
pub(crate) fn stripped(pdu: &Pdu) -> Result<String, RoomsError> {
    let form = if pdu.kind() == "m.room.create" { EventForm::Full } else { EventForm::Stripped };
    let mut out = Vec::new();
    model::write_client_event(&mut out, pdu, form, &Unsigned::default());
    String::from_utf8(out).map_err(|_| RoomsError::Corrupt("a stripped event".to_owned()))
}
