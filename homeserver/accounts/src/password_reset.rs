//! A new password for whoever proved the account's address.

use ruma::OwnedUserId;
use store::{Batch, StoreError};

use crate::{
    AccountError, Accounts, AddressProof,
    limits::WRITE_TRIES_MAX,
    tables::{ADDRESS_OWNERS, PASSWORDS, USERS},
};

impl Accounts {
    /// Sets the password of the account that the proven address belongs to now, and spends the proof. Which
    /// devices go is another question: see [`Accounts::remove_other_devices`].
    ///
    /// # Errors
    /// `AddressNotProved` when the proof was spent, or the address belongs to nobody any more.
    pub async fn reset_password(
        &self,
        proof: &AddressProof,
        password: &str,
    ) -> Result<OwnedUserId, AccountError> {
        let hash = self.0.passwords.hash(password).await?;
        for _ in 0..WRITE_TRIES_MAX {
            let owner = self.owner_of_address(proof.address()).await?;
            let owner = owner.ok_or(AccountError::AddressNotProved)?;
            let row = self.user_row(&owner).await?.ok_or(AccountError::UnknownUser)?;
            if row.deactivated {
                return Err(AccountError::UserDeactivated);
            }
            let mut batch = Batch::new();
            self.spend_address_proof(&mut batch, proof);
            batch.expect_eq(&ADDRESS_OWNERS, proof.address(), &owner);
            batch.expect_eq(&USERS, &owner, &row);
            batch.put(&PASSWORDS, &owner, &hash);
            match self.0.store.commit(batch).await {
                Ok(_) => return Ok(owner),
                Err(StoreError::Conflict) if self.is_spent(proof).await? => {
                    return Err(AccountError::AddressNotProved);
                }
                Err(StoreError::Conflict) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Err(AccountError::Contended)
    }
}
