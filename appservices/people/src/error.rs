//! What can go wrong, for those who can act on it.

use store::StoreError;

use crate::limits::{CELL_BYTES_MAX, COLUMNS_MAX, STAFF_LIST_BYTES_MAX, STAFF_LIST_ROWS_MAX};

/// Why people could not be read or changed.
#[derive(Debug, thiserror::Error)]
pub enum PeopleError {
    /// The store's own.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Columns without which a list says too little (E401).
    #[error("Required columns missing: {0}")]
    MissingColumns(String),
    /// The file is no staff list.
    #[error(transparent)]
    List(#[from] ListFault),
    /// There is no such dry run, or it is older than a day.
    #[error("there is no dry run {0}, or it is older than a day; run the import again")]
    NoDryRun(String),
    /// The organisation changed after the dry run.
    #[error("the organisation changed after the dry run; run the import again")]
    Outdated,
    /// A full list that concerns so many people, or heads, needs another administrator (E403).
    #[error("Would affect {people} people ({percent} %); a second administrator must confirm: {who}")]
    SecondPerson {
        /// People who would be marked as having left.
        people: usize,
        /// Of all people here.
        percent: usize,
        /// Who can.
        who: String,
    },
}

/// Why a file is no staff list.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ListFault {
    /// More than [`STAFF_LIST_BYTES_MAX`].
    #[error("the file is larger than {} bytes", STAFF_LIST_BYTES_MAX)]
    TooLarge,
    /// Neither UTF-8 nor GB18030.
    #[error("the file is neither UTF-8 nor GB18030")]
    Encoding,
    /// Not CSV, and why.
    #[error("the file is not CSV: {0}")]
    Form(String),
    /// More than [`STAFF_LIST_ROWS_MAX`] rows or [`COLUMNS_MAX`] columns.
    #[error("more than {} rows or {} columns", STAFF_LIST_ROWS_MAX, COLUMNS_MAX)]
    TooMany,
    /// A cell in this line has more than [`CELL_BYTES_MAX`].
    #[error("line {0}: a cell is longer than {max} bytes", max = CELL_BYTES_MAX)]
    LongCell(u64),
    /// Without a row.
    #[error("the file is empty")]
    Empty,
    /// This column is there twice.
    #[error("the column {0} is there twice")]
    Twice(String),
}

impl ListFault {
    /// The fault in the words of a table.
    fn said(&self, say: crate::import::Say<'_>) -> String {
        let say = |key: &str, values: &[(&str, String)]| {
            let values: Vec<(&str, &str)> =
                values.iter().map(|(name, value)| (*name, value.as_str())).collect();
            say(key, &values)
        };
        match self {
            Self::TooLarge => say("org.import.too_large", &[("bytes", STAFF_LIST_BYTES_MAX.to_string())]),
            Self::Encoding => say("org.import.encoding", &[]),
            Self::Form(reason) => say("org.import.form", &[("reason", reason.clone())]),
            Self::TooMany => {
                let (rows, columns) = (STAFF_LIST_ROWS_MAX.to_string(), COLUMNS_MAX.to_string());
                say("org.import.too_many", &[("rows", rows), ("columns", columns)])
            }
            Self::LongCell(line) => {
                let (line, bytes) = (line.to_string(), CELL_BYTES_MAX.to_string());
                say("org.import.long_cell", &[("row", line), ("bytes", bytes)])
            }
            Self::Empty => say("org.import.empty", &[]),
            Self::Twice(column) => say("org.import.twice", &[("col", column.clone())]),
        }
    }
}

impl PeopleError {
    /// The error in the words of a table, where the table has it.
    #[must_use]
    pub fn said(&self, say: crate::import::Say<'_>) -> String {
        match self {
            Self::MissingColumns(columns) => format!("E401 {}", say("E401", &[("cols", columns)])),
            Self::SecondPerson { people, percent, who } => {
                let (people, percent) = (people.to_string(), percent.to_string());
                let values = [("n", people.as_str()), ("pct", &percent), ("who", who)];
                format!("E403 {}", say("E403", &values))
            }
            Self::List(fault) => fault.said(say),
            Self::NoDryRun(id) => say("org.import.no_dry_run", &[("id", id)]),
            Self::Outdated => say("org.import.outdated", &[]),
            Self::Store(_) => self.to_string(),
        }
    }
}
