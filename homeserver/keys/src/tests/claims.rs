//! Giving out one-time keys over the store in memory.

use std::collections::BTreeSet;

use futures_util::future::join_all;
use ruma::{DeviceId, UserId};
use serde_json::value::{RawValue, to_raw_value};

use super::*;
use crate::{
    KeyUpload, WantedKey,
    limits::ISSUED_KEY_AGE_MS_MAX,
    tables::{ISSUED_KEY, ISSUED_KEY_BY_AGE, ONE_TIME_KEY_BY_ID},
    test_support::Signer,
};

fn signer() -> Signer {
    Signer::new(1)
}

fn one_time_keys(
    (user, device): (&UserId, &DeviceId),
    numbers: std::ops::Range<u64>,
) -> Vec<(String, Box<RawValue>)> {
    let key = |number| {
        let key = to_raw_value(&signer().one_time_key(user, device, number)).expect("JSON");
        (format!("signed_curve25519:{number:04}"), key)
    };
    numbers.map(key).collect()
}

impl World {
    async fn uploads(&self, upload: KeyUpload) {
        let mut batch = Batch::new();
        self.keys.add_upload(&self.store, &mut batch, bob(), &upload).await.expect("good keys");
        self.store.commit(batch).await.expect("stored");
    }

    async fn uploads_one_time(&self, numbers: std::ops::Range<u64>) {
        let one_time_keys = one_time_keys(bob(), numbers);
        self.uploads(KeyUpload { one_time_keys, ..KeyUpload::default() }).await;
    }

    async fn claims(&self) -> Option<String> {
        let (user, device) = (bob().0.to_owned(), bob().1.to_owned());
        let wish = WantedKey { user, device, algorithm: "signed_curve25519".to_owned() };
        self.keys.claim(&[wish]).await.expect("an answer").pop().map(|claimed| claimed.id)
    }

    async fn count(&self) -> u64 {
        let counts = self.keys.key_counts(&self.store, bob().0, bob().1).await.expect("counts");
        counts.one_time["signed_curve25519"]
    }
}

#[tokio::test]
async fn a_storm_of_claims_gets_every_key_once_and_then_nothing() {
    let world = world().await;
    world.uploads_one_time(0..200).await;
    let claimed = join_all((0..256).map(|_| world.claims())).await;
    let ids: Vec<String> = claimed.into_iter().flatten().collect();
    assert_eq!(ids.len(), 200);
    assert_eq!(ids.iter().collect::<BTreeSet<_>>().len(), 200);
    assert_eq!(world.count().await, 0);
    let names = world.store.scan_keys(&ONE_TIME_KEY_BY_ID, store::Scan::all()).await.expect("rows");
    assert_eq!(names, [], "no name without its key");
}

#[tokio::test]
async fn the_order_is_that_of_the_uploads() {
    let world = world().await;
    for range in [7..9, 1..2, 4..5] {
        world.uploads_one_time(range).await;
    }
    for number in [7, 8, 1, 4] {
        assert_eq!(world.claims().await, Some(format!("signed_curve25519:{number:04}")));
    }
    assert_eq!(world.claims().await, None);
}

#[tokio::test]
async fn what_was_issued_is_remembered_for_days_and_not_for_ever() {
    let world = world().await;
    world.uploads_one_time(0..1).await;
    assert!(world.claims().await.is_some());
    world.uploads_one_time(0..1).await;
    assert_eq!(world.count().await, 0, "the same key again");
    world.clock.advance(ISSUED_KEY_AGE_MS_MAX + 1);
    world.uploads_one_time(1..3).await;
    assert!(world.claims().await.is_some());
    assert!(world.claims().await.is_some());
    let rows = world.store.scan_keys(&ISSUED_KEY, store::Scan::all()).await.expect("rows");
    let ids: Vec<_> = rows.iter().map(|row| row.3.as_str()).collect();
    assert_eq!(ids, ["0001", "0002"], "the old one is forgotten");
    assert_eq!(world.store.count(&ISSUED_KEY_BY_AGE, store::Scan::all()).await.expect("rows"), 2);
}

#[tokio::test]
async fn a_new_identity_drops_the_keys_that_the_old_one_signed() {
    let world = world().await;
    let identity = |number| {
        let keys = Signer::new(number).device_keys(bob().0, bob().1);
        KeyUpload { device_keys: Some(to_raw_value(&keys).expect("JSON")), ..KeyUpload::default() }
    };
    world.uploads(identity(1)).await;
    world.uploads_one_time(0..3).await;
    world.uploads(identity(1)).await;
    assert_eq!(world.count().await, 3, "the same identity changes nothing");
    world.uploads(identity(2)).await;
    assert_eq!(world.count().await, 0);
    assert_eq!(world.claims().await, None);
}

#[tokio::test]
async fn two_uploads_of_one_id_cannot_both_win() {
    let world = world().await;
    let upload = |number| {
        let key = to_raw_value(&signer().one_time_key(bob().0, bob().1, number)).expect("JSON");
        let one_time_keys = vec![("signed_curve25519:same".to_owned(), key)];
        KeyUpload { one_time_keys, ..KeyUpload::default() }
    };
    let mut batches = Vec::new();
    for number in [1, 2] {
        let mut batch = Batch::new();
        let upload = upload(number);
        world.keys.add_upload(&world.store, &mut batch, bob(), &upload).await.expect("good keys");
        batches.push(batch);
    }
    let outcomes = join_all(batches.into_iter().map(|batch| world.store.commit(batch))).await;
    assert_eq!(outcomes.iter().filter(|outcome| outcome.is_ok()).count(), 1);
    let mut batch = Batch::new();
    let refused = world.keys.add_upload(&world.store, &mut batch, bob(), &upload(2)).await;
    assert!(matches!(refused, Err(KeysError::KeyExists { .. })), "{refused:?}");
}
