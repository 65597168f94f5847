//! The provider ends sessions: OpenID Connect Back-Channel Logout 1.0.
//!
//! [Validation](https://openid.net/specs/openid-connect-backchannel-1_0.html#Validation) of the token is here; that it
//! works once, and what it ends, is kept by `accounts`.

use accounts::{AccountError, ProviderLogout};
use openidconnect::core::CoreJsonWebKeySet;
use serde_json::{Map, Value};

use super::{
    SingleSignOnError,
    jwt::{Jwt, SignatureFault},
    limits::{CLOCK_SKEW_MS, LOGOUT_TOKEN_AGE_MS_MAX, LOGOUT_TOKEN_BYTES_MAX},
    provider::Provider,
};
use crate::Flows;

/// What makes a token one of logout.
const EVENT: &str = "http://schemas.openid.net/event/backchannel-logout";

/// Whom a token logs out.
#[derive(Debug, PartialEq, Eq)]
struct Ended {
    subject: Option<String>,
    sid: Option<String>,
    id: String,
    /// From when on the token is too old.
    expires_ms: u64,
}

impl Flows {
    /// Ends the sessions that a provider's logout token names; how many.
    ///
    /// # Errors
    /// `Untrusted` with what is wrong with the token, `UnknownProvider`, `Unavailable`.
    pub async fn log_out_by_provider(&self, provider: &str, token: &str) -> Result<usize, SingleSignOnError> {
        let single_sign_on = &self.0.single_sign_on;
        let provider = single_sign_on.provider(provider)?;
        let untrusted = |reason: &str| SingleSignOnError::Untrusted(reason.to_owned());
        if token.len() > LOGOUT_TOKEN_BYTES_MAX {
            return Err(untrusted("the token is too long"));
        }
        let jwt = Jwt::read(token).ok_or_else(|| untrusted("this is no signed token"))?;
        verify(provider, &jwt).await?;
        let settings = &provider.settings;
        let now_ms = single_sign_on.0.clock.now_ms();
        let ended = ended(&jwt.claims, &settings.issuer, &settings.client_id, now_ms).map_err(untrusted)?;
        let logout = ProviderLogout {
            provider: settings.id.clone(),
            subject: ended.subject,
            sid: ended.sid,
            token_id: ended.id,
            token_expires_ms: ended.expires_ms,
        };
        let sessions = match self.0.accounts.log_out_by_provider(&logout).await {
            Err(AccountError::LogoutTokenUsed) => return Err(untrusted("the token was used before")),
            outcome => outcome?,
        };
        tracing::info!(provider = settings.id, sessions, "an identity provider ended sessions");
        Ok(sessions)
    }
}

/// Checks the signature, with new keys if need be.
async fn verify(provider: &Provider, jwt: &Jwt<'_>) -> Result<(), SingleSignOnError> {
    let wrong = || SingleSignOnError::Untrusted("the signature is wrong".to_owned());
    let judged = |keys: &CoreJsonWebKeySet| jwt.verify(keys);
    match judged(provider.description().await?.jwks()) {
        Ok(()) => Ok(()),
        Err(SignatureFault::Wrong) => Err(wrong()),
        Err(SignatureFault::UnknownKey) => match provider.description_with_new_keys().await? {
            Some(description) => judged(description.jwks()).map_err(|_| wrong()),
            None => Err(wrong()),
        },
    }
}

/// Reads the claims of a token whose signature is good, or says what is wrong with them.
fn ended(
    claims: &Map<String, Value>,
    issuer: &str,
    client_id: &str,
    now_ms: u64,
) -> Result<Ended, &'static str> {
    let text = |name: &str| claims.get(name).and_then(Value::as_str).map(str::to_owned);
    let ms =
        |name: &str| claims.get(name).and_then(Value::as_u64).map(|seconds| seconds.saturating_mul(1_000));
    if text("iss").as_deref() != Some(issuer) {
        return Err("the token is of another issuer");
    }
    let for_us = match claims.get("aud") {
        Some(Value::String(audience)) => audience == client_id,
        Some(Value::Array(audiences)) => audiences.iter().any(|audience| audience == client_id),
        _ => false,
    };
    if !for_us {
        return Err("the token is for somebody else");
    }
    let issued_ms = ms("iat").ok_or("the token has no iat")?;
    let expires_ms = issued_ms.saturating_add(LOGOUT_TOKEN_AGE_MS_MAX + CLOCK_SKEW_MS);
    if issued_ms > now_ms.saturating_add(CLOCK_SKEW_MS) || expires_ms < now_ms {
        return Err("the token is too old or from the future");
    }
    if claims.contains_key("exp")
        && ms("exp").is_none_or(|expires_ms| expires_ms.saturating_add(CLOCK_SKEW_MS) < now_ms)
    {
        return Err("the token has expired");
    }
    if !claims.get("events").and_then(|events| events.get(EVENT)).is_some_and(Value::is_object) {
        return Err("the token is not about a logout");
    }
    // An id token can never pass for one of logout.
    if claims.contains_key("nonce") {
        return Err("the token has a nonce");
    }
    let id = text("jti").ok_or("the token has no jti")?;
    let ended = Ended { subject: text("sub"), sid: text("sid"), id, expires_ms };
    if ended.subject.is_none() && ended.sid.is_none() {
        return Err("the token names neither a sub nor a sid");
    }
    Ok(ended)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const NOW_MS: u64 = 1_700_000_000_000;

    fn good() -> Value {
        json!({
            "iss": "https://id.example.org", "aud": ["lianqiao"], "iat": NOW_MS / 1_000, "jti": "1",
            "events": { EVENT: {} }, "sub": "s", "sid": "session",
        })
    }

    fn judged(claims: Value) -> Result<Ended, &'static str> {
        let Value::Object(claims) = claims else { panic!("claims are an object") };
        ended(&claims, "https://id.example.org", "lianqiao", NOW_MS)
    }

    #[test]
    fn a_token_of_logout_names_person_and_session() {
        let expected = Ended {
            subject: Some("s".to_owned()),
            sid: Some("session".to_owned()),
            id: "1".to_owned(),
            expires_ms: NOW_MS + LOGOUT_TOKEN_AGE_MS_MAX + CLOCK_SKEW_MS,
        };
        assert_eq!(judged(good()), Ok(expected));
        let mut by_sid = good();
        by_sid["sub"].take();
        by_sid["aud"] = json!("lianqiao");
        assert_eq!(judged(by_sid).map(|ended| ended.subject), Ok(None));
    }

    #[test]
    fn every_other_token_is_refused() {
        for (name, value) in [
            ("iss", json!("https://evil.example.org")),
            ("aud", json!("another")),
            ("aud", json!([])),
            ("iat", json!(NOW_MS / 1_000 - 3_600)),
            ("iat", json!(NOW_MS / 1_000 + 3_600)),
            ("iat", Value::Null),
            ("exp", json!(NOW_MS / 1_000 - 3_600)),
            ("exp", json!("soon")),
            ("events", json!({})),
            ("events", json!({ EVENT: true })),
            ("nonce", json!("n")),
            ("jti", Value::Null),
        ] {
            let mut claims = good();
            claims[name] = value.clone();
            assert!(judged(claims).is_err(), "{name}: {value}");
        }
        let mut nobody = good();
        nobody["sub"].take();
        nobody["sid"].take();
        assert!(judged(nobody).is_err());
    }
}
