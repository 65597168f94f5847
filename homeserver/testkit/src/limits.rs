//! The bounds of a scenario: how long it waits before it calls a thing lost.

use std::time::Duration;

/// How long a single request may take before the scenario fails.
pub const REQUEST_TIMEOUT: Duration = Duration::from_secs(60);

/// How long a scenario waits for something that must reach a `/sync` answer.
pub const SYNC_PATIENCE: Duration = Duration::from_secs(20);

/// How long a scenario waits for work that the server does by itself: a deletion, a purge.
pub const WORK_PATIENCE: Duration = Duration::from_secs(120);

/// Pause between two looks at such work.
pub const LOOK_INTERVAL: Duration = Duration::from_millis(10);

/// How long one long poll inside such a wait lasts, in milliseconds.
pub const LONG_POLL_MS: u64 = 2_000;

/// How long a server process may take from its start to its first answer.
pub const START_PATIENCE: Duration = Duration::from_secs(60);

/// How long a command of the binary may take.
pub const COMMAND_PATIENCE: Duration = Duration::from_secs(60);

/// How long a server process may take to stop after it was asked to.
pub const STOP_PATIENCE: Duration = Duration::from_secs(30);

/// Among so many ports one is looked for that is free.
pub const PORTS: u16 = 12_000;

/// Ports that are kept: more than the servers of any scenarios that run at once have.
pub const PORTS_KEPT_MAX: usize = 512;
