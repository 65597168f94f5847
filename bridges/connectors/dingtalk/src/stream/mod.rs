//! The stream: one connection that the connector opens, by which events and messages come.

mod connect;
pub mod frame;
mod keeper;
mod session;

pub use self::keeper::keep;
