//! The tables of this crate. Nobody else may touch them; ids 2160 to 2179 are ours.

use std::ops::Not;

use kit::Standing;
use ruma::OwnedUserId;
use serde::{Deserialize, Serialize};
use store::{Profile, Table, TableInfo, record};

/// What the homeserver was told of somebody.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ToldStanding {
    pub standing: Standing,
    /// The version of the organisation at which it refused that.
    #[serde(default)]
    pub refused_at: Option<u64>,
    /// Something newer is being told, and nobody has seen the answer.
    #[serde(default, skip_serializing_if = "Not::not")]
    pub is_being_told: bool,
}
record!(ToldStanding);

impl ToldStanding {
    pub const fn of(standing: Standing, refused_at: Option<u64>) -> Self {
        Self { standing, refused_at, is_being_told: false }
    }
}

/// (key of a room, account) → 0 for a member, else when they are to leave, in ms since 1970.
pub(crate) const MEMBER: Table<(String, OwnedUserId), u64> = Table::new(
    2160,
    "organisation_member",
    Profile::Scan,
    "who was asked into this room, and when do they leave?",
);
/// The key of a room whose parent shows it.
pub(crate) const LINKED: Table<String, ()> =
    Table::new(2161, "organisation_linked", Profile::Point, "does the space above show this room?");
/// The key of a room → the power levels that were set last, as text.
pub(crate) const SPEAKERS: Table<String, String> =
    Table::new(2162, "organisation_speakers", Profile::Point, "who was last allowed to speak in this room?");
/// The key of a room → how people come in as it was set last, as text.
pub(crate) const ENTRANCE: Table<String, String> = Table::new(
    2167,
    "organisation_entrance",
    Profile::Point,
    "who comes into this room without being asked?",
);

/// The rules of visibility as they were typed.
pub(crate) const RULES: Table<(), String> =
    Table::new(2163, "organisation_rules", Profile::Point, "who is told what of whom?");

/// Account → until when its link of a first login works at most, in ms since 1970.
pub(crate) const LINK: Table<OwnedUserId, u64> = Table::new(
    2164,
    "organisation_link",
    Profile::Scan,
    "whose link is void when they leave before they came in?",
);

/// Account → what the homeserver was told last. Who is simply here has no row.
pub(crate) const STANDING: Table<OwnedUserId, ToldStanding> =
    Table::new(2165, "organisation_standing", Profile::Scan, "who was suspended or locked out?");
/// The version of the organisation of which everything was told.
pub(crate) const STANDINGS_DONE: Table<(), u64> = Table::new(
    2166,
    "organisation_standings_done",
    Profile::Point,
    "up to which version was the homeserver told who has left?",
);

/// All tables of this crate.
#[must_use]
pub fn tables() -> Vec<TableInfo> {
    vec![
        MEMBER.info(),
        LINKED.info(),
        SPEAKERS.info(),
        ENTRANCE.info(),
        RULES.info(),
        LINK.info(),
        STANDING.info(),
        STANDINGS_DONE.info(),
    ]
}
