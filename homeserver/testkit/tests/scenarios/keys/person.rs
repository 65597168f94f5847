//! A person with keys of their own, and what they see of others'.

use serde_json::{Value, json};
use testkit::{SigningKey, User};

pub(super) const CROSS_SIGNING: &str = "/_matrix/client/v3/keys/device_signing/upload";

pub(super) const SIGNATURES: &str = "/_matrix/client/v3/keys/signatures/upload";

/// The three keys of a person.
pub(super) struct Person {
    pub(super) master: SigningKey,
    pub(super) self_signing: SigningKey,
    pub(super) user_signing: SigningKey,
}

impl Person {
    pub(super) fn new(number: u8) -> Self {
        let [master, self_signing, user_signing] = [0, 1, 2].map(|n| SigningKey::new(number + n));
        Self { master, self_signing, user_signing }
    }

    /// The upload that a client makes when it sets up cross-signing.
    pub(super) fn upload(&self, user: &User) -> Value {
        let mut self_signing = self.self_signing.cross_signing_key(&user.id, "self_signing");
        let mut user_signing = self.user_signing.cross_signing_key(&user.id, "user_signing");
        self.master.sign(&mut self_signing, &user.id, &self.master.public());
        self.master.sign(&mut user_signing, &user.id, &self.master.public());
        json!({
            "master_key": self.master.cross_signing_key(&user.id, "master"),
            "self_signing_key": self_signing,
            "user_signing_key": user_signing,
        })
    }
}

pub(super) async fn signs(user: &User, owner: &User, name: &str, object: &Value) -> Value {
    let body = json!({ owner.id.as_str(): { name: object } });
    user.post(SIGNATURES, body).await.ok()["failures"].clone()
}

pub(super) fn changed(sync: &Value) -> &Value {
    &sync["device_lists"]["changed"]
}

pub(super) fn count(sync: &Value) -> u64 {
    sync["device_one_time_keys_count"]["signed_curve25519"].as_u64().unwrap()
}
