//! Facts, positions and cursors, and the notifier that wakes exactly the readers concerned.
//!
//! Writers record a [`Fact`] in the batch that makes it true; they do not know who reads it. Readers keep their own
//! [`Cursor`] and tolerate repeats; [`follow`] is their loop. The [`Notifier`] tells waiting clients that a commit
//! concerns them. This crate also gives out the short [`Numbers`] and the serials of what is never stored ([`EphemeralPos`]).

mod awaited;
mod cursor;
mod ephemeral;
mod facts;
pub mod limits;
mod notifier;
mod numbers;
mod reader;
mod tables;
mod waiter;

pub use cursor::Cursor;
pub use ephemeral::EphemeralPos;
pub use facts::{Fact, facts, forget_facts, record};
pub use notifier::Notifier;
pub use numbers::Numbers;
pub use reader::{Bell, Page, StreamReader, follow};
pub use tables::tables;
pub use waiter::Waiter;
