//! Device keys, one-time keys, cross-signing and signatures, as clients meet them.

use std::collections::BTreeSet;

use futures_util::future::join_all;
use serde_json::{Value, json};
use testkit::{SigningKey, User, World, segment};

const CROSS_SIGNING: &str = "/_matrix/client/v3/keys/device_signing/upload";
const SIGNATURES: &str = "/_matrix/client/v3/keys/signatures/upload";

/// The three keys of a person.
struct Person {
    master: SigningKey,
    self_signing: SigningKey,
    user_signing: SigningKey,
}

impl Person {
    fn new(number: u8) -> Self {
        let [master, self_signing, user_signing] = [0, 1, 2].map(|n| SigningKey::new(number + n));
        Self { master, self_signing, user_signing }
    }

    /// The upload that a client makes when it sets up cross-signing.
    fn upload(&self, user: &User) -> Value {
        let mut self_signing = self.self_signing.cross_signing_key(&user.id, "self_signing");
        let mut user_signing = self.user_signing.cross_signing_key(&user.id, "user_signing");
        self.master.sign(&mut self_signing, &user.id, &self.master.public());
        self.master.sign(&mut user_signing, &user.id, &self.master.public());
        json!({
            "master_key": self.master.cross_signing_key(&user.id, "master"),
            "self_signing_key": self_signing,
            "user_signing_key": user_signing,
        })
    }
}

async fn signs(user: &User, owner: &User, name: &str, object: &Value) -> Value {
    let body = json!({ owner.id.as_str(): { name: object } });
    user.post(SIGNATURES, body).await.ok()["failures"].clone()
}

fn changed(sync: &Value) -> &Value {
    &sync["device_lists"]["changed"]
}

fn count(sync: &Value) -> u64 {
    sync["device_one_time_keys_count"]["signed_curve25519"].as_u64().unwrap()
}

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
async fn new_keys_are_news_to_those_who_share_a_room_and_to_nobody_else() {
    let w = World::start().await;
    let [alice, bob, mallory] = w.users(["alice", "bob", "mallory"]).await;
    alice.creates_room_with([&bob]).await;
    for user in [&alice, &bob, &mallory] {
        user.syncs().await;
    }
    let from = alice.since().unwrap();
    bob.uploads_keys_of(&SigningKey::new(1), 1).await.ok();
    let told = alice.syncs_until("bob's keys", |sync| changed(sync) != &Value::Null).await;
    assert_eq!(changed(&told), &json!([bob.id]));
    assert_eq!(changed(&bob.syncs().await), &json!([bob.id]), "one's other devices must hear it too");
    assert_eq!(changed(&mallory.syncs().await), &Value::Null);

    let to = alice.since().unwrap();
    let changes = |from: &str, to: &str| {
        let path = format!("/_matrix/client/v3/keys/changes?from={}&to={}", segment(from), segment(to));
        let alice = alice.clone();
        async move { alice.get(&path).await }
    };
    assert_eq!(changes(&from, &to).await.ok(), json!({"changed": [bob.id], "left": []}));
    assert_eq!(changes(&to, &to).await.ok(), json!({"changed": [], "left": []}));
    changes("garbage", &to).await.fails_as(400, "M_INVALID_PARAM");
}

#[tokio::test(flavor = "multi_thread")]
async fn changes_tell_who_came_and_who_went_while_a_client_was_away() {
    let w = World::start().await;
    let [alice, bob, carol] = w.users(["alice", "bob", "carol"]).await;
    let room = alice.creates_room().await;
    carol.joins(&room).await.ok();
    alice.syncs().await;
    let from = alice.since().unwrap();
    bob.joins(&room).await.ok();
    carol.leaves(&room).await.ok();
    alice.syncs().await;
    let to = alice.since().unwrap();
    let path = format!("/_matrix/client/v3/keys/changes?from={}&to={}", segment(&from), segment(&to));
    assert_eq!(alice.get(&path).await.ok(), json!({"changed": [bob.id], "left": [carol.id]}));
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

#[tokio::test(flavor = "multi_thread")]
async fn cross_signing_keys_come_without_proof_once_and_with_proof_later() {
    let w = World::start().await;
    let [alice, bob] = w.users(["alice", "bob"]).await;
    let (person, other) = (Person::new(10), Person::new(20));
    alice.post(CROSS_SIGNING, person.upload(&alice)).await.ok();
    alice.post(CROSS_SIGNING, person.upload(&alice)).await.ok();
    let challenge = alice.post(CROSS_SIGNING, other.upload(&alice)).await.expect_status(401);
    assert!(challenge["flows"].is_array());
    let own = alice.queries_keys([&alice]).await;
    let master = format!("ed25519:{}", person.master.public());
    assert!(own["master_keys"][&alice.id]["keys"].get(&master).is_some(), "the challenge changed nothing");
    assert!(own["user_signing_keys"].get(&alice.id).is_some(), "the owner sees all three");
    let seen = bob.queries_keys([&alice]).await;
    assert!(seen["self_signing_keys"].get(&alice.id).is_some());
    assert!(seen.get("user_signing_keys").is_none_or(|keys| keys.get(&alice.id).is_none()));

    alice.posts_with_password(CROSS_SIGNING, other.upload(&alice)).await.ok();
    let seen = bob.queries_keys([&alice]).await;
    let master = format!("ed25519:{}", other.master.public());
    assert!(seen["master_keys"][&alice.id]["keys"].get(&master).is_some());
}

#[tokio::test(flavor = "multi_thread")]
async fn t11_garbage_cross_signing_keys_are_refused() {
    let w = World::start().await;
    let [alice, bob] = w.users(["alice", "bob"]).await;
    let person = Person::new(10);
    let good = person.upload(&alice);
    let only = |key: &str, value: Value| json!({ key: value });
    let with = |path: &str, value: Value| {
        let mut upload = good.clone();
        *upload.pointer_mut(path).unwrap() = value;
        upload
    };
    let device = bob.device_id.clone();
    for (body, code) in [
        (only("self_signing_key", good["self_signing_key"].clone()), "M_MISSING_PARAM"),
        (with("/master_key", json!(7)), "M_BAD_JSON"),
        (with("/master_key/keys", json!({})), "M_BAD_JSON"),
        (with("/master_key/keys", json!({"ed25519:A": "B"})), "M_BAD_JSON"),
        (with("/master_key/keys", json!({format!("curve25519:{device}"): device})), "M_BAD_JSON"),
        (with("/master_key/usage", json!("master")), "M_BAD_JSON"),
        (with("/master_key/usage", json!([0.5])), "M_BAD_JSON"),
        (with("/master_key/usage", json!(["self_signing"])), "M_INVALID_PARAM"),
        (with("/master_key/user_id", json!(bob.id)), "M_INVALID_PARAM"),
        (with("/self_signing_key/signatures", json!({})), "M_INVALID_SIGNATURE"),
        (with("/self_signing_key/usage", json!(["self_signing", "more"])), "M_INVALID_SIGNATURE"),
        (with("/user_signing_key", good["self_signing_key"].clone()), "M_INVALID_PARAM"),
        (with("/master_key/usage", json!(["master", "x".repeat(20_000)])), "M_TOO_LARGE"),
    ] {
        alice.post(CROSS_SIGNING, body).await.fails_with(code);
    }
    let seen = bob.queries_keys([&alice]).await;
    assert!(seen.get("master_keys").is_none_or(|keys| keys.get(&alice.id).is_none()), "none of it was kept");
}

#[tokio::test(flavor = "multi_thread")]
async fn signatures_are_shown_to_those_they_concern() {
    let w = World::start().await;
    let [alice, bob, carol] = w.users(["alice", "bob", "carol"]).await;
    let (alice_keys, bob_keys) = (Person::new(10), Person::new(20));
    let signer = SigningKey::new(1);
    alice.creates_room_with([&bob]).await;
    alice.uploads_keys_of(&signer, 0).await.ok();
    alice.post(CROSS_SIGNING, alice_keys.upload(&alice)).await.ok();
    bob.post(CROSS_SIGNING, bob_keys.upload(&bob)).await.ok();
    bob.syncs().await;

    let mut device = signer.keys_of(&alice);
    alice_keys.self_signing.sign(&mut device, &alice.id, &alice_keys.self_signing.public());
    assert_eq!(signs(&alice, &alice, &alice.device_id, &device).await, json!({}));
    let mut master = alice_keys.master.cross_signing_key(&alice.id, "master");
    signer.sign(&mut master, &alice.id, &alice.device_id);
    assert_eq!(signs(&alice, &alice, &alice_keys.master.public(), &master).await, json!({}));
    bob.syncs_until("alice's change", |sync| changed(sync) == &json!([alice.id])).await;
    let seen = bob.queries_keys([&alice]).await;
    let by = |key: &SigningKey| format!("ed25519:{}", key.public());
    let device_signatures = &seen["device_keys"][&alice.id][&alice.device_id]["signatures"][&alice.id];
    assert!(device_signatures.get(by(&alice_keys.self_signing)).is_some());
    assert!(device_signatures.get(format!("ed25519:{}", alice.device_id)).is_some(), "its own stays");
    let master_signatures = &seen["master_keys"][&alice.id]["signatures"][&alice.id];
    assert!(master_signatures.get(format!("ed25519:{}", alice.device_id)).is_some());

    alice.syncs().await;
    bob.syncs().await;
    let mut other = bob_keys.master.cross_signing_key(&bob.id, "master");
    alice_keys.user_signing.sign(&mut other, &alice.id, &alice_keys.user_signing.public());
    assert_eq!(signs(&alice, &bob, &bob_keys.master.public(), &other).await, json!({}));
    assert_eq!(changed(&alice.syncs().await), &json!([bob.id]), "the signer's other clients look again");
    assert_eq!(changed(&bob.syncs().await), &Value::Null);
    let of_bob = |seen: &Value| seen["master_keys"][&bob.id]["signatures"].get(&alice.id).is_some();
    assert!(of_bob(&alice.queries_keys([&bob]).await));
    assert!(!of_bob(&bob.queries_keys([&bob]).await), "whom alice trusts is her business");
    assert!(!of_bob(&carol.queries_keys([&bob]).await));

    let fresh = Person::new(30);
    alice.posts_with_password(CROSS_SIGNING, fresh.upload(&alice)).await.ok();
    let seen = bob.queries_keys([&alice]).await;
    let device_signatures = &seen["device_keys"][&alice.id][&alice.device_id]["signatures"][&alice.id];
    assert!(device_signatures.get(by(&alice_keys.self_signing)).is_none(), "signed by a key that is gone");
}

#[tokio::test(flavor = "multi_thread")]
async fn t12_forged_and_misplaced_signatures_are_named_and_not_kept() {
    let w = World::start().await;
    let [alice, mallory] = w.users(["alice", "mallory"]).await;
    let (alice_keys, mallory_keys) = (Person::new(10), Person::new(20));
    let (signer, thief) = (SigningKey::new(1), SigningKey::new(2));
    alice.uploads_keys_of(&signer, 0).await.ok();
    mallory.uploads_keys_of(&thief, 0).await.ok();
    alice.post(CROSS_SIGNING, alice_keys.upload(&alice)).await.ok();
    mallory.post(CROSS_SIGNING, mallory_keys.upload(&mallory)).await.ok();
    let alice_master = alice_keys.master.public();
    let own_device = signer.keys_of(&alice);
    let signed = |object: &Value, key: &SigningKey, user: &User, name: &str| {
        let mut object = object.clone();
        key.sign(&mut object, &user.id, name);
        object
    };
    let master = alice_keys.master.cross_signing_key(&alice.id, "master");
    let self_name = alice_keys.self_signing.public();
    let mut changed_device = own_device.clone();
    changed_device["algorithms"] = json!(["m.weaker"]);
    let mallory_user_signing = mallory_keys.user_signing.public();
    for (who, owner, name, object, code) in [
        // A signature by the wrong key under the right name.
        (
            &alice,
            &alice,
            &alice.device_id,
            signed(&own_device, &thief, &alice, &self_name),
            "M_INVALID_SIGNATURE",
        ),
        // None that counts.
        (&alice, &alice, &alice.device_id, own_device.clone(), "M_INVALID_SIGNATURE"),
        // Another object than the one that is known.
        (
            &alice,
            &alice,
            &alice.device_id,
            signed(&changed_device, &alice_keys.self_signing, &alice, &self_name),
            "M_INVALID_SIGNATURE",
        ),
        // A device that is not there.
        (&alice, &alice, &"NOWHERE".to_owned(), own_device.clone(), "M_NOT_FOUND"),
        // Somebody else's device: only master keys of others are signed.
        (
            &mallory,
            &alice,
            &alice.device_id,
            signed(&own_device, &mallory_keys.user_signing, &mallory, &mallory_user_signing),
            "M_NOT_FOUND",
        ),
        // Somebody else's master key, by a key that may not.
        (
            &mallory,
            &alice,
            &alice_master,
            signed(&master, &mallory_keys.self_signing, &mallory, &mallory_keys.self_signing.public()),
            "M_INVALID_SIGNATURE",
        ),
        // In somebody else's name.
        (
            &mallory,
            &alice,
            &alice_master,
            signed(&master, &thief, &alice, &alice.device_id),
            "M_INVALID_SIGNATURE",
        ),
        // The own master key, by a forged device signature.
        (
            &alice,
            &alice,
            &alice_master,
            signed(&master, &thief, &alice, &alice.device_id),
            "M_INVALID_SIGNATURE",
        ),
        (&alice, &alice, &alice_master, json!({"keys": 0.5}), "M_BAD_JSON"),
        (&alice, &alice, &alice_master, json!("text"), "M_BAD_JSON"),
    ] {
        let failures = signs(who, owner, name, &object).await;
        assert_eq!(failures[&owner.id][name]["errcode"], code, "{failures} for {object}");
    }
    let seen = mallory.queries_keys([&alice]).await;
    let stored = &seen["device_keys"][&alice.id][&alice.device_id]["signatures"];
    assert_eq!(stored, &own_device["signatures"], "nothing was added");
    assert_eq!(seen["master_keys"][&alice.id].get("signatures"), None);
    alice.post(SIGNATURES, json!([])).await.fails_as(400, "M_BAD_JSON");
    let many: serde_json::Map<String, Value> = (0..1_001).map(|n| (format!("D{n}"), json!({}))).collect();
    alice.post(SIGNATURES, json!({alice.id.as_str(): many})).await.fails_as(413, "M_TOO_LARGE");
}

#[tokio::test(flavor = "multi_thread")]
async fn t25_a_queue_of_messages_is_bounded_and_the_newest_stay() {
    let w = World::start().await;
    let [alice, bob, gone] = w.users(["alice", "bob", "gone"]).await;
    bob.syncs().await;
    let from = bob.since().unwrap();
    // A request carries one message to a device, so the flood is one of requests.
    let send = |number: u32| {
        let path = format!("/_matrix/client/v3/sendToDevice/org.lian.test/{number}");
        let messages = json!({bob.id.as_str(): {bob.device_id.as_str(): {"n": number}}});
        let alice = alice.clone();
        async move { alice.put(&path, json!({"messages": messages})).await.ok() }
    };
    for hundred in 0..101_u32 {
        join_all((0..100).map(|n| send(hundred * 100 + n))).await;
    }
    let mut received = Vec::new();
    let mut since = from;
    loop {
        let sync = bob.sync_with(&format!("timeout=0&since={}", segment(&since))).await.ok();
        let events = sync["to_device"]["events"].as_array().cloned().unwrap_or_default();
        if events.is_empty() {
            break;
        }
        received.extend(events.iter().map(|event| event["content"]["n"].as_u64().unwrap()));
        since = sync["next_batch"].as_str().unwrap().to_owned();
    }
    assert!(received.len() <= 10_000, "the queue is bounded: {}", received.len());
    assert!(received.len() >= 9_000, "and not emptied: {}", received.len());
    let distinct: BTreeSet<_> = received.iter().copied().collect();
    assert_eq!(distinct.len(), received.len(), "nothing came twice");
    assert!((10_000..10_100).all(|n| distinct.contains(&n)), "the newest stay");
    assert!(distinct.iter().next().is_some_and(|oldest| *oldest >= 100), "the oldest went");

    gone.posts_with_password("/_matrix/client/v3/account/deactivate", json!({})).await.ok();
    let path = "/_matrix/client/v3/sendToDevice/org.lian.test/last";
    let messages = json!({
        gone.id.as_str(): {"*": {"n": 1}},
        "@nobody:elsewhere.example": {"*": {"n": 1}},
    });
    alice.put(path, json!({"messages": messages})).await.ok();
}
