//! What is counted, and how fast each may come.

/// What is counted; every action has its own buckets and its own setting.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Action {
    /// Sending a message event, by user.
    Message,
    /// Sending a state event, by user.
    State,
    /// Joining or knocking, by user.
    Join,
    /// Inviting, by the inviting user.
    Invite,
    /// Creating or upgrading a room, by user.
    CreateRoom,
    /// Registering, by address.
    Registration,
    /// Logging in and refreshing a token, by address.
    Login,
    /// Passwords tried, by account, whether they fit or not.
    LoginFailed,
    /// Uploading, querying and claiming keys, by user.
    Keys,
    /// Searching rooms, events and users, by user.
    Search,
    /// Presence and typing, by user.
    Presence,
    /// Uploading media and creating media ids, by user.
    Media,
    /// Asking for URL previews, by user.
    Preview,
    /// Every other endpoint that the specification marks as rate limited, by user or address.
    Other,
}

impl Action {
    /// All of them, in the order of the settings.
    pub const ALL: [Self; 14] = [
        Self::Message,
        Self::State,
        Self::Join,
        Self::Invite,
        Self::CreateRoom,
        Self::Registration,
        Self::Login,
        Self::LoginFailed,
        Self::Keys,
        Self::Search,
        Self::Presence,
        Self::Media,
        Self::Preview,
        Self::Other,
    ];

    /// The word for metrics and settings.
    pub fn name(self) -> &'static str {
        match self {
            Self::Message => "message",
            Self::State => "state",
            Self::Join => "join",
            Self::Invite => "invite",
            Self::CreateRoom => "create_room",
            Self::Registration => "registration",
            Self::Login => "login",
            Self::LoginFailed => "login_failed",
            Self::Keys => "keys",
            Self::Search => "search",
            Self::Presence => "presence",
            Self::Media => "media",
            Self::Preview => "preview",
            Self::Other => "other",
        }
    }
}

/// How fast a bucket fills, and how much it holds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rate {
    /// Actions a second in the long run; must be above zero.
    pub per_second: f64,
    /// Actions at once after a pause; at least one.
    pub burst: u32,
}

/// The rate of each action.
#[derive(Clone, Debug)]
pub struct RateLimitSettings {
    pub(super) rates: [Option<Rate>; Action::ALL.len()],
}

impl RateLimitSettings {
    /// Asks for the rate of every action; none means unlimited.
    pub fn new(rate: impl Fn(Action) -> Option<Rate>) -> Self {
        Self { rates: Action::ALL.map(rate) }
    }
}
