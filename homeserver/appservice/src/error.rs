//! What a caller of this crate can act on.

use outbound::OutboundError;

/// Why an application service did not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum AppserviceError {
    /// A registration cannot be used; the text says why.
    #[error("{0}")]
    Registration(String),
    /// No service of this id is in use.
    #[error("no application service of this id is in use")]
    Unknown,
    /// The service has no address.
    #[error("the application service has no url")]
    UrlNotSet,
    /// The service cannot be connected to.
    #[error("the application service cannot be reached: {0}")]
    Connection(String),
    /// The service did not answer in time.
    #[error("the application service did not answer in time")]
    Timeout,
    /// The service answered with another status than success.
    #[error("the application service answered with status {status}")]
    BadStatus {
        /// The status.
        status: u16,
        /// The begin of what it said.
        body: String,
    },
}

impl From<OutboundError> for AppserviceError {
    fn from(error: OutboundError) -> Self {
        match error {
            OutboundError::Timeout => Self::Timeout,
            other => Self::Connection(other.to_string()),
        }
    }
}
