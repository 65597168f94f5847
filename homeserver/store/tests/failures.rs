//! Failed writes: refused, remembered, nothing acknowledged lost.
#![expect(clippy::unwrap_used, reason = "helpers of a test stop at the first surprise")]

use std::sync::Arc;

use base::Clock;
use ruma::server_name;
use store::{
    Batch, Engine, Fault, FaultyKv, Health, Identity, MemoryKv, Profile, Scan, Store, StoreError, Table,
    TableInfo,
};

const ROWS: Table<u64, u64> = Table::new(100, "rows", Profile::Scan, "Which rows were written?");

fn tables() -> Vec<TableInfo> {
    vec![ROWS.info()]
}

async fn open(engine: &FaultyKv) -> Store {
    let identity = Identity::new(server_name!("fault.example"), &Clock::fake(1));
    Store::open(Arc::new(engine.clone()), tables(), identity, Vec::new()).await.unwrap()
}

fn put(key: u64) -> Batch {
    let mut batch = Batch::new();
    batch.put(&ROWS, &key, &key);
    batch
}

async fn keys(store: &Store) -> Vec<u64> {
    store.scan_keys(&ROWS, Scan::all()).await.unwrap()
}

#[tokio::test]
async fn after_a_failed_write_nothing_more_is_written_and_reads_go_on() {
    let cases = [
        (Fault::WriteFails, vec![1]),
        (Fault::SyncFailsDataLost, vec![1]),
        // The row may turn up later, though its writer was refused: nothing says how much reached the disk.
        (Fault::SyncFailsDataKept, vec![1, 2]),
        (Fault::Full, vec![1]),
    ];
    for (fault, on_disk) in cases {
        let engine = FaultyKv::new(Arc::new(MemoryKv::new()));
        let store = open(&engine).await;
        let acknowledged = store.commit(put(1)).await.unwrap();
        engine.fail_after(0, fault);
        let refusal = store.commit(put(2)).await.unwrap_err();
        assert!(matches!(refusal, StoreError::Io(_) | StoreError::Full), "{fault:?}: {refusal:?}");
        assert_eq!(refusal == StoreError::Full, fault == Fault::Full);
        assert!(matches!(store.health(), Health::Failed(_)), "{fault:?}");
        assert!(matches!(store.commit(put(3)).await, Err(StoreError::ReadOnly(_))), "{fault:?}");
        assert_eq!(store.frontier(), acknowledged.last());
        assert_eq!(store.snapshot().scan_keys(&ROWS, Scan::all()).await.unwrap(), [1], "{fault:?}");
        store.close().await;
        drop(store);
        let store = open(&engine).await;
        assert_eq!(keys(&store).await, on_disk, "{fault:?}");
        assert!(store.commit(put(4)).await.unwrap().first() > acknowledged.last());
        assert_eq!(store.health(), Health::Ok);
    }
}

#[tokio::test]
async fn every_batch_of_a_failed_group_is_refused_and_its_hooks_do_not_run() {
    let engine = FaultyKv::new(Arc::new(MemoryKv::new()));
    let store = open(&engine).await;
    engine.fail_after(0, Fault::WriteFails);
    let answers: Vec<_> = (0..100)
        .map(|key| {
            let mut batch = put(key);
            batch.on_commit(|_| panic!("a hook of a refused batch ran"));
            batch.on_visible(|_| panic!("a hook of a refused batch ran"));
            store.submit(batch)
        })
        .collect();
    for answer in answers {
        assert!(matches!(answer.await, Err(StoreError::Io(_) | StoreError::ReadOnly(_))));
    }
    assert_eq!(keys(&store).await, [] as [u64; 0]);
}

#[tokio::test]
async fn a_nearly_full_disk_refuses_writes_until_there_is_room() {
    let engine = FaultyKv::new(Arc::new(MemoryKv::new()));
    let store = open(&engine).await;
    engine.set_nearly_full(true);
    assert_eq!(store.health(), Health::Full);
    assert_eq!(store.commit(put(1)).await, Err(StoreError::Full));
    assert_eq!(keys(&store).await, [] as [u64; 0]);
    engine.set_nearly_full(false);
    assert_eq!(store.health(), Health::Ok);
    store.commit(put(2)).await.unwrap();
    assert_eq!(keys(&store).await, [2]);
}

#[tokio::test]
async fn a_crash_leaves_all_of_a_group_or_nothing() {
    for (fault, survives) in [(Fault::CrashBefore, false), (Fault::CrashAfter, true)] {
        let engine = FaultyKv::new(Arc::new(MemoryKv::new()));
        let store = open(&engine).await;
        store.commit(put(1)).await.unwrap();
        engine.fail_after(0, fault);
        let mut batch = put(2);
        batch.put(&ROWS, &3, &3).delete(&ROWS, &1);
        assert_eq!(store.commit(batch).await, Err(StoreError::Closed));
        assert!(engine.has_crashed());
        assert_eq!(store.get(&ROWS, &1).await, Err(StoreError::Closed));
        drop(store);
        engine.restart();
        let store = open(&engine).await;
        assert_eq!(keys(&store).await, if survives { vec![2, 3] } else { vec![1] }, "{fault:?}");
    }
}

/// Many rounds of writers and random faults: what was acknowledged is there, and positions never repeat.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn under_random_faults_nothing_acknowledged_is_lost() {
    for seed in 0..40 {
        let memory = MemoryKv::new();
        let mut acknowledged = Vec::new();
        let mut positions = Vec::new();
        let mut next = 0;
        for round in 0..5 {
            drop(open(&FaultyKv::new(Arc::new(memory.clone()))).await);
            let engine = FaultyKv::seeded(Arc::new(memory.clone()), seed * 100 + round, 60);
            let identity = Identity::new(server_name!("fault.example"), &Clock::fake(1));
            let opened = Store::open(Arc::new(engine.clone()), tables(), identity, Vec::new()).await;
            // A fault may hit the opening itself.
            let Ok(store) = opened else { continue };
            let pending: Vec<_> = (0..30)
                .map(|_| {
                    next += 1;
                    (next, store.submit(put(next)))
                })
                .collect();
            for (key, answer) in pending {
                if let Ok(commit) = answer.await {
                    acknowledged.push(key);
                    positions.push(commit.first());
                }
            }
            store.close().await;
        }
        let store = open(&FaultyKv::new(Arc::new(memory))).await;
        let there = keys(&store).await;
        let lost: Vec<_> = acknowledged.iter().filter(|key| !there.contains(key)).collect();
        assert_eq!(lost, [] as [&u64; 0], "seed {seed}");
        assert!(positions.is_sorted_by(|one, next| one < next), "seed {seed}: {positions:?}");
        assert!(positions.last().is_none_or(|last| *last <= store.frontier()), "seed {seed}");
    }
}

#[tokio::test]
async fn a_damaged_row_is_an_error_that_names_its_table_and_is_not_absence() {
    let memory = MemoryKv::new();
    let store = open(&FaultyKv::new(Arc::new(memory.clone()))).await;
    store.commit(put(1)).await.unwrap();
    let key = [100_u16.to_be_bytes().as_slice(), &1_u64.to_be_bytes()].concat();
    memory
        .write(&[store::Operation { profile: Profile::Scan, key, value: Some(b"short".to_vec()) }])
        .unwrap();
    for error in [store.get(&ROWS, &1).await.unwrap_err(), store.scan(&ROWS, Scan::all()).await.unwrap_err()]
    {
        assert!(matches!(error, StoreError::Corrupt { table: "rows", .. }), "{error:?}");
    }
}
