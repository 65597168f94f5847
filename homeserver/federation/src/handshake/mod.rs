//! How users enter and leave rooms across servers: both sides of join, leave, knock and invite.
//!
//! Nothing that a peer composed is ever signed: our events are built from the values that we mean to say
//! (`rooms::OwnMembership`), and a template gives them their place in the graph and nothing else ([`template`]). What a
//! peer returns is checked event by event before the room is made of it ([`verify`]). Asking goes over several servers
//! ([`candidates`]), because any of them may be gone or lie.
//! See <https://spec.matrix.org/v1.19/server-server-api/#joining-rooms> and the sections after it.

mod candidates;
mod error;
mod invite;
mod invited;
mod join;
mod knock;
mod leave;
mod limits;
mod serve;
mod signatures;
mod stripped;
mod template;
mod third_party;
mod turns;
mod verify;

pub use error::HandshakeError;
pub use invited::IncomingInvite;
pub use join::JoinFrom;
pub(crate) use serve::raw;
pub use serve::{Joined, SentEvent};
pub(crate) use turns::Turns;
