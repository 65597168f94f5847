//! The contract of `store` on RocksDB; the only crate that names it.
