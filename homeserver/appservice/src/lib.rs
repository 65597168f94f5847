//! Application services: programs that the operator registered to act for whole ranges of users and rooms.
//!
//! This crate owns the registrations, the namespaces they claim, and the questions the server asks them. What
//! each of them is owed is sent by `delivery`; this crate never reads rooms.
