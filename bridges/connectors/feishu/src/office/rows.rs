//! What is remembered of entries, on the core's shelf: how each was put, and which are to be read again by themselves.

use std::{collections::BTreeMap, sync::Arc};

use bridge_api::{EntryKey, Failure, Shelf, digest};
use serde::{Serialize, de::DeserializeOwned};
use tokio::sync::{Mutex, MutexGuard};

use crate::limits::{ENTRY_KEPT_MS, ENTRY_LOCKS, OPEN_IN_ROW_MAX, OPEN_ROWS};

/// A key of ours in as many characters as every field of the platform takes.
pub fn name_of(key: &EntryKey) -> String {
    digest(key.as_str().as_bytes())
}

/// Which kind of thing a row is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A task.
    Todo,
    /// A meeting.
    Meeting,
    /// A single instance of a series that is no longer as the series.
    Instance,
    /// An approval of ours.
    Approval,
}

impl Kind {
    const fn prefix(self) -> &'static str {
        match self {
            Self::Todo => "todo",
            Self::Meeting => "meeting",
            Self::Instance => "instance",
            Self::Approval => "approval",
        }
    }
}

/// How an entry was put, by its name.
pub async fn read<T: DeserializeOwned>(
    shelf: &dyn Shelf,
    kind: Kind,
    name: &str,
) -> Result<Option<T>, Failure> {
    Ok(shelf.read(&format!("{}:{name}", kind.prefix())).await?)
}

/// Remembers how an entry was put.
pub async fn write<T: Serialize + Sync>(
    shelf: &dyn Shelf,
    kind: Kind,
    name: &str,
    row: &T,
) -> Result<(), Failure> {
    Ok(shelf.write(&format!("{}:{name}", kind.prefix()), row, ENTRY_KEPT_MS).await?)
}

/// The name of the entry that the platform calls so.
pub async fn named(shelf: &dyn Shelf, kind: Kind, id: &str) -> Result<Option<String>, Failure> {
    Ok(shelf.read(&format!("{}-of:{id}", kind.prefix())).await?)
}

/// Remembers what the platform calls an entry.
pub async fn call(shelf: &dyn Shelf, kind: Kind, id: &str, name: &str) -> Result<(), Failure> {
    Ok(shelf.write(&format!("{}-of:{id}", kind.prefix()), name, ENTRY_KEPT_MS).await?)
}

/// Locks of entries: one entry changes once at a time.
pub struct Locks([Mutex<()>; ENTRY_LOCKS]);

impl Default for Locks {
    fn default() -> Self {
        Self(std::array::from_fn(|_| Mutex::new(())))
    }
}

impl Locks {
    /// Waits for the lock of an entry.
    pub async fn lock(&self, name: &str) -> Option<MutexGuard<'_, ()>> {
        let lock = self.0.get(usize::try_from(place(name)).unwrap_or(0) % ENTRY_LOCKS)?;
        Some(lock.lock().await)
    }
}

/// A number that stands for a name, the same in every process: names are digests.
fn place(name: &str) -> u64 {
    let digits: String = name.chars().filter(char::is_ascii_hexdigit).take(8).collect();
    u64::from_str_radix(&digits, 16).unwrap_or(0)
}

/// Entries that are read by themselves, by name, and until when.
type Row = BTreeMap<String, u64>;

/// The open ones of a kind.
pub struct Open {
    kind: Kind,
    shelf: Arc<dyn Shelf>,
    /// Held over a row on purpose: two changes at once would lose one.
    turn: Mutex<()>,
}

impl Open {
    /// Those of this kind whose rows lie on `shelf`.
    pub fn new(kind: Kind, shelf: Arc<dyn Shelf>) -> Self {
        Self { kind, shelf, turn: Mutex::new(()) }
    }

    /// Reads an entry until a time, or no more when it is over. One too many is not read by itself.
    pub async fn set(&self, name: &str, until_ms: Option<u64>) -> Result<(), Failure> {
        let _turn = self.turn.lock().await;
        let index = place(name) % OPEN_ROWS;
        let mut row = self.row(index).await?;
        let before = row.get(name).copied();
        match until_ms {
            Some(until_ms) if row.len() < OPEN_IN_ROW_MAX || before.is_some() => {
                row.insert(name.to_owned(), until_ms);
            }
            Some(_) => tracing::warn!("too many entries are open: one is not read by itself"),
            None => {
                row.remove(name);
            }
        }
        if row.get(name).copied() == before {
            return Ok(());
        }
        Ok(self.shelf.write(&self.key(index), &row, ENTRY_KEPT_MS).await?)
    }

    /// Those of a row that are not over. Those that are over are forgotten.
    pub async fn in_row(&self, index: u64, now_ms: u64) -> Result<Vec<String>, Failure> {
        let _turn = self.turn.lock().await;
        let mut row = self.row(index).await?;
        let before = row.len();
        row.retain(|_, until_ms| *until_ms > now_ms);
        if row.len() < before {
            self.shelf.write(&self.key(index), &row, ENTRY_KEPT_MS).await?;
        }
        Ok(row.into_keys().collect())
    }

    async fn row(&self, index: u64) -> Result<Row, Failure> {
        Ok(self.shelf.read(&self.key(index)).await?.unwrap_or_default())
    }

    fn key(&self, index: u64) -> String {
        format!("open-{}:{index}", self.kind.prefix())
    }
}

#[cfg(test)]
mod tests {
    use bridge_api::double::Rows;

    use super::*;

    #[tokio::test]
    async fn what_is_open_is_known_after_a_restart_until_it_is_over() {
        let rows = Arc::new(Rows::default());
        let names: Vec<String> = (0..40).map(|number| digest(format!("key {number}").as_bytes())).collect();
        let open = Open::new(Kind::Meeting, rows.clone());
        for (number, name) in names.iter().enumerate() {
            open.set(name, Some(if number < 30 { 1_000 } else { 10 })).await.expect("kept");
        }
        open.set(&names[0], None).await.expect("kept");
        let open = Open::new(Kind::Meeting, rows);
        let mut known = Vec::new();
        for index in 0..OPEN_ROWS {
            known.extend(open.in_row(index, 500).await.expect("read"));
        }
        known.sort();
        let mut expected = names[1..30].to_vec();
        expected.sort();
        assert_eq!(known, expected);
    }
}
