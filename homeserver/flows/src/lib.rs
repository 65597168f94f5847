//! Use cases that cross domains.
//!
//! A flow calls several domain crates in the order that survives a crash: what is owed to another
//! domain is written down in the batch that makes it necessary, and [`Flows::resume`] finishes at the
//! next start what a crash interrupted. A flow decides nothing that one domain can decide alone.

use std::sync::Arc;

use accounts::Accounts;
use rooms::Rooms;

mod deactivate;
pub mod devices;
mod error;
mod profile;
mod resume;
mod upgrade;

pub use error::FlowsError;
pub use upgrade::Upgrade;

/// What [`Flows`] is built from.
pub struct FlowsParts {
    /// Accounts and profiles.
    pub accounts: Accounts,
    /// Rooms.
    pub rooms: Rooms,
}

/// The use cases. Cloning it is one reference count.
#[derive(Clone)]
pub struct Flows(Arc<FlowsParts>);

impl Flows {
    /// Makes the flows over the domains.
    pub fn new(parts: FlowsParts) -> Self {
        Self(Arc::new(parts))
    }
}
