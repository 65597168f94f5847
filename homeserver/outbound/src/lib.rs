//! Requests to the outside: one guarded client for every address that a user or a peer named.
