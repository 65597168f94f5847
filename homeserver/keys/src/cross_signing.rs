//! Cross-signing keys: a person's own three keys, and when the owner must prove again who they are.
//! <https://spec.matrix.org/v1.19/client-server-api/#post_matrixclientv3keysdevice_signingupload>

use ruma::{OwnedUserId, UserId};
use serde_json::value::RawValue;
use store::{Batch, Reader, Scan, StoreError};

use crate::{
    Keys, KeysError,
    limits::CROSS_SIGNING_KEY_BYTES_MAX,
    signed::{Signature, Signed, is_public_key},
    tables::{CROSS_SIGNING_KEY, KEY_SIGNATURE},
};

/// What a cross-signing key is for. The number is its place in the table.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
#[repr(u8)]
pub enum Usage {
    /// The person.
    Master = 1,
    /// Signs the person's own devices.
    SelfSigning = 2,
    /// Signs other people's master keys; nobody else may see it.
    UserSigning = 3,
}

impl Usage {
    const ALL: [Self; 3] = [Self::Master, Self::SelfSigning, Self::UserSigning];

    /// The specification's word.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Master => "master",
            Self::SelfSigning => "self_signing",
            Self::UserSigning => "user_signing",
        }
    }

    const fn field(self) -> &'static str {
        match self {
            Self::Master => "master_key",
            Self::SelfSigning => "self_signing_key",
            Self::UserSigning => "user_signing_key",
        }
    }
}

/// A cross-signing key of the right form.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct CrossSigningKey {
    pub usage: Usage,
    pub signed: Signed,
    /// The public key, which is also the key's name.
    pub public: String,
}

impl CrossSigningKey {
    fn check(json: &str, usage: Usage, user: &UserId) -> Result<Self, KeysError> {
        let mut signed = Signed::parse(json, usage.field(), CROSS_SIGNING_KEY_BYTES_MAX)?;
        if signed.required_text("user_id")? != user.as_str() {
            return Err(KeysError::InvalidParam("the cross-signing key belongs to another user"));
        }
        if !signed.required_list("usage")?.contains(&usage.name()) {
            return Err(KeysError::InvalidParam("`usage` does not name what the key is uploaded for"));
        }
        signed.keep_signatures_of(user);
        Self::of(signed, usage)
    }

    fn of(signed: Signed, usage: Usage) -> Result<Self, KeysError> {
        let public = match signed.required_map("keys")?.as_slice() {
            [(id, public)] if is_public_key(public) && id.strip_prefix("ed25519:") == Some(public) => {
                (*public).to_owned()
            }
            _ => return Err(signed.bad("`keys` must hold one ed25519 key under its own name".to_owned())),
        };
        Ok(Self { usage, signed, public })
    }

    /// The id under which this key signs.
    pub fn id(&self) -> String {
        format!("ed25519:{}", self.public)
    }
}

/// An upload of cross-signing keys whose form was checked.
#[derive(Clone, Debug)]
pub struct CrossSigningUpload {
    keys: Vec<CrossSigningKey>,
}

impl CrossSigningUpload {
    /// Checks the form of the keys that `user` uploads.
    ///
    /// # Errors
    /// [`KeysError`] names the key and what is wrong with it.
    pub fn check(
        user: &UserId,
        master: Option<&RawValue>,
        self_signing: Option<&RawValue>,
        user_signing: Option<&RawValue>,
    ) -> Result<Self, KeysError> {
        let given =
            [(Usage::Master, master), (Usage::SelfSigning, self_signing), (Usage::UserSigning, user_signing)];
        let keys = given
            .into_iter()
            .filter_map(|(usage, json)| Some(CrossSigningKey::check(json?.get(), usage, user)))
            .collect::<Result<Vec<_>, _>>()?;
        let twice = keys
            .iter()
            .enumerate()
            .any(|(at, key)| keys.iter().skip(at + 1).any(|other| other.public == key.public));
        if twice {
            return Err(KeysError::InvalidParam("two cross-signing keys are the same key"));
        }
        Ok(Self { keys })
    }

    /// The public keys, in the order master, self-signing, user-signing.
    pub fn public_keys(&self) -> impl Iterator<Item = &str> {
        self.keys.iter().map(|key| key.public.as_str())
    }

    /// The parts that must not change while the owner proves who they are.
    #[must_use]
    pub fn fingerprint(&self) -> Vec<(&'static str, String)> {
        self.keys.iter().map(|key| (key.usage.name(), key.signed.signed_text())).collect()
    }

    fn key(&self, usage: Usage) -> Option<&CrossSigningKey> {
        self.keys.iter().find(|key| key.usage == usage)
    }
}

/// What an upload means for what is stored.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum CrossSigningChange {
    /// All of it is stored already.
    Nothing,
    /// The user has no master key yet: no proof is asked for (MSC3967).
    First,
    /// Keys are added or replaced: the owner must prove who they are.
    Replacement,
}

impl Keys {
    /// What an upload would change. Signatures are checked first, so that nobody proves anything in vain.
    ///
    /// # Errors
    /// [`KeysError::NoMasterKey`], or [`KeysError::InvalidSignature`] for a key that the master key did not sign.
    pub async fn cross_signing_change(
        &self,
        reader: &Reader,
        user: &UserId,
        upload: &CrossSigningUpload,
    ) -> Result<CrossSigningChange, KeysError> {
        let stored = self.stored_cross_signing(reader, user).await?;
        let master = upload.key(Usage::Master).or_else(|| find(&stored, Usage::Master));
        for usage in [Usage::SelfSigning, Usage::UserSigning] {
            let Some(key) = upload.key(usage) else { continue };
            let master = master.ok_or(KeysError::NoMasterKey)?;
            match key.signed.signature(user, &master.id(), &master.public) {
                Signature::Valid => {}
                Signature::Absent | Signature::Forged => {
                    return Err(KeysError::InvalidSignature("the key is not signed by the master key"));
                }
            }
        }
        self.check_device_signatures(reader, user, upload).await?;
        let known = |key: &CrossSigningKey| {
            find(&stored, key.usage).is_some_and(|old| old.signed.signed_text() == key.signed.signed_text())
        };
        Ok(if upload.keys.iter().all(known) {
            CrossSigningChange::Nothing
        } else if find(&stored, Usage::Master).is_none() {
            CrossSigningChange::First
        } else {
            CrossSigningChange::Replacement
        })
    }

    /// A master key may come with signatures of the user's devices; those that are there must hold.
    async fn check_device_signatures(
        &self,
        reader: &Reader,
        user: &UserId,
        upload: &CrossSigningUpload,
    ) -> Result<(), KeysError> {
        let Some(master) = upload.key(Usage::Master) else { return Ok(()) };
        for (id, _) in master.signed.signatures_of(user) {
            let Some(device) = id.strip_prefix("ed25519:") else { continue };
            let Some(device) = self.stored_device_keys(reader, user, device.into()).await? else { continue };
            if master.signed.signature(user, id, &device.ed25519) == Signature::Forged {
                return Err(KeysError::InvalidSignature("a device's signature on the master key is wrong"));
            }
        }
        Ok(())
    }

    /// Puts the keys into the batch, with the condition that what they replace is still there. A new master key takes
    /// the place of everything that the old one had signed. Answers whether anything changes.
    ///
    /// # Errors
    /// As [`Keys::cross_signing_change`].
    pub async fn add_cross_signing(
        &self,
        reader: &Reader,
        batch: &mut Batch,
        user: &UserId,
        upload: &CrossSigningUpload,
    ) -> Result<CrossSigningChange, KeysError> {
        let change = self.put_cross_signing(reader, batch, user, upload).await?;
        if change != CrossSigningChange::Nothing {
            self.mark_device_list(reader, batch, user).await?;
        }
        Ok(change)
    }

    /// The same without a word to anybody.
    pub(crate) async fn put_cross_signing(
        &self,
        reader: &Reader,
        batch: &mut Batch,
        user: &UserId,
        upload: &CrossSigningUpload,
    ) -> Result<CrossSigningChange, KeysError> {
        let change = self.cross_signing_change(reader, user, upload).await?;
        if change == CrossSigningChange::Nothing {
            return Ok(change);
        }
        let stored = self.stored_cross_signing(reader, user).await?;
        let new_master = upload
            .key(Usage::Master)
            .is_some_and(|new| find(&stored, Usage::Master).is_none_or(|old| old.public != new.public));
        for usage in Usage::ALL {
            let place = (user.to_owned(), usage as u8);
            let (old, new) = (find(&stored, usage), upload.key(usage));
            batch.expect_read(&CROSS_SIGNING_KEY, &place, old.map(|old| old.signed.text()).as_ref());
            let gone = old.filter(|old| match new {
                Some(new) => new.public != old.public,
                None => new_master,
            });
            if let Some(old) = gone {
                self.delete_signatures_of(reader, batch, user, old).await?;
            }
            match new {
                Some(new) => _ = batch.put(&CROSS_SIGNING_KEY, &place, &new.signed.text()),
                None if new_master => _ = batch.delete(&CROSS_SIGNING_KEY, &place),
                None => {}
            }
        }
        Ok(change)
    }

    /// Deletes what this key signed of the user's own keys, and what they signed of it.
    async fn delete_signatures_of(
        &self,
        reader: &Reader,
        batch: &mut Batch,
        user: &UserId,
        old: &CrossSigningKey,
    ) -> Result<(), StoreError> {
        let prefix = (user.to_owned(), user.to_owned());
        for place in reader.scan_keys(&KEY_SIGNATURE, Scan::prefix(&prefix)).await? {
            if place.2 == old.public || place.3 == old.id() {
                batch.delete(&KEY_SIGNATURE, &place);
            }
        }
        Ok(())
    }

    /// The user's cross-signing keys, master first.
    pub(crate) async fn stored_cross_signing(
        &self,
        reader: &Reader,
        user: &UserId,
    ) -> Result<Vec<CrossSigningKey>, KeysError> {
        let rows = reader.scan(&CROSS_SIGNING_KEY, Scan::prefix(&user.to_owned())).await?;
        let keys = rows.into_iter().map(|(place, text)| parse(&place, &text));
        keys.collect()
    }
}

fn parse(place: &(OwnedUserId, u8), text: &str) -> Result<CrossSigningKey, KeysError> {
    let corrupt = |detail: String| StoreError::Corrupt { table: "cross_signing_key", detail: detail.into() };
    let usage = Usage::ALL.into_iter().find(|usage| *usage as u8 == place.1);
    let usage = usage.ok_or_else(|| corrupt(format!("{} is no usage", place.1)))?;
    let signed = Signed::parse(text, usage.field(), usize::MAX);
    signed
        .and_then(|signed| CrossSigningKey::of(signed, usage))
        .map_err(|error| corrupt(error.to_string()).into())
}

pub(crate) fn find(keys: &[CrossSigningKey], usage: Usage) -> Option<&CrossSigningKey> {
    keys.iter().find(|key| key.usage == usage)
}
