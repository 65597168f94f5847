//! Single sign-on: people prove who they are to an identity provider of their organisation.
//!
//! This server is a relying party of [OpenID Connect](https://openid.net/specs/openid-connect-core-1_0.html):
//! discovery, authorization code flow with PKCE, and
//! [back-channel logout](https://openid.net/specs/openid-connect-backchannel-1_0.html). `begin` sends a browser away,
//! `finish` judges what it comes back with, `logout` ends sessions when the provider says so. Which account
//! a person has, and what a browser took along, is kept by `accounts`; a provider's keys are kept in memory only.
//! Nothing here knows pages: an error is a [`SingleSignOnError`], and `http` has the words for it.

use std::sync::Arc;

use base::{Clock, Rng};
use outbound::Outbound;

mod begin;
mod claims;
mod error;
mod exchange;
mod finish;
mod jwt;
pub mod limits;
mod logout;
mod provider;
mod redirect;
mod settings;

pub use self::{
    begin::SignOnRedirect,
    error::SingleSignOnError,
    finish::{Returned, SignedOn},
    settings::{ProviderSettings, SingleSignOnSettings},
};
use self::{exchange::Exchange, provider::Provider};

/// Path below which identity providers send browsers back and tell of logouts:
/// `{SINGLE_SIGN_ON_PATH}/{provider}/callback` and `…/logout`.
pub const SINGLE_SIGN_ON_PATH: &str = "/_lianqiao/single-sign-on";

/// The relying party. Cloning it is one reference count.
#[derive(Clone)]
pub struct SingleSignOn(Arc<Inner>);

struct Inner {
    providers: Vec<Provider>,
    trusted_clients: Vec<String>,
    clock: Clock,
    rng: Rng,
}

impl SingleSignOn {
    /// Asks nobody yet: a provider that is away does not stop the server from starting. A provider whose issuer is no
    /// URL is left out; the configuration's check names it.
    #[must_use]
    pub fn new(settings: SingleSignOnSettings, outbound: &Outbound, clock: Clock, rng: Rng) -> Self {
        let SingleSignOnSettings { public_base_url, providers, trusted_clients, time_max } = settings;
        let base = public_base_url.trim_end_matches('/');
        let exchange = Exchange::new(outbound.clone(), time_max);
        let providers = providers.into_iter().filter_map(|settings| {
            let redirect_url = format!("{base}{SINGLE_SIGN_ON_PATH}/{}/callback", settings.id);
            Provider::new(settings, redirect_url, exchange.clone(), clock.clone())
        });
        let providers = providers.collect();
        Self(Arc::new(Inner { providers, trusted_clients, clock, rng }))
    }

    /// The identity providers, in the order in which they are offered.
    pub fn providers(&self) -> impl Iterator<Item = &ProviderSettings> {
        self.0.providers.iter().map(|provider| &provider.settings)
    }

    /// Whether a provider can be asked and describes itself as OpenID Connect wants.
    ///
    /// # Errors
    /// `Unavailable` with the story.
    pub async fn check(&self, provider: &str) -> Result<(), SingleSignOnError> {
        self.provider(provider)?.description().await.map(drop)
    }

    fn provider(&self, id: &str) -> Result<&Provider, SingleSignOnError> {
        let found = self.0.providers.iter().find(|provider| provider.settings.id == id);
        found.ok_or(SingleSignOnError::UnknownProvider)
    }
}
