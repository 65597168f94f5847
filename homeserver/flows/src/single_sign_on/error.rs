//! Why somebody is not signed on. Each becomes a page that tells the person what to do.

use accounts::AccountError;

/// Why somebody is not signed on.
#[derive(Debug, thiserror::Error)]
pub enum SingleSignOnError {
    /// No identity provider has this id.
    #[error("no identity provider has this id")]
    UnknownProvider,
    /// The client's address cannot be gone back to; the reason is named.
    #[error("the client's address is not accepted: {0}")]
    RedirectUrl(&'static str),
    /// The provider does not answer, or not in the way of OpenID Connect; the story is for the log.
    #[error("the identity provider cannot be asked: {0}")]
    Unavailable(String),
    /// The provider says no; in its own words.
    #[error("the identity provider refused: {0}")]
    Refused(String),
    /// What the provider said does not stand up to the checks; the story is for the log.
    #[error("the identity provider's answer cannot be trusted: {0}")]
    Untrusted(String),
    /// The sign-on is unknown, finished, or too old.
    #[error("the sign-on has expired or was finished already")]
    Expired,
    /// The sign-on was begun in another browser, or the browser keeps no cookies.
    #[error("the sign-on was begun in another browser")]
    OtherBrowser,
    /// The user-interactive session is unknown or too old, or nobody is asked to sign on in it.
    #[error("there is nothing to confirm")]
    NothingToConfirm,
    /// Somebody else signed on than the one whose confirmation was wanted.
    #[error("another person signed on")]
    AnotherPerson,
    /// A claim that must be there is not; it is named.
    #[error("the claim {0} is missing or has another value than the one required")]
    NotAllowed(String),
    /// The name that the provider gives cannot be a user name here.
    #[error("the name `{0}` cannot be a user name here")]
    NameUnusable(String),
    /// The name belongs to an account that is not linked to the person.
    #[error("the name `{0}` belongs to an account that is not linked")]
    NameTaken(String),
    /// The person has no account, and none is made.
    #[error("the person has no account here")]
    NoAccount,
    /// The account was closed.
    #[error("the account has been deactivated")]
    Deactivated,
    /// The account is locked.
    #[error("the account is locked")]
    Locked,
    /// The accounts failed, or are busy.
    #[error(transparent)]
    Account(AccountError),
}

impl From<AccountError> for SingleSignOnError {
    fn from(error: AccountError) -> Self {
        match error {
            AccountError::SignOnUnknown => Self::Expired,
            AccountError::SignOnElsewhere => Self::OtherBrowser,
            AccountError::UserDeactivated => Self::Deactivated,
            AccountError::UserLocked => Self::Locked,
            error => Self::Account(error),
        }
    }
}

impl From<store::StoreError> for SingleSignOnError {
    fn from(error: store::StoreError) -> Self {
        Self::Account(error.into())
    }
}

impl SingleSignOnError {
    /// The word for metrics.
    pub(super) fn label(&self) -> &'static str {
        match self {
            Self::UnknownProvider => "unknown_provider",
            Self::RedirectUrl(_) => "redirect_url",
            Self::Unavailable(_) => "unavailable",
            Self::Refused(_) => "refused",
            Self::Untrusted(_) => "untrusted",
            Self::Expired => "expired",
            Self::OtherBrowser => "other_browser",
            Self::NothingToConfirm => "nothing_to_confirm",
            Self::AnotherPerson => "another_person",
            Self::NotAllowed(_) => "not_allowed",
            Self::NameUnusable(_) => "name_unusable",
            Self::NameTaken(_) => "name_taken",
            Self::NoAccount => "no_account",
            Self::Deactivated => "deactivated",
            Self::Locked => "locked",
            Self::Account(_) => "account",
        }
    }
}
