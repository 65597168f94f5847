//! A world of actors around a real server, for tests that speak from outside.
