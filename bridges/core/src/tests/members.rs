//! Who is in a room after people came and went while nobody listened.

use std::time::Duration;

use bridge_api::{Content, Happened, Line, Message, MessageId, Person, RichText, Sender};

use super::{Stage, person};
use crate::limits::MEMBERS_PAUSE_MIN;

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
