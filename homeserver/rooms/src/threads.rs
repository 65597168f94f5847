//! Threads: which events belong to one, the list of a room's threads, and the summary that is
//! bundled with a thread's root.
//!
//! [Threading](https://spec.matrix.org/v1.19/client-server-api/#threading)

use std::collections::{HashMap, HashSet};

use bytes::Bytes;
use model::{EventForm, Pdu, RoomNum, TimelinePos};
use ruma::{OwnedEventId, OwnedUserId};
use store::{Reader, Scan};

use crate::{
    Rooms, RoomsError,
    access::{ReadableRoom, Viewer},
    index::{RelatesTo, RelationClass},
    reading_tables::THREAD_REPLY,
    relations::{Bounds, append_member},
    token,
    visibility::{Judge, Shown},
};

/// Threads in one answer.
pub const THREADS_PAGE_MAX: usize = 100;
/// Threads when the client does not say.
pub const THREADS_PAGE_DEFAULT: usize = 20;
/// Replies looked at for one answer before it is cut short with a token.
const REPLIES_SCANNED_MAX: usize = 5_000;
/// Replies of one thread that are counted; a longer thread shows this number.
const REPLIES_COUNTED_MAX: usize = 10_000;
/// Replies tried to find the latest that the viewer may see.
const LATEST_TRIED_MAX: usize = 32;
/// Relations followed to find the thread of an event: an edit of a reaction to a reply, and no more.
const HOPS_MAX: usize = 3;

/// A page of a room's threads.
#[derive(Clone, Debug, Default)]
pub struct ThreadsPage {
    /// Thread roots as client JSON, the liveliest first.
    pub chunk: Vec<Bytes>,
    /// Where the next page begins, if there may be one.
    pub next_batch: Option<String>,
}

impl Rooms {
    /// A page of the threads of a room, by their latest reply.
    pub async fn threads(
        &self,
        reader: &Reader,
        viewer: Viewer<'_>,
        room: &ReadableRoom,
        participated: bool,
        from: Option<TimelinePos>,
        limit: Option<usize>,
    ) -> Result<ThreadsPage, RoomsError> {
        let limit = limit.unwrap_or(THREADS_PAGE_DEFAULT).clamp(1, THREADS_PAGE_MAX);
        let newest = from.map_or(room.newest(), |from| from.min(room.newest()));
        let rows = self.replies(reader, room.room(), newest).await?;
        let exhausted = rows.len() < REPLIES_SCANNED_MAX;
        let ignored = self.ignored_by(viewer.user).await?;
        let mut judge = Judge::new(self, reader, viewer.user, room.room());
        let mut latest_of: HashMap<OwnedEventId, Option<TimelinePos>> = HashMap::new();
        let mut roots = Vec::with_capacity(limit);
        let mut reached = None;
        for (position, root) in rows {
            reached = Some(position);
            if !latest_of.contains_key(&root) {
                let latest = self.latest_reply(reader, &mut judge, &ignored, room, &root).await?;
                latest_of.insert(root.clone(), latest.map(|latest| latest.position));
            }
            // A thread stands where its latest visible reply stands, and nowhere else.
            if latest_of.get(&root) != Some(&Some(position)) {
                continue;
            }
            let Some(shown) = self.thread_root(reader, &mut judge, &root).await? else { continue };
            if participated && !self.participates(reader, viewer, &ignored, &shown).await? {
                continue;
            }
            roots.push(shown);
            if roots.len() == limit {
                break;
            }
        }
        let more = roots.len() == limit || !exhausted;
        let next_batch = reached.filter(|_| more).map(|position| token::encode(token::before(position)));
        Ok(ThreadsPage {
            chunk: self.client_events(reader, viewer, &roots, EventForm::Full).await?,
            next_batch,
        })
    }

    async fn replies(
        &self,
        reader: &Reader,
        room: RoomNum,
        newest: TimelinePos,
    ) -> Result<Vec<(TimelinePos, OwnedEventId)>, RoomsError> {
        let scan = Scan::prefix(&room).up_to(&(room, newest)).reverse().limit(REPLIES_SCANNED_MAX);
        let rows = reader.scan(&THREAD_REPLY, scan).await?;
        Ok(rows.into_iter().map(|((_, position), (_, root))| (position, root)).collect())
    }

    async fn thread_root(
        &self,
        reader: &Reader,
        judge: &mut Judge<'_>,
        root: &OwnedEventId,
    ) -> Result<Option<Shown>, RoomsError> {
        match self.event_num(reader, root).await? {
            Some(num) => judge.show(num).await,
            None => Ok(None),
        }
    }

    async fn latest_reply(
        &self,
        reader: &Reader,
        judge: &mut Judge<'_>,
        ignored: &HashSet<OwnedUserId>,
        room: &ReadableRoom,
        root: &OwnedEventId,
    ) -> Result<Option<Shown>, RoomsError> {
        let bounds = Bounds { after: None, up_to: Some(room.newest()), newest_first: true };
        self.latest_visible_reply(reader, judge, ignored, room.room(), root, bounds).await
    }

    async fn latest_visible_reply(
        &self,
        reader: &Reader,
        judge: &mut Judge<'_>,
        ignored: &HashSet<OwnedUserId>,
        room: RoomNum,
        root: &OwnedEventId,
        bounds: Bounds,
    ) -> Result<Option<Shown>, RoomsError> {
        let rows = self.children(reader, room, root, RelationClass::Thread, bounds, LATEST_TRIED_MAX).await?;
        for row in rows.into_iter().filter(|row| !ignored.contains(&row.sender)) {
            if let Some(shown) = judge.show(row.event).await? {
                return Ok(Some(shown));
            }
        }
        Ok(None)
    }

    async fn participates(
        &self,
        reader: &Reader,
        viewer: Viewer<'_>,
        ignored: &HashSet<OwnedUserId>,
        root: &Shown,
    ) -> Result<bool, RoomsError> {
        Ok(self.thread_counts(reader, viewer, ignored, root).await?.1)
    }

    /// How many replies a thread has, and whether the viewer takes part.
    async fn thread_counts(
        &self,
        reader: &Reader,
        viewer: Viewer<'_>,
        ignored: &HashSet<OwnedUserId>,
        root: &Shown,
    ) -> Result<(usize, bool), RoomsError> {
        let id = root.pdu.event_id();
        let rows = self
            .children(
                reader,
                root.meta.room,
                id,
                RelationClass::Thread,
                Bounds::default(),
                REPLIES_COUNTED_MAX,
            )
            .await?;
        let participates =
            root.pdu.sender() == viewer.user || rows.iter().any(|row| row.sender == viewer.user);
        let count = rows.iter().filter(|row| !ignored.contains(&row.sender)).count();
        Ok((count, participates))
    }

    /// The summary of a thread that is bundled with its root.
    pub(crate) async fn thread_bundle(
        &self,
        reader: &Reader,
        viewer: Viewer<'_>,
        judge: &mut Judge<'_>,
        ignored: &HashSet<OwnedUserId>,
        root: &Shown,
    ) -> Result<Option<Vec<u8>>, RoomsError> {
        // A reply in a thread cannot begin one: threads do not nest.
        if RelatesTo::of(&root.pdu).is_some() {
            return Ok(None);
        }
        let id = root.pdu.event_id().to_owned();
        let newest_first = Bounds::newest_first();
        let latest =
            self.latest_visible_reply(reader, judge, ignored, root.meta.room, &id, newest_first).await?;
        let Some(latest) = latest else { return Ok(None) };
        let (count, participated) = self.thread_counts(reader, viewer, ignored, root).await?;
        let latest = self.client_event(reader, viewer, &latest, EventForm::Full, None).await?;
        let mut summary = Vec::with_capacity(latest.len() + 80);
        append_member(&mut summary, "latest_event", &latest);
        append_member(&mut summary, "count", count.to_string().as_bytes());
        append_member(&mut summary, "current_user_participated", participated.to_string().as_bytes());
        summary.push(b'}');
        Ok(Some(summary))
    }

    /// The root of the thread that an event belongs to, directly or through what it relates to.
    pub async fn thread_of(&self, reader: &Reader, pdu: &Pdu) -> Result<Option<OwnedEventId>, RoomsError> {
        let mut relation = RelatesTo::of(pdu);
        for _ in 0..HOPS_MAX {
            let Some(RelatesTo { parent, rel_type }) = relation else { return Ok(None) };
            if rel_type == "m.thread" {
                return Ok(Some(parent));
            }
            let Some((_, parent)) = self.pdu_by_id(reader, &parent).await? else { return Ok(None) };
            if parent.room_id() != pdu.room_id() {
                return Ok(None);
            }
            relation = RelatesTo::of(&parent);
        }
        Ok(None)
    }

    /// Whether a threaded receipt may name this event: it is in the thread, is its root, or relates
    /// to either within a few steps.
    pub(crate) async fn is_near_thread(
        &self,
        reader: &Reader,
        pdu: &Pdu,
        root: &OwnedEventId,
    ) -> Result<bool, RoomsError> {
        let mut event = pdu.clone();
        for _ in 0..=HOPS_MAX {
            if event.event_id() == root {
                return Ok(true);
            }
            let Some(RelatesTo { parent, rel_type }) = RelatesTo::of(&event) else { return Ok(false) };
            if rel_type == "m.thread" {
                return Ok(parent == *root);
            }
            let Some((_, parent)) = self.pdu_by_id(reader, &parent).await? else { return Ok(false) };
            event = parent;
        }
        Ok(false)
    }
}
