//! Small values by key that may be lost, in a fixed number of rows of a shelf: each key has its row, and the oldest of a full row makes
//! place. So they outlive the process and never fill the shelf.

use std::sync::Arc;

use tokio::sync::Mutex;

use crate::{
    Shelf,
    known_groups::row_of,
    limits::{SLOT_BYTES_MAX, SLOT_KEPT_MS, SLOT_ROWS, SLOT_TURNS, SLOTS_IN_ROW_MAX},
};

/// Keys and values, oldest first.
type Row = Vec<(String, String)>;

/// Values of one kind.
pub struct Slots {
    shelf: Arc<dyn Shelf>,
    kind: &'static str,
    /// A row is read, changed and written by one at a time; several rows share a turn.
    turns: Vec<Mutex<()>>,
}

impl Slots {
    /// Values whose rows lie on `shelf`; `kind` tells their rows from all others there.
    pub fn new(shelf: Arc<dyn Shelf>, kind: &'static str) -> Self {
        Self { shelf, kind, turns: (0..SLOT_TURNS).map(|_| Mutex::default()).collect() }
    }

    /// Remembers a value in the place of what was there under its key. One that is too long, or that the shelf does not take, is not
    /// remembered.
    pub async fn put(&self, key: &str, value: &str) {
        self.change(key, |_| Some(value.to_owned())).await;
    }

    /// The same with a value that depends on the one before; without one nothing changes.
    pub async fn change(&self, key: &str, value: impl FnOnce(Option<&str>) -> Option<String>) {
        let index = row_of(key, SLOT_ROWS);
        let Some(turn) = self.turns.get(usize::try_from(index).unwrap_or(0) % SLOT_TURNS) else { return };
        let _turn = turn.lock().await;
        let mut row = self.row(index).await;
        let before = row.iter().position(|(known, _)| known == key);
        let new = value(before.and_then(|at| row.get(at)).map(|(_, value)| value.as_str()));
        let Some(new) = new.filter(|new| key.len() + new.len() <= SLOT_BYTES_MAX) else { return };
        if let Some(at) = before {
            row.remove(at);
        }
        row.push((key.to_owned(), new));
        let beyond = row.len().saturating_sub(SLOTS_IN_ROW_MAX);
        row.drain(..beyond);
        if let Err(error) = self.shelf.write(&self.name(index), &row, SLOT_KEPT_MS).await {
            tracing::warn!(%error, kind = self.kind, "something small is not written down");
        }
    }

    /// What is remembered under a key.
    pub async fn get(&self, key: &str) -> Option<String> {
        let row = self.row(row_of(key, SLOT_ROWS)).await;
        row.into_iter().find(|(known, _)| known == key).map(|(_, value)| value)
    }

    async fn row(&self, index: u64) -> Row {
        let read = self.shelf.read(&self.name(index)).await;
        let read = read.inspect_err(|error| {
            tracing::warn!(%error, kind = self.kind, "what was written down is not read");
        });
        read.ok().flatten().unwrap_or_default()
    }

    fn name(&self, index: u64) -> String {
        format!("{}:{index}", self.kind)
    }
}

#[cfg(test)]
#[cfg(feature = "double")]
mod tests {
    use super::*;
    use crate::double::Rows;

    #[tokio::test]
    async fn values_are_known_after_a_restart_and_the_oldest_of_a_full_row_make_place() {
        let rows = Arc::new(Rows::default());
        let slots = Slots::new(rows.clone(), "said");
        let of_one_row: Vec<String> = (0..)
            .map(|number: u32| format!("m{number}"))
            .filter(|key| row_of(key, SLOT_ROWS) == 7)
            .take(SLOTS_IN_ROW_MAX + 1)
            .collect();
        for key in &of_one_row {
            slots.put(key, &format!("{key}!")).await;
        }
        slots.put(&of_one_row[1], "again").await;
        let slots = Slots::new(rows.clone(), "said");
        assert_eq!(slots.get(&of_one_row[0]).await, None);
        assert_eq!(slots.get(&of_one_row[1]).await.as_deref(), Some("again"));
        assert_eq!(slots.get(&of_one_row[2]).await, Some(format!("{}!", of_one_row[2])));
        assert_eq!(Slots::new(rows, "other").get(&of_one_row[1]).await, None);
    }

    #[tokio::test]
    async fn what_is_too_long_or_refused_changes_nothing() {
        let rows = Arc::new(Rows::default());
        let slots = Slots::new(rows.clone(), "said");
        slots.put("a", "short").await;
        slots.put("a", &"x".repeat(SLOT_BYTES_MAX)).await;
        slots.change("a", |_| None).await;
        rows.refuse(true);
        slots.put("a", "refused").await;
        assert_eq!(slots.get("a").await.as_deref(), Some("short"));
        rows.refuse(false);
        slots.change("a", |before| before.map(|before| format!("{before}er"))).await;
        assert_eq!(slots.get("a").await.as_deref(), Some("shorter"));
    }
}
