//! What a caller of this crate can act on. The Matrix codes are chosen in `http`, not here.

use store::StoreError;

use crate::push_rules::PushRuleError;

/// Why an access token opens nothing.
#[derive(Debug, thiserror::Error)]
pub enum AuthError {
    /// No token, or an empty one.
    #[error("no access token")]
    Missing,
    /// No session has this token.
    #[error("unknown access token")]
    Unknown,
    /// The token was good and has run out; the client keeps its data and refreshes or logs in again.
    #[error("the access token has expired")]
    Expired,
    /// An administrator locked the account, or its person left; the client keeps its data.
    #[error("the account is locked")]
    Locked,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Why an operation on accounts was refused.
#[derive(Debug, thiserror::Error)]
pub enum AccountError {
    /// The localpart breaks the grammar of user ids or is too long.
    #[error("the user name may only contain a-z, 0-9 and ._=-/+ and must not be too long")]
    InvalidUsername,
    /// The localpart is taken.
    #[error("the user name is already taken")]
    UserInUse,
    /// The localpart is kept for an application service or by the operator.
    #[error("the user name is reserved")]
    Exclusive,
    /// Nobody may register here.
    #[error("registration is closed")]
    RegistrationClosed,
    /// Guests may not register here.
    #[error("guest access is closed")]
    GuestsRefused,
    /// A parameter that the operation needs is absent; the parameter is named.
    #[error("missing parameter: {0}")]
    MissingParameter(&'static str),
    /// A parameter has a value that cannot be accepted; the reason is named.
    #[error("{0}")]
    InvalidParameter(&'static str),
    /// The password breaks the policy; the reason is named.
    #[error("{0}")]
    WeakPassword(&'static str),
    /// Wrong password, unknown user, wrong or used login token: deliberately one answer.
    #[error("invalid user name or password")]
    WrongCredentials,
    /// The kind of login is not offered.
    #[error("this kind of login is not supported")]
    LoginUnsupported,
    /// The account was deactivated.
    #[error("the account has been deactivated")]
    UserDeactivated,
    /// An administrator locked the account, or its person left.
    #[error("the account is locked")]
    UserLocked,
    /// The account is an administrator's: only administrators change it.
    #[error("the account is an administrator's; only administrators may change it")]
    Administrator,
    /// The account is a guest's or a visitor's, and nobody's of the organisation.
    #[error("the account is a guest's or a visitor's")]
    NoColleague,
    /// No session has this refresh token.
    #[error("unknown refresh token")]
    UnknownRefreshToken,
    /// The refresh token has run out.
    #[error("the refresh token has expired")]
    ExpiredRefreshToken,
    /// No such local account.
    #[error("no such user")]
    UnknownUser,
    /// The user has no such device.
    #[error("no such device")]
    UnknownDevice,
    /// The user has as many devices as allowed.
    #[error("too many devices")]
    TooManyDevices,
    /// The registration token is unknown, expired or used up.
    #[error("the registration token is not valid")]
    InvalidRegistrationToken,
    /// Registration by shared secret is switched off.
    #[error("registration by shared secret is not enabled")]
    SharedSecretDisabled,
    /// The nonce is unknown, used or expired.
    #[error("unrecognised nonce")]
    UnknownNonce,
    /// The message authentication code does not fit.
    #[error("the HMAC is incorrect")]
    WrongMac,
    /// The one-time token for the first administrator does not fit, or there is one already.
    #[error("the link for the first administrator is not valid")]
    InvalidAdministratorToken,
    /// The link of a first login is unknown, void, used or too old: deliberately one answer.
    #[error("the link is not valid, was used, or is too old")]
    FirstLoginUnknown,
    /// The code of a visitor's link is not the one that was sent last; how often another may be entered.
    #[error("the code is wrong, {0} tries are left")]
    VisitCodeWrong(u32),
    /// No code can be entered for a visitor's link: none was sent, or it is too old, or was tried too often.
    #[error("there is no code that could be entered; ask for a new one")]
    VisitCodeVoid,
    /// As many codes were sent for a visitor's link, or to its address, as may be.
    #[error("too many codes were sent; try again in an hour")]
    VisitCodesSpent,
    /// Somebody has entered the account already, or it is not one that is entered by a link.
    #[error("the account has been entered already")]
    FirstLoginPast,
    /// The profile would be larger than allowed.
    #[error("the profile would be too large")]
    ProfileTooLarge,
    /// The key of the profile field is longer than allowed.
    #[error("the profile key is too long")]
    ProfileKeyTooLarge,
    /// The value is larger than allowed; what, is named.
    #[error("{0} is too large")]
    TooLarge(&'static str),
    /// Not there: account data, filter, tag or profile field.
    #[error("not found")]
    NotFound,
    /// The session has not proved the address, or not for this.
    #[error("the e-mail address has not been confirmed")]
    AddressNotProved,
    /// The address belongs to another account.
    #[error("the e-mail address is already in use")]
    AddressInUse,
    /// The person of an identity provider has another account.
    #[error("the external id is linked to another account")]
    ExternalIdInUse,
    /// No sign-on has this state: it is wrong, was used, or is too old.
    #[error("the sign-on has expired or was finished already")]
    SignOnUnknown,
    /// The sign-on was begun in another browser.
    #[error("the sign-on was begun in another browser")]
    SignOnElsewhere,
    /// The logout token of an identity provider was used before.
    #[error("the logout token was used before")]
    LogoutTokenUsed,
    /// A push rule could not be changed.
    #[error(transparent)]
    PushRule(#[from] PushRuleError),
    /// Too many password hashes are waiting.
    #[error("the server is busy; try again")]
    Busy,
    /// The row changed under every try.
    #[error("too many changes at once; try again")]
    Contended,
    /// A password could not be hashed; only a mistake in the settings does that.
    #[error("the password could not be hashed")]
    Hashing,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}
