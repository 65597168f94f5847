//! When people could meet: a search over what is known of their time.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::{
    Address, Schedule, Span,
    limits::{SLOT_GRID_MS, SLOT_PLACES_MAX, SLOTS_MAX},
};

/// What is looked for.
#[derive(Clone, Debug)]
pub struct SlotSearch<'a> {
    /// How long the meeting is, in milliseconds.
    pub length_ms: u64,
    /// The times at which everybody who is needed works, in the order of their starts.
    pub open: &'a [Span],
    /// Those who are needed, resources among them: they must be free.
    pub required: &'a [Schedule],
    /// Those who may come.
    pub optional: &'a [Schedule],
}

/// A time that suits everybody who is needed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Slot {
    /// When it begins, in milliseconds since 1970.
    pub start_ms: u64,
    /// When it ends.
    pub end_ms: u64,
    /// How many of those who may come are surely free.
    pub optional_free: usize,
}

/// Looks for at most five times, earliest first, never two in a row, on a grid of a quarter of an hour. Of the times of one
/// free stretch the one that suits most of those who may come is taken. Of somebody whose time is unknown nobody can say
/// that they are free: whoever is needed and unknown is not waited for, and named by [`unknown`]; where something is known of
/// them all the same, it counts.
#[must_use]
pub fn search(search: &SlotSearch<'_>) -> Vec<Slot> {
    let mut slots: Vec<Slot> = Vec::new();
    let mut stretch: Option<Slot> = None;
    let mut before_ms = None;
    for start_ms in grid(search) {
        let span = Span { from_ms: start_ms, until_ms: start_ms + search.length_ms };
        if search.required.iter().any(|schedule| schedule.is_taken(span)) {
            continue;
        }
        // A stretch goes on while the next place of the grid is free too, and ends when a whole meeting has passed.
        let goes_on = before_ms == Some(start_ms.saturating_sub(SLOT_GRID_MS))
            && stretch.as_ref().is_some_and(|best| start_ms < best.end_ms);
        before_ms = Some(start_ms);
        let optional_free = search.optional.iter().filter(|schedule| schedule.is_free(span)).count();
        let slot = Slot { start_ms, end_ms: span.until_ms, optional_free };
        match &mut stretch {
            Some(best) if goes_on => {
                if slot.optional_free > best.optional_free {
                    *best = slot;
                }
            }
            // Right behind a meeting nobody wants the next one.
            Some(best) if start_ms <= best.end_ms => {}
            Some(_) | None => slots.extend(stretch.replace(slot)),
        }
        if slots.len() == SLOTS_MAX {
            return slots;
        }
    }
    slots.extend(stretch);
    slots.truncate(SLOTS_MAX);
    slots
}

/// The places on which a meeting can begin so that all of it is in working time.
fn grid(search: &SlotSearch<'_>) -> impl Iterator<Item = u64> {
    let length_ms = search.length_ms;
    let places: BTreeSet<u64> = search
        .open
        .iter()
        .flat_map(|open| {
            let first = open.from_ms.div_ceil(SLOT_GRID_MS) * SLOT_GRID_MS;
            let last = open.until_ms.saturating_sub(length_ms);
            (first..=last).step_by(usize::try_from(SLOT_GRID_MS).unwrap_or(usize::MAX))
        })
        .filter(|_| length_ms > 0)
        .take(SLOT_PLACES_MAX)
        .collect();
    places.into_iter()
}

/// Those whose time is unknown (E303).
pub fn unknown(schedules: &[Schedule]) -> impl Iterator<Item = &Address> {
    schedules.iter().filter(|schedule| !schedule.known).map(|schedule| &schedule.who)
}
