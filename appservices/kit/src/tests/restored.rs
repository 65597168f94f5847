//! A backup of the bots' store that is older than what the homeserver has told.

use store::Batch;

use super::{ALICE, BOT, in_a_room};
use crate::{double::Stage, limits::RELATIONS_PER_PAGE, tables::SEEN};

/// What the homeserver tells now is not in the backup that is restored then.
fn loses_what_is_told(stage: &Stage) {
    let told = stage.homeserver().take_transaction(&[format!("@{BOT}:test")]);
    assert!(told.is_some());
}

fn questions(stage: &Stage) -> usize {
    stage.homeserver().requests().iter().filter(|line| line.contains("/relations/")).count()
}

#[tokio::test]
async fn what_was_tapped_on_open_cards_before_a_restore_is_heard_after_it() {
    let (mut stage, room) = in_a_room().await;
    stage.says(ALICE, &room, "!card");
    stage.says(ALICE, &room, "!note beside it");
    stage.settle().await;
    let card = stage.newest(&room, |body| body == "[open]");
    let known = stage.reacts(ALICE, &room, &card, "👍");
    stage.settle().await;
    stage.reacts(ALICE, &room, &card, "✅");
    loses_what_is_told(&stage);
    stage.restart().await;
    stage.settle().await;
    assert_eq!(
        (stage.last(&room).as_str(), questions(&stage)),
        ("👍 on card", 0),
        "nothing says that anything is missing"
    );
    // What was heard long ago is remembered by what it was to alone.
    let mut batch = Batch::new();
    batch.delete(&SEEN, &*ruma::EventId::parse(known).unwrap());
    stage.kit().store().commit(batch).await.unwrap();
    crate::after_restore(stage.kit().store()).await.unwrap();
    stage.restart().await;
    stage.settle().await;
    stage.restart().await;
    stage.settle().await;
    let taps = stage.said(&room).into_iter().filter(|said| said.ends_with(" on card"));
    assert_eq!(taps.collect::<Vec<_>>(), ["👍 on card", "✅ on card"]);
    assert_eq!(questions(&stage), 1, "one for the card, and none once it is done");
}

#[tokio::test]
async fn of_a_card_with_many_taps_all_of_them_are_heard() {
    let (mut stage, room) = in_a_room().await;
    stage.says(ALICE, &room, "!card");
    stage.settle().await;
    let card = stage.newest(&room, |body| body == "[open]");
    for number in 0..RELATIONS_PER_PAGE + 5 {
        stage.reacts(ALICE, &room, &card, &format!("tap {number}"));
    }
    loses_what_is_told(&stage);
    crate::after_restore(stage.kit().store()).await.unwrap();
    stage.restart().await;
    stage.settle().await;
    let taps = stage.said(&room).into_iter().filter(|said| said.ends_with(" on card"));
    assert_eq!(taps.count(), RELATIONS_PER_PAGE + 5);
    assert_eq!(questions(&stage), 2, "one for each page");
}

#[tokio::test]
async fn cards_with_which_nothing_can_be_done_are_not_asked_for() {
    let (mut stage, room) = in_a_room().await;
    stage.says(ALICE, &room, "!card");
    stage.says(ALICE, &room, "!close offers");
    stage.settle().await;
    crate::after_restore(stage.kit().store()).await.unwrap();
    stage.restart().await;
    assert_eq!(questions(&stage), 0);
}
