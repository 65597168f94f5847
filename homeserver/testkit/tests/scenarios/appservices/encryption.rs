//! What encryption needs: device lists and key counts (MSC3202).

use serde_json::{Value, json};
use testkit::{Bridge, SigningKey, World};

use super::{CLIENT, register, shared_room, world};

const COUNTS: &str = "org.matrix.msc3202.device_one_time_keys_count";
const FALLBACK: &str = "org.matrix.msc3202.device_unused_fallback_key_types";
const LISTS: &str = "org.matrix.msc3202.device_lists";

/// What accepted transactions say under a key that is an object, in order.
fn said(bridge: &Bridge, key: &str) -> Vec<Value> {
    let accepted = bridge.transactions().into_iter().filter(|received| received.status == 200);
    accepted.filter_map(|received| received.json().get(key).cloned()).collect()
}

fn tells(bridge: &Bridge, list: &str, user: &str) -> bool {
    said(bridge, LISTS).iter().any(|lists| lists[list].as_array().unwrap().contains(&json!(user)))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_service_hears_of_devices_of_those_who_share_its_rooms() {
    let bridge = Bridge::start("irc").await;
    let w = world(&bridge, "org.matrix.msc3202: true").await;
    let [alice, mallory] = w.users(["alice", "mallory"]).await;
    let (room, _) = shared_room(&w, &bridge, &alice).await;
    mallory.uploads_keys_of(&SigningKey::new(7), 0).await.ok();
    alice.uploads_keys_of(&SigningKey::new(8), 0).await.ok();
    bridge.waits_until("alice's devices", |bridge| tells(bridge, "changed", &alice.id)).await;
    assert!(!tells(&bridge, "changed", &mallory.id), "mallory shares no room");
    mallory.joins(&room).await.ok();
    bridge.waits_until("mallory's devices", |bridge| tells(bridge, "changed", &mallory.id)).await;
    mallory.leaves(&room).await.ok();
    bridge.waits_until("mallory's leave", |bridge| tells(bridge, "left", &mallory.id)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_service_hears_how_many_keys_are_left() {
    let bridge = Bridge::start("irc").await;
    let w = world(&bridge, "org.matrix.msc3202: true\nreceive_ephemeral: true").await;
    let alice = w.user("alice").await;
    let (room, ghost) = shared_room(&w, &bridge, &alice).await;
    let service = bridge.client(&w);
    service
        .put(&Bridge::acting(&format!("{CLIENT}/devices/PUPPET"), &ghost), json!({}))
        .await
        .expect_status(201);
    let signer = SigningKey::new(1);
    let upload = Bridge::acting(&format!("{CLIENT}/keys/upload?device_id=PUPPET"), &ghost);
    let body = json!({
        "device_keys": signer.device_keys(&ghost, "PUPPET"),
        "one_time_keys": signer.one_time_keys(&ghost, "PUPPET", 0..5),
    });
    service.post(&upload, body).await.ok();
    alice.sends_event(&room, "m.room.encrypted", json!({ "algorithm": "m.megolm.v1.aes-sha2" })).await.ok();
    let count = |value: &Value| value[&ghost]["PUPPET"]["signed_curve25519"].clone();
    bridge
        .waits_until("five keys", |bridge| said(bridge, COUNTS).iter().any(|counts| count(counts) == 5))
        .await;
    assert!(said(&bridge, FALLBACK).iter().any(|types| types[&ghost]["PUPPET"] == json!([])));
    let wanted = json!({ ghost.as_str(): { "PUPPET": "signed_curve25519" } });
    alice.post(&format!("{CLIENT}/keys/claim"), json!({ "one_time_keys": wanted })).await.ok();
    let messages = json!({ ghost.as_str(): { "PUPPET": { "algorithm": "m.olm.v1.curve25519-aes-sha2" } } });
    alice
        .put(&format!("{CLIENT}/sendToDevice/m.room.encrypted/1"), json!({ "messages": messages }))
        .await
        .ok();
    bridge
        .waits_until("four keys", |bridge| said(bridge, COUNTS).iter().any(|counts| count(counts) == 4))
        .await;
}

const CLAIM: &str = "/_matrix/app/unstable/org.matrix.msc3983/keys/claim";
const QUERY: &str = "/_matrix/app/unstable/org.matrix.msc3984/keys/query";

/// A server that asks services for keys.
async fn asking_world(bridge: &Bridge) -> World {
    let registration = bridge.registration("");
    let change = move |config: &mut config::Config| {
        config.appservices.asks_for_keys = true;
        register(config, "bridge", &registration);
    };
    World::configured(change).await
}

fn asked(bridge: &Bridge, path: &str) -> Vec<Value> {
    let line = format!("POST {path}");
    let asked = bridge.received().into_iter().filter(|received| received.line == line);
    asked.map(|received| received.json()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_service_gives_out_one_time_keys_when_the_server_has_none_left() {
    let bridge = Bridge::start("irc").await;
    let w = asking_world(&bridge).await;
    let alice = w.user("alice").await;
    let ghost = bridge.makes_user(&w, "_irc_ghost").await;
    let service = bridge.client(&w);
    let device = Bridge::acting(&format!("{CLIENT}/devices/PUPPET"), &ghost);
    service.put(&device, json!({})).await.expect_status(201);
    let signer = SigningKey::new(1);
    let upload = Bridge::acting(&format!("{CLIENT}/keys/upload?device_id=PUPPET"), &ghost);
    let body = json!({
        "device_keys": signer.device_keys(&ghost, "PUPPET"),
        "one_time_keys": signer.one_time_keys(&ghost, "PUPPET", 0..1),
        "fallback_keys": signer.one_time_keys(&ghost, "PUPPET", 9..10),
    });
    service.post(&upload, body).await.ok();
    let claims = async || {
        let wanted = json!({ ghost.as_str(): { "PUPPET": "signed_curve25519" } });
        let body = alice.post(&format!("{CLIENT}/keys/claim"), json!({ "one_time_keys": wanted })).await.ok();
        let keys = body["one_time_keys"][&ghost]["PUPPET"].as_object().expect("a key");
        keys.keys().next().expect("a key").clone()
    };
    assert_eq!(claims().await, "signed_curve25519:000000");
    assert_eq!(asked(&bridge, CLAIM), Vec::<Value>::new(), "the server has one itself");
    let kept = json!({ "key": "kept", "signatures": {} });
    let given = json!({ ghost.as_str(): { "PUPPET": { "signed_curve25519:KEPT": kept } }, alice.id.as_str(): {
        alice.device_id.as_str(): { "signed_curve25519:FORGED": kept },
    } });
    bridge.answers(CLAIM, 200, given);
    assert_eq!(claims().await, "signed_curve25519:KEPT");
    let wanted = json!({ ghost.as_str(): { "PUPPET": ["signed_curve25519"] } });
    assert_eq!(asked(&bridge, CLAIM), [wanted]);
    assert_eq!(alice.claims_key(&alice).await, None, "a service says nothing about others");
    bridge.answers(CLAIM, 404, json!({ "errcode": "M_UNRECOGNIZED" }));
    assert_eq!(claims().await, "signed_curve25519:000009", "the fallback key is the last resort");
    assert_eq!(claims().await, "signed_curve25519:000009");
    assert_eq!(asked(&bridge, CLAIM).len(), 2, "a service that knows nothing of it is left alone");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_service_tells_the_devices_that_it_keeps_itself() {
    let bridge = Bridge::start("irc").await;
    let w = asking_world(&bridge).await;
    let alice = w.user("alice").await;
    let ghost = bridge.makes_user(&w, "_irc_ghost").await;
    let keys = SigningKey::new(3).device_keys(&ghost, "KEPT");
    bridge.answers(
        QUERY,
        200,
        json!({ "device_keys": {
        ghost.as_str(): { "KEPT": keys, "OTHER": { "user_id": alice.id, "device_id": "OTHER" } },
        alice.id.as_str(): { "FORGED": { "user_id": alice.id, "device_id": "FORGED" } },
    } }),
    );
    let wanted = json!({ "device_keys": { ghost.as_str(): [], alice.id.as_str(): [] } });
    let answer = alice.post(&format!("{CLIENT}/keys/query"), wanted).await.ok();
    assert_eq!(answer["device_keys"][&ghost], json!({ "KEPT": keys }));
    assert_eq!(answer["device_keys"][&alice.id].get("FORGED"), None);
    assert_eq!(asked(&bridge, QUERY), [json!({ ghost.as_str(): [] })]);
}

#[tokio::test(flavor = "multi_thread")]
async fn no_service_is_asked_for_keys_unless_the_operator_says_so() {
    let bridge = Bridge::start("irc").await;
    let w = world(&bridge, "").await;
    let alice = w.user("alice").await;
    let ghost = bridge.makes_user(&w, "_irc_ghost").await;
    let wanted = json!({ "device_keys": { ghost.as_str(): [] } });
    alice.post(&format!("{CLIENT}/keys/query"), wanted).await.ok();
    assert_eq!(asked(&bridge, QUERY), Vec::<Value>::new());
}
