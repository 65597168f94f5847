//! The loop of those who follow the stream.
#![expect(clippy::unwrap_used, reason = "helpers of a test stop at the first surprise")]

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use base::{Clock, Shutdown};
use model::{EventNum, RoomNum, StreamPos};
use parking_lot::Mutex;
use ruma::server_name;
use store::{Batch, Identity, MemoryKv, Profile, Store, StoreError, Table};
use streams::{Cursor, Fact, Page, StreamReader, follow, record};

/// What the reader of these tests wrote: how often it took each event.
const TAKEN: Table<EventNum, u64> = Table::new(9_000, "taken", Profile::Scan, "How often was it taken?");

async fn open(engine: &MemoryKv) -> Store {
    let identity = Identity::new(server_name!("follow.example"), &Clock::fake(1));
    let tables = streams::tables().into_iter().chain([TAKEN.info()]).collect();
    Store::open(Arc::new(engine.clone()), tables, identity, Vec::new()).await.unwrap()
}

/// An event that nobody is told of.
async fn happens(store: &Store, event: u64) -> StreamPos {
    let mut batch = Batch::new();
    let position = batch.position();
    let fact = Fact::Event { room: RoomNum::new(1), event: EventNum::new(event) };
    record(&mut batch, position, &fact);
    store.commit(batch).await.unwrap().last()
}

/// Counts events in a table, one page for each `per_page` of them.
#[derive(Clone)]
struct Counter {
    store: Store,
    per_page: usize,
    failures: Arc<AtomicUsize>,
    holds: bool,
    passed: Arc<Mutex<StreamPos>>,
}

impl Counter {
    fn new(store: &Store) -> Self {
        Self {
            store: store.clone(),
            per_page: usize::MAX,
            failures: Arc::default(),
            holds: false,
            passed: Arc::new(Mutex::new(StreamPos::ZERO)),
        }
    }

    async fn taken(&self) -> Vec<(u64, u64)> {
        let rows = self.store.scan(&TAKEN, store::Scan::all()).await.unwrap();
        rows.into_iter().map(|(event, times)| (event.get(), times)).collect()
    }

    /// Runs until it has passed a position, then stops it.
    async fn runs_to(&self, position: StreamPos) {
        let shutdown = Shutdown::new();
        let (mut reader, signal) = (self.clone(), shutdown.clone());
        let store = self.store.clone();
        let task = tokio::spawn(async move { follow(&store, &mut reader, &signal).await });
        while *self.passed.lock() < position {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        shutdown.trigger();
        task.await.unwrap();
    }
}

impl StreamReader for Counter {
    type Error = StoreError;

    const NAME: &'static str = "counter";

    async fn open(&mut self, place: StreamPos, _: StreamPos) -> Result<StreamPos, StoreError> {
        Ok(place)
    }

    async fn take(&mut self, page: &mut Page) -> Result<(), StoreError> {
        let facts = page.facts().await?;
        for (position, fact) in facts.into_iter().take(self.per_page) {
            let Fact::Event { event, .. } = fact else { continue };
            let times = page.snapshot().get(&TAKEN, &event).await?.unwrap_or(0);
            page.batch.put(&TAKEN, &event, &(times + 1));
            if page.batch.writes() == self.per_page {
                page.end_at(position);
            }
        }
        if self.failures.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1)).is_ok()
        {
            return Err(StoreError::Busy);
        }
        if self.holds {
            page.hold_place();
        }
        Ok(())
    }

    fn passed(&mut self, position: StreamPos) {
        *self.passed.lock() = position;
    }
}

#[tokio::test]
async fn each_fact_is_taken_once_over_pages_and_restarts() {
    let engine = MemoryKv::new();
    let mut last = StreamPos::ZERO;
    for start in 0..3 {
        let store = open(&engine).await;
        for event in 1..=5 {
            last = happens(&store, start * 5 + event).await;
        }
        let counter = Counter { per_page: 2, ..Counter::new(&store) };
        counter.runs_to(last).await;
        assert_eq!(counter.taken().await, (1..=(start + 1) * 5).map(|event| (event, 1)).collect::<Vec<_>>());
        store.close().await;
    }
    let store = open(&engine).await;
    assert!(Cursor::load(&store, Counter::NAME).await.unwrap().position() >= last);
}

#[tokio::test(start_paused = true)]
async fn a_failure_is_tried_again_and_writes_nothing_twice() {
    let store = open(&MemoryKv::new()).await;
    let last = happens(&store, 1).await;
    let counter = Counter::new(&store);
    counter.failures.store(4, Ordering::SeqCst);
    counter.runs_to(last).await;
    assert_eq!(counter.taken().await, [(1, 1)]);
}

#[tokio::test]
async fn a_reader_that_waits_hears_of_facts_that_concern_nobody() {
    let store = open(&MemoryKv::new()).await;
    let first = happens(&store, 1).await;
    let counter = Counter::new(&store);
    let shutdown = Shutdown::new();
    let (mut reader, signal, handle) = (counter.clone(), shutdown.clone(), store.clone());
    let task = tokio::spawn(async move { follow(&handle, &mut reader, &signal).await });
    let reaches = async |position| {
        while *counter.passed.lock() < position {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    };
    reaches(first).await;
    let second = happens(&store, 2).await;
    tokio::time::timeout(Duration::from_secs(60), reaches(second)).await.expect("the reader sleeps");
    shutdown.trigger();
    task.await.unwrap();
    assert_eq!(counter.taken().await, [(1, 1), (2, 1)]);
}

#[tokio::test]
async fn a_held_place_stays_behind_also_when_the_server_stops() {
    let store = open(&MemoryKv::new()).await;
    let last = happens(&store, 1).await;
    let counter = Counter { holds: true, ..Counter::new(&store) };
    counter.runs_to(last).await;
    assert_eq!(Cursor::load(&store, Counter::NAME).await.unwrap().position(), StreamPos::ZERO);
}
