//! The way between DingTalk and our bridges.
//!
//! One [`DingTalk`] is one internal app with a robot: it holds the app's stream or answers its callbacks, turns events into
//! arrivals, and does what the core asks. It holds no queue, knows nothing of Matrix, and reads the platform by the platform's
//! own pages. Read next: `connector.rs`, then `stream/` for how messages come, `content/` for what they become, `sending/` for
//! how something is said, `client/` for how the platform is asked.

mod callbacks;
mod capabilities;
mod changes;
mod checking;
mod client;
mod connector;
mod content;
mod entries;
mod events;
mod ids;
mod incoming;
mod lenient;
pub mod limits;
mod memory;
#[cfg(test)]
mod peer;
mod people;
mod sending;
mod settings;
mod signature;
mod stream;

pub use bridge_api::Secret;

pub use self::{
    connector::DingTalk,
    settings::{CustomWebhook, DingTalkSettings, Mode, Quotas, file_hosts_default},
};
