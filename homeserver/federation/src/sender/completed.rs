//! Rooms that were entered before their members were known: when these are, servers are found that heard nothing yet of
//! the devices of our users, because it was not known, or not believed, that they were there.

use std::collections::{BTreeMap, BTreeSet};

use model::{RoomNum, StreamPos};
use ruma::{OwnedServerName, OwnedUserId, UserId};
use store::{Scan, Snapshot};
use streams::Fact;

use super::limits::{COMPLETED_CHANGES_MAX, COMPLETED_LOCALS_MAX};
use super::queues::Harvest;
use super::tables::ANNOUNCED_WHILE_PARTIAL;
use super::{Sender, SenderError};

impl Sender {
    /// Introduces the devices of our users to the servers of rooms whose members came in, and makes up for what was
    /// announced meanwhile.
    pub(super) async fn take_completed(
        &self,
        snapshot: &Snapshot,
        facts: &[(StreamPos, Fact)],
        harvest: &mut Harvest,
    ) -> Result<(), SenderError> {
        for (position, fact) in facts {
            let Fact::Completed { room } = fact else { continue };
            let waiting = Scan::prefix(room).limit(COMPLETED_LOCALS_MAX);
            let waiting = snapshot.scan(&ANNOUNCED_WHILE_PARTIAL, waiting).await?;
            let announced: BTreeMap<OwnedUserId, StreamPos> =
                waiting.into_iter().map(|((_, user), since)| (user, since)).collect();
            let there = self.servers_in(snapshot, *room).await?;
            let locals = self.0.parts.rooms.local_members(*room).await?;
            for user in locals.iter().take(COMPLETED_LOCALS_MAX) {
                let mut servers = there.clone();
                let since = announced.get(user);
                if let Some(since) = since {
                    servers.extend(self.gone_since(snapshot, *room, *since, user).await?);
                    servers.sort_unstable();
                    servers.dedup();
                }
                let whom = (&*servers, since.is_none());
                self.introduce_devices(snapshot, user, whom, *position, harvest).await?;
            }
            for user in announced.into_keys() {
                harvest.batch.delete(&ANNOUNCED_WHILE_PARTIAL, &(*room, user));
            }
        }
        Ok(())
    }

    /// Notes the partial rooms of a user whose devices are announced: servers may be there that hear nothing of it.
    pub(super) async fn note_while_partial(
        &self,
        snapshot: &Snapshot,
        user: &UserId,
        after: StreamPos,
        harvest: &mut Harvest,
    ) -> Result<(), SenderError> {
        let rooms = &self.0.parts.rooms;
        for partial in rooms.partial_rooms() {
            let key = (partial.room, user.to_owned());
            if rooms.is_joined(snapshot, partial.room, user).await?
                && !snapshot.exists(&ANNOUNCED_WHILE_PARTIAL, &key).await?
            {
                harvest.batch.put(&ANNOUNCED_WHILE_PARTIAL, &key, &after);
            }
        }
        Ok(())
    }

    /// A user of ours left a room: nobody there is to hear of them on its account.
    pub(super) async fn forget_partial(
        &self,
        snapshot: &Snapshot,
        room: RoomNum,
        user: &UserId,
        harvest: &mut Harvest,
    ) -> Result<(), SenderError> {
        let key = (room, user.to_owned());
        if snapshot.exists(&ANNOUNCED_WHILE_PARTIAL, &key).await? {
            harvest.batch.delete(&ANNOUNCED_WHILE_PARTIAL, &key);
        }
        Ok(())
    }

    /// Servers of users whose membership changed before the room became whole, and that share a room with the user:
    /// they may have been in this one unknown to us, and did not ask for a list again for the other.
    async fn gone_since(
        &self,
        snapshot: &Snapshot,
        room: RoomNum,
        since: StreamPos,
        user: &UserId,
    ) -> Result<BTreeSet<OwnedServerName>, SenderError> {
        let rooms = &self.0.parts.rooms;
        let completion = rooms.completion(room).await?;
        let up_to = completion.map_or(since, |span| StreamPos::new(span.first.get().saturating_sub(1)));
        let changes = rooms.state_changes(snapshot, room, since, up_to).await?;
        let mut servers = BTreeSet::new();
        for event in changes.iter().take(COMPLETED_CHANGES_MAX).filter_map(|change| change.new) {
            let pdu = rooms.pdu(snapshot, event).await?;
            let member = pdu.state_key().filter(|_| pdu.kind() == "m.room.member");
            let member = member.and_then(|member| UserId::parse(member).ok());
            servers.extend(member.map(|member| member.server_name().to_owned()));
        }
        let around = self.servers_with(user).await?;
        servers.retain(|server| around.contains(server));
        Ok(servers)
    }
}
