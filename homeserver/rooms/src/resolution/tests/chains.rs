//! The chain cover says the same as a walk over the graph.

use std::collections::{BTreeMap, BTreeSet};

use model::{EventNum, RoomNum};
use store::Batch;

use super::room::Dice;
use crate::RoomsError;
use crate::resolution::ChainBatch;
use crate::resolution::chains::AncestryCache;
use crate::resolution::limits::REACH_CHAINS_MAX;
use crate::test_support::rooms;

#[tokio::test]
async fn reach_is_ancestry() {
    for seed in 0..20 {
        let rooms = rooms().await;
        let store = rooms.store();
        let mut dice = Dice(seed);
        let mut behind: BTreeMap<EventNum, BTreeSet<EventNum>> = BTreeMap::new();
        let (mut batch, mut chains) = (Batch::new(), ChainBatch::new());
        for number in 1..=60 {
            let event = EventNum::new(number);
            let count = dice.roll(4).min(number - 1);
            let auth: BTreeSet<EventNum> =
                (0..count).map(|_| EventNum::new(1 + dice.roll(number - 1))).collect();
            let auth: Vec<EventNum> = auth.into_iter().collect();
            chains.assign(store, &mut batch, RoomNum::new(1), event, &auth).await.unwrap();
            let mut all = BTreeSet::from([event]);
            for parent in auth {
                all.extend(behind[&parent].iter().copied());
            }
            behind.insert(event, all);
            // Batches of different sizes: some parents are in the store, some only in the batch.
            if dice.roll(4) == 0 {
                store.commit(std::mem::take(&mut batch)).await.unwrap();
                chains = ChainBatch::new();
            }
        }
        store.commit(batch).await.unwrap();
        let events: Vec<EventNum> = behind.keys().copied().collect();
        let rows = AncestryCache::new().load(store, &ChainBatch::new(), &events).await.unwrap();
        for (above, row) in events.iter().zip(&rows) {
            for (below, other) in events.iter().zip(&rows) {
                let expected = behind[above].contains(below);
                assert_eq!(
                    row.reaches(other.chain, other.sequence),
                    expected,
                    "{above:?} {below:?}, seed {seed}"
                );
            }
        }
        let places: BTreeSet<_> = rows.iter().map(|row| (row.chain, row.sequence)).collect();
        assert_eq!(places.len(), rows.len(), "every event has a place of its own");
    }
}

#[tokio::test]
async fn a_parent_without_a_place_is_an_error_and_a_second_time_changes_nothing() {
    let rooms = rooms().await;
    let (mut batch, mut chains) = (Batch::new(), ChainBatch::new());
    let room = RoomNum::new(1);
    let unknown = chains.assign(rooms.store(), &mut batch, room, EventNum::new(2), &[EventNum::new(1)]).await;
    assert!(matches!(unknown, Err(RoomsError::Corrupt(_))));
    let first = chains.assign(rooms.store(), &mut batch, room, EventNum::new(1), &[]).await.unwrap();
    let writes = batch.writes();
    let again = chains.assign(rooms.store(), &mut batch, room, EventNum::new(1), &[]).await.unwrap();
    assert_eq!((first, writes), (again, batch.writes()));
}

/// Chains that come together in a tree, whose root stands on all of them: rows of such events grow with their number.
#[tokio::test]
async fn t08_an_event_on_too_many_chains_gets_no_place() {
    for (leaves, fits) in [(REACH_CHAINS_MAX as u64, true), (REACH_CHAINS_MAX as u64 + 1, false)] {
        let rooms = rooms().await;
        let (mut batch, mut chains) = (Batch::new(), ChainBatch::new());
        let (store, room) = (rooms.store(), RoomNum::new(1));
        let mut level: Vec<EventNum> = (1..=leaves).map(EventNum::new).collect();
        for leaf in &level {
            chains.assign(store, &mut batch, room, *leaf, &[]).await.unwrap();
        }
        let (mut next, mut refused) = (leaves, None);
        while level.len() > 1 {
            let mut above = Vec::new();
            for parents in level.chunks(10) {
                next += 1;
                above.push(EventNum::new(next));
                let place = chains.assign(store, &mut batch, room, EventNum::new(next), parents).await;
                refused = refused.or(place.err());
            }
            level = above;
        }
        assert_eq!(refused.is_none(), fits, "{refused:?}");
        assert!(matches!(refused, None | Some(RoomsError::Resolution(_))));
    }
}
