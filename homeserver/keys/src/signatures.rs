//! Signatures that are added to keys later. Three kinds are taken, each checked before it is stored: an own device by
//! the self-signing key, the own master key by an own device, another's master key by the user-signing key.
//! <https://spec.matrix.org/v1.19/client-server-api/#post_matrixclientv3keyssignaturesupload>

use std::collections::{BTreeMap, BTreeSet};

use ruma::{DeviceId, OwnedDeviceId, OwnedUserId, UserId};
use serde_json::value::RawValue;
use store::{Batch, Reader, Scan};

use crate::{
    Keys, KeysError, Usage,
    cross_signing::find,
    limits::{CROSS_SIGNING_KEY_BYTES_MAX, KEY_ID_BYTES_MAX, SIGNED_OBJECTS_PER_UPLOAD_MAX},
    signed::{Signature, Signed},
    tables::{DEVICE_KEYS, KEY_SIGNATURE},
};

/// Signed objects as they came: by owner, then by device id or public key.
pub type SignatureUpload = BTreeMap<OwnedUserId, BTreeMap<String, Box<RawValue>>>;

/// Why one signed object was not taken.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum SignatureFailure {
    /// The owner has no such key, or none that the sender may sign.
    UnknownKey,
    /// The object is malformed or too large.
    Malformed,
    /// The object is not the key that the server knows.
    OtherKey,
    /// No signature of a kind that is taken here.
    NoSignature,
    /// A signature does not hold.
    Forged,
}

/// What an upload of signatures changes.
#[derive(Debug, Default)]
pub struct SignaturesAdded {
    /// What was refused, by owner and key.
    pub failures: BTreeMap<OwnedUserId, BTreeMap<String, SignatureFailure>>,
    /// The sender's own keys got signatures: the caller announces it to those who share a room.
    pub own_changed: bool,
    /// Users whose master key the sender signed.
    pub signed: BTreeSet<OwnedUserId>,
}

/// A signature that holds: on which key, with which key, and its text.
struct Checked {
    target: String,
    key_id: String,
    signature: String,
}

impl Keys {
    /// Checks signatures one by one and puts the good ones into the batch.
    ///
    /// # Errors
    /// [`KeysError::TooLarge`] for more objects than [`SIGNED_OBJECTS_PER_UPLOAD_MAX`]; a bad object is no error but a
    /// failure in the answer.
    pub async fn add_signatures(
        &self,
        reader: &Reader,
        batch: &mut Batch,
        signer: &UserId,
        upload: &SignatureUpload,
    ) -> Result<SignaturesAdded, KeysError> {
        let size = upload.values().map(BTreeMap::len).sum();
        if size > SIGNED_OBJECTS_PER_UPLOAD_MAX {
            let (what, max) = ("signed objects", SIGNED_OBJECTS_PER_UPLOAD_MAX);
            return Err(KeysError::TooLarge { what, size, max });
        }
        let mut added = SignaturesAdded::default();
        for (owner, objects) in upload {
            for (name, json) in objects {
                match self.check_object(reader, signer, owner, name, json.get()).await? {
                    Ok(checked) => {
                        if self.put_signatures(reader, batch, signer, owner, checked).await? {
                            if owner == signer {
                                added.own_changed = true;
                            } else {
                                added.signed.insert(owner.clone());
                            }
                        }
                    }
                    Err(failure) => {
                        let failures = added.failures.entry(owner.clone()).or_default();
                        failures.insert(name.clone(), failure);
                    }
                }
            }
        }
        if added.own_changed {
            self.mark_device_list(reader, batch, signer).await?;
        }
        for user in &added.signed {
            self.mark_signed_user(reader, batch, signer, user).await?;
        }
        Ok(added)
    }

    async fn check_object(
        &self,
        reader: &Reader,
        signer: &UserId,
        owner: &UserId,
        name: &str,
        json: &str,
    ) -> Result<Result<Vec<Checked>, SignatureFailure>, KeysError> {
        if name.is_empty() || name.len() > KEY_ID_BYTES_MAX {
            return Ok(Err(SignatureFailure::UnknownKey));
        }
        let Ok(object) = Signed::parse(json, "a signed object", CROSS_SIGNING_KEY_BYTES_MAX) else {
            return Ok(Err(SignatureFailure::Malformed));
        };
        let theirs = self.stored_cross_signing(reader, owner).await?;
        let master = find(&theirs, Usage::Master).filter(|master| master.public == name);
        match (owner == signer, master) {
            (true, Some(master)) if same(&master.signed, &object) => {
                self.by_own_devices(reader, signer, name, &object).await
            }
            (true, None) => self.own_device(reader, signer, name, &object).await,
            (false, Some(master)) if same(&master.signed, &object) => {
                let ours = self.stored_cross_signing(reader, signer).await?;
                let key = find(&ours, Usage::UserSigning).map(|key| (key.id(), key.public.as_str()));
                Ok(by_key(signer, name, &object, key))
            }
            (_, Some(_)) => Ok(Err(SignatureFailure::OtherKey)),
            (false, None) => Ok(Err(SignatureFailure::UnknownKey)),
        }
    }

    async fn own_device(
        &self,
        reader: &Reader,
        signer: &UserId,
        name: &str,
        object: &Signed,
    ) -> Result<Result<Vec<Checked>, SignatureFailure>, KeysError> {
        let Some(device) = self.stored_device_keys(reader, signer, name.into()).await? else {
            return Ok(Err(SignatureFailure::UnknownKey));
        };
        if !same(&device.signed, object) {
            return Ok(Err(SignatureFailure::OtherKey));
        }
        let ours = self.stored_cross_signing(reader, signer).await?;
        let key = find(&ours, Usage::SelfSigning).map(|key| (key.id(), key.public.as_str()));
        Ok(by_key(signer, name, object, key))
    }

    async fn by_own_devices(
        &self,
        reader: &Reader,
        signer: &UserId,
        name: &str,
        object: &Signed,
    ) -> Result<Result<Vec<Checked>, SignatureFailure>, KeysError> {
        let mut checked = Vec::new();
        for (key_id, signature) in object.signatures_of(signer) {
            let Some(device) = key_id.strip_prefix("ed25519:") else { continue };
            let device: &DeviceId = device.into();
            let Some(keys) = self.stored_device_keys(reader, signer, device).await? else { continue };
            if object.signature(signer, key_id, &keys.ed25519) != Signature::Valid {
                return Ok(Err(SignatureFailure::Forged));
            }
            checked.push(Checked {
                target: name.to_owned(),
                key_id: key_id.to_owned(),
                signature: signature.to_owned(),
            });
        }
        if checked.is_empty() { Ok(Err(SignatureFailure::NoSignature)) } else { Ok(Ok(checked)) }
    }

    /// Stores signatures on a key; answers whether any is new. Of a signer's keys only the newest signature on another
    /// person stays: older ones were made with keys that were replaced.
    async fn put_signatures(
        &self,
        reader: &Reader,
        batch: &mut Batch,
        signer: &UserId,
        owner: &UserId,
        checked: Vec<Checked>,
    ) -> Result<bool, KeysError> {
        let mut changed = false;
        for Checked { target, key_id, signature } in checked {
            let place = (owner.to_owned(), signer.to_owned(), target, key_id);
            let old = reader.get(&KEY_SIGNATURE, &place).await?;
            if old.as_ref() == Some(&signature) {
                continue;
            }
            if owner != signer {
                let prefix = (place.0.clone(), place.1.clone());
                for older in reader.scan_keys(&KEY_SIGNATURE, Scan::prefix(&prefix)).await? {
                    batch.delete(&KEY_SIGNATURE, &older);
                }
            } else {
                let device = (owner.to_owned(), OwnedDeviceId::from(place.2.as_str()));
                if let Some(text) = reader.get(&DEVICE_KEYS, &device).await? {
                    // The signature is for these keys and no others.
                    batch.expect_eq(&DEVICE_KEYS, &device, &text);
                }
            }
            batch.put(&KEY_SIGNATURE, &place, &signature);
            changed = true;
        }
        Ok(changed)
    }
}

fn same(stored: &Signed, given: &Signed) -> bool {
    stored.signed_text() == given.signed_text()
}

fn by_key(
    signer: &UserId,
    name: &str,
    object: &Signed,
    key: Option<(String, &str)>,
) -> Result<Vec<Checked>, SignatureFailure> {
    let Some((key_id, public)) = key else { return Err(SignatureFailure::NoSignature) };
    match object.signature(signer, &key_id, public) {
        Signature::Valid => {}
        Signature::Forged => return Err(SignatureFailure::Forged),
        Signature::Absent => return Err(SignatureFailure::NoSignature),
    }
    let signatures = object.signatures_of(signer).into_iter();
    let own = signatures.filter(|(id, _)| *id == key_id);
    let checked = own.map(|(_, signature)| Checked {
        target: name.to_owned(),
        key_id: key_id.clone(),
        signature: signature.to_owned(),
    });
    Ok(checked.collect())
}
