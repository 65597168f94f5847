//! Feishu on loopback, for tests and demonstrations.
//!
//! Owns the platform's side of the wire: tokens, the message API, long connections, webhooks, cards, and what goes wrong
//! with all of them. Written from the reference page alone and shares no code with the connector, so that the two can
//! disagree. Never leaves loopback, never writes to disk.

mod api;
mod card;
mod command;
mod content;
mod crypto;
mod deciding;
mod delivery;
mod faults;
mod frame;
mod limits;
mod pressing;
mod refusal;
mod settings;
mod shown;
mod simulator;
mod socket;
mod state;
#[cfg(test)]
mod tests;

pub use command::Command;
pub use faults::Fault;
pub use refusal::Refusal;
pub use settings::Settings;
pub use simulator::Simulator;
pub use simulator_stage::{FaultSpec, Now, Order};
