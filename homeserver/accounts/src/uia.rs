//! User-interactive authentication: who must prove what before an operation is done.
//!
//! [User-Interactive Authentication API](https://spec.matrix.org/v1.19/client-server-api/#user-interactive-authentication-api).
//! A session belongs to one user and one operation with its parameters, lives in memory for some
//! minutes, holds no password, and is gone once its operation is done. A stage counts only in the
//! session in which it was completed and only if a flow of that session asks for it.

use std::collections::{HashMap, VecDeque};

use base::Rng;
use parking_lot::Mutex;
use ruma::{
    OwnedUserId, UserId,
    api::{
        client::uiaa::{AuthData, AuthFlow, AuthType, UiaaInfo, UserIdentifier},
        error::{ErrorKind, StandardErrorBody},
    },
};
use serde::Serialize;
use sha2::{Digest, Sha256};
use store::StoreError;

use crate::{
    AccountError, Accounts, AddressProof, AddressPurpose, LoginName, Registration,
    limits::{UIA_SESSION_MS, UIA_SESSIONS_MAX},
};

const SESSION_ID_LENGTH: usize = 24;

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

struct UiaSession {
    owner: Option<OwnedUserId>,
    operation: [u8; 32],
    operation_name: &'static str,
    completed: Vec<AuthType>,
    earned: Earned,
    expires_ms: u64,
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

/// The sessions under way.
pub(crate) struct UiaSessions {
    /// Makes the hash of an operation worthless outside this process: it may cover a new password.
    key: [u8; 32],
    sessions: Mutex<Sessions>,
}

#[derive(Default)]
struct Sessions {
    by_id: HashMap<String, UiaSession>,
    oldest_first: VecDeque<String>,
}

impl Sessions {
    fn drop_expired(&mut self, now_ms: u64) {
        while let Some(id) = self.oldest_first.front() {
            let gone = self.by_id.get(id).is_none_or(|session| session.expires_ms <= now_ms);
            if !gone && self.by_id.len() < UIA_SESSIONS_MAX {
                break;
            }
            if let Some(id) = self.oldest_first.pop_front() {
                self.by_id.remove(&id);
            }
        }
    }
}

impl UiaSessions {
    pub fn new(rng: &Rng) -> Self {
        let mut key = [0; 32];
        rng.fill(&mut key);
        Self { key, sessions: Mutex::default() }
    }

    pub fn pending_uses(&self, token: &str, now_ms: u64) -> u64 {
        let sessions = self.sessions.lock();
        let uses = sessions.by_id.values().filter(|session| {
            session.expires_ms > now_ms && session.earned.registration_token.as_deref() == Some(token)
        });
        u64::try_from(uses.count()).unwrap_or(u64::MAX)
    }

    fn digest(&self, operation: &Operation) -> [u8; 32] {
        let mut digest = Sha256::new();
        digest.update(self.key);
        digest.update(&operation.parts);
        digest.finalize().into()
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

/// How a stage went.
enum Stage {
    Passed(Earned),
    Failed(ErrorKind, &'static str),
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

    /// The session the client named, or a new one when it named none; nothing when it is unknown.
    fn join_or_begin(
        &self,
        owner: Option<&UserId>,
        operation: [u8; 32],
        name: &'static str,
        given: Option<&str>,
    ) -> Result<Option<String>, UiaError> {
        let Some(given) = given else { return Ok(Some(self.begin(owner, operation, name))) };
        let mut sessions = self.0.uia.sessions.lock();
        sessions.drop_expired(self.0.clock.now_ms());
        let Some(session) = sessions.by_id.get(given) else { return Ok(None) };
        if session.owner.as_deref() != owner || session.operation != operation {
            return Err(UiaError::OperationChanged);
        }
        Ok(Some(given.to_owned()))
    }

    fn begin(&self, owner: Option<&UserId>, operation: [u8; 32], operation_name: &'static str) -> String {
        let id = self.0.rng.string(SESSION_ID_LENGTH);
        let now_ms = self.0.clock.now_ms();
        let session = UiaSession {
            owner: owner.map(ToOwned::to_owned),
            operation,
            operation_name,
            completed: Vec::new(),
            earned: Earned::default(),
            expires_ms: now_ms.saturating_add(UIA_SESSION_MS),
        };
        let mut sessions = self.0.uia.sessions.lock();
        sessions.drop_expired(now_ms);
        sessions.by_id.insert(id.clone(), session);
        sessions.oldest_first.push_back(id.clone());
        id
    }

    async fn try_stage(&self, turn: &Turn<'_>, auth: &AuthData) -> Result<Stage, UiaError> {
        match auth {
            AuthData::Password(password) => {
                let owner = turn.owner.ok_or(UiaError::WrongUser)?;
                let name = login_name(&password.identifier);
                let claimed = self.resolve_login_name(&name).await.map_err(AccountError::from)?;
                if claimed.is_some_and(|claimed| claimed != owner) {
                    return Err(UiaError::WrongUser);
                }
                let names_owner = matches!(name, LoginName::User(_) | LoginName::Email(_));
                if self.is_password(owner, &password.password).await? && names_owner {
                    Ok(Stage::Passed(Earned::default()))
                } else {
                    Ok(Stage::Failed(ErrorKind::Forbidden, "Invalid password"))
                }
            }
            AuthData::Dummy(_) => Ok(Stage::Passed(Earned::default())),
            AuthData::RegistrationToken(stage) => {
                let already = self.shown_token(turn).as_deref() == Some(&*stage.token);
                let valid = already
                    || self.is_registration_token_valid(&stage.token).await.map_err(AccountError::from)?;
                if valid {
                    let registration_token = Some(stage.token.clone());
                    Ok(Stage::Passed(Earned { registration_token, ..Earned::default() }))
                } else {
                    Ok(Stage::Failed(ErrorKind::Unauthorized, "Invalid registration token"))
                }
            }
            AuthData::EmailIdentity(stage) => {
                let credentials = &stage.thirdparty_id_creds;
                let (sid, secret) = (credentials.sid.as_str(), credentials.client_secret.as_str());
                match self.address_proof(turn.purpose, turn.owner, sid, secret).await {
                    Ok(proof) => Ok(Stage::Passed(Earned { address: Some(proof), ..Earned::default() })),
                    Err(AccountError::AddressNotProved) => {
                        Ok(Stage::Failed(ErrorKind::ThreepidAuthFailed, "The address has not been confirmed"))
                    }
                    Err(error) => Err(error.into()),
                }
            }
            _ => Ok(Stage::Failed(ErrorKind::Unrecognized, "This stage is not supported")),
        }
    }

    /// The session in which its user can confirm something by signing on; none when there is no such.
    pub fn confirmation(&self, session: &str) -> Option<Confirmation> {
        let mut sessions = self.0.uia.sessions.lock();
        sessions.drop_expired(self.0.clock.now_ms());
        let session = sessions.by_id.get(session)?;
        Some(Confirmation { user: session.owner.clone()?, operation: session.operation_name })
    }

    /// Notes that this user has signed on for a session of theirs; whether there is such a session.
    pub fn confirm_by_sign_on(&self, session: &str, user: &UserId) -> bool {
        let mut sessions = self.0.uia.sessions.lock();
        sessions.drop_expired(self.0.clock.now_ms());
        match sessions.by_id.get_mut(session) {
            Some(session) if session.owner.as_deref() == Some(user) => {
                if !session.completed.contains(&AuthType::Sso) {
                    session.completed.push(AuthType::Sso);
                }
                true
            }
            Some(_) | None => false,
        }
    }

    async fn can_sign_on(&self, user: &UserId) -> Result<bool, StoreError> {
        let providers = &self.0.settings.identity_providers;
        if providers.is_empty() {
            return Ok(false);
        }
        Ok(self.external_ids(user).await?.iter().any(|id| providers.contains(&id.provider)))
    }

    fn is_passed(&self, turn: &Turn<'_>, stage: &AuthType) -> bool {
        let sessions = self.0.uia.sessions.lock();
        sessions.by_id.get(&turn.session).is_some_and(|session| session.completed.contains(stage))
    }

    fn shown_token(&self, turn: &Turn<'_>) -> Option<String> {
        let sessions = self.0.uia.sessions.lock();
        sessions.by_id.get(&turn.session).and_then(|session| session.earned.registration_token.clone())
    }

    fn pass(&self, turn: &Turn<'_>, stage: AuthType, earned: Earned) {
        let mut sessions = self.0.uia.sessions.lock();
        if let Some(session) = sessions.by_id.get_mut(&turn.session) {
            if !session.completed.contains(&stage) {
                session.completed.push(stage);
            }
            if earned.registration_token.is_some() {
                session.earned.registration_token = earned.registration_token;
            }
            if earned.address.is_some() {
                session.earned.address = earned.address;
            }
        }
    }

    /// Ends the session if one of its flows is complete; the answer carries what it earned.
    fn finish(&self, turn: &Turn<'_>) -> Option<Earned> {
        let mut sessions = self.0.uia.sessions.lock();
        let completed = &sessions.by_id.get(&turn.session)?.completed;
        let is_complete = turn.flows.iter().any(|flow| flow.iter().all(|stage| completed.contains(stage)));
        if !is_complete {
            return None;
        }
        sessions.by_id.remove(&turn.session).map(|session| session.earned)
    }

    fn challenge(&self, turn: &Turn<'_>, error: Option<(ErrorKind, &'static str)>) -> UiaError {
        let completed = {
            let sessions = self.0.uia.sessions.lock();
            sessions.by_id.get(&turn.session).map(|session| session.completed.clone()).unwrap_or_default()
        };
        let mut info = UiaaInfo::new(turn.flows.iter().cloned().map(AuthFlow::new).collect());
        info.completed = completed;
        info.session = Some(turn.session.clone());
        // Clients expect the key even when no stage has parameters.
        info.params = serde_json::value::RawValue::from_string("{}".to_owned()).ok();
        info.auth_error =
            error.map(|(kind, message)| Box::new(StandardErrorBody::new(kind, message.to_owned())));
        UiaError::Challenge(Box::new(info))
    }
}

#[cfg(test)]
impl Accounts {
    pub(crate) fn uia_sessions(&self) -> usize {
        self.0.uia.sessions.lock().by_id.len()
    }
}

fn login_name(identifier: &UserIdentifier) -> LoginName {
    match identifier {
        UserIdentifier::Matrix(matrix) => LoginName::User(matrix.user.clone()),
        UserIdentifier::Email(email) => LoginName::Email(email.address.clone()),
        _ => LoginName::ThirdParty,
    }
}
