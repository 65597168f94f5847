//! Matrix codes of what `accounts` refuses.

use accounts::{AccountError, AuthError, PushRuleError, UiaError, limits::VISIT_CODES_WITHIN_MS};
use http::StatusCode;
use ruma::api::error::ErrorCode;

use super::MatrixError;

/// After so long a client may try again when the server is busy.
const BUSY_RETRY_MS: u64 = 1_000;

impl From<AuthError> for MatrixError {
    fn from(error: AuthError) -> Self {
        match error {
            AuthError::Missing => Self::missing_token(),
            AuthError::Unknown => Self::unknown_token(false),
            AuthError::Expired => Self::unknown_token(true),
            AuthError::Locked => locked(),
            AuthError::Store(error) => error.into(),
        }
    }
}

impl From<AccountError> for MatrixError {
    fn from(error: AccountError) -> Self {
        let message = error.to_string();
        let bad_request = |code| Self::new(StatusCode::BAD_REQUEST, code, message.clone());
        match error {
            AccountError::InvalidUsername => bad_request(ErrorCode::InvalidUsername),
            AccountError::UserInUse | AccountError::FirstLoginPast => bad_request(ErrorCode::UserInUse),
            AccountError::Exclusive => bad_request(ErrorCode::Exclusive),
            AccountError::RegistrationClosed
            | AccountError::WrongCredentials
            | AccountError::SharedSecretDisabled
            | AccountError::FirstLoginUnknown
            | AccountError::VisitCodeWrong(_)
            | AccountError::VisitCodeVoid
            | AccountError::InvalidAdministratorToken
            | AccountError::Administrator
            | AccountError::NoColleague
            | AccountError::WrongMac => Self::forbidden(message),
            AccountError::GuestsRefused => {
                Self::new(StatusCode::FORBIDDEN, ErrorCode::GuestAccessForbidden, message)
            }
            AccountError::MissingParameter(_) => Self::missing_param(message),
            AccountError::InvalidParameter(_) => Self::invalid_param(message),
            AccountError::WeakPassword(_) => bad_request(ErrorCode::from("M_WEAK_PASSWORD")),
            AccountError::LoginUnsupported | AccountError::UnknownNonce => Self::bad_request(message),
            AccountError::UserDeactivated => {
                Self::new(StatusCode::FORBIDDEN, ErrorCode::UserDeactivated, message)
            }
            AccountError::UserLocked => locked(),
            AccountError::UnknownRefreshToken => Self::unknown_token(false),
            AccountError::ExpiredRefreshToken => Self::unknown_token(true),
            AccountError::UnknownUser | AccountError::UnknownDevice | AccountError::NotFound => {
                Self::not_found(message)
            }
            AccountError::TooManyDevices => bad_request(ErrorCode::ResourceLimitExceeded),
            AccountError::InvalidRegistrationToken => {
                Self::new(StatusCode::UNAUTHORIZED, ErrorCode::Unauthorized, message)
            }
            AccountError::ProfileTooLarge => bad_request(ErrorCode::ProfileTooLarge),
            AccountError::ProfileKeyTooLarge => bad_request(ErrorCode::KeyTooLarge),
            AccountError::TooLarge(_) => bad_request(ErrorCode::TooLarge),
            AccountError::AddressNotProved => bad_request(ErrorCode::ThreepidAuthFailed),
            AccountError::AddressInUse => bad_request(ErrorCode::ThreepidInUse),
            AccountError::ExternalIdInUse => {
                Self::new(StatusCode::CONFLICT, ErrorCode::Unknown, "External id is already in use.")
            }
            AccountError::SignOnUnknown | AccountError::SignOnElsewhere | AccountError::LogoutTokenUsed => {
                Self::bad_request(message)
            }
            AccountError::PushRule(error) => error.into(),
            AccountError::Busy | AccountError::Contended => Self::limit_exceeded(BUSY_RETRY_MS),
            AccountError::VisitCodesSpent => Self::limit_exceeded(VISIT_CODES_WITHIN_MS),
            AccountError::Hashing => Self::internal("hash password", message),
            AccountError::Store(error) => error.into(),
        }
    }
}

impl From<PushRuleError> for MatrixError {
    fn from(error: PushRuleError) -> Self {
        let message = error.to_string();
        match error {
            PushRuleError::NotFound => Self::not_found(message),
            PushRuleError::ServerDefault
            | PushRuleError::InvalidId
            | PushRuleError::ImpossiblePlace
            | PushRuleError::KindNotAllowed => Self::invalid_param(message),
            PushRuleError::UnknownPlace => Self::bad_request(message),
            PushRuleError::TooMany | PushRuleError::TooLarge => {
                Self::new(StatusCode::BAD_REQUEST, ErrorCode::TooLarge, message)
            }
        }
    }
}

impl From<UiaError> for MatrixError {
    fn from(error: UiaError) -> Self {
        let message = error.to_string();
        match error {
            UiaError::Challenge(info) => Self::uiaa(&info),
            UiaError::OperationChanged | UiaError::WrongUser => Self::forbidden(message),
            UiaError::Account(error) => error.into(),
        }
    }
}

/// [Account locking](https://spec.matrix.org/v1.19/client-server-api/#account-locking)
fn locked() -> MatrixError {
    MatrixError::new(StatusCode::UNAUTHORIZED, ErrorCode::UserLocked, "The account is locked")
        .with("soft_logout", true)
}
