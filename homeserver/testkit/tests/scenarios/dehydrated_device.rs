//! Dehydrated devices (MSC3814): a device that takes messages while nobody is logged in.

use serde_json::{Value, json};
use testkit::{SigningKey, User, World, segment};

const DEVICE: &str = "/_matrix/client/unstable/org.matrix.msc3814.v1/dehydrated_device";

fn upload(user: &User, device: &str, signer: &SigningKey) -> Value {
    let mut keys = signer.device_keys(&user.id, device);
    keys["dehydrated"] = json!(true);
    signer.sign(&mut keys, &user.id, device);
    json!({
        "device_id": device,
        "device_data": {"algorithm": "org.matrix.msc3814.v2", "device_pickle": "secret", "nonce": "n"},
        "initial_device_display_name": "Dehydrated device",
        "device_keys": keys,
        "one_time_keys": signer.one_time_keys(&user.id, device, 0..2),
    })
}

async fn sends(user: &User, to: &User, device: &str, numbers: std::ops::Range<u32>) {
    for number in numbers {
        let path = format!("/_matrix/client/v3/sendToDevice/org.lian.test/{device}{number}");
        let messages = json!({to.id.as_str(): {device: {"n": number}}});
        user.put(&path, json!({"messages": messages})).await.ok();
    }
}

fn events_path(device: &str) -> String {
    format!("{DEVICE}/{}/events", segment(device))
}

fn numbers(page: &Value) -> Vec<u64> {
    page["events"].as_array().unwrap().iter().map(|event| event["content"]["n"].as_u64().unwrap()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn it_is_found_like_any_device_and_told_like_any_change() {
    let w = World::start().await;
    let [alice, bob] = w.users(["alice", "bob"]).await;
    bob.creates_room_with([&alice]).await;
    bob.syncs().await;
    alice.get(DEVICE).await.fails_as(404, "M_NOT_FOUND");
    let signer = SigningKey::new(1);
    let body = upload(&alice, "DRY", &signer);
    assert_eq!(alice.put(DEVICE, body.clone()).await.ok(), json!({"device_id": "DRY"}));
    let got = alice.get(DEVICE).await.ok();
    assert_eq!(got["device_id"], "DRY");
    assert_eq!(got["device_data"]["device_pickle"], "secret");

    let told = bob.syncs_until("the change", |sync| sync.get("device_lists").is_some()).await;
    assert_eq!(told["device_lists"]["changed"], json!([alice.id]));
    let seen = &bob.queries_keys([&alice]).await["device_keys"][&alice.id]["DRY"];
    assert_eq!(seen["dehydrated"], true, "what is signed is not stripped");
    assert_eq!(seen["signatures"], body["device_keys"]["signatures"]);
    let wanted = json!({alice.id.as_str(): {"DRY": "signed_curve25519"}});
    let claimed = bob.post("/_matrix/client/v3/keys/claim", json!({"one_time_keys": wanted})).await.ok();
    assert!(claimed["one_time_keys"][&alice.id]["DRY"].get("signed_curve25519:000000").is_some());
    bob.get(DEVICE).await.fails_as(404, "M_NOT_FOUND");
}

#[tokio::test(flavor = "multi_thread")]
async fn its_messages_come_in_pages_and_stay_until_it_goes() {
    let w = World::start().await;
    let [alice, bob] = w.users(["alice", "bob"]).await;
    alice.put(DEVICE, upload(&alice, "DRY", &SigningKey::new(1))).await.ok();
    sends(&bob, &alice, "DRY", 0..130).await;
    let path = events_path("DRY");
    for _ in 0..2 {
        let first = alice.get(&path).await.ok();
        assert_eq!(numbers(&first), (0..100).collect::<Vec<_>>());
        let next = first["next_batch"].as_str().unwrap();
        let second = alice.get(&format!("{path}?from={next}")).await.ok();
        assert_eq!(numbers(&second), (100..130).collect::<Vec<_>>());
        assert_eq!(second.get("next_batch"), None, "there is no more");
    }
    let mut all = Vec::new();
    let mut body = json!({});
    loop {
        let page = alice.post(&path, body).await.ok();
        if numbers(&page).is_empty() {
            break;
        }
        all.extend(numbers(&page));
        body = json!({"next_batch": page["next_batch"]});
    }
    assert_eq!(all, (0..130).collect::<Vec<_>>(), "the older way ends as well");
    alice.get(&format!("{path}?from=garbage")).await.fails_as(400, "M_INVALID_PARAM");
    alice.get(&events_path(&alice.device_id)).await.fails_as(403, "M_FORBIDDEN");
    bob.get(&path).await.fails_as(403, "M_FORBIDDEN");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_one_takes_the_place_of_the_former_with_all_it_had() {
    let w = World::start().await;
    let [alice, bob] = w.users(["alice", "bob"]).await;
    alice.put(DEVICE, upload(&alice, "DRY1", &SigningKey::new(1))).await.ok();
    sends(&bob, &alice, "DRY1", 0..3).await;
    let again = upload(&alice, "DRY1", &SigningKey::new(1));
    alice.put(DEVICE, again).await.ok();
    assert_eq!(numbers(&alice.get(&events_path("DRY1")).await.ok()).len(), 3, "a repetition changes nothing");
    alice.put(DEVICE, upload(&alice, "DRY2", &SigningKey::new(2))).await.ok();
    alice.get(&events_path("DRY1")).await.fails_as(403, "M_FORBIDDEN");
    assert_eq!(numbers(&alice.get(&events_path("DRY2")).await.ok()), [] as [u64; 0]);
    let seen = bob.queries_keys([&alice]).await;
    let devices: Vec<_> = seen["device_keys"][&alice.id].as_object().unwrap().keys().cloned().collect();
    assert_eq!(devices, ["DRY2"]);

    let taken = upload(&alice, &alice.device_id, &SigningKey::new(3));
    alice.put(DEVICE, taken).await.fails_as(400, "M_INVALID_PARAM");
    assert_eq!(alice.get(DEVICE).await.ok()["device_id"], "DRY2", "a refusal leaves the former one");
}

#[tokio::test(flavor = "multi_thread")]
async fn it_goes_by_its_own_endpoint_and_with_the_devices() {
    let w = World::start().await;
    let [alice] = w.users(["alice"]).await;
    alice.put(DEVICE, upload(&alice, "DRY1", &SigningKey::new(1))).await.ok();
    assert_eq!(alice.delete(DEVICE).await.ok(), json!({"device_id": "DRY1"}));
    alice.get(DEVICE).await.fails_as(404, "M_NOT_FOUND");
    alice.delete(DEVICE).await.fails_as(404, "M_NOT_FOUND");

    alice.put(DEVICE, upload(&alice, "DRY2", &SigningKey::new(2))).await.ok();
    let body = json!({"devices": ["DRY2"]});
    alice.posts_with_password("/_matrix/client/v3/delete_devices", body).await.ok();
    alice.get(DEVICE).await.fails_as(404, "M_NOT_FOUND");

    alice.put(DEVICE, upload(&alice, "DRY3", &SigningKey::new(3))).await.ok();
    let phone = alice.on_another_device().await;
    phone.logs_out().await.ok();
    assert_eq!(alice.get(DEVICE).await.ok()["device_id"], "DRY3", "another device's end is none of its own");
    let back = alice.on_another_device().await;
    alice.post("/_matrix/client/v3/logout/all", json!({})).await.ok();
    back.get(DEVICE).await.fails_as(401, "M_UNKNOWN_TOKEN");
    let back = w.stranger();
    back.get(DEVICE).await.fails_as(401, "M_MISSING_TOKEN");
}

#[tokio::test(flavor = "multi_thread")]
async fn garbage_is_refused_and_leaves_no_device() {
    let w = World::start().await;
    let [alice] = w.users(["alice"]).await;
    let good = upload(&alice, "DRY", &SigningKey::new(1));
    let with = |path: &str, value: Value| {
        let mut body = good.clone();
        *body.pointer_mut(path).unwrap() = value;
        body
    };
    for (body, code) in [
        (json!({}), "M_MISSING_PARAM"),
        (with("/device_data", json!([])), "M_BAD_JSON"),
        (with("/device_data", json!({})), "M_BAD_JSON"),
        (with("/device_data", json!({"algorithm": "x", "a": "x".repeat(70_000)})), "M_TOO_LARGE"),
        (with("/device_keys/algorithms", json!(7)), "M_BAD_JSON"),
        (with("/device_keys/dehydrated", json!(false)), "M_INVALID_SIGNATURE"),
        (with("/device_id", json!("OTHER")), "M_INVALID_PARAM"),
        (with("/one_time_keys/signed_curve25519:000000/key", json!("short")), "M_BAD_JSON"),
    ] {
        alice.put(DEVICE, body).await.fails_with(code);
    }
    alice.get(DEVICE).await.fails_as(404, "M_NOT_FOUND");
    let devices = alice.get("/_matrix/client/v3/devices").await.ok();
    assert_eq!(devices["devices"].as_array().unwrap().len(), 1);
}
