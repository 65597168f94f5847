//! What a stage asks for, and whether it was given.

use ruma::api::{
    client::uiaa::{AuthData, UserIdentifier},
    error::ErrorKind,
};

use super::{Earned, Turn, UiaError};
use crate::{AccountError, Accounts, LoginName};

/// How a stage went.
pub(super) enum Stage {
    /// It was given; with what it earned.
    Passed(Earned),
    /// It was not, and why.
    Failed(ErrorKind, &'static str),
}

impl Accounts {
    pub(super) async fn try_stage(&self, turn: &Turn<'_>, auth: &AuthData) -> Result<Stage, UiaError> {
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
}

fn login_name(identifier: &UserIdentifier) -> LoginName {
    match identifier {
        UserIdentifier::Matrix(matrix) => LoginName::User(matrix.user.clone()),
        UserIdentifier::Email(email) => LoginName::Email(email.address.clone()),
        _ => LoginName::ThirdParty,
    }
}
