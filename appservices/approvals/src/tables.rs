//! The tables of this crate. Nobody else may touch them; ids 2140 to 2159 are ours.

use kit::Lock;
use ruma::{OwnedEventId, OwnedRoomId, OwnedServerName, OwnedUserId};
use store::{Profile, Table, TableInfo, record};

use crate::{
    desk::Delegation,
    mail::{MailLink, MailRow},
    web::FormLink,
    wire::{ForeignApproval, ForeignCard, PartnerChain},
};

record!(Delegation, FormLink, MailLink, MailRow, ForeignApproval, ForeignCard, PartnerChain);

/// (id, version) → the template, canonical JSON.
pub(crate) const TEMPLATE: Table<(String, u64), String> =
    Table::new(2140, "approval_template", Profile::Scan, "what did this version of the template say?");
/// The root of the thread → the case.
pub(crate) const HOME: Table<OwnedEventId, String> =
    Table::new(2141, "approval_home", Profile::Point, "which approval was started by this message?");
/// Employee number → (case, task). The task is empty for a draft.
pub(crate) const EXPECTED: Table<String, (String, String)> = Table::new(
    2142,
    "approval_expected",
    Profile::Point,
    "for which approval is a word of this person waited for?",
);
/// (employee number, its place).
pub(crate) const DELEGATION: Table<(String, u64), Delegation> =
    Table::new(2143, "approval_delegation", Profile::Scan, "who acts for this person?");
/// (case, person) who were told once that they are not asked.
pub(crate) const TOLD: Table<(String, String), ()> =
    Table::new(2144, "approval_told", Profile::Point, "was this person told that it is not theirs?");

/// (key of a room of ours, account) that was asked in for its role.
pub(crate) const ROOM_MEMBER: Table<(String, OwnedUserId), ()> =
    Table::new(2146, "approval_room_member", Profile::Scan, "who is in this room for their role?");
/// The key of a room of ours → the version of the organisation that its members were taken from.
pub(crate) const ROOM_VERSION: Table<String, u64> =
    Table::new(2147, "approval_room_version", Profile::Counter, "as of when are these the members?");
/// (server, id of a key) → the key with which the bot of a partner signs records, base64. The first that is seen stays. Behind a
/// space stands until when it signed, in ms since 1970, where another one followed it.
pub(crate) const PARTNER_KEY: Table<(OwnedServerName, String), String> =
    Table::new(2148, "approval_partner_key", Profile::Point, "with which key does this partner's bot sign?");

/// (room, server, id of a case there) → how much of its chain is here.
pub(crate) const PARTNER_CHAIN: Table<(OwnedRoomId, OwnedServerName, String), PartnerChain> = Table::new(
    2152,
    "approval_partner_chain",
    Profile::Point,
    "how many records of this case of a partner are here?",
);
/// (room, server, id of a case there, seq) → the record, canonical JSON.
pub(crate) const PARTNER_RECORD: Table<(OwnedRoomId, OwnedServerName, String, u64), String> =
    Table::new(2153, "approval_partner_record", Profile::Scan, "what was done in this case of a partner?");
/// (number, room, server, id of a case there).
pub(crate) const PARTNER_NUMBER: Table<(String, OwnedRoomId, OwnedServerName, String), ()> =
    Table::new(2154, "approval_partner_number", Profile::Scan, "which cases of partners have this number?");

/// The key of a card → how often it was sent again, because its room was left.
pub(crate) const CARD_AGAIN: Table<String, u64> =
    Table::new(2149, "approval_card_again", Profile::Point, "how often was this card sent again?");

/// A case → the link by which its form can be opened in a browser; a newer one takes its place.
pub(crate) const FORM_LINK: Table<String, FormLink> =
    Table::new(2150, "approval_form_link", Profile::Point, "by which link does this form open in a browser?");

/// (case, the event that brought a file) → what unlocks it, where it was sent in an encrypted chat. Neither records nor exports
/// have it.
pub(crate) const FILE_LOCK: Table<(String, String), Lock> =
    Table::new(2151, "approval_file_lock", Profile::Point, "what unlocks this file of a case?");

/// The version of the organisation whose leavers were dealt with.
pub(crate) const LEAVERS_DONE: Table<(), u64> =
    Table::new(2145, "approval_leavers_done", Profile::Counter, "up to which version was it seen who left?");

/// (platform, its id) → what was told of an approval of its own.
pub(crate) const FOREIGN: Table<(String, String), ForeignApproval> = Table::new(
    2158,
    "approval_foreign",
    Profile::Point,
    "what was told of this approval of another platform?",
);
/// The letter of a card → the approval of another platform that it shows.
pub(crate) const FOREIGN_CARD: Table<String, ForeignCard> = Table::new(
    2159,
    "approval_foreign_card",
    Profile::Point,
    "which approval of another platform does this card show?",
);

/// The id of a letter → what its links are for.
pub(crate) const MAIL_LINK: Table<String, MailLink> = Table::new(
    2155,
    "approval_mail_link",
    Profile::Point,
    "what do the links of this letter decide, and until when?",
);
/// (when it is due in ms since 1970, its id) → a letter that is not sent.
pub(crate) const MAIL_DUE: Table<(u64, String), MailRow> =
    Table::new(2156, "approval_mail_due", Profile::Queue, "which letter is to be sent next?");
/// (case, task, person) → the id of the newest letter about it.
pub(crate) const MAIL_NEWEST: Table<(String, String, String), String> =
    Table::new(2157, "approval_mail_newest", Profile::Point, "by which letter is this person asked?");

/// All tables that the bot needs in its store: its own, those of the cases, those of the organisation.
#[must_use]
pub fn tables() -> Vec<TableInfo> {
    let own = vec![
        TEMPLATE.info(),
        HOME.info(),
        EXPECTED.info(),
        DELEGATION.info(),
        TOLD.info(),
        LEAVERS_DONE.info(),
        ROOM_MEMBER.info(),
        ROOM_VERSION.info(),
        PARTNER_KEY.info(),
        PARTNER_CHAIN.info(),
        PARTNER_RECORD.info(),
        PARTNER_NUMBER.info(),
        CARD_AGAIN.info(),
        FORM_LINK.info(),
        FILE_LOCK.info(),
        MAIL_LINK.info(),
        MAIL_DUE.info(),
        MAIL_NEWEST.info(),
        FOREIGN.info(),
        FOREIGN_CARD.info(),
    ];
    [own, cases::tables(), people::tables()].concat()
}
