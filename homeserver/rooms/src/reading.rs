//! What the reading side keeps in memory, put together once when [`Rooms`] is.

use std::{
    sync::{Arc, Weak},
    time::Duration,
};

use model::RoomNum;
use ruma::{DeviceId, OwnedEventId, OwnedUserId, UserId, presence::PresenceState};
use serde_json::value::RawValue;
use store::Reader;
use streams::EphemeralPos;

use crate::{
    LocalMembers, Member, Membership, Rooms, RoomsError, RoomsInner, RoomsParts,
    cache::{Frontier, LiveCache},
    limits,
    peeks::Peeks,
    presence::{Noted, Presence},
    presence_waves::PresenceWaves,
    push_context::PowerCache,
    receipts::ReceiptCaches,
    sticky::StickyRooms,
    thread_subscriptions::SubscriptionHints,
    typing::Typing,
    unread::UnreadCache,
};

/// A change of presence wakes the members of rooms up to this size at once; larger rooms are woken
/// by and by, or one person coming online would wake a whole company.
pub const PRESENCE_WAKE_MEMBERS_MAX: usize = 100;
/// Presence changes of one answer that are checked for a shared room.
const PRESENCE_CHANGES_MAX: usize = 10_000;

/// Memory of the reading side.
pub(crate) struct Reading {
    pub typing: Typing,
    pub presence: Presence,
    pub receipts: ReceiptCaches,
    pub unread: UnreadCache,
    pub power: PowerCache,
    pub presence_waves: PresenceWaves,
    pub thread_subscriptions: SubscriptionHints,
    pub peeks: Peeks,
    pub sticky: StickyRooms,
    /// Whether an event has or had relations: asked for every event of every page.
    pub related: LiveCache<OwnedEventId, bool>,
}

impl Reading {
    pub fn new(parts: &RoomsParts) -> Self {
        let serials = EphemeralPos::new(&parts.clock);
        let frontier = Frontier::of(&parts.store);
        Self {
            typing: Typing::new(serials.clone(), parts.notifier.clone()),
            presence: Presence::new(parts.settings.presence_enabled, parts.clock.clone(), serials),
            receipts: ReceiptCaches::new(&frontier),
            unread: UnreadCache::new(),
            power: PowerCache::new(),
            presence_waves: PresenceWaves::default(),
            thread_subscriptions: SubscriptionHints::new(),
            peeks: Peeks::default(),
            sticky: StickyRooms::default(),
            related: LiveCache::new(limits::EVENT_META_CACHE_ENTRIES).following(&frontier),
        }
    }
}

impl Rooms {
    /// Who is typing.
    #[must_use]
    pub fn typing(&self) -> &Typing {
        &self.reading.typing
    }

    /// Who is online.
    #[must_use]
    pub fn presence(&self) -> &Presence {
        &self.reading.presence
    }

    /// The serial of typing and presence to sample before reading either.
    #[must_use]
    pub fn ephemeral_serial(&self) -> u64 {
        let serial = self.reading.typing.serial();
        self.reading.presence.settled();
        serial
    }

    /// Tells whenever typing or presence may have changed; see [`streams::EphemeralPos::changes`].
    #[must_use]
    pub fn ephemeral_changes(&self) -> tokio::sync::watch::Receiver<u64> {
        self.reading.typing.changes()
    }

    /// A device of the user began a sync.
    pub async fn presence_synced(
        &self,
        user: &UserId,
        device: Option<&DeviceId>,
        state: PresenceState,
    ) -> Result<(), RoomsError> {
        let noted = self.reading.presence.synced(user, device, state);
        self.follow(user, noted).await
    }

    /// The user says how they are.
    pub async fn set_presence(
        &self,
        user: &UserId,
        device: Option<&DeviceId>,
        state: PresenceState,
        status_msg: Option<String>,
    ) -> Result<(), RoomsError> {
        let noted = self.reading.presence.set(user, device, state, status_msg);
        self.follow(user, noted).await
    }

    /// Another server says how a user of its own is.
    pub async fn hear_presence(
        &self,
        user: &UserId,
        state: PresenceState,
        status_msg: Option<String>,
        last_active_ago_ms: u64,
        currently_active: bool,
    ) -> Result<(), RoomsError> {
        let activity = (last_active_ago_ms, currently_active);
        let noted = self.reading.presence.told(user, state, status_msg, activity);
        self.follow(user, noted).await
    }

    /// The user did something that only a person does.
    pub async fn presence_active(&self, user: &UserId) -> Result<(), RoomsError> {
        let noted = self.reading.presence.active(user);
        self.follow(user, noted).await
    }

    /// Tells those who can see the user, and watches for silence when nobody does yet.
    async fn follow(&self, user: &UserId, noted: Noted) -> Result<(), RoomsError> {
        if noted.changed {
            self.wake_around(user).await?;
        }
        if let Some(watch_ms) = noted.watch_ms {
            tokio::spawn(watch(Arc::downgrade(&self.0), user.to_owned(), watch_ms));
        }
        Ok(())
    }

    /// Wakes the user and whoever shares a room with them: those in large rooms by and by.
    ///
    /// # Errors
    /// The store's own.
    pub async fn wake_around(&self, user: &UserId) -> Result<(), RoomsError> {
        self.parts.notifier.wake_users(&[user.to_owned()]);
        for (room, member) in self.rooms_of_user(user).await?.iter() {
            if member.membership != Membership::Join {
                continue;
            }
            let members: LocalMembers = self.local_members(*room).await?;
            if members.len() > PRESENCE_WAKE_MEMBERS_MAX {
                self.wake_by_and_by(*room);
                continue;
            }
            for users in members.chunks() {
                self.parts.notifier.wake_users(users);
            }
        }
        Ok(())
    }

    /// `m.presence` events about the viewer and users sharing a room with them that changed after
    /// the serial `after`, each with whom it is about, the latest first.
    pub async fn presence_changes(
        &self,
        reader: &Reader,
        viewer: &UserId,
        after: u64,
    ) -> Result<Vec<(OwnedUserId, Box<RawValue>)>, RoomsError> {
        let mut events = Vec::new();
        for user in self.reading.presence.changed_since(after, PRESENCE_CHANGES_MAX) {
            if self.share_a_room(reader, viewer, &user).await?
                && let Some(event) = self.reading.presence.event(&user)
            {
                events.push((user, event));
            }
        }
        Ok(events)
    }

    /// Whether two users are joined to a common room, or are the same.
    pub async fn share_a_room(
        &self,
        _reader: &Reader,
        one: &UserId,
        other: &UserId,
    ) -> Result<bool, RoomsError> {
        if one == other {
            return Ok(true);
        }
        let (one, other) = (self.rooms_of_user(one).await?, self.rooms_of_user(other).await?);
        let (few, many) = if one.len() <= other.len() { (one, other) } else { (other, one) };
        let joined = |(_, member): &(RoomNum, Member)| member.membership == Membership::Join;
        let in_many = |room: &RoomNum| {
            let found = many.binary_search_by_key(room, |(room, _)| *room).ok();
            found.and_then(|at| many.get(at)).is_some_and(joined)
        };
        Ok(few.iter().any(|entry| joined(entry) && in_many(&entry.0)))
    }
}

/// Waits for the user to fall silent. Ends when nothing more can happen by itself. While it waits it
/// keeps nothing alive: a server that stops must let go of its store.
async fn watch(rooms: Weak<RoomsInner>, user: OwnedUserId, mut wait_ms: u64) {
    loop {
        tokio::time::sleep(Duration::from_millis(wait_ms)).await;
        let Some(rooms) = rooms.upgrade().map(Rooms) else { return };
        let noted = rooms.reading.presence.settle(&user);
        if noted.changed
            && let Err(error) = rooms.wake_around(&user).await
        {
            tracing::warn!(%user, %error, "wake those who see a user");
        }
        match noted.watch_ms {
            Some(next_ms) => wait_ms = next_ms.max(1),
            None => return,
        }
    }
}
