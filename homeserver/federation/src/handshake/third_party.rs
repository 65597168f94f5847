//! Invites by an address that somebody proved to an identity server to be theirs.
//! <https://spec.matrix.org/v1.19/server-server-api/#third-party-invites>

use http::StatusCode;
use outbound::{Limits as OutboundLimits, Request as OutboundRequest};
use rooms::ThirdPartyInvite;
use ruma::api::federation::thirdparty::exchange_invite;
use ruma::serde::Base64;
use ruma::serde::base64::Standard;
use ruma::signatures::{
    SigningKeyAlgorithm, to_canonical_json_string_for_signing, verify_canonical_json_bytes,
};
use ruma::{CanonicalJsonObject, CanonicalJsonValue, RoomId, UserId};
use serde::Deserialize;
use serde_json::json;
use serde_json::value::to_raw_value;

use super::HandshakeError;
use super::limits::{IDENTITY_ANSWER_BYTES_MAX, IDENTITY_TIME_MAX, INVITE_TIME_MAX, PROOF_SIGNATURES_MAX};
use crate::Federation;
use crate::client::{Limits, escaped};

impl Federation {
    /// Asks the inviter's server to make an invite of a proof that an identity server gave for a local user.
    ///
    /// # Errors
    /// What that server says.
    pub async fn exchange_invite(
        &self,
        room_id: &RoomId,
        sender: &UserId,
        target: &UserId,
        signed: &CanonicalJsonObject,
    ) -> Result<(), HandshakeError> {
        let unusable = |error: serde_json::Error| HandshakeError::BadRequest(error.to_string());
        // How the person is called stands in the room, which is not known here.
        let third_party = json!({ "display_name": "", "signed": signed });
        let content = json!({ "membership": "invite", "third_party_invite": third_party });
        let content = ruma::serde::Raw::from_json(to_raw_value(&content).map_err(unusable)?);
        let request = exchange_invite::v1::Request::new(
            room_id.to_owned(),
            sender.to_owned(),
            target.to_owned(),
            content,
        );
        let limits = Limits::default().within(INVITE_TIME_MAX).up_to(IDENTITY_ANSWER_BYTES_MAX).insisting();
        self.client().send(sender.server_name(), request, limits).await?;
        Ok(())
    }

    /// Refuses a proof that no key of the room's invite signed, or whose key the identity server does not stand by any
    /// more. Asked once, by the server that makes the invite; all others go by the signature alone.
    ///
    /// # Errors
    /// [`HandshakeError::Forbidden`].
    pub async fn proof_must_stand(&self, invite: &ThirdPartyInvite) -> Result<(), HandshakeError> {
        let refused = |what: &str| HandshakeError::Forbidden(what.to_owned());
        let Some(CanonicalJsonValue::Object(signed)) = invite.content.get("signed") else {
            return Err(refused("the proof of the identity server is missing"));
        };
        let mut refusal = refused("no identity server that the invite names has signed the proof");
        for (key, validity_url) in &invite.keys {
            if !has_signed(key, signed) {
                continue;
            }
            match validity_url {
                Some(url) if !self.is_still_valid(url, key).await => {
                    refusal = refused("the identity server does not stand by its key any more");
                }
                Some(_) | None => return Ok(()),
            }
        }
        Err(refusal)
    }

    async fn is_still_valid(&self, url: &str, key: &str) -> bool {
        #[derive(Deserialize)]
        struct Answer {
            valid: bool,
        }
        let separator = if url.contains('?') { '&' } else { '?' };
        let url = format!("{url}{separator}public_key={}", escaped(key));
        let limits = OutboundLimits {
            bytes_max: IDENTITY_ANSWER_BYTES_MAX,
            time_max: IDENTITY_TIME_MAX,
            redirects_max: 0,
        };
        // A member of the room wrote the address: it passes the same guard as every other.
        let request = OutboundRequest::get(url).only(|url| url.scheme() == "https");
        let answer = match self.parts().outbound.open(request, limits).await {
            Ok(download) => download.collect().await,
            Err(error) => Err(error),
        };
        match answer {
            Ok(answer) if answer.status == StatusCode::OK => {
                serde_json::from_slice::<Answer>(&answer.body).is_ok_and(|answer| answer.valid)
            }
            Ok(_) => false,
            Err(error) => {
                tracing::info!(%error, "identity server not asked about its key");
                false
            }
        }
    }
}

/// Whether one of the first signatures is by this key (unpadded base64).
fn has_signed(key: &str, signed: &CanonicalJsonObject) -> bool {
    let key = key.replace('-', "+").replace('_', "/");
    let Ok(key) = Base64::<Standard>::parse(key) else { return false };
    let Ok(message) = to_canonical_json_string_for_signing(signed) else { return false };
    let servers = signed.get("signatures").and_then(|all| all.as_object());
    let signatures = servers.into_iter().flat_map(|all| all.values()).filter_map(|own| own.as_object());
    let signatures = signatures.flat_map(|own| own.values()).filter_map(|signature| signature.as_str());
    signatures.take(PROOF_SIGNATURES_MAX).any(|signature| {
        Base64::<Standard>::parse(signature).is_ok_and(|signature| {
            let algorithm = SigningKeyAlgorithm::Ed25519;
            let (key, signature) = (key.as_bytes(), signature.as_bytes());
            verify_canonical_json_bytes(&algorithm, key, signature, message.as_bytes()).is_ok()
        })
    })
}

#[cfg(test)]
mod tests {
    use ruma::signatures::{Ed25519KeyPair, sign_json};

    use super::*;

    #[test]
    fn a_proof_is_believed_when_the_named_key_signed_it() {
        let pair = || Ed25519KeyPair::from_der(&Ed25519KeyPair::generate(), "0".to_owned()).unwrap();
        let public = |pair: &Ed25519KeyPair| Base64::<Standard, _>::new(pair.public_key().to_vec()).encode();
        let (own, other) = (pair(), pair());
        let mut signed: CanonicalJsonObject =
            serde_json::from_value(json!({ "mxid": "@bob:b", "token": "t" })).unwrap();
        sign_json("identity.org", &own, &mut signed).unwrap();
        assert!(has_signed(&public(&own), &signed));
        assert!(has_signed(&public(&own).replace('+', "-").replace('/', "_"), &signed));
        assert!(!has_signed(&public(&other), &signed));
        signed.insert("mxid".to_owned(), CanonicalJsonValue::String("@mallory:b".to_owned()));
        assert!(!has_signed(&public(&own), &signed));
        assert!(!has_signed("rubbish", &CanonicalJsonObject::new()));
    }
}
