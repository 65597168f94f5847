//! Snapshots: what was there stays there.

use super::{COUNTERS, LOG, Place, open};
use crate::{Batch, Scan};

/// Overwritten, added and deleted rows do not show.
pub async fn a_snapshot_is_not_changed_by_later_commits(place: &impl Place) {
    let store = open(place).await;
    let mut batch = Batch::new();
    batch.put(&COUNTERS, &1, &10).put(&COUNTERS, &2, &20);
    store.commit(batch).await.expect("commit");
    let snapshot = store.snapshot();
    let mut batch = Batch::new();
    batch.put(&COUNTERS, &1, &11).delete(&COUNTERS, &2).put(&COUNTERS, &3, &30);
    store.commit(batch).await.expect("commit");
    assert_eq!(snapshot.scan(&COUNTERS, Scan::all()).await.expect("scan"), [(1, 10), (2, 20)]);
    assert_eq!(snapshot.multi_get(&COUNTERS, &[1, 2, 3]).await.expect("get"), [Some(10), Some(20), None]);
    let later = store.snapshot();
    drop(snapshot);
    assert_eq!(later.scan(&COUNTERS, Scan::all().reverse()).await.expect("scan"), [(3, 30), (1, 11)]);
}

/// A snapshot has all rows up to its position and none behind, while others write.
pub async fn a_snapshot_ends_at_its_position(place: &impl Place) {
    let store = open(place).await;
    let start = store.frontier();
    let writer = {
        let store = store.clone();
        tokio::spawn(async move {
            for number in 0..100 {
                let mut batch = Batch::new();
                let position = batch.position();
                batch.put(&LOG, &position, &(number, position));
                store.commit(batch).await.expect("commit");
            }
        })
    };
    while !writer.is_finished() {
        let snapshot = store.snapshot();
        let keys = snapshot.scan_keys(&LOG, Scan::all()).await.expect("scan");
        assert_eq!(keys.len() as u64, snapshot.position().get() - start.get());
        assert!(keys.last().is_none_or(|last| *last == snapshot.position()));
        tokio::task::yield_now().await;
    }
    writer.await.expect("the writer");
}
