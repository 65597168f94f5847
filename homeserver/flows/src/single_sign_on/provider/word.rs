//! What a provider says of a person: the code is exchanged, the id token checked, and the rest asked for.

use chrono::{DateTime, Utc};
use openidconnect::{
    AuthorizationCode, ClaimsVerificationError, ClientId, IdTokenVerifier, Nonce, OAuth2TokenResponse as _,
    PkceCodeVerifier, RequestTokenError, SignatureVerificationError, SubjectIdentifier, TokenResponse as _,
    UserInfoClaims,
    core::{CoreGenderClaim, CoreIdToken, CoreJsonWebKey, CoreTokenResponse},
};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::{Description, Provider, Secrets, shortened, story};
use crate::single_sign_on::{
    SingleSignOnError,
    jwt::{ALGORITHMS, Jwt},
    limits::CLOCK_SKEW_MS,
};

/// All claims beside the standard ones.
#[derive(Clone, Debug, Deserialize, Serialize)]
struct FurtherClaims(Map<String, Value>);

impl openidconnect::AdditionalClaims for FurtherClaims {}

impl Provider {
    /// Exchanges the code for what the provider says about the person, checks that, and asks for the rest.
    pub async fn claims(
        &self,
        code: String,
        secrets: Secrets,
    ) -> Result<Map<String, Value>, SingleSignOnError> {
        let description = self.description().await?;
        let client = self.client(&description);
        let answer = client
            .exchange_code(AuthorizationCode::new(code))
            .map_err(|error| SingleSignOnError::Unavailable(error.to_string()))?
            .set_pkce_verifier(PkceCodeVerifier::new(secrets.verifier))
            .request_async(&self.exchange)
            .await
            .map_err(|error| match error {
                RequestTokenError::ServerResponse(refusal) => {
                    SingleSignOnError::Refused(shortened(&refusal.to_string()))
                }
                other => SingleSignOnError::Unavailable(story(&other)),
            })?;
        let untrusted = |reason: &str| SingleSignOnError::Untrusted(reason.to_owned());
        let id_token = answer.id_token().ok_or_else(|| untrusted("there is no id token"))?;
        let nonce = Nonce::new(secrets.nonce);
        let description = self.verify(description, id_token, &nonce).await?;
        let text = id_token.to_string();
        let mut claims = Jwt::read(&text).ok_or_else(|| untrusted("the id token is not signed"))?.claims;
        for (name, value) in self.user_info(&description, &answer, &claims).await? {
            // What is signed goes first.
            claims.entry(name).or_insert(value);
        }
        Ok(claims)
    }

    /// Checks an id token, with new keys if need be; the description whose keys fitted.
    async fn verify(
        &self,
        description: Description,
        token: &CoreIdToken,
        nonce: &Nonce,
    ) -> Result<Description, SingleSignOnError> {
        let untrusted = |error: ClaimsVerificationError| SingleSignOnError::Untrusted(story(&error));
        match token.claims(&self.verifier(&description), nonce) {
            Ok(_) => Ok(description),
            Err(
                error @ ClaimsVerificationError::SignatureVerification(
                    SignatureVerificationError::NoMatchingKey
                    | SignatureVerificationError::CryptoError(_)
                    | SignatureVerificationError::AmbiguousKeyId(_),
                ),
            ) => {
                let Some(description) = self.description_with_new_keys().await? else {
                    return Err(untrusted(error));
                };
                token.claims(&self.verifier(&description), nonce).map_err(untrusted)?;
                Ok(description)
            }
            Err(error) => Err(untrusted(error)),
        }
    }

    fn verifier(&self, description: &Description) -> IdTokenVerifier<'static, CoreJsonWebKey> {
        let now_ms = self.clock.now_ms();
        let at = |ms: u64| {
            let ms = i64::try_from(ms).unwrap_or(i64::MAX);
            DateTime::<Utc>::from_timestamp_millis(ms).unwrap_or(DateTime::<Utc>::MAX_UTC)
        };
        let (earliest, latest) =
            (at(now_ms.saturating_sub(CLOCK_SKEW_MS)), at(now_ms.saturating_add(CLOCK_SKEW_MS)));
        IdTokenVerifier::new_public_client(
            ClientId::new(self.settings.client_id.clone()),
            self.issuer.clone(),
            description.jwks().clone(),
        )
        .set_allowed_algs(ALGORITHMS)
        .set_time_fn(move || earliest)
        .set_issue_time_verifier_fn(move |issued| {
            if issued <= latest { Ok(()) } else { Err(format!("issued in the future, at {issued}")) }
        })
    }

    /// What the provider tells beyond the id token; nothing where it has no place for that.
    async fn user_info(
        &self,
        description: &Description,
        answer: &CoreTokenResponse,
        claims: &Map<String, Value>,
    ) -> Result<Map<String, Value>, SingleSignOnError> {
        let client = self.client(description);
        let subject = claims.get("sub").and_then(Value::as_str).unwrap_or_default();
        let subject = SubjectIdentifier::new(subject.to_owned());
        let Ok(request) = client.user_info(answer.access_token().clone(), Some(subject)) else {
            return Ok(Map::new());
        };
        let info: UserInfoClaims<FurtherClaims, CoreGenderClaim> =
            request.request_async(&self.exchange).await.map_err(|error| match error {
                openidconnect::UserInfoError::ClaimsVerification(error) => {
                    SingleSignOnError::Untrusted(story(&error))
                }
                other => SingleSignOnError::Unavailable(story(&other)),
            })?;
        match serde_json::to_value(&info) {
            Ok(Value::Object(info)) => Ok(info),
            Ok(_) => Ok(Map::new()),
            Err(error) => Err(SingleSignOnError::Unavailable(error.to_string())),
        }
    }
}
