//! How fast a platform may be spoken to.

use std::time::Duration;

/// So many requests in so much time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    /// How many.
    pub requests: u32,
    /// In which time.
    pub per: Duration,
}

/// The rates that the core keeps to before a platform has to refuse. Below the platform's own, because other apps share some.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pace {
    /// Of one conversation; all of them hold.
    pub conversation: &'static [Rate],
    /// Of the whole app; all of them hold.
    pub app: &'static [Rate],
    /// Conversations that are spoken to at once.
    pub at_once: usize,
}
