//! The connector in front of a peer that says what a test tells it to.

mod again;
mod asking;
mod connection;
mod merged;
pub mod peer;
