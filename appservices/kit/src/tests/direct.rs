//! Direct chats: one for each person, made once, never forced upon anybody.

use base::Shutdown;
use ruma::{OwnedRoomId, OwnedUserId};
use store::Batch;

use super::{ALICE, BOT, clerk, in_a_room};
use crate::{
    Bots, Letter, To,
    double::{Fault, Stage},
    letter::Parcel,
    notice,
    tables::{DIRECT, DirectRow, ROOMS, RoomRow},
};

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
    assert!(stage.kit().is_refused(BOT, <&ruma::UserId>::try_from(BOB).unwrap()).await.unwrap());
    let notes = stage.kit().store().scan(&clerk::NOTES, store::Scan::all()).await.unwrap();
    assert!(notes[0].1.contains("refused the direct chat 2 times"), "{notes:?}");
    let own = stage.room_with(BOB, BOT, true);
    stage.settle().await;
    stage.says(ALICE, &room, &format!("!tell {BOB}"));
    stage.settle().await;
    assert_eq!(stage.said(&own), ["psst"]);
    assert_eq!(creations(&stage), 2);
    assert!(!stage.kit().is_refused(BOT, <&ruma::UserId>::try_from(BOB).unwrap()).await.unwrap());
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

/// As long as a test does this, time stands still: nothing comes about because a pause is over.
async fn until(is_so: impl Fn() -> bool) {
    while !is_so() {
        tokio::task::yield_now().await;
    }
}

#[tokio::test(start_paused = true)]
async fn what_waits_for_a_bot_to_come_goes_when_it_comes_and_not_when_a_pause_is_over() {
    let (stage, hall) = in_a_room().await;
    let kit = stage.kit().clone();
    let chat = stage.room_with(BOB, BOT, true);
    let (bob, room) = (OwnedUserId::try_from(BOB).unwrap(), OwnedRoomId::try_from(chat.as_str()).unwrap());
    let mut batch = Batch::new();
    let asked = RoomRow { is_direct: true, inviter: Some(bob.clone()), ..RoomRow::default() };
    batch.put(&ROOMS, &(BOT, &*room), &asked);
    batch.put(&DIRECT, &(BOT, &*bob), &DirectRow { room: Some(room.clone()), ..DirectRow::default() });
    for (key, to) in [("psst", To::Direct(bob)), ("aloud", To::Room(hall.as_str().try_into().unwrap()))] {
        kit.outbox().put(&mut batch, Letter::message(key, BOT, to, notice(key)));
    }
    kit.store().commit(batch).await.unwrap();
    let shutdown = Shutdown::new();
    let (carrier, stop) = (kit.clone(), shutdown.clone());
    let carrying = tokio::spawn(async move { carrier.carry(&Bots::new(Vec::new()), &stop).await });
    until(|| stage.said(&hall) == ["aloud"]).await;
    assert!(stage.said(&chat).is_empty());
    let mut batch = Batch::new();
    kit.outbox().put_parcel(&mut batch, &Parcel::Join { bot: BOT.to_owned(), room });
    kit.store().commit(batch).await.unwrap();
    until(|| stage.said(&chat) == ["psst"]).await;
    shutdown.trigger();
    carrying.await.unwrap();
}
