//! What is bundled with an event: the edit that holds, its thread, the events that refer to it.

use std::collections::{HashMap, HashSet};

use model::{EventForm, RoomNum};
use ruma::{OwnedEventId, OwnedUserId};
use serde_json::json;
use store::Reader;

use super::{Bounds, EDITS_MAX};
use crate::{
    Rooms, RoomsError,
    access::Viewer,
    index::{RelatesTo, RelationClass},
    reading_tables::RELATED,
    serialize::Bundles,
    visibility::{Judge, Shown},
};

/// References listed in a bundle.
const REFERENCES_MAX: usize = 100;

impl Rooms {
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
}

/// Appends a member to a JSON object that is still open; `name` needs no escapes.
pub(crate) fn append_member(object: &mut Vec<u8>, name: &str, value: &[u8]) {
    object.push(if object.is_empty() { b'{' } else { b',' });
    object.push(b'"');
    object.extend_from_slice(name.as_bytes());
    object.extend_from_slice(b"\":");
    object.extend_from_slice(value);
}
