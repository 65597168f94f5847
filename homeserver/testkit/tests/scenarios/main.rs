//! What the server promises, told from outside: one module per area, one sentence per test.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "in a scenario a missing value is a failure")]
#![expect(
    clippy::cloned_ref_to_slice_refs,
    reason = "`[room.clone()]` reads as the list it is compared with"
)]

mod accounts;
mod aliases;
mod bad_input;
mod creation;
mod ephemeral;
mod first_day;
mod history;
mod membership;
mod relations;
mod sending;
mod spaces;
mod sync;
mod upgrade;
mod wire;
