//! What the kit forgets, and what it must not.

use store::Scan;

use super::{ALICE, in_a_room};
use crate::{
    limits::LETTER_KEPT_DAYS,
    tables::{KEPT, LETTER_OF, REACTIONS, SENT},
};

const DAY_MS: u64 = 24 * 60 * 60 * 1_000;

#[tokio::test]
async fn letters_are_known_as_long_as_they_are_needed_and_then_forgotten() {
    let (mut stage, room) = in_a_room().await;
    stage.says(ALICE, &room, "!card");
    stage.settle().await;
    let card = stage.events_of_bots(&room)[0]["event_id"].as_str().unwrap().to_owned();
    stage.reacts(ALICE, &room, &card, "👍");
    stage.settle().await;
    for _ in 0..2 {
        stage.advance_ms((LETTER_KEPT_DAYS - 1) * DAY_MS);
        stage.settle().await;
        stage.kit().forget_old().await.unwrap();
        stage.says(ALICE, &room, "!close");
        stage.settle().await;
        let edit = stage.events_of_bots(&room).pop().unwrap();
        assert_eq!(edit["content"]["m.relates_to"]["event_id"], card.as_str(), "the edit keeps the card");
    }
    let store = stage.kit().store().clone();
    assert_eq!(
        store.count(&SENT, Scan::all()).await.unwrap(),
        3,
        "the card and its edits, no seed, no thread"
    );
    stage.advance_ms((LETTER_KEPT_DAYS + 1) * DAY_MS);
    stage.kit().forget_old().await.unwrap();
    for left in [
        store.count(&SENT, Scan::all()).await.unwrap(),
        store.count(&LETTER_OF, Scan::all()).await.unwrap(),
        store.count(&REACTIONS, Scan::all()).await.unwrap(),
        store.count(&KEPT, Scan::all()).await.unwrap(),
    ] {
        assert_eq!(left, 0);
    }
}
