//! Registration by a secret that the operator shares with a tool, in the form that Synapse made
//! common: a nonce, and an HMAC-SHA1 over nonce, name, password and role.

use std::collections::VecDeque;

use hmac::{Hmac, KeyInit, Mac};
use parking_lot::Mutex;
use sha1::Sha1;

use crate::{
    AccountError, Accounts, DeviceChoice, NewUser, Registered,
    limits::{NONCE_MS, NONCES_MAX},
};

const NONCE_LENGTH: usize = 64;

/// A request to `POST /_synapse/admin/v1/register`.
#[derive(Clone)]
pub struct SharedSecretRegistration {
    /// The nonce from the GET of the same endpoint.
    pub nonce: String,
    /// The localpart as it was signed; capitals become small afterwards.
    pub username: String,
    /// The password.
    pub password: String,
    /// Whether the account administrates this server.
    pub admin: bool,
    /// A user type that some tools sign as well.
    pub user_type: Option<String>,
    /// The display name.
    pub display_name: Option<String>,
    /// The HMAC in hexadecimal.
    pub mac: String,
    /// On which device the session is wanted.
    pub device: DeviceChoice,
}

/// Nonces that were given out and not used, oldest first.
#[derive(Default)]
pub(crate) struct Nonces(Mutex<VecDeque<(String, u64)>>);

impl Accounts {
    /// A nonce for one registration within the next minute.
    pub fn shared_secret_nonce(&self) -> Result<String, AccountError> {
        if self.0.settings.registration_shared_secret.is_none() {
            return Err(AccountError::SharedSecretDisabled);
        }
        let nonce = self.0.rng.string(NONCE_LENGTH);
        let mut nonces = self.0.nonces.0.lock();
        if nonces.len() >= NONCES_MAX {
            nonces.pop_front();
        }
        nonces.push_back((nonce.clone(), self.0.clock.now_ms().saturating_add(NONCE_MS)));
        Ok(nonce)
    }

    /// Creates the account if the request is signed with the shared secret. The nonce is spent either way.
    pub async fn register_with_shared_secret(
        &self,
        request: SharedSecretRegistration,
    ) -> Result<Registered, AccountError> {
        let secret = self.0.settings.registration_shared_secret.as_deref();
        let secret = secret.ok_or(AccountError::SharedSecretDisabled)?;
        self.spend_nonce(&request.nonce)?;
        check_mac(secret, &request)?;
        let new = NewUser {
            localpart: request.username,
            password: Some(request.password),
            admin: request.admin,
            display_name: request.display_name,
        };
        self.create_with(new, Some(request.device), None).await
    }

    fn spend_nonce(&self, nonce: &str) -> Result<(), AccountError> {
        let now_ms = self.0.clock.now_ms();
        let mut nonces = self.0.nonces.0.lock();
        nonces.retain(|(_, expires_ms)| now_ms < *expires_ms);
        let place = nonces.iter().position(|(known, _)| known == nonce).ok_or(AccountError::UnknownNonce)?;
        nonces.remove(place);
        Ok(())
    }
}

fn check_mac(secret: &str, request: &SharedSecretRegistration) -> Result<(), AccountError> {
    let mut mac =
        Hmac::<Sha1>::new_from_slice(secret.as_bytes()).map_err(|_| AccountError::SharedSecretDisabled)?;
    let role = if request.admin { "admin" } else { "notadmin" };
    let mut parts = vec![&*request.nonce, &*request.username, &*request.password, role];
    parts.extend(request.user_type.as_deref());
    for (index, part) in parts.into_iter().enumerate() {
        if index > 0 {
            mac.update(&[0]);
        }
        mac.update(part.as_bytes());
    }
    let given = decode_hex(&request.mac).ok_or(AccountError::WrongMac)?;
    // Compared in constant time.
    mac.verify_slice(&given).map_err(|_| AccountError::WrongMac)
}

fn decode_hex(text: &str) -> Option<Vec<u8>> {
    if !text.len().is_multiple_of(2) || !text.is_ascii() {
        return None;
    }
    (0..text.len()).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16).ok()).collect()
}
