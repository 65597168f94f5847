//! The store contract, on RocksDB in a temporary directory.
#![expect(clippy::expect_used, reason = "helpers of a test stop at the first surprise")]

use std::sync::Arc;

use store::Engine;
use store::contract::Place;
use store_rocksdb::{RocksKv, RocksSettings};
use tempfile::TempDir;

struct Rocks(TempDir);

impl Place for Rocks {
    fn engine(&self) -> Arc<dyn Engine> {
        Arc::new(RocksKv::open(&RocksSettings::new(self.0.path())).expect("the directory opens"))
    }
}

store::store_contract!(|| Rocks(TempDir::new().expect("a temporary directory")));
