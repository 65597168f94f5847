//! Cross-signing keys and signatures.

use serde_json::{Value, json};
use testkit::{SigningKey, User, World};

use super::person::{CROSS_SIGNING, Person, SIGNATURES, changed, signs};

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
