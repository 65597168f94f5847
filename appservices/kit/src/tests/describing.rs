//! Rooms that were there before their bot described its commands, or described them as they are now.

use std::sync::LazyLock;

use serde_json::{Value, json};
use store::Batch;

use super::{ALICE, BOT, clerk, clerk::VERBS};
use crate::{
    Call, CallError, Letter, To, Verb,
    describing::Looked,
    double::{Fault, Stage},
    notice,
};

const BOB: &str = "@bob:test";
const DESCRIPTION: &str = "org.matrix.msc4391.command_description";

/// What the clerk takes after an update: `tell` is no more, `count` is new in its place, the rest is as it was.
static VERBS_LATER: LazyLock<Vec<Verb>> = LazyLock::new(|| {
    let count = Verb { id: "count", names: &["数", "count"], help: "clerk.note" };
    VERBS.iter().map(|verb| if verb.id == "tell" { count } else { *verb }).collect()
});

/// Has the clerk go once through the rooms that wait; how many failed.
async fn describes(stage: &Stage) -> usize {
    let (kit, mut after, mut failed) = (stage.kit(), None, 0);
    kit.queue_rooms(BOT).await.unwrap();
    loop {
        match kit.describe_next(BOT, &mut after).await {
            Ok(Looked::Described) => {}
            Ok(Looked::AtEnd | Looked::Nothing) => return failed,
            Err(_) => failed += 1,
        }
    }
}

/// The commands that stand described in a room, in the order of their writing.
fn commands(stage: &Stage, room: &str) -> Vec<String> {
    let home = stage.homeserver();
    let mut found: Vec<String> = Vec::new();
    for event in home.events(room).into_iter().filter(|event| event["type"] == DESCRIPTION) {
        let state = home.state(room, DESCRIPTION, event["state_key"].as_str().unwrap());
        let command = state["command"].as_str().unwrap_or_default().to_owned();
        if !command.is_empty() && !found.contains(&command) {
            found.push(command);
        }
    }
    found
}

/// Requests that were made since there were so many.
fn requests_since(stage: &Stage, count: usize) -> Vec<String> {
    stage.homeserver().requests().split_off(count)
}

/// The clerk's direct chat with Alice, which she opened.
async fn chat_of_alice(stage: &mut Stage) -> String {
    let chat = stage.room_with(ALICE, BOT, true);
    stage.settle().await;
    chat
}

#[tokio::test]
async fn rooms_from_before_are_described_once() {
    let mut stage = Stage::new(clerk::play()).await;
    let chat = chat_of_alice(&mut stage).await;
    let asked = stage.room_with(ALICE, BOT, false);
    stage.settle().await;
    assert!(commands(&stage, &chat).is_empty());
    assert_eq!(describes(&stage).await, 0);
    let described = commands(&stage, &chat);
    assert!(described.starts_with(&["note".to_owned(), "tell".to_owned()]), "{described:?}");
    assert_eq!(described.len(), 8, "a first sync shows what was said, too: {described:?}");
    assert!(described.ends_with(&["help".to_owned(), "lang".to_owned()]), "{described:?}");
    assert!(commands(&stage, &asked).is_empty(), "a room of somebody else stays theirs");
    for _ in 0..2 {
        let before = stage.homeserver().requests().len();
        assert_eq!(describes(&stage).await, 0);
        assert_eq!(requests_since(&stage, before), Vec::<String>::new(), "nothing changed, nothing is asked");
        stage.restart().await;
    }
}

#[tokio::test]
async fn whoever_asks_for_commands_gets_to_know_the_others() {
    let mut stage = Stage::new(clerk::play()).await;
    let chat = chat_of_alice(&mut stage).await;
    assert_eq!(describes(&stage).await, 0);
    assert_eq!(commands(&stage, &chat).len(), 8);
    for _ in 0..2 {
        stage.says(ALICE, &chat, "!help");
        stage.settle().await;
        assert_eq!(describes(&stage).await, 0);
        assert_eq!(commands(&stage, &chat).len(), 11, "nine of the clerk, two of the kit");
    }
    let descriptions = stage.homeserver().events(&chat).into_iter();
    assert_eq!(descriptions.filter(|event| event["type"] == DESCRIPTION).count(), 11, "each once");
}

#[tokio::test]
async fn after_an_update_only_what_changed_is_written() {
    let mut stage = Stage::new(clerk::play()).await;
    let chat = chat_of_alice(&mut stage).await;
    stage.says(ALICE, &chat, &format!("!tell {BOB}"));
    stage.settle().await;
    let made = stage.chat(BOT, BOB);
    describes(&stage).await;
    stage.restart().await;
    stage.kit().note_verbs(BOT, &VERBS_LATER);
    let before = stage.homeserver().requests().len();
    assert_eq!(describes(&stage).await, 0);
    for (room, count) in [(&chat, 8), (&made, 11)] {
        let now = commands(&stage, room);
        assert!(now.contains(&"count".to_owned()) && !now.contains(&"tell".to_owned()), "{now:?}");
        assert_eq!(now.len(), count);
    }
    let requests = requests_since(&stage, before);
    let written = requests.iter().filter(|line| line.starts_with("PUT"));
    assert_eq!(written.count(), 4, "in each of two rooms one is new and one is gone: {requests:#?}");
}

#[tokio::test]
async fn an_update_that_is_stopped_in_the_middle_goes_on() {
    let mut stage = Stage::new(clerk::play()).await;
    let mut chats = vec![chat_of_alice(&mut stage).await];
    for person in [BOB, "@carol:test"] {
        chats.push(stage.room_with(person, BOT, true));
        stage.settle().await;
    }
    // One room waits for the homeserver, which does not keep the others from their turn.
    stage.fails_next(Fault::Lost(CallError::Limited(None)));
    assert_eq!(describes(&stage).await, 1);
    let done = |stage: &Stage| chats.iter().filter(|chat| commands(stage, chat).len() == 8).count();
    assert_eq!(done(&stage), 2);
    stage.restart().await;
    // And once more, where the homeserver does what it is asked for and nobody hears of it.
    stage.fails_next(Fault::AnswerLost);
    assert_eq!(describes(&stage).await, 1);
    stage.restart().await;
    let before = stage.homeserver().requests().len();
    assert_eq!(describes(&stage).await, 0);
    assert_eq!(done(&stage), 3);
    let requests = requests_since(&stage, before);
    assert_eq!(requests.len(), 19, "the one room, each command looked at, eight written: {requests:#?}");
}

#[tokio::test]
async fn where_a_bot_may_not_write_it_does_not_try_again() {
    let mut stage = Stage::new(clerk::play()).await;
    let chat = chat_of_alice(&mut stage).await;
    let refused = CallError::Refused { status: 403, code: "M_FORBIDDEN".to_owned(), message: String::new() };
    stage.fails_next(Fault::Lost(refused));
    assert_eq!(describes(&stage).await, 0);
    let before = stage.homeserver().requests().len();
    stage.restart().await;
    describes(&stage).await;
    let asked = requests_since(&stage, before);
    assert!(asked.iter().all(|line| !line.contains(DESCRIPTION)), "{asked:?}");
    // The commands work as well as before, and with the next change it is tried again.
    stage.says(ALICE, &chat, "!note still here");
    stage.settle().await;
    assert_eq!(stage.last(&chat), "noted: still here");
    stage.kit().note_verbs(BOT, &VERBS_LATER);
    describes(&stage).await;
    assert_eq!(commands(&stage, &chat).len(), 8);
}

#[tokio::test]
async fn a_room_where_nobody_types_is_left_alone() {
    let mut stage = Stage::new(clerk::play()).await;
    let kit = stage.kit().clone();
    let mut batch = Batch::new();
    for (key, kind) in [("books", "ledger"), ("team", "team")] {
        let state =
            json!({ "type": "com.lianqiao.room", "state_key": "", "content": { "v": 1, "kind": kind } });
        let request: Value = json!({ "preset": "private_chat", "initial_state": [state] });
        kit.order_place(&mut batch, BOT, key, request).await.unwrap();
        kit.outbox().put(&mut batch, Letter::message(key, BOT, To::Place(key.to_owned()), notice("here")));
    }
    kit.store().commit(batch).await.unwrap();
    stage.settle().await;
    assert_eq!(describes(&stage).await, 0);
    stage.restart().await;
    stage.kit().note_verbs(BOT, &VERBS_LATER);
    assert_eq!(describes(&stage).await, 0);
    let place = async |key: &str| stage.kit().place(BOT, key).await.unwrap().unwrap();
    let (books, team) = (place("books").await, place("team").await);
    assert!(commands(&stage, books.as_str()).is_empty());
    let now = commands(&stage, team.as_str());
    assert!(now.contains(&"count".to_owned()) && !now.contains(&"tell".to_owned()), "{now:?}");
    // The bot leaves: there is nothing to write any more.
    let leave = ["client", "v3", "rooms", team.as_str(), "leave"];
    stage.homeserver().does(&format!("@{BOT}:test"), Call::new(http::Method::POST, &leave));
    stage.settle().await;
    stage.restart().await;
    let before = stage.homeserver().requests().len();
    describes(&stage).await;
    let asked = requests_since(&stage, before);
    assert!(asked.iter().all(|line| !line.contains(team.as_str())), "{asked:?}");
}
