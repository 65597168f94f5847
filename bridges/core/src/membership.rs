//! Who is in a conversation is compared with who is in its room, at each connection and every hour: of who came and went while
//! nobody listened no event tells.

use std::collections::HashSet;

use base::Shutdown;
use bridge_api::{
    Ability, Arrival, EventKey, Happened, Members, Network, Person, PersonId, Support,
    limits::PEOPLE_AT_ONCE_MAX,
};
use futures_util::StreamExt as _;
use ruma::{OwnedUserId, RoomId};
use store::{Batch, StoreError};

use crate::{
    Bridges,
    backfill::patient,
    bridges::Seat,
    error::Stuck,
    lanes::Lane,
    limits::{MEMBERS_AT_ONCE, MEMBERS_COMPARED_MAX, MEMBERS_INTERVAL, MEMBERS_PAUSE_MIN, MEMBERS_SHOWN_MAX},
    names::is_ghost,
    rounds::Rounds,
    tables::{PEOPLE, ROBOTS},
};

/// Whether a platform knows everybody of each conversation: where it tells of some alone, nobody is gone who is not among them.
fn tells_all(seat: &Seat) -> bool {
    let mut lines = seat.connector.capabilities().lines().iter();
    lines.any(|line| line.ability == Ability::Membership && line.into_room == Support::Yes)
}

impl Bridges {
    /// Compares from time to time, until the shutdown.
    pub(crate) async fn keep_members(&self, seat: &Seat, shutdown: &Shutdown) {
        let Some(members) = seat.connector.members() else { return };
        let rounds = Rounds { every: MEMBERS_INTERVAL, pause_min: MEMBERS_PAUSE_MIN };
        rounds.keep(seat, shutdown, || Box::pin(self.compare_all(seat, members)) as _).await;
    }

    async fn compare_all(&self, seat: &Seat, members: &dyn Members) {
        let tells_all = tells_all(seat);
        let mut bound = self.portals().bound(seat.network);
        bound.retain(|(lane, _)| tells_all || members.lists_everybody(&lane.1));
        futures_util::stream::iter(bound)
            .for_each_concurrent(MEMBERS_AT_ONCE, |(lane, room)| async move {
                if let Err(error) = self.compare(members, &lane, &room).await {
                    tracing::warn!(?error, conversation = %lane.1, "who is there cannot be compared; will try again");
                }
            })
            .await;
    }

    /// Has those come into a room who came into its conversation, and those leave who left it.
    async fn compare(&self, members: &dyn Members, lane: &Lane, room: &RoomId) -> Result<(), Stuck> {
        // Asked for first: who comes meanwhile is not taken for gone.
        let here = self.ghosts_in(lane.0, room).await?;
        // Nobody at all is a list that we may not see.
        let there = everybody(members, lane).await?.filter(|there| !there.is_empty());
        let Some(there) = there else { return Ok(()) };
        let (mut come, mut expected) = (Vec::new(), HashSet::new());
        for person in there {
            let ghost = self.ghost_id(lane.0, &person.id)?;
            let is_missing = !person.bot && !here.contains(&ghost);
            // A colleague is here by themselves, or comes with their word.
            if is_missing && !self.is_colleague(lane.0, &person.id).await? {
                come.push(person);
            }
            expected.insert(ghost);
        }
        come.truncate(MEMBERS_SHOWN_MAX.saturating_sub(here.len()));
        let mut gone = Vec::new();
        for ghost in here.difference(&expected) {
            if let Some(person) = self.person_behind(lane.0, ghost).await?
                && !self.is_robot(lane.0, &person).await?
            {
                gone.push(person);
            }
        }
        self.take_change(lane, Happened::Joined { people: come }).await?;
        for people in gone.chunks(PEOPLE_AT_ONCE_MAX) {
            self.take_change(lane, Happened::Left { people: people.to_vec(), by: None }).await?;
        }
        Ok(())
    }

    /// It goes the way of what the platform tells itself.
    pub(crate) async fn take_change(&self, lane: &Lane, what: Happened) -> Result<(), Stuck> {
        if matches!(&what, Happened::Joined { people } if people.is_empty()) {
            return Ok(());
        }
        let key = EventKey::new(format!("compared:{}", self.0.rng.u64()));
        let key = key.map_err(|error| Stuck::Never(error.to_string(), None))?;
        let at_ms = self.0.clock.now_ms();
        let arrival = Arrival { key, conversation: Some(lane.1.clone()), at_ms, trace: None, what };
        let taken = self.take(lane.0, vec![arrival], true).await;
        taken.map(drop).map_err(|refused| Stuck::Later(refused.to_string(), None))
    }

    /// The accounts of a platform's people in a room.
    async fn ghosts_in(&self, network: Network, room: &RoomId) -> Result<HashSet<OwnedUserId>, Stuck> {
        let members = self.bot_intent()?.joined_members(room).await?;
        let is_theirs = |user: &OwnedUserId| {
            is_ghost(user, &self.0.server_name) && user.localpart().starts_with(network.ghost_prefix())
        };
        Ok(members.into_iter().filter(is_theirs).collect())
    }

    async fn is_colleague(&self, network: Network, person: &PersonId) -> Result<bool, StoreError> {
        self.0.store.exists(&PEOPLE, &(network.key(), person.as_str())).await
    }

    pub(crate) async fn is_robot(&self, network: Network, person: &PersonId) -> Result<bool, StoreError> {
        self.0.store.exists(&ROBOTS, &(network.key(), person.as_str())).await
    }

    /// Another app's robot says something. Lists of members leave it out.
    pub(crate) async fn note_robot(&self, network: Network, robot: &PersonId) -> Result<(), StoreError> {
        if self.is_robot(network, robot).await? {
            return Ok(());
        }
        let mut batch = Batch::new();
        batch.put(&ROBOTS, &(network.key(), robot.as_str()), &());
        self.0.store.commit(batch).await.map(drop)
    }
}

/// Everybody of a conversation; nothing where they are more than are compared.
async fn everybody(members: &dyn Members, lane: &Lane) -> Result<Option<Vec<Person>>, Stuck> {
    let (mut cursor, mut all) = (None, Vec::new());
    loop {
        let page = patient(|| members.members(&lane.1, cursor.as_ref())).await?;
        // A page without anybody counts as one: it has an end all the same.
        let is_over = page.items.is_empty() || all.len() + page.items.len() > MEMBERS_COMPARED_MAX;
        all.extend(page.items);
        cursor = page.next;
        match &cursor {
            None if all.len() <= MEMBERS_COMPARED_MAX => return Ok(Some(all)),
            Some(_) if !is_over => {}
            None | Some(_) => return Ok(None),
        }
    }
}
