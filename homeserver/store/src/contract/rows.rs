//! Rows by their whole key.

use bytes::Bytes;

use super::{BLOBS, COUNTERS, PAIRS, Place, TEXTS, open};
use crate::{Batch, Scan};

/// Put, read, overwrite, delete.
pub async fn a_row_is_read_as_it_was_written(place: &impl Place) {
    let store = open(place).await;
    assert_eq!(store.get(&TEXTS, "name").await.expect("get"), None);
    for text in ["Lianqiao", "", "a\0b", "连桥"] {
        let mut batch = Batch::new();
        batch.put(&TEXTS, "name", &text.to_owned());
        store.commit(batch).await.expect("commit");
        assert_eq!(store.get(&TEXTS, "name").await.expect("get").as_deref(), Some(text));
        assert!(store.exists(&TEXTS, "name").await.expect("exists"));
    }
    let mut batch = Batch::new();
    batch.delete(&TEXTS, "name").delete(&TEXTS, "never there");
    store.commit(batch).await.expect("commit");
    assert!(!store.exists(&TEXTS, "name").await.expect("exists"));
}

/// The operations of a batch apply in order.
pub async fn a_later_write_of_a_batch_wins(place: &impl Place) {
    let store = open(place).await;
    let mut batch = Batch::new();
    batch.put(&COUNTERS, &1, &10).put(&COUNTERS, &1, &11).put(&COUNTERS, &2, &20).delete(&COUNTERS, &2);
    batch.delete(&COUNTERS, &3).put(&COUNTERS, &3, &30);
    store.commit(batch).await.expect("commit");
    let values = store.multi_get(&COUNTERS, &[1, 2, 3]).await.expect("multi_get");
    assert_eq!(values, [Some(11), None, Some(30)]);
}

/// The tag of a table keeps its rows apart, in one column family too.
pub async fn rows_of_one_table_are_not_seen_in_another(place: &impl Place) {
    let store = open(place).await;
    let mut batch = Batch::new();
    batch.put(&COUNTERS, &7, &1).put(&BLOBS, &7, &Bytes::from_static(b"x")).put(&PAIRS, &("7", 7), &2);
    store.commit(batch).await.expect("commit");
    assert_eq!(store.scan(&COUNTERS, Scan::all()).await.expect("scan"), [(7, 1)]);
    assert_eq!(store.scan(&PAIRS, Scan::all()).await.expect("scan"), [(("7".to_owned(), 7), 2)]);
    assert_eq!(store.count(&TEXTS, Scan::all()).await.expect("count"), 0);
}

/// `multi_get` answers by place, with holes.
pub async fn many_keys_are_read_in_their_order(place: &impl Place) {
    let store = open(place).await;
    let mut batch = Batch::new();
    (0..100).step_by(2).for_each(|key| {
        batch.put(&COUNTERS, &key, &(key * 10));
    });
    store.commit(batch).await.expect("commit");
    let keys: Vec<u64> = (0..100).rev().chain([4, 4]).collect();
    for reader in [&*store, &*store.snapshot()] {
        let values = reader.multi_get(&COUNTERS, &keys).await.expect("multi_get");
        assert_eq!(values.len(), keys.len());
        for (key, value) in keys.iter().zip(values) {
            assert_eq!(value, (key % 2 == 0).then_some(key * 10), "key {key}");
        }
    }
}

/// Values far above a block.
pub async fn large_values_survive(place: &impl Place) {
    let store = open(place).await;
    for size in [0_usize, 1, 65_536, 3_000_000] {
        let value: Bytes = (0..size).map(|index| (index % 251) as u8).collect();
        let mut batch = Batch::new();
        batch.put(&BLOBS, &(size as u64), &value);
        store.commit(batch).await.expect("commit");
        assert!(store.get(&BLOBS, &(size as u64)).await.expect("get") == Some(value), "{size} bytes");
    }
}
