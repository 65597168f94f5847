//! Chance: the generator of the operating system, or a seeded one that repeats a run.

use std::sync::Arc;

use parking_lot::Mutex;
use rand::{Rng as _, RngCore as _, SeedableRng as _};
use rand_chacha::ChaCha20Rng;

const ALPHANUMERIC: &[u8; 62] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

/// A source of random bytes fit for secrets. Cloning shares the same source.
#[derive(Clone)]
pub struct Rng(Source);

#[derive(Clone)]
enum Source {
    System,
    Seeded(Arc<Mutex<ChaCha20Rng>>),
}

impl std::fmt::Debug for Rng {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self.0 {
            Source::System => "Rng(system)",
            Source::Seeded(_) => "Rng(seeded)",
        })
    }
}

impl Rng {
    /// A cryptographic generator seeded and reseeded by the operating system.
    pub const fn system() -> Self {
        Self(Source::System)
    }

    /// A generator that gives the same bytes for the same seed. For tests and simulations only.
    pub fn seeded(seed: u64) -> Self {
        Self(Source::Seeded(Arc::new(Mutex::new(ChaCha20Rng::seed_from_u64(seed)))))
    }

    /// Fills `bytes` with random bytes.
    #[expect(clippy::disallowed_methods, reason = "this is the one place where the real generator is used")]
    pub fn fill(&self, bytes: &mut [u8]) {
        match &self.0 {
            Source::System => rand::rng().fill_bytes(bytes),
            Source::Seeded(generator) => generator.lock().fill_bytes(bytes),
        }
    }

    /// A random number over the whole range.
    pub fn u64(&self) -> u64 {
        let mut bytes = [0; 8];
        self.fill(&mut bytes);
        u64::from_le_bytes(bytes)
    }

    /// A random number below `bound`, without bias; 0 if `bound` is 0.
    #[expect(clippy::disallowed_methods, reason = "this is the one place where the real generator is used")]
    pub fn below(&self, bound: u64) -> u64 {
        if bound == 0 {
            return 0;
        }
        match &self.0 {
            Source::System => rand::rng().random_range(0..bound),
            Source::Seeded(generator) => generator.lock().random_range(0..bound),
        }
    }

    /// `length` random characters of `[A-Za-z0-9]`, each with a little under 6 bits.
    pub fn string(&self, length: usize) -> String {
        let mut out = String::with_capacity(length);
        let mut bytes = [0; 64];
        while out.len() < length {
            self.fill(&mut bytes);
            // Bytes at 248 and above are thrown away: 248 is the largest multiple of 62, so none is favoured.
            let fair = bytes.iter().filter(|byte| **byte < 248);
            let missing = length - out.len();
            out.extend(fair.take(missing).map(|byte| char::from(ALPHANUMERIC[usize::from(*byte) % 62])));
        }
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_repeats_and_another_seed_differs() {
        let (first, again, other) = (Rng::seeded(7), Rng::seeded(7), Rng::seeded(8));
        let text = first.string(40);
        assert_eq!(text, again.string(40));
        assert_ne!(text, other.string(40));
        assert_eq!(first.u64(), again.u64());
    }

    #[test]
    fn strings_have_the_length_and_the_alphabet_asked_for() {
        for length in [0, 1, 63, 64, 65, 300] {
            let text = Rng::system().string(length);
            assert_eq!(text.len(), length);
            assert!(text.bytes().all(|byte| byte.is_ascii_alphanumeric()));
        }
    }

    #[test]
    fn below_stays_below() {
        let rng = Rng::seeded(1);
        assert_eq!(rng.below(0), 0);
        assert!((0..1000).all(|_| rng.below(3) < 3));
    }
}
