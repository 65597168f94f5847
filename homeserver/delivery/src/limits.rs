//! Every bound of this crate, by name. A hostile client, gateway or mailbox meets one of these.

/// Most pushers of one user; a further one is refused.
pub const PUSHERS_PER_USER_MAX: usize = 100;
