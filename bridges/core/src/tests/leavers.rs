//! People who left the company without an event that tells of it.

use std::{
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use bridge_api::{Happened, Line, Network, Person};
use ruma::UserId;

use super::{ALICE, Script, Stage, person};
use crate::{
    BridgePorts,
    limits::{LEAVERS_PAUSE_MIN, LEAVERS_SURE},
};

/// A stage whose platform has an address book.
async fn listed() -> Stage {
    let platform = Script::new();
    platform.is_listed.store(true, Ordering::Relaxed);
    Stage::with(Arc::clone(&platform), BridgePorts::default()).await
}

/// The line comes back after so long that people are asked for again.
async fn is_connected_later(stage: &mut Stage) {
    stage.passes(LEAVERS_PAUSE_MIN).await;
    stage.is_cut();
    stage.passes(Duration::from_secs(1)).await;
    stage.line(Line::Up);
}

fn is_in(stage: &Stage, user: &str) -> bool {
    stage.homeserver.state(&stage.room, "m.room.member", user)["membership"] == "join"
}

#[tokio::test]
async fn who_left_while_nobody_listened_leaves_every_room_and_a_colleague_is_told() {
    let mut stage = listed().await;
    let alice = UserId::parse(ALICE).expect("valid");
    let bound = stage.bridges.bind_person(Network::Feishu, &person("wang"), Some(&alice)).await;
    bound.expect("alice is wang");
    let people = ["li", "han"].map(|who| Person::named(person(who), who)).to_vec();
    *stage.platform.members.lock() = people.clone();
    stage.happens(Happened::Joined { people }).await;
    stage.until("both are in", |stage| is_in(stage, "@fs_li:test") && is_in(stage, "@fs_han:test")).await;
    stage.platform.members.lock().clear();
    *stage.platform.left.lock() = vec![person("li"), person("wang")];
    is_connected_later(&mut stage).await;
    stage.until("li left", |stage| !is_in(stage, "@fs_li:test")).await;
    let is_told = |text: &String| text.contains("your account there left the company");
    stage.until("alice is told", |stage| stage.told_alone(ALICE).iter().any(is_told)).await;
    assert!(is_in(&stage, "@fs_han:test"), "han works on");
}

#[tokio::test]
async fn where_everybody_seems_to_have_left_nobody_is_taken_for_gone() {
    let mut stage = listed().await;
    let ids: Vec<String> = (0..=LEAVERS_SURE).map(|number| format!("p{number}")).collect();
    let people: Vec<_> = ids.iter().map(|id| Person::named(person(id), id.as_str())).collect();
    stage.happens(Happened::Joined { people }).await;
    let last = format!("@fs_p{LEAVERS_SURE}:test");
    stage.until("all are in", |stage| is_in(stage, &last)).await;
    *stage.platform.left.lock() = ids.iter().map(|id| person(id)).collect();
    is_connected_later(&mut stage).await;
    stage.passes(Duration::from_secs(60)).await;
    assert!(ids.iter().all(|id| is_in(&stage, &format!("@fs_{id}:test"))), "the settings are wrong");
}
