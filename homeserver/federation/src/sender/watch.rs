//! From memory to memory: who began or stopped typing, and whose presence changed.

use std::collections::{BTreeSet, HashMap};

use base::Shutdown;
use model::RoomNum;
use rooms::Membership;
use ruma::{OwnedServerName, OwnedUserId, UserId};

use super::limits::{PRESENCE_CHANGES_MAX, SHARED_ROOMS_MAX};
use super::{Sender, SenderError};

/// Who of this server was said to be typing.
type Told = HashMap<RoomNum, BTreeSet<OwnedUserId>>;

impl Sender {
    /// Follows typing and presence until the server stops.
    pub(super) async fn watch_ephemeral(&self, shutdown: Shutdown) {
        let rooms = self.0.parts.rooms.clone();
        let mut changes = rooms.ephemeral_changes();
        let mut seen = rooms.ephemeral_serial();
        let mut told = Told::new();
        loop {
            tokio::select! {
                () = shutdown.wait() => return,
                changed = changes.changed() => if changed.is_err() { return },
            }
            let serial = rooms.ephemeral_serial();
            let nobody = self.0.schedule.lock().iter().next().is_none();
            if nobody {
                seen = serial;
                continue;
            }
            if let Err(error) = self.take_typing(seen, &mut told).await {
                tracing::debug!(%error, "tell other servers who types");
            }
            if let Err(error) = self.take_presence(seen).await {
                tracing::debug!(%error, "tell other servers who is there");
            }
            seen = serial;
            self.0.work.notify_one();
        }
    }

    async fn take_typing(&self, after: u64, told: &mut Told) -> Result<(), SenderError> {
        let rooms = &self.0.parts.rooms;
        for room in rooms.typing().rooms_changed_since(after) {
            let now: BTreeSet<OwnedUserId> =
                rooms.typing().current(room).into_iter().filter(|user| rooms.is_local(user)).collect();
            let before = told.remove(&room).unwrap_or_default();
            if now != before {
                let store = &self.0.parts.store;
                let servers = self.servers_in(store, room).await?;
                let room_id = rooms.room_id(store, room).await?;
                for user in now.symmetric_difference(&before) {
                    self.tell(&servers, |destination| {
                        destination.typing(room_id.clone(), user.clone(), now.contains(user));
                    });
                }
            }
            if !now.is_empty() {
                told.insert(room, now);
            }
        }
        Ok(())
    }

    async fn take_presence(&self, after: u64) -> Result<(), SenderError> {
        let rooms = &self.0.parts.rooms;
        for user in rooms.presence().changed_since(after, PRESENCE_CHANGES_MAX) {
            if rooms.is_local(&user) {
                let mut servers = self.servers_with(&user).await?;
                servers.retain(|server| self.0.parts.carrier.allows_presence(server));
                self.tell(&servers, |destination| destination.presence(user.clone()));
            }
        }
        Ok(())
    }

    /// The servers that share a room with a user.
    pub(super) async fn servers_with(&self, user: &UserId) -> Result<Vec<OwnedServerName>, SenderError> {
        let rooms = &self.0.parts.rooms;
        let mut servers = BTreeSet::new();
        for (room, member) in rooms.rooms_of_user(user).await?.iter().take(SHARED_ROOMS_MAX) {
            if member.membership == Membership::Join {
                servers.extend(self.servers_in(&self.0.parts.store, *room).await?);
            }
        }
        Ok(servers.into_iter().collect())
    }

    fn tell(&self, servers: &[OwnedServerName], what: impl Fn(&mut super::ephemeral::Ephemeral)) {
        let now_ms = self.0.parts.clock.now_ms();
        let mut schedule = self.0.schedule.lock();
        for server in servers {
            let destination = schedule.get_mut(server);
            // Who cannot be reached now has no use for it later.
            if destination.row.failures == 0 {
                what(&mut destination.ephemeral);
                schedule.plan(server, now_ms);
            }
        }
    }
}
