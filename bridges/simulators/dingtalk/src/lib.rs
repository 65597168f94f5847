//! DingTalk on loopback, for tests and demonstrations.
//!
//! Owns the platform's side of the wire: both generations of its API, the stream, callbacks by HTTP, robots, cards, and
//! what goes wrong with all of them. Written from the reference page alone and shares no code with the connector, so that
//! the two can disagree. Never leaves loopback, never writes to disk.

mod api;
mod chance;
mod command;
mod crypto;
mod delivery;
mod faults;
mod limits;
mod pressing;
mod refusal;
mod robot;
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
