//! What becomes of what is sent says whether our app is in a conversation, and the list of conversations what they are called.

use std::{
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use bridge_api::{Failure, Line, Refusal};

use super::{Script, Stage};
use crate::{BridgePorts, limits::STILL_THERE_PAUSE_MIN};

fn reachable(stage: &Stage) -> Option<bool> {
    stage.status()["conversations"][0]["reachable"].as_bool()
}

const ABSENT: &str = "our robot is not in it any more";

#[tokio::test]
async fn a_refused_word_tells_the_room_that_our_app_is_out_and_the_next_that_arrives_that_it_is_back() {
    let mut stage = Stage::new().await;
    stage.until("it is bound", |stage| reachable(stage) == Some(true)).await;
    stage.platform.fail(Some(Failure::refused(Refusal::NotInConversation)));
    for words in ["one", "two"] {
        stage.says(words).await;
        stage.passes(Duration::from_secs(2)).await;
    }
    stage.until("the state says so", |stage| reachable(stage) == Some(false)).await;
    assert_eq!((stage.told(ABSENT), stage.told("Not delivered")), (1, 2), "each word, and once why");
    stage.platform.fail(None);
    stage.says("three").await;
    stage.until("it is back", |stage| reachable(stage) == Some(true)).await;
    assert_eq!(stage.told("Our robot is in"), 1);
    // What is said of one message alone says nothing of its conversation.
    for refusal in [Refusal::Gone, Refusal::NotPermitted] {
        stage.platform.fail(Some(Failure::refused(refusal)));
        stage.says("four").await;
        stage.passes(Duration::from_secs(2)).await;
        assert_eq!(reachable(&stage), Some(true));
    }
}

#[tokio::test]
async fn where_the_platform_lists_conversations_it_is_asked_what_a_refusal_means() {
    let platform = Script::new();
    platform.is_listed.store(true, Ordering::Relaxed);
    let mut stage = Stage::with(Arc::clone(&platform), BridgePorts::default()).await;
    stage.until("it is bound", |stage| reachable(stage) == Some(true)).await;
    platform.fail(Some(Failure::refused(Refusal::Gone)));
    stage.says("about something").await;
    stage.until("it is refused", |stage| stage.told("Not delivered") == 1).await;
    stage.passes(Duration::from_secs(2)).await;
    assert_eq!((reachable(&stage), stage.told(ABSENT)), (Some(true), 0), "the group is there");
    platform.is_empty.store(true, Ordering::Relaxed);
    stage.says("and again").await;
    stage.until("the state says so", |stage| reachable(stage) == Some(false)).await;
    assert_eq!(stage.told(ABSENT), 1);
}

#[tokio::test]
async fn another_name_of_which_no_event_told_is_seen_with_the_next_look() {
    let platform = Script::new();
    platform.is_listed.store(true, Ordering::Relaxed);
    let mut stage = Stage::with(Arc::clone(&platform), BridgePorts::default()).await;
    stage.passes(STILL_THERE_PAUSE_MIN).await;
    assert_eq!(stage.told("is called"), 0);
    *platform.called.lock() = "Sales North".to_owned();
    stage.is_cut();
    stage.passes(Duration::from_secs(1)).await;
    stage.line(Line::Up);
    stage.until("people are told", |stage| stage.is_told("is called “Sales North” now")).await;
    stage
        .until("the state says so", |stage| stage.status()["conversations"][0]["name"] == "Sales North")
        .await;
    // An answer without a name says nothing.
    stage.passes(STILL_THERE_PAUSE_MIN).await;
    platform.called.lock().clear();
    stage.is_cut();
    stage.passes(Duration::from_secs(1)).await;
    stage.line(Line::Up);
    stage.passes(Duration::from_secs(10)).await;
    assert_eq!(stage.told("is called"), 1);
}
