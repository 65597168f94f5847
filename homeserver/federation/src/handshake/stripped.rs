//! What another server shows of a room to somebody whom it invites, or who knocks.

use model::RoomVersion;
use ruma::RoomId;
use ruma::api::federation::membership::RawStrippedState;

use super::HandshakeError;
use super::limits::STRIPPED_EVENTS_MAX;
use crate::Federation;
use rules::foreign;

impl Federation {
    /// The events as JSON that may be shown: whole ones when form, room and signatures are right (MSC4311), stripped ones
    /// of older servers as they are. A create event of another room refuses everything.
    pub(super) async fn shown(
        &self,
        room_id: &RoomId,
        version: &'static RoomVersion,
        events: &[RawStrippedState],
    ) -> Result<Vec<String>, HandshakeError> {
        let mut shown = Vec::new();
        for event in events.iter().take(STRIPPED_EVENTS_MAX) {
            match event {
                RawStrippedState::Pdu(event) => {
                    let Ok(received) = foreign::read(event.get().as_bytes(), version) else { continue };
                    let Ok(pdu) = self.verified(received, version).await else { continue };
                    if pdu.room_id() != room_id {
                        if pdu.kind() == "m.room.create" {
                            return Err(HandshakeError::BadRequest(
                                "the create event is of another room".to_owned(),
                            ));
                        }
                        continue;
                    }
                    let form = if pdu.kind() == "m.room.create" {
                        model::EventForm::Full
                    } else {
                        model::EventForm::Stripped
                    };
                    let mut json = Vec::new();
                    model::write_client_event(&mut json, &pdu, form, &model::Unsigned::default());
                    shown.extend(String::from_utf8(json));
                }
                #[allow(deprecated)]
                RawStrippedState::Stripped(event) => shown.push(event.json().get().to_owned()),
                _ => {}
            }
        }
        Ok(shown)
    }
}
