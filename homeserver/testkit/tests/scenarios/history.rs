//! Reading back: pages, single events, context, state and members, and what former members see.

use base::Clock;
use serde_json::{Value, json};
use server::Options;
use testkit::{User, World};

fn ids(events: &Value) -> Vec<&str> {
    events.as_array().expect("a list").iter().filter_map(|event| event["event_id"].as_str()).collect()
}

fn bodies(events: &Value) -> Vec<&str> {
    events.as_array().expect("a list").iter().filter_map(|event| event["content"]["body"].as_str()).collect()
}

/// A public room with this history visibility.
async fn room_with_visibility(owner: &User, visibility: &str) -> String {
    let state = json!([{
        "type": "m.room.history_visibility", "state_key": "", "content": {"history_visibility": visibility}
    }]);
    owner.creates_room_like(json!({"preset": "public_chat", "initial_state": state})).await.room_id()
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_go_both_ways_and_meet() {
    let w = World::start().await;
    let [alice] = w.users(["alice"]).await;
    let room = alice.creates_room().await;
    let mut sent = Vec::new();
    for number in 0..12 {
        sent.push(alice.sends(&room, &number.to_string()).await.event_id());
    }
    let newest = alice.messages(&room, "dir=b&limit=5").await.ok();
    let expected: Vec<&str> = sent.iter().rev().take(5).map(String::as_str).collect();
    assert_eq!(ids(&newest["chunk"]), expected);
    let end = newest["end"].as_str().expect("there is more");
    let older = alice.messages(&room, &format!("dir=b&limit=5&from={end}")).await.ok();
    assert_eq!(bodies(&older["chunk"]), ["6", "5", "4", "3", "2"]);
    let again = alice.messages(&room, &format!("dir=f&limit=50&from={end}")).await.ok();
    assert_eq!(bodies(&again["chunk"]), ["7", "8", "9", "10", "11"]);
    assert!(again.get("end").is_none(), "nothing is left");
    let to = older["end"].as_str().expect("there is more");
    let between = alice.messages(&room, &format!("dir=b&limit=50&from={end}&to={to}")).await.ok();
    assert_eq!(bodies(&between["chunk"]), ["6", "5", "4", "3", "2"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sync_token_is_a_place_in_the_room() {
    let w = World::start().await;
    let [alice] = w.users(["alice"]).await;
    let room = alice.creates_room().await;
    alice.sends(&room, "before").await.ok();
    alice.syncs().await;
    let since = alice.since().expect("a token");
    alice.sends(&room, "after").await.ok();
    let page = alice.messages(&room, &format!("dir=f&from={since}")).await.ok();
    assert_eq!(bodies(&page["chunk"]), ["after"]);
    let page = alice.messages(&room, &format!("dir=b&limit=1&from={since}")).await.ok();
    assert_eq!(bodies(&page["chunk"]), ["before"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn foreign_tokens_are_named_as_such() {
    let w = World::start().await;
    let [alice] = w.users(["alice"]).await;
    let room = alice.creates_room().await;
    for token in ["x", "s999", "t2_4", "t1_99999999999999999999", "s1_x"] {
        alice.messages(&room, &format!("dir=b&from={token}")).await.fails_as(400, "M_INVALID_PARAM");
        alice.reads_room(&room, &format!("members?at={token}")).await.fails_as(400, "M_INVALID_PARAM");
    }
    alice.messages("!nowhere:test", "dir=b").await.fails_as(403, "M_FORBIDDEN");
}

#[tokio::test(flavor = "multi_thread")]
async fn filters_choose_events_and_lazy_members() {
    let w = World::start().await;
    let [alice, bob] = w.users(["alice", "bob"]).await;
    let room = alice.creates_room_with([&bob]).await;
    alice.sends(&room, "from alice").await.ok();
    bob.sends(&room, "from bob").await.ok();
    bob.sends_event(&room, "org.example.note", json!({"url": "mxc://a/b", "body": "note"})).await.ok();
    let page = |filter: Value| {
        let query = format!("dir=b&limit=50&filter={}", testkit::segment(&filter.to_string()));
        let (alice, room) = (alice.clone(), room.clone());
        async move { alice.messages(&room, &query).await.ok() }
    };
    assert_eq!(bodies(&page(json!({"types": ["m.room.mess*"]})).await["chunk"]), ["from bob", "from alice"]);
    assert_eq!(
        bodies(&page(json!({"senders": [bob.id], "not_types": ["m.room.*"]})).await["chunk"]),
        ["note"]
    );
    assert_eq!(bodies(&page(json!({"contains_url": true})).await["chunk"]), ["note"]);
    let lazy = page(json!({"types": ["org.example.note"], "lazy_load_members": true})).await;
    let members: Vec<_> =
        lazy["state"].as_array().expect("members").iter().map(|event| &event["state_key"]).collect();
    assert_eq!(members, [&json!(bob.id)]);
}

#[tokio::test(flavor = "multi_thread")]
async fn history_visibility_decides_event_by_event() {
    let w = World::start().await;
    let [alice, bob] = w.users(["alice", "bob"]).await;
    for (visibility, sees_before, sees_invited) in [
        ("shared", true, true),
        ("joined", false, false),
        ("invited", false, true),
        ("world_readable", true, true),
    ] {
        let room = room_with_visibility(&alice, visibility).await;
        let before = alice.sends(&room, "before").await.event_id();
        alice.invites(&room, &bob).await.ok();
        let invited = alice.sends(&room, "invited").await.event_id();
        bob.joins(&room).await.ok();
        let joined = alice.sends(&room, "joined").await.event_id();
        for (event, visible) in [(&before, sees_before), (&invited, sees_invited), (&joined, true)] {
            let answer = bob.event(&room, event).await;
            if visible {
                assert_eq!(answer.ok()["event_id"], event.as_str(), "{visibility}");
            } else {
                answer.fails_as(404, "M_NOT_FOUND");
            }
        }
        let seen = bob.whole_history(&room).await;
        let seen = bodies(&json!(seen)).len();
        assert_eq!(seen, 1 + usize::from(sees_before) + usize::from(sees_invited), "{visibility}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn strangers_read_only_what_the_world_may() {
    let w = World::start().await;
    let [alice, bob] = w.users(["alice", "bob"]).await;
    let open = room_with_visibility(&alice, "world_readable").await;
    let shared = room_with_visibility(&alice, "shared").await;
    let event = alice.sends(&open, "for all").await.event_id();
    let closed = alice.sends(&shared, "for members").await.event_id();
    assert_eq!(bodies(&bob.messages(&open, "dir=b&limit=1").await.ok()["chunk"]), ["for all"]);
    assert_eq!(bob.event(&open, &event).await.ok()["room_id"], open.as_str());
    bob.messages(&shared, "dir=b").await.fails_as(403, "M_FORBIDDEN");
    let hidden = bob.event(&shared, &closed).await.fails_as(404, "M_NOT_FOUND");
    let missing = bob.event(&shared, "$nothing").await.fails_as(404, "M_NOT_FOUND");
    assert_eq!(hidden, missing, "nobody learns which events exist");
    bob.event(&open, &closed).await.fails_as(404, "M_NOT_FOUND");
}

#[tokio::test(flavor = "multi_thread")]
async fn who_left_sees_the_room_as_it_was() {
    let w = World::start().await;
    let [alice, bob, carol] = w.users(["alice", "bob", "carol"]).await;
    let room = room_with_visibility(&alice, "shared").await;
    bob.joins(&room).await.ok();
    alice.sets_state(&room, "m.room.name", "", json!({"name": "then"})).await.ok();
    alice.sends(&room, "seen").await.ok();
    bob.leaves(&room).await.ok();
    carol.joins(&room).await.ok();
    alice.sets_state(&room, "m.room.name", "", json!({"name": "now"})).await.ok();
    let later = alice.sends(&room, "missed").await.event_id();
    assert_eq!(bob.state(&room, "m.room.name", "").await.ok()["name"], "then");
    assert_eq!(alice.state(&room, "m.room.name", "").await.ok()["name"], "now");
    let page = bob.messages(&room, "dir=b&limit=2").await.ok();
    assert_eq!(page["chunk"][0]["state_key"], bob.id.as_str(), "the own leave comes first");
    assert_eq!(page["chunk"][1]["content"]["body"], "seen");
    bob.event(&room, &later).await.fails_as(404, "M_NOT_FOUND");
    let members = bob.reads_room(&room, "members").await.ok();
    let members: Vec<_> = members["chunk"]
        .as_array()
        .expect("members")
        .iter()
        .map(|event| event["state_key"].clone())
        .collect();
    assert!(members.contains(&json!(alice.id)) && members.contains(&json!(bob.id)));
    assert!(!members.contains(&json!(carol.id)), "carol came later");
    let forward =
        bob.messages(&room, &format!("dir=f&from={}", page["start"].as_str().expect("a token"))).await.ok();
    assert_eq!(forward["chunk"], json!([]));
    bob.reads_room(&room, "joined_members").await.fails_as(403, "M_FORBIDDEN");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_of_invisible_events_still_leads_on() {
    let w = World::start().await;
    let [alice, bob] = w.users(["alice", "bob"]).await;
    let room = room_with_visibility(&alice, "shared").await;
    let first = alice.sends(&room, "shared").await.event_id();
    alice
        .sets_state(&room, "m.room.history_visibility", "", json!({"history_visibility": "joined"}))
        .await
        .ok();
    for number in 0..60 {
        alice.sends(&room, &format!("hidden {number}")).await.ok();
    }
    bob.joins(&room).await.ok();
    let seen = bob.whole_history(&room).await;
    assert!(seen.iter().any(|event| event["event_id"] == first.as_str()), "the old shared part is reached");
    assert_eq!(bodies(&json!(seen)), ["shared"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn context_stands_between_its_tokens() {
    let w = World::start().await;
    let [alice] = w.users(["alice"]).await;
    let room = alice.creates_room().await;
    let mut sent = Vec::new();
    for number in 0..7 {
        sent.push(alice.sends(&room, &number.to_string()).await.event_id());
    }
    let path = |limit: u32| format!("context/{}?limit={limit}", testkit::segment(&sent[3]));
    let context = alice.reads_room(&room, &path(4)).await.ok();
    assert_eq!(bodies(&context["events_before"]), ["2", "1"]);
    assert_eq!(context["event"]["event_id"], sent[3].as_str());
    assert_eq!(bodies(&context["events_after"]), ["4", "5"]);
    assert!(context["state"].as_array().is_some_and(|state| state.len() > 3));
    let bare = alice.reads_room(&room, &path(0)).await.ok();
    assert_eq!((bodies(&bare["events_before"]).len(), bodies(&bare["events_after"]).len()), (0, 0));
    let (start, end) = (bare["start"].as_str().expect("a token"), bare["end"].as_str().expect("a token"));
    let before = alice.messages(&room, &format!("dir=b&limit=1&from={start}")).await.ok();
    assert_eq!(bodies(&before["chunk"]), ["2"]);
    let with = alice.messages(&room, &format!("dir=b&limit=1&from={end}")).await.ok();
    assert_eq!(bodies(&with["chunk"]), ["3"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn members_are_listed_by_membership_and_time() {
    let w = World::start().await;
    let [alice, bob] = w.users(["alice", "bob"]).await;
    let room = room_with_visibility(&alice, "shared").await;
    alice.sends(&room, "alone").await.ok();
    alice.syncs().await;
    let alone = alice.since().expect("a token");
    bob.joins(&room).await.ok();
    let listed = |what: String| {
        let (alice, room) = (alice.clone(), room.clone());
        async move {
            let members = alice.reads_room(&room, &format!("members{what}")).await.ok();
            let mut members: Vec<_> = members["chunk"]
                .as_array()
                .expect("members")
                .iter()
                .map(|event| event["state_key"].as_str().expect("a key").to_owned())
                .collect();
            members.sort();
            members
        }
    };
    assert_eq!(listed(String::new()).await, [alice.id.clone(), bob.id.clone()]);
    assert_eq!(listed(format!("?at={alone}")).await, [alice.id.clone()]);
    bob.leaves(&room).await.ok();
    assert_eq!(listed("?membership=leave".to_owned()).await, [bob.id.clone()]);
    assert_eq!(listed("?not_membership=leave".to_owned()).await, [alice.id.clone()]);
    alice.reads_room(&room, "members?membership=guest").await.fails_as(400, "M_INVALID_PARAM");
    let joined = alice.reads_room(&room, "joined_members").await.ok();
    assert_eq!(joined["joined"].as_object().map(serde_json::Map::len), Some(1));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_date_leads_to_the_nearest_event() {
    let clock = Clock::fake(Clock::system().now_ms());
    let w = World::in_process(|_| {}, Options { clock: Some(clock.clone()), ..Options::default() }).await;
    let [alice, bob] = w.users(["alice", "bob"]).await;
    let room = alice.creates_room().await;
    let first = alice.sends(&room, "first").await.event_id();
    let time = alice.event(&room, &first).await.ok()["origin_server_ts"].as_u64().expect("a time");
    clock.advance(5);
    let second = alice.sends(&room, "second").await.event_id();
    let path = |ts: u64, dir: &str| {
        format!("/_matrix/client/v1/rooms/{}/timestamp_to_event?ts={ts}&dir={dir}", testkit::segment(&room))
    };
    assert_eq!(alice.get(&path(time + 1, "b")).await.ok()["event_id"], first.as_str());
    assert_eq!(alice.get(&path(time + 1, "f")).await.ok()["event_id"], second.as_str());
    alice.get(&path(1, "b")).await.fails_as(404, "M_NOT_FOUND");
    alice.get(&path(time + 1_000_000, "f")).await.fails_as(404, "M_NOT_FOUND");
    bob.get(&path(time, "f")).await.fails_as(403, "M_FORBIDDEN");
}

#[tokio::test(flavor = "multi_thread")]
async fn unsigned_tells_each_reader_their_own_part() {
    let w = World::start().await;
    let [alice, bob] = w.users(["alice", "bob"]).await;
    let room = room_with_visibility(&alice, "shared").await;
    let before = alice
        .sends_event_as(&room, "m.room.message", "own-id", json!({"body": "x", "msgtype": "m.text"}))
        .await
        .event_id();
    bob.joins(&room).await.ok();
    let after = alice.sends(&room, "y").await.event_id();
    assert_eq!(alice.event(&room, &before).await.ok()["unsigned"]["transaction_id"], "own-id");
    let seen = bob.event(&room, &before).await.ok();
    assert!(seen["unsigned"].get("transaction_id").is_none());
    assert_eq!(seen["unsigned"]["membership"], "leave");
    assert_eq!(bob.event(&room, &after).await.ok()["unsigned"]["membership"], "join");
    alice.redacts(&room, &after).await.ok();
    let redacted = bob.event(&room, &after).await.ok();
    assert_eq!(redacted["content"], json!({}));
    assert_eq!(redacted["unsigned"]["redacted_because"]["type"], "m.room.redaction");
}
