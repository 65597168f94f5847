//! Which threads a user follows (MSC4306), and what changed of that (MSC4308).
//!
//! One row for each thread that the user ever followed, and one for the position of its last change,
//! so that a client that was away hears of each thread once. A thread that was given up keeps its
//! row: what happened before must not bring it back automatically. Never decides what a push rule
//! makes of it.

use model::{Pdu, RoomNum, StreamPos, TimelinePos};
use ruma::{EventId, OwnedEventId, OwnedRoomId, OwnedUserId, RoomId, UserId};
use store::{Audience, Batch, Reader, Scan, StoreError};

use crate::{
    Rooms, RoomsError,
    access::{Viewer, VisibleEvent},
    cache::Hints,
    limits::{APPEND_ATTEMPTS_MAX, THREAD_SUBSCRIPTIONS_PAGE_MAX},
    reading_tables::{THREAD_SUBSCRIPTION, THREAD_SUBSCRIPTION_CHANGE, ThreadSubscriptionRecord},
};

/// Why the thread cannot be followed on account of an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SubscriptionRefusal {
    /// The event is not in the thread.
    NotInThread,
    /// The user gave the thread up after the event.
    GivenUpSince,
}

/// What changed of the threads that a user follows, newest first, each thread once.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ThreadSubscriptionChanges {
    /// Threads that the user follows: room, root, whether a client decided it, and a number that
    /// grows with each change.
    pub subscribed: Vec<(OwnedRoomId, OwnedEventId, bool, u64)>,
    /// Threads that the user gave up: room, root, and the same number.
    pub unsubscribed: Vec<(OwnedRoomId, OwnedEventId, u64)>,
    /// There are more changes, at this position or before it.
    pub more_up_to: Option<StreamPos>,
}

/// Position of each user's newest change; zero for those who never followed a thread.
pub(crate) type SubscriptionHints = Hints<OwnedUserId>;

type Row = (StreamPos, ThreadSubscriptionRecord);

impl Rooms {
    /// Whether the user follows a thread, and if so, whether a client decided it (`true`).
    ///
    /// # Errors
    /// `EventNotFound` for a root that the user may not see.
    pub async fn thread_subscription(
        &self,
        viewer: Viewer<'_>,
        room_id: &RoomId,
        root: &EventId,
    ) -> Result<Option<bool>, RoomsError> {
        let store = &self.parts.store;
        let root = self.visible_event(store, viewer, room_id, root).await?;
        let row = store.get(&THREAD_SUBSCRIPTION, &key(viewer.user, &root)).await?;
        Ok(row.filter(|(_, record)| record.subscribed).map(|(_, record)| record.automatic))
    }

    /// Follows a thread: by the user's wish, or automatically because of an event in it. A wish is never
    /// turned into an automatic subscription.
    ///
    /// # Errors
    /// `EventNotFound` for a root that the user may not see, [`RoomsError::ThreadSubscription`] when the
    /// event is no reason to follow the thread.
    pub async fn subscribe_to_thread(
        &self,
        viewer: Viewer<'_>,
        room_id: &RoomId,
        root: &EventId,
        cause: Option<&EventId>,
    ) -> Result<(), RoomsError> {
        let store = &self.parts.store;
        let root = self.visible_event(store, viewer, room_id, root).await?;
        let cause_position = match cause {
            Some(cause) => Some(self.cause_in_thread(viewer, room_id, &root, cause).await?),
            None => None,
        };
        let key = key(viewer.user, &root);
        for _ in 0..APPEND_ATTEMPTS_MAX {
            let old = store.get(&THREAD_SUBSCRIPTION, &key).await?;
            if let (Some(position), Some((changed, record))) = (cause_position, &old) {
                if record.subscribed {
                    return Ok(());
                }
                if TimelinePos::from(*changed) > position {
                    return Err(RoomsError::ThreadSubscription(SubscriptionRefusal::GivenUpSince));
                }
            }
            let automatic = cause.is_some();
            let is_same = |(_, record): &Row| record.subscribed && record.automatic == automatic;
            if old.as_ref().is_some_and(is_same) {
                return Ok(());
            }
            let record = ThreadSubscriptionRecord { subscribed: true, automatic };
            if self.put_subscription(&key, old.as_ref(), record).await? {
                return Ok(());
            }
        }
        Err(RoomsError::Contended)
    }

    /// Gives a thread up. Giving up what was never followed changes nothing.
    ///
    /// # Errors
    /// `EventNotFound` for a root that the user may not see.
    pub async fn unsubscribe_from_thread(
        &self,
        viewer: Viewer<'_>,
        room_id: &RoomId,
        root: &EventId,
    ) -> Result<(), RoomsError> {
        let store = &self.parts.store;
        let root = self.visible_event(store, viewer, room_id, root).await?;
        let key = key(viewer.user, &root);
        for _ in 0..APPEND_ATTEMPTS_MAX {
            let Some(old) = store.get(&THREAD_SUBSCRIPTION, &key).await? else { return Ok(()) };
            if !old.1.subscribed {
                return Ok(());
            }
            let record = ThreadSubscriptionRecord { subscribed: false, automatic: false };
            if self.put_subscription(&key, Some(&old), record).await? {
                return Ok(());
            }
        }
        Err(RoomsError::Contended)
    }

    /// Whether the user follows the thread that the event stands in. None for an event outside of
    /// threads, and for users who never followed any: their clients do not know of subscriptions, and
    /// their threads notify like the rest of the room.
    ///
    /// # Errors
    /// The store's own.
    pub async fn thread_subscribed(
        &self,
        reader: &Reader,
        user: &UserId,
        room: RoomNum,
        pdu: &Pdu,
    ) -> Result<Option<bool>, RoomsError> {
        let Some(root) = rules::relations::thread_root(pdu) else { return Ok(None) };
        if self.thread_subscriptions_latest(user).await? == StreamPos::new(0) {
            return Ok(None);
        }
        let row = reader.get(&THREAD_SUBSCRIPTION, &(user.to_owned(), room, root)).await?;
        Ok(Some(row.is_some_and(|(_, record)| record.subscribed)))
    }

    /// Position of the newest change of a user's subscriptions, zero when there never was one. From
    /// memory after the first use; never too low.
    ///
    /// # Errors
    /// The store's own.
    pub async fn thread_subscriptions_latest(&self, user: &UserId) -> Result<StreamPos, RoomsError> {
        let user = user.to_owned();
        let load = async {
            let scan = Scan::prefix(&user).reverse().limit(1);
            let newest = self.parts.store.scan_keys(&THREAD_SUBSCRIPTION_CHANGE, scan).await?;
            Ok(newest.first().map_or(StreamPos::new(0), |(_, position)| *position))
        };
        self.reading.thread_subscriptions.get_or_load(&user, load).await
    }

    /// What changed in `(after, up_to]`, at most `limit` threads (no more than
    /// [`THREAD_SUBSCRIPTIONS_PAGE_MAX`]).
    ///
    /// # Errors
    /// The store's own.
    pub async fn thread_subscription_changes(
        &self,
        reader: &Reader,
        user: &UserId,
        after: StreamPos,
        up_to: StreamPos,
        limit: usize,
    ) -> Result<ThreadSubscriptionChanges, RoomsError> {
        let limit = limit.clamp(1, THREAD_SUBSCRIPTIONS_PAGE_MAX);
        let owner = user.to_owned();
        let scan = Scan::prefix(&owner)
            .after(&(owner.clone(), after))
            .up_to(&(owner.clone(), up_to))
            .reverse()
            .limit(limit + 1);
        let mut rows = reader.scan(&THREAD_SUBSCRIPTION_CHANGE, scan).await?;
        let mut changes = ThreadSubscriptionChanges::default();
        if rows.len() > limit {
            changes.more_up_to = rows.pop().map(|((_, position), _)| position);
        }
        for ((_, position), (room, root)) in rows {
            let row = reader.get(&THREAD_SUBSCRIPTION, &(owner.clone(), room, root.clone())).await?;
            // Without a snapshot the thread may have moved on; its newer change is seen by the next call.
            let Some((_, record)) = row.filter(|(changed, _)| *changed == position) else { continue };
            let room_id = match self.room_id(reader, room).await {
                Ok(room_id) => room_id,
                // The room was deleted from this server.
                Err(RoomsError::Corrupt(_)) => continue,
                Err(error) => return Err(error),
            };
            if record.subscribed {
                changes.subscribed.push((room_id, root, record.automatic, position.get()));
            } else {
                changes.unsubscribed.push((room_id, root, position.get()));
            }
        }
        Ok(changes)
    }

    /// The place of an event that may make a client follow the thread.
    async fn cause_in_thread(
        &self,
        viewer: Viewer<'_>,
        room_id: &RoomId,
        root: &VisibleEvent,
        cause: &EventId,
    ) -> Result<TimelinePos, RoomsError> {
        let not_in_thread = || RoomsError::ThreadSubscription(SubscriptionRefusal::NotInThread);
        let store = &self.parts.store;
        let cause = match self.visible_event(store, viewer, room_id, cause).await {
            Ok(cause) => cause,
            Err(RoomsError::EventNotFound) => return Err(not_in_thread()),
            Err(error) => return Err(error),
        };
        let thread = self.thread_of(store, &cause.shown().pdu).await?;
        if thread.as_deref() == Some(root.shown().pdu.event_id()) {
            Ok(cause.shown().position)
        } else {
            Err(not_in_thread())
        }
    }

    /// Replaces a row; false when another request was faster.
    async fn put_subscription(
        &self,
        key: &(OwnedUserId, RoomNum, OwnedEventId),
        old: Option<&Row>,
        record: ThreadSubscriptionRecord,
    ) -> Result<bool, RoomsError> {
        let mut batch = Batch::new();
        batch.expect_read(&THREAD_SUBSCRIPTION, key, old);
        if let Some((position, _)) = old {
            batch.delete(&THREAD_SUBSCRIPTION_CHANGE, &(key.0.clone(), *position));
        }
        let position = batch.position();
        batch.put(&THREAD_SUBSCRIPTION, key, &(position, record));
        let change = (key.1, key.2.clone());
        batch.put(&THREAD_SUBSCRIPTION_CHANGE, &(key.0.clone(), position), &change);
        batch.announce(Audience::User(key.0.clone()));
        let (rooms, user) = (self.clone(), key.0.clone());
        batch.on_commit(move |commit| {
            rooms.reading.thread_subscriptions.raise(&user, commit.resolve(position));
        });
        match self.parts.store.commit(batch).await {
            Ok(_) => Ok(true),
            Err(StoreError::Conflict) => Ok(false),
            Err(error) => Err(error.into()),
        }
    }
}

fn key(user: &UserId, root: &VisibleEvent) -> (OwnedUserId, RoomNum, OwnedEventId) {
    (user.to_owned(), root.room().room(), root.shown().pdu.event_id().to_owned())
}
