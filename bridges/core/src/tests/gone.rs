//! People who left their company, and an app that was removed from a conversation.

use std::time::Duration;

use bridge_api::{Arrival, Content, Happened, Network, RichText};
use ruma::UserId;

use super::{ALICE, Stage, person, stage::conversation};

fn is_in(stage: &Stage, room: &str, user: &str) -> bool {
    stage.homeserver.state(room, "m.room.member", user)["membership"] == "join"
}

async fn leaves_company(stage: &mut Stage, who: &str) {
    let arrival = stage.arrival(Happened::PersonGone(person(who)));
    let arrival = Arrival { conversation: None, ..arrival };
    stage.bridges.inbox(Network::Feishu).take(vec![arrival]).await.expect("it is taken");
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
    leaves_company(&mut stage, "han").await;
    stage.passes(Duration::from_secs(1)).await;
    assert!(rooms.iter().all(|room| is_in(&stage, room, "@fs_li:test")), "it was somebody else");
    leaves_company(&mut stage, "li").await;
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
    leaves_company(&mut stage, "li").await;
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
