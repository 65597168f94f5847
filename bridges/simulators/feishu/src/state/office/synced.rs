//! What is not as it was in a calendar since somebody looked last.

use super::calendar::{Entry, calendar_id};
use crate::state::State;

impl State {
    /// Notes that something in a calendar is not as it was.
    pub(crate) fn note_change(&mut self, event: &str) {
        let number = self.stage.number();
        if let Some(entry) = self.office.entries.get_mut(event) {
            entry.changed = number;
        }
    }

    /// What changed in a calendar after the change `seen`, in the order of the changes. What was taken away up to the change
    /// `begun` is not among it.
    pub(crate) fn changed_after(&self, calendar: &str, seen: u64, begun: u64) -> Vec<&Entry> {
        let inside = |entry: &&Entry| {
            let is_over = entry.is_deleted && entry.changed <= begun;
            entry.changed > seen && !is_over && calendar_id(&entry.owner) == calendar
        };
        let mut entries: Vec<&Entry> = self.office.entries.values().filter(inside).collect();
        entries.sort_by_key(|entry| entry.changed);
        entries
    }
}
