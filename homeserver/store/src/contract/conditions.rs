//! Conditions: all or nothing, and as if one after another.

use super::{COUNTERS, Place, TEXTS, open};
use crate::{Batch, StoreError};

/// Whichever condition fails, no row of the batch is written.
pub async fn a_failed_condition_leaves_nothing(place: &impl Place) {
    let store = open(place).await;
    let mut batch = Batch::new();
    batch.expect_absent(&COUNTERS, &1).put(&COUNTERS, &1, &10);
    store.commit(batch).await.expect("the first commit");
    let conditions: [fn(&mut Batch); 4] = [
        |batch| {
            batch.expect_absent(&COUNTERS, &1);
        },
        |batch| {
            batch.expect_eq(&COUNTERS, &1, &11);
        },
        |batch| {
            batch.expect_eq(&COUNTERS, &2, &0);
        },
        |batch| {
            batch.expect_read(&COUNTERS, &1, None);
        },
    ];
    for (case, condition) in conditions.iter().enumerate() {
        let mut batch = Batch::new();
        batch.expect_eq(&COUNTERS, &1, &10).put(&COUNTERS, &3, &30).delete(&COUNTERS, &1);
        condition(&mut batch);
        assert_eq!(store.commit(batch).await, Err(StoreError::Conflict), "case {case}");
        assert_eq!(store.multi_get(&COUNTERS, &[1, 3]).await, Ok(vec![Some(10), None]), "case {case}");
    }
    let mut batch = Batch::new();
    batch.expect_read(&COUNTERS, &1, Some(&10)).expect_absent(&COUNTERS, &2).put(&COUNTERS, &2, &20);
    store.commit(batch).await.expect("conditions that hold");
}

/// Batches submitted together are judged in their order, each on top of the ones before.
pub async fn conditions_see_earlier_batches(place: &impl Place) {
    let store = open(place).await;
    let chain: Vec<_> = (0..200_u64)
        .map(|number| {
            let mut batch = Batch::new();
            let before = number.checked_sub(1);
            batch.expect_read(&COUNTERS, &1, before.as_ref()).put(&COUNTERS, &1, &number);
            store.submit(batch)
        })
        .collect();
    for (number, link) in chain.into_iter().enumerate() {
        link.await.unwrap_or_else(|error| unreachable!("link {number}: {error}"));
    }
    let mut delete = Batch::new();
    delete.delete(&COUNTERS, &1);
    let mut needs_none = Batch::new();
    needs_none.expect_absent(&COUNTERS, &1).put(&TEXTS, "after", &String::new());
    let mut too_late = Batch::new();
    too_late.expect_eq(&COUNTERS, &1, &199).put(&TEXTS, "too late", &String::new());
    let answers = [store.submit(delete), store.submit(needs_none), store.submit(too_late)];
    let [delete, needs_none, too_late] = answers;
    delete.await.expect("delete");
    needs_none.await.expect("absent after the delete");
    assert_eq!(too_late.await, Err(StoreError::Conflict));
    assert_eq!(store.exists(&TEXTS, "too late").await, Ok(false));
}

/// Read, add one, write if unchanged, from many tasks at once: the sum is right and no position is shared.
pub async fn sixty_four_writers_lose_no_increment(place: &impl Place) {
    const WRITERS: u64 = 64;
    const INCREMENTS: u64 = 5;
    let store = open(place).await;
    let tasks: Vec<_> = (0..WRITERS)
        .map(|writer| {
            let store = store.clone();
            tokio::spawn(async move {
                for _ in 0..INCREMENTS {
                    increment(&store, writer % 3).await;
                }
            })
        })
        .collect();
    for task in tasks {
        task.await.expect("a writer");
    }
    let counts = store.multi_get(&COUNTERS, &[0, 1, 2]).await.expect("multi_get");
    assert_eq!(counts.into_iter().flatten().sum::<u64>(), WRITERS * INCREMENTS);
}

async fn increment(store: &crate::Store, counter: u64) {
    loop {
        let count = store.get(&COUNTERS, &counter).await.expect("get");
        let mut batch = Batch::new();
        batch.expect_read(&COUNTERS, &counter, count.as_ref());
        batch.put(&COUNTERS, &counter, &(count.unwrap_or(0) + 1));
        match store.commit(batch).await {
            Ok(_) => return,
            Err(error) => assert_eq!(error, StoreError::Conflict),
        }
    }
}
