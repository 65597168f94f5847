//! What people say, from the platform's form and to it. Pure.

pub mod received;
pub mod written;
