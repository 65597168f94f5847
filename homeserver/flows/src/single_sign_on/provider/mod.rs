//! One identity provider: what it says about itself, and where it is reached.

mod word;

use std::{sync::Arc, time::Duration};

use base::{Clock, Rng};
use openidconnect::{
    AuthType, ClientId, ClientSecret, CsrfToken, EndpointMaybeSet, EndpointNotSet, EndpointSet, IssuerUrl,
    Nonce, PkceCodeChallenge, PkceCodeVerifier, RedirectUrl, Scope,
    core::{CoreAuthPrompt, CoreAuthenticationFlow, CoreClient, CoreClientAuthMethod, CoreProviderMetadata},
};
use tokio::sync::Mutex;

use super::{
    ProviderSettings, SingleSignOnError,
    exchange::Exchange,
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

/// What a browser takes along. The nonce ends with the time at which it was made, which comes back under the provider's
/// signature.
pub(super) struct Secrets {
    pub nonce: String,
    pub verifier: String,
}

impl Secrets {
    pub fn new(rng: &Rng, now_ms: u64) -> Self {
        let nonce = format!("{}-{now_ms:x}", rng.string(SECRET_LENGTH));
        Self { nonce, verifier: rng.string(SECRET_LENGTH) }
    }

    /// When the browser was sent to the provider, in ms.
    pub fn begun_ms(&self) -> Option<u64> {
        let (_, begun_ms) = self.nonce.rsplit_once('-')?;
        u64::from_str_radix(begun_ms, 16).ok()
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
            // The age obliges the provider to say when the person signed on. It is no shorter than clocks may differ:
            // there are providers that would ask for ever.
            let age = Duration::from_millis(CLOCK_SKEW_MS);
            request = request.add_prompt(CoreAuthPrompt::Login).set_max_age(age);
        }
        request.url().0.into()
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
