//! User-interactive authentication: who must prove what before an operation is done.
//!
//! [User-Interactive Authentication API](https://spec.matrix.org/v1.19/client-server-api/#user-interactive-authentication-api).
//! A session belongs to one user and one operation with its parameters, lives in memory for some
//! minutes, holds no password, and is gone once its operation is done. A stage counts only in the
//! session in which it was completed and only if a flow of that session asks for it.

mod sessions;
mod stages;

use ruma::{
    OwnedUserId, UserId,
    api::{
        client::uiaa::{AuthData, AuthFlow, AuthType, UiaaInfo},
        error::{ErrorKind, StandardErrorBody},
    },
};
use serde::Serialize;
use store::StoreError;

pub(crate) use self::sessions::UiaSessions;
use self::stages::Stage;
use crate::{AccountError, Accounts, AddressProof, AddressPurpose, Registration};

/// Why an operation is not done yet, or not at all.
#[derive(Debug, thiserror::Error)]
pub enum UiaError {
    /// The client must go on: the answer is 401 with this body.
    #[error("user-interactive authentication is not complete")]
    Challenge(Box<UiaaInfo>),
    /// The session was begun for another operation, with other parameters, or by another user.
    #[error("the operation has changed during authentication")]
    OperationChanged,
    /// The stage proves somebody, but not the user whose operation it is.
    #[error("the authentication is for another user")]
    WrongUser,
    /// The accounts failed or refused.
    #[error(transparent)]
    Account(#[from] AccountError),
}

/// What is being authenticated: an endpoint and the parameters that must not change on the way.
#[derive(Clone)]
pub struct Operation {
    name: &'static str,
    parts: Vec<u8>,
}

impl Operation {
    /// An operation of this name, by convention method and path without version.
    pub fn new(name: &'static str) -> Self {
        Self { name, parts: name.as_bytes().to_vec() }
    }

    /// Binds a parameter to the session; it is kept as a keyed hash only.
    #[must_use]
    pub fn with(mut self, parameter: &impl Serialize) -> Self {
        // A parameter that cannot be serialised cannot have come from a request; it then binds as null.
        let json = serde_json::to_vec(parameter).unwrap_or_else(|_| b"null".to_vec());
        self.parts.push(0);
        self.parts.extend(json);
        self
    }
}

/// A session whose user can confirm its operation by signing on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Confirmation {
    /// Whose session it is.
    pub user: OwnedUserId,
    /// The name of the operation, see [`Operation::new`].
    pub operation: &'static str,
}

/// What the stages of a session earned beside the right to go on.
#[derive(Clone, Default)]
pub struct Earned {
    /// The registration token that was shown.
    pub registration_token: Option<String>,
    /// The address that was proved; it is spent by the operation.
    pub address: Option<AddressProof>,
}

impl std::fmt::Debug for Earned {
    /// Without the token.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Earned")
            .field("registration_token", &self.registration_token.is_some())
            .field("address", &self.address)
            .finish()
    }
}

/// One request of a conversation.
struct Turn<'a> {
    owner: Option<&'a UserId>,
    flows: Vec<Vec<AuthType>>,
    session: String,
    /// What an address must have been proved for.
    purpose: AddressPurpose,
}

impl Accounts {
    /// Lets a logged-in user confirm an operation: with their password, or by signing on where they are known.
    /// A person without either is asked for a password that does not exist.
    pub async fn user_interactive(
        &self,
        operation: Operation,
        user: &UserId,
        auth: Option<&AuthData>,
    ) -> Result<(), UiaError> {
        let mut flows = Vec::new();
        if self.can_sign_on(user).await.map_err(AccountError::from)? {
            flows.push(vec![AuthType::Sso]);
        }
        if flows.is_empty() || self.has_password(user).await.map_err(AccountError::from)? {
            flows.insert(0, vec![AuthType::Password]);
        }
        self.interact(Some(user), &operation, flows, AddressPurpose::ResetPassword, auth).await.map(drop)
    }

    /// Lets somebody who is logged in nowhere prove by their address whose password they may set.
    ///
    /// # Errors
    /// `LoginUnsupported` when this server sends no e-mail.
    pub async fn password_reset_interactive(
        &self,
        operation: Operation,
        auth: Option<&AuthData>,
    ) -> Result<AddressProof, UiaError> {
        if !self.0.settings.email {
            return Err(AccountError::LoginUnsupported.into());
        }
        let flows = vec![vec![AuthType::EmailIdentity]];
        let earned = self.interact(None, &operation, flows, AddressPurpose::ResetPassword, auth).await?;
        earned.address.ok_or_else(|| AccountError::AddressNotProved.into())
    }

    /// Lets a client earn the right to register; the answer is what it showed on the way.
    pub async fn registration_interactive(
        &self,
        operation: Operation,
        auth: Option<&AuthData>,
    ) -> Result<Earned, UiaError> {
        let stage = match self.0.settings.registration {
            Registration::Closed => return Err(AccountError::RegistrationClosed.into()),
            Registration::Token => AuthType::RegistrationToken,
            Registration::Open => AuthType::Dummy,
        };
        let with_address = vec![stage.clone(), AuthType::EmailIdentity];
        let flows = match (self.0.settings.email, self.0.settings.email_required) {
            (true, true) => vec![with_address],
            (true, false) => vec![vec![stage], with_address],
            (false, _) => vec![vec![stage]],
        };
        self.interact(None, &operation, flows, AddressPurpose::Register, auth).await
    }

    async fn interact(
        &self,
        owner: Option<&UserId>,
        operation: &Operation,
        flows: Vec<Vec<AuthType>>,
        purpose: AddressPurpose,
        auth: Option<&AuthData>,
    ) -> Result<Earned, UiaError> {
        let name = operation.name;
        let operation = self.0.uia.digest(operation);
        let given = auth.and_then(AuthData::session);
        let Some(session) = self.join_or_begin(owner, operation, name, given)? else {
            let turn = Turn { owner, flows, session: self.begin(owner, operation, name), purpose };
            let error = Some((ErrorKind::Unknown, "Unknown or expired session; begin again"));
            return Err(self.challenge(&turn, error));
        };
        let turn = Turn { owner, flows, session, purpose };
        if let Some(auth) = auth
            && let Some(stage) = auth.auth_type()
        {
            // ruma hands out a stage without data of its own, like signing on, as one that it does not know.
            let stage = AuthType::from(stage.as_str());
            if !turn.flows.iter().flatten().any(|wanted| *wanted == stage) {
                let error = (ErrorKind::Unrecognized, "This stage is not part of any flow");
                return Err(self.challenge(&turn, Some(error)));
            }
            let outcome = match stage {
                // This stage was passed in a browser, or was not passed yet.
                AuthType::Sso if self.is_passed(&turn, &stage) => Stage::Passed(Earned::default()),
                AuthType::Sso => Stage::Failed(ErrorKind::Forbidden, "Sign on in a browser first"),
                _ => self.try_stage(&turn, auth).await?,
            };
            match outcome {
                Stage::Passed(earned) => self.pass(&turn, stage, earned),
                Stage::Failed(kind, message) => return Err(self.challenge(&turn, Some((kind, message)))),
            }
        }
        self.finish(&turn).ok_or_else(|| self.challenge(&turn, None))
    }

    async fn can_sign_on(&self, user: &UserId) -> Result<bool, StoreError> {
        let providers = &self.0.settings.identity_providers;
        if providers.is_empty() {
            return Ok(false);
        }
        Ok(self.external_ids(user).await?.iter().any(|id| providers.contains(&id.provider)))
    }

    fn challenge(&self, turn: &Turn<'_>, error: Option<(ErrorKind, &'static str)>) -> UiaError {
        let mut info = UiaaInfo::new(turn.flows.iter().cloned().map(AuthFlow::new).collect());
        info.completed = self.completed(turn);
        info.session = Some(turn.session.clone());
        // Clients expect the key even when no stage has parameters.
        info.params = serde_json::value::RawValue::from_string("{}".to_owned()).ok();
        info.auth_error =
            error.map(|(kind, message)| Box::new(StandardErrorBody::new(kind, message.to_owned())));
        UiaError::Challenge(Box::new(info))
    }
}
