//! A signed token of an identity provider in its compact form.
//!
//! Id tokens are verified by `openidconnect`; this reads all their claims afterwards, and verifies the tokens of
//! back-channel logout, for which that library has no type.

use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use openidconnect::{
    JsonWebKey as _, JsonWebKeyId, JsonWebKeyUse as _,
    core::{CoreJsonWebKeySet, CoreJwsSigningAlgorithm},
};
use serde::Deserialize;
use serde_json::{Map, Value};

/// The algorithms that are accepted: all of them need the provider's private key, none a secret that we share.
pub(super) const ALGORITHMS: [CoreJwsSigningAlgorithm; 9] = [
    CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha256,
    CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha384,
    CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha512,
    CoreJwsSigningAlgorithm::RsaSsaPssSha256,
    CoreJwsSigningAlgorithm::RsaSsaPssSha384,
    CoreJwsSigningAlgorithm::RsaSsaPssSha512,
    CoreJwsSigningAlgorithm::EcdsaP256Sha256,
    CoreJwsSigningAlgorithm::EcdsaP384Sha384,
    CoreJwsSigningAlgorithm::EdDsa,
];

/// Why a signature is not one.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum SignatureFault {
    /// No key of the provider fits; its keys may have changed.
    UnknownKey,
    /// The signature is wrong, absent, or of an algorithm that is not accepted.
    Wrong,
}

#[derive(Deserialize)]
struct Header {
    alg: CoreJwsSigningAlgorithm,
    kid: Option<JsonWebKeyId>,
    crit: Option<Value>,
}

/// A token that was read and not verified.
pub(super) struct Jwt<'a> {
    header: Header,
    /// What it says.
    pub claims: Map<String, Value>,
    signed: &'a str,
    signature: Vec<u8>,
}

impl<'a> Jwt<'a> {
    /// Nothing for what is no signed token.
    pub fn read(text: &'a str) -> Option<Self> {
        let (signed, signature) = text.rsplit_once('.')?;
        let (header, claims) = signed.split_once('.')?;
        let part = |part: &str| BASE64_URL_SAFE_NO_PAD.decode(part).ok();
        Some(Self {
            header: serde_json::from_slice(&part(header)?).ok()?,
            claims: serde_json::from_slice(&part(claims)?).ok()?,
            signed,
            signature: part(signature)?,
        })
    }

    /// Checks the signature by the provider's keys.
    pub fn verify(&self, keys: &CoreJsonWebKeySet) -> Result<(), SignatureFault> {
        if !ALGORITHMS.contains(&self.header.alg) || self.header.crit.is_some() {
            return Err(SignatureFault::Wrong);
        }
        let mut fault = SignatureFault::UnknownKey;
        for key in keys.keys() {
            let fits = self.header.kid.is_none() || key.key_id() == self.header.kid.as_ref();
            if !fits || key.key_use().is_some_and(|purpose| !purpose.allows_signature()) {
                continue;
            }
            match key.verify_signature(&self.header.alg, self.signed.as_bytes(), &self.signature) {
                Ok(()) => return Ok(()),
                Err(_) => fault = SignatureFault::Wrong,
            }
        }
        Err(fault)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_signed_token_is_not_read() {
        let header = BASE64_URL_SAFE_NO_PAD.encode(r#"{"alg":"RS256"}"#);
        for text in ["", ".", "..", "a.b", "a.b.c", "a.b.c.d.e", &format!("{header}..")] {
            assert!(Jwt::read(text).is_none(), "{text}");
        }
    }

    #[test]
    fn no_signature_a_shared_secret_and_an_unknown_key_verify_nothing() {
        let claims = BASE64_URL_SAFE_NO_PAD.encode(r#"{"sub":"a"}"#);
        for (header, fault) in [
            (r#"{"alg":"none"}"#, SignatureFault::Wrong),
            (r#"{"alg":"HS256"}"#, SignatureFault::Wrong),
            (r#"{"alg":"RS256","crit":["b64"]}"#, SignatureFault::Wrong),
            (r#"{"alg":"RS256","kid":"x"}"#, SignatureFault::UnknownKey),
        ] {
            let text = format!("{}.{claims}.AAAA", BASE64_URL_SAFE_NO_PAD.encode(header));
            let jwt = Jwt::read(&text).unwrap();
            assert_eq!(jwt.verify(&CoreJsonWebKeySet::default()), Err(fault), "{header}");
        }
    }
}
