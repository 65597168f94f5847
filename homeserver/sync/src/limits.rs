//! Named bounds of this crate.

/// Longest `since` that is looked at, in bytes.
pub const TOKEN_BYTES_MAX: usize = 256;

/// Most other writers that a token may name.
pub const TOKEN_WRITERS_MAX: usize = 8;

/// Longest long poll, in milliseconds, whatever the client asks for.
pub const TIMEOUT_MS_MAX: u64 = 5 * 60 * 1_000;

/// How long a wake-up waits for company, in milliseconds: one message often comes as several commits.
pub const COALESCE_MS: u64 = 2;

/// Events of a timeline when the filter does not say.
pub const TIMELINE_LIMIT_DEFAULT: usize = 10;

/// Most events of a timeline, whatever the filter says.
pub const TIMELINE_LIMIT_MAX: usize = 1_000;

/// Most events looked at to fill one timeline. What hides behind that many invisible ones is left to pagination.
pub const TIMELINE_SCANNED_MAX: usize = 2_000;

/// Most events read in one step while a timeline is filled.
pub const TIMELINE_STEP_MAX: usize = 256;

/// Most to-device messages in one answer.
pub const TO_DEVICE_MESSAGES_MAX: usize = 100;

/// Most members of a room that are looked at for device lists when someone begins or stops sharing it.
pub const DEVICE_LIST_MEMBERS_MAX: usize = 10_000;

/// Most sessions whose lazily loaded members are remembered.
pub const LAZY_SESSIONS_MAX: u64 = 20_000;

/// Most rooms of one session whose members are remembered.
pub const LAZY_ROOMS_MAX: usize = 2_000;

/// Most members remembered for one session and room; beyond it they are sent again.
pub const LAZY_MEMBERS_MAX: usize = 2_000;

/// How long a session's lazily loaded members are remembered without a sync, in seconds.
pub const LAZY_IDLE_SECONDS: u64 = 60 * 60;

/// How long an initial answer that nobody received is kept, in seconds.
pub const INITIAL_KEPT_SECONDS: u64 = 180;

/// Most bytes of initial answers that are kept.
pub const INITIAL_KEPT_BYTES: u64 = 64 << 20;

/// Most filters that are kept compiled.
pub const FILTERS_KEPT_MAX: u64 = 1_000;

/// Most bytes of remembered state lists without members.
pub const LEAN_STATE_BYTES: u64 = 16 << 20;
