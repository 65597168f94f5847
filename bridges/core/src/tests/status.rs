//! What the state of a room says of a platform: who bound it, what waits, and that it is bound no more.

use std::{sync::atomic::Ordering, time::Duration};

use bridge_api::{Failure, FailureKind, Line, Network};

use super::{ALICE, Stage, stage::conversation};

#[tokio::test]
async fn the_state_of_a_room_names_owners_and_says_when_nothing_is_bound_any_more() {
    let mut stage = Stage::new().await;
    stage.until("it is bound", |stage| stage.status()["up"] == true).await;
    let of = stage.status()["conversations"].clone();
    assert_eq!((of[0]["id"].as_str(), of[0]["owner"].as_str()), (Some("oc_1"), Some(ALICE)));
    let room = stage.room.clone();
    stage.binds("oc_2", &room).await;
    stage
        .until("both are there", |stage| {
            stage.status()["conversations"].as_array().is_some_and(|all| all.len() == 2)
        })
        .await;
    for (chat, left) in [("oc_1", 1), ("oc_2", 0)] {
        stage.bridges.unbind(&(Network::Feishu, conversation(chat)), ALICE).await.expect("it is unbound");
        stage
            .until("one is gone", |stage| {
                stage.status()["conversations"].as_array().is_some_and(|all| all.len() == left)
            })
            .await;
    }
    assert_eq!(stage.status()["up"], false);
}

#[tokio::test]
async fn the_state_of_a_room_says_for_how_long_something_has_waited() {
    let mut stage = Stage::new().await;
    stage.until("it is bound", |stage| stage.status()["delay_ms"] == 0).await;
    let limited = FailureKind::Limited { after: Duration::from_secs(5), app: false };
    stage.platform.fail(Some(Failure::new(limited)));
    stage.says("late").await;
    stage.passes(Duration::from_secs(50)).await;
    assert_eq!(stage.status()["delay_ms"], 0);
    stage.until("it waits", |stage| stage.status()["delay_ms"] == 60_000).await;
    stage.platform.fail(None);
    stage.until("it is there", |stage| stage.platform.words() == ["late"]).await;
    stage.until("nothing waits", |stage| stage.status()["delay_ms"] == 0).await;
}

#[tokio::test]
async fn a_right_that_the_app_loses_is_told_once_and_shown_in_the_state_of_the_room() {
    let mut stage = Stage::new().await;
    let text = |stage: &Stage| {
        let cannot = stage.status()["cannot"].as_array().cloned().unwrap_or_default();
        cannot.iter().any(|line| line["ability"] == "text" && line["support"] == "partly")
    };
    stage.until("it is bound", |stage| stage.status()["up"] == true).await;
    assert!(!text(&stage));
    stage.platform.is_limited.store(true, Ordering::Relaxed);
    for _ in 0..2 {
        stage.line(Line::Up);
        stage.until("people are told", |stage| stage.is_told("(into the room), in part: a part")).await;
        stage.passes(Duration::from_secs(5)).await;
    }
    assert!(text(&stage));
    assert_eq!(stage.told("(into the room), in part: a part"), 1);
    stage.platform.is_limited.store(false, Ordering::Relaxed);
    stage.line(Line::Up);
    stage.until("it is shown", |stage| !text(stage)).await;
}
