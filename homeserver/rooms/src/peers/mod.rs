//! Rooms as other servers meet them: who of them is in, what they may see, how their users enter and leave.
//!
//! Never talks to a server; `federation` does, and hands over events whose signatures it checked. What a server may
//! see is decided here, by the same facts as for users ([`crate::visibility`]).

mod auth_chain;
mod judging;
mod membership;
mod outside;
mod own;
mod servers;
mod serving;
mod sight;
mod template;
#[cfg(test)]
pub(crate) mod tests;

pub use membership::{PeerMembership, ToldRoom};
pub use outside::OutsideMembership;
pub use own::{Inviting, OwnMembership, UnsentInvite};
pub use serving::PeerState;
pub use sight::PeerRoom;
pub use template::MembershipTemplate;
