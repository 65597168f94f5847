//! Judging what a browser brings back from an identity provider.

use accounts::{AccountError, ExternalId, ExternalUser, SessionOrigin, SignOn, SignOnPurpose};
use ruma::{OwnedUserId, UserId};
use serde_json::Value;

use super::{
    ProviderSettings, SingleSignOnError,
    claims::{self, Person},
    limits::ACCOUNT_TRIES_MAX,
    provider::{Provider, Secrets, shortened},
    redirect,
};
use crate::Flows;

/// What came back in the address.
#[derive(Clone, Debug, Default)]
pub struct Returned {
    /// What we sent.
    pub state: Option<String>,
    /// What can be exchanged for the provider's word.
    pub code: Option<String>,
    /// Why the provider refuses.
    pub error: Option<String>,
    /// The same in words.
    pub error_description: Option<String>,
    /// Who answers ([RFC 9207](https://www.rfc-editor.org/rfc/rfc9207)).
    pub issuer: Option<String>,
}

/// What a sign-on led to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SignedOn {
    /// The browser goes back to the client with a login token.
    LogIn {
        /// Who signed on.
        user: OwnedUserId,
        /// The client's address with the token.
        location: String,
        /// Where the client is, for the person to read.
        client: String,
        /// Whether the browser may go there without asking the person.
        is_trusted: bool,
    },
    /// The user-interactive session has its stage.
    Confirmed,
}

impl Flows {
    /// Finishes a sign-on. `browser` is what the cookie held.
    ///
    /// # Errors
    /// See [`SingleSignOnError`]; every reason is logged and counted here.
    pub async fn finish_sign_on(
        &self,
        provider: &str,
        returned: Returned,
        browser: &str,
    ) -> Result<SignedOn, SingleSignOnError> {
        let provider = self.0.single_sign_on.provider(provider)?;
        let id = provider.settings.id.clone();
        let outcome = self.finish(provider, returned, browser).await;
        let label = outcome.as_ref().map_or_else(SingleSignOnError::label, |_| "signed_on");
        if let Err(error) = &outcome {
            tracing::warn!(provider = id, %error, "finish a sign-on");
        }
        metrics::counter!("lianqiao_sign_ons_total", "provider" => id, "outcome" => label).increment(1);
        outcome
    }

    async fn finish(
        &self,
        provider: &Provider,
        returned: Returned,
        browser: &str,
    ) -> Result<SignedOn, SingleSignOnError> {
        let settings = &provider.settings;
        let state = returned.state.ok_or(SingleSignOnError::Expired)?;
        let sign_on = self.0.accounts.take_sign_on(&settings.id, &state, browser).await?;
        if returned.issuer.is_some_and(|issuer| issuer != settings.issuer) {
            return Err(SingleSignOnError::Untrusted("another provider answers".to_owned()));
        }
        if let Some(error) = returned.error {
            let words = returned.error_description.map_or_else(String::new, |words| format!(": {words}"));
            return Err(SingleSignOnError::Refused(shortened(&format!("{error}{words}"))));
        }
        let code = returned.code.ok_or_else(|| SingleSignOnError::Refused("no code".to_owned()))?;
        let SignOn { nonce, verifier, purpose, .. } = sign_on;
        // Before the provider is asked: what it ends from here on, it ends for this sign-on too.
        let vouched_ms = self.0.single_sign_on.0.clock.now_ms();
        let secrets = Secrets { nonce, verifier };
        let begun_ms = secrets.begun_ms();
        let claims = provider.claims(code, secrets).await?;
        let person = claims::person(&claims, settings)?;
        let id = ExternalId { provider: settings.id.clone(), subject: person.subject.clone() };
        match purpose {
            SignOnPurpose::LogIn { redirect_url } => {
                let user = self.account_of(settings, &id, &person).await?;
                let origin = SessionOrigin { provider: id.provider, subject: id.subject, sid: person.sid };
                self.log_in(&user, &origin, vouched_ms, &redirect_url).await
            }
            SignOnPurpose::Confirm { session } => {
                if !claims::is_signed_on_since(&claims, begun_ms) {
                    let story = "the provider did not ask the person again, or does not say so by auth_time";
                    return Err(SingleSignOnError::Untrusted(story.to_owned()));
                }
                self.confirm(&id, &session).await
            }
        }
    }

    async fn log_in(
        &self,
        user: &UserId,
        origin: &SessionOrigin,
        vouched_ms: u64,
        redirect_url: &str,
    ) -> Result<SignedOn, SingleSignOnError> {
        self.check_open(user).await?;
        let url = redirect::checked(redirect_url)?;
        let token = self.0.accounts.create_sign_on_token(user, origin, vouched_ms).await?;
        Ok(SignedOn::LogIn {
            user: user.to_owned(),
            location: redirect::with_token(&url, &token),
            client: match url.host_str() {
                Some(host) => format!("{}://{host}", url.scheme()),
                None => format!("{}:", url.scheme()),
            },
            is_trusted: redirect::is_trusted(&url, &self.0.single_sign_on.0.trusted_clients),
        })
    }

    async fn confirm(&self, id: &ExternalId, session: &str) -> Result<SignedOn, SingleSignOnError> {
        let user = self.0.accounts.user_of_external_id(id).await?.ok_or(SingleSignOnError::AnotherPerson)?;
        self.check_open(&user).await?;
        let wanted = self.0.accounts.confirmation(session).ok_or(SingleSignOnError::NothingToConfirm)?;
        if wanted.user != user || !self.0.accounts.confirm_by_sign_on(session, &user) {
            return Err(SingleSignOnError::AnotherPerson);
        }
        Ok(SignedOn::Confirmed)
    }

    /// A suspended account may log in: its sessions are suspended too, and it can still read.
    /// [Account suspension](https://spec.matrix.org/v1.19/client-server-api/#account-suspension)
    async fn check_open(&self, user: &UserId) -> Result<(), SingleSignOnError> {
        let accounts = &self.0.accounts;
        match accounts.status(accounts.reader(), user).await? {
            None => Err(SingleSignOnError::NoAccount),
            Some(status) if status.deactivated => Err(SingleSignOnError::Deactivated),
            Some(status) if status.locked => Err(SingleSignOnError::Locked),
            Some(_) => Ok(()),
        }
    }

    /// The account of a person: the linked one, one that is linked now, or a new one.
    async fn account_of(
        &self,
        settings: &ProviderSettings,
        id: &ExternalId,
        person: &Person,
    ) -> Result<OwnedUserId, SingleSignOnError> {
        let accounts = &self.0.accounts;
        for _ in 0..ACCOUNT_TRIES_MAX {
            if let Some(user) = accounts.user_of_external_id(id).await? {
                self.follow(settings, &user, person).await;
                return Ok(user);
            }
            let outcome = match self.account_to_link(settings, person).await? {
                Some(user) => accounts.link_external_id(&user, id).await.map(|()| user),
                None => self.new_account(settings, id, person).await?,
            };
            match outcome {
                Ok(user) => {
                    tracing::info!(provider = id.provider, %user, "linked an account to a person");
                    return Ok(user);
                }
                // Another sign-on of the same person was faster: its account is theirs.
                Err(AccountError::ExternalIdInUse) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Err(AccountError::Contended.into())
    }

    /// The account that the operator's rules make this person's. One that belongs to another person of the same
    /// provider never does.
    async fn account_to_link(
        &self,
        settings: &ProviderSettings,
        person: &Person,
    ) -> Result<Option<OwnedUserId>, SingleSignOnError> {
        let accounts = &self.0.accounts;
        let mut candidates = Vec::new();
        if let (true, Some(address)) = (settings.link_by_email, &person.address) {
            candidates.extend(accounts.owner_of_address(address).await?);
        }
        if let (true, Some(localpart)) = (settings.link_by_name, &person.localpart) {
            // Names that belong to application services or to the operator are nobody's to take over.
            candidates.extend(accounts.registrable_user_id(localpart).ok());
        }
        for user in candidates {
            let status = accounts.status(accounts.reader(), &user).await?;
            if status.is_none_or(|status| status.guest || status.deactivated) {
                continue;
            }
            let ids = accounts.external_ids(&user).await?;
            if ids.iter().all(|id| id.provider != settings.id) {
                return Ok(Some(user));
            }
        }
        Ok(None)
    }

    async fn new_account(
        &self,
        settings: &ProviderSettings,
        id: &ExternalId,
        person: &Person,
    ) -> Result<Result<OwnedUserId, AccountError>, SingleSignOnError> {
        if !settings.create_accounts {
            return Err(SingleSignOnError::NoAccount);
        }
        let name = || person.name.clone().unwrap_or_default();
        let localpart = person.localpart.clone().ok_or_else(|| SingleSignOnError::NameUnusable(name()))?;
        let new = ExternalUser {
            localpart,
            id: id.clone(),
            display_name: person.display_name.clone(),
            address: person.address.clone(),
        };
        match self.0.accounts.create_external_user(new).await {
            // The name may be taken by this very person, at this moment.
            Err(AccountError::UserInUse) => match self.0.accounts.user_of_external_id(id).await? {
                Some(user) => Ok(Ok(user)),
                None => Err(SingleSignOnError::NameTaken(name())),
            },
            Err(AccountError::InvalidUsername | AccountError::Exclusive) => {
                Err(SingleSignOnError::NameUnusable(name()))
            }
            outcome => Ok(outcome),
        }
    }

    /// Brings the display name up to date where the operator wants that. That it fails keeps nobody out.
    async fn follow(&self, settings: &ProviderSettings, user: &UserId, person: &Person) {
        let (true, Some(name)) = (settings.update_display_name, &person.display_name) else { return };
        let accounts = &self.0.accounts;
        let changed = match accounts.profile(accounts.reader(), user).await {
            Ok(profile) => profile.and_then(|profile| profile.displayname).as_deref() != Some(name.as_str()),
            Err(_) => false,
        };
        if !changed {
            return;
        }
        let name = Value::String(name.clone());
        if let Err(error) = self.set_profile_field(user, "displayname", Some(name)).await {
            tracing::warn!(%user, %error, "bring the display name up to date");
        }
    }
}
