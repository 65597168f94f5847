//! The contract of `store` on RocksDB; the only crate that names it.
//!
//! One column family per access profile, bounded memory, a sync of the write-ahead log before every answer. It knows
//! keys as bytes: tables, positions and conditions are the business of `store`. Read next: `engine.rs`, `options.rs`.

mod directory;
mod engine;
pub mod limits;
mod options;
mod settings;
mod snapshot;

pub use directory::DirectoryError;
pub use engine::RocksKv;
pub use settings::{Durability, RocksSettings};
