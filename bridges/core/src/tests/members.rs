//! Who is in a room after people came and went while nobody listened.

use std::time::Duration;

use bridge_api::{Arrival, Content, Happened, Line, Message, MessageId, Network, Person, RichText, Sender};

use super::{Script, Stage, person};
use crate::{BridgePorts, limits::MEMBERS_PAUSE_MIN};

fn is_in(stage: &Stage, user: &str) -> bool {
    stage.homeserver.state(&stage.room, "m.room.member", user)["membership"] == "join"
}

#[tokio::test]
async fn who_came_and_went_meanwhile_is_seen_after_the_next_connection() {
    let mut stage = Stage::new().await;
    stage.speaks("om_a", "I am here").await;
    let robot = Happened::Message(Message {
        id: MessageId::new("om_b").expect("valid"),
        from: Sender::Bot { id: person("robot"), name: Some("Robot".to_owned()) },
        parts: vec![Content::Text(RichText::plain("beep"))],
        reply_to: None,
        thread: None,
    });
    stage.happens(robot).await;
    stage.until("both are in", |stage| is_in(stage, "@fs_li:test") && is_in(stage, "@fs_robot:test")).await;
    *stage.platform.members.lock() = vec![Person::named(person("han"), "Han")];
    // A line that comes and goes asks no more often.
    stage.passes(MEMBERS_PAUSE_MIN).await;
    stage.is_cut();
    stage.passes(Duration::from_secs(1)).await;
    stage.line(Line::Up);
    stage.until("han came", |stage| is_in(stage, "@fs_han:test")).await;
    stage.until("li went", |stage| !is_in(stage, "@fs_li:test")).await;
    assert!(is_in(&stage, "@fs_robot:test"), "robots are on no list");

    // Nobody at all is a list that may not be seen.
    stage.platform.members.lock().clear();
    stage.passes(Duration::from_secs(2 * 60 * 60)).await;
    assert!(is_in(&stage, "@fs_han:test"));
    *stage.platform.members.lock() = vec![Person::named(person("li"), "Li")];
    stage.passes(Duration::from_secs(61 * 60)).await;
    assert!(is_in(&stage, "@fs_li:test") && !is_in(&stage, "@fs_han:test"), "every hour");
}

#[tokio::test]
async fn where_one_conversation_alone_is_listed_whole_nobody_leaves_the_others() {
    let mut stage = Stage::with(Script::with_one_list(), BridgePorts::default()).await;
    let other = stage.room_with_bot().await;
    stage.binds("oc_2", &other).await;
    for conversation in ["oc_1", "oc_2"] {
        let what = Happened::Joined { people: vec![Person::named(person("li"), "Li")] };
        let conversation = Some(super::stage::conversation(conversation));
        let arrival = Arrival { conversation, ..stage.arrival(what) };
        stage.bridges.inbox(Network::Feishu).take(vec![arrival]).await.expect("it is taken");
    }
    let is_in_other = |stage: &Stage| {
        stage.homeserver.state(&other, "m.room.member", "@fs_li:test")["membership"] == "join"
    };
    stage.until("li is in both", |stage| is_in(stage, "@fs_li:test") && is_in_other(stage)).await;
    *stage.platform.members.lock() = vec![Person::named(person("han"), "Han")];
    stage.passes(MEMBERS_PAUSE_MIN).await;
    stage.is_cut();
    stage.passes(Duration::from_secs(1)).await;
    stage.line(Line::Up);
    stage.until("li went", |stage| !is_in(stage, "@fs_li:test")).await;
    stage.until("han came", |stage| is_in(stage, "@fs_han:test")).await;
    stage.passes(Duration::from_secs(10)).await;
    assert!(is_in_other(&stage), "of the other one not everybody is known");
}
