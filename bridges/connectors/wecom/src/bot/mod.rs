//! The AI bot's long connection: opened, subscribed, kept alive, and what is said over it.

mod connect;
mod keeper;
mod line;
mod session;
mod uploading;

pub use self::{keeper::keep, line::Line};
