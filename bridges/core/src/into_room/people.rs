//! Who comes and goes, and what a conversation is called.

use bridge_api::{MessageId, Network, Person, PersonId};
use futures_util::{TryStreamExt as _, stream};
use kit::CallError;

use super::Bringing;
use crate::{
    Bridges,
    error::Stuck,
    ghosts::{Ghost, named_by},
    limits::{JOINS_AT_ONCE, MEMBERS_SHOWN_MAX},
    names::tamed,
    tables::{GHOST_ROOMS, GHOSTS, PEOPLE, PortalRow},
};

impl Bridges {
    /// Somebody has another name or picture. Who never said anything here has no account to change.
    pub(crate) async fn person_changed(&self, network: Network, person: &Person) -> Result<(), Stuck> {
        let row = self.0.store.get(&GHOSTS, &(network.key(), person.id.as_str())).await?;
        match row {
            Some(row) if !person.name.is_empty() => {
                let (external, named) = (row.external, named_by(person, None));
                let person = Person { name: named, ..person.clone() };
                self.dress(network, &person, Some(row), external).await
            }
            Some(_) | None => Ok(()),
        }
    }
}

impl Bringing<'_> {
    pub(super) async fn joined(&mut self, people: &[Person]) -> Result<(), Stuck> {
        // Some at once: what is said after a long list of people came is not to wait for the last of them.
        let (bridges, room, row) = (self.bridges, &self.room, self.row);
        let network = self.network();
        stream::iter(people.iter().take(MEMBERS_SHOWN_MAX).map(Ok))
            .try_for_each_concurrent(JOINS_AT_ONCE, |person| async move {
                if bridges.stays_out(network, &person.id, row).await? {
                    return Ok(());
                }
                let ghost = match bridges.colleague(network, &person.id).await? {
                    Some(colleague) => colleague,
                    None => {
                        // Lists say who is of another company, and of nobody for certain that they are not.
                        let external = person.external.then_some(true);
                        bridges.ghost(network, &person.id, Some(&person.name), external).await?
                    }
                };
                bridges.be_in(&ghost, room).await
            })
            .await
    }

    pub(super) async fn left(&mut self, people: &[PersonId]) -> Result<(), Stuck> {
        for person in people {
            let user = self.bridges.ghost_id(self.network(), person)?;
            let of = (&*user, &*self.room);
            if !self.bridges.0.store.exists(&GHOST_ROOMS, &of).await? || self.has_sibling() {
                continue;
            }
            let ghost = Ghost { intent: self.bridges.0.kit.puppet(user.clone()), user: user.clone() };
            self.bridges.be_out(&ghost, &self.room).await?;
        }
        Ok(())
    }

    /// Somebody has read what people of the room said: their account has read the newest of it. An account of a colleague shows
    /// what its owner has read here.
    pub(super) async fn read(&mut self, person: &PersonId, messages: &[MessageId]) -> Result<(), Stuck> {
        let network = self.network();
        if self.bridges.0.store.exists(&PEOPLE, &(network.key(), person.as_str())).await? {
            return Ok(());
        }
        let mut read = None;
        for message in messages.iter().rev() {
            let row = self.known(message).await?.filter(|row| row.room == self.room);
            read = row.and_then(|row| row.events.last().cloned());
            if read.is_some() {
                break;
            }
        }
        let Some(event) = read else { return Ok(()) };
        let ghost = self.bridges.ghost(network, person, None, None).await?;
        self.bridges.be_in(&ghost, &self.room).await?;
        match ghost.intent.has_read(&self.room, &event).await {
            // It was taken back, or the account was removed: nobody misses it.
            Ok(()) | Err(CallError::Refused { .. }) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    /// Whether another conversation of the same platform is bound to the room: the person may be in that one. Then the
    /// account stays; that it is silent harms nobody, and that it left would be wrong.
    fn has_sibling(&self) -> bool {
        let others = self.bridges.portals().of_room(&self.room);
        others.iter().any(|other| other.0 == self.lane.0 && other != self.lane)
    }

    pub(super) async fn renamed(&mut self, name: &str) -> Result<(), Stuck> {
        let name = tamed(name);
        let Some(row) = self.bridges.portals().get(self.lane) else { return Ok(()) };
        if row.name == name || name.is_empty() {
            return Ok(());
        }
        self.notice("bridge.told.renamed", &[("name", &name)]);
        let bridges = self.bridges;
        bridges.rename_room(&mut self.batch, self.lane, &self.room, &name).await?;
        let row = PortalRow { name, ..row };
        Ok(bridges.note_standing(&mut self.batch, self.lane, &self.room, row).await?)
    }

    pub(super) async fn dissolved(&mut self) -> Result<(), Stuck> {
        self.notice("bridge.told.dissolved", &[]);
        let bridges = self.bridges;
        Ok(bridges.release(&mut self.batch, self.lane).await?)
    }
}
