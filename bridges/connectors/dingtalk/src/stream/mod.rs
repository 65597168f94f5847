//! The stream: the connections that the connector opens, by which events and messages come.

mod connect;
pub mod frame;
mod hearing;
mod keeper;
mod order;
mod session;

pub use self::{connect::place, keeper::keep};
