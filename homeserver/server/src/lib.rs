//! The `lianqiao` binary: reads the configuration, plugs the parts together, starts and stops them.
//!
//! This is the only crate of the homeserver that sees files, environment and the real clock.
//! [`Server::start`] is the whole server in a process, used by the binary and by tests; [`cli`] is the
//! command line around it.

mod acme;
mod administration;
mod backup;
mod bots;
mod bridges;
pub mod cli;
pub mod complement;
mod delayed_events;
mod doctor;
mod engine;
mod first_start;
mod housekeeping;
pub mod limits;
mod listener;
mod listening;
mod media_housekeeping;
mod metrics_endpoint;
mod order_socket;
mod parts;
mod running;
mod settings;
mod signing_key;
mod start;
mod start_error;
mod tls;
mod visits;
mod workers;

pub use accounts::NewUser;
pub use parts::Options;
pub use running::RunningServer;
pub use start::Server;
pub use start_error::StartError;
