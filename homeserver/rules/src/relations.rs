//! How an event relates to others: `m.relates_to`, threads and replies.
//! <https://spec.matrix.org/v1.19/client-server-api/#forming-relationships-between-events>

use model::Pdu;
use ruma::OwnedEventId;
use serde::Deserialize;
use serde_json::Value;

/// A relation that an event declares.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Relation {
    /// `m.thread`, `m.replace`, `m.annotation`, `m.reference` or anything else.
    pub rel_type: String,
    /// The related event.
    pub event_id: OwnedEventId,
    /// The key of an annotation.
    pub key: Option<String>,
    /// In a thread: whether the reply shown by old clients is only a fallback.
    pub is_falling_back: bool,
}

/// The relation of an event, if it declares a well-formed one. A plain reply is none, see [`reply_to`]. State
/// events cannot relate by replacing or threading, so only messages are read.
#[must_use]
pub fn relation(pdu: &Pdu) -> Option<Relation> {
    #[derive(Deserialize)]
    struct RelatesTo {
        rel_type: String,
        event_id: OwnedEventId,
        #[serde(default)]
        key: Option<Value>,
        #[serde(default)]
        is_falling_back: Option<Value>,
    }
    let relates_to: RelatesTo = serde_json::from_value(relates_to(pdu)?).ok()?;
    Some(Relation {
        rel_type: relates_to.rel_type,
        event_id: relates_to.event_id,
        key: match relates_to.key {
            Some(Value::String(key)) => Some(key),
            _ => None,
        },
        is_falling_back: relates_to.is_falling_back == Some(Value::Bool(true)),
    })
}

/// The event that this one replies to, if any (`m.in_reply_to`); also set as fallback inside threads.
#[must_use]
pub fn reply_to(pdu: &Pdu) -> Option<OwnedEventId> {
    let relates_to = relates_to(pdu)?;
    relates_to.get("m.in_reply_to")?.get("event_id")?.as_str()?.try_into().ok()
}

/// The root of the thread that the event stands in by its own relation. Edits, reactions and redactions belong
/// to the thread of their target, which only a look at the target can tell.
#[must_use]
pub fn thread_root(pdu: &Pdu) -> Option<OwnedEventId> {
    relation(pdu).filter(|relation| relation.rel_type == "m.thread").map(|relation| relation.event_id)
}

fn relates_to(pdu: &Pdu) -> Option<Value> {
    // Nearly every event has none; a look at the bytes saves the parse.
    let content = pdu.content_bytes();
    if pdu.is_state() || !content.windows(14).any(|window| window == b"\"m.relates_to\"") {
        return None;
    }
    #[derive(Deserialize)]
    struct Content {
        #[serde(rename = "m.relates_to")]
        relates_to: Option<Value>,
    }
    serde_json::from_slice::<Content>(content).ok()?.relates_to
}

#[cfg(test)]
#[path = "relations_tests.rs"]
mod tests;
