//! How it stands between a colleague and us: asked for, spoken for, taken back.

use bridge_api::{Network, PersonId};
use kit::Heard;
use ruma::UserId;
use store::{Batch, StoreError};

use crate::{
    Bridges,
    people_tables::{ENDED, SPEAKERS, WISHES, WishRow},
    tables::{PEOPLE, PEOPLE_OF},
};

/// How it stands with a colleague on a platform.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Standing {
    /// Nobody knows who they are there.
    Unknown,
    /// They are mentioned there, and speak here by the account of the platform's person.
    Known(PersonId),
    /// They speak here as themselves.
    Speaks(PersonId),
}

impl Bridges {
    /// How it stands with a colleague on a platform.
    pub(crate) async fn standing(&self, network: Network, account: &UserId) -> Result<Standing, StoreError> {
        let Some(person) = self.colleague_of(network, account).await? else { return Ok(Standing::Unknown) };
        let row = self.0.store.get(&SPEAKERS, &(network.key(), person.as_str())).await?;
        match row.is_some_and(|row| row.account == account) {
            true => Ok(Standing::Speaks(person)),
            false => Ok(Standing::Known(person)),
        }
    }

    /// Notes that a colleague wants to speak as themselves; they are told when the homeserver agrees.
    pub(crate) fn wish(&self, batch: &mut Batch, network: Network, person: &PersonId, heard: &Heard) {
        let wish =
            WishRow { person: person.to_string(), room: heard.room.clone(), event: heard.event_id.clone() };
        batch.put(&WISHES, &(&*heard.sender, network.key()), &wish);
        self.look_at_wishes(batch);
    }

    /// Takes all of it back: who a colleague is on a platform, and that we speak for them. Whether there was anything.
    pub(crate) async fn take_back(
        &self,
        batch: &mut Batch,
        network: Network,
        account: &UserId,
    ) -> Result<bool, StoreError> {
        let wish = (account, network.key());
        let is_wished = self.0.store.exists(&WISHES, &wish).await?;
        batch.delete(&WISHES, &wish);
        let Some(person) = self.colleague_of(network, account).await? else { return Ok(is_wished) };
        let of = (network.key(), person.as_str());
        batch.delete(&SPEAKERS, &of).delete(&PEOPLE, &of).delete(&PEOPLE_OF, &(account, network.key()));
        let mut is_spoken_for = false;
        for other in Network::ALL.into_iter().filter(|other| *other != network) {
            is_spoken_for |= matches!(self.standing(other, account).await?, Standing::Speaks(_));
        }
        if !is_spoken_for {
            batch.put(&ENDED, account, &());
            self.look_at_wishes(batch);
        }
        Ok(true)
    }

    /// Has the worker look as soon as the batch is visible.
    pub(crate) fn look_at_wishes(&self, batch: &mut Batch) {
        let news = std::sync::Arc::clone(&self.0.people_news);
        batch.on_visible(move |_| news.notify_one());
    }
}
