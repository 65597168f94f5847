//! One layer of a snapshot: what it changes on top of its parent.

use model::{EventNum, RoomNum, StateKeyNum, StateNum};
use sha2::{Digest, Sha256};
use store::{CodecError, Value, ValueWriter};

use super::codec::{Unpack, put, put_difference};

/// A change of one entry: the new event, or `None` when the entry is gone.
pub(super) type Change = (StateKeyNum, Option<EventNum>);

/// A layer as it lies in the store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Layer {
    /// The snapshot below; none for a whole state.
    pub parent: Option<StateNum>,
    /// Layers from here down, this one included.
    pub depth: usize,
    /// Entries of the whole state.
    pub total: u64,
    /// Stands for the whole state.
    pub digest: StateDigest,
    /// Sorted by key, each key once.
    pub changes: Box<[Change]>,
}

impl Layer {
    pub fn find(&self, key: StateKeyNum) -> Option<Option<EventNum>> {
        let at = self.changes.binary_search_by_key(&key, |change| change.0).ok()?;
        self.changes.get(at).map(|change| change.1)
    }

    pub fn bytes(&self) -> usize {
        self.changes.len() * size_of::<Change>() + 128
    }
}

/// The upper layer's changes over the lower one's. On a whole state, removed entries disappear.
pub(super) fn merge(lower: &[Change], upper: &[Change], on_whole_state: bool) -> Vec<Change> {
    let mut merged = Vec::with_capacity(lower.len() + upper.len());
    let (mut below, mut above) = (lower.iter().peekable(), upper.iter().peekable());
    loop {
        let next = match (below.peek(), above.peek()) {
            (Some(low), Some(high)) if low.0 < high.0 => below.next(),
            (Some(low), Some(high)) if low.0 == high.0 => {
                below.next();
                above.next()
            }
            (_, Some(_)) => above.next(),
            (_, None) => below.next(),
        };
        match next {
            Some(change) if on_whole_state && change.1.is_none() => {}
            Some(change) => merged.push(*change),
            None => return merged,
        }
    }
}

/// A sum over all entries of a state: changing one entry changes the sum without a look at the others.
/// Equal sums are only a hint that two states are equal; the entries decide.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct StateDigest([u64; 4]);

impl StateDigest {
    pub fn add(&mut self, room: RoomNum, key: StateKeyNum, event: EventNum) {
        for (sum, part) in self.0.iter_mut().zip(entry_parts(room, key, event)) {
            *sum = sum.wrapping_add(part);
        }
    }

    pub fn remove(&mut self, room: RoomNum, key: StateKeyNum, event: EventNum) {
        for (sum, part) in self.0.iter_mut().zip(entry_parts(room, key, event)) {
            *sum = sum.wrapping_sub(part);
        }
    }

    pub fn to_bytes(self) -> [u8; 32] {
        let mut bytes = [0; 32];
        for (chunk, part) in bytes.chunks_exact_mut(8).zip(self.0) {
            chunk.copy_from_slice(&part.to_be_bytes());
        }
        bytes
    }

    fn from_bytes(bytes: [u8; 32]) -> Self {
        let mut parts = [0; 4];
        for (part, chunk) in parts.iter_mut().zip(bytes.chunks_exact(8)) {
            *part = chunk.iter().fold(0, |number, byte| number << 8 | u64::from(*byte));
        }
        Self(parts)
    }
}

fn entry_parts(room: RoomNum, key: StateKeyNum, event: EventNum) -> [u64; 4] {
    let mut hash = Sha256::new();
    for number in [room.get(), key.get(), event.get()] {
        hash.update(number.to_be_bytes());
    }
    StateDigest::from_bytes(hash.finalize().into()).0
}

impl Value for Layer {
    fn encode(&self, out: &mut ValueWriter) {
        let mut bytes = Vec::with_capacity(self.changes.len() * 6 + 48);
        put(&mut bytes, self.parent.map_or(0, StateNum::get));
        put(&mut bytes, self.depth as u64);
        put(&mut bytes, self.total);
        bytes.extend_from_slice(&self.digest.to_bytes());
        put(&mut bytes, self.changes.len() as u64);
        let (mut last_key, mut last_event) = (0, 0);
        for (key, event) in &self.changes {
            put(&mut bytes, key.get() - last_key);
            last_key = key.get();
            // Events are numbered from 1, so that 0 can stand for "gone".
            let event = event.map_or(0, EventNum::get);
            put_difference(&mut bytes, event, last_event);
            last_event = event;
        }
        out.bytes(&bytes);
    }

    fn decode(bytes: &[u8]) -> Result<Self, CodecError> {
        let mut unpack = Unpack(bytes);
        let parent = Some(unpack.number()?).filter(|parent| *parent != 0).map(StateNum::new);
        let depth = usize::try_from(unpack.number()?).unwrap_or(usize::MAX);
        let total = unpack.number()?;
        let digest = StateDigest::from_bytes(unpack.bytes()?);
        let count = unpack.count()?;
        let mut changes = Vec::with_capacity(count);
        let (mut key, mut event) = (0_u64, 0);
        for _ in 0..count {
            key = key.wrapping_add(unpack.number()?);
            event = unpack.difference(event)?;
            changes.push((StateKeyNum::new(key), (event != 0).then(|| EventNum::new(event))));
        }
        unpack.finish()?;
        Ok(Self { parent, depth, total, digest, changes: changes.into() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn changes(pairs: &[(u64, u64)]) -> Vec<Change> {
        pairs.iter().map(|(k, e)| (StateKeyNum::new(*k), (*e != 0).then(|| EventNum::new(*e)))).collect()
    }

    #[test]
    fn the_upper_layer_wins_and_gone_is_kept_until_the_bottom() {
        let lower = changes(&[(1, 10), (2, 20), (4, 40)]);
        let upper = changes(&[(2, 0), (3, 30), (4, 41)]);
        assert_eq!(merge(&lower, &upper, false), changes(&[(1, 10), (2, 0), (3, 30), (4, 41)]));
        assert_eq!(merge(&lower, &upper, true), changes(&[(1, 10), (3, 30), (4, 41)]));
    }

    #[test]
    fn the_digest_does_not_depend_on_the_way() {
        let (room, key) = (RoomNum::new(1), StateKeyNum::new);
        let event = EventNum::new;
        let mut one = StateDigest::default();
        one.add(room, key(1), event(5));
        one.add(room, key(2), event(6));
        let mut other = StateDigest::default();
        other.add(room, key(2), event(9));
        other.add(room, key(1), event(5));
        other.remove(room, key(2), event(9));
        other.add(room, key(2), event(6));
        assert_eq!(one, other);
        let mut elsewhere = StateDigest::default();
        elsewhere.add(RoomNum::new(2), key(1), event(5));
        elsewhere.add(RoomNum::new(2), key(2), event(6));
        assert_ne!(one, elsewhere);
        assert_eq!(StateDigest::from_bytes(one.to_bytes()), one);
    }
}
