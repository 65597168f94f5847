//! What a client asks of `/sync`.

use ruma::{OwnedDeviceId, OwnedUserId, api::client::filter::FilterDefinition, presence::PresenceState};

/// A filter as the client names it.
#[derive(Clone, Debug)]
pub enum FilterChoice {
    /// None.
    Everything,
    /// Written into the request.
    Inline(Box<FilterDefinition>),
    /// Stored before, under this id.
    Stored(String),
}

/// In which field, and up to where, the state of a room is told (MSC4222).
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum StateForm {
    /// `state`: up to the start of the timeline.
    Before,
    /// `state_after`: up to the end of the timeline.
    After,
    /// The same under its unstable name `org.matrix.msc4222.state_after`.
    AfterUnstable,
}

impl StateForm {
    /// The name of the field.
    pub(crate) fn key(self) -> &'static str {
        match self {
            Self::Before => "state",
            Self::After => "state_after",
            Self::AfterUnstable => "org.matrix.msc4222.state_after",
        }
    }
}

/// One request.
#[derive(Clone, Debug)]
pub struct SyncRequest {
    /// Who asks.
    pub user: OwnedUserId,
    /// From which device; a session without one has no to-device messages and no keys.
    pub device: Option<OwnedDeviceId>,
    /// What passes.
    pub filter: FilterChoice,
    /// The token of the answer before this one.
    pub since: Option<String>,
    /// The whole state of every room is wanted; answers at once.
    pub full_state: bool,
    /// How the state is told.
    pub state_form: StateForm,
    /// How long to wait for news, in milliseconds.
    pub timeout_ms: u64,
    /// What the sync says about the user.
    pub set_presence: PresenceState,
}
