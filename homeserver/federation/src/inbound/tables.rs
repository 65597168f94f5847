//! The tables of what comes in.

use model::StreamPos;
use ruma::{OwnedRoomId, OwnedServerName};
use serde::{Deserialize, Serialize};
use store::{Profile, Table, TableInfo, record};

/// Events that were accepted for a room and are not worked off, in the order of their arrival.
pub const STAGED: Table<(OwnedRoomId, StreamPos), StagedRow> =
    Table::new(1260, "staged", Profile::Queue, "which events of this room wait to be worked off?");

/// Answered transactions: (server, transaction id) to when, and what was answered.
pub const RECEIVED: Table<(OwnedServerName, String), ReceivedRow> =
    Table::new(1261, "received", Profile::Point, "what was this transaction answered with?");

/// The same by time in ms, so that old ones can be forgotten.
pub const RECEIVED_BY_AGE: Table<(u64, OwnedServerName, String), ()> =
    Table::new(1262, "received_by_age", Profile::Queue, "which transactions may be forgotten?");

/// The list of this module.
#[must_use]
pub fn tables() -> Vec<TableInfo> {
    let mut all = vec![STAGED.info(), RECEIVED.info(), RECEIVED_BY_AGE.info()];
    all.extend(super::resync::tables());
    all
}

/// An event as it came.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct StagedRow {
    /// Who sent it to us.
    pub origin: OwnedServerName,
    /// Its JSON.
    pub json: String,
    /// How often it was tried in vain.
    #[serde(default)]
    pub tries: u32,
}
record!(StagedRow);

/// The answer to a transaction.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct ReceivedRow {
    /// When it was answered, in milliseconds since 1970.
    pub at_ms: u64,
    /// For each event its id and, if it was refused at once, the reason.
    pub outcomes: Vec<(String, Option<String>)>,
}
record!(ReceivedRow);
