//! The tables of delayed events; ids 1050 to 1059.

use ruma::{OwnedEventId, OwnedRoomId, OwnedUserId};
use serde::{Deserialize, Serialize};
use store::{Profile, Table, TableInfo, record};

/// An event that waits for its time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ScheduledRow {
    #[serde(rename = "u")]
    pub user: OwnedUserId,
    #[serde(rename = "r")]
    pub room_id: OwnedRoomId,
    #[serde(rename = "k")]
    pub kind: String,
    #[serde(rename = "s")]
    pub state_key: Option<String>,
    /// JSON text of the content as the client sent it.
    #[serde(rename = "c")]
    pub content: String,
    #[serde(rename = "d")]
    pub delay_ms: u64,
    /// When it was made; its place in the list of its user.
    #[serde(rename = "m")]
    pub made_at_ms: u64,
    /// When it was made or restarted last.
    #[serde(rename = "b")]
    pub running_since_ms: u64,
    /// For how many ms it is to be sticky once it is sent (MSC4354).
    #[serde(rename = "y", default, skip_serializing_if = "Option::is_none")]
    pub sticky_duration_ms: Option<u64>,
    /// The request that made it, so that its row goes with it.
    #[serde(rename = "t")]
    pub transaction: Option<TransactionRow>,
}
record!(ScheduledRow);

impl ScheduledRow {
    /// When it is to be sent.
    pub fn due_at_ms(&self) -> u64 {
        self.running_since_ms.saturating_add(self.delay_ms)
    }
}

/// Scope, endpoint and transaction id of a request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct TransactionRow {
    #[serde(rename = "s")]
    pub scope: String,
    #[serde(rename = "e")]
    pub endpoint: String,
    #[serde(rename = "t")]
    pub transaction_id: String,
}

/// An event that waits no more.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct FinalisedRow {
    #[serde(rename = "w")]
    pub was: ScheduledRow,
    #[serde(rename = "f")]
    pub at_ms: u64,
    #[serde(rename = "o")]
    pub outcome: Outcome,
}
record!(FinalisedRow);

/// What became of a delayed event.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Outcome {
    /// It was sent as this event.
    Sent(OwnedEventId),
    /// Its user took it back.
    Cancelled,
    /// The room refused it.
    Failed {
        /// In which way.
        failure: Failure,
        /// The refusal in words, for the user.
        reason: String,
    },
}

/// How a room refused a delayed event.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Failure {
    /// The user has no right to send it.
    Forbidden,
    /// It is larger than an event may be.
    TooLarge,
    /// Its content cannot be sent.
    Invalid,
    /// The server could not send it, and trying again would not help.
    Internal,
}

pub(crate) const SCHEDULED: Table<String, ScheduledRow> =
    Table::new(1050, "delayed_event", Profile::Scan, "what is to be sent, and when?");
/// (user, time made, delay id).
pub(crate) const SCHEDULED_OF_USER: Table<(OwnedUserId, u64, String), ()> =
    Table::new(1051, "delayed_event_of_user", Profile::Scan, "which delayed events does the user have?");
pub(crate) const FINALISED: Table<String, FinalisedRow> =
    Table::new(1052, "finalised_delayed_event", Profile::Point, "what became of this delayed event?");
/// (user, time finalised, delay id).
pub(crate) const FINALISED_OF_USER: Table<(OwnedUserId, u64, String), ()> = Table::new(
    1053,
    "finalised_delayed_event_of_user",
    Profile::Scan,
    "which delayed events did the user have?",
);
/// (time finalised, delay id).
pub(crate) const FINALISED_BY_AGE: Table<(u64, String), ()> = Table::new(
    1054,
    "finalised_delayed_event_by_age",
    Profile::Queue,
    "which delayed events may be forgotten?",
);
/// (user, scope, endpoint, transaction id) to the delay id.
pub(crate) const TRANSACTION: Table<(OwnedUserId, String, String, String), String> =
    Table::new(1055, "delayed_event_transaction", Profile::Point, "was this delayed event made before?");

/// All of them, for the store's catalogue.
pub(crate) fn tables() -> Vec<TableInfo> {
    vec![
        SCHEDULED.info(),
        SCHEDULED_OF_USER.info(),
        FINALISED.info(),
        FINALISED_OF_USER.info(),
        FINALISED_BY_AGE.info(),
        TRANSACTION.info(),
    ]
}
