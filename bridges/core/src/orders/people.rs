//! People of platforms who are colleagues.

use bridge_api::{Network, PersonId};
use ruma::{OwnedUserId, UserId};
use store::Batch;

use crate::{
    BridgeError, Bridges,
    tables::{PEOPLE, PEOPLE_OF},
};

impl Bridges {
    /// Binds a person of a platform to the account of a colleague, or takes that away.
    ///
    /// # Errors
    /// When the account is no one's here, or either is bound already.
    pub async fn bind_person(
        &self,
        network: Network,
        person: &PersonId,
        account: Option<&UserId>,
    ) -> Result<Option<OwnedUserId>, BridgeError> {
        let of = (network.key(), person.as_str());
        let old = self.0.store.get(&PEOPLE, &of).await?;
        let mut batch = Batch::new();
        batch.expect_read(&PEOPLE, &of, old.as_ref());
        if let Some(old) = old.as_ref().filter(|old| account.is_none_or(|account| ***old != *account)) {
            // Whoever they were spoke for themselves alone.
            self.take_back(&mut batch, network, old).await?;
        }
        if let Some(account) = account {
            if account.server_name() != self.0.server_name || self.0.kit.is_ours(account) {
                return Err(BridgeError::Invalid(format!("{account} is no colleague of this server")));
            }
            let there = (account, network.key());
            if self.0.store.exists(&PEOPLE_OF, &there).await? && old.as_deref() != Some(account) {
                return Err(BridgeError::Bound(account.to_string()));
            }
            batch.put(&PEOPLE, &of, &account.to_owned()).put(&PEOPLE_OF, &there, &person.to_string());
        }
        self.0.store.commit(batch).await?;
        Ok(old)
    }
}
