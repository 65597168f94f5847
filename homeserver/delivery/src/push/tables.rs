//! The tables of push. Nobody else may touch them; ids 1000 to 1049 are ours.

use model::{EventNum, RoomNum, StreamPos};
use ruma::{OwnedDeviceId, OwnedUserId};
use serde::{Deserialize, Serialize};
use store::{Profile, Table, TableInfo};

/// A pusher: where one user wants to be told.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct PusherRow {
    /// Names the pusher in the queue; never used again, so the queue of a removed one belongs to nobody.
    pub number: u64,
    /// `http` or `email`.
    pub kind: String,
    pub app_display_name: String,
    pub device_display_name: String,
    pub profile_tag: Option<String>,
    pub lang: String,
    /// The JSON object `data` as the client gave it.
    pub data: String,
    pub enabled: bool,
    /// The device that set it, with which it goes.
    pub device: Option<OwnedDeviceId>,
    pub set_ms: u64,
}
store::record!(PusherRow);

/// How delivery to a pusher stands.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct PusherStateRow {
    /// The count that the gateway heard last.
    #[serde(default)]
    pub badge: u64,
    /// When the last mail was sent.
    #[serde(default)]
    pub mailed_ms: u64,
    /// How long after it no further mail is sent.
    #[serde(default)]
    pub mail_pause_ms: u64,
    /// Opens the page that ends the mails.
    #[serde(default)]
    pub unsubscribe_token: Option<String>,
}
store::record!(PusherStateRow);

/// Something to tell a pusher.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum QueueRow {
    /// An event.
    Event {
        room: RoomNum,
        event: EventNum,
        highlight: bool,
        sound: Option<String>,
        /// Name and JSON of each.
        #[serde(default)]
        other_tweaks: Vec<(String, String)>,
        queued_ms: u64,
    },
    /// The user read something: the count may have changed.
    Read { queued_ms: u64 },
}
store::record!(QueueRow);

impl QueueRow {
    /// When it was queued.
    pub fn queued_ms(&self) -> u64 {
        match self {
            Self::Event { queued_ms, .. } | Self::Read { queued_ms } => *queued_ms,
        }
    }
}

/// (user, app id, pushkey)
pub(crate) type PusherKey = (OwnedUserId, String, String);

pub(crate) const PUSHERS: Table<PusherKey, PusherRow> =
    Table::new(1000, "pushers", Profile::Scan, "where does a user want to be told?");
/// (app id, pushkey, user)
pub(crate) const PUSHER_OWNERS: Table<(String, String, OwnedUserId), u64> =
    Table::new(1001, "pusher_owners", Profile::Scan, "which users have a pusher of this key?");
pub(crate) const PUSHER_NUMBERS: Table<u64, PusherKey> =
    Table::new(1002, "pusher_numbers", Profile::Point, "whose is the queue of this number?");
pub(crate) const PUSHER_STATES: Table<u64, PusherStateRow> =
    Table::new(1003, "pusher_states", Profile::Point, "what did the pusher hear last?");
pub(crate) const PUSH_QUEUE: Table<(u64, StreamPos), QueueRow> =
    Table::new(1004, "push_queue", Profile::Queue, "what is the pusher still to be told?");

/// The tables of push.
#[must_use]
pub fn tables() -> Vec<TableInfo> {
    vec![PUSHERS.info(), PUSHER_OWNERS.info(), PUSHER_NUMBERS.info(), PUSHER_STATES.info(), PUSH_QUEUE.info()]
}
