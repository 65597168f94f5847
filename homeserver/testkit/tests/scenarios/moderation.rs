//! What moderators have beyond kicking, banning and redacting.

use serde_json::{Value, json};
use testkit::{User, World, segment};

const REDACTS: &str = "org.matrix.msc4293.redact_events";

async fn event_unredacted(user: &User, room: &str, event: &str) -> testkit::Answer {
    let query = "fi.mau.msc2815.include_unredacted_content=true";
    user.get(&format!("/_matrix/client/v3/rooms/{}/event/{}?{query}", segment(room), segment(event))).await
}

#[tokio::test(flavor = "multi_thread")]
async fn moderators_read_what_redacted_events_said_and_nobody_else_does() {
    let w = World::start().await;
    let [alice, bob, carol] = w.users(["alice", "bob", "carol"]).await;
    let room = alice.creates_room_with([&bob, &carol]).await;
    let event = bob.sends(&room, "what bob said").await.event_id();
    bob.redacts(&room, &event).await.ok();
    let plain = alice.event(&room, &event).await.ok();
    assert_eq!(plain["content"], json!({}));
    let kept = event_unredacted(&alice, &room, &event).await.ok();
    assert_eq!(kept["content"]["body"], "what bob said");
    assert!(kept["unsigned"]["redacted_because"].is_object(), "{kept}");
    event_unredacted(&carol, &room, &event).await.fails_as(403, "M_FORBIDDEN");
    event_unredacted(&bob, &room, &event).await.fails_as(403, "M_FORBIDDEN");
    let outside = w.user("dave").await;
    event_unredacted(&outside, &room, &event).await.fails_as(404, "M_NOT_FOUND");
    let versions = w.stranger().get("/_matrix/client/versions").await.ok();
    assert_eq!(versions["unstable_features"]["fi.mau.msc2815"], true);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_keeps_no_redacted_content_does_not_claim_to() {
    let w = World::configured(|config| config.rooms.redacted_content_days = 0).await;
    let alice = w.user("alice").await;
    let room = alice.creates_room().await;
    let event = alice.sends(&room, "gone").await.event_id();
    alice.redacts(&room, &event).await.ok();
    let answer = event_unredacted(&alice, &room, &event).await.ok();
    assert_eq!(answer["content"], json!({}), "the argument is not known here");
    let versions = w.stranger().get("/_matrix/client/versions").await.ok();
    assert_eq!(versions["unstable_features"].get("fi.mau.msc2815"), None);
}

/// Bodies of a user's messages as a member finds them, null for a redacted one.
async fn said(reader: &User, room: &str, by: &User) -> Vec<Value> {
    let history = reader.whole_history(room).await;
    let theirs = history.iter().filter(|event| event["sender"] == by.id && event["type"] == "m.room.message");
    theirs.map(|event| event["content"]["body"].clone()).collect()
}

async fn until_said(reader: &User, room: &str, by: &User, expected: &[Value]) {
    for _ in 0..500 {
        if said(reader, room, by).await == expected {
            return;
        }
    }
    panic!("{} still reads {:?}", reader.id, said(reader, room, by).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_ban_that_says_so_takes_the_users_messages_along() {
    let w = World::start().await;
    let [alice, spammer, bob] = w.users(["alice", "spammer", "bob"]).await;
    let room = alice.creates_room_with([&spammer, &bob]).await;
    for number in 0..3 {
        spammer.sends(&room, &format!("spam {number}")).await.ok();
        bob.sends(&room, "please stop").await.ok();
    }
    let ban = json!({"user_id": spammer.id, "reason": "spam", REDACTS: true});
    alice.room_action(&room, "ban", ban).await.ok();
    until_said(&bob, &room, &spammer, &[Value::Null, Value::Null, Value::Null]).await;
    assert_eq!(said(&bob, &room, &bob).await, ["please stop"; 3].map(Value::from));
    let history = bob.whole_history(&room).await;
    let redacted =
        history.iter().find(|event| event["sender"] == spammer.id && event["type"] == "m.room.message");
    let because = &redacted.unwrap()["unsigned"]["redacted_because"];
    assert_eq!((&because["type"], &because["content"]["reason"]), (&json!("m.room.member"), &json!("spam")));
    let state = bob.state(&room, "m.room.member", &spammer.id).await.ok();
    assert_eq!((&state["membership"], &state[REDACTS]), (&json!("ban"), &json!(true)));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_removal_redacts_only_where_its_sender_might_have() {
    let w = World::start().await;
    let [alice, bob, carol] = w.users(["alice", "bob", "carol"]).await;
    let room = alice
        .creates_room_like(json!({
            "preset": "public_chat", "room_version": "11",
            "power_level_content_override": {"users": {&alice.id: 100, &bob.id: 60}, "redact": 80},
        }))
        .await
        .room_id();
    bob.joins(&room).await.ok();
    carol.joins(&room).await.ok();
    carol.sends(&room, "first").await.ok();
    let kick = || json!({"user_id": carol.id, REDACTS: true});
    bob.room_action(&room, "kick", kick()).await.ok();
    carol.joins(&room).await.ok();
    carol.sends(&room, "second").await.ok();
    // The reader goes in the order of the stream: when this kick has had its effect, the first had none.
    let lift = json!({"users": {&alice.id: 100, &bob.id: 60}, "redact": 100});
    alice.sets_state(&room, "m.room.power_levels", "", lift).await.ok();
    let dave = w.user("dave").await;
    dave.joins(&room).await.ok();
    dave.sends(&room, "dave was here").await.ok();
    alice.room_action(&room, "kick", json!({"user_id": dave.id, REDACTS: true})).await.ok();
    until_said(&alice, &room, &dave, &[Value::Null]).await;
    assert_eq!(said(&alice, &room, &carol).await, ["first", "second"].map(Value::from));
}
