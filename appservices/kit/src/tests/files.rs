//! Files of people and of letters: locked, large, lost, and passed on.

use std::time::Duration;

use serde_json::json;
use store::Scan;

use super::{ALICE, BOT, in_a_room};
use crate::{CallError, double::Fault, limits::FILE_BYTES_MAX, tables::PIECES};

const BOB: &str = "@bob:test";

#[tokio::test]
async fn a_file_that_was_locked_is_read_as_its_sender_meant_it() {
    let (mut stage, room) = in_a_room().await;
    stage.uploads(ALICE, &room, "clear.pdf", b"pdf", None);
    stage.uploads_locked(ALICE, &room, "locked.pdf", b"pdf", None);
    stage.settle().await;
    assert_eq!(stage.said(&room), ["clear.pdf says pdf", "locked.pdf says pdf"]);
}

#[tokio::test]
async fn what_is_not_as_it_was_sent_is_no_file() {
    let (mut stage, room) = in_a_room().await;
    stage.uploads_locked(ALICE, &room, "spoiled.pdf", b"pdf", None);
    stage.homeserver().spoils_files();
    let mut file = stage.locked_file(ALICE, b"pdf");
    file["key"]["k"] = json!("short");
    stage.sends(
        ALICE,
        &room,
        "m.room.message",
        json!({ "msgtype": "m.file", "body": "keyless.pdf", "file": file }),
    );
    file["hashes"] = json!({});
    stage.sends(
        ALICE,
        &room,
        "m.room.message",
        json!({ "msgtype": "m.file", "body": "hashless.pdf", "file": file }),
    );
    // No address, no file.
    for odd in [json!({}), json!(7), json!({ "url": 7 })] {
        stage.sends(
            ALICE,
            &room,
            "m.room.message",
            json!({ "msgtype": "m.file", "body": "odd", "file": odd }),
        );
    }
    stage.settle().await;
    let is_another =
        ["spoiled.pdf", "keyless.pdf", "hashless.pdf"].map(|name| format!("{name} is another file"));
    assert_eq!(stage.said(&room), is_another);
}

#[tokio::test]
async fn a_file_is_passed_on_in_the_clear_where_its_reader_has_no_keys() {
    let (mut stage, room) = in_a_room().await;
    stage.uploads(ALICE, &room, BOB, b"clear", None);
    stage.uploads_locked(ALICE, &room, BOB, b"locked", None);
    stage.settle().await;
    let chat = stage.chat(BOT, BOB);
    let sent = stage.events_of_bots(&chat);
    let files: Vec<_> = sent.iter().filter(|event| event["type"] == "m.room.message").collect();
    for (event, bytes) in files.iter().zip([b"clear".as_slice(), b"locked"]) {
        assert_eq!(
            (&event["content"]["filename"], &event["content"]["file"]),
            (&json!("scan.pdf"), &json!(null))
        );
        assert_eq!(stage.file(&chat, event["event_id"].as_str().unwrap()), bytes);
    }
    assert_eq!(files.len(), 2);
    // A file that is no more what it was goes to nobody, and its reader is told.
    stage.uploads_locked(ALICE, &room, BOB, b"locked", None);
    stage.homeserver().spoils_files();
    stage.settle().await;
    assert_eq!(stage.last(&chat), "文件 scan.pdf 未能发送：内容与消息中的校验值不符，请重新上传。");
}

#[tokio::test]
async fn a_large_file_travels_beside_its_letter_and_outlives_a_crash() {
    let (mut stage, room) = in_a_room().await;
    stage.says(ALICE, &room, "!file 3000000");
    stage.fails_next(Fault::Lost(CallError::Unreachable("down".to_owned())));
    stage.settle().await;
    assert_eq!(stage.letters_waiting().await, 1);
    stage.restart().await;
    stage.settle().await;
    let sent = stage.newest(&room, |body| body == "list.csv");
    assert_eq!(stage.file(&room, &sent), vec![b'x'; 3_000_000]);
    assert_eq!(stage.kit().store().count(&PIECES, Scan::all()).await.unwrap(), 0);
}

#[tokio::test(start_paused = true)]
async fn large_files_wait_for_each_other_and_words_for_none() {
    let (mut stage, room) = in_a_room().await;
    let kit = stage.kit().clone();
    let turn = kit.0.passing.lock().await;
    stage.says(ALICE, &room, "!note small");
    stage.settle().await;
    assert_eq!(stage.said(&room), ["noted: small"]);
    drop(turn);
    stage.says(ALICE, &room, "!file 3000000");
    stage.fails_next(Fault::Lost(CallError::Unreachable("down".to_owned())));
    stage.settle().await;
    assert_eq!(stage.letters_waiting().await, 1);
    let turn = kit.0.passing.lock().await;
    assert!(tokio::time::timeout(Duration::from_secs(60), stage.settle()).await.is_err());
    assert_eq!(stage.said(&room), ["noted: small"]);
    drop(turn);
    stage.settle().await;
    let sent = stage.newest(&room, |body| body == "list.csv");
    assert_eq!(stage.file(&room, &sent), vec![b'x'; 3_000_000]);
}

#[tokio::test]
async fn a_file_that_is_too_large_is_told_of_instead() {
    let (mut stage, room) = in_a_room().await;
    stage.says(ALICE, &room, &format!("!file {}", FILE_BYTES_MAX + 1));
    stage.settle().await;
    stage.homeserver().takes_files_of(2_000_000);
    stage.says(ALICE, &room, "!file 3000000");
    stage.settle().await;
    let told = "文件 list.csv 未能发送：文件过大。";
    assert_eq!(stage.said(&room), [told, told]);
    assert_eq!(stage.kit().store().count(&PIECES, Scan::all()).await.unwrap(), 0);
}
