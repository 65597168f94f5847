//! Why a request to the outside got no answer.

use thiserror::Error;

/// What a caller can act on. The texts are for logs: a user must not learn from them what our network
/// looks like, so an edge answers all of them in the same words.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum OutboundError {
    /// Not `http` or `https`, no host, with user name or password, or too long.
    #[error("the URL cannot be asked for: {0}")]
    InvalidUrl(String),
    /// The host, or every address that its name has, is not one to connect to.
    #[error("{0} is not an address that may be connected to")]
    Blocked(String),
    /// The name has no address, or nobody could be asked.
    #[error("the name {0} cannot be resolved")]
    Unresolvable(String),
    /// The whole exchange did not end in its time.
    #[error("no answer in time")]
    Timeout,
    /// The answer is longer than the caller takes.
    #[error("the answer is longer than {bytes_max} bytes")]
    TooLarge {
        /// The bound of the caller.
        bytes_max: usize,
    },
    /// More redirects than the caller follows.
    #[error("more redirects than are followed")]
    TooManyRedirects,
    /// Nobody listens there, or the TLS handshake failed.
    #[error("cannot connect: {0}")]
    Connect(String),
    /// What came back is no HTTP, or broke off.
    #[error("the answer cannot be read: {0}")]
    Broken(String),
    /// The settings cannot be used.
    #[error("the settings cannot be used: {0}")]
    Setup(String),
}

impl OutboundError {
    /// The word for metrics.
    pub(crate) fn label(&self) -> &'static str {
        match self {
            Self::InvalidUrl(_) => "invalid_url",
            Self::Blocked(_) => "blocked",
            Self::Unresolvable(_) => "unresolvable",
            Self::Timeout => "timeout",
            Self::TooLarge { .. } => "too_large",
            Self::TooManyRedirects => "too_many_redirects",
            Self::Connect(_) => "connect",
            Self::Broken(_) => "broken",
            Self::Setup(_) => "setup",
        }
    }

    /// Whether another try later may succeed: the other side or the way to it failed, not the request.
    pub fn is_temporary(&self) -> bool {
        match self {
            Self::Unresolvable(_) | Self::Timeout | Self::Connect(_) | Self::Broken(_) => true,
            Self::InvalidUrl(_)
            | Self::Blocked(_)
            | Self::TooLarge { .. }
            | Self::TooManyRedirects
            | Self::Setup(_) => false,
        }
    }
}

impl From<reqwest::Error> for OutboundError {
    /// An error of our own resolver comes back wrapped several times; it is found and handed on.
    fn from(error: reqwest::Error) -> Self {
        let mut cause: Option<&(dyn std::error::Error + 'static)> = Some(&error);
        let mut innermost = error.to_string();
        while let Some(current) = cause {
            if let Some(ours) = current.downcast_ref::<Self>() {
                return ours.clone();
            }
            innermost = current.to_string();
            cause = current.source();
        }
        if error.is_timeout() {
            Self::Timeout
        } else if error.is_connect() {
            Self::Connect(innermost)
        } else if error.is_builder() {
            Self::InvalidUrl(innermost)
        } else {
            Self::Broken(innermost)
        }
    }
}
