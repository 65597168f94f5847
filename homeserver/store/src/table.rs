//! Tables: a name, a number, an access profile, and the types of key and value.

use std::any::type_name;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::marker::PhantomData;

use serde::{Deserialize, Serialize};

use crate::error::OpenError;

/// How a table is used; the engine tunes block sizes, filters and compression by it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Profile {
    /// Small values read by their whole key.
    Point,
    /// Rows read in ranges.
    Scan,
    /// Rows written, read once or a few times, and deleted.
    Queue,
    /// A few rows that are overwritten often.
    Counter,
    /// Large values (event JSON, filters), read by their whole key.
    Blob,
}

impl Profile {
    /// Every profile.
    pub const ALL: [Self; 5] = [Self::Point, Self::Scan, Self::Queue, Self::Counter, Self::Blob];

    /// The name of the profile, as the engine and the catalogue use it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Point => "point",
            Self::Scan => "scan",
            Self::Queue => "queue",
            Self::Counter => "counter",
            Self::Blob => "blob",
        }
    }
}

/// Rows of type `K → V`. A constant in the `tables.rs` of the crate that owns it; nobody else reads or writes it.
pub struct Table<K, V> {
    pub(crate) id: u16,
    pub(crate) name: &'static str,
    pub(crate) profile: Profile,
    question: &'static str,
    types: PhantomData<fn(K) -> V>,
}

impl<K, V> Table<K, V> {
    /// Declares a table. `id` is forever (it begins every key); `question` says in one sentence what the table
    /// answers.
    #[must_use]
    pub const fn new(id: u16, name: &'static str, profile: Profile, question: &'static str) -> Self {
        Self { id, name, profile, question, types: PhantomData }
    }

    /// The name of the table.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        self.name
    }

    /// The table's line of the catalogue.
    #[must_use]
    pub fn info(&self) -> TableInfo {
        TableInfo {
            id: self.id,
            name: self.name,
            profile: self.profile,
            question: self.question,
            key: short_type_name(type_name::<K>()),
            value: short_type_name(type_name::<V>()),
        }
    }
}

/// What the store learns of a table at start.
#[derive(Clone, Debug)]
pub struct TableInfo {
    /// The number that begins every key.
    pub id: u16,
    /// The name in messages and metrics.
    pub name: &'static str,
    /// How it is used.
    pub profile: Profile,
    /// What it answers.
    pub question: &'static str,
    /// The type of its keys, without module paths.
    pub key: String,
    /// The type of its values, without module paths.
    pub value: String,
}

/// The list of tables for people: one line per table, in the order of ids.
#[must_use]
pub fn catalogue(tables: &[TableInfo]) -> String {
    let mut sorted: Vec<_> = tables.iter().collect();
    sorted.sort_by_key(|table| table.id);
    let mut out = String::from("  id  profile  table                          key -> value: question\n");
    for table in sorted {
        // Writing to a String cannot fail.
        let _ = writeln!(
            out,
            "{:>4}  {:<7}  {:<30} {} -> {}: {}",
            table.id,
            table.profile.name(),
            table.name,
            table.key,
            table.value,
            table.question
        );
    }
    out
}

/// Refuses two tables of one id or one name.
pub(crate) fn check_unique(tables: &[TableInfo]) -> Result<(), OpenError> {
    let mut ids = BTreeMap::new();
    let mut names = BTreeMap::new();
    for table in tables {
        if let Some(first) = ids.insert(table.id, table.name) {
            let what = format!("id {}", table.id);
            return Err(OpenError::DuplicateTable { first, second: table.name, what });
        }
        if let Some(first) = names.insert(table.name, table.name) {
            let what = format!("the name {:?}", table.name);
            return Err(OpenError::DuplicateTable { first, second: table.name, what });
        }
    }
    Ok(())
}

/// `(alloc::string::String, model::ids::RoomNum)` becomes `(String, RoomNum)`.
fn short_type_name(full: &str) -> String {
    let mut out = String::new();
    let mut word = String::new();
    for character in full.chars() {
        match character {
            ':' => word.clear(),
            c if c.is_alphanumeric() || c == '_' => word.push(c),
            c => {
                out.push_str(&word);
                word.clear();
                out.push(c);
            }
        }
    }
    out + &word
}

#[cfg(test)]
mod tests {
    use super::*;

    const FIRST: Table<(String, u64), Vec<u8>> = Table::new(20, "first", Profile::Scan, "What came first?");
    const SECOND: Table<u64, ()> = Table::new(10, "second", Profile::Point, "Is it there?");

    #[test]
    fn the_catalogue_is_sorted_and_names_types_without_paths() {
        let text = catalogue(&[FIRST.info(), SECOND.info()]);
        let lines: Vec<_> = text.lines().collect();
        assert!(lines[1].contains("second") && lines[1].contains("u64 -> (): Is it there?"), "{text}");
        assert!(lines[2].contains("(String, u64) -> Vec<u8>: What came first?"), "{text}");
    }

    #[test]
    fn a_shared_id_or_name_is_refused() {
        let same_id: Table<u64, u64> = Table::new(20, "third", Profile::Point, "?");
        let same_name: Table<u64, u64> = Table::new(30, "first", Profile::Point, "?");
        check_unique(&[FIRST.info(), SECOND.info()]).unwrap();
        for twin in [same_id.info(), same_name.info()] {
            let message = check_unique(&[FIRST.info(), twin]).unwrap_err().to_string();
            assert!(message.contains("\"first\""), "{message}");
        }
    }
}
