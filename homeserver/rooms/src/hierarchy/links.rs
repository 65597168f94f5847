//! The links from a space to its rooms, in their order.
//! [Ordering of children](https://spec.matrix.org/v1.19/client-server-api/#ordering-of-children-within-a-space)

use model::{EventForm, Pdu, RoomNum, Unsigned, client_event};
use ruma::{
    OwnedRoomId, OwnedServerName, RoomId, events::space::child::HierarchySpaceChildEvent, serde::Raw,
};
use serde::Deserialize;
use serde_json::value::RawValue;
use store::Reader;

use crate::{Rooms, RoomsError};

/// Children of one space that are followed and shown.
const CHILDREN_MAX: usize = 1_000;
/// Servers of one link that are asked.
const VIA_MAX: usize = 10;
/// Longest `order` that counts.
const ORDER_BYTES_MAX: usize = 50;

/// A link from a space to a room.
pub(super) struct Link {
    pub child: OwnedRoomId,
    /// Servers that know the room.
    pub via: Vec<OwnedServerName>,
    order: Option<String>,
    time_ms: u64,
    suggested: bool,
    pub json: Raw<HierarchySpaceChildEvent>,
}

#[derive(Deserialize)]
struct ChildContent {
    #[serde(default)]
    via: Vec<String>,
    #[serde(default)]
    order: Option<serde_json::Value>,
    #[serde(default)]
    suggested: bool,
}

/// A link as another server shows it.
#[derive(Deserialize)]
struct ShownLink {
    state_key: String,
    content: ChildContent,
    #[serde(default)]
    origin_server_ts: u64,
}

impl Rooms {
    /// The valid links of a space in their order.
    pub(super) async fn links(
        &self,
        reader: &Reader,
        room: RoomNum,
        suggested_only: bool,
    ) -> Result<Vec<Link>, RoomsError> {
        let state = self.current_state_all(reader, room).await?;
        let keys: Vec<_> = state.iter().map(|(key, _)| *key).collect();
        let names = self.state_keys(reader, &keys).await?;
        let mut links = Vec::new();
        for ((_, event), name) in state.iter().zip(names) {
            if name.0 == "m.space.child" {
                links.extend(Link::of(&self.pdu(reader, *event).await?));
            }
        }
        Ok(in_order(links, suggested_only))
    }
}

/// The valid ones of links that another server shows, in their order.
pub(super) fn shown_links(links: &[Raw<HierarchySpaceChildEvent>], suggested_only: bool) -> Vec<Link> {
    in_order(links.iter().take(CHILDREN_MAX).filter_map(Link::shown).collect(), suggested_only)
}

fn in_order(mut links: Vec<Link>, suggested_only: bool) -> Vec<Link> {
    links.retain(|link| link.suggested || !suggested_only);
    links.sort_by(|a, b| a.rank().cmp(&b.rank()));
    links.truncate(CHILDREN_MAX);
    links
}

impl Link {
    fn of(pdu: &Pdu) -> Option<Self> {
        Self::new(pdu.state_key()?, pdu.content_as().ok()?, pdu.origin_server_ts(), child_json(pdu)?)
    }

    fn shown(json: &Raw<HierarchySpaceChildEvent>) -> Option<Self> {
        let link: ShownLink = serde_json::from_str(json.json().get()).ok()?;
        Self::new(&link.state_key, link.content, link.origin_server_ts, json.clone())
    }

    fn new(
        child: &str,
        content: ChildContent,
        time_ms: u64,
        json: Raw<HierarchySpaceChildEvent>,
    ) -> Option<Self> {
        if content.via.is_empty() {
            return None;
        }
        let order =
            content.order.as_ref().and_then(serde_json::Value::as_str).filter(|order| is_valid_order(order));
        Some(Self {
            child: RoomId::parse(child).ok()?,
            order: order.map(ToOwned::to_owned),
            time_ms,
            suggested: content.suggested,
            via: content.via.into_iter().take(VIA_MAX).filter_map(|name| name.try_into().ok()).collect(),
            json,
        })
    }

    /// Links with an order come before those without.
    fn rank(&self) -> (bool, Option<&str>, u64, &RoomId) {
        (self.order.is_none(), self.order.as_deref(), self.time_ms, &self.child)
    }
}

fn is_valid_order(order: &str) -> bool {
    order.len() <= ORDER_BYTES_MAX && order.bytes().all(|byte| (0x20..=0x7e).contains(&byte))
}

/// The stripped form with the time, as hierarchies show links.
fn child_json(pdu: &Pdu) -> Option<Raw<HierarchySpaceChildEvent>> {
    let stripped = client_event(pdu, EventForm::Stripped, &Unsigned::default());
    let mut text = String::from_utf8(stripped.into()).ok()?;
    text.truncate(text.len().checked_sub(1)?);
    text.push_str(&format!(",\"origin_server_ts\":{}}}", pdu.origin_server_ts()));
    Some(Raw::from_json(RawValue::from_string(text).ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_order_is_short_printable_ascii() {
        for (order, valid) in [("a", true), ("", true), ("~ ", true), ("\u{7f}", false), ("é", false)] {
            assert_eq!(is_valid_order(order), valid, "{order:?}");
        }
        assert!(!is_valid_order(&"a".repeat(51)));
    }
}
