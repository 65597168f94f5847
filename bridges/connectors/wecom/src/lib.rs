//! The way between WeCom and our bridges.
//!
//! One [`WeCom`] is one company with a self-built app, an AI bot, or both: it answers their callbacks, holds the bot's
//! connection, turns what comes into arrivals, and does what the core asks. It holds no queue, knows nothing of Matrix, and reads
//! the platform by the platform's own pages. Read next: `connector.rs`, then `ids.rs` for which conversations there are,
//! `callbacks/` and `bot/` for how messages come, `received/` for what they become, `sending/` for how something is said, `office/` for
//! meetings, due dates and approvals, `archive/` for the paid chat archive, `service/` for customer service.

mod archive;
mod bot;
mod callbacks;
mod capabilities;
mod checking;
mod client;
mod connector;
mod customers;
mod failing;
mod hearing;
mod ids;
mod incoming;
mod lenient;
pub mod limits;
mod members;
mod memory;
mod office;
#[cfg(test)]
mod peer;
mod people;
mod presses;
mod received;
mod sending;
mod service;
mod settings;
mod used;
mod written;
mod xml;

pub use self::{
    archive::{ArchiveKey, ArchiveSettings},
    connector::WeCom,
    service::ServiceSettings,
    settings::{App, Bot, BotMode, Hook, Intervals, WeComSettings, Webhook, file_hosts_default},
};
