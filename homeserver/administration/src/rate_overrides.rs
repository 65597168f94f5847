//! Users with a rate limit of their own.

use ruma::{OwnedUserId, UserId};
use store::{Batch, Scan, StoreError};

use crate::{
    Administration, AdministrationError,
    limits::{RATE_OVERRIDES_MAX, WRITE_TRIES_MAX},
    tables::RATE_OVERRIDE,
};

/// How often a user may act, instead of what the configuration says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RateOverride {
    /// Actions a second in the long run; 0 switches the limits off for this user.
    pub messages_per_second: u64,
    /// Actions at once after a pause.
    pub burst_count: u64,
}

impl Administration {
    /// The user's own rate limit, if one was set.
    ///
    /// # Errors
    /// The store's own.
    pub async fn rate_override(&self, user: &UserId) -> Result<Option<RateOverride>, StoreError> {
        let row = self.0.store.get(&RATE_OVERRIDE, &user.to_owned()).await?;
        Ok(row.map(|(messages_per_second, burst_count)| RateOverride { messages_per_second, burst_count }))
    }

    /// Sets or takes away a user's own rate limit.
    ///
    /// # Errors
    /// [`AdministrationError::Busy`] when [`RATE_OVERRIDES_MAX`] users have one.
    pub async fn set_rate_override(
        &self,
        user: &UserId,
        rate: Option<RateOverride>,
    ) -> Result<(), AdministrationError> {
        let key = user.to_owned();
        for _ in 0..WRITE_TRIES_MAX {
            let old = self.0.store.get(&RATE_OVERRIDE, &key).await?;
            if old.is_none() && rate.is_some() && self.rate_overrides().await?.len() >= RATE_OVERRIDES_MAX {
                return Err(AdministrationError::Busy);
            }
            let mut batch = Batch::new();
            batch.expect_read(&RATE_OVERRIDE, &key, old.as_ref());
            match rate {
                Some(rate) => batch.put(&RATE_OVERRIDE, &key, &(rate.messages_per_second, rate.burst_count)),
                None => batch.delete(&RATE_OVERRIDE, &key),
            };
            if self.0.store.try_commit(batch).await?.is_some() {
                return Ok(());
            }
        }
        Err(AdministrationError::Contended)
    }

    /// Everybody with a rate limit of their own.
    ///
    /// # Errors
    /// The store's own.
    pub async fn rate_overrides(&self) -> Result<Vec<(OwnedUserId, RateOverride)>, StoreError> {
        let rows = self.0.store.scan(&RATE_OVERRIDE, Scan::all().limit(RATE_OVERRIDES_MAX)).await?;
        let rate = |(messages_per_second, burst_count)| RateOverride { messages_per_second, burst_count };
        Ok(rows.into_iter().map(|(user, row)| (user, rate(row))).collect())
    }
}
