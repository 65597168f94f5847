//! Where users want to be told: setting, listing and removing pushers.
//!
//! A pusher is named by user, app id and pushkey. One of the kind `http` goes with the device that set
//! it; an e-mail pusher belongs to the address, and goes with that.
//! [Pushers](https://spec.matrix.org/v1.19/client-server-api/#post_matrixclientv3pushersset)

use mail::Address;
use ruma::{OwnedDeviceId, UserId};
use serde_json::Value;
use store::{Batch, Reader, Scan, StoreError};

use super::{
    Push, PushError,
    gateway::Gateway,
    pusher::{NewPusher, Pusher, PusherKind},
    tables::{PUSHER_NUMBERS, PUSHER_OWNERS, PUSHER_STATES, PUSHERS, PusherKey, PusherRow},
};
use crate::limits::{
    APP_ID_CHARACTERS_MAX, PUSHER_DATA_BYTES_MAX, PUSHER_TEXT_BYTES_MAX, PUSHERS_PER_USER_MAX,
    PUSHKEY_BYTES_MAX, PUSHKEY_OWNERS_MAX, WRITE_TRIES_MAX,
};

impl Push {
    /// The pushers of a user.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn pushers(&self, user: &UserId) -> Result<Vec<Pusher>, PushError> {
        let rows = self.pusher_rows(&self.0.parts.store, user).await?;
        Ok(rows.into_iter().map(|(key, row)| Pusher::new(key, row)).collect())
    }

    /// Adds a pusher or changes the one of this app id and pushkey.
    ///
    /// # Errors
    /// [`PushError`] says which value is not right.
    pub async fn set_pusher(&self, user: &UserId, pusher: NewPusher) -> Result<(), PushError> {
        self.check(user, &pusher).await?;
        let parts = &self.0.parts;
        let data = Value::Object(pusher.data).to_string();
        let key: PusherKey = (user.to_owned(), pusher.app_id, pusher.pushkey);
        for _ in 0..WRITE_TRIES_MAX {
            let old = parts.store.get(&PUSHERS, &key).await?;
            if old.is_none() {
                let scan = Scan::prefix(user).limit(PUSHERS_PER_USER_MAX);
                if parts.store.scan_keys(&PUSHERS, scan).await?.len() >= PUSHERS_PER_USER_MAX {
                    return Err(PushError::TooMany);
                }
            }
            let row = PusherRow {
                number: old.as_ref().map_or_else(|| parts.rng.u64(), |old| old.number),
                kind: pusher.kind.as_str().to_owned(),
                app_display_name: pusher.app_display_name.clone(),
                device_display_name: pusher.device_display_name.clone(),
                profile_tag: pusher.profile_tag.clone(),
                lang: pusher.lang.clone(),
                data: data.clone(),
                enabled: pusher.enabled,
                // Whoever logs out wants silence on that device, but still reads mail.
                device: pusher.device.clone().filter(|_| pusher.kind == PusherKind::Http),
                set_ms: parts.clock.now_ms(),
            };
            let mut batch = Batch::new();
            batch.expect_read(&PUSHERS, &key, old.as_ref());
            if old.is_none() {
                batch.expect_absent(&PUSHER_NUMBERS, &row.number);
                batch.put(&PUSHER_NUMBERS, &row.number, &key);
                batch.put(&PUSHER_OWNERS, &(key.1.clone(), key.2.clone(), key.0.clone()), &row.number);
            }
            batch.put(&PUSHERS, &key, &row);
            if !pusher.append {
                self.take_over(&mut batch, &key).await?;
            }
            // Before the commit: an event right after it must find the user.
            self.0.register.insert(key.0.clone());
            if parts.store.try_commit(batch).await?.is_some() {
                return Ok(());
            }
        }
        Err(PushError::Contended)
    }

    /// Removes a pusher; one that does not exist is as good as removed.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn remove_pusher(&self, user: &UserId, app_id: &str, pushkey: &str) -> Result<(), PushError> {
        self.remove_key(&(user.to_owned(), app_id.to_owned(), pushkey.to_owned())).await
    }

    /// Removes all pushers of a user.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn remove_pushers(&self, user: &UserId) -> Result<(), PushError> {
        for (key, _) in self.pusher_rows(&self.0.parts.store, user).await? {
            self.remove_key(&key).await?;
        }
        Ok(())
    }

    /// Adds the end of all pushers that these devices set to the batch that ends the devices.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn forget_devices(
        &self,
        reader: &Reader,
        batch: &mut Batch,
        user: &UserId,
        devices: &[OwnedDeviceId],
    ) -> Result<(), StoreError> {
        for (key, row) in self.pusher_rows(reader, user).await? {
            if row.device.as_ref().is_some_and(|device| devices.contains(device)) {
                batch.expect_eq(&PUSHERS, &key, &row);
                remove(batch, &key, row.number);
            }
        }
        Ok(())
    }

    pub(crate) async fn remove_key(&self, key: &PusherKey) -> Result<(), PushError> {
        for _ in 0..WRITE_TRIES_MAX {
            let Some(row) = self.0.parts.store.get(&PUSHERS, key).await? else { return Ok(()) };
            let mut batch = Batch::new();
            batch.expect_eq(&PUSHERS, key, &row);
            remove(&mut batch, key, row.number);
            match self.0.parts.store.commit(batch).await {
                Ok(_) => {
                    // Its turn comes once more, to empty a queue that nobody owns.
                    self.make_ready(row.number, &Gateway::of(&row));
                    return Ok(());
                }
                Err(StoreError::Conflict) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Err(PushError::Contended)
    }

    pub(crate) async fn pusher_rows(
        &self,
        reader: &Reader,
        user: &UserId,
    ) -> Result<Vec<(PusherKey, PusherRow)>, StoreError> {
        reader.scan(&PUSHERS, Scan::prefix(user).limit(PUSHERS_PER_USER_MAX)).await
    }

    /// Ends the pushers of this app id and pushkey that other users have.
    async fn take_over(&self, batch: &mut Batch, key: &PusherKey) -> Result<(), StoreError> {
        let store = &self.0.parts.store;
        let scan = Scan::prefix(&(key.1.clone(), key.2.clone())).limit(PUSHKEY_OWNERS_MAX);
        for ((app_id, pushkey, user), number) in store.scan(&PUSHER_OWNERS, scan).await? {
            if user != key.0 {
                remove(batch, &(user, app_id, pushkey), number);
            }
        }
        Ok(())
    }

    async fn check(&self, user: &UserId, pusher: &NewPusher) -> Result<(), PushError> {
        check_ids(&pusher.app_id, &pusher.pushkey)?;
        let texts = [&pusher.app_display_name, &pusher.device_display_name, &pusher.lang];
        let tag = pusher.profile_tag.as_ref();
        if texts.into_iter().chain(tag).any(|text| text.len() > PUSHER_TEXT_BYTES_MAX) {
            return Err(PushError::Invalid("a name, tag or language of the pusher is too long"));
        }
        if Value::Object(pusher.data.clone()).to_string().len() > PUSHER_DATA_BYTES_MAX {
            return Err(PushError::Invalid("the data of the pusher is too large"));
        }
        match pusher.kind {
            PusherKind::Http => {
                let url = pusher.data.get("url").ok_or(PushError::Missing("data.url"))?;
                let url = url.as_str().ok_or(PushError::Invalid("data.url must be a text"))?;
                Gateway::check(url, self.0.parts.settings.plain_http_allowed)
            }
            PusherKind::Email => self.check_address(user, pusher).await,
        }
    }

    /// Mail goes to addresses alone that the user has proved to be theirs.
    async fn check_address(&self, user: &UserId, pusher: &NewPusher) -> Result<(), PushError> {
        if self.0.parts.mailer.is_none() {
            return Err(PushError::NoMail);
        }
        if pusher.app_id != EMAIL_APP_ID {
            return Err(PushError::Invalid("an e-mail pusher has the app_id m.email"));
        }
        let address = Address::parse(&pusher.pushkey);
        let address = address.ok_or(PushError::Invalid("the pushkey must be an e-mail address"))?;
        let owner = self.0.parts.accounts.owner_of_address(address.as_str()).await?;
        if owner.as_deref() == Some(user) { Ok(()) } else { Err(PushError::NotYourAddress) }
    }
}

/// The app id of every e-mail pusher.
const EMAIL_APP_ID: &str = "m.email";

/// Checks the two fields that name a pusher.
fn check_ids(app_id: &str, pushkey: &str) -> Result<(), PushError> {
    if app_id.is_empty() || app_id.chars().count() > APP_ID_CHARACTERS_MAX {
        return Err(PushError::Invalid("app_id must have 1 to 64 characters"));
    }
    if pushkey.is_empty() || pushkey.len() > PUSHKEY_BYTES_MAX {
        return Err(PushError::Invalid("pushkey must have 1 to 512 bytes"));
    }
    Ok(())
}

fn remove(batch: &mut Batch, key: &PusherKey, number: u64) {
    batch.delete(&PUSHERS, key);
    batch.delete(&PUSHER_OWNERS, &(key.1.clone(), key.2.clone(), key.0.clone()));
    batch.delete(&PUSHER_NUMBERS, &number);
    batch.delete(&PUSHER_STATES, &number);
}
