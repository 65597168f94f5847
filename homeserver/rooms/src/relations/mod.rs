//! Relations of an event: the `/relations` listing and what is bundled with the event itself.
//!
//! Reads the index that [`crate::index`] writes. Redacted children are no longer in it; children by
//! ignored users and children that the viewer may not see are left out here. Here is the listing;
//! [`bundle`] writes what is bundled, [`children`] reads the rows of the index.

mod bundle;
mod children;

use std::collections::HashSet;

use bytes::Bytes;
use model::{EventForm, RoomNum, TimelinePos};
use ruma::{EventId, OwnedEventId};
use store::Reader;

pub(crate) use bundle::append_member;
pub(crate) use children::{Bounds, Child};

use crate::{
    Rooms, RoomsError,
    access::{Viewer, VisibleEvent},
    index::RelationClass,
    token,
    visibility::{Judge, Shown},
};

/// Children in one answer.
pub const RELATIONS_PAGE_MAX: usize = 100;
/// Children when the client does not say.
pub const RELATIONS_PAGE_DEFAULT: usize = 5;
/// Generations that a recursive listing follows; the specification asks for at least 3.
pub const RECURSION_DEPTH: usize = 3;
/// Rows read for one answer before it is cut short with a token.
const ROWS_MAX: usize = 5_000;
/// Edits looked at to find the one that holds.
pub(crate) const EDITS_MAX: usize = 64;

/// What a listing of children is asked for.
#[derive(Clone, Debug, Default)]
pub struct RelationsQuery {
    /// Only this relation type.
    pub rel_type: Option<String>,
    /// Only this event type.
    pub kind: Option<String>,
    /// Where to begin.
    pub from: Option<TimelinePos>,
    /// Where to end.
    pub to: Option<TimelinePos>,
    /// Oldest first instead of newest first.
    pub forward: bool,
    /// Children of children too.
    pub recurse: bool,
    /// How many.
    pub limit: Option<usize>,
}

/// A page of children.
#[derive(Clone, Debug, Default)]
pub struct RelationsPage {
    /// The children as client JSON.
    pub chunk: Vec<Bytes>,
    /// Where the next page begins, if there may be one.
    pub next_batch: Option<String>,
    /// Where this page began, if a token said so.
    pub prev_batch: Option<String>,
    /// How many generations were followed, for a recursive listing.
    pub recursion_depth: Option<usize>,
}

impl Rooms {
    /// A page of the children of an event.
    pub async fn relations(
        &self,
        reader: &Reader,
        viewer: Viewer<'_>,
        parent: &VisibleEvent,
        query: &RelationsQuery,
    ) -> Result<RelationsPage, RoomsError> {
        let limit = query.limit.unwrap_or(RELATIONS_PAGE_DEFAULT).clamp(1, RELATIONS_PAGE_MAX);
        let room = parent.room().room();
        let depth = if query.recurse { RECURSION_DEPTH } else { 1 };
        let children = self.descendants(reader, room, parent.shown().pdu.event_id(), depth, query).await?;
        let ignored = self.ignored_by(viewer.user).await?;
        let mut judge = Judge::new(self, reader, viewer.user, room);
        let mut shown = Vec::with_capacity(limit);
        let mut next = None;
        for child in children {
            if query.kind.as_ref().is_some_and(|kind| *kind != child.kind) || ignored.contains(&child.sender)
            {
                continue;
            }
            if child.position > parent.room().newest() {
                continue;
            }
            let Some(event) = judge.show(child.event).await? else { continue };
            if shown.len() == limit {
                next = shown.last().map(|last: &Shown| last.position);
                break;
            }
            shown.push(event);
        }
        let next_batch =
            next.map(|last| token::encode(if query.forward { last } else { token::before(last) }));
        Ok(RelationsPage {
            chunk: self.client_events(reader, viewer, &shown, EventForm::Full).await?,
            next_batch,
            prev_batch: query.from.map(token::encode),
            recursion_depth: query.recurse.then_some(depth),
        })
    }

    /// Rows of all wanted classes and generations, in the wanted order.
    async fn descendants(
        &self,
        reader: &Reader,
        room: RoomNum,
        parent: &EventId,
        depth: usize,
        query: &RelationsQuery,
    ) -> Result<Vec<Child>, RoomsError> {
        let mut found: Vec<Child> = Vec::new();
        let mut generation: Vec<OwnedEventId> = vec![parent.to_owned()];
        let mut seen: HashSet<OwnedEventId> = generation.iter().cloned().collect();
        for level in 0..depth {
            let mut children = Vec::new();
            for parent in &generation {
                for class in RelationClass::ALL {
                    let budget = ROWS_MAX.saturating_sub(found.len() + children.len());
                    // Only the last generation may be cut to the wanted stretch: a parent outside
                    // of it can have children within.
                    let bounds = if depth == 1 { query.bounds() } else { Bounds::default() };
                    children.extend(self.children(reader, room, parent, class, bounds, budget).await?);
                }
            }
            generation = Vec::new();
            if level + 1 < depth {
                for child in &children {
                    let id = self.pdu(reader, child.event).await?.event_id().to_owned();
                    if seen.insert(id.clone()) {
                        generation.push(id);
                    }
                }
            }
            found.append(&mut children);
        }
        let bounds = query.bounds();
        found.retain(|child| bounds.contain(child.position));
        found.retain(|child| query.rel_type.as_ref().is_none_or(|rel_type| *rel_type == child.rel_type));
        found.sort_unstable_by_key(|child| child.position);
        if !query.forward {
            found.reverse();
        }
        Ok(found)
    }
}

impl RelationsQuery {
    /// Tokens are boundaries: events up to `from` when going back, after it when going forward.
    fn bounds(&self) -> Bounds {
        if self.forward {
            Bounds { after: self.from, up_to: self.to, newest_first: false }
        } else {
            Bounds { after: self.to, up_to: self.from, newest_first: true }
        }
    }
}
