//! What others may know of a person's keys, put together from what was uploaded and what was signed later.
//! <https://spec.matrix.org/v1.19/client-server-api/#post_matrixclientv3keysquery>

use std::collections::BTreeMap;

use ruma::{OwnedDeviceId, OwnedUserId, UserId};
use store::{Reader, Scan, StoreError};

use crate::{
    Keys, KeysError, Usage,
    limits::{DEVICES_PER_USER_MAX, SIGNATURES_PER_USER_MAX},
    signed::Signed,
    tables::{CROSS_SIGNING_KEY, DEVICE_KEYS, KEY_SIGNATURE},
};

/// The keys of one user as one asker sees them: JSON texts.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct PublishedKeys {
    /// Identity keys by device.
    pub devices: BTreeMap<OwnedDeviceId, String>,
    /// The master key.
    pub master: Option<String>,
    /// The self-signing key.
    pub self_signing: Option<String>,
    /// The user-signing key, for its owner alone.
    pub user_signing: Option<String>,
}

/// Signatures that were added later: the signed key, who signed, with which key, the signature.
type Added = (String, OwnedUserId, String, String);

impl Keys {
    /// The keys of `user` as `asker` sees them, or as another server does. `names` holds the devices that exist, each with its display name;
    /// keys of other devices are left out.
    ///
    /// # Errors
    /// Whatever the store answers.
    pub async fn published(
        &self,
        reader: &Reader,
        asker: Option<&UserId>,
        user: &UserId,
        names: &BTreeMap<OwnedDeviceId, Option<String>>,
    ) -> Result<PublishedKeys, KeysError> {
        let mut published = PublishedKeys::default();
        let owner = user.to_owned();
        let cross_signing = reader.scan(&CROSS_SIGNING_KEY, Scan::prefix(&owner)).await?;
        let devices = if names.is_empty() {
            Vec::new()
        } else {
            reader.scan(&DEVICE_KEYS, Scan::prefix(&owner).limit(DEVICES_PER_USER_MAX)).await?
        };
        let added = if cross_signing.is_empty() {
            Vec::new()
        } else {
            self.added_signatures(reader, asker, user).await?
        };
        for ((_, device), text) in devices {
            let Some(name) = names.get(&device) else { continue };
            let text = with_additions(&text, device.as_str(), &added, name.as_deref())?;
            published.devices.insert(device, text);
        }
        for ((_, usage), text) in cross_signing {
            let place = match usage {
                usage if usage == Usage::Master as u8 => &mut published.master,
                usage if usage == Usage::SelfSigning as u8 => &mut published.self_signing,
                usage if usage == Usage::UserSigning as u8 && asker == Some(user) => {
                    &mut published.user_signing
                }
                _ => continue,
            };
            *place = Some(with_signatures(&text, &added)?);
        }
        Ok(published)
    }

    /// The keys of a user of another server, as that server gave them, with what `asker` signed of them here.
    ///
    /// # Errors
    /// Whatever the store answers.
    pub async fn with_own_signatures(
        &self,
        reader: &Reader,
        asker: &UserId,
        user: &UserId,
        mut keys: PublishedKeys,
    ) -> Result<PublishedKeys, KeysError> {
        let added = self.added_signatures(reader, Some(asker), user).await?;
        // A key without the form of one is handed on as it is: its reader has to check it anyway.
        if let Some(master) = &mut keys.master
            && let Ok(signed) = with_signatures(master, &added)
        {
            *master = signed;
        }
        Ok(keys)
    }

    /// Signatures of the owner and of the asker; what others verified is nobody else's business.
    async fn added_signatures(
        &self,
        reader: &Reader,
        asker: Option<&UserId>,
        user: &UserId,
    ) -> Result<Vec<Added>, StoreError> {
        let mut added = Vec::new();
        let signers = [Some(user), asker.filter(|asker| *asker != user)];
        for signer in signers.into_iter().flatten() {
            let prefix = (user.to_owned(), signer.to_owned());
            let scan = Scan::prefix(&prefix).limit(SIGNATURES_PER_USER_MAX);
            for ((_, signer, target, key_id), signature) in reader.scan(&KEY_SIGNATURE, scan).await? {
                added.push((target, signer, key_id, signature));
            }
        }
        Ok(added)
    }
}

fn with_additions(
    text: &str,
    target: &str,
    added: &[Added],
    name: Option<&str>,
) -> Result<String, KeysError> {
    let mut own = added.iter().filter(|(signed, ..)| signed == target).peekable();
    if own.peek().is_none() && name.is_none() {
        return Ok(text.to_owned());
    }
    let mut signed = Signed::parse(text, "device_keys", usize::MAX)?;
    for (_, signer, key_id, signature) in own {
        signed.add_signature(signer, key_id, signature);
    }
    if let Some(name) = name {
        signed.set_display_name(name);
    }
    Ok(signed.text())
}

/// The same for a cross-signing key, whose name is its public key.
fn with_signatures(text: &str, added: &[Added]) -> Result<String, KeysError> {
    if added.is_empty() {
        return Ok(text.to_owned());
    }
    let mut signed = Signed::parse(text, "a cross-signing key", usize::MAX)?;
    let public = signed.required_map("keys")?.first().map(|(_, public)| (*public).to_owned());
    for (target, signer, key_id, signature) in added {
        if public.as_deref() == Some(target) {
            signed.add_signature(signer, key_id, signature);
        }
    }
    Ok(signed.text())
}
