//! The bots in the process of the server, as people meet them.

use std::{path::Path, process::Stdio};

use serde_json::{Value, json};
use testkit::{
    ServerProcess, User, World, free_port, lianqiao_binary,
    limits::{LOOK_INTERVAL, WORK_PATIENCE},
};

pub const BOT: &str = "@approvals:test.example";

async fn with_bots() -> World {
    World::configured(|config| config.bots.enabled = true).await
}

/// Has somebody ask the bot into a new room. It need not have come yet: what is said meanwhile it finds there.
pub async fn room_with_bot(person: &User, is_direct: bool) -> String {
    let body = json!({ "preset": "private_chat", "is_direct": is_direct, "invite": [BOT] });
    let made = person.creates_room_like(body).await.ok();
    made["room_id"].as_str().unwrap().to_owned()
}

/// What the bot said in a room, in order.
async fn said(person: &User, room: &str) -> Vec<String> {
    let history = person.whole_history(room).await;
    let said = history.iter().filter(|event| event["sender"] == BOT && event["type"] == "m.room.message");
    said.map(|event| event["content"]["body"].as_str().unwrap_or_default().to_owned()).collect()
}

/// How many answers to `!help` the bot gave.
async fn answers(person: &User, room: &str) -> usize {
    said(person, room).await.iter().filter(|said| said.contains("!help")).count()
}

/// A server in a process of its own whose section `[bots]` is this.
fn prepared(directory: &Path, bots: &str) -> ServerProcess {
    prepared_at(directory, free_port(), bots)
}

/// As [`prepared`], at this port.
fn prepared_at(directory: &Path, port: u16, bots: &str) -> ServerProcess {
    let server = ServerProcess::prepare(directory, port, "");
    let file = directory.join("lianqiao.toml");
    let text = std::fs::read_to_string(&file).unwrap();
    std::fs::write(&file, text.replace("[bots]\nenabled = false", &format!("[bots]\n{bots}"))).unwrap();
    server
}

/// Waits for an answer of the bot to an event.
pub async fn answer_to(person: &User, room: &str, event: &str) -> Value {
    let path = format!("/_matrix/client/v3/rooms/{room}/messages?dir=b&limit=100");
    let is_answer = |found: &Value| {
        found["sender"] == BOT && found["content"]["m.relates_to"]["m.in_reply_to"]["event_id"] == event
    };
    let page = person
        .gets_until(&path, |page| page["chunk"].as_array().is_some_and(|chunk| chunk.iter().any(is_answer)))
        .await;
    let chunk = page["chunk"].as_array().unwrap();
    chunk.iter().find(|found| is_answer(found)).unwrap().clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bot_joins_the_room_it_is_asked_into_and_answers_in_both_languages() {
    let w = with_bots().await;
    let alice = w.user("alice").await;
    for is_direct in [true, false] {
        let room = room_with_bot(&alice, is_direct).await;
        for (command, begins, names) in [("!help", "Commands of", "!help"), ("！帮助", "", "!帮助")] {
            let asked = alice.sends(&room, command).await.event_id();
            let answer = answer_to(&alice, &room, &asked).await;
            let body = answer["content"]["body"].as_str().unwrap();
            assert!(body.starts_with(begins) && body.contains(names), "{body}");
            assert_eq!(answer["content"]["msgtype"], "m.notice");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn people_find_the_bot_by_name_and_nobody_may_take_its_name() {
    let w = with_bots().await;
    let alice = w.user("alice").await;
    let room = room_with_bot(&alice, true).await;
    let asked = alice.sends(&room, "!help").await.event_id();
    answer_to(&alice, &room, &asked).await;
    let body = json!({ "username": "approvals", "password": "p", "auth": { "type": "m.login.dummy" } });
    w.stranger().post("/_matrix/client/v3/register", body).await.fails_as(400, "M_EXCLUSIVE");
    let profile = alice.get(&format!("/_matrix/client/v3/profile/{BOT}")).await.ok();
    assert!(profile["displayname"].as_str().is_some_and(|name| !name.is_empty()), "{profile}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_of_the_time_without_the_bots_is_answered_once() {
    let mut w = with_bots().await;
    let alice = w.user("alice").await;
    let room = room_with_bot(&alice, true).await;
    let before = alice.sends(&room, "!help").await.event_id();
    answer_to(&alice, &room, &before).await;
    let count = said(&alice, &room).await.len();
    // Stopped right behind the message: whatever of it was on its way is finished after the start, or done already.
    let asked = alice.sends(&room, "!help").await.event_id();
    w.restarts().await;
    answer_to(&alice, &room, &asked).await;
    let last = alice.sends(&room, "!help").await.event_id();
    answer_to(&alice, &room, &last).await;
    assert_eq!(said(&alice, &room).await.len(), count + 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_kill_loses_no_command_and_answers_none_twice() {
    let directory = tempfile::tempdir().unwrap();
    let mut server = prepared(directory.path(), "enabled = true");
    server.spawn().await;
    let alice = server.user("alice").await;
    let room = room_with_bot(&alice, true).await;
    let first = alice.sends(&room, "!help").await.event_id();
    answer_to(&alice, &room, &first).await;
    let mut asked = Vec::new();
    for _ in 0..5 {
        for _ in 0..4 {
            asked.push(alice.sends(&room, "!help").await.event_id());
        }
        server.kill();
        server.spawn().await;
    }
    for event in &asked {
        answer_to(&alice, &room, event).await;
    }
    let last = alice.sends(&room, "!help").await.event_id();
    answer_to(&alice, &room, &last).await;
    assert_eq!(said(&alice, &room).await.len(), asked.len() + 2, "one answer for each");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_direct_chat_that_a_person_opens_describes_the_commands_once() {
    const DESCRIPTION: &str = "org.matrix.msc4391.command_description";
    let mut w = with_bots().await;
    let alice = w.user("alice").await;
    let body = json!({ "preset": "trusted_private_chat", "is_direct": true, "invite": [BOT] });
    let made = alice.creates_room_like(body).await.ok();
    let room = made["room_id"].as_str().unwrap().to_owned();
    let state = format!("/_matrix/client/v3/rooms/{room}/state");
    let is_last = |event: &Value| event["type"] == DESCRIPTION && event["content"]["command"] == "lang";
    alice.gets_until(&state, |state| state.as_array().is_some_and(|state| state.iter().any(is_last))).await;
    let described = async || {
        let history = alice.whole_history(&room).await;
        history.iter().filter(|event| event["type"] == DESCRIPTION).count()
    };
    let before = described().await;
    assert!((3..=8).contains(&before), "what people say first is in sight with them: {before}");
    w.restarts().await;
    let asked = alice.sends(&room, "!lang en").await.event_id();
    answer_to(&alice, &room, &asked).await;
    assert_eq!(described().await, before, "nothing changed, nothing is written");
}

/// `lianqiao bots`.
fn bots_alone(directory: &Path) -> std::process::Child {
    let mut command = std::process::Command::new(lianqiao_binary());
    command.arg("bots").arg("--config").arg(directory.join("lianqiao.toml"));
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command.spawn().expect("the binary starts")
}

#[tokio::test(flavor = "multi_thread")]
async fn bots_in_a_process_of_their_own_survive_a_kill() {
    let directory = tempfile::tempdir().unwrap();
    let (port, listen) = (free_port(), free_port());
    let bots =
        format!("enabled = false\nserver_url = \"http://127.0.0.1:{port}\"\nlisten = \"127.0.0.1:{listen}\"");
    let mut server = prepared_at(directory.path(), port, &bots);
    let mut child = bots_alone(directory.path());
    server.spawn().await;
    let registration = directory.path().join("data/bots/registration.yaml");
    while !registration.exists() {
        assert!(child.try_wait().unwrap().is_none(), "the bots ended at their start");
        tokio::time::sleep(LOOK_INTERVAL).await;
    }
    let (succeeded, told) = server.commands(&["appservice", "add", registration.to_str().unwrap()]).await;
    assert!(succeeded, "{told}");
    let alice = server.user("alice").await;
    let room = room_with_bot(&alice, true).await;
    let mut asked = vec![alice.sends(&room, "!help").await.event_id()];
    answer_to(&alice, &room, &asked[0]).await;
    for _ in 0..3 {
        asked.push(alice.sends(&room, "!help").await.event_id());
        child.kill().unwrap();
        child.wait().unwrap();
        asked.push(alice.sends(&room, "!help").await.event_id());
        child = bots_alone(directory.path());
    }
    for event in &asked {
        answer_to(&alice, &room, event).await;
    }
    child.kill().unwrap();
    child.wait().unwrap();
    assert_eq!(answers(&alice, &room).await, asked.len(), "one answer for each");
}

#[tokio::test(flavor = "multi_thread")]
async fn without_the_bots_there_is_nobody_of_their_name() {
    let w = World::start().await;
    let alice = w.user("alice").await;
    alice.get(&format!("/_matrix/client/v3/profile/{BOT}")).await.fails_as(404, "M_NOT_FOUND");
    assert!(!w.data_directory().join("bots").exists());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_says_that_it_is_ready_when_its_bots_have_begun() {
    let w = with_bots().await;
    let url = format!("{}/ready", w.private_url());
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let deadline = tokio::time::Instant::now() + WORK_PATIENCE;
    loop {
        let response = client.get(&url).send().await.unwrap();
        let (status, text) = (response.status().as_u16(), response.text().await.unwrap());
        match status {
            200 => {
                assert!(text.starts_with("ready\nbots: at work; "), "{text}");
                break;
            }
            _ => assert_eq!((status, text.as_str()), (503, "the bots are starting\n")),
        }
        assert!(tokio::time::Instant::now() < deadline, "the bots never begin");
        tokio::time::sleep(LOOK_INTERVAL).await;
    }
    let alice = w.user("alice").await;
    let room = room_with_bot(&alice, true).await;
    let asked = alice.sends(&room, "!help").await.event_id();
    answer_to(&alice, &room, &asked).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bot_goes_along_when_a_room_is_upgraded() {
    let w = with_bots().await;
    let alice = w.user("alice").await;
    let made = alice.creates_room_like(json!({ "preset": "public_chat", "invite": [BOT] })).await.ok();
    let old = made["room_id"].as_str().unwrap().to_owned();
    let asked = alice.sends(&old, "!help").await.event_id();
    answer_to(&alice, &old, &asked).await;
    let upgraded = alice.room_action(&old, "upgrade", json!({ "new_version": "11" })).await.ok();
    let new = upgraded["replacement_room"].as_str().unwrap().to_owned();
    let members = format!("/_matrix/client/v3/rooms/{new}/joined_members");
    alice.gets_until(&members, |page| page["joined"].get(BOT).is_some()).await;
    let asked = alice.sends(&new, "!help").await.event_id();
    answer_to(&alice, &new, &asked).await;
}
