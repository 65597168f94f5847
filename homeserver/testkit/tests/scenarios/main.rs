//! What the server promises, told from outside: one module per area, one sentence per test.

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
