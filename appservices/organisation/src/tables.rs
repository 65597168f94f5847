//! The tables of this crate. Nobody else may touch them; ids 2160 to 2179 are ours.

use ruma::OwnedUserId;
use store::{Profile, Table, TableInfo};

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

/// All tables of this crate.
#[must_use]
pub fn tables() -> Vec<TableInfo> {
    vec![MEMBER.info(), LINKED.info(), SPEAKERS.info(), RULES.info(), LINK.info()]
}
