//! The tables of what bridges do for people and rooms beyond carrying: nobody else reads or writes them.

use ruma::{OwnedEventId, OwnedRoomId, OwnedUserId};
use serde::{Deserialize, Serialize};
use store::{Profile, Table, TableInfo};

/// Network and person → the colleague as whom they speak here.
pub(crate) const SPEAKERS: Table<(String, String), SpeakerRow> =
    Table::new(3030, "bridges_speakers", Profile::Scan, "As which colleague does this person speak here?");
/// Account and network → who they say to be there, and where they said it.
pub(crate) const WISHES: Table<(OwnedUserId, String), WishRow> =
    Table::new(3031, "bridges_wishes", Profile::Queue, "Who wants to speak as themselves from elsewhere?");
/// Accounts for whom we speak no more, and the homeserver does not know it yet.
pub(crate) const ENDED: Table<OwnedUserId, ()> =
    Table::new(3032, "bridges_ended", Profile::Queue, "Who took back that we speak for them?");
/// A code that somebody says on a platform → which colleague they are.
pub(crate) const PERSON_CODES: Table<String, PersonCodeRow> =
    Table::new(3033, "bridges_person_codes", Profile::Point, "Which colleague says this code?");
/// Network and conversation → a room is being made for it.
pub(crate) const MAKING: Table<(String, String), MakingRow> =
    Table::new(3034, "bridges_making", Profile::Queue, "For which conversations are rooms made?");
/// Room → who may do what there.
pub(crate) const PERMISSIONS: Table<OwnedRoomId, PermissionsRow> =
    Table::new(3035, "bridges_permissions", Profile::Point, "Which power do bridges ask for in this room?");
/// Event and account → when its words went there by e-mail.
pub(crate) const MAILED: Table<(OwnedEventId, OwnedUserId), u64> =
    Table::new(3036, "bridges_mailed", Profile::Point, "Did this message go to this colleague by e-mail?");
/// When a letter went, its event and its account.
pub(crate) const MAILED_ORDER: Table<(u64, OwnedEventId, OwnedUserId), ()> =
    Table::new(3037, "bridges_mailed_order", Profile::Queue, "Which letters went long ago?");
/// Account and day since 1970 → how many letters went there.
pub(crate) const MAILED_COUNT: Table<(u64, OwnedUserId), u64> = Table::new(
    3038,
    "bridges_mailed_count",
    Profile::Counter,
    "How many letters did this colleague get today?",
);

/// Network and conversation → from when on somebody wants to have what was said there.
pub(crate) const READINGS: Table<(String, String), ReadingRow> =
    Table::new(3039, "bridges_readings", Profile::Queue, "For which conversations is history asked for?");

/// All of them.
pub(crate) fn tables() -> Vec<TableInfo> {
    vec![
        SPEAKERS.info(),
        WISHES.info(),
        ENDED.info(),
        PERSON_CODES.info(),
        MAKING.info(),
        PERMISSIONS.info(),
        MAILED.info(),
        MAILED_ORDER.info(),
        MAILED_COUNT.info(),
        READINGS.info(),
    ]
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct SpeakerRow {
    pub account: OwnedUserId,
    pub since_ms: u64,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct WishRow {
    /// Who they are on the platform.
    pub person: String,
    /// Where they said so, and where they are told what came of it.
    pub room: OwnedRoomId,
    /// The message in which they said so.
    pub event: OwnedEventId,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct PersonCodeRow {
    pub network: String,
    pub account: OwnedUserId,
    pub room: OwnedRoomId,
    pub event: OwnedEventId,
    pub until_ms: u64,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct MakingRow {
    /// Who ordered it; none where the configuration did.
    pub by: Option<OwnedUserId>,
    /// The key of the room at the kit, once it is ordered there.
    pub place: Option<String>,
    /// The picture of the conversation on the platform.
    pub avatar: Option<String>,
    /// Since when it waits for something that is not ours.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub held_since_ms: Option<u64>,
    /// When it is tried again, once people were told that it waits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub again_ms: Option<u64>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct PermissionsRow {
    /// The power that binding and unbinding asks for beyond what the room asks for.
    pub bind: Option<i64>,
    /// The power that somebody needs whose words go to platforms.
    pub speak: Option<i64>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ReadingRow {
    pub since_ms: u64,
    /// Where somebody asked for it.
    pub room: OwnedRoomId,
    /// What is answered.
    pub event: OwnedEventId,
}

store::record!(SpeakerRow, WishRow, PersonCodeRow, MakingRow, PermissionsRow, ReadingRow);
