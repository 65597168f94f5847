//! Snapshots say the same as a plain map, and stay small.

use std::collections::{BTreeMap, BTreeSet};

use model::{EventNum, RoomNum, StateKeyNum, StateNum};
use store::Batch;

use super::room::Dice;
use crate::resolution::Snapshots;
use crate::resolution::limits::LAYERS_MAX;
use crate::test_support::rooms;

const ROOM: RoomNum = RoomNum::new(1);

type Map = BTreeMap<StateKeyNum, EventNum>;

async fn check(snapshots: &Snapshots, reader: &store::Reader, state: StateNum, expected: &Map) {
    let expected: Vec<_> = expected.iter().map(|(key, event)| (*key, *event)).collect();
    for number in 0..45 {
        let key = StateKeyNum::new(number);
        let found = snapshots.entry(reader, state, key).await.unwrap();
        assert_eq!(found, expected.iter().find(|entry| entry.0 == key).map(|entry| entry.1), "{key:?}");
    }
    assert_eq!(snapshots.entries(reader, state).await.unwrap().to_vec(), expected);
    assert!(snapshots.stack(reader, state).await.unwrap().len() <= LAYERS_MAX);
}

#[tokio::test]
async fn any_order_of_changes_reads_back() {
    for seed in 0..8 {
        let rooms = rooms().await;
        let store = rooms.store();
        let snapshots = Snapshots::new(1 << 20);
        let mut dice = Dice(seed);
        let mut states: Vec<(StateNum, Map)> = vec![(StateNum::new(0), Map::new())];
        let mut batch = Batch::new();
        for number in 1..150 {
            let (parent, mut map) = dice.pick(&states).clone();
            let count = 1 + dice.roll(4);
            let changes: Vec<_> = (0..count)
                .map(|index| {
                    let event = (dice.roll(5) > 0).then(|| EventNum::new(number * 10 + index + 1));
                    (StateKeyNum::new(1 + dice.roll(40)), event)
                })
                .collect();
            for (key, event) in &changes {
                match event {
                    Some(event) => map.insert(*key, *event),
                    None => map.remove(key),
                };
            }
            let new = StateNum::new(number);
            let state = snapshots.extend(store, &mut batch, ROOM, new, Some(parent), &changes).await.unwrap();
            check(&snapshots, store, state, &map).await;
            states.push((state, map));
            if dice.roll(5) == 0 {
                store.commit(std::mem::take(&mut batch)).await.unwrap();
            }
        }
        store.commit(batch).await.unwrap();
        let cold = Snapshots::new(1 << 20);
        for (state, map) in &states {
            check(&cold, store, *state, map).await;
        }
        for _ in 0..200 {
            let ((before, old), (after, new)) = (dice.pick(&states), dice.pick(&states));
            let keys: BTreeSet<_> = old.keys().chain(new.keys()).copied().collect();
            let changed = keys.into_iter().filter(|key| old.get(key) != new.get(key));
            let expected: Vec<_> = changed.map(|key| (key, new.get(&key).copied())).collect();
            assert_eq!(cold.changes_between(store, *before, *after).await.unwrap(), expected, "seed {seed}");
        }
    }
}

#[tokio::test]
async fn an_equal_state_of_the_room_is_found_again() {
    let rooms = rooms().await;
    let store = rooms.store();
    let snapshots = Snapshots::new(1 << 20);
    let (one, two) = (StateKeyNum::new(1), StateKeyNum::new(2));
    let event = |number| Some(EventNum::new(number));
    let extend =
        async |room: RoomNum, new: u64, parent: Option<u64>, changes: &[(StateKeyNum, Option<EventNum>)]| {
            let mut batch = Batch::new();
            let parent = parent.map(StateNum::new);
            let state =
                snapshots.extend(store, &mut batch, room, StateNum::new(new), parent, changes).await.unwrap();
            store.commit(batch).await.unwrap();
            state.get()
        };
    assert_eq!(extend(ROOM, 1, None, &[(one, event(10))]).await, 1);
    assert_eq!(extend(ROOM, 2, Some(1), &[(two, event(20))]).await, 2);
    assert_eq!(extend(ROOM, 3, Some(2), &[(two, None)]).await, 1, "back to the first");
    assert_eq!(extend(ROOM, 4, Some(2), &[(two, event(20))]).await, 2, "no change");
    assert_eq!(extend(ROOM, 5, None, &[(two, event(20)), (one, event(10))]).await, 2, "by another way");
    assert_eq!(extend(RoomNum::new(2), 6, None, &[(one, event(10))]).await, 6, "never across rooms");
}

#[tokio::test]
async fn of_one_key_twice_the_last_change_counts() {
    let rooms = rooms().await;
    let snapshots = Snapshots::new(1 << 20);
    let (key, mut batch) = (StateKeyNum::new(1), Batch::new());
    let changes = [(key, Some(EventNum::new(1))), (key, None), (key, Some(EventNum::new(3)))];
    let state =
        snapshots.extend(rooms.store(), &mut batch, ROOM, StateNum::new(1), None, &changes).await.unwrap();
    assert_eq!(snapshots.entry(rooms.store(), state, key).await.unwrap(), Some(EventNum::new(3)));
}

#[tokio::test]
async fn a_join_writes_little_in_a_room_of_any_size() {
    let rooms = rooms().await;
    let store = rooms.store();
    let snapshots = Snapshots::new(64 << 20);
    let members: u64 = 20_000;
    let all: Vec<_> = (1..=members).map(|n| (StateKeyNum::new(n), Some(EventNum::new(n)))).collect();
    let mut batch = Batch::new();
    let mut state = snapshots.extend(store, &mut batch, ROOM, StateNum::new(1), None, &all).await.unwrap();
    store.commit(batch).await.unwrap();
    let (mut written, joins) = (0, 2_000);
    for number in 1..=joins {
        let mut batch = Batch::new();
        let change = [(StateKeyNum::new(members + number), Some(EventNum::new(members + number)))];
        let new = StateNum::new(1 + number);
        state = snapshots.extend(store, &mut batch, ROOM, new, Some(state), &change).await.unwrap();
        written += batch.bytes() as u64;
        store.commit(batch).await.unwrap();
    }
    let stack = snapshots.stack(store, state).await.unwrap();
    assert!(stack.len() <= LAYERS_MAX);
    assert!(written / joins < 600, "{} bytes for each join", written / joins);
    assert_eq!(snapshots.entries(store, state).await.unwrap().len() as u64, members + joins);
}

/// The current state follows each event of other servers, in rooms of every size.
#[tokio::test]
async fn in_a_large_room_two_states_are_compared_by_what_they_do_not_share() {
    let rooms = rooms().await;
    let store = rooms.store();
    let snapshots = Snapshots::new(1 << 20);
    let mut batch = Batch::new();
    let crowd: Vec<_> =
        (1..=30_000).map(|number| (StateKeyNum::new(number), Some(EventNum::new(number)))).collect();
    let base = snapshots.extend(store, &mut batch, ROOM, StateNum::new(1), None, &crowd).await.unwrap();
    let mut tips = Vec::new();
    for branch in 0..2_u64 {
        let mut tip = base;
        for number in 0..40 {
            let change =
                (StateKeyNum::new(40_000 + number), Some(EventNum::new(50_000 + branch * 100 + number)));
            let new = StateNum::new(2 + branch * 100 + number);
            tip = snapshots.extend(store, &mut batch, ROOM, new, Some(tip), &[change]).await.unwrap();
        }
        tips.push(tip);
    }
    assert_eq!(snapshots.keys_apart(store, &tips).await.unwrap().len(), 40);
    assert_eq!(snapshots.changes_between(store, tips[0], tips[1]).await.unwrap().len(), 40);
    assert_eq!(snapshots.changes_between(store, tips[0], tips[0]).await.unwrap(), []);
}
