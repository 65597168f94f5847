//! What a caller of the bridges can act on.

use std::time::Duration;

use bridge_api::{Failure, FailureKind, Refusal, Words};
use kit::CallError;
use store::StoreError;

/// Why the bridges did not do what they were asked.
#[derive(Debug, thiserror::Error)]
pub enum BridgeError {
    /// The store refuses.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// No connector of this name runs.
    #[error("no connector for {0} runs")]
    NoConnector(String),
    /// There is no such conversation, or our app is not in it.
    #[error("there is no conversation {0}, or the app is not in it")]
    NoConversation(String),
    /// The conversation is bound already.
    #[error("the conversation is bound to {0} already")]
    Bound(String),
    /// The room has as many conversations as it may have.
    #[error("the room has as many conversations as it may have")]
    RoomFull,
    /// The bridge's bot is not in the room.
    #[error("invite {0} into the room first")]
    NotInRoom(String),
    /// The room is encrypted.
    #[error("the room is encrypted; bridges are off there")]
    Encrypted,
    /// The platform refuses or is away.
    #[error("the platform: {0}")]
    Platform(#[from] Failure),
    /// The homeserver refuses or is away.
    #[error(transparent)]
    Call(#[from] CallError),
    /// Something in the request is not as it should be.
    #[error("{0}")]
    Invalid(String),
}

impl BridgeError {
    /// Whether a later try may succeed.
    pub(crate) fn passes(&self) -> bool {
        match self {
            Self::Store(_) => true,
            Self::Platform(failure) => failure.passes(),
            Self::Call(error) => !matches!(error, CallError::Refused { .. }),
            Self::NoConnector(_)
            | Self::NoConversation(_)
            | Self::Bound(_)
            | Self::RoomFull
            | Self::NotInRoom(_)
            | Self::Encrypted
            | Self::Invalid(_) => false,
        }
    }
}

/// Why one row of a lane is not at its end.
#[derive(Debug)]
pub(crate) enum Stuck {
    /// To be tried again, at the earliest after this time if one is given.
    Later(String, Option<Duration>),
    /// The platform's answer makes no sense: to be tried again, and not for ever.
    Garbled(String),
    /// The whole app has to wait.
    AppLimited(Duration),
    /// Somebody of that conversation has to speak first; as people are told it.
    Silenced(Words),
    /// It will never work; the reason as people are told it, if the platform or the room gives one.
    Never(String, Option<Refusal>),
}

impl From<StoreError> for Stuck {
    fn from(error: StoreError) -> Self {
        match &error {
            StoreError::Corrupt { .. } | StoreError::TooLarge { .. } => Self::Never(error.to_string(), None),
            StoreError::Conflict
            | StoreError::Busy
            | StoreError::Full
            | StoreError::ReadOnly(_)
            | StoreError::Closed
            | StoreError::Io(_) => Self::Later(error.to_string(), None),
        }
    }
}

impl From<BridgeError> for Stuck {
    fn from(error: BridgeError) -> Self {
        match error {
            BridgeError::Store(error) => error.into(),
            BridgeError::Platform(failure) => failure.into(),
            BridgeError::Call(error) => error.into(),
            BridgeError::NoConnector(_)
            | BridgeError::NoConversation(_)
            | BridgeError::Bound(_)
            | BridgeError::RoomFull
            | BridgeError::NotInRoom(_)
            | BridgeError::Encrypted
            | BridgeError::Invalid(_) => Self::Never(error.to_string(), None),
        }
    }
}

impl From<CallError> for Stuck {
    fn from(error: CallError) -> Self {
        match error {
            CallError::Limited(after) => Self::Later("the homeserver asks for a pause".to_owned(), after),
            CallError::Unreachable(reason) => Self::Later(reason, None),
            CallError::Refused { .. } => {
                let refusal = error.is("M_FORBIDDEN").then_some(Refusal::NotPermitted);
                Self::Never(error.to_string(), refusal)
            }
        }
    }
}

impl From<Failure> for Stuck {
    fn from(failure: Failure) -> Self {
        let said = failure.to_string();
        match failure.kind {
            FailureKind::Limited { after, app: true } => Self::AppLimited(after),
            FailureKind::Limited { after, app: false } => Self::Later(said, Some(after)),
            FailureKind::Later(_) | FailureKind::NotSignedIn(_) => Self::Later(said, None),
            FailureKind::Garbled(_) => Self::Garbled(said),
            FailureKind::Silenced(words) => Self::Silenced(words),
            FailureKind::Refused(refusal) => Self::Never(said, Some(refusal)),
        }
    }
}
