//! To which servers an event goes: those that were in its room before it, and the one whose user it is about.
//!
//! The store knows which servers are in a room now. From there the walk goes back over the events of a page: a member
//! event that let the last user of a server go says that the server was there before it.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};

use model::{EventNum, Pdu, RoomNum, StreamPos};
use ruma::{OwnedServerName, OwnedUserId, UserId};
use store::Snapshot;

use super::handshaken::SentBy;
use super::{Sender, SenderError};

/// An event and who gets it.
pub(super) struct Owed {
    pub position: StreamPos,
    pub room: RoomNum,
    pub event: EventNum,
    pub destinations: BTreeSet<OwnedServerName>,
    /// A local user came in: the servers there have to learn of their devices.
    pub joined: Option<OwnedUserId>,
    /// A local user went.
    pub parted: Option<OwnedUserId>,
    /// Another server came in with this event: its first user joined.
    pub arrived: Option<OwnedServerName>,
}

/// Joined members of each server.
type Counts = BTreeMap<OwnedServerName, u64>;

/// What a member event says.
struct Change {
    user: OwnedUserId,
    membership: String,
    was_joined: bool,
}

/// Whether a state event lets somebody in, and whom it is about.
#[derive(Default)]
struct Joining {
    user: Option<OwnedUserId>,
    is_join: bool,
}

impl Sender {
    /// Who gets these events, in their order. They are all events of a page that ends with `page_end`.
    pub(super) async fn fan_out(
        &self,
        snapshot: &Snapshot,
        page_end: StreamPos,
        events: &[(StreamPos, RoomNum, EventNum)],
    ) -> Result<Vec<Owed>, SenderError> {
        let mut counts: BTreeMap<RoomNum, Counts> = BTreeMap::new();
        let mut all = Vec::new();
        for (position, room, event) in events.iter().rev().copied() {
            let owed = match self.owed(snapshot, page_end, &mut counts, (position, room, event)).await {
                // Purged since: nobody can be told of it any more.
                Err(SenderError::Rooms(rooms::RoomsError::Corrupt(what))) => {
                    tracing::debug!(what, "skip a fact of what is gone");
                    None
                }
                outcome => outcome?,
            };
            all.extend(owed);
        }
        all.reverse();
        Ok(all)
    }

    async fn owed(
        &self,
        snapshot: &Snapshot,
        page_end: StreamPos,
        counts: &mut BTreeMap<RoomNum, Counts>,
        (position, room, event): (StreamPos, RoomNum, EventNum),
    ) -> Result<Option<Owed>, SenderError> {
        let rooms = &self.0.parts.rooms;
        let pdu = rooms.pdu(snapshot, event).await?;
        let meta = rooms.meta(snapshot, event).await?;
        if meta.rejected || meta.soft_failed || meta.position.is_none() {
            return Ok(None);
        }
        let counts = match counts.entry(room) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(unknown) => unknown.insert(self.counts_at(snapshot, page_end, room).await?),
        };
        let change = self.change(snapshot, &pdu, meta.state_before).await?;
        if let Some(change) = &change {
            step_back(counts, change);
        }
        let arrived = change.as_ref().filter(|change| change.membership == "join" && !change.was_joined);
        let arrived = arrived.map(|change| change.user.server_name()).filter(|server| {
            **server != self.0.parts.server_name && counts.get(*server).is_none_or(|joined| *joined == 0)
        });
        let arrived = arrived.map(ToOwned::to_owned);
        let is_ours = rooms.is_local(pdu.sender());
        let sent_by = match &change {
            Some(_) => self.sent_by(snapshot, pdu.event_id()).await?,
            None => SentBy::Origin,
        };
        let mut destinations = BTreeSet::new();
        if matches!((sent_by, is_ours), (SentBy::Origin, true) | (SentBy::Us, _)) {
            let there = counts.iter().filter(|(_, joined)| **joined > 0);
            destinations.extend(there.map(|(server, _)| server.clone()));
            if let Some(change) = &change {
                let target = change.user.server_name();
                // The handshake of an invite gave the event to the invited server.
                if change.membership == "invite" && counts.get(target).is_none_or(|joined| *joined == 0) {
                    destinations.remove(target);
                } else {
                    destinations.insert(target.to_owned());
                }
            }
            destinations.remove(pdu.sender().server_name());
            self.keep_admitted(room, &pdu, &mut destinations).await?;
        }
        let (mut joined, mut parted) = (None, None);
        if let Some(change) = change.filter(|change| rooms.is_local(&change.user)) {
            match (change.was_joined, change.membership == "join") {
                (false, true) => joined = Some(change.user),
                (true, false) => parted = Some(change.user),
                (true, true) | (false, false) => {}
            }
        }
        Ok(Some(Owed { position, room, event, destinations, joined, parted, arrived }))
    }

    /// Joined members of each server at a position: those of the snapshot, and back over what changed since. Nothing
    /// changed since unless this reader is far behind.
    async fn counts_at(
        &self,
        snapshot: &Snapshot,
        position: StreamPos,
        room: RoomNum,
    ) -> Result<Counts, SenderError> {
        let rooms = &self.0.parts.rooms;
        let mut counts: Counts = rooms.joined_servers(snapshot, room).await?.into_iter().collect();
        if rooms.latest_state_change(room).await? <= position {
            return Ok(counts);
        }
        let later = rooms.state_changes(snapshot, room, position, snapshot.position()).await?;
        for change in later.iter().rev() {
            let (old, new) = (change.old, change.new);
            let (old, new) = (self.joining(snapshot, old).await?, self.joining(snapshot, new).await?);
            let Some(user) = new.user.or(old.user) else { continue };
            let membership = if new.is_join { "join" } else { "leave" }.to_owned();
            step_back(&mut counts, &Change { user, membership, was_joined: old.is_join });
        }
        Ok(counts)
    }

    /// Whom a state event lets in, if it is about a member at all.
    async fn joining(&self, snapshot: &Snapshot, event: Option<EventNum>) -> Result<Joining, SenderError> {
        let Some(event) = event else { return Ok(Joining::default()) };
        let pdu = self.0.parts.rooms.pdu(snapshot, event).await?;
        if pdu.kind() != "m.room.member" {
            return Ok(Joining::default());
        }
        let user = pdu.state_key().and_then(|key| UserId::parse(key).ok());
        Ok(Joining { user, is_join: membership(&pdu).is_some_and(|membership| membership == "join") })
    }

    async fn change(
        &self,
        snapshot: &Snapshot,
        pdu: &Pdu,
        state_before: model::StateNum,
    ) -> Result<Option<Change>, SenderError> {
        if pdu.kind() != "m.room.member" {
            return Ok(None);
        }
        let Some(user) = pdu.state_key().and_then(|key| UserId::parse(key).ok()) else { return Ok(None) };
        let Some(now) = membership(pdu) else { return Ok(None) };
        let rooms = &self.0.parts.rooms;
        let before = rooms.state_event_at(snapshot, state_before, "m.room.member", user.as_str()).await?;
        let was_joined = before.and_then(|before| membership(&before)).is_some_and(|was| was == "join");
        Ok(Some(Change { user, membership: now, was_joined }))
    }

    /// Leaves out this server, those that the operator does not speak to, and those that the room keeps out.
    async fn keep_admitted(
        &self,
        room: RoomNum,
        pdu: &Pdu,
        destinations: &mut BTreeSet<OwnedServerName>,
    ) -> Result<(), SenderError> {
        let parts = &self.0.parts;
        destinations.retain(|server| *server != parts.server_name && parts.carrier.allows(server));
        // Who is shut out learns of that.
        if pdu.kind() == "m.room.server_acl" {
            return Ok(());
        }
        for server in destinations.clone() {
            if !parts.rooms.acl_allows(room, &server).await? {
                destinations.remove(&server);
            }
        }
        Ok(())
    }
}

/// What a member event says of its user.
fn membership(pdu: &Pdu) -> Option<String> {
    #[derive(serde::Deserialize)]
    struct Content {
        membership: String,
    }
    Some(pdu.content_as::<Content>().ok()?.membership)
}

fn step_back(counts: &mut Counts, change: &Change) {
    let is_joined = change.membership == "join";
    if is_joined == change.was_joined {
        return;
    }
    let joined = counts.entry(change.user.server_name().to_owned()).or_default();
    *joined = if is_joined { joined.saturating_sub(1) } else { *joined + 1 };
}

#[cfg(test)]
mod tests {
    use super::*;

    fn change(membership: &str, was_joined: bool) -> Change {
        let user = "@bob:b".try_into().expect("a user id");
        Change { user, membership: membership.to_owned(), was_joined }
    }

    #[test]
    fn before_the_last_user_went_the_server_was_there() {
        let server: OwnedServerName = "b".try_into().expect("a server name");
        let mut counts = Counts::new();
        step_back(&mut counts, &change("leave", true));
        assert_eq!(counts.get(&server), Some(&1));
        step_back(&mut counts, &change("join", true));
        assert_eq!(counts.get(&server), Some(&1), "a new profile is no arrival");
        step_back(&mut counts, &change("join", false));
        assert_eq!(counts.get(&server), Some(&0));
        step_back(&mut counts, &change("invite", false));
        assert_eq!(counts.get(&server), Some(&0));
    }
}
