//! What other servers send: transactions, staged and answered at once; events, worked off room by room; what is
//! missing around them, fetched within bounds; ephemeral messages.
//!
//! An accepted event is durable before its sender hears of it, so a crash loses none. One event at a time is worked
//! off in a room, some rooms at once ([`lines`]); what takes long goes on beside the line ([`aside`]). What becomes of an event is decided in `rooms::append` alone; here
//! it is only checked who signed it, and what it refers to is brought in ([`intake`]).

mod aside;
mod authority;
mod edus;
mod error;
mod fetch;
mod history;
mod intake;
mod jump_to_date;
mod late_receipts;
mod limits;
mod lines;
mod resync;
mod state;
mod tables;
mod to_device;
mod transaction;

pub use error::InboundError;
pub(crate) use late_receipts::LateReceipts;
pub(crate) use lines::Lines;
pub use tables::tables;
pub use transaction::{Outcomes, Transaction};
