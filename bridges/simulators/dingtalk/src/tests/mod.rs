//! The simulator from outside: over its APIs, its stream and its callbacks, as a client of a few lines sees them.

mod api;
mod approvals;
mod calendar;
mod calendar_lists;
mod cards;
mod client;
mod company;
mod conferences;
mod custom_robots;
mod forms;
mod groups;
mod login;
mod notices;
mod process_centre;
mod streams;
mod todos;
mod webhooks;
