//! Stored filters. The id is a hash of the content, so identical filters share one row and one id.
//!
//! [Filtering](https://spec.matrix.org/v1.19/client-server-api/#filtering)

use std::sync::Arc;

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use bytes::Bytes;
use ruma::{UserId, api::client::filter::FilterDefinition};
use serde_json::{Value, value::RawValue};
use sha2::{Digest, Sha256};
use store::{Batch, Reader, Scan, StoreError};

use crate::{
    AccountError, Accounts,
    limits::{FILTER_BYTES_MAX, FILTERS_CACHED_MAX, FILTERS_PER_USER_MAX},
    tables::FILTERS,
};

/// Bytes of the hash in an id: enough that nobody finds two filters with one id by chance.
const ID_BYTES: usize = 15;

/// Parsed filters by user and id; a filter never changes, so nothing is ever forgotten for that.
pub(crate) struct FilterCache(moka::sync::Cache<(ruma::OwnedUserId, String), Arc<FilterDefinition>>);

impl FilterCache {
    pub fn new() -> Self {
        Self(moka::sync::Cache::new(FILTERS_CACHED_MAX))
    }
}

impl Accounts {
    /// Stores a filter and says its id. Malformed filters are refused.
    pub async fn create_filter(&self, user: &UserId, json: &[u8]) -> Result<String, AccountError> {
        if json.len() > FILTER_BYTES_MAX {
            return Err(AccountError::TooLarge("the filter"));
        }
        let value: Value = serde_json::from_slice(json)
            .map_err(|_| AccountError::InvalidParameter("the filter is not JSON"))?;
        if !value.is_object() {
            return Err(AccountError::InvalidParameter("the filter is not an object"));
        }
        let definition: FilterDefinition = serde_json::from_slice(json)
            .map_err(|_| AccountError::InvalidParameter("the filter is malformed"))?;
        // A value tree has its keys sorted: the same filter has the same bytes, however it was written.
        let canonical = serde_json::to_vec(&value)
            .map_err(|_| AccountError::InvalidParameter("the filter is not JSON"))?;
        let hash = Sha256::digest(&canonical);
        let id = URL_SAFE_NO_PAD.encode(&hash[..ID_BYTES]);
        let key = (user.to_owned(), id.clone());
        if !self.0.store.exists(&FILTERS, &key).await? {
            self.check_filter_count(user).await?;
            let mut batch = Batch::new();
            batch.put(&FILTERS, &key, &Bytes::from(canonical));
            self.0.store.commit(batch).await?;
        }
        self.0.filters.0.insert(key, Arc::new(definition));
        Ok(id)
    }

    /// A stored filter of this user, parsed.
    pub async fn filter(
        &self,
        reader: &Reader,
        user: &UserId,
        id: &str,
    ) -> Result<Option<Arc<FilterDefinition>>, StoreError> {
        let key = (user.to_owned(), id.to_owned());
        if let Some(filter) = self.0.filters.0.get(&key) {
            return Ok(Some(filter));
        }
        let Some(json) = reader.get(&FILTERS, &key).await? else { return Ok(None) };
        let Ok(definition) = serde_json::from_slice::<FilterDefinition>(&json) else { return Ok(None) };
        let definition = Arc::new(definition);
        self.0.filters.0.insert(key, Arc::clone(&definition));
        Ok(Some(definition))
    }

    /// A stored filter of this user as it was given, keys that this server does not know included.
    pub async fn filter_json(
        &self,
        reader: &Reader,
        user: &UserId,
        id: &str,
    ) -> Result<Option<Box<RawValue>>, StoreError> {
        let json = reader.get(&FILTERS, &(user.to_owned(), id.to_owned())).await?;
        Ok(json.and_then(|json| serde_json::from_slice(&json).ok()))
    }

    async fn check_filter_count(&self, user: &UserId) -> Result<(), AccountError> {
        let scan = Scan::prefix(&user.to_owned()).limit(FILTERS_PER_USER_MAX);
        let count = self.0.store.scan(&FILTERS, scan).await?.len();
        if count >= FILTERS_PER_USER_MAX {
            Err(AccountError::TooLarge("the number of filters"))
        } else {
            Ok(())
        }
    }
}
