//! An engine in memory: a persistent ordered map, so that a snapshot costs nothing. For tests and demonstrations.

use std::sync::Arc;

use bytes::Bytes;
use imbl::OrdMap;
use parking_lot::RwLock;

use crate::engine::{ByteRange, EachRow, Engine, EngineError, Operation, View};
use crate::table::Profile;

type Rows = OrdMap<Vec<u8>, Bytes>;

/// Rows in memory. Clones share them, so a store opened again over a clone finds what it left.
#[derive(Clone, Default)]
pub struct MemoryKv {
    rows: Arc<RwLock<Rows>>,
}

impl std::fmt::Debug for MemoryKv {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("MemoryKv").field("rows", &self.rows.read().len()).finish()
    }
}

impl MemoryKv {
    /// An empty engine.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// A copy that later writes do not change: what a crash at this moment would leave.
    #[must_use]
    pub fn fork(&self) -> Self {
        Self { rows: Arc::new(RwLock::new(self.rows.read().clone())) }
    }
}

struct MemoryView(Rows);

fn get(rows: &Rows, key: &[u8], found: &mut dyn FnMut(&[u8])) {
    if let Some(value) = rows.get(key) {
        found(value);
    }
}

fn scan(rows: &Rows, range: &ByteRange, each: &mut EachRow<'_>) {
    if range.start >= range.end {
        return;
    }
    let in_range = rows.range(range.start.clone()..range.end.clone());
    // Where the reader stopped is its own business.
    let _ = if range.reverse {
        in_range.rev().try_for_each(|(key, value)| each(key, value))
    } else {
        in_range.into_iter().try_for_each(|(key, value)| each(key, value))
    };
}

impl View for MemoryView {
    fn get(&self, _: Profile, key: &[u8], found: &mut dyn FnMut(&[u8])) -> Result<(), EngineError> {
        get(&self.0, key, found);
        Ok(())
    }

    fn scan(&self, _: Profile, range: &ByteRange, each: &mut EachRow<'_>) -> Result<(), EngineError> {
        scan(&self.0, range, each);
        Ok(())
    }
}

impl View for MemoryKv {
    fn get(&self, _: Profile, key: &[u8], found: &mut dyn FnMut(&[u8])) -> Result<(), EngineError> {
        get(&self.rows.read(), key, found);
        Ok(())
    }

    fn scan(&self, _: Profile, range: &ByteRange, each: &mut EachRow<'_>) -> Result<(), EngineError> {
        // A clone is cheap, and no lock is held while rows are handed out.
        let rows = self.rows.read().clone();
        scan(&rows, range, each);
        Ok(())
    }
}

impl Engine for MemoryKv {
    fn snapshot(&self) -> Result<Arc<dyn View>, EngineError> {
        Ok(Arc::new(MemoryView(self.rows.read().clone())))
    }

    fn write(&self, operations: &[Operation]) -> Result<(), EngineError> {
        let mut rows = self.rows.write();
        for operation in operations {
            match &operation.value {
                Some(value) => rows.insert(operation.key.clone(), Bytes::copy_from_slice(value)),
                None => rows.remove(operation.key.as_slice()),
            };
        }
        Ok(())
    }

    fn is_fresh(&self) -> Result<bool, EngineError> {
        Ok(self.rows.read().is_empty())
    }
}
