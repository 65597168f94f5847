//! What bots that work with cases share: the parts they live in, who acts by an event, the language of a person, and what
//! can go wrong.
//!
//! This crate decides nothing and sends nothing: what a kind of case is about lies in its bot. Read `office.rs` first.

mod actor;
mod error;
mod office;

pub use self::{
    actor::{Actor, language_of},
    error::OfficeError,
    office::{Office, cases_of},
};
