//! Device keys, one-time keys, cross-signing and signatures, as clients meet them.

mod changes;
mod claims;
mod cross_signing;
mod person;
mod uploads;
