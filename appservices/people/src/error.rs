//! What can go wrong, for those who can act on it.

use store::StoreError;

/// Why people could not be read or changed.
#[derive(Debug, thiserror::Error)]
pub enum PeopleError {
    /// The store's own.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Columns without which a list says too little (E401).
    #[error("Required columns missing: {0}")]
    MissingColumns(String),
    /// The file is no staff list. The text says what to do.
    #[error("{0}")]
    List(String),
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
            Self::Store(_) | Self::List(_) | Self::NoDryRun(_) | Self::Outdated => self.to_string(),
        }
    }
}
