//! The tables of what application services are owed. Nobody else may touch them; ids 1100 to 1149 are ours.

use bytes::Bytes;
use model::{EventNum, RoomNum, StreamPos};
use ruma::{OwnedDeviceId, OwnedEventId, OwnedRoomId, OwnedUserId};
use serde::{Deserialize, Serialize};
use store::{Profile, Table, TableInfo};

/// Something that a service is to be told.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum QueueRow {
    /// An event.
    Event {
        room: RoomNum,
        event: EventNum,
        queued_ms: u64,
        /// Whose device list the service begins or ends to share by it: a join is true.
        #[serde(default)]
        member: Option<(OwnedUserId, bool)>,
    },
    /// Receipts of a room moved at this position.
    Receipts { room: RoomNum, queued_ms: u64 },
    /// The devices of a user changed.
    DeviceList { user: OwnedUserId, queued_ms: u64 },
}
store::record!(QueueRow);

impl QueueRow {
    /// When it was queued.
    pub fn queued_ms(&self) -> u64 {
        match self {
            Self::Event { queued_ms, .. }
            | Self::Receipts { queued_ms, .. }
            | Self::DeviceList { queued_ms, .. } => *queued_ms,
        }
    }

    /// Keeps apart what came about at one position.
    pub fn code(&self) -> u8 {
        match self {
            Self::Event { .. } => 0,
            Self::Receipts { .. } => 1,
            Self::DeviceList { .. } => 2,
        }
    }
}

/// (service, position, kind)
pub(crate) type QueueKey = (String, StreamPos, u8);
/// Number, when it was frozen in ms, body.
pub(crate) type Frozen = (u64, u64, Bytes);

pub(crate) const QUEUE: Table<QueueKey, QueueRow> =
    Table::new(1100, "appservice_queue", Profile::Queue, "what is the service still to be told?");
pub(crate) const FROZEN: Table<String, Frozen> = Table::new(
    1101,
    "appservice_frozen",
    Profile::Queue,
    "which transaction must the service accept before the next one?",
);
pub(crate) const NUMBERS: Table<String, u64> = Table::new(
    1102,
    "appservice_numbers",
    Profile::Point,
    "which number had the service's last transaction?",
);
/// (service, user, device), only for users whom the service shares with others.
pub(crate) const TO_DEVICE_SENT: Table<(String, OwnedUserId, OwnedDeviceId), StreamPos> = Table::new(
    1103,
    "appservice_to_device_sent",
    Profile::Point,
    "up to where did the service hear what was sent to this device?",
);
/// (network, room)
pub(crate) const LISTED: Table<(String, OwnedRoomId), u64> =
    Table::new(1104, "appservice_listed", Profile::Scan, "which rooms does a service list for a network?");

/// (user, service)
pub(crate) const SPEAKING: Table<(OwnedUserId, String), SpeakingRow> = Table::new(
    1105,
    "appservice_speaking",
    Profile::Point,
    "does this person let the service speak for them?",
);

/// How it stands between a person and a service that speaks for them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct SpeakingRow {
    /// The message by which they said so; none while the service does not speak for them.
    pub given_by: Option<OwnedEventId>,
    /// When it was last taken back, in ms; what was said before counts no more.
    pub ended_ms: u64,
}
store::record!(SpeakingRow);

/// What a service will never hear of, because too much waited for it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Missed {
    /// How many events, receipts and device lists.
    pub rows: u64,
    /// When the first of them came about, in ms since 1970.
    pub from_ms: u64,
    /// When the last of them came about.
    pub until_ms: u64,
}
store::record!(Missed);

impl Missed {
    /// With further ones, which are later.
    pub(crate) fn and(self, later: Self) -> Self {
        Self { rows: self.rows.saturating_add(later.rows), from_ms: self.from_ms, until_ms: later.until_ms }
    }
}

pub(crate) const MISSED: Table<String, Missed> = Table::new(
    1106,
    "appservice_missed",
    Profile::Point,
    "what did the service miss because too much waited for it?",
);

/// The tables of this part.
#[must_use]
pub fn tables() -> Vec<TableInfo> {
    vec![
        QUEUE.info(),
        FROZEN.info(),
        NUMBERS.info(),
        TO_DEVICE_SENT.info(),
        LISTED.info(),
        SPEAKING.info(),
        MISSED.info(),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_missed_is_counted_from_the_first_to_the_last() {
        let [first, second] = [(2, 100, 110), (3, 110, 150)].map(|(rows, from_ms, until_ms)| Missed {
            rows,
            from_ms,
            until_ms,
        });
        assert_eq!(first.and(second), Missed { rows: 5, from_ms: 100, until_ms: 150 });
    }
}
