//! Rooms that are made for conversations.

use std::{
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use bridge_api::Network;
use ruma::UserId;

use super::{ALICE, Script, Stage, marks::List, stage::conversation};
use crate::{
    BridgePorts, Staff,
    lanes::Lane,
    limits::{COLLEAGUES_INTERVAL, MAKING_AGAIN_MS},
};

/// A room that Alice ordered while the list of departments cannot be read; that list, and what the room is for.
async fn ordered_while_away() -> (Stage, Arc<List>, Lane) {
    let list = Arc::new(List::default());
    list.is_away.store(true, Ordering::Relaxed);
    let staff = Some(Arc::clone(&list) as Arc<dyn Staff>);
    let stage = Stage::with(Script::new(), BridgePorts { staff, ..BridgePorts::default() }).await;
    let lane = (Network::Feishu, conversation("oc_new"));
    let alice = UserId::parse(ALICE).expect("valid");
    stage.bridges.create_room(&lane, Some(&alice)).await.expect("it is ordered");
    (stage, list, lane)
}

#[tokio::test]
async fn a_room_waits_for_its_place_in_the_space_of_a_department_while_that_cannot_be_had() {
    let (mut stage, list, lane) = ordered_while_away().await;
    let is_bound = |stage: &Stage| stage.bridges.portals().room_of(&lane).is_some();
    stage.passes(Duration::from_secs(20)).await;
    assert!(!is_bound(&stage));
    list.is_away.store(false, Ordering::Relaxed);
    stage.until("it is bound", is_bound).await;
}

#[tokio::test]
async fn a_room_that_cannot_be_finished_for_long_is_told_once_and_finished_when_it_can_be() {
    let (mut stage, list, lane) = ordered_while_away().await;
    let told = |stage: &Stage| {
        let told = stage.told_alone(ALICE);
        told.iter().filter(|words| words.contains("cannot be finished yet (away)")).count()
    };
    stage.passes(Duration::from_secs(8 * 60)).await;
    assert_eq!(told(&stage), 0, "it may pass");
    stage.passes(Duration::from_secs(90 * 60)).await;
    assert_eq!(told(&stage), 1, "however often it is tried");
    stage.says("!status").await;
    stage.until("it is said", |stage| stage.is_told("cannot be finished yet: 1")).await;
    list.is_away.store(false, Ordering::Relaxed);
    stage.passes(Duration::from_millis(MAKING_AGAIN_MS) + COLLEAGUES_INTERVAL).await;
    assert!(stage.bridges.portals().room_of(&lane).is_some());
}
