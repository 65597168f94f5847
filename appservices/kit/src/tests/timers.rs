//! Timers: once, in spite of restarts, and late when they have to be.

use super::{ALICE, in_a_room};

const HOUR_MS: u64 = 3_600_000;

#[tokio::test]
async fn a_timer_fires_once_and_may_set_itself_again() {
    let (mut stage, room) = in_a_room().await;
    stage.says(ALICE, &room, "!alarm 5000");
    stage.settle().await;
    stage.advance_ms(4_999);
    stage.settle().await;
    assert!(stage.said(&room).is_empty());
    stage.advance_ms(1);
    stage.settle().await;
    stage.settle().await;
    assert_eq!(stage.said(&room), ["ring, late false"]);
    stage.advance_ms(HOUR_MS);
    stage.settle().await;
    stage.advance_ms(10 * HOUR_MS);
    stage.settle().await;
    assert_eq!(stage.said(&room), ["ring, late false", "ring, late false"]);
}

#[tokio::test]
async fn a_timer_that_was_due_while_the_bots_were_down_fires_once_and_says_that_it_is_late() {
    let (mut stage, room) = in_a_room().await;
    stage.says(ALICE, &room, "!alarm 5000");
    stage.settle().await;
    stage.stop().await;
    stage.advance_ms(65_001);
    stage.start().await;
    stage.settle().await;
    stage.restart().await;
    stage.settle().await;
    assert_eq!(stage.said(&room), ["ring, late true"]);
}

#[tokio::test]
async fn a_timer_is_moved_and_cancelled() {
    let (mut stage, room) = in_a_room().await;
    stage.says(ALICE, &room, "!alarm 1000");
    stage.settle().await;
    stage.says(ALICE, &room, "!alarm 60000");
    stage.settle().await;
    stage.advance_ms(30_000);
    stage.settle().await;
    assert!(stage.said(&room).is_empty(), "it was moved");
    stage.says(ALICE, &room, "!cancel");
    stage.settle().await;
    stage.advance_ms(HOUR_MS);
    stage.settle().await;
    assert!(stage.said(&room).is_empty(), "it was cancelled");
    assert!(
        stage
            .kit()
            .store()
            .scan_keys(&crate::tables::TIMERS_DUE, store::Scan::all())
            .await
            .unwrap()
            .is_empty()
    );
}
