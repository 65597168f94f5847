//! Colleagues who are one person on all sides: what they say elsewhere is said here by their own account.
//!
//! Two things have to be known for that, and each is proved by whom it concerns. Who they are elsewhere: they say a code there
//! that their account here was given, or the staff list of the organisation or an administrator says so. That we may speak for
//! them: they say `!me feishu` here, from a device of theirs, and the homeserver looks at that very message; we cannot act for
//! anybody who did not. They take it back with `!me feishu off`, or at the homeserver itself, and are two accounts again.

mod codes;
mod consent;
mod staff;
mod worker;

use bridge_api::{Network, PersonId};
use kit::Intent;
use ruma::UserId;
use store::{Batch, Scan, StoreError};

pub(crate) use self::consent::Standing;
pub use self::staff::{Elsewhere, Staff};
use crate::{
    Bridges, SERVICE_ID,
    error::Stuck,
    ghosts::Ghost,
    limits::COLLEAGUES_PER_LOOK,
    names::is_ghost,
    people_tables::{SPEAKERS, SpeakerRow},
};

impl Bridges {
    /// The colleague as whom a person of a platform speaks here.
    pub(crate) async fn colleague(
        &self,
        network: Network,
        person: &PersonId,
    ) -> Result<Option<Ghost>, StoreError> {
        let row = self.0.store.get(&SPEAKERS, &(network.key(), person.as_str())).await?;
        Ok(row.map(|SpeakerRow { account, .. }| Ghost {
            intent: self.0.kit.puppet(account.clone()),
            user: account,
        }))
    }

    /// Whether we speak for an account that is none of ours, whatever the platform.
    pub(crate) async fn speaks_for(&self, account: &UserId) -> Result<bool, StoreError> {
        for network in Network::ALL {
            let Some(person) = self.colleague_of(network, account).await? else { continue };
            let row = self.0.store.get(&SPEAKERS, &(network.key(), person.as_str())).await?;
            if row.is_some_and(|row| row.account == account) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Who carries files into rooms for somebody: ghosts themselves, our bot for colleagues, for whom we speak and nothing else.
    pub(crate) fn uploader(&self, ghost: &Ghost) -> Result<Intent, Stuck> {
        match is_ghost(&ghost.user, &self.0.server_name) {
            true => Ok(ghost.intent.clone()),
            false => self.bot_intent(),
        }
    }

    /// Looks after a refusal whether a colleague took it back that we speak for them. Then what they said is brought once
    /// more, by the account of the platform's person.
    pub(crate) async fn still_speaks(&self, ghost: &Ghost) -> Result<(), Stuck> {
        if is_ghost(&ghost.user, &self.0.server_name) || ghost.user == self.0.switchboard.bot {
            return Ok(());
        }
        if self.bot_intent()?.may_speak_for(SERVICE_ID, &ghost.user).await? {
            return Ok(());
        }
        tracing::info!(account = %ghost.user, "a colleague took it back that bridges speak for them");
        let mut batch = Batch::new();
        for (of, row) in self.speakers().await? {
            if row.account == ghost.user {
                batch.delete(&SPEAKERS, &of);
            }
        }
        self.0.store.commit(batch).await?;
        Err(Stuck::Later(
            "a colleague speaks for themselves again".to_owned(),
            Some(std::time::Duration::ZERO),
        ))
    }

    /// Has somebody look what is to be done for colleagues.
    pub(crate) fn people_news(&self) {
        self.0.people_news.notify_one();
    }

    /// Everybody for whom we speak.
    async fn speakers(&self) -> Result<Vec<((String, String), SpeakerRow)>, StoreError> {
        let mut all = Vec::new();
        loop {
            let scan = match all.last() {
                Some((last, _)) => Scan::all().after(last),
                None => Scan::all(),
            };
            let page = self.0.store.scan(&SPEAKERS, scan.limit(COLLEAGUES_PER_LOOK)).await?;
            let is_last = page.len() < COLLEAGUES_PER_LOOK;
            all.extend(page);
            if is_last {
                return Ok(all);
            }
        }
    }
}
