//! WeCom on loopback, for tests and demonstrations.
//!
//! Owns the platform's side of the wire: its API, the callbacks of apps, AI bots by callback and by socket, webhooks, cards, and
//! what goes wrong with all of them. Written from the reference page alone and shares no code with the connector, so that
//! the two can disagree. Never leaves loopback, never writes to disk.

mod api;
mod command;
mod crypto;
mod delivery;
mod faults;
mod limits;
mod page;
mod pressing;
mod refusal;
mod seen;
mod settings;
mod shown;
mod simulator;
mod socket;
mod state;
#[cfg(test)]
mod tests;
mod xml;

pub use command::{AppChange, BotChange, Command, NewChat, NewPerson, PersonChange, Signing};
pub use faults::Fault;
pub use refusal::Refusal;
pub use settings::Settings;
pub use simulator::Simulator;
pub use simulator_stage::{FaultSpec, Order};
