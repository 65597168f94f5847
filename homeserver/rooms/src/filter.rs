//! Room event filters, compiled once for a request.
//!
//! Owns the matching of types, senders, URLs and relation types. Never touches storage; the two
//! filter fields that ask for the relations *of* an event are only carried here and answered by
//! [`crate::pagination`].

use std::collections::HashSet;

use model::Pdu;
use ruma::{
    OwnedUserId, UserId,
    api::client::filter::{RoomEventFilter, UrlFilter},
};
use serde::Deserialize;

use crate::index::RelatesTo;

/// A room event filter ready for use.
#[derive(Clone, Debug, Default)]
pub struct EventFilter {
    types: Option<Vec<Pattern>>,
    not_types: Vec<Pattern>,
    senders: Option<HashSet<OwnedUserId>>,
    not_senders: HashSet<OwnedUserId>,
    url: Option<UrlFilter>,
    rel_types: Option<HashSet<String>>,
    not_rel_types: HashSet<String>,
    /// Only events to which one of these users relates an event.
    pub related_by_senders: Option<HashSet<OwnedUserId>>,
    /// Only events to which an event relates in one of these ways.
    pub related_by_rel_types: Option<HashSet<String>>,
    /// The greatest number of events wanted, if the filter says.
    pub limit: Option<usize>,
}

/// Fields of a filter that ruma's type does not carry.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct FilterExtras {
    #[serde(default)]
    related_by_senders: Option<HashSet<OwnedUserId>>,
    #[serde(default)]
    related_by_rel_types: Option<HashSet<String>>,
    #[serde(default, rename = "org.matrix.msc3874.rel_types")]
    rel_types: Option<HashSet<String>>,
    #[serde(default, rename = "org.matrix.msc3874.not_rel_types")]
    not_rel_types: HashSet<String>,
}

impl EventFilter {
    /// Compiles a filter.
    #[must_use]
    pub fn new(filter: &RoomEventFilter) -> Self {
        Self {
            types: filter.types.as_ref().map(|types| types.iter().map(|text| Pattern::new(text)).collect()),
            not_types: filter.not_types.iter().map(|text| Pattern::new(text)).collect(),
            senders: filter.senders.as_ref().map(|senders| senders.iter().cloned().collect()),
            not_senders: filter.not_senders.iter().cloned().collect(),
            url: filter.url_filter,
            limit: filter.limit.and_then(|limit| usize::try_from(u64::from(limit)).ok()),
            ..Self::default()
        }
    }

    /// Adds the fields that ruma's type does not carry.
    #[must_use]
    pub fn with_extras(mut self, extras: FilterExtras) -> Self {
        self.related_by_senders = extras.related_by_senders;
        self.related_by_rel_types = extras.related_by_rel_types;
        self.rel_types = extras.rel_types;
        self.not_rel_types = extras.not_rel_types;
        self
    }

    /// Whether every event passes, so that callers can skip the look at each.
    #[must_use]
    pub fn passes_all(&self) -> bool {
        self.types.is_none()
            && self.not_types.is_empty()
            && self.senders.is_none()
            && self.not_senders.is_empty()
            && self.url.is_none()
            && self.rel_types.is_none()
            && self.not_rel_types.is_empty()
            && !self.asks_relations()
    }

    /// Whether the relations of each event must be looked up.
    #[must_use]
    pub fn asks_relations(&self) -> bool {
        self.related_by_senders.is_some() || self.related_by_rel_types.is_some()
    }

    /// Whether an event of this type and sender passes, as far as those two decide.
    #[must_use]
    pub fn matches_kind_sender(&self, kind: &str, sender: &UserId) -> bool {
        self.types.as_ref().is_none_or(|types| types.iter().any(|pattern| pattern.matches(kind)))
            && !self.not_types.iter().any(|pattern| pattern.matches(kind))
            && self.senders.as_ref().is_none_or(|senders| senders.contains(sender))
            && !self.not_senders.contains(sender)
    }

    /// Whether an event passes, relations *of* the event aside.
    #[must_use]
    pub fn matches(&self, pdu: &Pdu) -> bool {
        self.matches_kind_sender(pdu.kind(), pdu.sender())
            && self.matches_url(pdu)
            && self.matches_rel_type(pdu)
    }

    fn matches_url(&self, pdu: &Pdu) -> bool {
        let Some(wanted) = self.url else { return true };
        let has_url = has_url(pdu);
        match wanted {
            UrlFilter::EventsWithUrl => has_url,
            UrlFilter::EventsWithoutUrl => !has_url,
        }
    }

    fn matches_rel_type(&self, pdu: &Pdu) -> bool {
        if self.rel_types.is_none() && self.not_rel_types.is_empty() {
            return true;
        }
        let rel_type = RelatesTo::of(pdu).map(|relation| relation.rel_type);
        let wanted = self
            .rel_types
            .as_ref()
            .is_none_or(|types| rel_type.as_ref().is_some_and(|rel_type| types.contains(rel_type)));
        wanted && !rel_type.is_some_and(|rel_type| self.not_rel_types.contains(&rel_type))
    }
}

/// Whether the content has a `url` that is a string.
fn has_url(pdu: &Pdu) -> bool {
    #[derive(Deserialize)]
    struct WithUrl {
        url: String,
    }
    pdu.content().get().contains("\"url\"")
        && serde_json::from_str::<WithUrl>(pdu.content().get()).is_ok_and(|content| !content.url.is_empty())
}

/// A type filter where `*` stands for any run of characters.
#[derive(Clone, Debug)]
enum Pattern {
    Exact(Box<str>),
    Glob(Vec<Box<str>>),
}

impl Pattern {
    fn new(text: &str) -> Self {
        if text.contains('*') {
            Self::Glob(text.split('*').map(Into::into).collect())
        } else {
            Self::Exact(text.into())
        }
    }

    /// Linear in text times parts: parts are found greedily from the left, the last from the right.
    fn matches(&self, text: &str) -> bool {
        let parts = match self {
            Self::Exact(exact) => return **exact == *text,
            Self::Glob(parts) => parts,
        };
        let [first, middle @ .., last] = parts.as_slice() else { return false };
        let Some(mut rest) = text.strip_prefix(&**first) else { return false };
        for part in middle {
            let Some(at) = rest.find(&**part) else { return false };
            rest = &rest[at + part.len()..];
        }
        rest.len() >= last.len() && rest.ends_with(&**last)
    }
}

#[cfg(test)]
mod tests {
    use ruma::user_id;

    use super::*;

    fn filter(json: serde_json::Value) -> EventFilter {
        EventFilter::new(&serde_json::from_value(json).expect("a filter"))
    }

    #[test]
    fn globs_match_runs_of_characters() {
        for (pattern, text, expected) in [
            ("m.room.*", "m.room.message", true),
            ("m.room.*", "m.roomy", false),
            ("*", "", true),
            ("m.*.message", "m.room.message", true),
            ("m.*e*e", "m.room.message", true),
            ("ab*ba", "aba", false),
            ("a**b", "ab", true),
            ("m.room.name", "m.room.name", true),
            ("m.room.name", "m.room.names", false),
        ] {
            assert_eq!(Pattern::new(pattern).matches(text), expected, "{pattern} on {text}");
        }
    }

    #[test]
    fn exclusion_beats_inclusion() {
        let alice = user_id!("@alice:a");
        let chosen = filter(serde_json::json!({"types": ["m.room.*"], "not_types": ["m.room.member"]}));
        assert!(chosen.matches_kind_sender("m.room.message", alice));
        assert!(!chosen.matches_kind_sender("m.room.member", alice));
        assert!(!chosen.matches_kind_sender("m.reaction", alice));
    }

    #[test]
    fn an_empty_list_matches_nothing() {
        let alice = user_id!("@alice:a");
        assert!(!filter(serde_json::json!({"types": []})).matches_kind_sender("m.room.message", alice));
        assert!(!filter(serde_json::json!({"senders": []})).matches_kind_sender("m.room.message", alice));
        assert!(filter(serde_json::json!({})).passes_all());
    }
}
