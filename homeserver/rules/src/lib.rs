//! Pure Matrix law over ruma: authorisation, state resolution, redaction, visibility, push rules.
//!
//! Every function here takes values and returns values. Nothing awaits, reads storage, the clock or chance;
//! what a rule needs beyond its arguments comes through a closure that must answer from memory.

#[cfg(test)]
extern crate self as rules;

pub mod acl;
pub mod auth;
pub mod build;
pub mod canonical;
#[cfg(test)]
mod differential;
pub mod foreign;
pub mod glob;
pub mod invites;
pub mod limits;
pub mod owned_state;
pub mod policy_server;
pub mod power;
pub mod push;
pub mod redaction;
pub mod relations;
pub mod resolution;
pub mod room_import;
#[cfg(test)]
mod test_room;
pub mod visibility;

pub use build::NewPdu;
pub use power::{Level, PowerLevels};
