//! What is still to be done for colleagues at the homeserver: begun, ended, and ghosts that have to leave.

use base::Shutdown;
use bridge_api::{Network, PersonId};
use kit::CallError;
use ruma::UserId;
use store::{Batch, Scan, StoreError};

use crate::{
    Bridges, SERVICE_ID,
    error::Stuck,
    ghosts::Ghost,
    limits::{COLLEAGUES_INTERVAL, COLLEAGUES_PER_LOOK, PAUSE_MAX},
    people_tables::{ENDED, SPEAKERS, SpeakerRow, WISHES, WishRow},
    tables::{GHOST_ROOMS, GHOSTS, PEOPLE, PEOPLE_OF},
};

impl Bridges {
    /// Does what is left whenever there is something, until the shutdown. What that cuts off is done after the next start.
    pub(crate) async fn keep_colleagues(&self, shutdown: &Shutdown) {
        while !shutdown.is_triggered() {
            let done = tokio::select! {
                biased;
                () = shutdown.wait() => return,
                done = Box::pin(self.look_after_colleagues()) => done,
            };
            let pause = match done {
                Ok(()) => COLLEAGUES_INTERVAL,
                Err(error) => {
                    tracing::warn!(?error, "what colleagues asked for waits; will try again");
                    PAUSE_MAX
                }
            };
            tokio::select! {
                () = shutdown.wait() => {}
                () = self.0.people_news.notified() => {}
                () = tokio::time::sleep(pause) => {}
            }
        }
    }

    async fn look_after_colleagues(&self) -> Result<(), Stuck> {
        for account in self.0.store.scan_keys(&ENDED, Scan::all().limit(COLLEAGUES_PER_LOOK)).await? {
            match self.bot_intent()?.end_to_speak_for(SERVICE_ID, &account).await {
                Ok(()) | Err(CallError::Refused { .. }) => {}
                Err(error) => return Err(error.into()),
            }
            let mut batch = Batch::new();
            batch.delete(&ENDED, &*account);
            self.0.store.commit(batch).await?;
        }
        let wishes = self.0.store.scan(&WISHES, Scan::all().limit(COLLEAGUES_PER_LOOK)).await?;
        for ((account, network), wish) in wishes {
            match Network::named(&network).zip(PersonId::new(wish.person.clone()).ok()) {
                Some((network, person)) => self.grant(network, &person, &account, &wish).await?,
                None => {
                    let mut batch = Batch::new();
                    batch.delete(&WISHES, &(&*account, &*network));
                    self.0.store.commit(batch).await?;
                }
            }
        }
        self.retire_ghosts().await
    }

    /// One wish: the homeserver is shown the message in which the colleague said so.
    async fn grant(
        &self,
        network: Network,
        person: &PersonId,
        account: &UserId,
        wish: &WishRow,
    ) -> Result<(), Stuck> {
        let of = (network.key(), person.as_str());
        let there = (account, network.key());
        let owner = self.0.store.get(&PEOPLE, &of).await?;
        let known = self.0.store.get(&PEOPLE_OF, &there).await?;
        let is_free = owner.as_deref().is_none_or(|owner| owner == account)
            && known.as_deref().is_none_or(|known| known == person.as_str());
        let mut batch = Batch::new();
        batch.expect_eq(&WISHES, &there, wish).delete(&WISHES, &there);
        let platform = network.name().of(self.0.settings.language);
        let unique = format!("me/{}/{account}/{}", network.key(), wish.event);
        if !is_free {
            self.notice(&mut batch, &wish.room, &unique, "bridge.me.taken", &[("platform", platform)]);
            return Ok(self.0.store.commit(batch).await.map(drop)?);
        }
        let said = (&*wish.room, &*wish.event);
        match self.bot_intent()?.begin_to_speak_for(SERVICE_ID, account, said).await {
            Ok(()) => {
                batch.expect_read(&PEOPLE, &of, owner.as_ref());
                batch.put(&PEOPLE, &of, &account.to_owned()).put(&PEOPLE_OF, &there, &person.to_string());
                let row = SpeakerRow { account: account.to_owned(), since_ms: self.0.clock.now_ms() };
                batch.put(&SPEAKERS, &of, &row);
                let ghost = self.0.store.get(&GHOSTS, &of).await?;
                let name = ghost.map_or_else(|| person.to_string(), |ghost| ghost.name);
                let values = [
                    ("platform", platform),
                    ("account", account.as_str()),
                    ("person", name.as_str()),
                    ("key", network.key()),
                ];
                self.notice(&mut batch, &wish.room, &unique, "bridge.me.done", &values);
                tracing::info!(network = network.key(), %account, %person, "bridges speak for a colleague");
            }
            Err(error @ CallError::Refused { .. }) => {
                tracing::warn!(%error, %account, "bridges may not speak for a colleague");
                self.notice(&mut batch, &wish.room, &unique, "bridge.me.refused", &[("platform", platform)]);
            }
            Err(error) => return Err(error.into()),
        }
        match self.0.store.commit(batch).await {
            // Taken back or asked for anew in between: the next look sees how it stands.
            Ok(_) | Err(StoreError::Conflict) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    /// Ghosts of people who speak as themselves leave their rooms, and the colleagues are there in their place.
    async fn retire_ghosts(&self) -> Result<(), Stuck> {
        for ((network, person), row) in self.speakers().await? {
            let Some((network, person)) = Network::named(&network).zip(PersonId::new(person).ok()) else {
                continue;
            };
            let user = self.ghost_id(network, &person)?;
            let ghost = Ghost { intent: self.0.kit.puppet(user.clone()), user };
            let rooms = self.0.store.scan_keys(&GHOST_ROOMS, Scan::prefix(&*ghost.user)).await?;
            for (_, room) in rooms {
                let colleague =
                    Ghost { intent: self.0.kit.puppet(row.account.clone()), user: row.account.clone() };
                match self.be_in(&colleague, &room).await {
                    Ok(()) | Err(Stuck::Never(..)) => {}
                    Err(error) => return Err(error),
                }
                self.be_out(&ghost, &room).await?;
            }
        }
        Ok(())
    }
}
