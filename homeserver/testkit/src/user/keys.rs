//! What a client does for end-to-end encryption.

use serde_json::{Value, json};

use super::User;
use crate::{Answer, SigningKey};

impl User {
    /// Uploads keys of this device.
    pub async fn uploads_keys(&self, body: Value) -> Answer {
        self.post("/_matrix/client/v3/keys/upload", body).await
    }

    /// Uploads identity keys and this many one-time keys, numbered from zero.
    pub async fn uploads_keys_of(&self, signer: &SigningKey, one_time: u32) -> Answer {
        self.uploads_keys(json!({
            "device_keys": signer.keys_of(self),
            "one_time_keys": signer.one_time_keys(&self.id, &self.device_id, 0..one_time),
        }))
        .await
    }

    /// Looks up all keys of these users.
    pub async fn queries_keys<const N: usize>(&self, users: [&User; N]) -> Value {
        let wanted: serde_json::Map<String, Value> =
            users.iter().map(|user| (user.id.clone(), json!([]))).collect();
        self.post("/_matrix/client/v3/keys/query", json!({ "device_keys": wanted })).await.ok()
    }

    /// Claims a key of one device; answers its id and the key.
    pub async fn claims_key(&self, of: &User) -> Option<(String, Value)> {
        let wanted = json!({ of.id.as_str(): { of.device_id.as_str(): "signed_curve25519" } });
        let body = self.post("/_matrix/client/v3/keys/claim", json!({ "one_time_keys": wanted })).await.ok();
        let keys = body["one_time_keys"][&of.id][&of.device_id].as_object()?;
        let (id, key) = keys.iter().next()?;
        Some((id.clone(), key.clone()))
    }
}
