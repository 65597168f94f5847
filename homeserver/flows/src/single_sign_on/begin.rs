//! Sending a browser to an identity provider.

use accounts::{SignOn, SignOnPurpose};

use super::{SingleSignOnError, provider::Secrets, redirect};
use crate::Flows;

/// Where a browser goes, and what it keeps.
#[derive(Clone)]
pub struct SignOnRedirect {
    /// The name of the provider.
    pub provider: String,
    /// The address at the provider.
    pub location: String,
    /// What comes back with the browser in the address.
    pub state: String,
    /// What stays with the browser in a cookie.
    pub browser: String,
}

impl Flows {
    /// Begins to log somebody in for the client at `redirect_url`.
    ///
    /// # Errors
    /// `RedirectUrl` for an address that is no client's, `UnknownProvider`, `Unavailable`.
    pub async fn begin_sign_on(
        &self,
        provider: &str,
        redirect_url: &str,
    ) -> Result<SignOnRedirect, SingleSignOnError> {
        let redirect_url = redirect::checked(redirect_url)?.into();
        self.begin(provider, SignOnPurpose::LogIn { redirect_url }, false).await
    }

    /// Whether a browser can be sent back to this address at all.
    ///
    /// # Errors
    /// `RedirectUrl` when it cannot.
    pub fn check_redirect_url(&self, redirect_url: &str) -> Result<(), SingleSignOnError> {
        redirect::checked(redirect_url).map(drop)
    }

    /// Begins to have the user of a user-interactive session sign on once more: one way for each provider that
    /// knows the user. Also answers what is to be confirmed.
    ///
    /// # Errors
    /// `NothingToConfirm` for a session that is unknown or whose user no provider knows.
    pub async fn begin_confirmation(
        &self,
        session: &str,
    ) -> Result<(accounts::Confirmation, Vec<SignOnRedirect>), SingleSignOnError> {
        let accounts = &self.0.accounts;
        let wanted = accounts.confirmation(session).ok_or(SingleSignOnError::NothingToConfirm)?;
        let ids = accounts.external_ids(&wanted.user).await?;
        let mut ways = Vec::new();
        for provider in self.0.single_sign_on.providers() {
            if ids.iter().any(|id| id.provider == provider.id) {
                let purpose = SignOnPurpose::Confirm { session: session.to_owned() };
                ways.push(self.begin(&provider.id, purpose, true).await?);
            }
        }
        if ways.is_empty() { Err(SingleSignOnError::NothingToConfirm) } else { Ok((wanted, ways)) }
    }

    async fn begin(
        &self,
        provider: &str,
        purpose: SignOnPurpose,
        again: bool,
    ) -> Result<SignOnRedirect, SingleSignOnError> {
        let provider = self.0.single_sign_on.provider(provider)?;
        // First of all: a provider that is away costs no row.
        let description = provider.description().await?;
        let single_sign_on = &self.0.single_sign_on.0;
        let secrets = Secrets::new(&single_sign_on.rng, single_sign_on.clock.now_ms());
        let sign_on = SignOn {
            provider: provider.settings.id.clone(),
            nonce: secrets.nonce.clone(),
            verifier: secrets.verifier.clone(),
            purpose,
        };
        let begun = self.0.accounts.begin_sign_on(&sign_on).await?;
        Ok(SignOnRedirect {
            provider: provider.settings.name.clone(),
            location: provider.location(&description, &begun.state, &secrets, again),
            state: begun.state,
            browser: begun.browser,
        })
    }
}
