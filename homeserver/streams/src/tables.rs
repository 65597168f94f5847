//! The tables of this crate, ids 10 to 19.

use model::StreamPos;
use store::{Profile, Table, TableInfo};

use crate::facts::Fact;

pub(crate) const STREAM: Table<StreamPos, Fact> =
    Table::new(10, "stream", Profile::Scan, "What happened at a position?");
pub(crate) const CURSOR: Table<String, StreamPos> =
    Table::new(11, "cursor", Profile::Counter, "Up to where has a reader of the stream come?");
pub(crate) const NUMBERS: Table<u8, u64> =
    Table::new(12, "numbers", Profile::Counter, "Up to where are the short numbers of a kind given out?");

/// The tables of this crate.
#[must_use]
pub fn tables() -> Vec<TableInfo> {
    vec![STREAM.info(), CURSOR.info(), NUMBERS.info()]
}
