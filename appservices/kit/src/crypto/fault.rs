//! What goes wrong with keys, by what can be done about it.

use matrix_sdk_crypto::{CryptoStoreError, MegolmError, OlmError};
use store::StoreError;

use crate::{BotError, CallError, KitError, delivery::Undelivered};

/// Why something was not encrypted, sent or read.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CryptoFault {
    /// The store refuses.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The homeserver refuses or cannot be reached.
    #[error(transparent)]
    Call(#[from] CallError),
    /// The library refuses, and would again.
    #[error("encryption: {0}")]
    Library(String),
}

impl CryptoFault {
    pub fn library(error: impl std::fmt::Display) -> Self {
        Self::Library(error.to_string())
    }

    /// Whether what is in memory may be ahead of what is in the store.
    pub fn is_of_store(&self) -> bool {
        matches!(self, Self::Store(_))
    }
}

impl From<CryptoStoreError> for CryptoFault {
    fn from(error: CryptoStoreError) -> Self {
        match error {
            CryptoStoreError::Backend(error) => match error.downcast::<StoreError>() {
                Ok(error) => Self::Store(*error),
                Err(error) => Self::library(error),
            },
            other => Self::library(other),
        }
    }
}

impl From<OlmError> for CryptoFault {
    fn from(error: OlmError) -> Self {
        match error {
            OlmError::Store(error) => error.into(),
            other => Self::library(other),
        }
    }
}

impl From<MegolmError> for CryptoFault {
    fn from(error: MegolmError) -> Self {
        match error {
            MegolmError::Store(error) => error.into(),
            other => Self::library(other),
        }
    }
}

impl From<serde_json::Error> for CryptoFault {
    fn from(error: serde_json::Error) -> Self {
        Self::library(error)
    }
}

impl From<CryptoFault> for Undelivered {
    fn from(fault: CryptoFault) -> Self {
        match fault {
            CryptoFault::Store(error) => error.into(),
            CryptoFault::Call(error) => error.into(),
            CryptoFault::Library(reason) => Self::Refused(format!("it cannot be encrypted: {reason}")),
        }
    }
}

impl From<CryptoFault> for BotError {
    fn from(fault: CryptoFault) -> Self {
        match fault {
            CryptoFault::Store(error) => error.into(),
            CryptoFault::Call(error) => Self::Later(error.to_string()),
            CryptoFault::Library(reason) => Self::Broken(reason),
        }
    }
}

impl From<CryptoFault> for KitError {
    fn from(fault: CryptoFault) -> Self {
        match fault {
            CryptoFault::Store(error) => error.into(),
            CryptoFault::Call(error) => error.into(),
            CryptoFault::Library(reason) => Self::Keys(reason),
        }
    }
}
