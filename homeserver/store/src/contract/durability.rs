//! What a closed and opened store still knows.

use super::{COUNTERS, LOG, Place, open, shut};
use crate::{Batch, Health, Scan, StoreError};

/// Every acknowledged commit of many concurrent writers, exactly once.
pub async fn what_was_acknowledged_is_there_after_reopening(place: &impl Place) {
    let store = open(place).await;
    let tasks: Vec<_> = (0..50_u64)
        .map(|writer| {
            let store = store.clone();
            tokio::spawn(async move {
                let mut batch = Batch::new();
                let position = batch.position();
                batch.put(&LOG, &position, &(writer, position)).put(&COUNTERS, &writer, &1);
                let commit = store.commit(batch).await.expect("commit");
                (commit.resolve(position), (writer, commit.first()))
            })
        })
        .collect();
    let mut acknowledged = Vec::new();
    for task in tasks {
        acknowledged.push(task.await.expect("a writer"));
    }
    acknowledged.sort_unstable();
    shut(store).await;
    let store = open(place).await;
    assert_eq!(store.scan(&LOG, Scan::all()).await.expect("scan"), acknowledged);
    assert_eq!(store.count(&COUNTERS, Scan::all()).await, Ok(50));
}

/// The frontier is kept, and no position is given twice.
pub async fn positions_go_on_after_reopening(place: &impl Place) {
    for last in 0..3 {
        let store = open(place).await;
        assert_eq!(store.frontier().get(), last);
        assert_eq!(store.snapshot().position().get(), last);
        let commit = store.commit(Batch::new()).await.expect("commit");
        assert_eq!(commit.first().get(), last + 1);
        shut(store).await;
    }
}

/// After `close`, commits are refused, reads go on, and what was queued before is done.
pub async fn a_closed_store_refuses_commits(place: &impl Place) {
    let store = open(place).await;
    let mut batch = Batch::new();
    batch.put(&COUNTERS, &1, &1);
    let queued = store.submit(batch);
    store.close().await;
    queued.await.expect("queued before the close");
    assert_eq!(store.commit(Batch::new()).await, Err(StoreError::Closed));
    assert_eq!(store.get(&COUNTERS, &1).await, Ok(Some(1)));
    assert_eq!(store.health(), Health::Closed);
}
