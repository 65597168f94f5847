//! Rooms that are replaced while a bot is in them.

use serde_json::json;

use super::{ALICE, BOT, in_a_room};

/// Replaces a room by another one, into which the bot is asked as upgrades do it.
fn replaces(stage: &crate::double::Stage, old: &str) -> String {
    let new = stage.room_with(ALICE, BOT, false);
    stage.sets_state(ALICE, old, "m.room.tombstone", "", json!({ "body": "moved", "replacement_room": new }));
    new
}

#[tokio::test]
async fn a_bot_goes_where_its_room_goes_and_speaks_there() {
    let (mut stage, room) = in_a_room().await;
    stage.says(ALICE, &room, "!alarm 60000");
    stage.settle().await;
    let new = replaces(&stage, &room);
    stage.settle().await;
    assert!(stage.said(&new).is_empty() || stage.said(&new) == [format!("on to {new}")]);
    stage.says(ALICE, &new, "!note here");
    stage.settle().await;
    assert!(stage.said(&new).contains(&"noted: here".to_owned()));
    stage.advance_ms(60_000);
    stage.settle().await;
    assert!(stage.said(&new).contains(&"ring, late false".to_owned()), "{:?}", stage.said(&new));
    assert!(!stage.said(&room).contains(&"ring, late false".to_owned()));
}

#[tokio::test]
async fn a_direct_chat_that_was_replaced_is_the_direct_chat_of_that_person() {
    let (mut stage, room) = in_a_room().await;
    let chat = stage.room_with("@bob:test", BOT, true);
    stage.settle().await;
    let new = stage.room_with("@bob:test", BOT, false);
    let end = json!({ "body": "moved", "replacement_room": new });
    stage.sets_state("@bob:test", &chat, "m.room.tombstone", "", end);
    stage.settle().await;
    stage.restart().await;
    stage.says(ALICE, &room, "!tell @bob:test");
    stage.settle().await;
    assert!(stage.said(&new).contains(&"psst".to_owned()), "{:?}", stage.said(&new));
    assert!(!stage.said(&chat).contains(&"psst".to_owned()));
}

#[tokio::test]
async fn nobody_is_followed_into_a_room_by_an_event_that_is_no_end() {
    let (mut stage, room) = in_a_room().await;
    for (state_key, content) in [
        ("x", json!({ "replacement_room": "!z:test" })),
        ("", json!({})),
        ("", json!({ "replacement_room": room })),
    ] {
        stage.sets_state(ALICE, &room, "m.room.tombstone", state_key, content);
    }
    stage.settle().await;
    assert!(!stage.homeserver().requests().iter().any(|line| line.contains("z:test")));
    stage.says(ALICE, &room, "!note still here");
    stage.settle().await;
    assert_eq!(stage.said(&room), ["noted: still here"]);
}
