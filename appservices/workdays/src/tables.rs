//! The table of this crate. Nobody else may touch it; ids 2440 to 2459 are ours.

use serde::{Deserialize, Serialize};
use store::{Profile, Table, TableInfo, record};

use crate::SpecialDay;

/// What is special in one year.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct YearRow {
    pub days: Vec<DayRow>,
}

/// A day: its ISO date, whether it is worked, and its name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct DayRow {
    pub date: String,
    pub is_worked: bool,
    #[serde(default)]
    pub name: String,
}

impl DayRow {
    pub fn of(day: SpecialDay) -> Self {
        Self { date: day.date.to_string(), is_worked: day.is_worked, name: day.name }
    }

    /// The day; nothing where the date is none, which an import never writes.
    pub fn day(self) -> Option<SpecialDay> {
        let date = self.date.parse().ok()?;
        Some(SpecialDay { date, is_worked: self.is_worked, name: self.name })
    }
}

record!(YearRow);

/// A year → its holidays and the days made up for.
pub(crate) const YEAR: Table<u64, YearRow> = Table::new(
    2440,
    "workdays_year",
    Profile::Scan,
    "Which days of this year are off, and which are made up for?",
);

/// All tables of this crate, for opening the store that [`crate::Workdays`] reads.
#[must_use]
pub fn tables() -> Vec<TableInfo> {
    vec![YEAR.info()]
}
