//! How long the suite waits, and how often it tries.

use std::time::Duration;

/// How long something may take to come before a case fails: longer than a connector needs to notice that a connection is dead. Ends
/// waiting alone; nothing is measured.
pub const PATIENCE: Duration = Duration::from_secs(120);
/// For how long nothing may come that must not come.
pub const QUIET: Duration = Duration::from_millis(400);
/// How often something is sent again before a case fails.
pub const TRIES_MAX: usize = 60;
/// The longest pause between two tries, whatever a connector asks for.
pub const PAUSE_MAX: Duration = Duration::from_secs(2);
/// Messages of one burst.
pub const BURST: usize = 8;
/// Cases that run at once.
pub const CASES_AT_ONCE_MAX: usize = 12;
/// Pages that are read of a list before it counts as endless.
pub const PAGES_MAX: usize = 100;
/// How often a connection is looked for before there is none to close.
pub const DISCONNECT_TRIES_MAX: usize = 1_000;
