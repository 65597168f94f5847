//! Why a signature is not believed.

use ruma::{OwnedServerName, signatures::VerificationError};
use thiserror::Error;

/// Why a signature is not believed.
#[derive(Debug, Error)]
pub enum SignatureError {
    /// The server did not sign.
    #[error("there is no signature of {0}")]
    NotSigned(OwnedServerName),
    /// None of the keys it signed with could be had, or none was valid then.
    #[error("no key of {0} that was valid then is known")]
    NoKey(OwnedServerName),
    /// A signature is wrong.
    #[error("the signature is wrong: {0}")]
    Wrong(#[from] VerificationError),
}
