//! Searching messages.

use serde_json::{Value, json};
use testkit::{User, World, segment};

const PATH: &str = "/_matrix/client/v3/search";

/// How often a search is asked again that is told that the index is behind. Each waited for the index already.
const TRIES_MAX: usize = 10;

/// The answer about messages. On a starved machine the index may be behind; then the client is told to ask again.
async fn asks(user: &User, path: &str, criteria: Value) -> Value {
    let body = json!({"search_categories": {"room_events": criteria}});
    for _ in 1..TRIES_MAX {
        let mut answer = user.post(path, body.clone()).await;
        if answer.status() != 503 {
            return answer.ok()["search_categories"]["room_events"].take();
        }
        assert!(answer.header("retry-after").is_some(), "{answer}");
    }
    user.post(path, body).await.ok()["search_categories"]["room_events"].take()
}

/// A search with these criteria; `term` is added.
async fn search(user: &User, term: &str, mut criteria: Value) -> Value {
    criteria["search_term"] = json!(term);
    asks(user, PATH, criteria).await
}

/// The texts that a search finds, the newest first.
pub(crate) async fn texts(user: &User, term: &str) -> Vec<String> {
    let found = search(user, term, json!({"order_by": "recent"})).await;
    let results = found["results"].as_array().unwrap();
    assert_eq!(found["count"], results.len(), "{found}");
    results.iter().map(|result| result["result"]["content"]["body"].as_str().unwrap().to_owned()).collect()
}

fn none() -> Vec<String> {
    Vec::new()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_is_found_right_after_it_was_sent() {
    let w = World::start().await;
    let alice = w.user("alice").await;
    let room = alice.creates_room().await;
    let event = alice.sends(&room, "Hello, World").await.event_id();
    alice.sends(&room, "something else").await.ok();
    let found = search(&alice, "hello", json!({"keys": ["content.body"]})).await;
    assert_eq!(found["count"], 1);
    let result = &found["results"][0];
    assert_eq!(result["result"]["event_id"], event.as_str());
    assert_eq!(result["result"]["room_id"], room.as_str());
    assert_eq!(result["result"]["content"]["body"], "Hello, World");
    assert!(result["rank"].as_f64().unwrap() > 0.0);
    assert!(result.get("context").is_none() && found.get("next_batch").is_none());
    assert_eq!(found["highlights"], json!(["hello"]));
}

#[tokio::test(flavor = "multi_thread")]
async fn chinese_is_found_by_its_words() {
    let w = World::start().await;
    let alice = w.user("alice").await;
    let room = alice.creates_room().await;
    for text in ["我们在北京天安门广场集合", "研究生命的起源", "王小明请 review 合并请求"]
    {
        alice.sends(&room, text).await.ok();
    }
    assert_eq!(texts(&alice, "天安门").await, ["我们在北京天安门广场集合"]);
    assert_eq!(texts(&alice, "北京 集合").await, ["我们在北京天安门广场集合"]);
    assert_eq!(texts(&alice, "生命").await, ["研究生命的起源"]);
    assert_eq!(texts(&alice, "研究生").await, none());
    assert_eq!(texts(&alice, "小明 ＲＥＶＩＥＷ").await, ["王小明请 review 合并请求"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_edited_message_is_found_by_its_newest_text() {
    let w = World::start().await;
    let alice = w.user("alice").await;
    let room = alice.creates_room().await;
    let event = alice.sends(&room, "the apple").await.event_id();
    assert_eq!(texts(&alice, "apple").await, ["the apple"]);
    alice.edits(&room, &event, "the pear").await.ok();
    let second = alice.edits(&room, &event, "the plum").await.event_id();
    assert_eq!(texts(&alice, "apple").await, none());
    assert_eq!(texts(&alice, "pear").await, none());
    let found = search(&alice, "plum", json!({})).await;
    assert_eq!((&found["count"], &found["results"][0]["result"]["event_id"]), (&json!(1), &json!(event)));
    alice.redacts(&room, &second).await.ok();
    assert_eq!(texts(&alice, "plum").await, none());
    assert_eq!(texts(&alice, "pear").await, ["the apple"]);
    let edits_of_others = w.user("bob").await;
    edits_of_others.joins(&room).await.ok();
    edits_of_others.edits(&room, &event, "the quince").await.ok();
    assert_eq!(texts(&alice, "quince").await, none());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_redacted_message_is_found_no_more() {
    let w = World::start().await;
    let alice = w.user("alice").await;
    let room = alice.creates_room().await;
    let event = alice.sends(&room, "a secret slip").await.event_id();
    alice.sends(&room, "not a slip").await.ok();
    assert_eq!(texts(&alice, "slip").await.len(), 2);
    alice.redacts(&room, &event).await.ok();
    assert_eq!(texts(&alice, "slip").await, ["not a slip"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn names_and_topics_are_searched_by_key() {
    let w = World::start().await;
    let alice = w.user("alice").await;
    let body = json!({"name": "Budget 预算", "topic": "Everything about the budget"});
    let room = alice.creates_room_like(body).await.room_id();
    alice.sends(&room, "the budget is late").await.ok();
    for (keys, expected) in [
        (json!(["content.name"]), vec!["m.room.name"]),
        (json!(["content.topic"]), vec!["m.room.topic"]),
        (json!(["content.body"]), vec!["m.room.message"]),
        (
            json!(["content.body", "content.name", "content.topic"]),
            vec!["m.room.message", "m.room.topic", "m.room.name"],
        ),
    ] {
        let found = search(&alice, "budget", json!({"keys": keys})).await;
        let mut kinds: Vec<&str> = found["results"]
            .as_array()
            .unwrap()
            .iter()
            .filter_map(|one| one["result"]["type"].as_str())
            .collect();
        kinds.sort_unstable();
        let mut expected = expected;
        expected.sort_unstable();
        assert_eq!(kinds, expected, "{keys}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_finds_what_they_may_not_see() {
    let w = World::start().await;
    let [alice, bob, carol] = w.users(["alice", "bob", "carol"]).await;
    let open = alice.creates_room_with([&bob]).await;
    let joined_only = json!({"preset": "public_chat", "initial_state": [
        {"type": "m.room.history_visibility", "state_key": "", "content": {"history_visibility": "joined"}},
    ]});
    let guarded = alice.creates_room_like(joined_only).await.room_id();
    alice.sends(&open, "merger in the open").await.ok();
    alice.sends(&guarded, "merger before bob").await.ok();
    bob.joins(&guarded).await.ok();
    alice.sends(&guarded, "merger with bob").await.ok();
    bob.leaves(&guarded).await.ok();
    alice.sends(&guarded, "merger after bob").await.ok();
    assert_eq!(texts(&bob, "merger").await, ["merger with bob", "merger in the open"]);
    assert_eq!(texts(&carol, "merger").await, none());
    assert_eq!(texts(&alice, "merger").await.len(), 4);
    bob.forgets(&guarded).await.ok();
    assert_eq!(texts(&bob, "merger").await, ["merger in the open"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_edit_after_the_leave_tells_the_former_member_nothing() {
    let w = World::start().await;
    let [alice, bob] = w.users(["alice", "bob"]).await;
    let room = alice.creates_room_with([&bob]).await;
    let event = alice.sends(&room, "harmless").await.event_id();
    bob.leaves(&room).await.ok();
    alice.edits(&room, &event, "confidential").await.ok();
    assert_eq!(texts(&alice, "confidential").await, ["harmless"]);
    assert_eq!(texts(&bob, "confidential").await, none());
}

#[tokio::test(flavor = "multi_thread")]
async fn those_whom_one_ignores_are_not_found() {
    let w = World::start().await;
    let [alice, bob] = w.users(["alice", "bob"]).await;
    let room = alice.creates_room_with([&bob]).await;
    bob.sends(&room, "buy now").await.ok();
    assert_eq!(texts(&alice, "buy").await, ["buy now"]);
    let path = format!("/_matrix/client/v3/user/{}/account_data/m.ignored_user_list", segment(&alice.id));
    alice.put(&path, json!({"ignored_users": {bob.id.clone(): {}}})).await.ok();
    assert_eq!(texts(&alice, "buy").await, none());
}

#[tokio::test(flavor = "multi_thread")]
async fn results_come_page_by_page_and_the_count_stays() {
    let w = World::start().await;
    let alice = w.user("alice").await;
    let room = alice.creates_room().await;
    let mut sent = Vec::new();
    for number in 0..7 {
        sent.push(alice.sends(&room, &format!("Message number {number}")).await.event_id());
    }
    sent.reverse();
    for order in ["recent", "rank"] {
        let criteria = json!({"search_term": "message", "order_by": order, "filter": {"limit": 3}});
        let (mut seen, mut path) = (Vec::new(), PATH.to_owned());
        loop {
            let page = asks(&alice, &path, criteria.clone()).await;
            assert_eq!(page["count"], 7);
            let ids = page["results"].as_array().unwrap().iter().map(|one| one["result"]["event_id"].clone());
            seen.extend(ids.map(|id| id.as_str().unwrap().to_owned()));
            let Some(next) = page["next_batch"].as_str() else { break };
            path = format!("{PATH}?next_batch={}", segment(next));
        }
        if order == "rank" {
            seen.sort_unstable();
            sent.sort_unstable();
        }
        assert_eq!(seen, sent, "{order}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_result_has_its_surroundings_when_asked() {
    let w = World::start().await;
    let [alice, bob] = w.users(["alice", "bob"]).await;
    let room = alice.creates_room_with([&bob]).await;
    for number in 1..=7 {
        alice.sends(&room, &format!("Message number {number}")).await.ok();
    }
    let context = json!({"before_limit": 2, "after_limit": 1, "include_profile": true});
    let found = search(&bob, "Message 4", json!({"event_context": context, "include_state": true})).await;
    assert_eq!(found["count"], 1);
    let context = &found["results"][0]["context"];
    let bodies = |events: &Value| -> Vec<String> {
        events
            .as_array()
            .unwrap()
            .iter()
            .map(|event| event["content"]["body"].as_str().unwrap().to_owned())
            .collect()
    };
    assert_eq!(bodies(&context["events_before"]), ["Message number 3", "Message number 2"]);
    assert_eq!(bodies(&context["events_after"]), ["Message number 5"]);
    assert_eq!(context["profile_info"][&alice.id]["displayname"], "alice");
    let (start, end) = (context["start"].as_str().unwrap(), context["end"].as_str().unwrap());
    let older = bob.messages(&room, &format!("dir=b&limit=1&from={}", segment(start))).await.ok();
    assert_eq!(older["chunk"][0]["content"]["body"], "Message number 1");
    let newer = bob.messages(&room, &format!("dir=f&limit=1&from={}", segment(end))).await.ok();
    assert_eq!(newer["chunk"][0]["content"]["body"], "Message number 6");
    let state = found["state"][&room].as_array().unwrap();
    assert!(state.iter().any(|event| event["type"] == "m.room.create"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_filter_chooses_rooms_senders_and_events_with_a_url() {
    let w = World::start().await;
    let [alice, bob] = w.users(["alice", "bob"]).await;
    let (one, two) = (alice.creates_room_with([&bob]).await, alice.creates_room_with([&bob]).await);
    alice.sends(&one, "plan one").await.ok();
    bob.sends(&two, "plan two").await.ok();
    let picture = json!({"msgtype": "m.image", "body": "plan three.png", "url": "mxc://x.y/z"});
    alice.sends_event(&two, "m.room.message", picture).await.ok();
    for (filter, expected) in [
        (json!({"rooms": [one]}), vec!["plan one"]),
        (json!({"not_rooms": [one]}), vec!["plan three.png", "plan two"]),
        (json!({"rooms": ["!nowhere:x.y"]}), vec![]),
        (json!({"senders": [bob.id]}), vec!["plan two"]),
        (json!({"not_senders": [bob.id]}), vec!["plan three.png", "plan one"]),
        (json!({"contains_url": true}), vec!["plan three.png"]),
        (json!({"contains_url": false}), vec!["plan two", "plan one"]),
        (json!({"types": ["m.room.topic"]}), vec![]),
        (json!({"not_types": ["m.room.*"]}), vec![]),
    ] {
        let found = search(&alice, "plan", json!({"order_by": "recent", "filter": filter})).await;
        let bodies: Vec<&str> = found["results"]
            .as_array()
            .unwrap()
            .iter()
            .filter_map(|one| one["result"]["content"]["body"].as_str())
            .collect();
        assert_eq!(bodies, expected, "{filter}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn results_are_grouped_and_a_group_goes_on_by_itself() {
    let w = World::start().await;
    let [alice, bob] = w.users(["alice", "bob"]).await;
    let (one, two) = (alice.creates_room_with([&bob]).await, alice.creates_room_with([&bob]).await);
    let first = alice.sends(&one, "agenda").await.event_id();
    let second = bob.sends(&one, "agenda").await.event_id();
    let third = bob.sends(&two, "agenda").await.event_id();
    let groupings = json!({"group_by": [{"key": "room_id"}, {"key": "sender"}]});
    let criteria = json!({"order_by": "recent", "groupings": groupings, "filter": {"limit": 2}});
    let found = search(&alice, "agenda", criteria.clone()).await;
    let groups = &found["groups"];
    assert_eq!(groups["room_id"][&two]["results"], json!([third]));
    assert_eq!(groups["room_id"][&one]["results"], json!([second]));
    assert_eq!(
        (&groups["room_id"][&two]["order"], &groups["room_id"][&one]["order"]),
        (&json!(1), &json!(2))
    );
    assert_eq!(groups["sender"][&bob.id]["results"], json!([third, second]));
    let next = groups["room_id"][&one]["next_batch"].as_str().unwrap();
    let mut criteria = criteria;
    criteria["search_term"] = json!("agenda");
    let body = json!({"search_categories": {"room_events": criteria}});
    let more = alice.post(&format!("{PATH}?next_batch={}", segment(next)), body).await.ok();
    let results = more["search_categories"]["room_events"]["results"].as_array().unwrap().clone();
    assert_eq!(results.len(), 1);
    assert_eq!(results[0]["result"]["event_id"], first.as_str());
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_names_an_upgraded_room_searches_the_one_before_too() {
    let w = World::start().await;
    let alice = w.user("alice").await;
    let old = alice.creates_room_like(json!({"room_version": "10"})).await.room_id();
    alice.sends(&old, "before the upgrade").await.ok();
    let upgraded = alice.room_action(&old, "upgrade", json!({"new_version": "11"})).await.ok();
    let new = upgraded["replacement_room"].as_str().unwrap();
    alice.sends(new, "after the upgrade").await.ok();
    let found = search(&alice, "upgrade", json!({"filter": {"rooms": [new]}})).await;
    assert_eq!(found["count"], 2, "{found}");
    let found = search(&alice, "upgrade", json!({"filter": {"rooms": [old]}})).await;
    assert_eq!(found["count"], 1, "{found}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restart_loses_nothing_and_finds_what_came_last() {
    for mut w in [World::start().await, World::on_disk().await] {
        let alice = w.user("alice").await;
        let room = alice.creates_room().await;
        let event = alice.sends(&room, "early bird").await.event_id();
        assert_eq!(texts(&alice, "bird").await, ["early bird"]);
        let edit = alice.edits(&room, &event, "early worm").await.event_id();
        alice.sends(&room, "late bird").await.ok();
        w.restarts().await;
        alice.redacts(&room, &edit).await.ok();
        // An index in memory is made from the rooms anew; a search waits until it is.
        assert_eq!(texts(&alice, "bird").await, ["late bird", "early bird"]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn absurd_searches_are_refused() {
    let w = World::start().await;
    let alice = w.user("alice").await;
    let room = alice.creates_room().await;
    alice.sends(&room, "hello").await.ok();
    let alice = &alice;
    let ask = |criteria: Value, query: &'static str| async move {
        let body = json!({"search_categories": {"room_events": criteria}});
        alice.post(&format!("{PATH}{query}"), body).await
    };
    ask(json!({"search_term": "字".repeat(513)}), "").await.fails_as(400, "M_INVALID_PARAM");
    ask(json!({"search_term": "x".repeat(1_000_000)}), "").await.fails_as(400, "M_INVALID_PARAM");
    let rooms: Vec<String> = (0..10_001).map(|number| format!("!{number}:x.y")).collect();
    ask(json!({"search_term": "hello", "filter": {"rooms": rooms}}), "")
        .await
        .fails_as(400, "M_INVALID_PARAM");
    ask(json!({"search_term": "hello", "keys": ["content.password"]}), "")
        .await
        .fails_as(400, "M_INVALID_PARAM");
    ask(json!({"search_term": "hello", "order_by": "chance"}), "").await.fails_as(400, "M_INVALID_PARAM");
    ask(json!({"filter": {}}), "").await.fails_as(400, "M_MISSING_PARAM");
    for foreign in ["?next_batch=foreign", "?next_batch=q1_0_0_0_0_a_0", "?next_batch=t1_5"] {
        ask(json!({"search_term": "hello"}), foreign).await.fails_as(400, "M_INVALID_PARAM");
    }
    w.stranger().post(PATH, json!({"search_categories": {}})).await.fails_as(401, "M_MISSING_TOKEN");
    assert_eq!(
        alice.post(PATH, json!({"search_categories": {}})).await.ok(),
        json!({"search_categories": {}})
    );
    for nothing in ["", "   ", "!?", "🎉"] {
        let found = search(alice, nothing, json!({})).await;
        assert_eq!((&found["count"], &found["results"]), (&json!(0), &json!([])), "{nothing}");
    }
    let everything = json!({"filter": {"limit": 1_000_000}, "event_context": {"before_limit": 9_000_000}});
    assert_eq!(search(alice, "hello", everything).await["count"], 1);
}
