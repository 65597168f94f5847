//! E-mail addresses that people proved to be theirs: to log in by, and to reset a password by.
//!
//! An address belongs to one account at most. Addresses are kept in small letters; whoever hands one in
//! has checked its form. No identity server is ever asked.
//! [Adding Account Administrative Contact Information](https://spec.matrix.org/v1.19/client-server-api/#adding-account-administrative-contact-information)

use ruma::{OwnedUserId, UserId};
use store::{Batch, Reader, Scan, StoreError};

use crate::{
    AccountError, Accounts, AddressProof, AddressPurpose,
    limits::{ADDRESS_BYTES_MAX, ADDRESSES_PER_USER_MAX, WRITE_TRIES_MAX},
    tables::{ADDRESS_OWNERS, ADDRESSES, AddressRow},
};

/// An address of a user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OwnAddress {
    /// The address, in small letters.
    pub address: String,
    /// When its owner proved it, in ms.
    pub validated_ms: u64,
    /// When it was added, in ms.
    pub added_ms: u64,
}

/// The spelling under which an address is stored and compared.
pub(crate) fn canonical(address: &str) -> String {
    address.trim().to_lowercase()
}

impl Accounts {
    /// The addresses of a user.
    pub async fn addresses(&self, user: &UserId) -> Result<Vec<OwnAddress>, StoreError> {
        let scan = Scan::prefix(user).limit(ADDRESSES_PER_USER_MAX);
        let rows = self.0.store.scan(&ADDRESSES, scan).await?;
        let own = |((_, address), row): ((OwnedUserId, String), AddressRow)| OwnAddress {
            address,
            validated_ms: row.validated_ms,
            added_ms: row.added_ms,
        };
        Ok(rows.into_iter().map(own).collect())
    }

    /// Whose an address is.
    pub async fn owner_of_address(&self, address: &str) -> Result<Option<OwnedUserId>, StoreError> {
        self.0.store.get(&ADDRESS_OWNERS, &canonical(address)).await
    }

    /// Adds the address that a finished session has proved. The session is spent.
    ///
    /// # Errors
    /// `AddressNotProved` for a session that is not one, was begun with another secret, for another purpose or
    /// by another user; `AddressInUse` when somebody else was faster.
    pub async fn add_address(&self, user: &UserId, sid: &str, secret: &str) -> Result<(), AccountError> {
        for _ in 0..WRITE_TRIES_MAX {
            let proof = self.address_proof(AddressPurpose::Add, Some(user), sid, secret).await?;
            if self.addresses(user).await?.len() >= ADDRESSES_PER_USER_MAX {
                return Err(AccountError::TooLarge("the list of addresses"));
            }
            let mut batch = Batch::new();
            self.spend_address_proof(&mut batch, &proof);
            self.put_address(&mut batch, user, &proof).await?;
            if self.0.store.try_commit(batch).await?.is_some() {
                return Ok(());
            }
        }
        Err(AccountError::Contended)
    }

    /// Gives up an address; whether it was one of the user's.
    pub async fn remove_address(&self, user: &UserId, address: &str) -> Result<bool, AccountError> {
        let address = canonical(address);
        let key = (user.to_owned(), address.clone());
        if !self.0.store.exists(&ADDRESSES, &key).await? {
            return Ok(false);
        }
        let mut batch = Batch::new();
        batch.expect_eq(&ADDRESS_OWNERS, &address, &key.0);
        batch.delete(&ADDRESS_OWNERS, &address);
        batch.delete(&ADDRESSES, &key);
        match self.0.store.commit(batch).await {
            Ok(_) => Ok(true),
            // Somebody removed it at this moment.
            Err(StoreError::Conflict) => Ok(false),
            Err(error) => Err(error.into()),
        }
    }

    /// Adds a proved address to the batch that makes it somebody's.
    pub(crate) async fn put_address(
        &self,
        batch: &mut Batch,
        user: &UserId,
        proof: &AddressProof,
    ) -> Result<(), AccountError> {
        let address = proof.address().to_owned();
        let owner = self.0.store.get(&ADDRESS_OWNERS, &address).await?;
        if owner.as_ref().is_some_and(|owner| owner != user) {
            return Err(AccountError::AddressInUse);
        }
        let row = AddressRow { validated_ms: proof.validated_ms(), added_ms: self.0.clock.now_ms() };
        batch.expect_read(&ADDRESS_OWNERS, &address, owner.as_ref());
        batch.put(&ADDRESS_OWNERS, &address, &user.to_owned());
        batch.put(&ADDRESSES, &(user.to_owned(), address), &row);
        Ok(())
    }

    /// Adds an address that somebody we trust has proved, unless it is another user's.
    pub(crate) async fn put_free_address(
        &self,
        batch: &mut Batch,
        user: &UserId,
        address: &str,
    ) -> Result<(), AccountError> {
        let address = canonical(address);
        if address.len() > ADDRESS_BYTES_MAX || self.0.store.exists(&ADDRESS_OWNERS, &address).await? {
            return Ok(());
        }
        let now_ms = self.0.clock.now_ms();
        batch.expect_absent(&ADDRESS_OWNERS, &address);
        batch.put(&ADDRESS_OWNERS, &address, &user.to_owned());
        let row = AddressRow { validated_ms: now_ms, added_ms: now_ms };
        batch.put(&ADDRESSES, &(user.to_owned(), address), &row);
        Ok(())
    }

    /// Adds the end of all addresses of a user to the batch that closes the account.
    pub(crate) async fn forget_addresses(
        &self,
        reader: &Reader,
        batch: &mut Batch,
        user: &UserId,
    ) -> Result<(), StoreError> {
        let scan = Scan::prefix(user).limit(ADDRESSES_PER_USER_MAX);
        for key in reader.scan_keys(&ADDRESSES, scan).await? {
            batch.delete(&ADDRESS_OWNERS, &key.1);
            batch.delete(&ADDRESSES, &key);
        }
        Ok(())
    }
}
