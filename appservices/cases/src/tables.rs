//! The tables of this crate. Nobody else may touch them; ids 2100 to 2119 are ours.

use std::collections::BTreeSet;

use ruma::OwnedEventId;
use serde::{Deserialize, Serialize};
use store::{Profile, Table, TableInfo, record};

/// A case, with the data of its kind as JSON text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct CaseRow {
    pub no: String,
    pub kind: String,
    pub state: String,
    pub seq: u64,
    pub head: String,
    pub created_ms: u64,
    pub lists: BTreeSet<(String, String)>,
    pub data: String,
}
record!(CaseRow);

pub(crate) const CASE: Table<String, CaseRow> =
    Table::new(2100, "case", Profile::Point, "how does this case stand?");
/// Apart from the case, so that the condition of a write does not hang on how its row is encoded.
pub(crate) const REVISION: Table<String, u64> =
    Table::new(2105, "case_revision", Profile::Counter, "how often was this case changed?");
/// (id, seq) → the record, canonical JSON.
pub(crate) const RECORD: Table<(String, u64), String> =
    Table::new(2101, "case_record", Profile::Scan, "what was done in this case, in order?");
pub(crate) const NUMBER: Table<String, String> =
    Table::new(2102, "case_number", Profile::Point, "which case has this number?");
/// (prefix, day) → the last number given.
pub(crate) const COUNTER: Table<(String, String), u32> =
    Table::new(2103, "case_counter", Profile::Counter, "which number was given last on this day?");
/// (kind, list, person, id).
pub(crate) const LISTED: Table<(String, String, String, String), ()> =
    Table::new(2104, "case_listed", Profile::Scan, "which cases stand in this list of this person?");
/// (kind, event, id) → the place of the record that it was the source of; 0 where the case was made from it.
pub(crate) const SOURCE: Table<(String, OwnedEventId, String), u64> =
    Table::new(2107, "case_source", Profile::Point, "which cases rest on this event?");

/// PKCS#8 document of the key that signs records. Made at the first start.
pub(crate) const SIGNING_KEY: Table<(), Vec<u8>> =
    Table::new(2106, "case_signing_key", Profile::Point, "with which key are records signed?");

/// How many went before → that one key followed another, canonical JSON.
pub(crate) const HANDOVER: Table<u64, String> =
    Table::new(2108, "case_key_handover", Profile::Scan, "which keys signed records before, and until when?");

/// All tables of this crate, for the store and for the catalogue.
#[must_use]
pub fn tables() -> Vec<TableInfo> {
    vec![
        CASE.info(),
        REVISION.info(),
        RECORD.info(),
        NUMBER.info(),
        COUNTER.info(),
        LISTED.info(),
        SOURCE.info(),
        SIGNING_KEY.info(),
        HANDOVER.info(),
    ]
}
