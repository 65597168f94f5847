//! Relations of an event: the `/relations` listing and what is bundled with the event itself.
//!
//! Reads the index that [`crate::index`] writes. Redacted children are no longer in it; children by
//! ignored users and children that the viewer may not see are left out here.

use std::collections::{HashMap, HashSet};

use bytes::Bytes;
use model::{EventForm, EventNum, RoomNum, TimelinePos};
use ruma::{EventId, OwnedEventId, OwnedUserId, UserId};
use serde_json::json;
use store::{Reader, Scan};

use crate::{
    Rooms, RoomsError,
    access::{Viewer, VisibleEvent},
    index::{RelatesTo, RelationClass},
    reading_tables::{RELATED, RELATION},
    serialize::Bundles,
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
/// References listed in a bundle.
const REFERENCES_MAX: usize = 100;

/// One row of the index.
#[derive(Clone, Debug)]
pub(crate) struct Child {
    pub position: TimelinePos,
    pub event: EventNum,
    pub sender: OwnedUserId,
    pub kind: String,
    pub rel_type: String,
}

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

    /// Rows of one class in the order of the bounds' direction.
    pub(crate) async fn children(
        &self,
        reader: &Reader,
        room: RoomNum,
        parent: &EventId,
        class: RelationClass,
        bounds: Bounds,
        limit: usize,
    ) -> Result<Vec<Child>, RoomsError> {
        if limit == 0 {
            return Ok(Vec::new());
        }
        let key = |position| (room, parent.to_owned(), class.code(), position);
        let mut scan = Scan::prefix(&(room, parent.to_owned(), class.code())).limit(limit);
        if let Some(after) = bounds.after {
            scan = scan.after(&key(after));
        }
        if let Some(up_to) = bounds.up_to {
            scan = scan.up_to(&key(up_to));
        }
        if bounds.newest_first {
            scan = scan.reverse();
        }
        let rows = reader.scan(&RELATION, scan).await?;
        let child = |((_, _, _, position), (event, sender, kind, rel_type))| Child {
            position,
            event,
            sender,
            kind,
            rel_type,
        };
        Ok(rows.into_iter().map(child).collect())
    }

    /// Bundled relations of those events that have any.
    pub(crate) async fn bundles(
        &self,
        reader: &Reader,
        viewer: Viewer<'_>,
        events: &[Shown],
    ) -> Result<Bundles, RoomsError> {
        let mut bundles = HashMap::new();
        let mut parents = Vec::new();
        for event in events {
            if self.has_relations(event.meta.room, event.pdu.owned_event_id()).await? {
                parents.push(event);
            }
        }
        if parents.is_empty() {
            return Ok(bundles);
        }
        let ignored = self.ignored_by(viewer.user).await?;
        for event in parents {
            let mut judge = Judge::new(self, reader, viewer.user, event.meta.room);
            if let Some(bundle) = self.bundle(reader, viewer, &mut judge, &ignored, event).await? {
                bundles.insert(event.pdu.event_id().to_owned(), bundle);
            }
        }
        Ok(bundles)
    }

    /// Whether any event relates to this one, or did before it was redacted. From memory after the
    /// first time.
    async fn has_relations(&self, room: RoomNum, event_id: &OwnedEventId) -> Result<bool, RoomsError> {
        let load = async { Ok(self.parts.store.exists(&RELATED, &(room, event_id)).await?) };
        self.reading.related.get_or_load(event_id, load).await
    }

    async fn bundle(
        &self,
        reader: &Reader,
        viewer: Viewer<'_>,
        judge: &mut Judge<'_>,
        ignored: &HashSet<OwnedUserId>,
        event: &Shown,
    ) -> Result<Option<Vec<u8>>, RoomsError> {
        let mut bundle = Vec::new();
        if let Some(edit) = self.edit(reader, judge, ignored, event).await? {
            let edit = self.client_event(reader, viewer, &edit, EventForm::Full, None).await?;
            append_member(&mut bundle, "m.replace", &edit);
        }
        if let Some(thread) = self.thread_bundle(reader, viewer, judge, ignored, event).await? {
            append_member(&mut bundle, "m.thread", &thread);
        }
        if let Some(references) = self.references(reader, judge, ignored, event).await? {
            append_member(&mut bundle, "m.reference", &references);
        }
        if bundle.is_empty() {
            return Ok(None);
        }
        bundle.push(b'}');
        Ok(Some(bundle))
    }

    /// The edit that holds: by the event's own sender, of its type, the latest by time, then by id.
    /// [Event replacements](https://spec.matrix.org/v1.19/client-server-api/#event-replacements)
    async fn edit(
        &self,
        reader: &Reader,
        judge: &mut Judge<'_>,
        ignored: &HashSet<OwnedUserId>,
        event: &Shown,
    ) -> Result<Option<Shown>, RoomsError> {
        if event.pdu.is_state() || event.meta.redacted_by.is_some() || ignored.contains(event.pdu.sender()) {
            return Ok(None);
        }
        let id = event.pdu.event_id();
        let rows = self
            .children(reader, event.meta.room, id, RelationClass::Replace, Bounds::newest_first(), EDITS_MAX)
            .await?;
        let mut latest: Option<Shown> = None;
        for row in
            rows.into_iter().filter(|row| row.sender == event.pdu.sender() && row.kind == event.pdu.kind())
        {
            let Some(edit) = judge.show(row.event).await? else { continue };
            let replaces = edit.pdu.kind() == "m.room.encrypted"
                || edit.pdu.content().get().contains("\"m.new_content\"");
            if !replaces || RelatesTo::of(&event.pdu).is_some_and(|relation| relation.rel_type == "m.replace")
            {
                continue;
            }
            let newer = latest.as_ref().is_none_or(|latest| {
                (latest.pdu.origin_server_ts(), latest.pdu.event_id())
                    < (edit.pdu.origin_server_ts(), edit.pdu.event_id())
            });
            if newer {
                latest = Some(edit);
            }
        }
        Ok(latest)
    }

    /// Ids of the events that refer to this one.
    async fn references(
        &self,
        reader: &Reader,
        judge: &mut Judge<'_>,
        ignored: &HashSet<OwnedUserId>,
        event: &Shown,
    ) -> Result<Option<Vec<u8>>, RoomsError> {
        let id = event.pdu.event_id();
        let rows = self
            .children(
                reader,
                event.meta.room,
                id,
                RelationClass::Reference,
                Bounds::default(),
                REFERENCES_MAX,
            )
            .await?;
        let mut chunk = Vec::new();
        for row in rows.into_iter().filter(|row| !ignored.contains(&row.sender)) {
            if let Some(child) = judge.show(row.event).await? {
                chunk.push(json!({"event_id": child.pdu.event_id()}));
            }
        }
        Ok((!chunk.is_empty()).then(|| json!({"chunk": chunk}).to_string().into_bytes()))
    }

    /// Whether `event_id` has a child by one of these senders and of one of these relation types.
    pub(crate) async fn is_related_by(
        &self,
        reader: &Reader,
        room: RoomNum,
        event_id: &EventId,
        senders: Option<&HashSet<OwnedUserId>>,
        rel_types: Option<&HashSet<String>>,
    ) -> Result<bool, RoomsError> {
        let wanted = |child: &Child| {
            senders.is_none_or(|senders| senders.contains(&child.sender))
                && rel_types.is_none_or(|rel_types| rel_types.contains(&child.rel_type))
        };
        for class in RelationClass::ALL {
            let asked = rel_types
                .is_none_or(|types| types.iter().any(|rel_type| RelationClass::of(rel_type) == class));
            if asked {
                let children =
                    self.children(reader, room, event_id, class, Bounds::default(), ROWS_MAX).await?;
                if children.iter().any(wanted) {
                    return Ok(true);
                }
            }
        }
        Ok(false)
    }

    /// Whether a user already sent this annotation: the specification forbids to react twice alike.
    pub async fn has_annotation(
        &self,
        reader: &Reader,
        room: RoomNum,
        parent: &EventId,
        sender: &UserId,
        kind: &str,
        key: &str,
    ) -> Result<bool, RoomsError> {
        let rows = self
            .children(reader, room, parent, RelationClass::Annotation, Bounds::default(), ROWS_MAX)
            .await?;
        for row in rows.into_iter().filter(|row| row.sender == sender && row.kind == kind) {
            let pdu = self.pdu(reader, row.event).await?;
            let content: serde_json::Value = pdu.content_as().unwrap_or_default();
            if content.pointer("/m.relates_to/key").and_then(|value| value.as_str()) == Some(key) {
                return Ok(true);
            }
        }
        Ok(false)
    }
}

/// Appends a member to a JSON object that is still open; `name` needs no escapes.
pub(crate) fn append_member(object: &mut Vec<u8>, name: &str, value: &[u8]) {
    object.push(if object.is_empty() { b'{' } else { b',' });
    object.push(b'"');
    object.extend_from_slice(name.as_bytes());
    object.extend_from_slice(b"\":");
    object.extend_from_slice(value);
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

/// A stretch of an index and the order in which it is read.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Bounds {
    pub after: Option<TimelinePos>,
    pub up_to: Option<TimelinePos>,
    pub newest_first: bool,
}

impl Bounds {
    pub(crate) fn newest_first() -> Self {
        Self { newest_first: true, ..Self::default() }
    }

    fn contain(self, position: TimelinePos) -> bool {
        self.after.is_none_or(|after| position > after) && self.up_to.is_none_or(|up_to| position <= up_to)
    }
}
