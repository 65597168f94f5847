//! Lists and messages to devices outlive kills.

use serde_json::{Value, json};
use testkit::limits::LOOK_INTERVAL;
use testkit::{SigningKey, segment};

use super::lists::{
    KEYS_ALONE, Killable, WHOLE_LIST, asked, devices, dies_and_comes_back, is_asked, killable, list, update,
};

#[tokio::test]
async fn lists_and_what_is_to_be_fetched_survive_a_kill() {
    let Killable { mut world, peer, alice, eve, .. } = killable().await;
    peer.answers(WHOLE_LIST, 200, list(&eve, 3, &[("ONE", 1)]));
    assert_eq!(devices(&alice, &eve).await, ["ONE"]);
    dies_and_comes_back(&mut world, &peer).await;
    assert_eq!(devices(&alice, &eve).await, ["ONE"]);
    assert_eq!(asked(&peer, WHOLE_LIST), 1);

    peer.answers(WHOLE_LIST, 500, json!({ "errcode": "M_UNKNOWN", "error": "later" }));
    peer.sends_edu(&world, "m.device_list_update", update(&eve, ("TOLD", 3), 6, &[5])).await;
    is_asked(&peer, WHOLE_LIST, 2).await;
    // Before the server is back, which asks as soon as it is.
    peer.answers(WHOLE_LIST, 200, list(&eve, 6, &[("TOLD", 3)]));
    dies_and_comes_back(&mut world, &peer).await;
    // Nobody asks for it: what was owed when the server died is fetched.
    is_asked(&peer, WHOLE_LIST, 3).await;
    assert_eq!(devices(&alice, &eve).await, ["TOLD"]);
    assert_eq!(asked(&peer, KEYS_ALONE), 0);
}

#[tokio::test]
async fn a_message_to_a_device_and_an_announcement_outlive_kills_and_come_in_order() {
    let Killable { mut world, peer, alice, eve, room } = killable().await;
    peer.answers("/federation/v1/send/", 503, json!({ "errcode": "M_UNKNOWN", "error": "later" }));
    let mut expected = Vec::new();
    for round in 0..3 {
        for message in 0..10 {
            let text = format!("{round}.{message}");
            let path = format!("/_matrix/client/v3/sendToDevice/m.test/{}", segment(&text));
            let body = json!({ "messages": { &eve: { "ONE": { "body": text } } } });
            alice.put(&path, body).await.ok();
            expected.push(text);
        }
        alice.uploads_keys_of(&SigningKey::new(7), 0).await.ok();
        let path = format!("/_matrix/client/v3/devices/{}", segment(&alice.device_id));
        alice.put(&path, json!({ "display_name": format!("name {round}") })).await.ok();
        dies_and_comes_back(&mut world, &peer).await;
    }
    peer.answers("/federation/v1/send/", 200, json!({ "pdus": {} }));
    // Whoever speaks is told at once what it missed.
    let typing = json!({ "room_id": room, "user_id": eve, "typing": true });
    peer.sends_edu(&world, "m.typing", typing).await;
    let told = |kind: &str| -> Vec<Value> {
        let edus = peer.edus().into_iter();
        edus.filter(|edu| edu["edu_type"] == kind).map(|edu| edu["content"].clone()).collect()
    };
    let texts = || -> Vec<String> {
        let mut texts: Vec<String> = Vec::new();
        for content in told("m.direct_to_device") {
            let text = content["messages"][&eve]["ONE"]["body"].as_str().unwrap().to_owned();
            // A transaction whose answer was lost is repeated.
            if !texts.contains(&text) {
                texts.push(text);
            }
        }
        texts
    };
    while texts().len() < expected.len() {
        tokio::time::sleep(LOOK_INTERVAL).await;
    }
    assert_eq!(texts(), expected);
    let names_device = |content: &Value| content["device_id"] == alice.device_id.as_str();
    while !told("m.device_list_update")
        .iter()
        .any(|content| names_device(content) && content["keys"].is_object())
    {
        tokio::time::sleep(LOOK_INTERVAL).await;
    }
    let announced = told("m.device_list_update");
    assert!(announced.iter().all(|content| content.get("device_display_name").is_none()), "{announced:?}");
    let mut known: Option<u64> = None;
    for content in announced.iter().filter(|content| content["user_id"] == alice.id.as_str()) {
        let (number, previous) = (content["stream_id"].as_u64().unwrap(), &content["prev_id"]);
        // A transaction whose answer was lost is repeated.
        if known.is_some_and(|known| number <= known) {
            continue;
        }
        assert_eq!(*previous, known.map_or(json!([]), |known| json!([known])), "{announced:?}");
        known = Some(number);
    }
}
