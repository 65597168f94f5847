//! Use cases that cross domains.
//!
//! A flow calls several domain crates in the order that survives a crash: what is owed to another
//! domain is written down in the batch that makes it necessary, and [`Flows::resume`] finishes at the
//! next start what a crash interrupted. A flow decides nothing that one domain can decide alone.

use std::sync::Arc;

use accounts::Accounts;
use administration::Administration;
use delivery::{appservices::Services, push::Push};
use federation::Federation;
use keys::Keys;
use rooms::Rooms;
use single_sign_on::SingleSignOn;
use store::Store;

mod deactivate;
pub mod devices;
mod email;
pub mod encryption;
mod error;
mod first_logins;
mod invites_by_address;
mod memberships;
mod notices;
mod profile;
mod resume;
mod room_deletion;
mod room_history;
pub mod single_sign_on;
mod standing;
mod tasks;
mod upgrade;
mod visits;

pub use email::{CONFIRM_ADDRESS_PATH, LETTER_AWAITED_MAX, Post};
pub use error::FlowsError;
pub use first_logins::{FIRST_LOGIN_MS, FIRST_LOGIN_PATH};
pub use invites_by_address::SignedInvite;
pub use notices::{Notice, NoticeSettings};
pub use room_deletion::{DeletedRoom, RoomDeletion};
pub use upgrade::Upgrade;
pub use visits::VISIT_PATH;

/// What [`Flows`] is built from.
pub struct FlowsParts {
    /// Accounts and profiles.
    pub accounts: Accounts,
    /// Rooms.
    pub rooms: Rooms,
    /// Other servers.
    pub federation: Federation,
    /// Tasks and notes of administration.
    pub administration: Administration,
    /// How server notices look; none switches them off.
    pub notices: Option<NoticeSettings>,
    /// Keys of devices and people.
    pub keys: Keys,
    /// Application services, which may keep keys themselves.
    pub services: Services,
    /// Where people are told of what happens while they look away.
    pub push: Push,
    /// Signing on at identity providers.
    pub single_sign_on: SingleSignOn,
    /// The way to people's mailboxes; none when this server sends no e-mail.
    pub post: Option<Post>,
    /// Where batches that belong to several domains are committed.
    pub store: Store,
}

/// The use cases. Cloning it is one reference count.
#[derive(Clone)]
pub struct Flows(Arc<FlowsParts>);

impl Flows {
    /// Makes the flows over the domains.
    pub fn new(parts: FlowsParts) -> Self {
        Self(Arc::new(parts))
    }

    /// The identity providers at which people can sign on.
    pub fn single_sign_on(&self) -> &SingleSignOn {
        &self.0.single_sign_on
    }
}
