//! Why a letter was not handed over.

use thiserror::Error;

/// What a caller can act on.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum MailError {
    /// The settings cannot be used; the text says which and why.
    #[error("{0}")]
    Setup(String),
    /// The letter cannot be written down as a mail.
    #[error("the letter cannot be composed: {0}")]
    Compose(String),
    /// The mail server does not take this letter and never will.
    #[error("the mail server refused the letter: {0}")]
    Refused(String),
    /// The mail server cannot be reached, or has no time now.
    #[error("the mail server does not work: {0}")]
    Down(String),
}

impl MailError {
    /// Whether another try later may succeed.
    #[must_use]
    pub fn is_temporary(&self) -> bool {
        match self {
            Self::Down(_) => true,
            Self::Setup(_) | Self::Compose(_) | Self::Refused(_) => false,
        }
    }
}
