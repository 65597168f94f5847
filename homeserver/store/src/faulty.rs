//! An engine that breaks on purpose, by script or by seed, on top of another engine.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use base::Rng;
use parking_lot::Mutex;

use crate::engine::{ByteRange, EachRow, Engine, EngineError, Operation, View};
use crate::table::Profile;

/// What goes wrong with a write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The write fails and nothing reaches the disk.
    WriteFails,
    /// The sync fails, and the data reached the disk all the same.
    SyncFailsDataKept,
    /// The sync fails, and the data is lost.
    SyncFailsDataLost,
    /// The disk is full.
    Full,
    /// The machine stops before the write: nothing of it is there, and nothing works until [`FaultyKv::restart`].
    CrashBefore,
    /// The machine stops after the write and before the answer: all of it is there.
    CrashAfter,
}

impl Fault {
    const ALL: [Self; 6] = [
        Self::WriteFails,
        Self::SyncFailsDataKept,
        Self::SyncFailsDataLost,
        Self::Full,
        Self::CrashBefore,
        Self::CrashAfter,
    ];
}

/// Wraps an engine; without faults it behaves as the engine does.
#[derive(Clone)]
pub struct FaultyKv {
    inner: Arc<dyn Engine>,
    plan: Arc<Mutex<Plan>>,
}

#[derive(Default)]
struct Plan {
    /// Writes done or tried so far.
    writes: u64,
    scripted: BTreeMap<u64, Fault>,
    chance: Option<(Rng, u64)>,
    crashed: bool,
    nearly_full: bool,
}

impl std::fmt::Debug for FaultyKv {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("FaultyKv").field("writes", &self.writes()).finish_non_exhaustive()
    }
}

impl FaultyKv {
    /// An engine that behaves until it is told otherwise.
    #[must_use]
    pub fn new(inner: Arc<dyn Engine>) -> Self {
        Self { inner, plan: Arc::default() }
    }

    /// An engine that picks a fault for about `per_mille` of a thousand writes, the same ones for the same seed.
    #[must_use]
    pub fn seeded(inner: Arc<dyn Engine>, seed: u64, per_mille: u64) -> Self {
        let plan = Plan { chance: Some((Rng::seeded(seed), per_mille)), ..Plan::default() };
        Self { inner, plan: Arc::new(Mutex::new(plan)) }
    }

    /// Lets the write after `skipped` further writes fail.
    pub fn fail_after(&self, skipped: u64, fault: Fault) {
        let mut plan = self.plan.lock();
        let number = plan.writes + skipped;
        plan.scripted.insert(number, fault);
    }

    /// Says from now on that hardly any room is left, or that there is room again.
    pub fn set_nearly_full(&self, nearly_full: bool) {
        self.plan.lock().nearly_full = nearly_full;
    }

    /// Whether a crash happened and was not repaired.
    #[must_use]
    pub fn has_crashed(&self) -> bool {
        self.plan.lock().crashed
    }

    /// Repairs a crash and drops all faults that were planned.
    pub fn restart(&self) {
        let mut plan = self.plan.lock();
        *plan = Plan { writes: plan.writes, ..Plan::default() };
    }

    /// Writes tried so far.
    #[must_use]
    pub fn writes(&self) -> u64 {
        self.plan.lock().writes
    }

    fn alive(&self) -> Result<(), EngineError> {
        if self.plan.lock().crashed { Err(EngineError::Closed) } else { Ok(()) }
    }
}

impl Plan {
    fn next_fault(&mut self) -> Option<Fault> {
        let number = self.writes;
        self.writes += 1;
        if let Some(fault) = self.scripted.remove(&number) {
            return Some(fault);
        }
        let (rng, per_mille) = self.chance.as_ref()?;
        if rng.below(1000) >= *per_mille {
            return None;
        }
        let index = usize::try_from(rng.below(Fault::ALL.len() as u64)).unwrap_or(0);
        Fault::ALL.get(index).copied()
    }
}

impl View for FaultyKv {
    fn get(&self, profile: Profile, key: &[u8], found: &mut dyn FnMut(&[u8])) -> Result<(), EngineError> {
        self.alive()?;
        self.inner.get(profile, key, found)
    }

    fn multi_get(
        &self,
        profile: Profile,
        keys: &[Vec<u8>],
        found: &mut dyn FnMut(usize, &[u8]),
    ) -> Result<(), EngineError> {
        self.alive()?;
        self.inner.multi_get(profile, keys, found)
    }

    fn scan(&self, profile: Profile, range: &ByteRange, each: &mut EachRow<'_>) -> Result<(), EngineError> {
        self.alive()?;
        self.inner.scan(profile, range, each)
    }
}

impl Engine for FaultyKv {
    fn snapshot(&self) -> Result<Arc<dyn View>, EngineError> {
        self.alive()?;
        self.inner.snapshot()
    }

    fn write(&self, operations: &[Operation]) -> Result<(), EngineError> {
        self.alive()?;
        let fault = self.plan.lock().next_fault();
        let lost = |text: &str| Err(EngineError::Io(text.to_owned()));
        match fault {
            None => self.inner.write(operations),
            Some(Fault::WriteFails) => lost("injected: the write failed"),
            Some(Fault::SyncFailsDataLost) => lost("injected: the sync failed"),
            Some(Fault::SyncFailsDataKept) => {
                self.inner.write(operations)?;
                lost("injected: the sync failed")
            }
            Some(Fault::Full) => Err(EngineError::Full("injected: no space left".to_owned())),
            Some(Fault::CrashBefore) => {
                self.plan.lock().crashed = true;
                Err(EngineError::Closed)
            }
            Some(Fault::CrashAfter) => {
                self.inner.write(operations)?;
                self.plan.lock().crashed = true;
                Err(EngineError::Closed)
            }
        }
    }

    fn is_durable(&self) -> bool {
        self.inner.is_durable()
    }

    fn is_fresh(&self) -> Result<bool, EngineError> {
        self.inner.is_fresh()
    }

    fn created(&self) -> Result<(), EngineError> {
        self.inner.created()
    }

    fn is_nearly_full(&self) -> bool {
        self.plan.lock().nearly_full || self.inner.is_nearly_full()
    }

    fn checkpoint(&self, directory: &Path) -> Result<(), EngineError> {
        self.alive()?;
        self.inner.checkpoint(directory)
    }

    fn ended(&self) {
        self.inner.ended();
    }

    fn record_metrics(&self) {
        self.inner.record_metrics();
    }
}
