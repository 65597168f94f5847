//! What the operator orders of the bots, and what they answer, as both go over the socket.

use serde::{Deserialize, Serialize};

/// An order of the operator.
#[derive(Debug, Serialize, Deserialize)]
#[serde(tag = "order", rename_all = "snake_case")]
pub(crate) enum Order {
    /// Looks at a staff list.
    Preview {
        /// The file, base64.
        list: String,
        /// Whether who is not in the list leaves.
        full: bool,
        /// Who asks.
        by: String,
    },
    /// Applies one that was looked at.
    Apply {
        /// Its id.
        id: String,
        /// Who asks.
        by: String,
    },
    /// Gives links of first logins.
    Links {
        /// To whom; to everybody who has not come in where nobody is named.
        who: Option<String>,
        /// Behind which employee number, where nobody is named.
        after: Option<String>,
        /// Who asks.
        by: String,
    },
    /// Asks how the bots are.
    Health,
    /// Exports cases.
    Export {
        /// Which; all where none is named.
        numbers: Vec<String>,
        /// Behind which number, where none is named.
        after: Option<String>,
    },
    /// Imports working days.
    Workdays {
        /// The file, base64.
        file: String,
    },
    /// Asks for the keys that records are signed with.
    RecordKeys,
    /// Replaces the key that records are signed with.
    RotateRecordKey,
}

/// The answer to an [`Order`].
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Answer {
    /// What the list would change, and under which id it can be applied.
    Preview {
        /// The id.
        id: String,
        /// As people read it.
        summary: String,
    },
    /// It was applied.
    Applied {
        /// The version of the organisation since then.
        version: u64,
        /// People who changed.
        people: usize,
        /// The list again, with what became of each row.
        result_file: String,
    },
    /// Links of first logins.
    Links {
        /// As a file.
        file: String,
        /// Who got none, and why.
        refused: Vec<String>,
        /// The employee number behind which there are more.
        more_after: Option<String>,
    },
    /// The cases that were asked for.
    Export {
        /// The file.
        text: String,
        /// How many are in it.
        cases: u64,
        /// The number behind which there are more.
        more_after: Option<String>,
    },
    /// Working days were imported.
    Workdays {
        /// The years that the file named.
        years: Vec<u64>,
        /// Days that are off.
        holidays: usize,
        /// Days that are made up for.
        made_up: usize,
    },
    /// The keys that records are signed with, one a line, the present one first.
    RecordKeys(Vec<String>),
    /// How the bots are.
    Health {
        /// Whether they take work and have their accounts.
        is_well: bool,
        /// Events that they have still to hear.
        inbox: usize,
        /// Letters that are not sent.
        outbox: usize,
        /// People in the organisation.
        people: usize,
    },
    /// Not done, and why.
    Refused(String),
}
