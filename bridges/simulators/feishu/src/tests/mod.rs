//! The simulator from outside: over its API, its socket and its webhooks, as a client of a few lines sees them.

mod api;
mod approvals;
mod client;
mod forwarded;
mod office;
mod webhooks;
mod wires;
