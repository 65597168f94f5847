//! What works.

use serde_json::json;

use super::{ALICE, BOB, CLERK, Person, encrypted};

#[tokio::test]
async fn a_bot_reads_and_answers_encrypted_and_after_a_crash_as_well() {
    let (mut stage, alice, room) = encrypted().await;
    assert!(alice.trusts_the_clerk(&stage).await, "people would see a warning");
    alice.says(&stage, &room, "!note tea").await;
    stage.settle().await;
    assert_eq!(alice.reads(&stage, &room).await, ["noted: tea"]);
    stage.restart().await;
    alice.says(&stage, &room, "!note milk").await;
    stage.settle().await;
    alice.forgets_the_key(&room).await;
    alice.says(&stage, &room, "!note sugar").await;
    stage.restart().await;
    stage.settle().await;
    assert_eq!(alice.reads(&stage, &room).await, ["noted: tea", "noted: milk", "noted: sugar"]);
}

#[tokio::test]
async fn later_messages_reach_new_devices_and_new_people_and_nobody_who_left() {
    let (mut stage, alice, room) = encrypted().await;
    let bob = Person::signs_in(&stage, BOB, "LAPTOP").await;
    alice.says(&stage, &room, "!note one").await;
    stage.settle().await;
    assert!(bob.reads(&stage, &room).await.is_empty(), "bob is not in the room");
    stage.invites(ALICE, &room, BOB);
    stage.joins(BOB, &room);
    let tablet = Person::signs_in(&stage, ALICE, "TABLET").await;
    stage.settle().await;
    alice.says(&stage, &room, "!note two").await;
    stage.settle().await;
    assert_eq!(bob.reads(&stage, &room).await, ["noted: two"]);
    assert_eq!(tablet.reads(&stage, &room).await, ["noted: two"]);
    stage.leaves(BOB, &room);
    stage.settle().await;
    alice.says(&stage, &room, "!note three").await;
    stage.settle().await;
    assert_eq!(bob.reads(&stage, &room).await, ["noted: two"], "the key was not changed when bob left");
    assert_eq!(alice.reads(&stage, &room).await, ["noted: one", "noted: two", "noted: three"]);
}

#[tokio::test]
async fn edits_and_threads_are_encrypted_and_say_outside_what_they_are_to() {
    let (mut stage, alice, room) = encrypted().await;
    alice.says(&stage, &room, "!card").await;
    stage.settle().await;
    alice.says(&stage, &room, "!close").await;
    stage.settle().await;
    let contents = alice.reads_contents(&stage, &room).await;
    assert_eq!(contents[0]["body"], "[open]");
    assert_eq!(contents[1]["body"], "history");
    assert_eq!(contents[2]["m.new_content"]["body"], "[closed]");
    let events = stage.events_of_bots(&room);
    let kinds: Vec<_> = events.iter().map(|event| event["type"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["m.room.encrypted", "m.reaction", "m.room.encrypted", "m.room.encrypted"]);
    assert_eq!(events[2]["content"]["m.relates_to"]["rel_type"], "m.thread");
    let edit = &events[3]["content"];
    assert_eq!(edit["m.relates_to"], json!({ "rel_type": "m.replace", "event_id": events[0]["event_id"] }));
    assert!(edit["m.new_content"].is_null() && edit["body"].is_null(), "{edit}");
}

#[tokio::test]
async fn files_are_encrypted_before_they_are_uploaded() {
    let (mut stage, alice, room) = encrypted().await;
    alice.says(&stage, &room, "!file").await;
    stage.settle().await;
    let content = alice.reads_contents(&stage, &room).await.remove(0);
    assert_eq!((&content["url"], &content["filename"]), (&json!(null), &json!("list.csv")));
    assert!(content["file"]["hashes"]["sha256"].is_string(), "{content}");
    let url = content["file"]["url"].as_str().unwrap();
    let bytes = stage.homeserver().file(url);
    assert!(bytes.len() == 3 && *bytes != *b"a,b", "{bytes:?}");
    assert_eq!(stage.file_of(&content), b"a,b");
}

#[tokio::test]
async fn a_file_of_an_encrypted_chat_is_read_and_passed_on_with_its_key() {
    let (mut stage, alice, room) = encrypted().await;
    let bob = Person::signs_in(&stage, BOB, "LAPTOP").await;
    let file = stage.locked_file(ALICE, b"pdf");
    let content = |name: &str| json!({ "msgtype": "m.file", "body": name, "file": file });
    let sent = alice.sends(&stage, &room, &content("scan.pdf")).await;
    alice.sends(&stage, &room, &content(BOB)).await;
    stage.settle().await;
    assert_eq!(alice.reads(&stage, &room).await, ["scan.pdf says pdf"]);
    let chat = stage.direct("clerk", BOB).unwrap();
    stage.joins(BOB, &chat);
    let passed = bob.reads_contents(&stage, &chat).await.remove(0);
    assert_eq!((&passed["url"], &passed["file"]["url"]), (&json!(null), &file["url"]));
    assert_eq!(stage.file_of(&passed), b"pdf");
    // What is read by its id names the same file.
    let (kit, room) = (stage.kit(), ruma::RoomId::parse(&*room).unwrap());
    let event = kit.event_of("clerk", &room, &ruma::EventId::parse(sent).unwrap()).await.unwrap().unwrap();
    let source = crate::FileSource::of(&event["content"]).unwrap();
    assert_eq!(kit.fetch("clerk", &source).await.unwrap(), b"pdf".as_slice());
    assert!(!format!("{source:?}").contains(file["key"]["k"].as_str().unwrap()), "the key is shown in logs");
}

#[tokio::test]
async fn a_file_in_the_clear_is_locked_on_its_way_into_an_encrypted_chat() {
    let (mut stage, _, _) = encrypted().await;
    let bob = Person::signs_in(&stage, BOB, "LAPTOP").await;
    let clear = stage.room_with(ALICE, "clerk", false);
    stage.settle().await;
    stage.uploads(ALICE, &clear, BOB, b"pdf", None);
    stage.settle().await;
    let chat = stage.direct("clerk", BOB).unwrap();
    stage.joins(BOB, &chat);
    let passed = bob.reads_contents(&stage, &chat).await.remove(0);
    assert_eq!(passed["url"], json!(null));
    assert_ne!(stage.homeserver().file(passed["file"]["url"].as_str().unwrap()), b"pdf");
    assert_eq!((stage.file_of(&passed), &passed["body"]), (b"pdf".to_vec(), &json!("passed on")));
}

#[tokio::test]
async fn one_time_keys_are_made_anew_before_they_run_out() {
    let (mut stage, alice, _) = encrypted().await;
    let before = stage.homeserver().keys_left(CLERK);
    assert!(before > 0);
    for user in ["@carol:test", "@dave:test", "@erin:test"] {
        let other = Person::signs_in(&stage, user, "PHONE").await;
        let room = other.encrypted_room(&stage);
        stage.settle().await;
        other.says(&stage, &room, "!note").await;
    }
    assert_eq!(stage.homeserver().keys_left(CLERK), before - 1, "the last person claimed one");
    stage.settle().await;
    assert_eq!(stage.homeserver().keys_left(CLERK), before);
    assert!(alice.trusts_the_clerk(&stage).await);
}

#[tokio::test]
async fn what_somebody_said_before_the_bot_came_is_read() {
    let mut stage = crate::double::Stage::new(crate::tests::clerk::play()).await;
    let alice = Person::signs_in(&stage, ALICE, "PHONE").await;
    let room = alice.encrypted_room(&stage);
    alice.says(&stage, &room, "!note early").await;
    stage.settle().await;
    assert_eq!(alice.reads(&stage, &room).await, ["noted: early"]);
}

#[tokio::test]
async fn a_chat_that_a_bot_opens_is_encrypted_for_whoever_can_read_it() {
    let (mut stage, alice, room) = encrypted().await;
    let bob = Person::signs_in(&stage, BOB, "LAPTOP").await;
    alice.says(&stage, &room, &format!("!tell {BOB}")).await;
    stage.settle().await;
    let chat = stage.direct("clerk", BOB).unwrap();
    stage.joins(BOB, &chat);
    assert_eq!(bob.reads(&stage, &chat).await, ["psst"]);
    let topic = stage.homeserver().state(&chat, "m.room.topic", "")["topic"].clone();
    assert_eq!(topic, "端到端加密：只有你和机器人能读。");
}
