//! Searching messages: from a request to results that the asking user may see.
//!
//! The index names candidates by number; each is judged by `rooms` for the asker before anything of
//! it is told. That holds for the count too: it counts what was judged and seen, never what merely
//! matched, or else the count would answer questions about hidden texts.

mod find;
mod judge;
mod request;
mod scope;
mod token;

use std::collections::BTreeMap;

use bytes::Bytes;
use rooms::Surroundings;
use ruma::{OwnedEventId, OwnedRoomId};

pub(crate) use self::request::check_term;
pub use self::request::{ContextWish, Grouping, SearchKey, SearchOrder, SearchRequest};

/// A page of results.
#[derive(Clone, Debug, Default)]
pub struct SearchPage {
    /// The results in the wanted order.
    pub results: Vec<FoundEvent>,
    /// How many events there are in all, as far as they were judged.
    pub count: u64,
    /// Words to highlight.
    pub highlights: Vec<String>,
    /// Continues behind this page.
    pub next: Option<String>,
    /// The state of the rooms of the results as far as the asker sees it, as client JSON.
    pub state: BTreeMap<OwnedRoomId, Vec<Bytes>>,
    /// The results by room or sender.
    pub groups: BTreeMap<Grouping, BTreeMap<String, FoundGroup>>,
}

/// An event that was found.
#[derive(Clone, Debug)]
pub struct FoundEvent {
    /// The event as client JSON.
    pub event: Bytes,
    /// How close it is; higher is closer.
    pub rank: f64,
    /// What was said around it.
    pub context: Option<Surroundings>,
}

/// Results that have something in common.
#[derive(Clone, Debug, Default)]
pub struct FoundGroup {
    /// The place of the group among the groups.
    pub order: u64,
    /// The events in the wanted order.
    pub results: Vec<OwnedEventId>,
    /// Continues within the group.
    pub next: Option<String>,
}
