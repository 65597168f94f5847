//! People who left their company: their accounts leave every room, and no colleague is one of them any more.

use bridge_api::{Network, PersonId};
use store::{Batch, Scan};

use crate::{
    Bridges,
    error::Stuck,
    ghosts::Ghost,
    tables::{GHOST_ROOMS, PEOPLE},
};

impl Bridges {
    /// Somebody left the company. What they said stays here under the name that they had.
    pub(crate) async fn person_gone(
        &self,
        batch: &mut Batch,
        network: Network,
        person: &PersonId,
    ) -> Result<(), Stuck> {
        let user = self.ghost_id(network, person)?;
        let ghost = Ghost { intent: self.0.kit.puppet(user.clone()), user };
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
}
