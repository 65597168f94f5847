//! Claiming one-time keys of other people's devices.

use std::collections::{BTreeMap, BTreeSet};

use keys::{ClaimedKey, KeysError, WantedKey, limits::KEYS_PER_CLAIM_MAX};
use ruma::{OneTimeKeyAlgorithm, OwnedDeviceId, OwnedServerName, OwnedUserId};

use crate::{Flows, FlowsError};

/// What a claim got.
#[derive(Debug, Default)]
pub struct ClaimAnswer {
    /// One key for each device that had any.
    pub claimed: Vec<ClaimedKey>,
    /// Servers that could not be asked.
    pub unreachable: BTreeSet<OwnedServerName>,
}

impl Flows {
    /// Claims a key of each of these devices that exist.
    ///
    /// # Errors
    /// [`KeysError::TooLarge`] for more keys than [`KEYS_PER_CLAIM_MAX`]; no key was given out then.
    pub async fn claim_keys(
        &self,
        wanted: BTreeMap<OwnedUserId, BTreeMap<OwnedDeviceId, OneTimeKeyAlgorithm>>,
    ) -> Result<ClaimAnswer, FlowsError> {
        let size = wanted.values().map(BTreeMap::len).sum();
        if size > KEYS_PER_CLAIM_MAX {
            return Err(KeysError::TooLarge { what: "keys of a claim", size, max: KEYS_PER_CLAIM_MAX }.into());
        }
        let mut answer = ClaimAnswer::default();
        let mut wishes = Vec::with_capacity(size);
        let (mut of_services, mut elsewhere) = (Vec::new(), BTreeMap::new());
        for (user, devices) in wanted {
            if !self.0.accounts.is_local(&user) {
                elsewhere.insert(user, devices);
                continue;
            }
            let is_kept_by_service = self.0.services.keeps_keys_of(&user);
            for (device, algorithm) in devices {
                let wish = WantedKey { user: user.clone(), device, algorithm: algorithm.to_string() };
                if is_kept_by_service {
                    of_services.push(wish);
                } else if self.0.accounts.device_exists(&self.0.store, &user, &wish.device).await? {
                    wishes.push(wish);
                }
            }
        }
        answer.claimed = self.0.keys.claim(&wishes).await?;
        if !of_services.is_empty() {
            answer.claimed.extend(self.claim_of_services(of_services).await?);
        }
        if !elsewhere.is_empty() {
            let found = self.0.federation.claim_of(elsewhere).await;
            answer.claimed.extend(found.claimed);
            answer.unreachable = found.unreachable;
        }
        Ok(answer)
    }

    /// Keys of users whom a service has for itself: first those that this server has, then what the service gives, and
    /// a fallback key, which may be given out again, when there is nothing else.
    async fn claim_of_services(&self, mut wishes: Vec<WantedKey>) -> Result<Vec<ClaimedKey>, FlowsError> {
        let mut claimed = self.0.keys.claim_one_time(&wishes).await?;
        keep_unmet(&mut wishes, &claimed);
        let given = self.0.services.claim_keys(&wishes).await;
        keep_unmet(&mut wishes, &given);
        claimed.extend(given);
        claimed.extend(self.0.keys.claim(&wishes).await?);
        Ok(claimed)
    }
}

fn keep_unmet(wishes: &mut Vec<WantedKey>, claimed: &[ClaimedKey]) {
    let meets = |key: &ClaimedKey, wish: &WantedKey| (&key.user, &key.device) == (&wish.user, &wish.device);
    wishes.retain(|wish| !claimed.iter().any(|key| meets(key, wish)));
}
