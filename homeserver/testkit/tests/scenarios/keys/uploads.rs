//! Keys of devices: uploaded, found, refused, gone with their device.

use serde_json::{Value, json};
use testkit::{SigningKey, World};

use super::person::{changed, count};

#[tokio::test(flavor = "multi_thread")]
async fn uploaded_keys_are_found_with_the_name_of_their_device() {
    let w = World::start().await;
    let [alice, bob] = w.users(["alice", "bob"]).await;
    let signer = SigningKey::new(1);
    let body = bob.uploads_keys_of(&signer, 3).await.ok();
    assert_eq!(body["one_time_key_counts"]["signed_curve25519"], 3);
    let path = format!("/_matrix/client/v3/devices/{}", bob.device_id);
    bob.put(&path, json!({"display_name": "Bob's telephone"})).await.ok();

    let found = alice.queries_keys([&bob, &alice]).await;
    let keys = &found["device_keys"][&bob.id][&bob.device_id];
    let uploaded = signer.keys_of(&bob);
    for part in ["user_id", "device_id", "algorithms", "keys", "signatures"] {
        assert_eq!(keys[part], uploaded[part]);
    }
    assert_eq!(keys["unsigned"]["device_display_name"], "Bob's telephone");
    assert_eq!(found["device_keys"][&alice.id], json!({}), "no keys is said, not left out");

    let one = json!({"device_keys": {bob.id.as_str(): ["OTHER"]}});
    let found = alice.post("/_matrix/client/v3/keys/query", one).await.ok();
    assert_eq!(found["device_keys"][&bob.id], json!({}), "a device that was not asked for is not told");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_upload_again_changes_nothing_and_another_key_of_the_same_id_is_refused() {
    let w = World::start().await;
    let [alice, bob] = w.users(["alice", "bob"]).await;
    let room = alice.creates_room_with([&bob]).await;
    let signer = SigningKey::new(1);
    bob.uploads_keys_of(&signer, 3).await.ok();
    alice.syncs_until("the room", |sync| sync["rooms"]["join"].get(&room).is_some()).await;
    alice.syncs().await;
    bob.syncs().await;
    let body = bob.uploads_keys_of(&signer, 4).await.ok();
    assert_eq!(body["one_time_key_counts"]["signed_curve25519"], 4, "one was new");
    assert_eq!(changed(&alice.syncs().await), &Value::Null, "the same identity is no news");

    let mut keys = signer.one_time_keys(&bob.id, &bob.device_id, 0..9);
    let other = keys["signed_curve25519:000008"].clone();
    keys["signed_curve25519:000001"] = other;
    let refused = bob.uploads_keys(json!({"one_time_keys": keys})).await.fails_as(400, "M_UNKNOWN");
    let message = refused["error"].as_str().unwrap();
    assert!(message.contains("already exists"), "clients look for these words: {message}");
    assert_eq!(count(&bob.syncs().await), 4, "nothing of a refused upload was kept");
}

#[tokio::test(flavor = "multi_thread")]
async fn t11_garbage_device_keys_are_refused() {
    let w = World::start().await;
    let [alice, bob] = w.users(["alice", "bob"]).await;
    let signer = SigningKey::new(1);
    let good = signer.keys_of(&alice);
    let with = |path: &str, value: Value| {
        let mut keys = good.clone();
        *keys.pointer_mut(path).unwrap() = value;
        keys
    };
    for (keys, code) in [
        (json!(7), "M_BAD_JSON"),
        (json!("keys"), "M_BAD_JSON"),
        (json!([]), "M_BAD_JSON"),
        (json!({"user_id": alice.id, "device_id": alice.device_id}), "M_BAD_JSON"),
        (with("/algorithms", json!([7, {}])), "M_BAD_JSON"),
        (with("/keys", json!({"ed25519:": "x"})), "M_BAD_JSON"),
        (with("/keys", json!({format!("ed25519:{}", alice.device_id): 7})), "M_BAD_JSON"),
        (with("/keys", json!({format!("ed25519:{}", alice.device_id): "short"})), "M_BAD_JSON"),
        (with("/signatures", json!([])), "M_BAD_JSON"),
        (with("/device_id", json!({"a": 1.5})), "M_BAD_JSON"),
        (with("/algorithms", json!([0.1])), "M_BAD_JSON"),
        (with("/algorithms", json!([18_446_744_073_709_551_615_u64])), "M_BAD_JSON"),
        (with("/user_id", json!(bob.id)), "M_INVALID_PARAM"),
        (with("/device_id", json!("OTHER")), "M_INVALID_PARAM"),
        (with("/algorithms", json!(["m.forged"])), "M_INVALID_SIGNATURE"),
        (with("/algorithms", json!(["x".repeat(20_000)])), "M_TOO_LARGE"),
    ] {
        alice.uploads_keys(json!({"device_keys": keys})).await.fails_with(code);
    }
    let found = bob.queries_keys([&alice]).await;
    assert_eq!(found["device_keys"][&alice.id], json!({}), "none of it was kept");
    alice.uploads_keys(json!({"device_keys": good})).await.ok();
}

#[tokio::test(flavor = "multi_thread")]
async fn t11_garbage_one_time_keys_are_refused() {
    let w = World::start().await;
    let [alice] = w.users(["alice"]).await;
    let (signer, thief) = (SigningKey::new(1), SigningKey::new(2));
    alice.uploads_keys_of(&signer, 0).await.ok();
    let good = signer.one_time_keys(&alice.id, &alice.device_id, 0..1);
    let key = &good["signed_curve25519:000000"];
    let stolen = thief.one_time_keys(&alice.id, &alice.device_id, 0..1);
    for (keys, code) in [
        (json!([]), "M_BAD_JSON"),
        (json!({"noalgorithm": key}), "M_INVALID_PARAM"),
        (json!({"signed_curve25519:A": 7}), "M_BAD_JSON"),
        (json!({"signed_curve25519:A": "text"}), "M_BAD_JSON"),
        (json!({"signed_curve25519:A": {"key": 7, "signatures": {}}}), "M_BAD_JSON"),
        (json!({"signed_curve25519:A": {"key": "short", "signatures": {}}}), "M_BAD_JSON"),
        (json!({"signed_curve25519:A": {"key": key["key"]}}), "M_BAD_JSON"),
        (json!({"signed_curve25519:A": {"key": key["key"], "signatures": {}, "x": 0.5}}), "M_BAD_JSON"),
        (json!({"signed_curve25519:A": {"key": key["key"], "signatures": {}}}), "M_INVALID_SIGNATURE"),
        (stolen, "M_INVALID_SIGNATURE"),
        (json!({"x:A": {"key": "x".repeat(4_000)}}), "M_TOO_LARGE"),
        (json!({format!("signed_curve25519:{}", "A".repeat(300)): key}), "M_TOO_LARGE"),
        (signer.one_time_keys(&alice.id, &alice.device_id, 0..1_001), "M_TOO_LARGE"),
    ] {
        alice.uploads_keys(json!({"one_time_keys": keys})).await.fails_with(code);
        let as_fallback = json!({"fallback_keys": keys});
        alice.uploads_keys(as_fallback).await.fails_with(code);
    }
    assert_eq!(count(&alice.syncs().await), 0, "none of it was kept");
    let body = alice.uploads_keys(json!({"one_time_keys": good})).await.ok();
    assert_eq!(body["one_time_key_counts"]["signed_curve25519"], 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_device_may_not_pile_up_keys_without_end() {
    let w = World::start().await;
    let [alice] = w.users(["alice"]).await;
    let signer = SigningKey::new(1);
    alice.uploads_keys_of(&signer, 990).await.ok();
    let more = signer.one_time_keys(&alice.id, &alice.device_id, 990..1_010);
    alice.uploads_keys(json!({"one_time_keys": more})).await.fails_as(413, "M_TOO_LARGE");
    assert_eq!(count(&alice.syncs().await), 990);
}

#[tokio::test(flavor = "multi_thread")]
async fn t24_keys_of_people_on_other_servers_are_not_told() {
    let w = World::start().await;
    let [alice] = w.users(["alice"]).await;
    let device_keys = json!({"@stranger:elsewhere.example": []});
    let found = alice.post("/_matrix/client/v3/keys/query", json!({"device_keys": device_keys})).await.ok();
    assert!(found["failures"].get("elsewhere.example").is_some());
    assert!(found["device_keys"].get("@stranger:elsewhere.example").is_none());
    let keys = json!({"@stranger:elsewhere.example": {"DEVICE": "signed_curve25519"}});
    let claimed = alice.post("/_matrix/client/v3/keys/claim", json!({"one_time_keys": keys})).await.ok();
    assert!(claimed["failures"].get("elsewhere.example").is_some());
    assert_eq!(claimed["one_time_keys"], json!({}));
}

#[tokio::test(flavor = "multi_thread")]
async fn malformed_queries_and_claims_are_refused() {
    let w = World::start().await;
    let [alice] = w.users(["alice"]).await;
    let path = "/_matrix/client/v3/keys/query";
    alice.post(path, json!({})).await.fails_as(400, "M_MISSING_PARAM");
    let nobody = json!({"device_keys": {"not a user": []}});
    alice.post(path, nobody).await.fails_as(400, "M_INVALID_PARAM");
    for body in
        [json!({"device_keys": []}), json!({"device_keys": {"@alice:test.example": {"DEVICE": true}}})]
    {
        alice.post("/_matrix/client/v3/keys/query", body).await.fails_as(400, "M_BAD_JSON");
    }
    let many: serde_json::Map<String, Value> =
        (0..10_001).map(|n| (format!("@user{n}:test.example"), json!([]))).collect();
    let body = json!({"device_keys": many});
    alice.post("/_matrix/client/v3/keys/query", body).await.fails_as(413, "M_TOO_LARGE");
    let many: serde_json::Map<String, Value> =
        (0..10_001).map(|n| (format!("D{n}"), json!("signed_curve25519"))).collect();
    let body = json!({"one_time_keys": {alice.id.as_str(): many}});
    alice.post("/_matrix/client/v3/keys/claim", body).await.fails_as(413, "M_TOO_LARGE");
    w.stranger().post("/_matrix/client/v3/keys/query", json!({})).await.fails_as(401, "M_MISSING_TOKEN");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_device_that_goes_takes_its_keys_along() {
    let w = World::start().await;
    let [alice, bob] = w.users(["alice", "bob"]).await;
    alice.creates_room_with([&bob]).await;
    let phone = bob.on_another_device().await;
    phone.uploads_keys_of(&SigningKey::new(1), 2).await.ok();
    bob.uploads_keys_of(&SigningKey::new(2), 2).await.ok();
    alice.syncs().await;
    phone.logs_out().await.ok();
    let told = alice.syncs_until("bob's change", |sync| changed(sync) != &Value::Null).await;
    assert_eq!(changed(&told), &json!([bob.id]));
    let found = alice.queries_keys([&bob]).await;
    let devices: Vec<_> = found["device_keys"][&bob.id].as_object().unwrap().keys().cloned().collect();
    assert_eq!(devices, [bob.device_id.clone()]);
    assert_eq!(alice.claims_key(&phone).await, None);
    assert!(alice.claims_key(&bob).await.is_some(), "another device keeps its keys");
}
