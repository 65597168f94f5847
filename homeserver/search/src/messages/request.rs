//! What a message search asks for, and its bounds.

use std::collections::BTreeSet;

use ruma::api::client::filter::RoomEventFilter;

use crate::{
    SearchError,
    index::{Order, TextKind, stable_hash},
    limits::{
        FILTER_ENTRIES_MAX, SEARCH_CONTEXT_MAX, SEARCH_PAGE_DEFAULT, SEARCH_PAGE_MAX,
        SEARCH_TERM_CHARACTERS_MAX,
    },
};

/// A part of an event that can be searched.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum SearchKey {
    /// `content.body`
    Body,
    /// `content.name`
    Name,
    /// `content.topic`
    Topic,
}

/// In which order results are wanted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SearchOrder {
    /// The closest first.
    #[default]
    Rank,
    /// The newest first.
    Recent,
}

/// By what results are grouped.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Grouping {
    /// By room.
    Room,
    /// By sender.
    Sender,
}

/// What is wanted around each result.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ContextWish {
    /// Events before, at most [`SEARCH_CONTEXT_MAX`].
    pub before: usize,
    /// Events after, at most [`SEARCH_CONTEXT_MAX`].
    pub after: usize,
    /// What the senders were called then.
    pub profiles: bool,
}

impl ContextWish {
    pub(super) fn limits(self) -> (usize, usize) {
        (self.before.min(SEARCH_CONTEXT_MAX), self.after.min(SEARCH_CONTEXT_MAX))
    }
}

/// A message search.
#[derive(Clone, Debug, Default)]
pub struct SearchRequest {
    /// The words, as typed.
    pub term: String,
    /// Where to look; everywhere when empty.
    pub keys: BTreeSet<SearchKey>,
    /// Which events.
    pub filter: RoomEventFilter,
    /// In which order.
    pub order: SearchOrder,
    /// What is wanted around each result.
    pub context: Option<ContextWish>,
    /// Whether the state of the results' rooms is wanted.
    pub include_state: bool,
    /// How to group.
    pub group_by: BTreeSet<Grouping>,
    /// Continue from here.
    pub from: Option<String>,
}

impl SearchRequest {
    /// Refuses what no honest client sends.
    pub(super) fn check(&self) -> Result<(), SearchError> {
        check_term(&self.term)?;
        let filter = &self.filter;
        let longest = [
            filter.rooms.as_ref().map_or(0, Vec::len),
            filter.not_rooms.len(),
            filter.senders.as_ref().map_or(0, Vec::len),
            filter.not_senders.len(),
            filter.types.as_ref().map_or(0, Vec::len),
            filter.not_types.len(),
        ];
        if longest.into_iter().any(|entries| entries > FILTER_ENTRIES_MAX) {
            return Err(SearchError::InvalidParam("a list in the filter has too many entries"));
        }
        Ok(())
    }

    /// Results wanted on one page.
    pub(super) fn limit(&self) -> usize {
        let wanted = self.filter.limit.and_then(|limit| usize::try_from(u64::from(limit)).ok());
        wanted.unwrap_or(SEARCH_PAGE_DEFAULT).clamp(1, SEARCH_PAGE_MAX)
    }

    /// What a token must have been made for.
    pub(super) fn digest(&self) -> u64 {
        let order = if self.order == SearchOrder::Recent { "recent" } else { "rank" };
        let keys: Vec<String> = self.keys.iter().map(|key| format!("{key:?}")).collect();
        stable_hash([self.term.as_str(), order].into_iter().chain(keys.iter().map(String::as_str)))
    }

    /// The kinds of text that the keys name.
    pub(super) fn kinds(&self) -> Vec<TextKind> {
        let all = [
            (SearchKey::Body, TextKind::Body),
            (SearchKey::Name, TextKind::Name),
            (SearchKey::Topic, TextKind::Topic),
        ];
        let wanted = all.into_iter().filter(|(key, _)| self.keys.is_empty() || self.keys.contains(key));
        wanted.map(|(_, kind)| kind).collect()
    }
}

impl From<SearchOrder> for Order {
    fn from(order: SearchOrder) -> Self {
        match order {
            SearchOrder::Rank => Self::Rank,
            SearchOrder::Recent => Self::Recent,
        }
    }
}

/// Refuses a term that nobody typed.
pub(crate) fn check_term(term: &str) -> Result<(), SearchError> {
    // Bytes first: counting characters of megabytes is work too.
    let too_long =
        term.len() > SEARCH_TERM_CHARACTERS_MAX * 4 || term.chars().count() > SEARCH_TERM_CHARACTERS_MAX;
    if too_long {
        return Err(SearchError::InvalidParam("the search term is too long; shorten it to some words"));
    }
    Ok(())
}
