//! People who left their company: their accounts leave every room, and no colleague is one of them any more.

use bridge_api::{Happened, Network, PersonId, Sender};
use ruma::RoomId;
use store::{Batch, Scan, StoreError};

use crate::{
    Bridges,
    error::Stuck,
    ghosts::Ghost,
    limits::{FORGOTTEN_PER_BATCH, GONE_KEPT_MS},
    tables::{GHOST_ROOMS, GONE, InboxRow, PEOPLE},
};

impl Bridges {
    /// Somebody left the company at a time. What they said stays here under the name that they had.
    pub(crate) async fn person_gone(
        &self,
        batch: &mut Batch,
        network: Network,
        person: &PersonId,
        at_ms: u64,
    ) -> Result<(), Stuck> {
        let ghost = self.puppet_of(network, person)?;
        // First: what they said before may be on its way into a room, and has them leave that one then.
        let of = (network.key(), person.as_str());
        let known_ms = self.0.store.get(&GONE, &of).await?.unwrap_or_default();
        let mut noted = Batch::new();
        noted.put(&GONE, &of, &at_ms.max(known_ms));
        self.0.store.commit(noted).await?;
        // Each page is shorter than the one before: who is out of a room is not listed there any more.
        loop {
            let rooms = self.0.store.scan_keys(&GHOST_ROOMS, Scan::prefix(&*ghost.user)).await?;
            if rooms.is_empty() {
                break;
            }
            for (_, room) in rooms {
                self.be_out(&ghost, &room).await?;
            }
        }
        let Some(account) = self.0.store.get(&PEOPLE, &(network.key(), person.as_str())).await? else {
            return Ok(());
        };
        if self.colleague_of(network, &account).await?.as_ref() != Some(person) {
            return Ok(());
        }
        self.take_back(batch, network, &account).await?;
        let platform = network.name().of(self.0.settings.language);
        let unique = format!("gone/{}/{person}/{}", network.key(), self.0.clock.now_ms());
        self.tell(batch, &account, &unique, "bridge.me.gone", &[("platform", platform)]);
        tracing::info!(network = network.key(), %account, %person, "a colleague left the company on a platform");
        Ok(())
    }

    /// Whether somebody of whom is said that they are in a conversation stays out of its room: they left the company after that.
    /// Lists say it of people who do nothing, and may know later than the company that they left; for [`GONE_KEPT_MS`] they bring
    /// nobody back.
    pub(crate) async fn stays_out(
        &self,
        network: Network,
        person: &PersonId,
        row: &InboxRow,
    ) -> Result<bool, StoreError> {
        let gone_ms = self.0.store.get(&GONE, &(network.key(), person.as_str())).await?;
        let at_ms = self.happened_ms(&row.arrival);
        Ok(gone_ms.is_some_and(|gone_ms| row.from_history || at_ms <= gone_ms))
    }

    /// Something is in its room. Whoever left the company after it came in for it and is out again; who does something later is
    /// in the company again.
    pub(crate) async fn see_out(&self, network: Network, room: &RoomId, row: &InboxRow) -> Result<(), Stuck> {
        let at_ms = self.happened_ms(&row.arrival);
        for person in people_of(row) {
            let of = (network.key(), person.as_str());
            match self.0.store.get(&GONE, &of).await? {
                Some(gone_ms) if at_ms <= gone_ms => {
                    let ghost = self.puppet_of(network, person)?;
                    if self.0.store.exists(&GHOST_ROOMS, &(&*ghost.user, room)).await? {
                        self.be_out(&ghost, room).await?;
                    }
                }
                Some(gone_ms) => {
                    let mut batch = Batch::new();
                    batch.expect_eq(&GONE, &of, &gone_ms).delete(&GONE, &of);
                    self.0.store.commit(batch).await?;
                }
                None => {}
            }
        }
        Ok(())
    }

    /// An account came into a room to say one thing. Whoever left the company meanwhile is out again: that something waited to be
    /// said is no sign that they are back.
    pub(crate) async fn leave_again(
        &self,
        ghost: &Ghost,
        network: Network,
        person: &PersonId,
        room: &RoomId,
    ) -> Result<(), Stuck> {
        if self.0.store.exists(&GONE, &(network.key(), person.as_str())).await? {
            self.be_out(ghost, room).await?;
        }
        Ok(())
    }

    /// Forgets who left so long ago that nothing of before comes any more. Those who left within that time are few.
    pub(crate) async fn forget_leavers(&self) -> Result<(), StoreError> {
        let first_kept_ms = self.0.clock.now_ms().saturating_sub(GONE_KEPT_MS);
        let mut after: Option<(String, String)> = None;
        loop {
            let mut scan = Scan::all().limit(FORGOTTEN_PER_BATCH);
            if let Some(after) = &after {
                scan = scan.after(after);
            }
            let page = self.0.store.scan(&GONE, scan).await?;
            let Some((last, _)) = page.last() else { return Ok(()) };
            after = Some(last.clone());
            let mut batch = Batch::new();
            for (of, gone_ms) in page.iter().filter(|(_, gone_ms)| *gone_ms < first_kept_ms) {
                batch.expect_eq(&GONE, of, gone_ms).delete(&GONE, of);
            }
            if !batch.is_empty() {
                // None where somebody left anew meanwhile, or came back: the next look sees it.
                self.0.store.try_commit(batch).await?;
            }
        }
    }

    fn puppet_of(&self, network: Network, person: &PersonId) -> Result<Ghost, Stuck> {
        let user = self.ghost_id(network, person)?;
        Ok(Ghost { intent: self.0.kit.puppet(user.clone()), user })
    }
}

/// The people whose accounts come into a room for something that they did.
fn people_of(row: &InboxRow) -> Vec<&PersonId> {
    let from = match &row.arrival.what {
        Happened::Message(message) => &message.from,
        Happened::Edited { from, .. } | Happened::Reacted { from, .. } => from,
        Happened::Pressed(pressed) => return vec![&pressed.by],
        Happened::Read { person, .. } => return vec![person],
        Happened::Joined { people } if !row.from_history => {
            return people.iter().map(|person| &person.id).collect();
        }
        _ => return Vec::new(),
    };
    match from {
        Sender::Person { id, .. } => vec![id],
        Sender::Bot { .. } | Sender::Ourselves | Sender::System => Vec::new(),
    }
}
