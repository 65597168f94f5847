//! Names of rooms and of conversations.

use bridge_api::Happened;
use serde_json::json;

use super::{ALICE, Stage};

fn powers() -> serde_json::Value {
    json!({ "users": { ALICE: 100 }, "users_default": 0, "state_default": 0 })
}

#[tokio::test]
async fn the_name_of_a_room_is_that_of_its_conversation_and_does_not_come_back() {
    let mut stage = Stage::new().await;
    stage.sets_state(ALICE, "m.room.power_levels", powers()).await;
    stage.sets_state(ALICE, "m.room.name", json!({ "name": "Project" })).await;
    stage.until("it is called so there", |stage| stage.platform.renamed() == ["Project"]).await;
    let echo = Happened::Renamed { name: "Project".to_owned(), by: None };
    stage.happens(echo).await;
    stage.sets_state(ALICE, "m.room.name", json!({ "name": "Project" })).await;
    stage.says("behind it").await;
    stage.until("all is worked off", |stage| stage.platform.words() == ["behind it"]).await;
    assert_eq!(stage.platform.renamed(), ["Project"]);
    assert!(!stage.is_told("is called"), "nobody is told what they said");

    let other = Happened::Renamed { name: "Other".to_owned(), by: None };
    stage.happens(other).await;
    stage.until("people are told", |stage| stage.is_told("is called “Other” now")).await;
    assert_eq!(stage.platform.renamed(), ["Project"]);
}

#[tokio::test]
async fn who_may_not_bind_a_room_and_a_room_of_two_conversations_name_none() {
    let mut stage = Stage::new().await;
    stage.sets_state(ALICE, "m.room.power_levels", json!({ "users_default": 0, "state_default": 0 })).await;
    stage.sets_state(ALICE, "m.room.name", json!({ "name": "Mine" })).await;
    stage.says("one").await;
    stage.until("it is worked off", |stage| stage.platform.words() == ["one"]).await;
    assert!(stage.platform.renamed().is_empty(), "anybody may name this room");
    stage.sets_state(ALICE, "m.room.power_levels", powers()).await;
    let room = stage.room.clone();
    stage.binds("oc_2", &room).await;
    stage.sets_state(ALICE, "m.room.name", json!({ "name": "Ours" })).await;
    stage.says("two").await;
    stage.until("it is worked off", |stage| stage.platform.words() == ["one", "two", "two"]).await;
    assert!(stage.platform.renamed().is_empty(), "two groups keep names of their own");
}
