//! The store contract, on the breakable engine while nothing is set to break.

use std::sync::Arc;

use store::contract::Place;
use store::{Engine, FaultyKv, MemoryKv};

struct Faulty(MemoryKv);

impl Place for Faulty {
    fn engine(&self) -> Arc<dyn Engine> {
        Arc::new(FaultyKv::new(Arc::new(self.0.clone())))
    }
}

store::store_contract!(|| Faulty(MemoryKv::new()));
