//! Which directories are opened, and what survives in them.
#![expect(clippy::unwrap_used, reason = "helpers of a test stop at the first surprise")]

use std::fs;
use std::path::Path;
use std::sync::Arc;

use base::Clock;
use model::StreamPos;
use ruma::{ServerName, server_name};
use store::{
    Batch, Engine, Health, Identity, OpenError, Operation, Profile, Restore, Scan, Store, StoreError, Table,
    TableInfo,
};
use store_rocksdb::{DirectoryError, Durability, RocksKv, RocksSettings};
use tempfile::TempDir;

const ROWS: Table<u64, u64> = Table::new(100, "rows", Profile::Scan, "Which rows were written?");

fn tables() -> Vec<TableInfo> {
    vec![ROWS.info()]
}

fn engine(path: &Path) -> Result<RocksKv, DirectoryError> {
    RocksKv::open(&RocksSettings::new(path))
}

async fn open_as(name: &ServerName, engine: RocksKv) -> Result<Store, OpenError> {
    Store::open(Arc::new(engine), tables(), Identity::new(name, &Clock::fake(1)), Vec::new()).await
}

async fn open(path: &Path) -> Result<Store, OpenError> {
    open_as(server_name!("disk.example"), engine(path).unwrap()).await
}

async fn put(store: &Store, key: u64) -> Result<store::Commit, StoreError> {
    let mut batch = Batch::new();
    batch.put(&ROWS, &key, &key);
    store.commit(batch).await
}

async fn close(store: Store) {
    store.close().await;
    drop(store);
}

fn names(path: &Path) -> Vec<String> {
    let mut names: Vec<_> =
        fs::read_dir(path).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[tokio::test]
async fn a_directory_without_its_manifest_is_refused_and_left_alone() {
    let place = TempDir::new().unwrap();
    let store = open(place.path()).await.unwrap();
    put(&store, 1).await.unwrap();
    close(store).await;
    fs::remove_file(place.path().join("CURRENT")).unwrap();
    let before = names(place.path());
    let refusal = engine(place.path()).unwrap_err();
    assert!(matches!(refusal, DirectoryError::NoManifest(_)), "{refusal}");
    assert!(refusal.to_string().contains("restore a backup"), "{refusal}");
    assert_eq!(names(place.path()), before);
}

#[test]
fn a_directory_of_something_else_is_refused_and_left_alone() {
    let place = TempDir::new().unwrap();
    fs::write(place.path().join("thesis.odt"), "words").unwrap();
    let refusal = engine(place.path()).unwrap_err();
    assert!(matches!(&refusal, DirectoryError::Foreign(_, name) if name == "thesis.odt"), "{refusal}");
    assert_eq!(names(place.path()), ["thesis.odt"]);
}

#[tokio::test]
async fn a_database_that_lost_its_rows_is_not_taken_for_a_new_one() {
    let place = TempDir::new().unwrap();
    let store = open(place.path()).await.unwrap();
    put(&store, 1).await.unwrap();
    close(store).await;
    // Every row is in the write-ahead log until the first flush.
    for name in names(place.path()).iter().filter(|name| name.ends_with(".log")) {
        fs::remove_file(place.path().join(name)).unwrap();
    }
    match engine(place.path()) {
        Err(refusal) => assert!(matches!(refusal, DirectoryError::Damaged { .. }), "{refusal}"),
        Ok(engine) => {
            let refusal = open_as(server_name!("disk.example"), engine).await.unwrap_err();
            assert!(matches!(refusal, OpenError::NoManifest), "{refusal}");
        }
    }
}

#[tokio::test]
async fn a_creation_that_was_stopped_early_is_begun_again() {
    let place = TempDir::new().unwrap();
    drop(engine(place.path()).unwrap());
    let store = open(place.path()).await.unwrap();
    put(&store, 1).await.unwrap();
    assert_eq!(store.count(&ROWS, Scan::all()).await, Ok(1));
}

#[tokio::test]
async fn another_server_name_is_refused_on_disk_too() {
    let place = TempDir::new().unwrap();
    close(open(place.path()).await.unwrap()).await;
    let refusal = open_as(server_name!("other.example"), engine(place.path()).unwrap()).await.unwrap_err();
    assert!(matches!(refusal, OpenError::OtherServer { .. }), "{refusal}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_directory_in_use_is_waited_for_and_then_refused() {
    let place = TempDir::new().unwrap();
    let store = open(place.path()).await.unwrap();
    let path = place.path().to_owned();
    let refusal = tokio::task::spawn_blocking(move || engine(&path).unwrap_err()).await.unwrap();
    assert!(matches!(refusal, DirectoryError::InUse(_)), "{refusal}");
    let path = place.path().to_owned();
    let waiting = tokio::task::spawn_blocking(move || engine(&path));
    close(store).await;
    waiting.await.unwrap().unwrap();
}

/// A copy of the files while the store is open is what a kill leaves; a cut tail is what a power cut may add.
#[tokio::test]
async fn a_torn_log_loses_only_what_was_torn() {
    let place = TempDir::new().unwrap();
    let store = open(place.path()).await.unwrap();
    for key in 0..50 {
        put(&store, key).await.unwrap();
    }
    for cut in [0, 1, 7, 100] {
        let copy = TempDir::new().unwrap();
        for name in names(place.path()).iter().filter(|name| *name != "LOCK") {
            fs::copy(place.path().join(name), copy.path().join(name)).unwrap();
        }
        let log = names(copy.path()).into_iter().rfind(|name| name.ends_with(".log")).unwrap();
        let mut bytes = fs::read(copy.path().join(&log)).unwrap();
        bytes.truncate(bytes.len() - cut);
        fs::write(copy.path().join(&log), bytes).unwrap();
        let survivor = open(copy.path()).await.unwrap();
        let keys = survivor.scan_keys(&ROWS, Scan::all()).await.unwrap();
        assert_eq!(keys, (0..keys.len() as u64).collect::<Vec<_>>(), "a prefix survives");
        assert_eq!(survivor.frontier().get(), keys.len() as u64, "rows and position survive together");
        assert!(
            keys.len() >= if cut == 0 { 50 } else { 48 },
            "{} rows left after a cut of {cut}",
            keys.len()
        );
    }
}

#[tokio::test]
async fn relaxed_durability_jumps_ahead_at_the_next_start() {
    let place = TempDir::new().unwrap();
    let relaxed = RocksSettings { durability: Durability::Relaxed, ..RocksSettings::new(place.path()) };
    let store = open_as(server_name!("disk.example"), RocksKv::open(&relaxed).unwrap()).await.unwrap();
    let last = put(&store, 1).await.unwrap().last();
    close(store).await;
    let store = open(place.path()).await.unwrap();
    assert!(store.frontier().get() >= last.get() + 1_000_000);
    let last = store.frontier();
    close(store).await;
    assert_eq!(open(place.path()).await.unwrap().frontier(), last, "after a synced run nothing jumps");
}

#[tokio::test]
async fn a_disk_with_less_room_than_the_floor_takes_no_writes() {
    let place = TempDir::new().unwrap();
    close(open(place.path()).await.unwrap()).await;
    let greedy = RocksSettings { free_bytes_min: u64::MAX, ..RocksSettings::new(place.path()) };
    let store = open_as(server_name!("disk.example"), RocksKv::open(&greedy).unwrap()).await.unwrap();
    assert_eq!(put(&store, 1).await, Err(StoreError::Full));
    assert_eq!(store.health(), Health::Full);
    assert_eq!(store.count(&ROWS, Scan::all()).await, Ok(0));
}

#[tokio::test]
async fn a_checkpoint_opens_as_the_state_it_was_taken_from() {
    let place = TempDir::new().unwrap();
    let kv = Arc::new(engine(place.path()).unwrap());
    let identity = Identity::new(server_name!("disk.example"), &Clock::fake(1));
    let store =
        Store::open(Arc::clone(&kv) as Arc<dyn Engine>, tables(), identity, Vec::new()).await.unwrap();
    put(&store, 1).await.unwrap();
    let copy = TempDir::new().unwrap();
    let copied = copy.path().join("copy");
    kv.checkpoint(&copied).unwrap();
    put(&store, 2).await.unwrap();
    let store = open(&copied).await.unwrap();
    assert_eq!(store.scan_keys(&ROWS, Scan::all()).await.unwrap(), [1]);
}

/// Everything that was acknowledged before the copy is in it, whatever is written while it is made, and no half of a batch.
#[tokio::test(flavor = "multi_thread")]
async fn a_checkpoint_in_the_midst_of_writes_holds_whole_batches() {
    let place = TempDir::new().unwrap();
    let store = open(place.path()).await.unwrap();
    for key in 0..100 {
        put(&store, key).await.unwrap();
    }
    let acknowledged = store.frontier();
    let writing = store.clone();
    let writer = tokio::spawn(async move {
        for pair in 0..300_u64 {
            let mut batch = Batch::new();
            batch.put(&ROWS, &(1_000 + pair), &pair).put(&ROWS, &(2_000 + pair), &pair);
            writing.commit(batch).await.unwrap();
        }
    });
    let copy = TempDir::new().unwrap();
    let copied = copy.path().join("copy");
    let (copying, to) = (store.clone(), copied.clone());
    tokio::task::spawn_blocking(move || copying.checkpoint(&to)).await.unwrap().unwrap();
    writer.await.unwrap();
    assert!(store.checkpoint(&copied).is_err(), "nothing is written over a directory that is there");

    let kv = engine(&copied).unwrap();
    let described = store::describe(&kv).unwrap().unwrap();
    assert_eq!((described.server_name.as_str(), described.schema), ("disk.example", 1));
    assert!(described.position >= acknowledged);
    let copy = open_as(server_name!("disk.example"), kv).await.unwrap();
    assert_eq!(copy.count(&ROWS, Scan::all().until(&1_000)).await, Ok(100));
    let firsts = copy.count(&ROWS, Scan::all().from(&1_000).until(&2_000)).await.unwrap();
    assert_eq!(copy.count(&ROWS, Scan::all().from(&2_000)).await, Ok(firsts));
    assert_eq!(copy.frontier().get(), 100 + firsts as u64);
}

#[tokio::test]
async fn a_restore_is_applied_once_and_finished_once() {
    let place = TempDir::new().unwrap();
    let store = open(place.path()).await.unwrap();
    put(&store, 1).await.unwrap();
    let stored = store.frontier();
    assert!(!store.is_restore_unfinished().await.unwrap());
    close(store).await;
    let restored = || {
        let restore = Restore { id: "restore".to_owned(), position_before: StreamPos::new(70) };
        let identity = Identity::new(server_name!("disk.example"), &Clock::fake(1)).restored(Some(restore));
        Store::open(Arc::new(engine(place.path()).unwrap()), tables(), identity, Vec::new())
    };
    let store = restored().await.unwrap();
    let jumped = store.frontier();
    assert!(jumped.get() > 1_000_000_000);
    assert_eq!(store.restore_epoch(), 1);
    assert!(store.is_restore_unfinished().await.unwrap());
    for (position, lost) in
        [(stored, false), (stored.next(), true), (StreamPos::new(70), true), (jumped, false)]
    {
        assert_eq!(store.has_lost(position), lost, "{position:?}");
    }
    close(store).await;

    // The marker is still there, as after a crash: nothing jumps again, and what was to be forgotten still is.
    let store = restored().await.unwrap();
    assert_eq!((store.frontier(), store.restore_epoch()), (jumped, 1));
    assert!(store.is_restore_unfinished().await.unwrap());
    store.finish_restore().await.unwrap();
    close(store).await;
    let store = open(place.path()).await.unwrap();
    assert!(!store.is_restore_unfinished().await.unwrap());
    assert!(store.has_lost(StreamPos::new(70)), "old tokens are known for what they are, for ever");
}

/// Rows in table files, not in memory: filters, prefixes and compression are on the way.
#[test]
fn rows_are_found_in_files_of_every_profile() {
    let place = TempDir::new().unwrap();
    let settings = RocksSettings { write_buffer_bytes: 4 << 20, ..RocksSettings::new(place.path()) };
    let key = |number: u64| [&[0, 9], number.to_be_bytes().as_slice(), b"tail"].concat();
    {
        let kv = RocksKv::open(&settings).unwrap();
        for chunk in 0..20 {
            let rows = (0..500_u64).flat_map(|number| {
                Profile::ALL.map(|profile| Operation {
                    profile,
                    key: key(chunk * 500 + number),
                    value: Some(vec![number as u8; 500]),
                })
            });
            kv.write(&rows.collect::<Vec<_>>()).unwrap();
        }
    }
    assert!(names(place.path()).iter().any(|name| name.ends_with(".sst")), "nothing was flushed");
    let kv = RocksKv::open(&settings).unwrap();
    let view = kv.snapshot().unwrap();
    for profile in Profile::ALL {
        for number in [0, 1, 255, 256, 4_999, 9_999] {
            let mut found = Vec::new();
            store::View::get(&kv, profile, &key(number), &mut |value| found = value.to_vec()).unwrap();
            assert_eq!(found, vec![(number % 500) as u8; 500]);
            for reverse in [false, true] {
                let range = store::ByteRange {
                    start: key(number)[..10].to_vec(),
                    end: key(number + 1)[..10].to_vec(),
                    reverse,
                };
                let mut keys = Vec::new();
                let mut each = |found: &[u8], _: &[u8]| {
                    keys.push(found.to_vec());
                    std::ops::ControlFlow::Continue(())
                };
                view.scan(profile, &range, &mut each).unwrap();
                assert_eq!(keys, [key(number)], "{profile:?} {number} {reverse}");
            }
        }
        let mut absent = false;
        view.get(profile, &key(10_000), &mut |_| absent = true).unwrap();
        assert!(!absent);
    }
}
