//! The tables of snapshots and of the auth graph.

use model::{EventNum, RoomNum, StateNum};
use store::{CodecError, Profile, Table, TableInfo, Value, ValueWriter};

use super::codec::{Unpack, put, put_difference};
use super::layer::Layer;

/// State snapshots, as layers.
pub(super) const STATE_LAYER: Table<StateNum, Layer> =
    Table::new(340, "state_layer", Profile::Blob, "what does this state change on top of which other one?");

/// Snapshots by digest.
pub(super) const STATE_DIGEST: Table<(RoomNum, [u8; 32]), StateNum> =
    Table::new(341, "state_digest", Profile::Point, "is there a snapshot that equals this state already?");

/// The auth graph: chain, place, parents and reach of each state event.
pub(super) const ANCESTRY: Table<EventNum, Ancestry> =
    Table::new(342, "ancestry", Profile::Point, "which events stand behind this state event?");

/// Chains of the auth graph, event by event.
pub(super) const CHAIN: Table<(u64, u64), EventNum> =
    Table::new(343, "chain", Profile::Scan, "which state event has this place in this chain?");

/// The list of this module.
#[must_use]
pub fn tables() -> Vec<TableInfo> {
    vec![STATE_LAYER.info(), STATE_DIGEST.info(), ANCESTRY.info(), CHAIN.info()]
}

/// Where a state event stands in the auth graph.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Ancestry {
    /// Its chain, named after the chain's first event.
    pub chain: u64,
    /// Its place in the chain, from 1. Each event of a chain has the one before among its ancestors.
    pub sequence: u64,
    /// The events it names as authority.
    pub auth: Vec<EventNum>,
    /// For each chain that its ancestors and itself touch, the greatest place; sorted by chain.
    pub reach: Vec<(u64, u64)>,
}

impl Ancestry {
    /// Whether the event itself or an ancestor of it has this place.
    pub fn reaches(&self, chain: u64, sequence: u64) -> bool {
        self.reach
            .binary_search_by_key(&chain, |place| place.0)
            .ok()
            .and_then(|at| self.reach.get(at))
            .is_some_and(|place| place.1 >= sequence)
    }
}

impl Value for Ancestry {
    fn encode(&self, out: &mut ValueWriter) {
        let mut bytes = Vec::with_capacity(16 + 8 * (self.auth.len() + self.reach.len()));
        put(&mut bytes, self.chain);
        put(&mut bytes, self.sequence);
        put(&mut bytes, self.auth.len() as u64);
        let mut last = self.chain;
        for event in &self.auth {
            put_difference(&mut bytes, event.get(), last);
            last = event.get();
        }
        put(&mut bytes, self.reach.len() as u64);
        let mut last = 0;
        for (chain, sequence) in &self.reach {
            put(&mut bytes, chain.wrapping_sub(last));
            put(&mut bytes, *sequence);
            last = *chain;
        }
        out.bytes(&bytes);
    }

    fn decode(bytes: &[u8]) -> Result<Self, CodecError> {
        let mut unpack = Unpack(bytes);
        let (chain, sequence) = (unpack.number()?, unpack.number()?);
        let count = unpack.count()?;
        let mut auth = Vec::with_capacity(count);
        let mut last = chain;
        for _ in 0..count {
            last = unpack.difference(last)?;
            auth.push(EventNum::new(last));
        }
        let count = unpack.count()?;
        let mut reach = Vec::with_capacity(count);
        let mut last = 0_u64;
        for _ in 0..count {
            last = last.wrapping_add(unpack.number()?);
            reach.push((last, unpack.number()?));
        }
        unpack.finish()?;
        Ok(Self { chain, sequence, auth, reach })
    }
}
