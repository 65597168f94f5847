//! Random choices and ids, all from one seed.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rand_chacha::ChaCha12Rng;
use rand_chacha::rand_core::{RngCore as _, SeedableRng as _};

/// The one source of chance of a simulator.
pub(crate) struct Chance(ChaCha12Rng);

impl Chance {
    pub(crate) fn new(seed: u64) -> Self {
        Self(ChaCha12Rng::seed_from_u64(seed))
    }

    /// A place in a list of this length; 0 when it is empty.
    pub(crate) fn place(&mut self, length: usize) -> usize {
        self.0.next_u64() as usize % length.max(1)
    }

    /// Sixteen bytes, as they stand before an encrypted text.
    pub(crate) fn block(&mut self) -> [u8; 16] {
        let mut block = [0; 16];
        self.0.fill_bytes(&mut block);
        block
    }

    /// Thirty-two hexadecimal digits.
    pub(crate) fn digits(&mut self) -> String {
        crate::crypto::hex(&self.block())
    }

    /// `prefix`, then base64 that ends with two equals signs and may hold a slash and a plus, as ids of conversations and
    /// messages do.
    pub(crate) fn opaque(&mut self, prefix: &str) -> String {
        format!("{prefix}{}", STANDARD.encode(self.block()))
    }

    /// A number below a billion.
    pub(crate) fn number(&mut self) -> u64 {
        self.0.next_u64() % 1_000_000_000
    }
}
