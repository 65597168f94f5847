//! What a store accepts when it is opened, and the migrations.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use async_trait::async_trait;
use base::Clock;
use ruma::{ServerName, server_name};
use store::{
    Batch, Engine, Identity, MemoryKv, Migration, OpenError, Operation, Profile, Scan, Store, StoreError,
    Table,
};

const NAMES: Table<u64, String> = Table::new(100, "names", Profile::Point, "What is it called?");
const LENGTHS: Table<u64, u64> = Table::new(101, "lengths", Profile::Point, "How long is its name?");

async fn open_as(
    name: &ServerName,
    engine: &MemoryKv,
    migrations: Vec<Box<dyn Migration>>,
) -> Result<Store, OpenError> {
    let identity = Identity::new(name, &Clock::fake(5));
    Store::open(Arc::new(engine.clone()), vec![NAMES.info(), LENGTHS.info()], identity, migrations).await
}

async fn open(engine: &MemoryKv, migrations: Vec<Box<dyn Migration>>) -> Result<Store, OpenError> {
    open_as(server_name!("one.example"), engine, migrations).await
}

fn foreign_row() -> Operation {
    Operation { profile: Profile::Point, key: vec![1, 2, 3], value: Some(vec![4]) }
}

#[tokio::test]
async fn data_of_another_server_is_refused_by_name() {
    let engine = MemoryKv::new();
    open(&engine, vec![]).await.unwrap();
    let refusal = open_as(server_name!("two.example"), &engine, vec![]).await.unwrap_err();
    let message = refusal.to_string();
    assert!(matches!(refusal, OpenError::OtherServer { .. }));
    assert!(message.contains("one.example") && message.contains("two.example"), "{message}");
    open(&engine, vec![]).await.unwrap();
}

#[tokio::test]
async fn data_without_a_manifest_is_refused_and_left_alone() {
    let engine = MemoryKv::new();
    engine.write(&[foreign_row()]).unwrap();
    assert!(matches!(open(&engine, vec![]).await, Err(OpenError::NoManifest)));
    assert!(matches!(open(&engine, vec![]).await, Err(OpenError::NoManifest)));
}

#[tokio::test]
async fn a_manifest_that_does_not_decode_is_refused() {
    let engine = MemoryKv::new();
    open(&engine, vec![]).await.unwrap();
    let damaged = Operation { profile: Profile::Counter, key: vec![0, 0], value: Some(b"?".to_vec()) };
    engine.write(&[damaged]).unwrap();
    assert!(matches!(open(&engine, vec![]).await, Err(OpenError::BadManifest(_))));
}

#[tokio::test]
async fn two_tables_of_one_id_and_a_moved_table_are_refused() {
    let twin: Table<u64, u64> = Table::new(100, "twin", Profile::Point, "?");
    let moved: Table<u64, String> = Table::new(100, "names", Profile::Blob, "?");
    let identity = || Identity::new(server_name!("one.example"), &Clock::fake(5));
    let engine = MemoryKv::new();
    open(&engine, vec![]).await.unwrap();
    let twins =
        Store::open(Arc::new(engine.clone()), vec![NAMES.info(), twin.info()], identity(), vec![]).await;
    assert!(matches!(twins, Err(OpenError::DuplicateTable { first: "names", second: "twin", .. })));
    let changed = Store::open(Arc::new(engine.clone()), vec![moved.info()], identity(), vec![]).await;
    assert!(matches!(changed, Err(OpenError::ProfileChanged { name: "names", .. })));
}

/// Fills LENGTHS from NAMES, and fails a given number of times halfway.
struct CountLengths {
    number: u32,
    failures: Arc<AtomicU32>,
    runs: Arc<AtomicU32>,
}

#[async_trait]
impl Migration for CountLengths {
    fn number(&self) -> u32 {
        self.number
    }

    fn name(&self) -> &'static str {
        "count the lengths of names"
    }

    async fn run(&self, store: &Store) -> Result<(), StoreError> {
        self.runs.fetch_add(1, Ordering::SeqCst);
        for (index, (key, name)) in store.scan(&NAMES, Scan::all()).await?.into_iter().enumerate() {
            if index == 1 && self.failures.load(Ordering::SeqCst) > 0 {
                self.failures.fetch_sub(1, Ordering::SeqCst);
                return Err(StoreError::Io("stopped halfway".into()));
            }
            let mut batch = Batch::new();
            batch.put(&LENGTHS, &key, &(name.len() as u64));
            store.commit(batch).await?;
        }
        Ok(())
    }
}

fn second(failures: u32) -> (Vec<Box<dyn Migration>>, Arc<AtomicU32>) {
    let runs = Arc::new(AtomicU32::new(0));
    let failures = Arc::new(AtomicU32::new(failures));
    (vec![Box::new(CountLengths { number: 2, failures, runs: Arc::clone(&runs) })], runs)
}

#[tokio::test]
async fn a_migration_runs_once_and_again_only_after_it_failed() {
    let engine = MemoryKv::new();
    let store = open(&engine, vec![]).await.unwrap();
    let mut batch = Batch::new();
    batch.put(&NAMES, &1, &"one".to_owned()).put(&NAMES, &2, &"two".to_owned()).put(
        &NAMES,
        &3,
        &"three".to_owned(),
    );
    store.commit(batch).await.unwrap();
    let before = store.frontier();

    let (failing, _) = second(1);
    let refusal = open(&engine, failing).await.unwrap_err();
    assert!(matches!(refusal, OpenError::Migration { number: 2, .. }), "{refusal}");

    let (migrations, runs) = second(0);
    let store = open(&engine, migrations).await.unwrap();
    assert_eq!(runs.load(Ordering::SeqCst), 1);
    assert_eq!(store.scan(&LENGTHS, Scan::all()).await.unwrap(), [(1, 3), (2, 3), (3, 5)]);
    assert!(store.frontier() > before);

    let (migrations, runs) = second(0);
    open(&engine, migrations).await.unwrap();
    assert_eq!(runs.load(Ordering::SeqCst), 0, "a finished migration ran again");

    let refusal = open(&engine, vec![]).await.unwrap_err();
    assert!(matches!(refusal, OpenError::NewerSchema { found: 2, known: 1 }), "{refusal}");
}

#[tokio::test]
async fn a_new_database_begins_at_the_newest_schema_without_migrating() {
    let (migrations, runs) = second(0);
    let engine = MemoryKv::new();
    open(&engine, migrations).await.unwrap();
    assert_eq!(runs.load(Ordering::SeqCst), 0);
    assert!(matches!(open(&engine, vec![]).await, Err(OpenError::NewerSchema { found: 2, known: 1 })));
}

#[tokio::test]
async fn a_hole_in_the_migration_numbers_is_refused() {
    let (runs, failures) = (Arc::default(), Arc::default());
    let third: Vec<Box<dyn Migration>> = vec![Box::new(CountLengths { number: 3, failures, runs })];
    let refusal = open(&MemoryKv::new(), third).await.unwrap_err();
    assert!(matches!(refusal, OpenError::MigrationNumbers { found: 3, expected: 2 }));
}

#[tokio::test]
async fn the_catalogue_lists_every_table_with_its_question() {
    let store = open(&MemoryKv::new(), vec![]).await.unwrap();
    let text = store.catalogue();
    for expected in ["manifest", "position", "names", "u64 -> String: What is it called?", "lengths"] {
        assert!(text.contains(expected), "{expected} in\n{text}");
    }
}
