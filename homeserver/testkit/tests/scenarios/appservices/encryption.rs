//! What encryption needs: device lists and key counts (MSC3202).

use serde_json::{Value, json};
use testkit::{Bridge, SigningKey};

use super::{CLIENT, shared_room, world};

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
