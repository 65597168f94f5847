//! Events on their way to a service.

use serde_json::json;
use testkit::{Bridge, World};

use super::{joins_as, process, shared_room, world};

#[tokio::test(flavor = "multi_thread")]
async fn t31_a_service_hears_of_the_rooms_of_its_users_in_order_and_once() {
    let bridge = Bridge::start("irc").await;
    let w = world(&bridge, "").await;
    let alice = w.user("alice").await;
    let elsewhere = alice.creates_room().await;
    alice.sends(&elsewhere, "not for bridges").await.ok();
    let room = alice.creates_room().await;
    let ghost = bridge.makes_user(&w, "_irc_ghost").await;
    let before = alice.sends(&room, "before anybody came").await.event_id();
    alice.room_action(&room, "invite", json!({ "user_id": ghost })).await.ok();
    bridge
        .waits_until("the invitation", |bridge| {
            bridge.events().iter().any(|event| {
                event["content"]["membership"] == "invite" && event["state_key"] == ghost.as_str()
            })
        })
        .await;
    joins_as(&bridge.client(&w), &ghost, &room).await;
    let mut sent = Vec::new();
    for number in 0..20 {
        sent.push(alice.sends(&room, &format!("message {number}")).await.event_id());
    }
    bridge.hears_of(sent.last().unwrap()).await;
    let heard: Vec<_> =
        bridge.events().iter().map(|event| event["event_id"].as_str().unwrap().to_owned()).collect();
    let messages: Vec<_> = heard.iter().filter(|event| sent.contains(event)).cloned().collect();
    assert_eq!(messages, sent, "each once and in order");
    assert!(!heard.contains(&before));
    assert!(bridge.events().iter().all(|event| event["room_id"] == room.as_str()));
    let first = &bridge.events()[0];
    assert_eq!(
        (first["type"].as_str(), first["sender"].as_str()),
        (Some("m.room.member"), Some(alice.id.as_str()))
    );
    assert!(first["unsigned"]["age"].is_number() && first["origin_server_ts"].is_number());
    assert!(bridge.transactions().iter().all(|received| received.authorization == "Bearer hs-irc"));
}

#[tokio::test(flavor = "multi_thread")]
async fn t31_a_transaction_is_repeated_as_it_was_until_it_is_accepted() {
    let bridge = Bridge::start("irc").await;
    let w = world(&bridge, "").await;
    let alice = w.user("alice").await;
    let (room, ghost) = shared_room(&w, &bridge, &alice).await;
    bridge
        .waits_until("the join", |bridge| {
            bridge.events().iter().any(|event| event["state_key"] == ghost.as_str())
        })
        .await;
    let before = bridge.transactions().len();
    bridge.answers_with([500, 404, 404]);
    let one = alice.sends(&room, "one").await.event_id();
    bridge.waits_until("a refusal", |bridge| bridge.transactions().len() > before).await;
    let two = alice.sends(&room, "two").await.event_id();
    bridge.hears_of(&two).await;
    let tries: Vec<_> = bridge.transactions().split_off(before);
    let (id, body) = (tries[0].transaction_id().to_owned(), tries[0].body.clone());
    let same = tries.iter().take_while(|received| received.transaction_id() == id).count();
    assert!(same >= 2, "{tries:?}");
    assert!(tries[..same].iter().all(|received| received.body == body));
    assert_eq!(tries[0].json()["events"][0]["event_id"], one.as_str());
    assert!(tries[same..].iter().all(|received| received.transaction_id() > id.as_str()));
    let heard: Vec<_> = bridge.events().iter().map(|event| event["event_id"].clone()).collect();
    assert_eq!(heard.iter().filter(|event| **event == one.as_str()).count(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn t31_killed_servers_go_on_with_the_same_transaction_and_lose_nothing() {
    let bridge = Bridge::start("irc").await;
    let directory = tempfile::tempdir().unwrap();
    let (mut server, alice, room, _) = process(&bridge, directory.path(), "").await;
    bridge.is_down(true);
    let before = bridge.transactions().len();
    let mut sent = Vec::new();
    for number in 0..120 {
        sent.push(alice.sends(&room, &format!("message {number}")).await.event_id());
    }
    bridge.waits_until("a try", |bridge| bridge.transactions().len() > before).await;
    let tried = bridge.transactions()[before].clone();
    server.kill();
    bridge.is_down(false);
    server.restart().await;
    bridge.hears_of(sent.last().unwrap()).await;
    let accepted: Vec<_> =
        bridge.transactions().into_iter().skip(before).filter(|received| received.status == 200).collect();
    assert_eq!((accepted[0].transaction_id(), &accepted[0].body), (tried.transaction_id(), &tried.body));
    let heard = bridge.events();
    let heard: Vec<_> = heard.iter().filter_map(|event| event["event_id"].as_str()).collect();
    let messages: Vec<_> = heard.into_iter().filter(|event| sent.iter().any(|sent| sent == event)).collect();
    assert_eq!(messages, sent, "every message once and in order");
    assert!(accepted.iter().all(|received| received.json()["events"].as_array().unwrap().len() <= 100));
}

#[tokio::test(flavor = "multi_thread")]
async fn t31_a_service_that_is_down_holds_up_no_other() {
    let (down, up) = (Bridge::start("irc").await, Bridge::start("xmpp").await);
    let (one, two) =
        (down.registration(""), up.registration("  rooms:\n  - exclusive: false\n    regex: '!.*'\n"));
    let w = World::configured(move |config| {
        super::register(config, "1", &one);
        super::register(config, "2", &two);
    })
    .await;
    let alice = w.user("alice").await;
    down.is_down(true);
    let (room, _) = shared_room(&w, &down, &alice).await;
    let event = alice.sends(&room, "hello").await.event_id();
    up.hears_of(&event).await;
    assert!(down.events().is_empty());
    // What is pinged well is tried at once, however long it was down.
    down.is_down(false);
    down.client(&w).post("/_matrix/client/v1/appservice/irc/ping", json!({})).await.ok();
    down.hears_of(&event).await;
}
