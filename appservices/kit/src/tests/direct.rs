//! Direct chats: one for each person, made once, never forced upon anybody.

use super::{ALICE, BOT, clerk, in_a_room};
use crate::double::{Fault, Stage};

const BOB: &str = "@bob:test";

fn creations(stage: &Stage) -> usize {
    stage.homeserver().requests().iter().filter(|line| line.ends_with("/createRoom")).count()
}

#[tokio::test]
async fn one_chat_serves_all_letters_and_comes_back_after_somebody_left() {
    let (mut stage, room) = in_a_room().await;
    for _ in 0..2 {
        stage.says(ALICE, &room, &format!("!tell {BOB}"));
    }
    stage.settle().await;
    let first = stage.direct(BOT, BOB).unwrap();
    assert_eq!(stage.said(&first), ["psst", "psst"]);
    stage.joins(BOB, &first);
    stage.says(BOB, &first, "about you");
    stage.settle().await;
    assert_eq!(stage.said(&first)[2], "about you on , direct true");
    stage.leaves(BOB, &first);
    stage.settle().await;
    stage.says(ALICE, &room, &format!("!tell {BOB}"));
    stage.settle().await;
    let second = stage.direct(BOT, BOB).unwrap();
    assert_ne!(first, second);
    assert_eq!(stage.said(&second), ["psst"]);
    assert_eq!(creations(&stage), 2);
}

#[tokio::test]
async fn a_room_whose_making_nobody_confirmed_is_found_again() {
    let (mut stage, room) = in_a_room().await;
    stage.says(ALICE, &room, &format!("!tell {BOB}"));
    stage.fails_next(Fault::AnswerLost);
    stage.settle().await;
    stage.restart().await;
    stage.settle().await;
    assert_eq!(creations(&stage), 1);
    assert_eq!(stage.said(&stage.direct(BOT, BOB).unwrap()), ["psst"]);
}

#[tokio::test]
async fn who_refuses_twice_is_left_alone_until_they_ask_themselves() {
    let (mut stage, room) = in_a_room().await;
    for _ in 0..2 {
        stage.says(ALICE, &room, &format!("!tell {BOB}"));
        stage.settle().await;
        stage.leaves(BOB, &stage.direct(BOT, BOB).unwrap());
        stage.settle().await;
    }
    stage.says(ALICE, &room, &format!("!tell {BOB}"));
    stage.settle().await;
    assert_eq!(creations(&stage), 2);
    let notes = stage.kit().store().scan(&clerk::NOTES, store::Scan::all()).await.unwrap();
    assert!(notes[0].1.contains("refused the direct chat 2 times"), "{notes:?}");
    let own = stage.room_with(BOB, BOT, true);
    stage.settle().await;
    stage.says(ALICE, &room, &format!("!tell {BOB}"));
    stage.settle().await;
    assert_eq!(stage.said(&own), ["psst"]);
    assert_eq!(creations(&stage), 2);
}

#[tokio::test]
async fn the_topic_of_a_chat_says_that_it_is_not_encrypted() {
    let (mut stage, room) = in_a_room().await;
    stage.says(ALICE, &room, &format!("!tell {BOB}"));
    stage.settle().await;
    let chat = stage.direct(BOT, BOB).unwrap();
    assert_eq!(stage.homeserver().state(&chat, "m.room.encryption", ""), serde_json::Value::Null);
    let topic = stage.homeserver().state(&chat, "m.room.topic", "")["topic"].clone();
    assert_eq!(topic, "未端到端加密，服务器端加密保存。");
}
