//! What a device uploads about itself: identity keys, one-time keys, fallback keys.
//!
//! Nothing is overwritten that somebody may already have been given: a one-time key of a known id must be the same
//! key. <https://spec.matrix.org/v1.19/client-server-api/#post_matrixclientv3keysupload>

use std::collections::{BTreeMap, BTreeSet};

use ruma::{DeviceId, OwnedDeviceId, OwnedUserId, UserId};
use serde_json::value::RawValue;
use sha2::{Digest as _, Sha256};
use store::{Audience, Batch, Reader, Scan, StoreError};

use crate::{
    Keys, KeysError,
    device_keys::DeviceKeys,
    limits::{FALLBACK_KEYS_PER_DEVICE_MAX, KEYS_PER_UPLOAD_MAX, ONE_TIME_KEYS_PER_DEVICE_MAX},
    one_time::NewKey,
    tables::{
        DEVICE_KEYS, FALLBACK_KEY, FallbackKey, ISSUED_KEY, KEY_SIGNATURE, ONE_TIME_KEY, ONE_TIME_KEY_BY_ID,
        OneTimeKey,
    },
};

/// One upload as it came: JSON that nobody has looked into.
#[derive(Clone, Debug, Default)]
pub struct KeyUpload {
    /// Identity keys.
    pub device_keys: Option<Box<RawValue>>,
    /// One-time keys by `algorithm:id`, in the order they are to be given out.
    pub one_time_keys: Vec<(String, Box<RawValue>)>,
    /// Fallback keys by `algorithm:id`.
    pub fallback_keys: Vec<(String, Box<RawValue>)>,
}

/// What an upload changes.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Uploaded {
    /// The user's device list changed; the caller announces it to those who share a room.
    pub device_list: bool,
    /// The device's key counts changed; the device itself is announced.
    pub counts: bool,
}

/// Whose keys.
type Owner<'a> = (&'a UserId, &'a DeviceId);

impl Keys {
    /// Checks an upload and puts what it changes into the batch, with the conditions that make it right. On
    /// [`store::StoreError::Conflict`] the caller begins again with a new batch.
    ///
    /// # Errors
    /// [`KeysError`] for anything that is malformed, forged, too large or contradicts what is stored; the batch is of
    /// no use then.
    pub async fn add_upload(
        &self,
        reader: &Reader,
        batch: &mut Batch,
        owner: (&UserId, &DeviceId),
        upload: &KeyUpload,
    ) -> Result<Uploaded, KeysError> {
        for count in [upload.one_time_keys.len(), upload.fallback_keys.len()] {
            if count > KEYS_PER_UPLOAD_MAX {
                let (what, max) = ("keys of an upload", KEYS_PER_UPLOAD_MAX);
                return Err(KeysError::TooLarge { what, size: count, max });
            }
        }
        let stored = self.stored_device_keys(reader, owner.0, owner.1).await?;
        let new = upload.device_keys.as_ref().map(|json| DeviceKeys::check(json.get(), owner.0, owner.1));
        let new = new.transpose()?;
        let current = new.as_ref().or(stored.as_ref());
        let ed25519 = current.map(|keys| keys.ed25519.clone());
        let check =
            |(id, json): &(String, Box<RawValue>)| NewKey::check(id, json.get(), owner, ed25519.as_deref());
        let one_time = upload.one_time_keys.iter().map(check).collect::<Result<Vec<_>, _>>()?;
        let fallback = upload.fallback_keys.iter().map(check).collect::<Result<Vec<_>, _>>()?;

        let mut uploaded = Uploaded::default();
        let mut reborn = false;
        if let Some(new) = &new {
            reborn = stored.as_ref().is_some_and(|stored| stored.keys != new.keys);
            uploaded.device_list = self.put_device_keys(reader, batch, owner, new, stored.as_ref()).await?;
        }
        if reborn {
            // Keys signed by the identity that is gone would only lead to messages that nobody can read.
            self.delete_one_time_keys(reader, batch, owner).await?;
            uploaded.counts = true;
        }
        uploaded.counts |= self.put_one_time_keys(reader, batch, owner, &one_time, reborn).await?;
        uploaded.counts |= self.put_fallback_keys(reader, batch, owner, &fallback, reborn).await?;
        if uploaded.counts {
            self.mark_key_counts(batch, owner.0, owner.1);
            batch.announce(Audience::Device(owner.0.to_owned(), owner.1.to_owned()));
        }
        if uploaded.device_list {
            self.mark_device_list(reader, batch, owner.0).await?;
        }
        Ok(uploaded)
    }

    async fn put_device_keys(
        &self,
        reader: &Reader,
        batch: &mut Batch,
        (user, device): Owner<'_>,
        new: &DeviceKeys,
        stored: Option<&DeviceKeys>,
    ) -> Result<bool, KeysError> {
        let text = new.signed.text();
        let old = stored.map(|stored| stored.signed.text());
        if old.as_ref() == Some(&text) {
            return Ok(false);
        }
        let key = (user.to_owned(), device.to_owned());
        batch.expect_read(&DEVICE_KEYS, &key, old.as_ref());
        batch.put(&DEVICE_KEYS, &key, &text);
        if stored.is_some_and(|stored| stored.signed.signed_text() != new.signed.signed_text()) {
            self.delete_signatures_on(reader, batch, user, device.as_str()).await?;
        }
        Ok(true)
    }

    /// Deletes the signatures that the user's other keys put on this key.
    pub(crate) async fn delete_signatures_on(
        &self,
        reader: &Reader,
        batch: &mut Batch,
        user: &UserId,
        target: &str,
    ) -> Result<(), StoreError> {
        let prefix = (user.to_owned(), user.to_owned(), target.to_owned());
        for key in reader.scan_keys(&KEY_SIGNATURE, Scan::prefix(&prefix)).await? {
            batch.delete(&KEY_SIGNATURE, &key);
        }
        Ok(())
    }

    /// Deletes all one-time and fallback keys of a device. Their number is bounded by what an upload accepts.
    pub(crate) async fn delete_one_time_keys(
        &self,
        reader: &Reader,
        batch: &mut Batch,
        (user, device): Owner<'_>,
    ) -> Result<(), StoreError> {
        let prefix = (user.to_owned(), device.to_owned());
        for key in reader.scan_keys(&ONE_TIME_KEY, Scan::prefix(&prefix)).await? {
            batch.delete(&ONE_TIME_KEY, &key);
        }
        for key in reader.scan_keys(&ONE_TIME_KEY_BY_ID, Scan::prefix(&prefix)).await? {
            batch.delete(&ONE_TIME_KEY_BY_ID, &key);
        }
        for key in reader.scan_keys(&FALLBACK_KEY, Scan::prefix(&prefix)).await? {
            batch.delete(&FALLBACK_KEY, &key);
        }
        Ok(())
    }

    async fn put_one_time_keys(
        &self,
        reader: &Reader,
        batch: &mut Batch,
        owner: Owner<'_>,
        keys: &[NewKey],
        reborn: bool,
    ) -> Result<bool, KeysError> {
        if keys.is_empty() {
            return Ok(false);
        }
        let ids: Vec<_> = keys.iter().map(|key| id_key(owner, key)).collect();
        let waiting = reader.multi_get(&ONE_TIME_KEY_BY_ID, &ids).await?;
        let issued = reader.multi_get(&ISSUED_KEY, &ids).await?;
        let mut added = 0;
        for (((key, id), waiting), issued) in keys.iter().zip(&ids).zip(waiting).zip(issued) {
            match waiting {
                Some(_) if reborn => {}
                Some(position) => {
                    self.check_same(reader, owner, key, position).await?;
                    continue;
                }
                None => _ = batch.expect_absent(&ONE_TIME_KEY_BY_ID, id),
            }
            if issued.is_some_and(|(_, digest)| digest == digest_of(&key.key)) {
                tracing::debug!(user = %owner.0, device = %owner.1, id = key.full_id(), "this key was given out before");
                continue;
            }
            let position = batch.position();
            let place = (owner.0.to_owned(), owner.1.to_owned(), key.algorithm.clone(), position);
            batch.put(&ONE_TIME_KEY, &place, &OneTimeKey { id: key.id.clone(), key: key.key.clone() });
            batch.put(&ONE_TIME_KEY_BY_ID, id, &position);
            added += 1;
        }
        if added > 0 && !reborn {
            let prefix = (owner.0.to_owned(), owner.1.to_owned());
            let scan = Scan::prefix(&prefix).limit(ONE_TIME_KEYS_PER_DEVICE_MAX + 1);
            let size = reader.count(&ONE_TIME_KEY, scan).await? + added;
            if size > ONE_TIME_KEYS_PER_DEVICE_MAX {
                let (what, max) = ("one-time keys of the device", ONE_TIME_KEYS_PER_DEVICE_MAX);
                return Err(KeysError::TooLarge { what, size, max });
            }
        }
        Ok(added > 0)
    }

    async fn check_same(
        &self,
        reader: &Reader,
        owner: Owner<'_>,
        key: &NewKey,
        position: model::StreamPos,
    ) -> Result<(), KeysError> {
        let place = (owner.0.to_owned(), owner.1.to_owned(), key.algorithm.clone(), position);
        match reader.get(&ONE_TIME_KEY, &place).await? {
            Some(old) if old.key != key.key => {
                tracing::warn!(user = %owner.0, device = %owner.1, id = key.full_id(), "another key of this id waits");
                Err(KeysError::KeyExists { id: key.full_id(), old: old.key, new: key.key.clone() })
            }
            // Gone means claimed a moment ago.
            Some(_) | None => Ok(()),
        }
    }

    async fn put_fallback_keys(
        &self,
        reader: &Reader,
        batch: &mut Batch,
        (user, device): Owner<'_>,
        keys: &[NewKey],
        reborn: bool,
    ) -> Result<bool, KeysError> {
        if keys.is_empty() {
            return Ok(false);
        }
        let prefix = (user.to_owned(), device.to_owned());
        let old: BTreeMap<String, FallbackKey> = reader
            .scan(&FALLBACK_KEY, Scan::prefix(&prefix))
            .await?
            .into_iter()
            .map(|((_, _, algorithm), key)| (algorithm, key))
            .collect();
        let algorithms: BTreeSet<&str> =
            keys.iter().map(|key| key.algorithm.as_str()).chain(old.keys().map(String::as_str)).collect();
        if algorithms.len() > FALLBACK_KEYS_PER_DEVICE_MAX {
            let (what, max) = ("algorithms of fallback keys", FALLBACK_KEYS_PER_DEVICE_MAX);
            return Err(KeysError::TooLarge { what, size: algorithms.len(), max });
        }
        let mut changed = false;
        for key in keys {
            let same = old.get(&key.algorithm).is_some_and(|old| old.id == key.id && old.key == key.key);
            if same && !reborn {
                continue;
            }
            let place = (user.to_owned(), device.to_owned(), key.algorithm.clone());
            let row = FallbackKey { id: key.id.clone(), key: key.key.clone(), used: false };
            batch.put(&FALLBACK_KEY, &place, &row);
            changed = true;
        }
        Ok(changed)
    }
}

fn id_key((user, device): Owner<'_>, key: &NewKey) -> (OwnedUserId, OwnedDeviceId, String, String) {
    (user.to_owned(), device.to_owned(), key.algorithm.clone(), key.id.clone())
}

/// What is remembered of a key that was given out.
pub(crate) fn digest_of(key: &str) -> [u8; 32] {
    Sha256::digest(key.as_bytes()).into()
}
