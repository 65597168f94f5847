//! The simulator from outside: over its API, its socket and its webhooks, as a client of a few lines sees them.

mod api;
mod approvals;
mod calendars;
mod changes;
mod client;
mod comments;
mod externals;
mod forwarded;
mod logins;
mod meetings;
mod natives;
mod office;
mod passed_on;
mod reach;
mod refusals;
mod shared_calendars;
mod webhooks;
mod wires;
