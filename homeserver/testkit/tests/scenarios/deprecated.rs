//! Endpoints that newer ones replaced and old clients still call.

use serde_json::json;
use testkit::{World, segment};

#[tokio::test(flavor = "multi_thread")]
async fn the_old_initial_sync_tells_rooms_messages_and_state() {
    let w = World::start().await;
    let [alice, bob] = w.users(["alice", "bob"]).await;
    let room = alice.creates_room_with([&bob]).await;
    let event = bob.sends(&room, "hello").await.event_id();
    let invited = bob.creates_room_with([]).await;
    bob.invites(&invited, &alice).await.ok();
    for version in ["r0", "v3"] {
        let body = alice.get(&format!("/_matrix/client/{version}/initialSync?limit=5")).await.ok();
        let rooms = body["rooms"].as_array().unwrap();
        let joined = rooms.iter().find(|found| found["room_id"] == room).unwrap();
        let chunk = joined["messages"]["chunk"].as_array().unwrap();
        assert_eq!(chunk.last().unwrap()["event_id"], event);
        assert_eq!(chunk.last().unwrap()["room_id"], room);
        assert!(joined["state"].as_array().unwrap().iter().any(|event| event["type"] == "m.room.create"));
        assert_eq!(joined["visibility"], "private");
        let invite = rooms.iter().find(|found| found["room_id"] == invited).unwrap();
        assert_eq!((&invite["membership"], &invite["invite"]["sender"]), (&json!("invite"), &json!(bob.id)));
        assert!(body["end"].is_string());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_old_event_stream_goes_on_where_the_initial_sync_ended() {
    let w = World::start().await;
    let [alice, bob] = w.users(["alice", "bob"]).await;
    let room = alice.creates_room_with([&bob]).await;
    let other = alice.creates_room_with([&bob]).await;
    let end = alice.get("/_matrix/client/v3/initialSync").await.ok()["end"].clone();
    let from = segment(end.as_str().unwrap());
    let waiting = {
        let (alice, path) = (alice.clone(), format!("/_matrix/client/v3/events?from={from}&timeout=20000"));
        tokio::spawn(async move { alice.get(&path).await.ok() })
    };
    w.until_waiting(1).await;
    let event = bob.sends(&room, "news").await.event_id();
    let body = waiting.await.unwrap();
    let chunk = body["chunk"].as_array().unwrap();
    let news = chunk.iter().find(|found| found["event_id"] == event).unwrap();
    assert_eq!(news["room_id"], room);
    assert_ne!(body["end"], body["start"]);
    let of_other = format!("/_matrix/client/v3/events?from={from}&timeout=0&room_id={}", segment(&other));
    assert_eq!(alice.get(&of_other).await.ok()["chunk"], json!([]));
    w.stranger().get("/_matrix/client/v3/events").await.fails_as(401, "M_MISSING_TOKEN");
}

#[tokio::test(flavor = "multi_thread")]
async fn one_event_and_one_room_by_the_old_paths() {
    let w = World::start().await;
    let [alice, bob, mallory] = w.users(["alice", "bob", "mallory"]).await;
    let room = alice.creates_room_with([&bob]).await;
    let event = alice.sends(&room, "one").await.event_id();
    let path = format!("/_matrix/client/v3/events/{}", segment(&event));
    assert_eq!(bob.get(&path).await.ok()["content"]["body"], "one");
    mallory.get(&path).await.fails_as(404, "M_NOT_FOUND");
    bob.get("/_matrix/client/v3/events/nonsense").await.fails_as(404, "M_NOT_FOUND");
    let body = bob.reads_room(&room, "initialSync?limit=1").await.ok();
    assert_eq!((&body["membership"], &body["room_id"]), (&json!("join"), &json!(room)));
    assert_eq!(body["messages"]["chunk"][0]["event_id"], event);
    assert!(body["state"].as_array().unwrap().iter().any(|event| event["type"] == "m.room.power_levels"));
    mallory.reads_room(&room, "initialSync").await.fails_as(403, "M_FORBIDDEN");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_world_readable_room_can_be_peeked_into() {
    let w = World::start().await;
    let [alice, passer] = w.users(["alice", "passer"]).await;
    let visible =
        json!({"type": "m.room.history_visibility", "content": {"history_visibility": "world_readable"}});
    let room =
        alice.creates_room_like(json!({"preset": "public_chat", "initial_state": [visible]})).await.room_id();
    let path = format!("/_matrix/client/v3/events?room_id={}", segment(&room));
    let start = passer.get(&format!("{path}&timeout=0")).await.ok()["end"].clone();
    let event = alice.sends(&room, "seen from outside").await.event_id();
    let body = passer.get(&format!("{path}&timeout=0&from={}", segment(start.as_str().unwrap()))).await.ok();
    assert_eq!(body["chunk"][0]["event_id"], event);
    let again =
        passer.get(&format!("{path}&timeout=0&from={}", segment(body["end"].as_str().unwrap()))).await.ok();
    assert_eq!(again["chunk"], json!([]));

    let from = segment(body["end"].as_str().unwrap());
    let waiting = {
        let (passer, path) = (passer.clone(), format!("{path}&timeout=60000&from={from}"));
        tokio::spawn(async move { passer.get(&path).await.ok() })
    };
    let event = alice.sends(&room, "while somebody waits").await.event_id();
    assert_eq!(waiting.await.unwrap()["chunk"][0]["event_id"], event);
}

#[tokio::test(flavor = "multi_thread")]
async fn turn_credentials_come_from_the_settings() {
    let w = World::start().await;
    let [alice] = w.users(["alice"]).await;
    assert_eq!(alice.get("/_matrix/client/v3/voip/turnServer").await.ok(), json!({}));
    let w = World::configured(|config| {
        config.turn.uris = vec!["turn:turn.test.example".to_owned()];
        config.turn.shared_secret = Some("secret".to_owned());
    })
    .await;
    let [alice] = w.users(["alice"]).await;
    let body = alice.get("/_matrix/client/r0/voip/turnServer").await.ok();
    assert_eq!((&body["ttl"], &body["uris"][0]), (&json!(86_400), &json!("turn:turn.test.example")));
    assert!(body["username"].as_str().unwrap().ends_with(&format!(":{}", alice.id)));
    assert!(body["password"].is_string());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_policy_server_document_is_there_when_it_is_configured() {
    let path = "/.well-known/matrix/policy_server";
    World::start().await.stranger().get(path).await.fails_as(404, "M_NOT_FOUND");
    let w = World::configured(|config| config.server.policy_server_key = Some("abc".to_owned())).await;
    assert_eq!(w.stranger().get(path).await.ok(), json!({"public_keys": {"ed25519": "abc"}}));
}
