//! One-time keys are given out once, in order, whatever happens at once.

use std::collections::BTreeSet;

use futures_util::future::join_all;
use serde_json::json;
use testkit::{SigningKey, World};

use super::person::count;

#[tokio::test(flavor = "multi_thread")]
async fn keys_are_given_out_in_the_order_of_their_upload_then_the_fallback_key() {
    let w = World::start().await;
    let [alice, bob] = w.users(["alice", "bob"]).await;
    let signer = SigningKey::new(1);
    bob.uploads_keys_of(&signer, 0).await.ok();
    for range in [5..6, 2..3] {
        let keys = signer.one_time_keys(&bob.id, &bob.device_id, range);
        bob.uploads_keys(json!({"one_time_keys": keys})).await.ok();
    }
    let mut fallback = json!({"key": SigningKey::new(7).public(), "fallback": true});
    signer.sign(&mut fallback, &bob.id, &bob.device_id);
    bob.uploads_keys(json!({"fallback_keys": {"signed_curve25519:F": fallback}})).await.ok();
    let sync = bob.syncs().await;
    assert_eq!(sync["device_unused_fallback_key_types"], json!(["signed_curve25519"]));

    assert_eq!(alice.claims_key(&bob).await.unwrap().0, "signed_curve25519:000005");
    assert_eq!(alice.claims_key(&bob).await.unwrap().0, "signed_curve25519:000002");
    for _ in 0..2 {
        let (id, key) = alice.claims_key(&bob).await.unwrap();
        assert_eq!((id.as_str(), &key), ("signed_curve25519:F", &fallback));
    }
    let sync = bob.syncs().await;
    assert_eq!(sync["device_unused_fallback_key_types"], json!([]), "it was given out");
    assert_eq!(count(&sync), 0, "zero is said");

    let again = json!({"fallback_keys": {"signed_curve25519:F": fallback}});
    bob.uploads_keys(again).await.ok();
    assert_eq!(bob.syncs().await["device_unused_fallback_key_types"], json!([]), "the same key stays used");
    let mut newer = json!({"key": SigningKey::new(8).public(), "fallback": true});
    signer.sign(&mut newer, &bob.id, &bob.device_id);
    bob.uploads_keys(json!({"fallback_keys": {"signed_curve25519:G": newer}})).await.ok();
    let sync = bob.syncs().await;
    assert_eq!(sync["device_unused_fallback_key_types"], json!(["signed_curve25519"]));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_was_given_out_is_not_given_out_again() {
    let w = World::start().await;
    let [alice, bob] = w.users(["alice", "bob"]).await;
    let signer = SigningKey::new(1);
    bob.uploads_keys_of(&signer, 2).await.ok();
    assert!(alice.claims_key(&bob).await.is_some());
    let body = bob.uploads_keys_of(&signer, 2).await.ok();
    assert_eq!(body["one_time_key_counts"]["signed_curve25519"], 1, "the claimed one stays claimed");
    assert_eq!(alice.claims_key(&bob).await.unwrap().0, "signed_curve25519:000001");
    assert_eq!(alice.claims_key(&bob).await, None);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_claim_wakes_the_device_whose_key_it_took() {
    let w = World::start().await;
    let [alice, bob] = w.users(["alice", "bob"]).await;
    bob.uploads_keys_of(&SigningKey::new(1), 2).await.ok();
    bob.syncs().await;
    let waiting = bob.syncs_until("a smaller count", |sync| count(sync) == 1);
    let (_, claimed) = tokio::join!(waiting, alice.claims_key(&bob));
    assert!(claimed.is_some());
}

#[tokio::test(flavor = "multi_thread")]
async fn sixty_four_concurrent_claims_get_sixty_four_keys() {
    let w = World::start().await;
    let [alice, bob] = w.users(["alice", "bob"]).await;
    bob.uploads_keys_of(&SigningKey::new(1), 64).await.ok();
    let claimed = join_all((0..64).map(|_| alice.claims_key(&bob))).await;
    let ids: BTreeSet<String> = claimed.into_iter().map(|claimed| claimed.unwrap().0).collect();
    assert_eq!(ids.len(), 64);
    assert_eq!(alice.claims_key(&bob).await, None, "there is no fallback key");
    assert_eq!(count(&bob.syncs().await), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn t27_two_claims_at_a_time_a_thousand_times_are_all_distinct() {
    let w = World::start().await;
    let [alice, bob] = w.users(["alice", "bob"]).await;
    let signer = SigningKey::new(1);
    bob.uploads_keys_of(&signer, 0).await.ok();
    let mut ids = BTreeSet::new();
    for round in 0..2_u32 {
        let keys = signer.one_time_keys(&bob.id, &bob.device_id, round * 1_000..round * 1_000 + 1_000);
        bob.uploads_keys(json!({"one_time_keys": keys})).await.ok();
        for _ in 0..500 {
            let (one, two) = tokio::join!(alice.claims_key(&bob), alice.claims_key(&bob));
            assert!(ids.insert(one.unwrap().0));
            assert!(ids.insert(two.unwrap().0));
        }
    }
    assert_eq!(ids.len(), 2_000);
    assert_eq!(alice.claims_key(&bob).await, None);
}

#[tokio::test(flavor = "multi_thread")]
async fn t27_a_claim_before_a_restart_stays_claimed_after_it() {
    let mut w = World::on_disk().await;
    let [alice, bob] = w.users(["alice", "bob"]).await;
    bob.uploads_keys_of(&SigningKey::new(1), 3).await.ok();
    let before = alice.claims_key(&bob).await.unwrap().0;
    w.restarts().await;
    let after = [alice.claims_key(&bob).await.unwrap().0, alice.claims_key(&bob).await.unwrap().0];
    assert!(!after.contains(&before));
    assert_eq!(alice.claims_key(&bob).await, None);
    assert_eq!(count(&bob.syncs().await), 0);
}
