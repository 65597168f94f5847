//! Signing: id tokens and tokens of logout, right ones and wrong ones.

use base::Clock;
use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use openidconnect::{
    JsonWebKeyId, PrivateSigningKey as _,
    core::{CoreHmacKey, CoreJwsSigningAlgorithm, CoreRsaPrivateSigningKey},
};
use serde_json::{Value, json};

use super::{CLIENT_ID, CLIENT_SECRET, Fault, Granted, Shared};

const KEYS: [&str; 2] = [include_str!("key.pem"), include_str!("next_key.pem")];

/// Seconds since 1970.
pub(super) fn now_seconds() -> u64 {
    Clock::system().now_ms() / 1_000
}

/// The key in use.
pub(super) struct Keys {
    current: usize,
}

impl Keys {
    pub fn new() -> Self {
        Self { current: 0 }
    }

    pub fn change(&mut self) {
        self.current = 1 - self.current;
    }

    fn key(number: usize) -> CoreRsaPrivateSigningKey {
        let id = JsonWebKeyId::new(format!("key-{number}"));
        CoreRsaPrivateSigningKey::from_pem(KEYS[number], Some(id)).expect("the key is one")
    }

    /// What is published.
    pub fn public(&self) -> Value {
        json!({"keys": [Self::key(self.current).as_verification_key()]})
    }

    pub fn sign(&self, kind: &str, claims: &Value) -> String {
        Self::sign_by(self.current, &format!("key-{}", self.current), kind, claims)
    }

    /// By the key that is not published, under the name of the one that is.
    fn sign_falsely(&self, claims: &Value) -> String {
        Self::sign_by(1 - self.current, &format!("key-{}", self.current), "JWT", claims)
    }

    fn sign_by(number: usize, id: &str, kind: &str, claims: &Value) -> String {
        let signed = unsigned(&json!({"alg": "RS256", "typ": kind, "kid": id}), claims);
        let algorithm = CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha256;
        let signature = Self::key(number).sign(&algorithm, signed.as_bytes()).expect("the key signs");
        format!("{signed}.{}", BASE64_URL_SAFE_NO_PAD.encode(signature))
    }
}

fn unsigned(header: &Value, claims: &Value) -> String {
    let part = |value: &Value| BASE64_URL_SAFE_NO_PAD.encode(value.to_string());
    format!("{}.{}", part(header), part(claims))
}

/// The id token for a code, with the fault of the hour.
pub(super) fn id_token(shared: &Shared, granted: &Granted) -> String {
    let now = now_seconds();
    let mut claims = json!({
        "iss": shared.issuer,
        "aud": CLIENT_ID,
        "iat": now,
        "exp": now + 300,
        "nonce": granted.nonce,
        "auth_time": now,
    });
    for name in ["sub", "sid", "name"] {
        if let Some(value) = granted.person.get(name) {
            claims[name] = value.clone();
        }
    }
    let keys = shared.keys.lock();
    let fault = *shared.fault.lock();
    match fault {
        Some(Fault::WrongNonce) => claims["nonce"] = json!("another"),
        Some(Fault::NoNonce) => {
            claims.as_object_mut().and_then(|claims| claims.remove("nonce"));
        }
        Some(Fault::WrongAudience) => claims["aud"] = json!("another"),
        Some(Fault::FurtherAudience) => claims["aud"] = json!([CLIENT_ID, "another"]),
        Some(Fault::WrongIssuer) => claims["iss"] = json!("https://evil.example.org"),
        Some(Fault::Expired) => claims["exp"] = json!(now - 3_600),
        Some(Fault::NotYet) => claims["iat"] = json!(now + 3_600),
        Some(Fault::AskedNobody) => claims["auth_time"] = json!(now - 3_600),
        Some(Fault::NoAuthTime) => {
            claims.as_object_mut().and_then(|claims| claims.remove("auth_time"));
        }
        Some(Fault::Unsigned) => return format!("{}.", unsigned(&json!({"alg": "none"}), &claims)),
        Some(Fault::SharedSecret) => {
            let signed = unsigned(&json!({"alg": "HS256"}), &claims);
            let signature = CoreHmacKey::new(CLIENT_SECRET)
                .sign(&CoreJwsSigningAlgorithm::HmacSha256, signed.as_bytes())
                .expect("a secret signs");
            return format!("{signed}.{}", BASE64_URL_SAFE_NO_PAD.encode(signature));
        }
        Some(Fault::ForeignKey) => return keys.sign_falsely(&claims),
        Some(Fault::Tampered) => {
            let good = keys.sign("JWT", &claims);
            let (header, rest) = good.split_once('.').expect("a token has parts");
            let (_, signature) = rest.split_once('.').expect("a token has parts");
            claims["sub"] = json!("root");
            return format!("{header}.{}.{signature}", BASE64_URL_SAFE_NO_PAD.encode(claims.to_string()));
        }
        _ => {}
    }
    keys.sign("JWT", &claims)
}
