//! Answering others who ask us for the keys of third servers, and of our own.

use std::collections::BTreeMap;

use futures_util::{StreamExt as _, stream};
use ruma::{CanonicalJsonObject, OwnedServerName, ServerName};

use super::KeyRing;
use crate::limits::{KEY_QUERIES_AT_ONCE, KEY_QUERY_SERVERS_MAX};

/// Whose keys are asked for, and until when they have to be valid, in milliseconds since 1970.
pub type KeyQuery = BTreeMap<OwnedServerName, Option<u64>>;

impl KeyRing {
    /// What we publish about ourselves now.
    ///
    /// # Errors
    /// In words, when it cannot be signed.
    pub fn published(&self) -> Result<CanonicalJsonObject, String> {
        let published = self.0.own_keys.published(&self.0.server_name, self.0.clock.now_ms());
        published.map_err(|error| error.to_string())
    }

    /// The last words of each of these servers about its keys, signed by us as well; those that cannot be had are left
    /// out, and so are those beyond the bound.
    pub async fn vouch(&self, query: KeyQuery) -> Vec<CanonicalJsonObject> {
        let answers = query
            .into_iter()
            .take(KEY_QUERY_SERVERS_MAX)
            .map(|(server, valid_until_ms)| async move { self.vouch_for(&server, valid_until_ms).await });
        stream::iter(answers)
            .buffer_unordered(KEY_QUERIES_AT_ONCE)
            .filter_map(std::future::ready)
            .collect()
            .await
    }

    async fn vouch_for(
        &self,
        server: &ServerName,
        valid_until_ms: Option<u64>,
    ) -> Option<CanonicalJsonObject> {
        if server == self.0.server_name {
            return self.published().ok();
        }
        let wanted_ms = valid_until_ms.unwrap_or_else(|| self.0.clock.now_ms());
        let row = match self.known(server).await {
            Some(row) if row.valid_until_ms >= wanted_ms => row,
            // What is known is better than nothing; who asked will see how long it is valid.
            Some(_) | None => self.fetch(server).await?,
        };
        let mut object: CanonicalJsonObject = serde_json::from_str(&row.response).ok()?;
        self.0.own_keys.sign(&self.0.server_name, &mut object).ok()?;
        Some(object)
    }
}
