//! The keys of other servers: asked for, checked, kept, and believed for as long as they are valid.
//!
//! A key is believed when the server whose key it is says so over TLS and signs the answer with that very key, or when
//! a notary that the operator trusts hands on such an answer. From room version 5 on an event needs a key that was
//! valid when it was sent. <https://spec.matrix.org/v1.19/server-server-api/#retrieving-server-keys>

mod answer;
mod error;
mod fetch;
mod learning;
mod notary;

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use base::Clock;
use futures_util::{StreamExt as _, stream};
use moka::sync::Cache;
use ruma::{
    CanonicalJsonObject, CanonicalJsonValue, OwnedServerName, ServerName,
    serde::Base64,
    signatures::{PublicKeyMap, PublicKeySet, verify_canonical_json_bytes},
};
use store::Store;
use tokio::sync::watch;

pub(crate) use self::learning::{KeyBudget, WantedKeys};
pub use self::{error::SignatureError, notary::KeyQuery};
use crate::{
    Client, FederationParts, OwnKeys,
    flight::Flights,
    limits::{
        KEY_QUERIES_AT_ONCE, KEY_RING_BYTES_MAX, KEY_RING_SERVERS_MAX, KEY_VALIDITY_MS_MAX, KEYS_PATIENCE_MS,
    },
    tables::{KeyRow, SERVER_KEYS, ServerKeysRow},
};

/// Knows whose signature is believed. Clones share what is known.
#[derive(Clone)]
pub struct KeyRing(Arc<Inner>);

struct Inner {
    store: Store,
    clock: Clock,
    server_name: OwnedServerName,
    own_keys: OwnKeys,
    client: Client,
    notaries: Vec<OwnedServerName>,
    denied_keys: Vec<String>,
    known: Cache<OwnedServerName, Arc<ServerKeysRow>>,
    flights: Flights<OwnedServerName, Option<Arc<ServerKeysRow>>>,
    /// When a server was asked last, also in vain, in milliseconds since 1970.
    asked: Cache<OwnedServerName, u64>,
    /// Since when nobody told the keys of a server, in milliseconds since 1970.
    silent_since: Cache<OwnedServerName, u64>,
    /// How often a server told its keys after it had been silent.
    late_keys: watch::Sender<u64>,
}

/// What is known of some keys of a server.
struct KnownKeys {
    /// Those that may be used.
    found: PublicKeySet,
    /// Asking would bring no more.
    is_settled: bool,
}

impl KeyRing {
    pub(crate) fn new(parts: &FederationParts, client: Client) -> Self {
        Self(Arc::new(Inner {
            store: parts.store.clone(),
            clock: parts.clock.clone(),
            server_name: parts.server_name.clone(),
            own_keys: parts.own_keys.clone(),
            client,
            notaries: parts.settings.notaries.clone(),
            denied_keys: parts.settings.denied_keys.clone(),
            known: Cache::builder().max_capacity(KEY_RING_BYTES_MAX).weigher(weight).build(),
            flights: Flights::default(),
            asked: Cache::builder().max_capacity(KEY_RING_SERVERS_MAX).build(),
            silent_since: Cache::builder().max_capacity(KEY_RING_SERVERS_MAX).build(),
            late_keys: watch::Sender::new(0),
        }))
    }

    /// The keys of these servers with these ids (`ed25519:a_1`), as far as they can be had; fetches what is not known,
    /// each server once. With `strict` only keys that were valid at `at_ms`, as room versions from 5 on demand.
    pub async fn keys(&self, wanted: &[(OwnedServerName, String)], at_ms: u64, strict: bool) -> PublicKeyMap {
        let mut by_server = BTreeMap::<OwnedServerName, Vec<String>>::new();
        for (server, id) in wanted {
            by_server.entry(server.clone()).or_default().push(id.clone());
        }
        let validity = if strict { Some(at_ms) } else { None };
        let found = by_server.into_iter().map(|(server, ids)| async move {
            let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
            (server.to_string(), self.keys_of(&server, &ids, validity).await)
        });
        stream::iter(found).buffer_unordered(KEY_QUERIES_AT_ONCE).collect().await
    }

    /// The same without asking anybody.
    pub(crate) async fn known_keys(
        &self,
        wanted: &[(OwnedServerName, String)],
        at_ms: u64,
        strict: bool,
    ) -> PublicKeyMap {
        let mut found = PublicKeyMap::new();
        for (server, id) in wanted {
            let known = self.known_keys_of(server, &[id], strict.then_some(at_ms)).await;
            found.entry(server.to_string()).or_default().extend(known.found);
        }
        found
    }

    /// Whether some of these keys, which are not among those that were found, may be had a little later: the server of one
    /// is among the `unasked`, or could not be reached and has not been silent for longer than a server that is gone.
    pub(crate) fn may_learn(
        &self,
        wanted: &[(OwnedServerName, String)],
        found: &PublicKeyMap,
        unasked: &BTreeSet<OwnedServerName>,
    ) -> bool {
        let now_ms = self.0.clock.now_ms();
        let is_found = |server: &OwnedServerName, id: &str| {
            found.get(server.as_str()).is_some_and(|keys| keys.contains_key(id))
        };
        wanted.iter().filter(|(server, id)| !is_found(server, id)).any(|(server, _)| {
            let since_ms = self.0.silent_since.get(server);
            unasked.contains(server)
                || since_ms.is_some_and(|since_ms| now_ms < since_ms.saturating_add(KEYS_PATIENCE_MS))
        })
    }

    /// Counts the times that a server told its keys after it had been silent: whoever waits for some looks again.
    #[must_use]
    pub fn late_keys(&self) -> watch::Receiver<u64> {
        self.0.late_keys.subscribe()
    }

    /// Checks that `server` signed the object with a key that was valid at `at_ms`.
    ///
    /// # Errors
    /// See [`SignatureError`].
    pub async fn verify_json(
        &self,
        server: &ServerName,
        object: &CanonicalJsonObject,
        at_ms: u64,
    ) -> Result<(), SignatureError> {
        let signatures = answer::signatures_of(object, server);
        let ids: Vec<&str> = signatures.keys().map(String::as_str).collect();
        if ids.is_empty() {
            return Err(SignatureError::NotSigned(server.to_owned()));
        }
        let keys = self.keys_of(server, &ids, Some(at_ms)).await;
        let message = ruma::signatures::to_canonical_json_string_for_signing(object)
            .map_err(|error| SignatureError::Wrong(error.into()))?;
        let mut outcome = Err(SignatureError::NoKey(server.to_owned()));
        for (id, key) in &keys {
            let Some(signature) = signatures.get(id) else { continue };
            let checked = verify_canonical_json_bytes(
                &ruma::signatures::SigningKeyAlgorithm::Ed25519,
                key.as_bytes(),
                signature,
                message.as_bytes(),
            );
            match checked {
                Ok(()) => return Ok(()),
                Err(error) => outcome = Err(SignatureError::Wrong(error)),
            }
        }
        outcome
    }

    /// The ids of the keys of a server that are valid at `at_ms`, asked for anew.
    pub async fn valid_key_ids(&self, server: &ServerName, at_ms: u64) -> Vec<String> {
        let Some(row) = self.fetch(server).await else { return Vec::new() };
        let valid = row.keys.iter().filter(|(_, key)| !key.is_old && is_valid(key, Some(at_ms), at_ms));
        valid.map(|(id, _)| id.clone()).collect()
    }

    /// One key that is valid now, for a request that was signed with it.
    pub async fn key_now(&self, server: &ServerName, id: &str) -> PublicKeySet {
        self.keys_of(server, &[id], Some(self.0.clock.now_ms())).await
    }

    /// The keys of one server; `valid_at_ms` demands that they were valid then.
    async fn keys_of(&self, server: &ServerName, ids: &[&str], valid_at_ms: Option<u64>) -> PublicKeySet {
        let known = self.known_keys_of(server, ids, valid_at_ms).await;
        if known.is_settled {
            return known.found;
        }
        match self.fetch(server).await {
            Some(row) => self.usable(&row, ids, valid_at_ms),
            None => known.found,
        }
    }

    /// The same without asking.
    async fn known_keys_of<Id: AsRef<str>>(
        &self,
        server: &ServerName,
        ids: &[Id],
        valid_at_ms: Option<u64>,
    ) -> KnownKeys {
        let is_own = server == self.0.server_name;
        let known = if is_own { Some(self.own(self.0.clock.now_ms())) } else { self.known(server).await };
        let found = known.as_deref().map(|row| self.usable(row, ids, valid_at_ms)).unwrap_or_default();
        // A retired key will not become valid again by asking.
        let is_had = |id: &Id| {
            let key = known.as_deref().and_then(|row| row.keys.get(id.as_ref()));
            found.contains_key(id.as_ref()) || key.is_some_and(|key| key.is_old)
        };
        let is_settled = is_own || ids.iter().all(is_had);
        KnownKeys { found, is_settled }
    }

    /// Those of these keys that may be used.
    fn usable<Id: AsRef<str>>(
        &self,
        row: &ServerKeysRow,
        ids: &[Id],
        valid_at_ms: Option<u64>,
    ) -> PublicKeySet {
        let now_ms = self.0.clock.now_ms();
        let keys = ids.iter().map(AsRef::as_ref).filter_map(|id| {
            let key = row.keys.get(id).filter(|key| is_valid(key, valid_at_ms, now_ms))?;
            let is_denied = self.0.denied_keys.contains(&key.key);
            let key = Base64::parse(&key.key).ok().filter(|_| !is_denied)?;
            Some((id.to_owned(), key))
        });
        keys.collect()
    }

    /// What is known of a server, from memory or the store.
    async fn known(&self, server: &ServerName) -> Option<Arc<ServerKeysRow>> {
        if let Some(row) = self.0.known.get(server) {
            return Some(row);
        }
        let row = match self.0.store.snapshot().get(&SERVER_KEYS, server).await {
            Ok(row) => Arc::new(row?),
            Err(error) => {
                tracing::error!(%server, %error, "read keys of server");
                return None;
            }
        };
        self.0.known.insert(server.to_owned(), Arc::clone(&row));
        Some(row)
    }

    /// Our own keys in the form of others'.
    fn own(&self, now_ms: u64) -> Arc<ServerKeysRow> {
        let own = &self.0.own_keys;
        let valid_until_ms = now_ms.saturating_add(KEY_VALIDITY_MS_MAX);
        let mut row = ServerKeysRow::default();
        row.keys
            .insert(own.current_id(), KeyRow { key: own.current_public(), valid_until_ms, is_old: false });
        for old in own.old() {
            let key = KeyRow { key: old.key.clone(), valid_until_ms: old.expired_ms, is_old: true };
            row.keys.insert(old.id.clone(), key);
        }
        Arc::new(row)
    }
}

/// Bytes of what is known of one server, more or less.
fn weight(_: &OwnedServerName, row: &Arc<ServerKeysRow>) -> u32 {
    u32::try_from(row.response.len() + 256 * row.keys.len() + 256).unwrap_or(u32::MAX)
}

/// Whether a key may be used for what was signed at `at_ms`. A server's word counts for a week ahead at most.
fn is_valid(key: &KeyRow, at_ms: Option<u64>, now_ms: u64) -> bool {
    let Some(at_ms) = at_ms else { return true };
    let until_ms = if key.is_old {
        key.valid_until_ms
    } else {
        key.valid_until_ms.min(now_ms.saturating_add(KEY_VALIDITY_MS_MAX))
    };
    at_ms <= until_ms
}

/// A text in an object.
fn text<'a>(object: &'a CanonicalJsonObject, field: &str) -> Option<&'a str> {
    match object.get(field) {
        Some(CanonicalJsonValue::String(text)) => Some(text),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
