//! Random choices and ids, all from one seed.

use rand_chacha::ChaCha12Rng;
use rand_chacha::rand_core::{RngCore as _, SeedableRng as _};

/// The one source of chance of a simulator.
pub struct Chance(ChaCha12Rng);

impl Chance {
    /// Two of the same seed choose the same.
    pub fn new(seed: u64) -> Self {
        Self(ChaCha12Rng::seed_from_u64(seed))
    }

    /// A number below `end`; 0 if there is none.
    pub fn below(&mut self, end: u64) -> u64 {
        self.0.next_u64() % end.max(1)
    }

    /// A place in a list of this length; 0 when it is empty.
    pub fn place(&mut self, length: usize) -> usize {
        usize::try_from(self.below(u64::try_from(length).unwrap_or(u64::MAX))).unwrap_or(0)
    }

    /// `prefix` and `digits` hexadecimal digits.
    pub fn id(&mut self, prefix: &str, digits: usize) -> String {
        let mut id = prefix.to_owned();
        while id.len() < prefix.len() + digits {
            id.push_str(&format!("{:016x}", self.0.next_u64()));
        }
        id.truncate(prefix.len() + digits);
        id
    }

    /// Sixteen bytes.
    pub fn block(&mut self) -> [u8; 16] {
        let mut block = [0; 16];
        self.0.fill_bytes(&mut block);
        block
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_repeats_everything_and_ids_are_as_long_as_they_should_be() {
        let draw = |seed| {
            let mut chance = Chance::new(seed);
            (chance.id("m-", 20), chance.place(7), chance.below(1_000), chance.block())
        };
        assert_eq!(draw(5), draw(5));
        assert_ne!(draw(5).0, draw(6).0);
        assert_eq!(draw(5).0.len(), 22);
        assert!(draw(5).1 < 7);
        assert_eq!((Chance::new(1).place(0), Chance::new(1).below(0)), (0, 0));
    }
}
