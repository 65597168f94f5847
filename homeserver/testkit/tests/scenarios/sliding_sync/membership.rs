//! Rooms one is invited to, left, or was removed from.

use serde_json::json;
use testkit::World;

use super::{ask, ask_waiting, bodies, everything, keys, list, pos, room, rooms, sorted, state};

#[tokio::test(flavor = "multi_thread")]
async fn an_invite_shows_stripped_state_and_nothing_of_the_room() {
    let w = World::start().await;
    let [alice, bob] = w.users(["alice", "bob"]).await;
    let id = bob.creates_room_like(json!({"name": "Tea"})).await.room_id();
    bob.sends(&id, "not for alice").await.ok();
    let first = ask(&alice, None, everything()).await.ok();
    let (second, _) = tokio::join!(ask_waiting(&alice, pos(&first), 20_000, everything()), async {
        w.until_waiting(1).await;
        bob.invites(&id, &alice).await
    });
    let second = second.ok();
    let part = room(&second, &id);
    let names: Vec<_> = part["invite_state"].as_array().unwrap().iter().map(|event| &event["type"]).collect();
    assert!(names.contains(&&json!("m.room.name")) && names.contains(&&json!("m.room.member")), "{part}");
    for hidden in ["timeline", "required_state", "joined_count", "heroes", "name"] {
        assert!(part.get(hidden).is_none(), "{hidden}: {part}");
    }
    bob.sends(&id, "still not for alice").await.ok();
    bob.sets_state(&id, "m.room.name", "", json!({"name": "Coffee"})).await.ok();
    let third = ask_waiting(&alice, pos(&second), 100, everything()).await.ok();
    assert!(rooms(&third).is_empty(), "{third}");
    alice.joins(&id).await.ok();
    let fourth = ask(&alice, pos(&third), everything()).await.ok();
    let part = room(&fourth, &id);
    assert_eq!((&part["initial"], &part["name"]), (&json!(true), &json!("Coffee")));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_room_one_left_is_told_once_more_and_then_never() {
    let w = World::start().await;
    let [alice, bob] = w.users(["alice", "bob"]).await;
    let id = alice.creates_room_like(json!({"preset": "public_chat"})).await.room_id();
    bob.joins(&id).await.ok();
    let me = list(json!([[0, 9]]), 5, json!([["m.room.member", "$ME"]]));
    let first = ask(&bob, None, me.clone()).await.ok();
    alice.sends(&id, "before").await.ok();
    bob.leaves(&id).await.ok();
    alice.sends(&id, "after").await.ok();
    let second = ask(&bob, pos(&first), me.clone()).await.ok();
    let part = room(&second, &id);
    assert_eq!(bodies(part), ["before"]);
    assert_eq!(state(part), keys([("m.room.member", &bob.id)]));
    assert_eq!(part["required_state"][0]["content"]["membership"], "leave");
    let third = ask(&bob, pos(&second), me.clone()).await.ok();
    assert!(rooms(&third).is_empty());
    assert_eq!(third["lists"]["all"]["count"], 0);
    assert!(
        rooms(&ask(&bob, None, me.clone()).await.ok()).is_empty(),
        "a new connection hears nothing of it"
    );
    bob.joins(&id).await.ok();
    let back = ask(&bob, None, me).await.ok();
    assert_eq!(room(&back, &id)["initial"], true);
}

#[tokio::test(flavor = "multi_thread")]
async fn t13_after_a_kick_or_ban_nothing_follows() {
    let w = World::start().await;
    let [alice, bob, carol] = w.users(["alice", "bob", "carol"]).await;
    for (user, ban) in [(&bob, false), (&carol, true)] {
        let id = alice.creates_room_with([user]).await;
        let mut body = list(json!([[0, 9]]), 5, json!([["*", "*"]]));
        body["room_subscriptions"] = json!({&id: {"timeline_limit": 20, "required_state": [["*", "*"]]}});
        body["extensions"] = json!({"typing": {"enabled": true}, "receipts": {"enabled": true}});
        let first = ask(user, None, body.clone()).await.ok();
        if ban {
            alice.bans(user, &id).await.ok()
        } else {
            alice.kicks(user, &id).await.ok()
        };
        let secret = alice.sends(&id, "secret").await.event_id();
        alice.sets_state(&id, "m.room.topic", "", json!({"topic": "secret"})).await.ok();
        alice.has_read(&id, &secret).await.ok();
        alice.types(&id, 30_000).await.ok();
        let second = ask(user, pos(&first), body.clone()).await.ok();
        let membership = room(&second, &id)["timeline"].as_array().unwrap().last().unwrap();
        assert_eq!(membership["content"]["membership"], if ban { "ban" } else { "leave" });
        let third = ask_waiting(user, pos(&second), 100, body.clone()).await.ok();
        let anew = ask(user, None, body.clone()).await.ok();
        assert_eq!(rooms(&anew), sorted([&id]), "a removal is always shown");
        for answer in [&second, &third, &anew] {
            assert!(!answer.to_string().contains("secret"), "{answer}");
            assert!(
                answer["extensions"].get("typing").is_none()
                    && answer["extensions"].get("receipts").is_none()
            );
        }
        assert!(rooms(&third).is_empty());
        alice.stops_typing(&id).await.ok();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn t13_a_subscription_to_a_room_one_never_was_in_is_ignored() {
    let w = World::start().await;
    let [alice, bob] = w.users(["alice", "bob"]).await;
    let public = json!({"preset": "public_chat", "initial_state": [
        {"type": "m.room.history_visibility", "state_key": "", "content": {"history_visibility": "world_readable"}}]});
    let id = alice.creates_room_like(public).await.room_id();
    let body = json!({"room_subscriptions": {
        &id: {"timeline_limit": 9, "required_state": [["*", "*"]]},
        "!unknown:test.example": {"timeline_limit": 9, "required_state": []},
    }});
    assert!(rooms(&ask(&bob, None, body.clone()).await.ok()).is_empty());
    alice.bans(&bob, &id).await.ok();
    assert!(
        rooms(&ask(&bob, None, body.clone()).await.ok()).is_empty(),
        "banned without ever having been in"
    );
    assert!(rooms(&ask(&bob, None, everything()).await.ok()).is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_withdrawn_invite_is_told() {
    let w = World::start().await;
    let [alice, bob] = w.users(["alice", "bob"]).await;
    let id = bob.creates_room_like(json!({"name": "Hidden", "invite": [&alice.id]})).await.room_id();
    let first = ask(&alice, None, everything()).await.ok();
    assert!(room(&first, &id).get("invite_state").is_some());
    bob.kicks(&alice, &id).await.ok();
    bob.sets_state(&id, "m.room.name", "", json!({"name": "Secret"})).await.ok();
    let second = ask(&alice, pos(&first), everything()).await.ok();
    let part = room(&second, &id);
    assert_eq!(part["timeline"].as_array().unwrap().len(), 1, "{part}");
    assert_eq!(part["timeline"][0]["content"]["membership"], "leave");
    assert!(!second.to_string().contains("Secret") && part.get("name").is_none(), "{second}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_forgotten_room_is_gone() {
    let w = World::start().await;
    let [alice, bob] = w.users(["alice", "bob"]).await;
    let id = alice.creates_room_with([&bob]).await;
    alice.kicks(&bob, &id).await.ok();
    assert_eq!(rooms(&ask(&bob, None, everything()).await.ok()), sorted([&id]));
    bob.forgets(&id).await.ok();
    assert!(rooms(&ask(&bob, None, everything()).await.ok()).is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_comes_back_gets_the_room_anew() {
    let w = World::start().await;
    let [alice, bob] = w.users(["alice", "bob"]).await;
    let id = alice.creates_room_like(json!({"preset": "public_chat"})).await.room_id();
    bob.joins(&id).await.ok();
    let first = ask(&bob, None, everything()).await.ok();
    bob.leaves(&id).await.ok();
    alice.sets_state(&id, "m.room.name", "", json!({"name": "Renamed"})).await.ok();
    bob.joins(&id).await.ok();
    let second = ask(&bob, pos(&first), everything()).await.ok();
    let part = room(&second, &id);
    assert_eq!((&part["initial"], &part["name"]), (&json!(true), &json!("Renamed")), "{part}");
}
