//! Space hierarchies: the tree of rooms below a space, walked depth first.
//!
//! The walk is done anew for each page and the token says how many rooms to skip, so nothing is
//! kept between requests and a token never shows more than its bearer may see now.
//! [Space hierarchy](https://spec.matrix.org/v1.19/client-server-api/#get_matrixclientv1roomsroomidhierarchy)

use std::collections::HashSet;

use model::{EventForm, Pdu, RoomNum, Unsigned, client_event};
use ruma::{
    OwnedRoomId, RoomId, UserId, api::client::space::SpaceHierarchyRoomsChunk,
    events::space::child::HierarchySpaceChildEvent, room::RoomType, serde::Raw,
};
use serde::Deserialize;
use serde_json::value::RawValue;
use store::Reader;

use crate::{Rooms, RoomsError};

/// Rooms in one answer.
pub const HIERARCHY_PAGE_MAX: usize = 100;
/// Rooms when the client does not say.
pub const HIERARCHY_PAGE_DEFAULT: usize = 50;
/// Rooms that one walk visits, pages before included.
const ROOMS_VISITED_MAX: usize = 5_000;
/// Children of one space that are followed and shown.
const CHILDREN_MAX: usize = 1_000;
/// Longest `order` that counts.
const ORDER_BYTES_MAX: usize = 50;
const TOKEN_TAG: &str = "h1_";

/// What a walk is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HierarchyQuery {
    /// How many levels below the root; all without it.
    pub max_depth: Option<u64>,
    /// Only children that are marked as suggested.
    pub suggested_only: bool,
}

/// A page of a hierarchy.
#[derive(Clone, Debug, Default)]
pub struct HierarchyPage {
    /// Rooms, each with the links to its children.
    pub rooms: Vec<SpaceHierarchyRoomsChunk>,
    /// Where the next page begins, if there is one.
    pub next_batch: Option<String>,
}

/// A link from a space to a room.
struct Link {
    child: OwnedRoomId,
    order: Option<String>,
    time_ms: u64,
    suggested: bool,
    json: Raw<HierarchySpaceChildEvent>,
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

impl Rooms {
    /// A page of the rooms below `root` that the user may know of, the root itself first.
    ///
    /// # Errors
    /// `Forbidden` when the root is unknown or closed to the user, `InvalidParam` for a token of
    /// another walk.
    pub async fn hierarchy(
        &self,
        reader: &Reader,
        user: &UserId,
        root: &RoomId,
        query: HierarchyQuery,
        from: Option<&str>,
        limit: Option<usize>,
    ) -> Result<HierarchyPage, RoomsError> {
        let limit = limit.unwrap_or(HIERARCHY_PAGE_DEFAULT).clamp(1, HIERARCHY_PAGE_MAX);
        let skip = from.map_or(Ok(0), |from| query.skip_of(from))?;
        let room = self.room_num(reader, root).await?.ok_or_else(closed)?;
        if !self.may_preview(reader, room, Some(user)).await? {
            return Err(closed());
        }
        let mut page = HierarchyPage::default();
        let mut seen = HashSet::from([root.to_owned()]);
        let mut waiting = vec![(room, 0_u64)];
        let mut visited = 0;
        while let Some((room, depth)) = waiting.pop() {
            if page.rooms.len() == limit {
                page.next_batch = Some(query.token(visited));
                return Ok(page);
            }
            let summary = self.room_summary(reader, room).await?;
            let mut links = Vec::new();
            if summary.room_type == Some(RoomType::Space) {
                links = self.links(reader, room, query.suggested_only).await?;
            }
            if query.max_depth.is_none_or(|max_depth| depth < max_depth) {
                for link in links.iter().rev() {
                    // Marked as seen when shown, not here: a room stands where the walk meets it first.
                    if let Some(child) = self.room_num(reader, &link.child).await? {
                        waiting.push((child, depth + 1));
                    }
                }
            }
            if visited >= skip {
                let children = links.into_iter().map(|link| link.json).collect();
                page.rooms.push(SpaceHierarchyRoomsChunk::new(summary, children));
            }
            visited += 1;
            if visited >= ROOMS_VISITED_MAX {
                break;
            }
            self.drop_closed(reader, user, &mut waiting, &mut seen).await?;
        }
        Ok(page)
    }

    /// Takes rooms off the top that were shown already or that the user may not know of.
    async fn drop_closed(
        &self,
        reader: &Reader,
        user: &UserId,
        waiting: &mut Vec<(RoomNum, u64)>,
        seen: &mut HashSet<OwnedRoomId>,
    ) -> Result<(), RoomsError> {
        while let Some((room, _)) = waiting.last().copied() {
            let room_id = self.room_id(reader, room).await?;
            if !seen.contains(&room_id) && self.may_preview(reader, room, Some(user)).await? {
                seen.insert(room_id);
                return Ok(());
            }
            waiting.pop();
        }
        Ok(())
    }

    /// The valid links of a space in their order.
    /// [Ordering of children](https://spec.matrix.org/v1.19/client-server-api/#ordering-of-children-within-a-space)
    async fn links(
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
        links.retain(|link| link.suggested || !suggested_only);
        links.sort_by(|a, b| a.rank().cmp(&b.rank()));
        links.truncate(CHILDREN_MAX);
        Ok(links)
    }
}

impl Link {
    fn of(pdu: &Pdu) -> Option<Self> {
        let child = RoomId::parse(pdu.state_key()?).ok()?;
        let content: ChildContent = pdu.content_as().ok()?;
        if content.via.is_empty() {
            return None;
        }
        let order =
            content.order.as_ref().and_then(serde_json::Value::as_str).filter(|order| is_valid_order(order));
        Some(Self {
            child,
            order: order.map(ToOwned::to_owned),
            time_ms: pdu.origin_server_ts(),
            suggested: content.suggested,
            json: child_json(pdu)?,
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

impl HierarchyQuery {
    fn token(self, skip: usize) -> String {
        let depth = self.max_depth.map_or_else(|| "x".to_owned(), |depth| depth.to_string());
        format!("{TOKEN_TAG}{skip}_{depth}_{}", u8::from(self.suggested_only))
    }

    /// Reads a token; it belongs to one set of parameters.
    fn skip_of(self, token: &str) -> Result<usize, RoomsError> {
        let fields = token.strip_prefix(TOKEN_TAG).and_then(|fields| fields.split('_').next());
        let skip = fields.and_then(|skip| skip.parse().ok()).filter(|skip| *skip <= ROOMS_VISITED_MAX);
        match skip {
            Some(skip) if self.token(skip) == token => Ok(skip),
            _ => Err(RoomsError::InvalidParam("from is not a token of this hierarchy".to_owned())),
        }
    }
}

fn closed() -> RoomsError {
    RoomsError::forbidden("You are not allowed to view this room")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_belongs_to_its_parameters() {
        let query = HierarchyQuery { max_depth: Some(2), suggested_only: true };
        assert_eq!(query.skip_of(&query.token(7)).ok(), Some(7));
        let other = HierarchyQuery { max_depth: None, suggested_only: true };
        for (query, token) in [
            (other, query.token(7)),
            (query, "h1_x_2_1".to_owned()),
            (query, "t1_7".to_owned()),
            (query, "h1_07_2_1".to_owned()),
        ] {
            assert!(matches!(query.skip_of(&token), Err(RoomsError::InvalidParam(_))), "{token}");
        }
    }

    #[test]
    fn an_order_is_short_printable_ascii() {
        for (order, valid) in [("a", true), ("", true), ("~ ", true), ("\u{7f}", false), ("é", false)] {
            assert_eq!(is_valid_order(order), valid, "{order:?}");
        }
        assert!(!is_valid_order(&"a".repeat(51)));
    }
}
