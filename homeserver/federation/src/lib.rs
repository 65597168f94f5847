//! Talking with other homeservers: who they are, what they send, what they are owed.
//!
//! A peer is known by its server name and trusted with nothing: every request is signed by it, every event
//! is checked anew, every answer has a bound. This crate owns discovery, the keys of other servers, the
//! signed client, the staging of what came in, the queues of what goes out, and the handshakes by which users
//! enter and leave rooms on other servers. Events enter a room by `rooms::append` alone.
//!
//! [`Federation`] is the handle; read [`client`] for what is asked of others, [`ring`] for whose signature is
//! believed, [`policy`] for whom we talk with at all.

pub mod asking;
pub mod client;
pub mod device_lists;
pub mod discovery;
mod error;
mod federation;
mod flight;
mod gate;
pub mod handshake;
pub mod inbound;
pub mod limits;
mod own_keys;
pub mod policy;
pub mod policy_server;
mod reach;
pub mod ring;
pub mod sender;
mod settings;
mod tables;

pub use client::{Client, ClientError};
pub use error::FederationError;
pub use federation::{Federation, FederationParts};
pub use gate::{Gate, Pass};
pub use inbound::InboundError;
pub use own_keys::{OldKey, OwnKeys};
pub use policy::Policy;
pub use reach::Reach;
pub use ring::KeyRing;
pub use settings::FederationSettings;
pub use tables::tables;
