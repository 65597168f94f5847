//! The simulator from outside: over its APIs, its stream and its callbacks, as a client of a few lines sees them.

mod api;
mod cards;
mod client;
mod groups;
mod streams;
mod webhooks;
