//! What the library keeps for one bot: one table, by shelf and two names, as the JSON of the library.

use std::fmt;

use bytes::Bytes;
use matrix_sdk_crypto::{CryptoStoreError, olm::StaticAccountData};
use parking_lot::RwLock;
use serde::{Serialize, de::DeserializeOwned};
use store::{Batch, Scan, Store, StoreError};
use tokio::sync::Mutex;

use super::tables::{CRYPTO, OLM_SEEN, OLM_SEEN_ORDER, UNREAD};
use crate::limits::{CRYPTO_DELETES_PER_BATCH, OLM_REMEMBERED_MAX};

pub(super) type Result<T, E = CryptoStoreError> = std::result::Result<T, E>;

/// Where something of one kind lies. The names are for ever.
pub(super) mod shelf {
    /// The account, the cross-signing keys and other things of which there is one.
    pub const OWN: &str = "own";
    /// Olm sessions by the sender's key and their id.
    pub const SESSIONS: &str = "sessions";
    /// Megolm sessions of others by room and id.
    pub const INBOUND: &str = "inbound";
    /// The rooms of Megolm sessions by the key of the device that made them and their id.
    pub const INBOUND_BY_DEVICE: &str = "inbound-by-device";
    /// Our Megolm session by room.
    pub const OUTBOUND: &str = "outbound";
    /// Devices by user and id.
    pub const DEVICES: &str = "devices";
    /// Cross-signing keys by user.
    pub const IDENTITIES: &str = "identities";
    /// Whose devices are followed, and whether they have to be asked for.
    pub const TRACKED: &str = "tracked";
    /// Requests for keys by id.
    pub const REQUESTS: &str = "requests";
    /// Why a session is kept from us, by room and id.
    pub const WITHHELD: &str = "withheld";
    /// Rooms that are encrypted, as the library sees it.
    pub const ROOMS: &str = "rooms";
    /// Secrets by name.
    pub const SECRETS: &str = "secrets";
    /// Bundles of keys by room and sender.
    pub const BUNDLES: &str = "bundles";
    /// Rooms whose bundles are awaited.
    pub const BUNDLES_AWAITED: &str = "bundles-awaited";
    /// Rooms whose keys were all fetched.
    pub const FETCHED: &str = "fetched";
    /// Anything else that the library asks us to keep.
    pub const CUSTOM: &str = "custom";
}

/// Bot, shelf and two names.
type Name = (String, String, String, String);

/// The shelves of one bot.
pub(super) struct Shelves {
    pub store: Store,
    pub bot: &'static str,
    /// Whose account this is, once it is known.
    pub account: RwLock<Option<StaticAccountData>>,
    /// Held from reading a session to its being written, so that nothing older is written over something newer; and how
    /// many Olm messages are remembered, once counted.
    pub saving: Mutex<Option<usize>>,
}

impl fmt::Debug for Shelves {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Shelves").field("bot", &self.bot).finish_non_exhaustive()
    }
}

pub(super) fn failed(error: StoreError) -> CryptoStoreError {
    CryptoStoreError::backend(error)
}

impl Shelves {
    pub fn new(store: Store, bot: &'static str) -> Self {
        Self { store, bot, account: RwLock::default(), saving: Mutex::default() }
    }

    pub async fn get<T: DeserializeOwned>(&self, shelf: &str, one: &str, two: &str) -> Result<Option<T>> {
        let row = self.store.get(&CRYPTO, &(self.bot, shelf, one, two)).await.map_err(failed)?;
        Ok(row.map(|json| serde_json::from_slice(&json)).transpose()?)
    }

    /// Everything of a shelf, in the order of the names.
    pub async fn all<T: DeserializeOwned>(&self, shelf: &str) -> Result<Vec<T>> {
        self.pages(&|| Scan::prefix(&(self.bot, shelf))).await
    }

    /// Everything of a shelf under one first name.
    pub async fn under<T: DeserializeOwned>(&self, shelf: &str, one: &str) -> Result<Vec<T>> {
        self.pages(&|| Scan::prefix(&(self.bot, shelf, one))).await
    }

    /// The second names under a first one.
    pub async fn names(&self, shelf: &str, one: &str) -> Result<Vec<String>> {
        let keys =
            self.store.scan_keys(&CRYPTO, Scan::prefix(&(self.bot, shelf, one))).await.map_err(failed)?;
        Ok(keys.into_iter().map(|(_, _, _, two)| two).collect())
    }

    async fn pages<T: DeserializeOwned>(&self, range: &(dyn Fn() -> Scan<Name> + Sync)) -> Result<Vec<T>> {
        let mut found = Vec::new();
        let mut scan = range();
        loop {
            let page = self.store.scan(&CRYPTO, scan).await.map_err(failed)?;
            let Some((last, _)) = page.last() else { return Ok(found) };
            scan = range().after(last);
            for (_, json) in &page {
                found.push(serde_json::from_slice(json)?);
            }
        }
    }

    pub fn put<T: Serialize>(
        &self,
        batch: &mut Batch,
        shelf: &str,
        one: &str,
        two: &str,
        value: &T,
    ) -> Result<()> {
        let json = Bytes::from(serde_json::to_vec(value)?);
        batch.put(&CRYPTO, &(self.bot, shelf, one, two), &json);
        Ok(())
    }

    pub fn delete(&self, batch: &mut Batch, shelf: &str, one: &str, two: &str) {
        batch.delete(&CRYPTO, &(self.bot, shelf, one, two));
    }

    pub async fn commit(&self, batch: Batch) -> Result<()> {
        if !batch.is_empty() {
            self.store.commit(batch).await.map_err(failed)?;
        }
        Ok(())
    }

    /// Remembers Olm messages, and forgets as many of the oldest as are too many.
    pub async fn remember(
        &self,
        batch: &mut Batch,
        remembered: &mut Option<usize>,
        hashes: &[String],
    ) -> Result<usize> {
        let before = match *remembered {
            Some(count) => count,
            None => self.count_remembered().await?,
        };
        for hash in hashes {
            let place = batch.position();
            batch.put(&OLM_SEEN, &(self.bot, &**hash), &place).put(&OLM_SEEN_ORDER, &(self.bot, place), hash);
        }
        let surplus = (before + hashes.len()).saturating_sub(OLM_REMEMBERED_MAX);
        let scan = Scan::prefix(self.bot).limit(surplus);
        let oldest = if surplus == 0 {
            Vec::new()
        } else {
            self.store.scan(&OLM_SEEN_ORDER, scan).await.map_err(failed)?
        };
        for (key, hash) in &oldest {
            batch.delete(&OLM_SEEN_ORDER, key).delete(&OLM_SEEN, &(self.bot, &**hash));
        }
        Ok((before + hashes.len()).saturating_sub(oldest.len()))
    }

    async fn count_remembered(&self) -> Result<usize> {
        self.store.count(&OLM_SEEN_ORDER, Scan::prefix(self.bot)).await.map_err(failed)
    }

    /// Throws everything of the bot away, for a device that is no more.
    pub async fn clear(&self) -> Result<(), StoreError> {
        *self.account.write() = None;
        let mut remembered = self.saving.lock().await;
        loop {
            let mut batch = Batch::new();
            let (bot, page) = (self.bot, CRYPTO_DELETES_PER_BATCH);
            for key in self.store.scan_keys(&CRYPTO, Scan::prefix(bot).limit(page)).await? {
                batch.delete(&CRYPTO, &key);
            }
            for key in self.store.scan_keys(&OLM_SEEN, Scan::prefix(bot).limit(page)).await? {
                batch.delete(&OLM_SEEN, &key);
            }
            for key in self.store.scan_keys(&OLM_SEEN_ORDER, Scan::prefix(bot).limit(page)).await? {
                batch.delete(&OLM_SEEN_ORDER, &key);
            }
            if batch.is_empty() {
                *remembered = None;
                return Ok(());
            }
            self.store.commit(batch).await?;
        }
    }

    /// Throws the keys of a room away that the bot has left, and what waited for them.
    pub async fn forget_room(&self, room: &ruma::RoomId) -> Result<(), StoreError> {
        for shelf in [shelf::INBOUND, shelf::OUTBOUND, shelf::WITHHELD] {
            loop {
                let scan = Scan::prefix(&(self.bot, shelf, room.as_str())).limit(CRYPTO_DELETES_PER_BATCH);
                let keys = self.store.scan_keys(&CRYPTO, scan).await?;
                if keys.is_empty() {
                    break;
                }
                let mut batch = Batch::new();
                for key in keys {
                    batch.delete(&CRYPTO, &key);
                }
                self.store.commit(batch).await?;
            }
        }
        let mut batch = Batch::new();
        for key in self.store.scan_keys(&UNREAD, Scan::prefix(&(self.bot, room))).await? {
            batch.delete(&UNREAD, &key);
        }
        self.store.commit(batch).await?;
        Ok(())
    }
}
