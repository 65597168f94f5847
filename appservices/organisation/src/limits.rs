//! Every bound of this crate, with its unit in the name.

/// How often the rooms are compared with the chart.
pub const ROOMS_INTERVAL_MS: u64 = 60 * 1_000;

/// How soon again, while something is left to do.
pub const ROOMS_SOON_MS: u64 = 2 * 1_000;

/// Changes of rooms and members in one look; the rest follows with the next.
pub const CHANGES_OF_LOOK_MAX: usize = 200;

/// People who came into the rooms of a department that becomes hidden, noted in one look; the rest follows with the next.
pub const UNINVITED_OF_LOOK_MAX: usize = 5_000;

/// Departments that have rooms.
pub const DEPARTMENTS_MAX: usize = 1_000;

/// Rooms that are looked at for departments that are no more: three of each department, and as many again.
pub const ROOMS_READ_MAX: usize = 6 * DEPARTMENTS_MAX;

/// Most lines of an answer.
pub const LINES_MAX: usize = 40;

/// Most rules of visibility beside the shipped ones.
pub const RULES_MAX: usize = 100;

/// How often links of first logins are compared with the chart.
pub const LINKS_INTERVAL_MS: u64 = 60 * 1_000;

/// Links looked at together.
pub const LINKS_READ_MAX: usize = 1_000;

/// Most links that one command in a chat gives; the next one goes on behind them.
pub const LINKS_OF_COMMAND_MAX: usize = 200;

/// How often the bot looks whether the organisation has changed, so that whoever left is locked out.
pub const STANDINGS_INTERVAL_MS: u64 = 5 * 1_000;

/// How soon again, while there are more to tell of, or after a failure.
pub const STANDINGS_SOON_MS: u64 = 2 * 1_000;

/// How soon again where the registration does not let the bot say who has left.
pub const STANDINGS_REFUSED_MS: u64 = 60 * 60 * 1_000;

/// People told of in one look; the rest follows with the next.
pub const STANDINGS_OF_LOOK_MAX: usize = 200;

/// Rows of what was told, read together.
pub const STANDINGS_READ_MAX: usize = 1_000;

/// How often a list is looked at anew because made-up names are accounts already.
pub const LOOKS_FOR_NAMES_MAX: usize = 20;
