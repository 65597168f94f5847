//! Read receipts: how far each member has read, publicly, privately and by thread.
//!
//! A receipt only moves forward; an older or equal one is answered with success and leaves no trace.
//! Private receipts are shown to their owner alone, and receipts never leave the room they belong to.
//! Beside this file: [`marks`] how far a user has read, [`content`] the event that clients get.
//! [Receipts](https://spec.matrix.org/v1.19/client-server-api/#receipts)

mod content;
mod marks;

use model::{RoomNum, StreamPos, TimelinePos};
use ruma::{EventId, OwnedEventId, OwnedUserId, UserId};
use serde_json::value::RawValue;
use store::{Audience, Batch, Reader, Scan};
use streams::Fact;

use content::ReceiptContent;
pub(crate) use marks::ReadMarks;

use crate::{
    Rooms, RoomsError,
    access::JoinedRoom,
    cache::{Frontier, Hints, LiveCache},
    limits,
    reading_tables::{RECEIPT, RECEIPT_CHANGE},
};

/// How often a receipt is tried again when another one of the same user was faster.
const ATTEMPTS_MAX: usize = 5;
/// Receipts of one room that one answer holds.
const RECEIPTS_MAX: usize = 5_000;
/// Threads of one room in which one user may have receipts of their own.
const THREADS_OF_USER_MAX: usize = 10_000;

/// Who is shown a receipt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReceiptKind {
    /// `m.read`: everybody in the room.
    Public,
    /// `m.read.private`: its owner.
    Private,
}

impl ReceiptKind {
    fn code(self) -> u8 {
        match self {
            Self::Public => 1,
            Self::Private => 2,
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Public => "m.read",
            Self::Private => "m.read.private",
        }
    }

    fn from_code(code: u64) -> Self {
        if code == 1 { Self::Public } else { Self::Private }
    }
}

/// What a receipt covers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ReceiptScope {
    /// The room with all its threads.
    Unthreaded,
    /// The main timeline.
    Main,
    /// One thread, by its root.
    Thread(OwnedEventId),
}

impl ReceiptScope {
    /// The text in the key; no event id is like either word.
    fn text(&self) -> &str {
        match self {
            Self::Unthreaded => "",
            Self::Main => "main",
            Self::Thread(root) => root.as_str(),
        }
    }
}

/// What is kept in memory of receipts.
pub(crate) struct ReceiptCaches {
    latest: Hints<RoomNum>,
    marks: LiveCache<(RoomNum, OwnedUserId), std::sync::Arc<ReadMarks>>,
}

impl ReceiptCaches {
    pub fn new(frontier: &Frontier) -> Self {
        Self { latest: Hints::new(), marks: LiveCache::new(limits::USER_CACHE_ENTRIES).following(frontier) }
    }
}

impl Rooms {
    /// Moves a receipt forward; whether it moved.
    ///
    /// # Errors
    /// `EventNotFound` for an event that has no place in this room's timeline, `InvalidParam` for an
    /// event that is not in the thread named.
    pub async fn set_receipt(
        &self,
        room: &JoinedRoom,
        kind: ReceiptKind,
        scope: &ReceiptScope,
        event_id: &EventId,
    ) -> Result<bool, RoomsError> {
        let reader: &Reader = &self.parts.store;
        let position = self.readable_place(reader, room, scope, event_id).await?;
        let key = (room.room(), room.user().to_owned(), kind.code(), scope.text().to_owned());
        for _ in 0..ATTEMPTS_MAX {
            let old = reader.get(&RECEIPT, &key).await?;
            if old.as_ref().is_some_and(|(_, old, _, _)| *old >= position) {
                return Ok(false);
            }
            let mut batch = Batch::new();
            let new = batch.position();
            let now_ms = self.parts.clock.now_ms();
            match &old {
                Some(row) => {
                    batch.expect_eq(&RECEIPT, &key, row);
                    batch.delete(&RECEIPT_CHANGE, &(room.room(), row.0));
                }
                None => {
                    batch.expect_absent(&RECEIPT, &key);
                }
            }
            batch.put(&RECEIPT, &key, &(new, position, now_ms, event_id.to_owned()));
            let change = (now_ms, u64::from(kind.code()), event_id.to_owned(), key.1.clone(), key.3.clone());
            batch.put(&RECEIPT_CHANGE, &(room.room(), new), &change);
            let fact = Fact::Receipt { room: room.room(), user: room.user().to_owned() };
            streams::record(&mut batch, new, &fact);
            self.announce_receipt(&mut batch, room, kind, new).await?;
            if self.parts.store.try_commit(batch).await?.is_some() {
                return Ok(true);
            }
        }
        Err(RoomsError::Contended)
    }

    /// A public receipt concerns everybody in the room, a private one its owner's devices.
    async fn announce_receipt(
        &self,
        batch: &mut Batch,
        room: &JoinedRoom,
        kind: ReceiptKind,
        pending: StreamPos,
    ) -> Result<(), RoomsError> {
        match kind {
            ReceiptKind::Public => self.local_members(room.room()).await?.announce(batch),
            ReceiptKind::Private => {
                batch.announce(Audience::User(room.user().to_owned()));
            }
        }
        let (rooms, num, user) = (self.clone(), room.room(), room.user().to_owned());
        batch.on_commit(move |commit| {
            let position = rooms.reading.receipts.latest.raise(&num, commit.resolve(pending));
            rooms.caches.recency.moved(num, position);
            rooms.reading.receipts.marks.invalidate(&(num, user));
        });
        Ok(())
    }

    /// The place of an event that a receipt may name.
    async fn readable_place(
        &self,
        reader: &Reader,
        room: &JoinedRoom,
        scope: &ReceiptScope,
        event_id: &EventId,
    ) -> Result<TimelinePos, RoomsError> {
        let num = self.event_num(reader, event_id).await?.ok_or(RoomsError::EventNotFound)?;
        let meta = self.meta(reader, num).await?;
        if meta.room != room.room() {
            return Err(RoomsError::EventNotFound);
        }
        let position = meta.position.ok_or(RoomsError::EventNotFound)?;
        let pdu = self.pdu(reader, num).await?;
        let fits = match scope {
            ReceiptScope::Unthreaded => true,
            ReceiptScope::Main => self.thread_of(reader, &pdu).await?.is_none(),
            ReceiptScope::Thread(root) => self.is_near_thread(reader, &pdu, root).await?,
        };
        if !fits {
            return Err(RoomsError::InvalidParam(
                "The event is not in the thread that thread_id names".to_owned(),
            ));
        }
        Ok(position)
    }

    /// Position of the newest receipt of a room, private ones included. From memory after the first
    /// use; never too low.
    pub async fn receipts_latest(&self, _reader: &Reader, room: RoomNum) -> Result<StreamPos, RoomsError> {
        self.reading
            .receipts
            .latest
            .get_or_load(&room, async {
                let scan = Scan::prefix(&room).reverse().limit(1);
                let newest = self.parts.store.scan(&RECEIPT_CHANGE, scan).await?;
                Ok(newest.first().map_or(StreamPos::new(0), |((_, position), _)| *position))
            })
            .await
    }

    /// The content of the `m.receipt` event about receipts in `(after, up_to]`, as the viewer may
    /// see them; none when there is nothing to tell.
    pub async fn receipts_between(
        &self,
        reader: &Reader,
        room: RoomNum,
        after: StreamPos,
        up_to: StreamPos,
        viewer: &UserId,
    ) -> Result<Option<Box<RawValue>>, RoomsError> {
        if after >= up_to {
            return Ok(None);
        }
        let scan =
            Scan::prefix(&room).after(&(room, after)).up_to(&(room, up_to)).reverse().limit(RECEIPTS_MAX);
        let rows = reader.scan(&RECEIPT_CHANGE, scan).await?;
        if rows.is_empty() {
            return Ok(None);
        }
        let ignored = self.ignored_by(viewer).await?;
        let mut content = ReceiptContent::default();
        for (_, (time_ms, kind, event, user, thread)) in rows {
            let kind = ReceiptKind::from_code(kind);
            let hidden = kind == ReceiptKind::Private && user != viewer;
            if !hidden && !ignored.contains(&user) {
                content.add(event, kind, user, &thread, time_ms);
            }
        }
        Ok(content.into_json())
    }

    /// The content of an `m.receipt` event for a client that sees a room for the first time: the receipts at `events`
    /// that came about in `(after, up_to]`, and all of the viewer's own.
    pub async fn receipts_at_first(
        &self,
        reader: &Reader,
        room: RoomNum,
        (after, up_to): (StreamPos, StreamPos),
        events: &std::collections::HashSet<&EventId>,
        viewer: &UserId,
    ) -> Result<Option<Box<RawValue>>, RoomsError> {
        let mut content = ReceiptContent::default();
        let own = Scan::prefix(&(room, viewer.to_owned())).limit(THREADS_OF_USER_MAX);
        for ((_, user, kind, thread), (_, _, time_ms, event)) in reader.scan(&RECEIPT, own).await? {
            content.add(event, ReceiptKind::from_code(kind.into()), user, &thread, time_ms);
        }
        if after < up_to && !events.is_empty() {
            let scan =
                Scan::prefix(&room).after(&(room, after)).up_to(&(room, up_to)).reverse().limit(RECEIPTS_MAX);
            let ignored = self.ignored_by(viewer).await?;
            for (_, (time_ms, kind, event, user, thread)) in reader.scan(&RECEIPT_CHANGE, scan).await? {
                let kind = ReceiptKind::from_code(kind);
                let shown = kind == ReceiptKind::Public && user != viewer && !ignored.contains(&user);
                if shown && events.contains(&*event) {
                    content.add(event, kind, user, &thread, time_ms);
                }
            }
        }
        Ok(content.into_json())
    }
}
