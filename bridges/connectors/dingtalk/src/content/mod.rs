//! What people say, from the platform's form and to it. Pure.

mod quoted;
pub mod received;
mod records;
pub mod written;
