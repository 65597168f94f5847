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
        let mut elsewhere = BTreeMap::new();
        for (user, devices) in wanted {
            if !self.0.accounts.is_local(&user) {
                elsewhere.insert(user, devices);
                continue;
            }
            for (device, algorithm) in devices {
                if self.0.accounts.device_exists(&self.0.store, &user, &device).await? {
                    let algorithm = algorithm.to_string();
                    wishes.push(WantedKey { user: user.clone(), device, algorithm });
                }
            }
        }
        answer.claimed = self.0.keys.claim(&wishes).await?;
        if !elsewhere.is_empty() {
            let found = self.0.federation.claim_of(elsewhere).await;
            answer.claimed.extend(found.claimed);
            answer.unreachable = found.unreachable;
        }
        Ok(answer)
    }
}
