//! What a room's part says.

use serde_json::json;
use testkit::World;

use super::{ask, ask_waiting, bodies, everything, keys, list, pos, room, rooms, state};

#[tokio::test(flavor = "multi_thread")]
async fn a_room_comes_whole_and_then_only_what_changed() {
    let w = World::start().await;
    let [alice, bob] = w.users(["alice", "bob"]).await;
    let id = alice
        .creates_room_like(json!({"preset": "public_chat", "name": "Tea", "initial_state": [
            {"type": "m.room.avatar", "state_key": "", "content": {"url": "mxc://test.example/a"}}]}))
        .await
        .room_id();
    bob.joins(&id).await.ok();
    alice.sends(&id, "one").await.ok();
    let first = ask(&bob, None, everything()).await.ok();
    let part = room(&first, &id);
    assert_eq!(part["initial"], true, "{part}");
    assert_eq!(part["name"], "Tea");
    assert_eq!(part["avatar"], "mxc://test.example/a");
    assert_eq!((&part["joined_count"], &part["invited_count"]), (&json!(2), &json!(0)));
    assert_eq!(bodies(part), ["one"]);
    assert_eq!(part["num_live"], 0, "nothing is live at the beginning");
    assert_eq!(state(part), keys([("m.room.name", "")]));
    assert!(part.get("heroes").is_none(), "the room has a name");
    alice.sends(&id, "two").await.ok();
    let second = ask(&bob, pos(&first), everything()).await.ok();
    let part = room(&second, &id);
    assert_eq!(bodies(part), ["two"]);
    assert_eq!((&part["num_live"], &part["limited"]), (&json!(1), &json!(false)));
    for absent in ["initial", "name", "avatar", "joined_count", "required_state"] {
        assert!(part.get(absent).is_none(), "{absent} did not change: {part}");
    }
    alice.sets_state(&id, "m.room.name", "", json!({"name": "Coffee"})).await.ok();
    alice.sets_state(&id, "m.room.avatar", "", json!({})).await.ok();
    let third = ask(&bob, pos(&second), everything()).await.ok();
    let part = room(&third, &id);
    assert_eq!(part["name"], "Coffee");
    assert!(part["avatar"].is_null() && part.get("avatar").is_some(), "taken away: {part}");
    assert_eq!(state(part), keys([("m.room.name", "")]), "told although it is in the timeline");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_gap_is_marked_and_older_events_are_found_from_prev_batch() {
    let w = World::start().await;
    let [alice] = w.users(["alice"]).await;
    let id = alice.creates_room().await;
    let small = list(json!([[0, 9]]), 2, json!([]));
    let first = ask(&alice, None, small.clone()).await.ok();
    assert_eq!(room(&first, &id)["limited"], true);
    for body in ["1", "2", "3", "4"] {
        alice.sends(&id, body).await.ok();
    }
    let second = ask(&alice, pos(&first), small).await.ok();
    let part = room(&second, &id);
    assert_eq!(
        (bodies(part), &part["limited"], &part["num_live"]),
        (vec!["3", "4"], &json!(true), &json!(2))
    );
    let from = part["prev_batch"].as_str().unwrap();
    let page = alice.messages(&id, &format!("dir=b&limit=2&from={from}")).await.ok();
    let older: Vec<_> =
        page["chunk"].as_array().unwrap().iter().map(|event| &event["content"]["body"]).collect();
    assert_eq!(older, ["2", "1"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_position_is_a_token_for_messages_and_relations() {
    let w = World::start().await;
    let [alice] = w.users(["alice"]).await;
    let id = alice.creates_room().await;
    let message = alice.sends(&id, "before").await.event_id();
    let answer = ask(&alice, None, everything()).await.ok();
    let pos = pos(&answer).unwrap();
    alice.sends(&id, "after").await.ok();
    let back = alice.messages(&id, &format!("dir=b&limit=1&from={pos}")).await.ok();
    assert_eq!(back["chunk"][0]["content"]["body"], "before");
    let forth = alice.messages(&id, &format!("dir=f&limit=1&from={pos}")).await.ok();
    assert_eq!(forth["chunk"][0]["content"]["body"], "after");
    let relations = format!("/_matrix/client/v1/rooms/{id}/relations/{message}?from={pos}");
    alice.get(&relations).await.ok();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_nameless_room_comes_with_heroes_and_their_names() {
    let w = World::start().await;
    let [alice, bob] = w.users(["alice", "bob"]).await;
    bob.sets_displayname("Bob").await.ok();
    let id = alice.creates_room_with([&bob]).await;
    let first = ask(&alice, None, everything()).await.ok();
    let part = room(&first, &id);
    assert_eq!(part["heroes"], json!([{"user_id": bob.id, "displayname": "Bob"}]));
    assert!(part.get("name").is_none());
}

#[tokio::test(flavor = "multi_thread")]
async fn members_are_loaded_lazily_and_once() {
    let w = World::start().await;
    let [alice, bob, carol] = w.users(["alice", "bob", "carol"]).await;
    let id = alice.creates_room_with([&bob, &carol]).await;
    bob.sends(&id, "one").await.ok();
    let lazy = list(json!([[0, 9]]), 1, json!([["m.room.member", "$LAZY"], ["m.room.member", "$ME"]]));
    let first = ask(&alice, None, lazy.clone()).await.ok();
    let own = ("m.room.member", alice.id.as_str());
    assert_eq!(state(room(&first, &id)), keys([own, ("m.room.member", &bob.id)]));
    bob.sends(&id, "two").await.ok();
    let second = ask(&alice, pos(&first), lazy.clone()).await.ok();
    assert!(state(room(&second, &id)).is_empty(), "bob's membership is known: {second}");
    carol.sends(&id, "three").await.ok();
    let third = ask(&alice, pos(&second), lazy.clone()).await.ok();
    assert_eq!(state(room(&third, &id)), keys([("m.room.member", &carol.id)]));
    bob.sets_displayname("Bobby").await.ok();
    let fourth = ask(&alice, pos(&third), lazy).await.ok();
    assert_eq!(state(room(&fourth, &id)), keys([("m.room.member", &bob.id)]), "it changed");
}

#[tokio::test(flavor = "multi_thread")]
async fn wildcards_mean_what_they_say() {
    let w = World::start().await;
    let [alice, bob] = w.users(["alice", "bob"]).await;
    let id = alice.creates_room_with([&bob]).await;
    for (kind, key) in [("org.lian.a", "1"), ("org.lian.a", "2"), ("org.lian.b", "1")] {
        alice.sets_state(&id, kind, key, json!({"x": 1})).await.ok();
    }
    let member = |part| state(part).iter().filter(|(kind, _)| kind == "m.room.member").count();
    let of_type = ask(&alice, None, list(json!([[0, 9]]), 0, json!([["org.lian.a", "*"]]))).await.ok();
    assert_eq!(state(room(&of_type, &id)), keys([("org.lian.a", "1"), ("org.lian.a", "2")]));
    let of_key = ask(&alice, None, list(json!([[0, 9]]), 0, json!([["*", "1"]]))).await.ok();
    assert_eq!(state(room(&of_key, &id)), keys([("org.lian.a", "1"), ("org.lian.b", "1")]));
    let all = ask(&alice, None, list(json!([[0, 9]]), 0, json!([["*", "*"]]))).await.ok();
    assert_eq!(member(room(&all, &id)), 2);
    let restricted = json!([["*", "*"], ["m.room.member", "$ME"], ["org.lian.a", "2"]]);
    let some = ask(&alice, None, list(json!([[0, 9]]), 0, restricted)).await.ok();
    assert_eq!(member(room(&some, &id)), 1);
    let own: Vec<_> = state(room(&some, &id)).into_iter().filter(|(kind, _)| kind == "org.lian.a").collect();
    assert_eq!(own, keys([("org.lian.a", "2")]));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_wakes_a_long_poll_and_silence_ends_it() {
    let w = World::start().await;
    let [alice, bob] = w.users(["alice", "bob"]).await;
    let id = alice.creates_room_with([&bob]).await;
    let first = ask(&alice, None, everything()).await.ok();
    let silent = ask_waiting(&alice, pos(&first), 100, everything()).await.ok();
    assert!(rooms(&silent).is_empty());
    let (answer, _) = tokio::join!(ask_waiting(&alice, pos(&silent), 20_000, everything()), async {
        w.until_waiting(1).await;
        bob.sends(&id, "wake up").await.ok();
    });
    assert_eq!(bodies(room(&answer.ok(), &id)), ["wake up"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_own_event_comes_with_its_transaction_id_and_edits_come_bundled() {
    let w = World::start().await;
    let [alice] = w.users(["alice"]).await;
    let id = alice.creates_room().await;
    let content = json!({"msgtype": "m.text", "body": "typo"});
    let event = alice.sends_event_as(&id, "m.room.message", "t-1", content).await.event_id();
    alice.edits(&id, &event, "right").await.ok();
    let answer = ask(&alice, None, everything()).await.ok();
    let timeline = room(&answer, &id)["timeline"].as_array().unwrap().clone();
    let original = timeline.iter().find(|other| other["event_id"] == event.as_str()).unwrap();
    assert_eq!(original["unsigned"]["transaction_id"], "t-1");
    assert_eq!(original["unsigned"]["membership"], "join");
    assert_eq!(original["unsigned"]["m.relations"]["m.replace"]["content"]["m.new_content"]["body"], "right");
}

#[tokio::test(flavor = "multi_thread")]
async fn unread_counts_are_told_and_fall_when_the_room_is_read() {
    let w = World::start().await;
    let [alice, bob] = w.users(["alice", "bob"]).await;
    let id = alice.creates_room_with([&bob]).await;
    let first = ask(&alice, None, everything()).await.ok();
    let message = bob.sends(&id, "hello").await.event_id();
    let second = ask(&alice, pos(&first), everything()).await.ok();
    assert_eq!(room(&second, &id)["notification_count"], 1);
    alice.has_read(&id, &message).await.ok();
    let third = ask(&alice, pos(&second), everything()).await.ok();
    assert_eq!(room(&third, &id)["notification_count"], 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_ignored_people_say_is_not_told() {
    let w = World::start().await;
    let [alice, bob, carol] = w.users(["alice", "bob", "carol"]).await;
    let id = alice.creates_room_with([&bob, &carol]).await;
    alice.ignores([&bob]).await.ok();
    let first = ask(&alice, None, everything()).await.ok();
    bob.sends(&id, "nonsense").await.ok();
    carol.sends(&id, "sense").await.ok();
    let invite = bob.creates_room_like(json!({"invite": [&alice.id]})).await.room_id();
    let second = ask(&alice, pos(&first), everything()).await.ok();
    assert_eq!(bodies(room(&second, &id)), ["sense"]);
    assert!(room(&second, &invite).is_null(), "invites of ignored people neither");
    assert_eq!(second["lists"]["all"]["count"], 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn becoming_a_direct_chat_is_told() {
    let w = World::start().await;
    let [alice, bob] = w.users(["alice", "bob"]).await;
    let id = alice.creates_room_with([&bob]).await;
    let first = ask(&alice, None, everything()).await.ok();
    assert!(room(&first, &id).get("is_dm").is_none());
    alice.sets_account_data("m.direct", json!({&bob.id: [&id]})).await.ok();
    let second = ask(&alice, pos(&first), everything()).await.ok();
    assert_eq!(room(&second, &id)["is_dm"], true);
    alice.sets_account_data("m.direct", json!({})).await.ok();
    let third = ask(&alice, pos(&second), everything()).await.ok();
    assert_eq!(room(&third, &id)["is_dm"], false);
}
