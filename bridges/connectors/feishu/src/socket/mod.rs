//! The long connection: found, opened, kept alive, replaced. One at a time, because the platform gives each event to
//! any one of those that it knows.

mod connect;
pub mod discovery;
mod fragments;
pub(crate) mod frame;
pub mod keeper;
mod session;
