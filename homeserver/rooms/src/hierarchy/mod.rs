//! Space hierarchies: the tree of rooms below a space, walked depth first.
//!
//! The walk is done anew for each page and the token says how many rooms to skip, so nothing is
//! kept between requests and a token never shows more than its bearer may see now. Rooms that lie on
//! other servers only are asked for there.
//! [Space hierarchy](https://spec.matrix.org/v1.19/client-server-api/#get_matrixclientv1roomsroomidhierarchy)

mod elsewhere;
mod links;

use std::collections::HashSet;

use ruma::{
    OwnedRoomId, OwnedServerName, RoomId, UserId,
    api::client::space::SpaceHierarchyRoomsChunk,
    room::{RoomSummary, RoomType},
};
use store::Reader;

pub use self::elsewhere::{Elsewhere, SpaceElsewhere, SpaceForServer};
use self::links::{Link, shown_links};
use crate::{Rooms, RoomsError};

/// Rooms in one answer.
pub const HIERARCHY_PAGE_MAX: usize = 100;
/// Rooms when the client does not say.
pub const HIERARCHY_PAGE_DEFAULT: usize = 50;
/// Rooms that one walk visits, pages before included.
const ROOMS_VISITED_MAX: usize = 5_000;
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

/// A room that the walk is going to look at.
struct Waiting {
    room_id: OwnedRoomId,
    /// Servers that know it.
    via: Vec<OwnedServerName>,
    depth: u64,
    /// What another server said of it while it was asked for the space above.
    known: Option<RoomSummary>,
}

/// A room that the user may know of.
struct Seen {
    summary: RoomSummary,
    links: Vec<Link>,
    /// What was said of its children, where it lies elsewhere.
    below: Vec<RoomSummary>,
    depth: u64,
}

/// A walk in progress.
struct Walk<'a> {
    reader: &'a Reader,
    user: &'a UserId,
    suggested_only: bool,
    elsewhere: &'a dyn Elsewhere,
    waiting: Vec<Waiting>,
    /// Rooms that were shown or found closed.
    seen: HashSet<OwnedRoomId>,
}

impl Rooms {
    /// A page of the rooms below `root` that the user may know of, the root itself first.
    ///
    /// # Errors
    /// `Forbidden` when the root is unknown or closed to the user, `InvalidParam` for a token of
    /// another walk.
    #[expect(clippy::too_many_arguments, reason = "they are what the request has")]
    pub async fn hierarchy(
        &self,
        reader: &Reader,
        user: &UserId,
        root: &RoomId,
        query: HierarchyQuery,
        from: Option<&str>,
        limit: Option<usize>,
        elsewhere: &dyn Elsewhere,
    ) -> Result<HierarchyPage, RoomsError> {
        let limit = limit.unwrap_or(HIERARCHY_PAGE_DEFAULT).clamp(1, HIERARCHY_PAGE_MAX);
        let skip = from.map_or(Ok(0), |from| query.skip_of(from))?;
        let via = root.server_name().map(ToOwned::to_owned).into_iter().collect();
        let waiting = vec![Waiting { room_id: root.to_owned(), via, depth: 0, known: None }];
        let suggested_only = query.suggested_only;
        let mut walk = Walk { reader, user, suggested_only, elsewhere, waiting, seen: HashSet::new() };
        let mut page = HierarchyPage::default();
        let mut visited = 0;
        while let Some(mut room) = self.next_open(&mut walk).await? {
            if page.rooms.len() == limit {
                page.next_batch = Some(query.token(visited));
                return Ok(page);
            }
            if query.max_depth.is_none_or(|max_depth| room.depth < max_depth) {
                for link in room.links.iter().rev() {
                    let known = room.below.iter().position(|summary| summary.room_id == link.child);
                    walk.waiting.push(Waiting {
                        room_id: link.child.clone(),
                        via: link.via.clone(),
                        depth: room.depth + 1,
                        known: known.map(|index| room.below.swap_remove(index)),
                    });
                }
            }
            if visited >= skip {
                let children = room.links.into_iter().map(|link| link.json).collect();
                page.rooms.push(SpaceHierarchyRoomsChunk::new(room.summary, children));
            }
            visited += 1;
            if visited >= ROOMS_VISITED_MAX {
                break;
            }
        }
        if visited == 0 { Err(closed()) } else { Ok(page) }
    }

    /// Takes rooms off the top until there is one that the user may know of. A room stands where the walk meets it
    /// first.
    async fn next_open(&self, walk: &mut Walk<'_>) -> Result<Option<Seen>, RoomsError> {
        while let Some(next) = walk.waiting.pop() {
            if !walk.seen.insert(next.room_id.clone()) {
                continue;
            }
            let depth = next.depth;
            let here = self.room_num(walk.reader, &next.room_id).await?;
            let lives_here = match here {
                Some(room) => self.is_resident(room).await?,
                None => false,
            };
            if !lives_here && let Some(found) = self.look_elsewhere(walk, next).await? {
                return Ok(Some(Seen { depth, ..found }));
            }
            // Also one that everybody here has left: nobody else may know it.
            let Some(room) = here else { continue };
            if !self.may_preview(walk.reader, room, Some(walk.user)).await? {
                continue;
            }
            let summary = self.room_summary(walk.reader, room).await?;
            let links = if summary.room_type == Some(RoomType::Space) {
                self.links(walk.reader, room, walk.suggested_only).await?
            } else {
                Vec::new()
            };
            return Ok(Some(Seen { summary, links, below: Vec::new(), depth }));
        }
        Ok(None)
    }

    /// What other servers say of a room, if the user may know of it.
    async fn look_elsewhere(&self, walk: &Walk<'_>, next: Waiting) -> Result<Option<Seen>, RoomsError> {
        let is_leaf = |summary: &RoomSummary| summary.room_type != Some(RoomType::Space);
        let (summary, links, below) = match next.known.filter(is_leaf) {
            Some(summary) => (summary, Vec::new(), Vec::new()),
            None => {
                let found = walk.elsewhere.space(&next.room_id, &next.via, walk.suggested_only).await;
                let Some(found) = found else { return Ok(None) };
                let links = shown_links(&found.links, walk.suggested_only);
                (found.summary.clone(), links, found.children.clone())
            }
        };
        let is_open = self.may_preview_elsewhere(walk.reader, &summary, walk.user).await?;
        Ok(is_open.then_some(Seen { summary, links, below, depth: next.depth }))
    }
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
}
