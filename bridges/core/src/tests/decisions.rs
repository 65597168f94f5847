//! What people decided on a platform, said by their accounts in rooms of the bots.

use std::time::Duration;

use axum::http::Method;
use kit::Call;
use serde_json::{Value, json};

use super::{ALICE, Stage, stage::BOT};
use crate::limits::{DECISION_TRIES_MAX, DECISION_WAIT_MS};

const APPROVALS: &str = "@approvals:test";
const LI: &str = "@fs_ou_li:test";
const TEXT: &str = "李四 在飞书处理了 AP-1：同意";

impl Stage {
    /// A room that somebody makes, with these people asked in.
    fn room_of(&self, maker: &str, guests: &[&str]) -> String {
        let call = Call::new(Method::POST, &["client", "v3", "createRoom"]).json(json!({ "invite": guests }));
        self.homeserver.does(maker, call)["room_id"].as_str().expect("a room").to_owned()
    }

    /// Somebody says anything in a room; the event.
    async fn said_by(&mut self, who: &str, room: &str, kind: &str, content: Value) -> String {
        self.counted += 1;
        let transaction = format!("d{}", self.counted);
        let path = ["client", "v3", "rooms", room, "send", kind, &transaction];
        let sent = self.homeserver.does(who, Call::new(Method::PUT, &path).json(content));
        self.tell().await;
        sent["event_id"].as_str().expect("an event").to_owned()
    }

    /// The bot of approvals shares a room with the bridge.
    async fn desk(&mut self) -> String {
        let desk = self.room_of(APPROVALS, &[BOT]);
        let of = desk.clone();
        let is_in =
            move |stage: &Self| stage.homeserver.state(&of, "m.room.member", BOT)["membership"] == "join";
        self.until("the bot is in the room", is_in).await;
        desk
    }

    /// What 李四 said in a room.
    fn said_by_li(&self, room: &str) -> Vec<Value> {
        let events = self.homeserver.events(room).into_iter();
        events.filter(|event| event["sender"] == LI && event["type"] == "m.room.message").collect()
    }
}

fn decision(room: &str, root: &str) -> Value {
    json!({
        "v": 1, "key": "said/1/t1/0", "network": "feishu", "by": "ou_li", "room": room, "thread": root,
        "text": TEXT,
    })
}

const KIND: &str = "com.lianqiao.bridge.speak";

fn words() -> Value {
    json!({ "msgtype": "m.notice", "body": "AP-1" })
}

#[tokio::test]
async fn a_decision_is_said_once_by_the_account_of_who_decided_as_soon_as_it_is_asked_in() {
    let mut stage = Stage::new().await;
    let desk = stage.desk().await;
    let hall = stage.room_of(APPROVALS, &[]);
    let root = stage.said_by(APPROVALS, &hall, "m.room.message", words()).await;
    stage.said_by(APPROVALS, &desk, KIND, decision(&hall, &root)).await;
    stage.passes(Duration::from_millis(DECISION_WAIT_MS)).await;
    assert_eq!(stage.said_by_li(&hall), Vec::<Value>::new(), "the room is not theirs yet");
    let invite = Call::new(Method::POST, &["client", "v3", "rooms", &hall, "invite"]);
    stage.homeserver.does(APPROVALS, invite.json(json!({ "user_id": LI })));
    let of = hall.clone();
    stage.until("it is said", move |stage| !stage.said_by_li(&of).is_empty()).await;
    // It is asked for again, after the bridge has stopped and begun anew.
    stage.stops().await;
    stage.starts_again();
    stage.said_by(APPROVALS, &desk, KIND, decision(&hall, &root)).await;
    stage.passes(Duration::from_millis(2 * DECISION_WAIT_MS)).await;
    let said = stage.said_by_li(&hall);
    let [said] = said.as_slice() else { panic!("{said:#?}") };
    let content = &said["content"];
    assert_eq!((&content["msgtype"], &content["body"]), (&json!("m.notice"), &json!(TEXT)));
    assert_eq!(content["m.mentions"], json!({}), "it rings at nobody's");
    let relates = &content["m.relates_to"];
    assert_eq!((&relates["rel_type"], &relates["event_id"]), (&json!("m.thread"), &json!(root)));
}

#[tokio::test]
async fn a_room_that_goes_on_refusing_is_left_alone_and_nobody_but_a_bot_has_others_speak() {
    let mut stage = Stage::new().await;
    let desk = stage.desk().await;
    let hall = stage.room_of(APPROVALS, &[]);
    let root = stage.said_by(APPROVALS, &hall, "m.room.message", words()).await;
    stage.said_by(APPROVALS, &desk, KIND, decision(&hall, &root)).await;
    stage.passes(Duration::from_millis(u64::from(DECISION_TRIES_MAX + 1) * DECISION_WAIT_MS)).await;
    let invite = Call::new(Method::POST, &["client", "v3", "rooms", &hall, "invite"]);
    stage.homeserver.does(APPROVALS, invite.json(json!({ "user_id": LI })));
    stage.passes(Duration::from_millis(2 * DECISION_WAIT_MS)).await;
    assert_eq!(stage.said_by_li(&hall), Vec::<Value>::new(), "it was given up");
    let room = stage.room.clone();
    let root = stage.said_by(ALICE, &room, "m.room.message", words()).await;
    stage.said_by(ALICE, &room, KIND, decision(&hall, &root)).await;
    let mut nonsense = decision(&hall, &root);
    nonsense["key"] = json!("");
    stage.said_by(APPROVALS, &desk, KIND, nonsense).await;
    stage.passes(Duration::from_millis(2 * DECISION_WAIT_MS)).await;
    assert_eq!(stage.said_by_li(&hall), Vec::<Value>::new());
}

#[tokio::test]
async fn who_left_the_company_before_their_decision_was_said_is_out_again_once_it_is() {
    let mut stage = Stage::new().await;
    let desk = stage.desk().await;
    let hall = stage.room_of(APPROVALS, &[]);
    let root = stage.said_by(APPROVALS, &hall, "m.room.message", words()).await;
    stage.said_by(APPROVALS, &desk, KIND, decision(&hall, &root)).await;
    stage.leaves_company("ou_li").await;
    stage.passes(Duration::from_millis(DECISION_WAIT_MS)).await;
    let invite = Call::new(Method::POST, &["client", "v3", "rooms", &hall, "invite"]);
    stage.homeserver.does(APPROVALS, invite.json(json!({ "user_id": LI })));
    let of = hall.clone();
    stage.until("it is said", move |stage| !stage.said_by_li(&of).is_empty()).await;
    let is_out =
        move |stage: &Stage| stage.homeserver.state(&hall, "m.room.member", LI)["membership"] == "leave";
    stage.until("they are out", is_out).await;
}
