//! The way between Feishu (or Lark, by another base address) and our bridges.
//!
//! One [`Feishu`] is one self-built app: it holds the app's long connection or answers its webhook, turns events into
//! arrivals, and does what the core asks. It holds no queue, knows nothing of Matrix, and reads the platform by the
//! platform's own pages. Read next: `connector.rs`, then `socket/` for how events come, `events/` and `content/` for
//! what they become, `client/` for how the platform is asked.

mod abilities;
mod capabilities;
mod cards;
mod client;
mod connector;
mod content;
mod emoji;
mod events;
mod failure;
mod ids;
mod incoming;
pub mod limits;
mod office;
mod person;
mod settings;
mod socket;
mod webhook;

pub use bridge_api::Secret;

pub use self::{
    connector::Feishu,
    settings::{ApprovalCentre, FeishuSettings, Mode, OfficeSettings},
};

#[cfg(test)]
mod tests;
