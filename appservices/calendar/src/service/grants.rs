//! Who may know how much of somebody's time: what its owner has granted, else what holds for everybody.

use ruma::UserId;
use serde::{Deserialize, Serialize};
use store::{Batch, Scan};

use super::Calendars;
use crate::{Address, CalendarError, limits::GRANTS_OF_PERSON_MAX, tables::GRANTS};

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

impl Calendars {
    /// Grants a tier of the owner's time to `to`: an account, or the name of a server for all of its people. Nothing takes
    /// a grant back, and what holds for everybody holds again.
    ///
    /// # Errors
    /// [`CalendarError::TooLarge`] when there are many already, and the store's own.
    pub async fn grant(
        &self,
        batch: &mut Batch,
        owner: &Address,
        to: &str,
        tier: Option<Tier>,
    ) -> Result<(), CalendarError> {
        let key = (owner.to_string(), to.to_owned());
        let Some(tier) = tier else {
            batch.delete(&GRANTS, &key);
            return Ok(());
        };
        let is_new = !self.store().exists(&GRANTS, &key).await?;
        if is_new && self.grants(owner).await?.len() >= GRANTS_OF_PERSON_MAX {
            return Err(CalendarError::TooLarge("the number of grants; take one back first"));
        }
        batch.put(&GRANTS, &key, &tier);
        Ok(())
    }

    /// What an owner has granted, to whom, in the order of their names.
    ///
    /// # Errors
    /// The store's own.
    pub async fn grants(&self, owner: &Address) -> Result<Vec<(String, Tier)>, CalendarError> {
        let scan = Scan::prefix(owner.to_string().as_str()).limit(GRANTS_OF_PERSON_MAX);
        let rows = self.store().scan(&GRANTS, scan).await?;
        Ok(rows.into_iter().map(|((_, to), tier)| (to, tier)).collect())
    }

    /// How much somebody may know of the time of somebody or something here: all of their own; else what was granted to
    /// them, before what was granted to their server; else colleagues when, and others nothing.
    pub(super) async fn tier(&self, asker: &UserId, who: &Address) -> Result<Tier, CalendarError> {
        if who.account().is_some_and(|owner| owner == asker) {
            return Ok(Tier::Titles);
        }
        let owner = who.to_string();
        for to in [asker.as_str(), asker.server_name().as_str()] {
            if let Some(tier) = self.store().get(&GRANTS, &(owner.clone(), to.to_owned())).await? {
                return Ok(tier);
            }
        }
        let is_colleague = asker.server_name() == self.0.parts.server_name;
        Ok(if is_colleague { Tier::Busy } else { Tier::Nothing })
    }
}
