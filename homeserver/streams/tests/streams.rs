//! Facts, cursors and numbers on a store.
#![expect(clippy::unwrap_used, reason = "helpers of a test stop at the first surprise")]

use std::collections::HashSet;
use std::sync::Arc;

use base::Clock;
use model::{EventNum, RoomNum, StreamPos};
use ruma::{server_name, user_id};
use store::{Batch, Identity, MemoryKv, Store, StoreError};
use streams::{Cursor, Fact, Numbers, facts, forget_facts, record};

async fn open(engine: &MemoryKv) -> Store {
    let identity = Identity::new(server_name!("streams.example"), &Clock::fake(1));
    Store::open(Arc::new(engine.clone()), streams::tables(), identity, Vec::new()).await.unwrap()
}

#[tokio::test]
async fn facts_are_read_in_the_order_of_their_positions() {
    let store = open(&MemoryKv::new()).await;
    let mut written = Vec::new();
    for event in 1..=5 {
        let mut batch = Batch::new();
        let fact = Fact::Event { room: RoomNum::new(1), event: EventNum::new(event) };
        let position = batch.position();
        record(&mut batch, position, &fact);
        let user = Fact::Profile { user: user_id!("@a:streams.example").to_owned() };
        let next = batch.position();
        record(&mut batch, next, &user);
        let commit = store.commit(batch).await.unwrap();
        written.extend([(commit.first(), fact), (commit.last(), user)]);
    }
    let all = facts(&store, StreamPos::ZERO, store.frontier()).await.unwrap();
    assert_eq!(all, written);
    let some = facts(&store, written[3].0, written[6].0).await.unwrap();
    assert_eq!(some, written[4..=6]);
}

#[tokio::test]
async fn a_cursor_moves_forward_only_and_only_for_one_owner() {
    let store = open(&MemoryKv::new()).await;
    let mut mine = Cursor::load(&store, "push").await.unwrap();
    let mut theirs = Cursor::load(&store, "push").await.unwrap();
    assert_eq!(mine.position(), StreamPos::ZERO);
    let mut batch = Batch::new();
    mine.advance(&mut batch, StreamPos::new(5));
    store.commit(batch).await.unwrap();
    let mut batch = Batch::new();
    theirs.advance(&mut batch, StreamPos::new(9));
    assert_eq!(store.commit(batch).await, Err(StoreError::Conflict));
    let mut batch = Batch::new();
    mine.advance(&mut batch, StreamPos::new(4));
    assert!(batch.is_empty());
    assert_eq!(Cursor::load(&store, "push").await.unwrap().position(), StreamPos::new(5));
    assert_eq!(Cursor::load(&store, "bots").await.unwrap().position(), StreamPos::ZERO);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_number_is_given_twice_by_two_allocators_and_a_restart() {
    let engine = MemoryKv::new();
    let mut seen = HashSet::new();
    for _ in 0..3 {
        let store = open(&engine).await;
        let tasks: Vec<_> = [Numbers::new(store.clone()), Numbers::new(store.clone())]
            .into_iter()
            .map(|numbers| {
                tokio::spawn(async move {
                    let mut given = Vec::new();
                    for _ in 0..10_000 {
                        given.push(numbers.event_num().await.unwrap());
                    }
                    given
                })
            })
            .collect();
        for task in tasks {
            for number in task.await.unwrap() {
                assert!(number.get() > 0);
                assert!(seen.insert(number), "{number:?} was given twice");
            }
        }
        store.close().await;
    }
    let numbers = Numbers::new(open(&engine).await);
    assert_eq!(numbers.room_num().await.unwrap().get(), 1, "each kind counts alone");
    assert_eq!(numbers.state_num().await.unwrap().get(), 1);
    assert_eq!(numbers.state_key_num().await.unwrap().get(), 1);
}

#[tokio::test]
async fn facts_are_forgotten_when_the_slowest_reader_has_passed_them() {
    let store = open(&MemoryKv::new()).await;
    for _ in 0..5 {
        let mut batch = Batch::new();
        let position = batch.position();
        record(&mut batch, position, &Fact::Profile { user: user_id!("@a:b").to_owned() });
        store.commit(batch).await.unwrap();
    }
    let all = facts(&store, StreamPos::ZERO, store.frontier()).await.unwrap();
    let (second, fourth) = (all[1].0, all[3].0);
    let mut forgotten_to = StreamPos::ZERO;
    let readers = ["push", "search"];
    advance(&store, "push", fourth).await;
    assert_eq!(forget_facts(&store, &readers, &mut forgotten_to).await, Ok(0), "search read nothing");
    advance(&store, "search", second).await;
    assert_eq!(forget_facts(&store, &readers, &mut forgotten_to).await, Ok(2));
    assert_eq!(forget_facts(&store, &readers, &mut forgotten_to).await, Ok(0));
    let left = facts(&store, StreamPos::ZERO, store.frontier()).await.unwrap();
    assert_eq!(left, all[2..]);
    advance(&store, "search", all[4].0).await;
    assert_eq!(forget_facts(&store, &readers, &mut forgotten_to).await, Ok(2), "push is the slower one");
}

async fn advance(store: &Store, reader: &str, position: StreamPos) {
    let mut batch = Batch::new();
    Cursor::load(store, reader).await.unwrap().advance(&mut batch, position);
    store.commit(batch).await.unwrap();
}
