//! Random choices and ids, all from one seed.

use rand_chacha::ChaCha12Rng;
use rand_chacha::rand_core::{RngCore as _, SeedableRng as _};

/// The one source of chance of a simulator.
pub(crate) struct Chance(ChaCha12Rng);

impl Chance {
    pub(crate) fn new(seed: u64) -> Self {
        Self(ChaCha12Rng::seed_from_u64(seed))
    }

    /// A number below `end`; 0 if there is none.
    pub(crate) fn below(&mut self, end: usize) -> usize {
        let end = u64::try_from(end).unwrap_or(u64::MAX).max(1);
        usize::try_from(self.0.next_u64() % end).unwrap_or(0)
    }

    /// `prefix` and `digits` hexadecimal digits.
    pub(crate) fn id(&mut self, prefix: &str, digits: usize) -> String {
        let mut id = prefix.to_owned();
        while id.len() < prefix.len() + digits {
            id.push_str(&format!("{:016x}", self.0.next_u64()));
        }
        id.truncate(prefix.len() + digits);
        id
    }

    /// Sixteen bytes, for an initialisation vector.
    pub(crate) fn block(&mut self) -> [u8; 16] {
        let mut block = [0; 16];
        self.0.fill_bytes(&mut block);
        block
    }
}
