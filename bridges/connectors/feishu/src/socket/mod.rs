//! The long connection: found, opened, kept alive, replaced.

pub mod discovery;
pub mod fragments;
pub mod frame;
