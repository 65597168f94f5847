//! History that a peer has is fetched when somebody wants to see it.

use serde_json::{Value, json};
use testkit::{World, segment};

use super::meeting::{meeting, messages};

#[tokio::test]
async fn many_who_scroll_back_into_one_gap_at_once_are_all_answered() {
    let mut meeting = meeting().await;
    let (lost, events): (Vec<String>, Vec<Value>) =
        (0..8).map(|n| meeting.branch.says(&meeting.peer, &meeting.eve, &format!("lost {n}"))).unzip();
    let (last, event) = meeting.branch.says(&meeting.peer, &meeting.eve, "after the gap");
    meeting.tells_only(&events[7]);
    meeting.peer.sends(&meeting.world, [&event]).await;
    meeting.alice.waits_for_event(&meeting.room, &last).await;
    meeting.tells_all();
    let readers = (0..8).map(|_| meeting.alice.messages(&meeting.room, "dir=b&limit=100"));
    for page in futures_util::future::join_all(readers).await {
        let page = page.ok();
        let ids: Vec<&str> =
            page["chunk"].as_array().unwrap().iter().filter_map(|event| event["event_id"].as_str()).collect();
        assert_eq!(ids.iter().filter(|id| **id == last).count(), 1);
        assert!(lost.iter().all(|id| ids.iter().filter(|shown| *shown == id).count() <= 1));
    }
    assert!(messages(&meeting.alice, &meeting.room).await.ends_with(&[lost[7].clone(), last]));
}

#[tokio::test]
async fn history_from_before_the_join_is_fetched_when_somebody_scrolls_back() {
    let [a, b] = World::federated(["a", "b"]).await;
    let ([alice], [bob]) = (a.users(["alice"]).await, b.users(["bob"]).await);
    let room = alice.creates_room_like(json!({ "preset": "public_chat" })).await.room_id();
    let mut sent = Vec::new();
    for number in 0..120 {
        sent.push(alice.sends(&room, &format!("message {number}")).await.event_id());
    }
    let path = format!("/_matrix/client/v3/join/{}?via={}", segment(&room), segment(&a.server_name()));
    bob.post(&path, json!({})).await.ok();
    let section = bob.waits_to_have_joined(&room).await;
    assert_eq!(section["timeline"]["limited"], true);
    let history = bob.whole_history(&room).await;
    let seen: Vec<&str> = history.iter().filter_map(|event| event["event_id"].as_str()).collect();
    let places: Vec<Option<usize>> = sent.iter().map(|id| seen.iter().position(|seen| seen == id)).collect();
    assert!(places.iter().all(Option::is_some), "{} of 120 came", places.iter().flatten().count());
    let forward = places.first() < places.last();
    let in_order = places.windows(2).all(|pair| if forward { pair[0] < pair[1] } else { pair[0] > pair[1] });
    assert!(in_order, "the order is that of the room");
    assert!(history.iter().any(|event| event["type"] == "m.room.create"), "back to the first event");
    // The state at an old message is known: its context shows alice as she was.
    let path = format!("/_matrix/client/v3/rooms/{}/context/{}", segment(&room), segment(&sent[3]));
    let context = bob.get(&path).await.ok();
    assert!(context["state"].as_array().unwrap().iter().any(|event| event["state_key"] == alice.id.as_str()));
}

#[tokio::test]
async fn a_jump_to_a_date_before_the_join_asks_those_who_were_there() {
    let [a, b] = World::federated(["a", "b"]).await;
    let ([alice], [bob]) = (a.users(["alice"]).await, b.users(["bob"]).await);
    let room = alice.creates_room_like(json!({ "preset": "public_chat" })).await.room_id();
    let first = alice.sends(&room, "long ago").await.event_id();
    for number in 0..30 {
        alice.sends(&room, &format!("chat {number}")).await.ok();
    }
    let join = format!("/_matrix/client/v3/join/{}?via={}", segment(&room), segment(&a.server_name()));
    bob.post(&join, json!({})).await.ok();
    let time = alice.event(&room, &first).await.ok()["origin_server_ts"].as_u64().unwrap();
    let path = format!("/_matrix/client/v1/rooms/{}/timestamp_to_event", segment(&room));
    for direction in ["f", "b"] {
        let found = bob.get(&format!("{path}?ts={time}&dir={direction}")).await.ok();
        assert_eq!(found["origin_server_ts"], time, "{found}");
        let around = format!(
            "/_matrix/client/v3/rooms/{}/context/{}",
            segment(&room),
            segment(found["event_id"].as_str().unwrap())
        );
        bob.get(&around).await.ok();
    }
    bob.get(&format!("{path}?ts=1&dir=b")).await.fails_as(404, "M_NOT_FOUND");
}

#[tokio::test]
async fn a_long_history_is_read_page_by_page_to_its_beginning() {
    let [a, b] = World::federated(["a", "b"]).await;
    let ([alice], [bob]) = (a.users(["alice"]).await, b.users(["bob"]).await);
    let room = alice.creates_room().await;
    let mut sent = Vec::new();
    for number in 0..330 {
        sent.push(alice.sends(&room, &format!("message {number}")).await.event_id());
    }
    let path = format!("/_matrix/client/v3/join/{}?via={}", segment(&room), segment(&a.server_name()));
    bob.post(&path, json!({})).await.ok();
    let (mut read, mut from) = (Vec::new(), String::new());
    loop {
        let page = bob.messages(&room, &format!("dir=b&limit=500{from}")).await.ok();
        let messages =
            page["chunk"].as_array().unwrap().iter().filter(|event| event["type"] == "m.room.message");
        read.extend(messages.map(|event| event["event_id"].as_str().unwrap().to_owned()));
        let Some(end) = page["end"].as_str() else { break };
        from = format!("&from={}", segment(end));
    }
    read.reverse();
    assert_eq!(read, sent);
}
