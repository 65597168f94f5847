//! One identity provider: what it says about itself, and the questions it is asked.

use std::sync::Arc;

use base::{Clock, Rng};
use chrono::{DateTime, Utc};
use openidconnect::{
    AuthType, AuthorizationCode, ClaimsVerificationError, ClientId, ClientSecret, CsrfToken,
    EndpointMaybeSet, EndpointNotSet, EndpointSet, IdTokenVerifier, IssuerUrl, Nonce,
    OAuth2TokenResponse as _, PkceCodeChallenge, PkceCodeVerifier, RedirectUrl, RequestTokenError, Scope,
    SignatureVerificationError, SubjectIdentifier, TokenResponse as _, UserInfoClaims,
    core::{
        CoreAuthPrompt, CoreAuthenticationFlow, CoreClient, CoreClientAuthMethod, CoreGenderClaim,
        CoreIdToken, CoreJsonWebKey, CoreProviderMetadata, CoreTokenResponse,
    },
};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use tokio::sync::Mutex;

use super::{
    ProviderSettings, SingleSignOnError,
    exchange::Exchange,
    jwt::{ALGORITHMS, Jwt},
    limits::{CLOCK_SKEW_MS, DESCRIPTION_MS, ERROR_CHARACTERS_MAX, FAILURE_MS, KEYS_ASKED_MS_MIN},
};

/// Letters of the secret of PKCE and of a nonce.
const SECRET_LENGTH: usize = 64;

type Description = Arc<CoreProviderMetadata>;
type Client = CoreClient<
    EndpointSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointMaybeSet,
    EndpointMaybeSet,
>;

/// All claims beside the standard ones.
#[derive(Clone, Debug, Deserialize, Serialize)]
struct FurtherClaims(Map<String, Value>);

impl openidconnect::AdditionalClaims for FurtherClaims {}

/// What a browser takes along.
pub(super) struct Secrets {
    pub nonce: String,
    pub verifier: String,
}

impl Secrets {
    pub fn new(rng: &Rng) -> Self {
        Self { nonce: rng.string(SECRET_LENGTH), verifier: rng.string(SECRET_LENGTH) }
    }
}

/// One identity provider.
pub(super) struct Provider {
    pub settings: ProviderSettings,
    redirect_url: RedirectUrl,
    issuer: IssuerUrl,
    exchange: Exchange,
    clock: Clock,
    known: Mutex<Known>,
}

/// What was found out so far. Whoever asks holds the lock, so that the provider is asked once.
#[derive(Default)]
struct Known {
    description: Option<Description>,
    asked_ms: u64,
    /// Why the last question failed.
    failure: Option<String>,
    /// When keys were asked for out of turn.
    keys_asked_ms: u64,
}

impl Provider {
    /// Nothing when the issuer or the address of this server is no URL.
    pub fn new(
        settings: ProviderSettings,
        redirect_url: String,
        exchange: Exchange,
        clock: Clock,
    ) -> Option<Self> {
        Some(Self {
            redirect_url: RedirectUrl::new(redirect_url).ok()?,
            issuer: IssuerUrl::new(settings.issuer.clone()).ok()?,
            settings,
            exchange,
            clock,
            known: Mutex::default(),
        })
    }

    /// What the provider says about itself; from memory while that is fresh, and also when a new question fails.
    pub async fn description(&self) -> Result<Description, SingleSignOnError> {
        let mut known = self.known.lock().await;
        let now_ms = self.clock.now_ms();
        let age_ms = now_ms.saturating_sub(known.asked_ms);
        if let (Some(failure), true) = (&known.failure, age_ms < FAILURE_MS) {
            return match &known.description {
                Some(description) => Ok(Arc::clone(description)),
                None => Err(SingleSignOnError::Unavailable(failure.clone())),
            };
        }
        if let (Some(description), true) = (&known.description, age_ms < DESCRIPTION_MS) {
            return Ok(Arc::clone(description));
        }
        self.ask(&mut known).await
    }

    /// The same, asked for anew because a token names a key that is not among those known.
    pub async fn description_with_new_keys(&self) -> Result<Option<Description>, SingleSignOnError> {
        let mut known = self.known.lock().await;
        let now_ms = self.clock.now_ms();
        if known.keys_asked_ms != 0 && now_ms.saturating_sub(known.keys_asked_ms) < KEYS_ASKED_MS_MIN {
            return Ok(None);
        }
        known.keys_asked_ms = now_ms;
        self.ask(&mut known).await.map(Some)
    }

    async fn ask(&self, known: &mut Known) -> Result<Description, SingleSignOnError> {
        let asked = CoreProviderMetadata::discover_async(self.issuer.clone(), &self.exchange).await;
        known.asked_ms = self.clock.now_ms();
        match asked {
            Ok(description) => {
                let description = Arc::new(description);
                known.description = Some(Arc::clone(&description));
                known.failure = None;
                Ok(description)
            }
            Err(error) => {
                let failure = story(&error);
                let provider = &self.settings.id;
                tracing::warn!(provider, error = failure, "ask an identity provider for its description");
                known.failure = Some(failure.clone());
                match &known.description {
                    Some(description) => Ok(Arc::clone(description)),
                    None => Err(SingleSignOnError::Unavailable(failure)),
                }
            }
        }
    }

    /// Where the browser goes. With `again` the provider is to ask the person although they are signed on there.
    pub fn location(&self, description: &Description, state: &str, secrets: &Secrets, again: bool) -> String {
        let client = self.client(description);
        let (state, nonce) = (state.to_owned(), secrets.nonce.clone());
        let verifier = PkceCodeVerifier::new(secrets.verifier.clone());
        let mut request = client
            .authorize_url(
                CoreAuthenticationFlow::AuthorizationCode,
                || CsrfToken::new(state),
                || Nonce::new(nonce),
            )
            .add_scopes(self.settings.scopes.iter().cloned().map(Scope::new))
            .set_pkce_challenge(PkceCodeChallenge::from_code_verifier_sha256(&verifier));
        if again {
            request = request.add_prompt(CoreAuthPrompt::Login);
        }
        request.url().0.into()
    }

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

    fn client(&self, description: &Description) -> Client {
        let secret = self.settings.client_secret.clone().map(ClientSecret::new);
        let client = CoreClient::from_provider_metadata(
            CoreProviderMetadata::clone(description),
            ClientId::new(self.settings.client_id.clone()),
            secret,
        );
        let basic = description
            .token_endpoint_auth_methods_supported()
            // Without a list the provider takes this one (OpenID Connect Discovery 1.0, section 3).
            .is_none_or(|methods| methods.contains(&CoreClientAuthMethod::ClientSecretBasic));
        let client = client.set_auth_type(if basic { AuthType::BasicAuth } else { AuthType::RequestBody });
        client.set_redirect_uri(self.redirect_url.clone())
    }
}

/// An error with all its causes, on one line.
pub(super) fn story(error: &dyn std::error::Error) -> String {
    let mut story = error.to_string();
    let mut cause = error.source();
    while let Some(current) = cause {
        story = format!("{story}: {current}");
        cause = current.source();
    }
    shortened(&story)
}

/// A provider's words, within bounds and on one line.
pub(super) fn shortened(text: &str) -> String {
    text.chars().filter(|character| !character.is_control()).take(ERROR_CHARACTERS_MAX).collect()
}
