//! An event together with the verdict on it.

use std::{fmt, ops::Deref};

use model::Pdu;
use ruma::{
    MilliSecondsSinceUnixEpoch, OwnedEventId, RoomId, UserId, events::TimelineEventType, state_res::Event,
};
use serde_json::value::RawValue;

/// An event with the verdict that it got when it arrived; what ruma's algorithms work on.
#[derive(Clone)]
pub struct Judged {
    pdu: Pdu,
    rejected: bool,
}

impl Judged {
    /// An event that was accepted.
    #[must_use]
    pub fn accepted(pdu: Pdu) -> Self {
        Self { pdu, rejected: false }
    }

    /// An event with its verdict.
    #[must_use]
    pub fn new(pdu: Pdu, rejected: bool) -> Self {
        Self { pdu, rejected }
    }

    /// The event.
    #[must_use]
    pub fn pdu(&self) -> &Pdu {
        &self.pdu
    }

    /// Whether it was refused.
    #[must_use]
    pub fn is_rejected(&self) -> bool {
        self.rejected
    }
}

impl Deref for Judged {
    type Target = Pdu;

    fn deref(&self) -> &Pdu {
        &self.pdu
    }
}

impl fmt::Debug for Judged {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}{}", self.pdu, if self.rejected { " rejected" } else { "" })
    }
}

impl Event for Judged {
    type Id = OwnedEventId;

    fn event_id(&self) -> &OwnedEventId {
        self.pdu.owned_event_id()
    }

    fn room_id(&self) -> Option<&RoomId> {
        // Version 12: a create event that names a room is refused, so the implied one must stay out of sight.
        (!self.pdu.room_id_is_implied()).then(|| self.pdu.room_id())
    }

    fn sender(&self) -> &UserId {
        self.pdu.sender()
    }

    fn origin_server_ts(&self) -> MilliSecondsSinceUnixEpoch {
        self.pdu.origin_server_time()
    }

    fn event_type(&self) -> &TimelineEventType {
        self.pdu.event_type()
    }

    fn content(&self) -> &RawValue {
        self.pdu.content()
    }

    fn state_key(&self) -> Option<&str> {
        self.pdu.state_key()
    }

    fn prev_events(&self) -> Box<dyn DoubleEndedIterator<Item = &OwnedEventId> + '_> {
        Box::new(self.pdu.prev_events().iter())
    }

    fn auth_events(&self) -> Box<dyn DoubleEndedIterator<Item = &OwnedEventId> + '_> {
        Box::new(self.pdu.auth_events().iter())
    }

    fn redacts(&self) -> Option<&OwnedEventId> {
        self.pdu.top_level_redacts()
    }

    fn rejected(&self) -> bool {
        self.rejected
    }
}
