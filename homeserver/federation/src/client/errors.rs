//! Why another server gave no answer that can be used.

use outbound::OutboundError;
use ruma::OwnedServerName;
use thiserror::Error;

/// What a caller can act on.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum ClientError {
    /// The operator does not want us to talk with this server.
    #[error("this server does not talk with {0}")]
    NotAllowed(OwnedServerName),
    /// The server could not be reached a moment ago and is left alone for a while.
    #[error("{server} could not be reached a moment ago")]
    BackingOff {
        /// The server.
        server: OwnedServerName,
        /// When it may be asked again, in milliseconds since 1970.
        retry_at_ms: u64,
    },
    /// Its name has no address, nobody listens there, or its certificate is not believed.
    #[error("the server cannot be reached: {0}")]
    Unreachable(String),
    /// No whole answer in the time allowed.
    #[error("the server did not answer in time")]
    Timeout,
    /// The server refuses.
    #[error("the server answered {status} {errcode}: {error}")]
    Answered {
        /// The HTTP status, 400 or above.
        status: u16,
        /// Its `errcode`.
        errcode: String,
        /// Its `error`, shortened.
        error: String,
        /// When to try again, in milliseconds from now, if it said so.
        retry_after_ms: Option<u64>,
    },
    /// Nothing is at the path, said without words of Matrix: the server is too old, or something in front of it keeps the
    /// path from it.
    #[error("the server has nothing at this path: it answered {0} without a Matrix error")]
    NoEndpoint(u16),
    /// What came back is no Matrix answer.
    #[error("the answer cannot be used: {0}")]
    BadAnswer(String),
    /// The request cannot be written; our own fault.
    #[error("the request cannot be made: {0}")]
    Request(String),
}

impl ClientError {
    /// Whether the server itself spoke: it can be reached, and another try of the same would not help.
    #[must_use]
    pub fn is_refusal(&self) -> bool {
        match self {
            Self::Answered { status, .. } => (400..500).contains(status) && *status != 429,
            Self::NotAllowed(_)
            | Self::BackingOff { .. }
            | Self::Unreachable(_)
            | Self::Timeout
            | Self::NoEndpoint(_)
            | Self::BadAnswer(_)
            | Self::Request(_) => false,
        }
    }

    /// Whether the same question may well be answered a little later: somebody was out of reach, or not in order.
    #[must_use]
    pub fn may_pass(&self) -> bool {
        match self {
            // Whoever cannot get our keys just then does not believe us.
            Self::Answered { status: 401 | 408, .. } => true,
            Self::Answered { .. } => !self.is_refusal(),
            Self::BackingOff { .. } | Self::Unreachable(_) | Self::Timeout | Self::BadAnswer(_) => true,
            // The operator's word stands, and our own fault does not mend itself.
            Self::NotAllowed(_) | Self::NoEndpoint(_) | Self::Request(_) => false,
        }
    }

    /// The status with which the server refused.
    #[must_use]
    pub fn status(&self) -> Option<u16> {
        match self {
            Self::Answered { status, .. } => Some(*status),
            Self::NotAllowed(_)
            | Self::BackingOff { .. }
            | Self::Unreachable(_)
            | Self::Timeout
            | Self::NoEndpoint(_)
            | Self::BadAnswer(_)
            | Self::Request(_) => None,
        }
    }

    /// The word for metrics.
    pub(super) const fn label(&self) -> &'static str {
        match self {
            Self::NotAllowed(_) => "not_allowed",
            Self::BackingOff { .. } => "backing_off",
            Self::Unreachable(_) => "unreachable",
            Self::Timeout => "timeout",
            Self::Answered { .. } => "refused",
            Self::NoEndpoint(_) => "no_endpoint",
            Self::BadAnswer(_) => "bad_answer",
            Self::Request(_) => "request",
        }
    }
}

impl From<OutboundError> for ClientError {
    fn from(error: OutboundError) -> Self {
        match error {
            OutboundError::Timeout => Self::Timeout,
            OutboundError::InvalidUrl(_)
            | OutboundError::Blocked(_)
            | OutboundError::Unresolvable(_)
            | OutboundError::Connect(_)
            | OutboundError::Broken(_)
            | OutboundError::Setup(_) => Self::Unreachable(error.to_string()),
            OutboundError::TooLarge { .. } | OutboundError::TooManyRedirects => {
                Self::BadAnswer(error.to_string())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_may_be_answered_a_little_later() {
        let answered = |status: u16| ClientError::Answered {
            status,
            errcode: "M_X".to_owned(),
            error: String::new(),
            retry_after_ms: None,
        };
        let table = [
            (answered(500), true),
            (answered(429), true),
            (answered(408), true),
            (answered(401), true),
            (answered(403), false),
            (answered(404), false),
            (ClientError::Timeout, true),
            (ClientError::Unreachable(String::new()), true),
            (ClientError::BadAnswer(String::new()), true),
            (ClientError::NoEndpoint(404), false),
            (ClientError::NotAllowed(ruma::owned_server_name!("denied.test")), false),
            (ClientError::Request(String::new()), false),
        ];
        for (error, expected) in table {
            assert_eq!(error.may_pass(), expected, "{error}");
        }
    }
}
