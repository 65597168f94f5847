//! Who a person is at an identity provider, and which account that is.
//!
//! A link ties (provider, subject) to one account, for good: also a closed account keeps its links, so that its
//! owner is refused at the next sign-on instead of getting a second account unasked. An account may have
//! several links. What a provider says of a person otherwise is not kept here.

use ruma::{OwnedUserId, UserId};
use store::{Batch, Scan, StoreError};

use crate::{
    AccountError, Accounts,
    limits::{EXTERNAL_IDS_PER_USER_MAX, EXTERNAL_SUBJECT_BYTES_MAX, WRITE_TRIES_MAX},
    tables::{EXTERNAL_IDS, USER_EXTERNAL_IDS},
};

/// A person at an identity provider.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ExternalId {
    /// The provider's id in the configuration.
    pub provider: String,
    /// The `sub` that the provider gives the person, for ever.
    pub subject: String,
}

impl ExternalId {
    pub(crate) fn key(&self) -> (String, String) {
        (self.provider.clone(), self.subject.clone())
    }

    fn check(&self) -> Result<(), AccountError> {
        if self.provider.is_empty() || self.subject.is_empty() {
            return Err(AccountError::InvalidParameter("an external id needs a provider and a subject"));
        }
        if self.provider.len().max(self.subject.len()) > EXTERNAL_SUBJECT_BYTES_MAX {
            return Err(AccountError::InvalidParameter("the external id is too long"));
        }
        Ok(())
    }
}

impl Accounts {
    /// The account of a person, closed ones included.
    pub async fn user_of_external_id(&self, id: &ExternalId) -> Result<Option<OwnedUserId>, StoreError> {
        self.0.store.get(&EXTERNAL_IDS, &id.key()).await
    }

    /// Who the user is at identity providers, in order of the providers' ids.
    pub async fn external_ids(&self, user: &UserId) -> Result<Vec<ExternalId>, StoreError> {
        let scan = Scan::prefix(user).limit(EXTERNAL_IDS_PER_USER_MAX);
        let keys = self.0.store.scan_keys(&USER_EXTERNAL_IDS, scan).await?;
        Ok(keys.into_iter().map(|(_, provider, subject)| ExternalId { provider, subject }).collect())
    }

    /// Links an account; linking it again changes nothing.
    ///
    /// # Errors
    /// `ExternalIdInUse` when the person has another account.
    pub async fn link_external_id(&self, user: &UserId, id: &ExternalId) -> Result<(), AccountError> {
        let mut ids = self.external_ids(user).await?;
        if !ids.contains(id) {
            ids.push(id.clone());
        }
        self.set_external_ids(user, &ids).await
    }

    /// Makes these the links of an account, and no others.
    ///
    /// # Errors
    /// `ExternalIdInUse` when one of them is the link of another account; then nothing is changed.
    pub async fn set_external_ids(&self, user: &UserId, ids: &[ExternalId]) -> Result<(), AccountError> {
        if ids.len() > EXTERNAL_IDS_PER_USER_MAX {
            return Err(AccountError::TooLarge("the list of external ids"));
        }
        for _ in 0..WRITE_TRIES_MAX {
            if !self.exists(&self.0.store, user).await? {
                return Err(AccountError::UnknownUser);
            }
            let old = self.external_ids(user).await?;
            let mut batch = Batch::new();
            for id in old.iter().filter(|id| !ids.contains(id)) {
                batch.expect_eq(&EXTERNAL_IDS, &id.key(), &user.to_owned());
                batch.delete(&EXTERNAL_IDS, &id.key());
                batch.delete(&USER_EXTERNAL_IDS, &(user.to_owned(), id.provider.clone(), id.subject.clone()));
            }
            for id in ids.iter().filter(|id| !old.contains(id)) {
                self.add_external_id(&mut batch, user, id).await?;
            }
            if batch.is_empty() {
                return Ok(());
            }
            if self.0.store.try_commit(batch).await?.is_some() {
                return Ok(());
            }
        }
        Err(AccountError::Contended)
    }

    /// Adds a new link to `batch`.
    pub(crate) async fn add_external_id(
        &self,
        batch: &mut Batch,
        user: &UserId,
        id: &ExternalId,
    ) -> Result<(), AccountError> {
        id.check()?;
        if self.user_of_external_id(id).await?.is_some() {
            return Err(AccountError::ExternalIdInUse);
        }
        batch.expect_absent(&EXTERNAL_IDS, &id.key());
        batch.put(&EXTERNAL_IDS, &id.key(), &user.to_owned());
        let key = (user.to_owned(), id.provider.clone(), id.subject.clone());
        batch.put(&USER_EXTERNAL_IDS, &key, &self.0.clock.now_ms());
        Ok(())
    }
}
