//! Many at once: nobody waits for what concerns others, and who meets at a door gets one answer.

use std::sync::Arc;

use serde_json::json;
use testkit::{Answer, User, World, segment};
use tokio::task::JoinSet;

/// Changes of state that one user asks for at once.
const FLOOD: usize = 1_500;

/// What others do meanwhile.
const MEANWHILE: usize = 5;

/// Long polls that wait at once: of so many people, on so many connections each.
const PEOPLE: usize = 10;
const POLLS_EACH: usize = 100;

#[tokio::test]
async fn t15_one_users_flood_on_one_room_does_not_hold_up_others() {
    let world = World::start().await;
    let [mallory, alice] = world.users(["mallory", "alice"]).await;
    let flooded = mallory.creates_room_with([&alice]).await;
    let quiet = alice.creates_room().await;
    let mallory = Arc::new(mallory);
    let mut flood: JoinSet<u16> = JoinSet::new();
    for number in 0..FLOOD {
        let (mallory, room) = (Arc::clone(&mallory), flooded.clone());
        flood.spawn(async move {
            let topic = json!({ "topic": number.to_string() });
            mallory.sets_state(&room, "m.room.topic", "", topic).await.status()
        });
    }
    for number in 0..MEANWHILE {
        alice.sends(&quiet, &format!("meanwhile {number}")).await.ok();
        alice.joined_rooms().await;
        alice.syncs().await;
    }
    let mut done = 0;
    while let Some(status) = flood.try_join_next() {
        assert_eq!(status.expect("a request ends"), 200);
        done += 1;
    }
    assert!(done < FLOOD, "alice was done before the flood was");
    while let Some(status) = flood.join_next().await {
        assert_eq!(status.expect("a request ends"), 200);
    }
    alice.sends(&flooded, "after the flood").await.ok();
}

#[tokio::test]
async fn t33_a_private_change_wakes_the_sessions_of_its_user_and_nobody_else() {
    let world = World::start().await;
    let mut polls: JoinSet<(usize, bool)> = JoinSet::new();
    let mut people = Vec::with_capacity(PEOPLE);
    for number in 0..PEOPLE {
        let person = Arc::new(world.user(&format!("person{number}")).await);
        person.creates_room().await;
        person.syncs().await;
        let since = person.since().expect("a sync gives a token");
        for _ in 0..POLLS_EACH {
            let (person, since) = (Arc::clone(&person), since.clone());
            polls.spawn(async move {
                let path =
                    format!("/_matrix/client/v3/sync?timeout=50000&set_presence=offline&since={since}");
                let body = person.get(&path).await.ok();
                let events = body["account_data"]["events"].as_array().cloned().unwrap_or_default();
                (number, events.iter().any(|event| event["type"] == "org.example.note"))
            });
        }
        people.push(person);
    }
    world.until_waiting(PEOPLE * POLLS_EACH).await;
    people[3].sets_account_data("org.example.note", json!({ "for": "me" })).await.ok();
    for _ in 0..POLLS_EACH {
        let (number, has_it) = polls.join_next().await.expect("polls wait").expect("a poll ends");
        assert_eq!((number, has_it), (3, true));
    }
    // Whoever was woken by mistake would have been answered before this.
    people[3].sets_account_data("org.example.note", json!({ "for": "me", "again": true })).await.ok();
    people[3].syncs().await;
    assert!(polls.try_join_next().is_none(), "the others go on waiting");
    assert_eq!(polls.len(), (PEOPLE - 1) * POLLS_EACH);
    polls.abort_all();
}

async fn joins_via(user: &User, room: &str, server: &World) -> Answer {
    let path = format!("/_matrix/client/v3/join/{}?via={}", segment(room), segment(&server.server_name()));
    user.post(&path, json!({})).await
}

#[tokio::test]
async fn t32_two_joins_at_once_into_a_busy_room_both_succeed() {
    let [a, b] = World::federated(["a", "b"]).await;
    let ([alice], [bob, carol, dave]) = (a.users(["alice"]).await, b.users(["bob", "carol", "dave"]).await);
    for version in ["11", "12"] {
        let body = json!({ "preset": "public_chat", "room_version": version });
        let room = alice.creates_room_like(body).await.room_id();
        joins_via(&dave, &room, &a).await.ok();
        let talks = async {
            let mut last = String::new();
            for number in 0..40 {
                last = alice.sends(&room, &format!("talk {number}")).await.event_id();
            }
            last
        };
        let (last, first, second) =
            tokio::join!(talks, joins_via(&bob, &room, &a), joins_via(&carol, &room, &a));
        first.ok();
        second.ok();
        dave.waits_for_event(&room, &last).await;
        for user in [&bob, &carol] {
            let message = user.sends(&room, "in").await.event_id();
            alice.waits_for_event(&room, &message).await;
            dave.waits_for_event(&room, &message).await;
        }
    }
}

#[tokio::test]
async fn t32_a_join_that_races_with_a_ban_ends_banned_on_both_servers() {
    let [a, b] = World::federated(["a", "b"]).await;
    let ([alice], [bob, carol]) = (a.users(["alice"]).await, b.users(["bob", "carol"]).await);
    for _ in 0..4 {
        let room = alice.creates_room().await;
        joins_via(&carol, &room, &a).await.ok();
        let (mut joined, banned) = tokio::join!(joins_via(&bob, &room, &a), alice.bans(&bob, &room));
        banned.ok();
        assert!([200, 403].contains(&joined.status()), "{joined}");
        let message = alice.sends(&room, "after the ban").await.event_id();
        carol.waits_for_event(&room, &message).await;
        for user in [&alice, &carol] {
            let membership = user.state(&room, "m.room.member", &bob.id).await.ok()["membership"].clone();
            assert_eq!(membership, "ban", "as {} sees it", user.id);
        }
        joins_via(&bob, &room, &a).await.fails_as(403, "M_FORBIDDEN");
    }
}
