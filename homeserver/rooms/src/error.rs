//! What can go wrong in a room, named by what the caller can do about it.

use store::StoreError;

use crate::policy_server::NotRecommended;
use crate::thread_subscriptions::SubscriptionRefusal;

/// Everything that a call of this crate can refuse.
///
/// Mapped to Matrix error codes in `http` alone.
#[derive(Debug, thiserror::Error)]
pub enum RoomsError {
    /// The store could not answer or could not make the write durable.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The account side could not answer.
    #[error("accounts: {0}")]
    Accounts(String),
    /// No such room on this server.
    #[error("this server does not know the room")]
    RoomNotFound,
    /// No such event, or none that the asking user may see: both look the same from outside.
    #[error("the event was not found")]
    EventNotFound,
    /// What a redacted event said is not there any more, or never was kept (MSC2815).
    #[error("what the event said before it was redacted is gone")]
    RedactedContentGone {
        /// How long such content is kept, in ms.
        kept_ms: u64,
    },
    /// Some other named thing is not there; the text says which.
    #[error("{0}")]
    NotFound(String),
    /// The user has no such right in the room; the text says which.
    #[error("{0}")]
    Forbidden(String),
    /// The room's policy server does not want the event, or cannot be asked.
    #[error(transparent)]
    NotRecommended(#[from] NotRecommended),
    /// The event or its parts exceed the limits of the specification.
    #[error("{0}")]
    TooLarge(String),
    /// The content or the request does not have the form the specification demands.
    #[error("{0}")]
    BadJson(String),
    /// A parameter has the right form and a value that cannot be used.
    #[error("{0}")]
    InvalidParam(String),
    /// The room version is not one of those that this server implements.
    #[error("room version {0:?} is not supported")]
    UnsupportedRoomVersion(String),
    /// The alias that a new room should have names a room already.
    #[error("the alias is in use")]
    AliasInUse,
    /// The alias that should be made names a room already.
    #[error("the alias exists already")]
    AliasTaken,
    /// An alias in a canonical alias event does not name this room.
    #[error("{0}")]
    BadAlias(String),
    /// The user has put the same annotation on the event before.
    #[error("you have reacted like this before")]
    DuplicateAnnotation,
    /// The initial state of a room fails the room's own rules.
    #[error("{0}")]
    InvalidRoomState(String),
    /// A member cannot forget a room before leaving it.
    #[error("leave the room before you forget it")]
    StillInRoom,
    /// A restricted room: the user meets a condition, yet nobody here may let them in.
    #[error("{0}")]
    UnableToGrantJoin(String),
    /// A restricted room: whether the user meets a condition cannot be decided here.
    #[error("{0}")]
    UnableToAuthoriseJoin(String),
    /// The invited user wants no invite by this sender, or none at all.
    #[error("the user does not accept this invite")]
    InviteBlocked {
        /// By a rule about senders (MSC4155) instead of the general one of the specification.
        by_filter: bool,
    },
    /// The event named is no reason to follow the thread (MSC4306).
    #[error("{}", match .0 {
        SubscriptionRefusal::NotInThread => "the event is not in the thread",
        SubscriptionRefusal::GivenUpSince => "you unsubscribed from the thread after this event",
    })]
    ThreadSubscription(SubscriptionRefusal),
    /// A feature that this server refuses on purpose; the text says which.
    #[error("{0}")]
    Unsupported(String),
    /// What another server says of a room contradicts itself or the room's rules; the text says how.
    #[error("{0}")]
    PeerNotBelieved(String),
    /// The room was entered with a part of its state, and the rest has not come yet.
    #[error("the members of the room are not all known yet; try again later")]
    StateIncomplete,
    /// Too many writers raced for the room; the request can be repeated.
    #[error("the room changed too often while the event was built")]
    Contended,
    /// State resolution met its budget or found rows missing.
    #[error("state resolution: {0}")]
    Resolution(String),
    /// A row that must be there is missing or unreadable. A person has to look.
    #[error("the stored room is damaged: {0}")]
    Corrupt(String),
}

impl RoomsError {
    /// A forbidden action with its reason.
    pub fn forbidden(reason: impl Into<String>) -> Self {
        Self::Forbidden(reason.into())
    }

    /// A row that must exist does not.
    pub(crate) fn missing(what: impl std::fmt::Display) -> Self {
        Self::Corrupt(format!("{what} is missing"))
    }
}
