//! The keys of this server: what it signs with, what it signed with, and how it tells others.

use std::sync::Arc;

use ruma::{
    CanonicalJsonObject, CanonicalJsonValue, Int, ServerName,
    serde::Base64,
    signatures::{Ed25519KeyPair, JsonError, sign_json},
};

use crate::limits::OWN_KEY_VALIDITY_MS;

/// A key that this server no longer signs with. Its public half stays published, for the events it signed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OldKey {
    /// `ed25519:a_1`.
    pub id: String,
    /// The public key, unpadded base64.
    pub key: String,
    /// When it was retired, in milliseconds since 1970.
    pub expired_ms: u64,
}

/// All keys of this server. Cloning it is cheap.
#[derive(Clone)]
pub struct OwnKeys(Arc<Inner>);

struct Inner {
    current: Arc<Ed25519KeyPair>,
    old: Vec<OldKey>,
}

impl OwnKeys {
    /// The key that signs, and those that signed before it.
    #[must_use]
    pub fn new(current: Arc<Ed25519KeyPair>, old: Vec<OldKey>) -> Self {
        Self(Arc::new(Inner { current, old }))
    }

    /// The key that signs.
    #[must_use]
    pub fn current(&self) -> &Arc<Ed25519KeyPair> {
        &self.0.current
    }

    /// Its id, `ed25519:a_1`.
    #[must_use]
    pub fn current_id(&self) -> String {
        format!("ed25519:{}", self.0.current.version())
    }

    /// Its public half, unpadded base64.
    #[must_use]
    pub fn current_public(&self) -> String {
        Base64::<ruma::serde::base64::Standard, _>::new(self.0.current.public_key().to_vec()).encode()
    }

    /// The keys that signed before.
    #[must_use]
    pub fn old(&self) -> &[OldKey] {
        &self.0.old
    }

    /// What `GET /_matrix/key/v2/server` answers at `now_ms`: all keys, signed by the current one.
    ///
    /// # Errors
    /// When ruma cannot sign, which does not happen for what is put together here.
    pub fn published(&self, server_name: &ServerName, now_ms: u64) -> Result<CanonicalJsonObject, JsonError> {
        let mut current = CanonicalJsonObject::new();
        current.insert(self.current_id(), object([("key", text(self.current_public()))]));
        let old = self.0.old.iter().map(|old| {
            let fields = [("key", text(old.key.clone())), ("expired_ts", number(old.expired_ms))];
            (old.id.clone(), object(fields))
        });
        let mut keys = CanonicalJsonObject::new();
        keys.insert("server_name".to_owned(), text(server_name.as_str().to_owned()));
        keys.insert("verify_keys".to_owned(), CanonicalJsonValue::Object(current));
        keys.insert("old_verify_keys".to_owned(), CanonicalJsonValue::Object(old.collect()));
        keys.insert("valid_until_ts".to_owned(), number(now_ms.saturating_add(OWN_KEY_VALIDITY_MS)));
        self.sign(server_name, &mut keys)?;
        Ok(keys)
    }

    /// Adds our signature to an object.
    ///
    /// # Errors
    /// When its `signatures` are no object.
    pub fn sign(&self, server_name: &ServerName, object: &mut CanonicalJsonObject) -> Result<(), JsonError> {
        sign_json(server_name.as_str(), &*self.0.current, object)
    }
}

fn object<const N: usize>(fields: [(&str, CanonicalJsonValue); N]) -> CanonicalJsonValue {
    CanonicalJsonValue::Object(fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect())
}

fn text(text: String) -> CanonicalJsonValue {
    CanonicalJsonValue::String(text)
}

fn number(number: u64) -> CanonicalJsonValue {
    CanonicalJsonValue::Integer(Int::new_saturating(i64::try_from(number).unwrap_or(i64::MAX)))
}
