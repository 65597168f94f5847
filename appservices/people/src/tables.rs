//! The tables of this crate. Nobody else may touch them; ids 2120 to 2139 are ours.

use serde::{Deserialize, Serialize};
use store::{Profile, Table, TableInfo, record};

use crate::{DepartmentNote, DepartmentPath, Person};

/// One change of the organisation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct VersionRow {
    pub at_ms: u64,
    pub by: String,
    pub people: u64,
}
record!(VersionRow);

/// A staff list that was looked at and not applied yet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct DryRunRow {
    pub at_ms: u64,
    pub by: String,
    pub full: bool,
    /// The version it was compared with.
    pub version: u64,
    /// Its text, in UTF-8 whatever the file was in.
    pub list: String,
}
record!(DryRunRow);

/// What was said of a department.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct DepartmentRow {
    pub path: DepartmentPath,
    pub note: DepartmentNote,
}
record!(DepartmentRow);

/// (employee number, version) → the person from then on.
pub(crate) const PERSON: Table<(String, u64), Person> =
    Table::new(2120, "person", Profile::Scan, "what was known of this person from this version on?");
pub(crate) const VERSION: Table<u64, VersionRow> =
    Table::new(2121, "organisation_version", Profile::Scan, "when did the organisation change, and by whom?");
pub(crate) const DRY_RUN: Table<String, DryRunRow> =
    Table::new(2122, "staff_list", Profile::Blob, "which staff list may be applied under this id?");
/// The newest version; absent before the first.
pub(crate) const NEWEST: Table<(), u64> = Table::new(
    2123,
    "organisation_newest",
    Profile::Counter,
    "which version of the organisation is the newest?",
);
/// Localparts are given once and for ever.
pub(crate) const LOCALPART: Table<String, String> =
    Table::new(2124, "localpart_owner", Profile::Point, "to whom was this localpart given?");

/// (path, version) → what was said of the department from then on.
pub(crate) const DEPARTMENT: Table<(String, u64), DepartmentRow> =
    Table::new(2125, "department", Profile::Scan, "what was said of this department from this version on?");

/// All tables of this crate, for the store and for the catalogue.
#[must_use]
pub fn tables() -> Vec<TableInfo> {
    vec![PERSON.info(), VERSION.info(), DRY_RUN.info(), NEWEST.info(), LOCALPART.info(), DEPARTMENT.info()]
}
