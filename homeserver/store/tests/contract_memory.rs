//! The store contract, on the engine in memory.

use std::sync::Arc;

use store::contract::Place;
use store::{Engine, MemoryKv};

struct Memory(MemoryKv);

impl Place for Memory {
    fn engine(&self) -> Arc<dyn Engine> {
        Arc::new(self.0.clone())
    }
}

store::store_contract!(|| Memory(MemoryKv::new()));
