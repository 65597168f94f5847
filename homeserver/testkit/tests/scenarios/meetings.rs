//! Meetings through the real server: the transcripts of the bot's pages, and golden ones, message by message.

use std::path::Path;

use serde_json::{Value, json};
use testkit::{User, World};

use crate::transcripts::{Play, transcripts};

/// The bot's pages, which people read in two languages.
const PAGES: [&str; 2] = [
    include_str!("../../../../appservices/meetings/README.zh-CN.md"),
    include_str!("../../../../appservices/meetings/README.md"),
];

pub(crate) const BOT: &str = "@meet:test.example";

/// A direct chat with the bot.
pub(crate) async fn chat(person: &User) -> String {
    let body = json!({ "preset": "trusted_private_chat", "is_direct": true, "invite": [BOT] });
    person.creates_room_like(body).await.room_id()
}

/// A golden transcript. It is read when it is played, so that it can be corrected without building anything.
fn golden(name: &str) -> String {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/scenarios/golden").join(name);
    std::fs::read_to_string(file).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_pages_show_is_what_the_server_does() {
    for page in PAGES {
        for transcript in transcripts(page) {
            Play::new("meet", false).await.plays(transcript).await;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn golden_a_meeting_is_booked_answered_moved_held_and_its_minutes_become_a_task() {
    let mut play = Play::new("meet", false).await;
    play.plays(&golden("meeting.zh.txt")).await;
    play.has_shown_nothing_else().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn golden_a_meeting_in_english_is_proposed_otherwise_and_taken() {
    let mut play = Play::new("meet", false).await;
    play.plays(&golden("meeting.en.txt")).await;
    play.has_shown_nothing_else().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn golden_a_time_is_found_by_a_poll() {
    let mut play = Play::new("meet", false).await;
    play.plays(&golden("poll.txt")).await;
    play.has_shown_nothing_else().await;
}

/// The room into which somebody is asked by this sync, where it is that of a meeting.
fn room_of_meeting(synced: &Value) -> Option<String> {
    let invites = synced["rooms"]["invite"].as_object()?;
    let is_named = |events: &Value| {
        let events = events["invite_state"]["events"].as_array().into_iter().flatten();
        let mut names = events.filter_map(|event| event["content"]["name"].as_str());
        names.any(|name| name.starts_with("MT-"))
    };
    invites.iter().find(|(_, invite)| is_named(invite)).map(|(room, _)| room.clone())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_meeting_of_a_direct_chat_gets_a_room_with_a_call_for_its_people() {
    let w = World::configured(|config| config.bots.enabled = true).await;
    let [alice, bob] = w.users(["alice", "bob"]).await;
    let chat = chat(&alice).await;
    alice.sends(&chat, "!meet Review @bob:test.example tomorrow 10:00 30m").await.ok();
    let mut found = None;
    bob.syncs_until("an invitation into the room of the meeting", |synced| {
        found = room_of_meeting(synced);
        found.is_some()
    })
    .await;
    let room = found.unwrap();
    for person in [&alice, &bob] {
        person.joins(&room).await.ok();
        // Everybody may be in the call, and nobody may change who may do what.
        person.sets_state(&room, "org.matrix.msc3401.call.member", &person.id, json!({})).await.ok();
        let powers = json!({ "users": { "@bob:test.example": 100 } });
        person.sets_state(&room, "m.room.power_levels", "", powers).await.fails_as(403, "M_FORBIDDEN");
    }
    // The card in the chat has the link into the room.
    let has_link = |event: &Value| {
        let body = event["content"]["m.new_content"]["body"].as_str().unwrap_or_default();
        body.contains("https://matrix.to/#/")
    };
    shows(&alice, &chat, has_link).await;
}

/// What stands in a room, the newest first, once something there is as meant.
async fn shows(person: &User, room: &str, is_meant: impl Fn(&Value) -> bool) {
    let path = format!("/_matrix/client/v3/rooms/{room}/messages?dir=b&limit=100");
    let is_there = |page: &Value| page["chunk"].as_array().is_some_and(|chunk| chunk.iter().any(&is_meant));
    person.gets_until(&path, is_there).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_invitation_and_its_file_ring_once_by_the_rules_that_everybody_has() {
    let w = World::configured(|config| {
        config.bots.enabled = true;
        config.meetings.conference = "none".to_owned();
    })
    .await;
    let [alice, bob] = w.users(["alice", "bob"]).await;
    // What came before somebody was in a room is not counted.
    let (chat_of_alice, desk) = (chat(&alice).await, chat(&bob).await);
    bob.sends(&desk, "!meet today").await.ok();
    shows(&bob, &desk, |event| event["sender"] == BOT && event["type"] == "m.room.message").await;
    alice.sends(&chat_of_alice, "!meet Review @bob:test.example tomorrow 10:00 30m").await.ok();
    shows(&bob, &desk, |event| event["content"]["m.new_content"]["msgtype"] == "m.file").await;
    let synced = bob.get("/_matrix/client/v3/sync?timeout=0").await.ok();
    let counted = &synced["rooms"]["join"][&desk]["unread_notifications"];
    assert_eq!(counted, &json!({ "highlight_count": 1, "notification_count": 1 }));
}
