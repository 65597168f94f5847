//! Positions: given at commit, dense, visible only with their data.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use model::{EventNum, RoomNum, StreamPos, TimelinePos};
use parking_lot::Mutex;
use ruma::user_id;

use super::{LOG, Place, TIMELINE, open};
use crate::{Audience, Batch, CommitListener, Scan, Store};

/// Writes `rows` log rows at the positions of one batch.
fn log(rows: u64) -> Batch {
    let mut batch = Batch::new();
    for number in 0..rows {
        let position = batch.position();
        batch.put(&LOG, &position, &(number, position));
    }
    batch
}

/// A batch gets as many positions as it asked for, at least one, following the batch before.
pub async fn positions_are_dense_and_unique(place: &impl Place) {
    let store = open(place).await;
    let start = store.frontier().get();
    let mut expected = start;
    for rows in [0, 1, 5, 0, 300] {
        let commit = store.commit(log(rows)).await.expect("commit");
        assert_eq!(commit.first().get(), expected + 1);
        expected += rows.max(1);
        assert_eq!(commit.last().get(), expected);
        assert_eq!(store.frontier(), commit.last());
    }
    let tasks: Vec<_> = (0..64)
        .map(|_| {
            let store = store.clone();
            tokio::spawn(async move { store.commit(log(3)).await.expect("commit") })
        })
        .collect();
    let mut firsts = Vec::new();
    for task in tasks {
        firsts.push(task.await.expect("a writer").first().get());
    }
    firsts.sort_unstable();
    let dense: Vec<_> = (0..64).map(|index| expected + 1 + index * 3).collect();
    assert_eq!(firsts, dense);
}

/// A stand-in becomes the same number wherever it stands.
pub async fn pending_positions_become_real_in_keys_and_values(place: &impl Place) {
    let store = open(place).await;
    store.commit(Batch::new()).await.expect("commit");
    let (room, event) = (RoomNum::new(4), EventNum::new(9));
    let mut batch = Batch::new();
    let (first, second) = (batch.position(), batch.position());
    batch.put(&LOG, &first, &(1, second)).put(&LOG, &second, &(2, first));
    batch.put(&TIMELINE, &(room, TimelinePos::from(second)), &(event, TimelinePos::from(first)));
    batch.put(&TIMELINE, &(room, TimelinePos::new(-7)), &(event, TimelinePos::new(-7)));
    let commit = store.commit(batch).await.expect("commit");
    let (first, second) = (commit.resolve(first), commit.resolve(second));
    assert_eq!((first, second), (commit.first(), commit.last()));
    assert_eq!(commit.resolve(StreamPos::new(3)), StreamPos::new(3));
    let log = store.scan(&LOG, Scan::all()).await.expect("scan");
    assert_eq!(log, [(first, (1, second)), (second, (2, first))]);
    let timeline = store.scan(&TIMELINE, Scan::prefix(&room)).await.expect("scan");
    let backfilled = TimelinePos::new(-7);
    let live = commit.resolve_timeline(TimelinePos::pending(1));
    assert_eq!(live, TimelinePos::from(second));
    assert_eq!(timeline, [((room, backfilled), (event, backfilled)), ((room, live), (event, first.into()))]);
}

/// While many write, every position at or below the frontier has its rows, and the frontier only rises.
pub async fn the_frontier_never_shows_a_position_before_its_data(place: &impl Place) {
    let store = open(place).await;
    let start = store.frontier();
    let done = Arc::new(AtomicBool::new(false));
    let watcher = tokio::spawn(watch(store.clone(), start, Arc::clone(&done)));
    let writers: Vec<_> = (0..8)
        .map(|_| {
            let store = store.clone();
            tokio::spawn(async move {
                for _ in 0..20 {
                    store.commit(log(2)).await.expect("commit");
                }
            })
        })
        .collect();
    for writer in writers {
        writer.await.expect("a writer");
    }
    done.store(true, Ordering::SeqCst);
    assert_eq!(watcher.await.expect("the watcher"), start.get() + 320);
}

async fn watch(store: Store, start: StreamPos, done: Arc<AtomicBool>) -> u64 {
    let mut last = start;
    loop {
        let finished = done.load(Ordering::SeqCst);
        let frontier = store.frontier();
        assert!(frontier >= last, "the frontier went back from {last:?} to {frontier:?}");
        last = frontier;
        let rows = store.count(&LOG, Scan::all().after(&start).up_to(&frontier)).await.expect("count");
        assert_eq!(rows as u64, frontier.get() - start.get(), "rows at or below the frontier");
        if finished {
            return last.get();
        }
        tokio::task::yield_now().await;
    }
}

/// Hook, then frontier, then the other hook, then listener; and the listener is told everybody.
pub async fn hooks_run_before_the_frontier_and_listeners_after(place: &impl Place) {
    struct Heard(Mutex<Vec<(Vec<Audience>, StreamPos)>>);
    impl CommitListener for Heard {
        fn committed(&self, audiences: &[Audience], frontier: StreamPos) {
            self.0.lock().push((audiences.to_vec(), frontier));
        }
    }
    let store = open(place).await;
    let heard = Arc::new(Heard(Mutex::default()));
    store.listen(Arc::clone(&heard) as Arc<dyn CommitListener>);
    let in_hook = Arc::new(AtomicU64::new(u64::MAX));
    let before = store.frontier();
    let mut batch = Batch::new();
    let alice = Audience::User(user_id!("@alice:contract.example").to_owned());
    batch.announce(alice.clone());
    let (seen, inside) = (Arc::clone(&in_hook), store.clone());
    batch.on_commit(move |_| seen.store(inside.frontier().get(), Ordering::SeqCst));
    batch.on_commit(|_| unreachable!("a panic in a hook stops nothing"));
    let when_visible = Arc::new(AtomicU64::new(u64::MAX));
    let (seen, inside) = (Arc::clone(&when_visible), store.clone());
    batch.on_visible(move |_| seen.store(inside.frontier().get(), Ordering::SeqCst));
    let commit = store.commit(batch).await.expect("commit");
    assert_eq!(in_hook.load(Ordering::SeqCst), before.get());
    assert_eq!(when_visible.load(Ordering::SeqCst), commit.last().get());
    // The listener is told right after the answer, and before the next group.
    store.commit(Batch::new()).await.expect("commit");
    assert_eq!(*heard.0.lock(), [(vec![alice], commit.last())]);
}

/// A caller that goes away after queueing loses nothing.
pub async fn a_dropped_submission_is_committed_all_the_same(place: &impl Place) {
    let store = open(place).await;
    let before = store.frontier().get();
    drop(store.submit(log(4)));
    let commit = store.commit(Batch::new()).await.expect("commit");
    assert_eq!(commit.first().get(), before + 5);
    assert_eq!(store.count(&LOG, Scan::all()).await, Ok(4));
}
