//! People who left their company, and an app that was removed from a conversation.

use std::{
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use bridge_api::{Arrival, Content, Happened, Line, Network, Person, RichText};
use ruma::UserId;

use super::{ALICE, Script, Stage, person, stage::conversation};
use crate::{
    BridgePorts,
    limits::{FORGET_INTERVAL, GONE_KEPT_MS, MEMBERS_INTERVAL, STILL_THERE_INTERVAL, STILL_THERE_PAUSE_MIN},
};

fn is_in(stage: &Stage, room: &str, user: &str) -> bool {
    stage.homeserver.state(room, "m.room.member", user)["membership"] == "join"
}

impl Stage {
    /// The platform says that somebody left their company.
    pub(super) async fn leaves_company(&mut self, who: &str) {
        let arrival = self.arrival(Happened::PersonGone(person(who)));
        let arrival = Arrival { conversation: None, ..arrival };
        self.bridges.inbox(Network::Feishu).take(vec![arrival]).await.expect("it is taken");
    }
}

#[tokio::test]
async fn who_leaves_the_company_leaves_every_room_and_others_stay() {
    let mut stage = Stage::new().await;
    let other = stage.room_with_bot().await;
    stage.binds("oc_2", &other).await;
    stage.speaks("om_a", "here").await;
    let there = stage.said_there("om_b", vec![Content::Text(RichText::plain("and there"))]);
    let there = Arrival { conversation: Some(conversation("oc_2")), ..stage.arrival(there) };
    stage.bridges.inbox(Network::Feishu).take(vec![there]).await.expect("it is taken");
    let rooms = [stage.room.clone(), other];
    let of = rooms.clone();
    stage.until("li is in both", move |stage| of.iter().all(|room| is_in(stage, room, "@fs_li:test"))).await;
    stage.leaves_company("han").await;
    stage.passes(Duration::from_secs(1)).await;
    assert!(rooms.iter().all(|room| is_in(&stage, room, "@fs_li:test")), "it was somebody else");
    stage.leaves_company("li").await;
    let of = rooms.clone();
    stage.until("li left", move |stage| !of.iter().any(|room| is_in(stage, room, "@fs_li:test"))).await;
    assert_eq!(stage.heard().len(), 1, "what was said stays");
}

#[tokio::test]
async fn a_colleague_whose_account_there_left_the_company_is_told_and_bound_no_more() {
    let mut stage = Stage::new().await;
    let alice = UserId::parse(ALICE).expect("valid");
    let bound = stage.bridges.bind_person(Network::Feishu, &person("li"), Some(&alice)).await;
    bound.expect("alice is li");
    stage.leaves_company("li").await;
    let is_told = |text: &String| text.contains("your account there left the company");
    stage.until("alice is told", |stage| stage.told_alone(ALICE).iter().any(is_told)).await;
    let known = stage.bridges.colleague_of(Network::Feishu, &alice).await.expect("the store answers");
    assert_eq!(known, None);
}

fn reachable(stage: &Stage) -> Option<bool> {
    stage.status()["conversations"][0]["reachable"].as_bool()
}

#[tokio::test]
async fn the_state_of_a_room_says_whether_our_app_is_in_the_conversation() {
    let mut stage = Stage::new().await;
    stage.until("it is bound", |stage| reachable(stage) == Some(true)).await;
    stage.happens(Happened::BotRemoved { by: None }).await;
    stage.until("it is out", |stage| reachable(stage) == Some(false)).await;
    assert_eq!(stage.told("nothing is carried any more"), 1);
    stage.happens(Happened::BotAdded { by: None }).await;
    stage.until("it is back", |stage| reachable(stage) == Some(true)).await;

    stage.happens(Happened::BotRemoved { by: None }).await;
    stage.until("it is out again", |stage| reachable(stage) == Some(false)).await;
    let early = stage.said_there("om_a", Vec::new());
    let mut early = stage.arrival(early);
    early.at_ms -= 600_000;
    stage.bridges.inbox(Network::Feishu).take(vec![early]).await.expect("it is taken");
    stage.passes(Duration::from_secs(1)).await;
    assert_eq!(reachable(&stage), Some(false), "it was said before");
    stage.speaks("om_b", "welcome back").await;
    stage.until("it is heard", |stage| reachable(stage) == Some(true)).await;
}

/// What Li said some time ago, and whose news come only now.
async fn comes_late(stage: &mut Stage, what: Happened, ago: Duration) {
    let mut late = stage.arrival(what);
    late.at_ms -= u64::try_from(ago.as_millis()).expect("short");
    stage.bridges.inbox(Network::Feishu).take(vec![late]).await.expect("it is taken");
}

#[tokio::test]
async fn what_a_leaver_said_before_is_said_and_they_stay_out_until_they_are_back() {
    let mut stage = Stage::new().await;
    stage.speaks("om_a", "here").await;
    stage.until("li is in", |stage| is_in(stage, &stage.room, "@fs_li:test")).await;
    stage.leaves_company("li").await;
    stage.until("li left", |stage| !is_in(stage, &stage.room, "@fs_li:test")).await;
    stage.passes(Duration::from_secs(5)).await;

    let early = stage.said_there("om_b", vec![Content::Text(RichText::plain("my last word"))]);
    comes_late(&mut stage, early, Duration::from_secs(60)).await;
    stage.until("it is said", |stage| stage.heard().len() == 2).await;
    stage.until("li is out again", |stage| !is_in(stage, &stage.room, "@fs_li:test")).await;

    stage.speaks("om_c", "I am back").await;
    stage.until("it is said", |stage| stage.heard().len() == 3).await;
    stage.passes(Duration::from_secs(5)).await;
    assert!(is_in(&stage, &stage.room, "@fs_li:test"), "they said it later");
}

#[tokio::test]
async fn a_list_that_still_shows_a_leaver_brings_them_back_only_long_after() {
    let mut stage = Stage::new().await;
    stage.speaks("om_a", "here").await;
    stage.until("li is in", |stage| is_in(stage, &stage.room, "@fs_li:test")).await;
    stage.leaves_company("li").await;
    stage.until("li left", |stage| !is_in(stage, &stage.room, "@fs_li:test")).await;

    let listed = ["li", "han"].map(|who| Person::named(person(who), who));
    *stage.platform.members.lock() = listed.to_vec();
    stage.passes(MEMBERS_INTERVAL + Duration::from_secs(60)).await;
    assert!(is_in(&stage, &stage.room, "@fs_han:test"), "the list was read");
    assert!(!is_in(&stage, &stage.room, "@fs_li:test"), "it is behind");
    stage.passes(MEMBERS_INTERVAL).await;
    let events = stage.homeserver.events(&stage.room);
    let of_li = events.iter().filter(|event| event["state_key"] == "@fs_li:test");
    assert_eq!(of_li.filter(|event| event["content"]["membership"] == "join").count(), 1, "nor in between");

    stage.skips(Duration::from_millis(GONE_KEPT_MS));
    stage.passes(FORGET_INTERVAL + MEMBERS_INTERVAL + Duration::from_secs(60)).await;
    assert!(is_in(&stage, &stage.room, "@fs_li:test"), "a list is not behind for so long");
}

#[tokio::test]
async fn of_news_that_our_app_came_and_went_the_last_holds_in_whatever_order_they_come() {
    let mut stage = Stage::new().await;
    stage.until("it is bound", |stage| reachable(stage) == Some(true)).await;
    stage.happens(Happened::BotAdded { by: None }).await;
    stage.until("it is said", |stage| stage.told("Our robot is in") == 1).await;
    comes_late(&mut stage, Happened::BotRemoved { by: None }, Duration::from_secs(60)).await;
    stage.passes(Duration::from_secs(2)).await;
    assert_eq!((reachable(&stage), stage.told("nothing is carried any more")), (Some(true), 0));

    stage.happens(Happened::BotRemoved { by: None }).await;
    stage.until("it is out", |stage| reachable(stage) == Some(false)).await;
    comes_late(&mut stage, Happened::BotAdded { by: None }, Duration::from_secs(1)).await;
    stage.passes(Duration::from_secs(2)).await;
    assert_eq!((reachable(&stage), stage.told("Our robot is in")), (Some(false), 1));
}

#[tokio::test]
async fn a_conversation_that_went_while_nobody_listened_is_told_when_the_line_is_up_and_within_a_day() {
    let platform = Script::new();
    platform.is_listed.store(true, Ordering::Relaxed);
    let mut stage = Stage::with(Arc::clone(&platform), BridgePorts::default()).await;
    stage.until("it is bound", |stage| reachable(stage) == Some(true)).await;
    stage.is_cut();
    platform.is_empty.store(true, Ordering::Relaxed);
    stage.passes(STILL_THERE_PAUSE_MIN).await;
    assert_eq!(reachable(&stage), Some(true), "nobody can know");
    stage.line(Line::Up);
    stage.until("people are told", |stage| stage.is_told("our robot is not in it any more")).await;
    stage.until("and the state says so", |stage| reachable(stage) == Some(false)).await;

    // The round ends: from then on a day counts. What was told of the removal meanwhile is no news any more.
    comes_late(&mut stage, Happened::BotRemoved { by: None }, Duration::from_secs(60)).await;
    stage.passes(Duration::from_secs(1)).await;
    platform.is_empty.store(false, Ordering::Relaxed);
    tokio::time::advance(STILL_THERE_INTERVAL).await;
    stage.until("it is back", |stage| reachable(stage) == Some(true)).await;
    assert_eq!((stage.told("our robot is not in it any more"), stage.told("Our robot is in")), (1, 1));

    for late in [Happened::BotRemoved { by: None }, Happened::BotAdded { by: None }] {
        comes_late(&mut stage, late, Duration::from_secs(60)).await;
        stage.passes(Duration::from_secs(2)).await;
        assert_eq!((reachable(&stage), stage.told("nothing is carried any more")), (Some(true), 0));
    }
    assert_eq!(stage.told("Our robot is in"), 1);
}
