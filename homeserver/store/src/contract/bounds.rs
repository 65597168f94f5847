//! Hostile sizes meet the bound.

use bytes::Bytes;

use super::{BLOBS, COUNTERS, Place, TEXTS, open};
use crate::limits::{BATCH_BYTES_MAX, KEY_BYTES_MAX, MULTI_GET_KEYS_MAX, VALUE_BYTES_MAX};
use crate::{Batch, StoreError};

/// The batch that is too large fails whole; the next one is served.
pub async fn too_large_things_are_refused_and_nothing_else(place: &impl Place) {
    let store = open(place).await;
    type Fill = fn(&mut Batch);
    let cases: [(&str, Fill); 4] = [
        ("key", |batch| {
            batch.put(&TEXTS, "k".repeat(KEY_BYTES_MAX).as_str(), &String::new());
        }),
        ("value", |batch| {
            batch.put(&BLOBS, &1, &Bytes::from(vec![0; VALUE_BYTES_MAX + 1]));
        }),
        ("batch", |batch| {
            let value = Bytes::from(vec![0; VALUE_BYTES_MAX]);
            (0..=BATCH_BYTES_MAX / VALUE_BYTES_MAX).for_each(|key| {
                batch.put(&BLOBS, &(key as u64), &value);
            });
        }),
        ("positions of a batch", |batch| {
            (0..70_000).for_each(|_| {
                batch.position();
            })
        }),
    ];
    for (expected, fill) in cases {
        let mut batch = Batch::new();
        batch.put(&COUNTERS, &1, &1);
        fill(&mut batch);
        match store.commit(batch).await {
            Err(StoreError::TooLarge { what, .. }) => assert_eq!(what, expected),
            other => unreachable!("{expected}: {other:?}"),
        }
        assert_eq!(store.get(&COUNTERS, &1).await, Ok(None));
    }
    let keys = vec![0; MULTI_GET_KEYS_MAX + 1];
    assert!(matches!(store.multi_get(&COUNTERS, &keys).await, Err(StoreError::TooLarge { .. })));
    store.commit(Batch::new()).await.expect("the store goes on");
}
