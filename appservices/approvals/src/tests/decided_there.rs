//! What is decided on other platforms, in the threads of rooms where the case is talked about.

use kit::double::Stage;
use serde_json::{Value, json};

use super::{
    elsewhere::{BRIDGE, LISI, ZHANGSAN, press, said},
    talk::{case_of, imports, last, office_beside},
};
use crate::LOCALPART;

const ADMIN: &str = "@admin:test";
const GHOST: &str = "@fs_ou_1:test";
const NO: &str = "AP-20261105-0001";

/// A case that is announced in a room of several and has a room of its own.
struct Announced {
    stage: Stage,
    /// The room in which it was started, and the message that did.
    hall: (String, String),
    /// Its own room, and the first message there.
    own: (String, String),
    /// The room of the bot and the bridge.
    elsewhere: String,
}

impl Announced {
    /// 张三 asks 李四, who is on Feishu and has an account here or not.
    async fn to_somebody(has_account: bool) -> Self {
        let (mut stage, _) = office_beside(Some(BRIDGE.try_into().unwrap())).await;
        if !has_account {
            stage.homeserver().lacks(LISI);
            imports(&mut stage, "工号,姓名,部门,飞书ID\n2,李四,总部/销售部,ou_1\n").await;
        }
        let desk = stage.room_with(ADMIN, LOCALPART, true);
        stage.settle().await;
        let template = json!({
            "v": 1, "id": "party", "name": {"zh": "团建"}, "aliases": ["团建"],
            "form": [{"id": "what", "type": "text", "label": {"zh": "事项"}, "required": true}],
            "flow": [{"id": "n1", "type": "approve", "mode": "or", "who": {"users": ["2"]}}],
            "policy": {"announce": "room", "case_room": "always"},
        });
        stage.says(ADMIN, &desk, &format!("!审批 publish {template}"));
        stage.settle().await;
        let hall = stage.room_with(ZHANGSAN, LOCALPART, false);
        stage.settle().await;
        let root = stage.says(ZHANGSAN, &hall, "!审批 团建 爬山");
        stage.settle().await;
        let elsewhere = stage.kit().place(LOCALPART, "elsewhere").await.unwrap().unwrap().to_string();
        stage.joins(BRIDGE, &elsewhere);
        stage.settle().await;
        let rooms = stage.homeserver().rooms_with("com.lianqiao.room", |state| state["kind"] == "case");
        let own = rooms.into_iter().next().unwrap();
        let first = stage.newest(&own, |body| body.starts_with(NO));
        Self { stage, hall: (hall, root), own: (own, first), elsewhere }
    }

    /// 李四 agrees by the button, and writes something with it that is for those who have a part in the case.
    async fn agrees(&mut self) {
        let card = said(&self.stage, &self.elsewhere, "card").remove(0);
        let mut pressed = press(&card, "approve", LISI, "好");
        pressed["ghost"] = json!(GHOST);
        self.stage.sends(BRIDGE, &self.elsewhere, "com.lianqiao.bridge.pressed", pressed);
        self.stage.settle().await;
    }

    /// What the bridge is asked to have said.
    fn asked(&self) -> Vec<Value> {
        said(&self.stage, &self.elsewhere, "speak")
    }

    /// Whether somebody is in a room, or asked in.
    fn standing(&self, room: &str, who: &str) -> Value {
        self.stage.homeserver().state(room, "m.room.member", who)["membership"].clone()
    }
}

#[tokio::test]
async fn the_account_of_a_platforms_person_who_has_no_own_one_says_what_they_decided_there() {
    let mut case = Announced::to_somebody(false).await;
    case.agrees().await;
    let text = format!("李四 在飞书处理了 {NO}：同意");
    let asked = case.asked();
    assert_eq!(asked.len(), 2, "{asked:#?}");
    for (said, (room, root)) in asked.iter().zip([&case.own, &case.hall]) {
        assert_eq!((&said["network"], &said["by"]), (&json!("feishu"), &json!("ou_1")));
        assert_eq!(
            (&said["room"], &said["thread"], &said["text"]),
            (&json!(room), &json!(root), &json!(text))
        );
        assert_eq!(case.standing(room, GHOST), "invite", "the bridge need not be there");
        assert!(!case.stage.said(room).contains(&text), "the bot does not say it as well");
    }
    assert_ne!(asked[0]["key"], asked[1]["key"]);
    // A press that is told of again is decided no second time.
    case.agrees().await;
    assert_eq!(case.asked().len(), 2);
}

#[tokio::test]
async fn what_such_an_account_says_is_heard_by_the_bot_as_no_decision() {
    let mut case = Announced::to_somebody(false).await;
    case.agrees().await;
    let before = case_of(&case.stage, NO).await;
    for (room, root) in [case.own.clone(), case.hall.clone()] {
        case.stage.joins(GHOST, &room);
        let told = case.stage.said(&room);
        let relates = json!({ "rel_type": "m.thread", "event_id": root });
        let content = json!({ "msgtype": "m.notice", "body": "拒绝 不好", "m.relates_to": relates });
        case.stage.sends(GHOST, &room, "m.room.message", content);
        case.stage.settle().await;
        assert_eq!(case.stage.said(&room), told, "nobody is answered");
    }
    assert_eq!(case_of(&case.stage, NO).await, before);
}

#[tokio::test]
async fn for_who_has_an_account_of_their_own_the_bot_says_it() {
    let mut case = Announced::to_somebody(true).await;
    case.agrees().await;
    assert_eq!(case.asked(), Vec::<Value>::new());
    for (room, root) in [&case.own, &case.hall] {
        assert_eq!(last(&case.stage, room), format!("李四 在飞书处理了 {NO}：同意"));
        let said = case.stage.events_of_bots(room).pop().unwrap();
        let relates = &said["content"]["m.relates_to"];
        assert_eq!((&relates["rel_type"], &relates["event_id"]), (&json!("m.thread"), &json!(root)));
        assert_eq!(said["content"]["msgtype"], "m.notice", "it rings at nobody's");
        assert_eq!(case.standing(room, GHOST), Value::Null);
    }
}

#[tokio::test]
async fn the_homeserver_is_asked_for_one_member_and_not_whether_a_known_room_is_encrypted() {
    let mut case = Announced::to_somebody(false).await;
    let known = case.stage.homeserver().requests().len();
    case.agrees().await;
    let requests = case.stage.homeserver().requests().split_off(known);
    let asks = |what: &str| requests.iter().filter(|line| line.contains(what)).count();
    assert_eq!((asks("m.room.encryption"), asks("joined_members")), (0, 0), "{requests:#?}");
    assert_eq!(asks(&format!("m.room.member/{GHOST}")), 2, "once for each room: {requests:#?}");
}

#[tokio::test]
async fn in_an_encrypted_room_the_bot_says_it() {
    let mut case = Announced::to_somebody(false).await;
    let rules = json!({ "algorithm": "m.megolm.v1.aes-sha2" });
    case.stage.sets_state(ZHANGSAN, &case.hall.0, "m.room.encryption", "", rules);
    case.stage.settle().await;
    case.agrees().await;
    let asked = case.asked();
    assert_eq!(asked.len(), 1, "its own room is not: {asked:#?}");
    assert_eq!(asked[0]["room"], *case.own.0);
    assert_eq!(case.standing(&case.hall.0, GHOST), Value::Null);
    let newest = case.stage.events_of_bots(&case.hall.0).pop().unwrap();
    assert_eq!(newest["type"], "m.room.encrypted");
}
