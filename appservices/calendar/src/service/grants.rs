//! Who may know how much of somebody's time: what its owner has granted, else what holds for everybody.
//!
//! What holds stands in the owner's account data, so that any client of theirs shows and changes it; the rows here are what was
//! read there last. They count alone where the homeserver cannot be asked.

use ruma::{ServerName, UserId};
use serde::{Deserialize, Serialize};
use store::{Batch, Scan};

use super::{
    Calendars, HomeError,
    policy::{self, EVERYBODY, Policy},
};
use crate::{
    Address, CalendarError,
    limits::GRANTS_OF_PERSON_MAX,
    tables::{GRANTS, GRANTS_FOLLOWED},
};

/// How much somebody may know of another's time. A higher one holds the lower.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Tier {
    /// Nothing: the time is unknown to them.
    Nothing,
    /// When, not what.
    Busy,
    /// When, and the titles.
    Titles,
}

impl Tier {
    /// As it stands in account data.
    pub(super) const fn number(self) -> u64 {
        match self {
            Self::Nothing => 0,
            Self::Busy => 1,
            Self::Titles => 2,
        }
    }

    pub(super) fn numbered(number: u64) -> Option<Self> {
        [Self::Nothing, Self::Busy, Self::Titles].into_iter().find(|tier| tier.number() == number)
    }
}

/// Who wants to know of somebody's time.
#[derive(Clone, Copy, Debug)]
pub enum Asker<'a> {
    /// Somebody.
    Person(&'a UserId),
    /// A server, without saying for whom.
    Server(&'a ServerName),
}

impl<'a> Asker<'a> {
    pub(super) fn server(self) -> &'a ServerName {
        match self {
            Self::Person(user) => user.server_name(),
            Self::Server(server) => server,
        }
    }

    /// Under which names something may be granted to them, what counts first before the rest.
    fn names(self) -> impl Iterator<Item = &'a str> {
        let person = match self {
            Self::Person(user) => Some(user.as_str()),
            Self::Server(_) => None,
        };
        person.into_iter().chain([self.server().as_str(), EVERYBODY])
    }
}

impl Calendars {
    /// Grants a tier of the owner's time to `to`: an account, or the name of a server for all of its people. Nothing takes
    /// a grant back, and what holds for everybody holds again. It is written into the owner's account data at once, and into
    /// `batch` what is kept of it here; repeats change nothing.
    ///
    /// # Errors
    /// [`CalendarError::TooLarge`] when there are many already, [`CalendarError::Source`] when the homeserver cannot be asked
    /// now, and the store's own.
    pub async fn grant(
        &self,
        batch: &mut Batch,
        owner: &Address,
        to: &str,
        tier: Option<Tier>,
    ) -> Result<(), CalendarError> {
        let later = |error: HomeError| CalendarError::Source(error.to_string());
        self.follow_policy(owner).await?.map_err(later)?;
        let mut policy = self.kept_policy(owner).await?;
        match tier {
            Some(tier) => policy.insert(to.to_owned(), tier),
            None => policy.remove(to),
        };
        if policy.keys().filter(|to| *to != EVERYBODY).count() > GRANTS_OF_PERSON_MAX {
            return Err(CalendarError::TooLarge("the number of grants; take one back first"));
        }
        match self.write_policy(owner, &policy).await {
            Err(HomeError::Later(reason)) => return Err(CalendarError::Source(reason)),
            Err(HomeError::Refused(reason)) => {
                tracing::warn!(%owner, reason, "the homeserver keeps no availability policy for us; it is kept here alone");
            }
            Ok(is_written) => {
                if is_written {
                    batch.put(&GRANTS_FOLLOWED, &owner.to_string(), &());
                }
            }
        }
        let key = (owner.to_string(), to.to_owned());
        match tier {
            Some(tier) => batch.put(&GRANTS, &key, &tier),
            None => batch.delete(&GRANTS, &key),
        };
        Ok(())
    }

    /// What an owner has granted, to whom, in the order of their names; `*` stands for all who are not named.
    ///
    /// # Errors
    /// The store's own.
    pub async fn grants(&self, owner: &Address) -> Result<Vec<(String, Tier)>, CalendarError> {
        self.looked_up(owner).await?;
        Ok(self.kept_policy(owner).await?.into_iter().collect())
    }

    /// How much somebody may know of the time of somebody or something here: all of their own; else what was granted to
    /// them, before what was granted to their server; else colleagues when, and others nothing.
    ///
    /// # Errors
    /// The store's own.
    pub async fn tier(&self, asker: Asker<'_>, who: &Address) -> Result<Tier, CalendarError> {
        if let (Asker::Person(asker), Some(owner)) = (asker, who.account())
            && owner == asker
        {
            return Ok(Tier::Titles);
        }
        self.looked_up(who).await?;
        let owner = who.to_string();
        for to in asker.names() {
            if let Some(tier) = self.store().get(&GRANTS, &(owner.clone(), to.to_owned())).await? {
                return Ok(tier);
            }
        }
        let is_colleague = asker.server() == self.0.parts.server_name;
        Ok(if is_colleague { Tier::Busy } else { Tier::Nothing })
    }

    /// Looks into the owner's account data; where that does not work what was read last holds.
    async fn looked_up(&self, owner: &Address) -> Result<(), CalendarError> {
        if let Err(error) = self.follow_policy(owner).await? {
            tracing::warn!(%owner, %error, "an availability policy cannot be read; what was known of it holds");
        }
        Ok(())
    }

    /// Brings what is kept here into step with the owner's account data. Before anything was written or read there, what is
    /// kept here goes there. Where the homeserver does not let us, what is kept here is all there is.
    async fn follow_policy(&self, owner: &Address) -> Result<Result<(), HomeError>, CalendarError> {
        let (Some(home), Some(account)) = (&self.0.parts.home, owner.account()) else { return Ok(Ok(())) };
        if account.server_name() != self.0.parts.server_name {
            return Ok(Ok(()));
        }
        let content = match home.policy(account).await {
            Ok(content) => content,
            Err(HomeError::Refused(_)) => return Ok(Ok(())),
            Err(error @ HomeError::Later(_)) => return Ok(Err(error)),
        };
        let kept = self.kept_policy(owner).await?;
        let key = owner.to_string();
        let is_followed = self.store().exists(&GRANTS_FOLLOWED, &key).await?;
        let found = match &content {
            None if !is_followed && !kept.is_empty() => {
                if let Err(error) = self.write_policy(owner, &kept).await {
                    return Ok(Err(error));
                }
                kept.clone()
            }
            None => Policy::new(),
            Some(content) => policy::read(content).unwrap_or_else(|reason| {
                tracing::warn!(%owner, reason, "an availability policy is malformed; what holds for everybody holds");
                Policy::new()
            }),
        };
        if is_followed && found == kept {
            return Ok(Ok(()));
        }
        if !is_followed && content.is_none() && found.is_empty() {
            return Ok(Ok(()));
        }
        let mut batch = Batch::new();
        for to in kept.keys().filter(|to| !found.contains_key(*to)) {
            batch.delete(&GRANTS, &(key.clone(), to.clone()));
        }
        for (to, tier) in found.iter().filter(|(to, tier)| kept.get(*to) != Some(*tier)) {
            batch.put(&GRANTS, &(key.clone(), to.clone()), tier);
        }
        batch.put(&GRANTS_FOLLOWED, &key, &());
        self.store().commit(batch).await?;
        Ok(Ok(()))
    }

    /// Whether there is an account to write it for, and a homeserver.
    async fn write_policy(&self, owner: &Address, policy: &Policy) -> Result<bool, HomeError> {
        match (&self.0.parts.home, owner.account()) {
            (Some(home), Some(account)) => {
                home.set_policy(account, policy::write(policy)).await.map(|()| true)
            }
            (Some(_) | None, _) => Ok(false),
        }
    }

    async fn kept_policy(&self, owner: &Address) -> Result<Policy, CalendarError> {
        // One more than may be granted: what holds for everybody else.
        let scan = Scan::prefix(owner.to_string().as_str()).limit(GRANTS_OF_PERSON_MAX + 1);
        let rows = self.store().scan(&GRANTS, scan).await?;
        Ok(rows.into_iter().map(|((_, to), tier)| (to, tier)).collect())
    }
}
