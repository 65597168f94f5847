//! What a list says is believed when it holds.

use serde_json::json;
use testkit::SigningKey;

use super::lists::{KEYS_ALONE, WHOLE_LIST, asked, devices, hears_of, list, query, update};
use crate::federation_inbound::{Meeting, meeting};

#[tokio::test]
async fn t11_garbage_device_keys_of_another_server_are_refused() {
    let Meeting { world, peer, alice, eve, .. } = meeting().await;
    let mut forged = SigningKey::new(2).device_keys(&eve, "FORGED");
    forged["algorithms"] = json!(["m.other"]);
    let foreign = SigningKey::new(3).device_keys("@alice:elsewhere.test", "FOREIGN");
    let huge = json!({ "user_id": eve, "device_id": "HUGE", "keys": { "x": "y".repeat(100_000) } });
    let mut told = list(&eve, 3, &[("GOOD", 1)]);
    for (device, keys) in
        [("FORGED", forged.clone()), ("FOREIGN", foreign.clone()), ("HUGE", huge), ("NUMBER", json!(7))]
    {
        told["devices"].as_array_mut().unwrap().push(json!({ "device_id": device, "keys": keys }));
    }
    peer.answers(WHOLE_LIST, 200, told);
    assert_eq!(devices(&alice, &eve).await, ["GOOD"]);
    for (number, (device, keys)) in
        [("FORGED", forged), ("FOREIGN", foreign), ("LIST", json!([]))].iter().enumerate()
    {
        let number = number as u64;
        let update = json!({
            "user_id": eve, "device_id": device, "stream_id": 4 + number, "prev_id": [3 + number], "keys": keys,
        });
        peer.sends_edu(&world, "m.device_list_update", update).await;
    }
    let other = update(&alice.id, ("MINE", 5), 9, &[]);
    peer.sends_edu(&world, "m.device_list_update", other).await;
    assert_eq!(devices(&alice, &eve).await, ["GOOD"]);
    assert_eq!(devices(&alice, &alice.id).await, [""; 0]);
    assert_eq!((asked(&peer, WHOLE_LIST), asked(&peer, KEYS_ALONE)), (1, 0));
}

#[tokio::test]
async fn announced_cross_signing_keys_are_believed_when_they_hold() {
    let Meeting { world, peer, alice, eve, .. } = meeting().await;
    peer.answers(WHOLE_LIST, 200, list(&eve, 3, &[("ONE", 1)]));
    assert_eq!(devices(&alice, &eve).await, ["ONE"]);
    let (master, own, thief) = (SigningKey::new(10), SigningKey::new(11), SigningKey::new(12));
    let mut forged = own.cross_signing_key(&eve, "self_signing");
    thief.sign(&mut forged, &eve, &master.public());
    let public = master.cross_signing_key(&eve, "master");
    let forged = json!({ "user_id": eve, "master_key": public, "self_signing_key": forged });
    peer.sends_edu(&world, "m.signing_key_update", forged).await;
    assert!(query(&alice, &eve).await["master_keys"].get(&eve).is_none());

    let mut signed = own.cross_signing_key(&eve, "self_signing");
    master.sign(&mut signed, &eve, &master.public());
    let good = json!({ "user_id": eve, "master_key": public, "self_signing_key": signed });
    peer.sends_edu(&world, "m.signing_key_update", good).await;
    hears_of(&alice, &eve).await;
    let seen = query(&alice, &eve).await;
    assert_eq!(seen["master_keys"][&eve]["keys"], public["keys"]);
    assert_eq!(seen["self_signing_keys"][&eve]["keys"], signed["keys"]);
    assert_eq!((asked(&peer, WHOLE_LIST), asked(&peer, KEYS_ALONE)), (1, 0));

    // Now alice can verify eve.
    let (mine, user_signing) = (SigningKey::new(20), SigningKey::new(21));
    let mut user_key = user_signing.cross_signing_key(&alice.id, "user_signing");
    mine.sign(&mut user_key, &alice.id, &mine.public());
    let upload = json!({
        "master_key": mine.cross_signing_key(&alice.id, "master"), "user_signing_key": user_key,
    });
    alice.post("/_matrix/client/v3/keys/device_signing/upload", upload).await.ok();
    let mut verified = public.clone();
    user_signing.sign(&mut verified, &alice.id, &user_signing.public());
    let body = json!({ &eve: { master.public(): verified } });
    let answer = alice.post("/_matrix/client/v3/keys/signatures/upload", body).await.ok();
    assert!(answer["failures"].get(&eve).is_none(), "{answer}");
    let by_alice = &query(&alice, &eve).await["master_keys"][&eve]["signatures"][&alice.id];
    assert!(by_alice.get(format!("ed25519:{}", user_signing.public())).is_some());
}
