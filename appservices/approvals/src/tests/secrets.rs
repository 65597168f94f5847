//! Approvals of the class `secret`: read in encrypted rooms, and nowhere else.

use kit::double::Stage;
use serde_json::{Value, json};
use store::Scan;

use super::{
    elsewhere::{BRIDGE, LISI, ZHANGSAN, said},
    law::{Play, step, yes},
    talk::{case_of, chat, last, office, office_beside},
};
use crate::{
    LOCALPART,
    act::{Action, Alarm},
    desk::{Effect, Under},
    tables::FORM_LINK,
};

const ADMIN: &str = "@admin:test";
const NO: &str = "AP-20261105-0001";
const WHAT: &str = "并购甲公司";
const SUM: &str = "88,000.00";
const HIDDEN: &str = "有一条保密内容未显示";

/// A secret template; every case of it has a room.
fn template() -> Value {
    json!({
        "v": 1, "id": "plan", "name": {"zh": "密件"}, "aliases": ["密件"], "class": "secret",
        "form": [{"id": "sum", "type": "amount", "label": {"zh": "金额"}, "required": true},
                 {"id": "what", "type": "textarea", "label": {"zh": "事项"}, "required": true}],
        "flow": [{"id": "n1", "type": "approve", "mode": "or", "who": {"users": ["2"]}}],
        "policy": {"case_room": "always"},
    })
}

async fn publishes(stage: &mut Stage) {
    let desk = stage.room_with(ADMIN, LOCALPART, true);
    stage.settle().await;
    stage.says(ADMIN, &desk, &format!("!审批 publish {}", template()));
    stage.settle().await;
    assert_eq!(last(stage, &desk), "模板已发布：plan@1");
}

async fn says(stage: &mut Stage, person: &str, room: &str, body: &str) {
    stage.says(person, room, body);
    stage.settle().await;
}

/// Fails where bots ever said in the clear what is asked for.
fn is_not_told(stage: &Stage, room: &str) {
    for event in stage.events_of_bots(room) {
        let text = event.to_string();
        assert!(!text.contains(WHAT) && !text.contains(SUM) && !text.contains("8800000"), "{text}");
    }
}

/// How often something was said in a room.
fn count(stage: &Stage, room: &str, text: &str) -> usize {
    stage.shown(room).iter().filter(|body| body.contains(text)).count()
}

/// The room of the case.
fn case_room(stage: &Stage) -> String {
    stage.homeserver().rooms_with("com.lianqiao.room", |state| state["kind"] == "case").remove(0)
}

#[tokio::test]
async fn a_secret_approval_is_shown_in_no_room_that_is_not_encrypted() {
    let (mut stage, room) = office().await;
    publishes(&mut stage).await;
    let hall = stage.room_with(ZHANGSAN, LOCALPART, false);
    stage.settle().await;
    says(&mut stage, ZHANGSAN, &hall, &format!("!审批 密件 88000 {WHAT}")).await;
    assert_eq!(last(&stage, &hall), format!("已收到 {NO}，请看与我的私聊。"));
    let desk = chat(&stage, LISI);
    assert_eq!(count(&stage, &desk, HIDDEN), 1, "nobody here has a device that encrypts");
    for command in ["show", "files", "export"] {
        says(&mut stage, ZHANGSAN, &room, &format!("!审批 {command} {NO}")).await;
    }
    says(&mut stage, ZHANGSAN, &room, &format!("!why {NO}")).await;
    says(&mut stage, ZHANGSAN, &room, "!审批 mine").await;
    assert_eq!(last(&stage, &room), format!("[待审批] {NO} 保密审批"));
    says(&mut stage, ZHANGSAN, &room, &format!("!verify {NO}")).await;
    assert!(last(&stage, &room).starts_with("OK · 2 条记录"), "{}", last(&stage, &room));
    says(&mut stage, LISI, &desk, &format!("!拒绝 {NO} {WHAT} 太贵")).await;
    assert_eq!(case_of(&stage, NO).await.state, "rejected");
    for place in [&hall, &room, &desk, &case_room(&stage)] {
        is_not_told(&stage, place);
        let files = stage.events_of_bots(place);
        assert!(files.iter().all(|event| event["content"]["msgtype"] != "m.file"), "no file in the clear");
    }
}

#[tokio::test]
async fn the_room_of_a_secret_case_is_encrypted_and_says_so() {
    let (mut stage, room) = office().await;
    publishes(&mut stage).await;
    says(&mut stage, ZHANGSAN, &room, &format!("!审批 密件 88000 {WHAT}")).await;
    let place = case_room(&stage);
    let state = |kind: &str| stage.homeserver().state(&place, kind, "");
    assert_eq!(state("m.room.encryption")["algorithm"], "m.megolm.v1.aes-sha2");
    assert!(state("m.room.topic")["topic"].as_str().unwrap().starts_with("已端到端加密"));
    let kinds: Vec<Value> = stage.events_of_bots(&place).iter().map(|event| event["type"].clone()).collect();
    assert!(!kinds.contains(&json!("com.lianqiao.record")), "records as well: {kinds:?}");
}

#[tokio::test]
async fn in_an_encrypted_chat_a_secret_approval_is_read() {
    let (mut stage, room) = office().await;
    publishes(&mut stage).await;
    stage.sets_state(
        ZHANGSAN,
        &room,
        "m.room.encryption",
        "",
        json!({ "algorithm": "m.megolm.v1.aes-sha2" }),
    );
    stage.settle().await;
    says(&mut stage, ZHANGSAN, &room, &format!("!审批 密件 88000 {WHAT}")).await;
    let kinds: Vec<Value> = stage.events_of_bots(&room).iter().map(|event| event["type"].clone()).collect();
    assert!(kinds.contains(&json!("m.room.encrypted")), "{kinds:?}");
    assert_eq!(count(&stage, &room, HIDDEN), 0);
}

#[tokio::test]
async fn other_platforms_hear_that_there_is_a_secret_approval_and_no_more() {
    let (mut stage, room) = office_beside(Some(BRIDGE.try_into().unwrap())).await;
    publishes(&mut stage).await;
    says(&mut stage, ZHANGSAN, &room, &format!("!审批 密件 88000 {WHAT}")).await;
    let elsewhere = stage.kit().place(LOCALPART, "elsewhere").await.unwrap().unwrap().to_string();
    stage.joins(BRIDGE, &elsewhere);
    stage.settle().await;
    let cards = said(&stage, &elsewhere, "card");
    let [card] = cards.as_slice() else { panic!("{cards:#?}") };
    let title = "有一项保密审批，请在与审批机器人的加密私聊里处理。";
    assert_eq!((&card["title"], &card["body"], &card["buttons"]), (&json!(title), &json!(""), &json!([])));
    assert_eq!(said(&stage, &elsewhere, "entry"), Vec::<Value>::new(), "it is in no approval centre");
    let desk = chat(&stage, LISI);
    says(&mut stage, LISI, &desk, &format!("!同意 {NO}")).await;
    let newest = said(&stage, &elsewhere, "card").pop().unwrap();
    assert_eq!(newest["title"], "这项保密审批已处理。");
    is_not_told(&stage, &elsewhere);
}

#[tokio::test]
async fn a_secret_form_is_not_filled_in_in_a_browser() {
    let (mut stage, room) = office().await;
    publishes(&mut stage).await;
    says(&mut stage, ZHANGSAN, &room, "!表单 密件").await;
    assert_eq!(case_of(&stage, NO).await.state, "draft");
    let links = stage.kit().store().scan_keys(&FORM_LINK, Scan::all()).await.unwrap();
    assert_eq!(links, Vec::<String>::new());
}

#[tokio::test]
async fn a_secret_template_that_asks_a_partner_is_not_published_and_it_is_said_why() {
    let (mut stage, _) = office().await;
    let desk = stage.room_with(ADMIN, LOCALPART, true);
    stage.settle().await;
    let mut template = template();
    template["flow"][0]["who"] = of_partner();
    says(&mut stage, ADMIN, &desk, &format!("!审批 publish {template}")).await;
    let expected = "模板未发布：n1: 保密模板不能由合作方审批，因为合作方的决定以明文为证";
    assert_eq!(last(&stage, &desk), expected);
}

/// People of a partner decide.
fn of_partner() -> Value {
    json!({ "partner": { "server": "partner", "capability": "contract" } })
}

/// A case of a template that was published before such were refused: its step is a partner's.
fn asks_partner() -> Play {
    Play::new(json!([step("n1", "or", of_partner())]), json!({}))
}

/// The same, of the class `secret`.
fn secret(mut play: Play) -> Play {
    play.template.class = "secret".to_owned();
    play.case.data.is_secret = true;
    play
}

/// Who is told that it is not sent to the partner, and where.
fn told(play: &Play) -> Vec<(&str, Under)> {
    let told = play.effects.iter().filter_map(|effect| match effect {
        Effect::Tell(tell) if tell.text == "told.partner_secret" => Some((&*tell.to.0, tell.under.clone())),
        _ => None,
    });
    told.collect()
}

#[test]
fn a_secret_step_of_a_partner_is_an_administrators_and_both_sides_hear_why() {
    let mut play = secret(asks_partner()).submitted();
    assert_eq!(play.asked(), ["6"]);
    assert_eq!(told(&play), [("1", Under::Starter), ("6", Under::Task("t1".to_owned()))]);
    assert_eq!(play.case.data.room, None, "no room is made for the partner");
    play.does("6", yes());
    assert_eq!(play.state(), "approved");
}

#[test]
fn a_secret_step_that_waits_for_a_partner_already_is_handed_to_an_administrator() {
    let waits = || secret(asks_partner().submitted());
    let silent = Action::Alarm(Alarm::Partner { task: "t1".to_owned() });
    let came = Action::PartnerCame { server: "partner".try_into().unwrap() };
    for (who, action) in [("", silent), ("", came), ("1", Action::Urge)] {
        let mut play = waits();
        assert_eq!(play.case.data.open().filter(|task| task.partner.is_some()).count(), 1);
        play.does(who, action.clone());
        assert_eq!(play.asked(), ["6"], "{action:?}");
        assert_eq!(told(&play), [("1", Under::Starter), ("6", Under::Task("t2".to_owned()))], "{action:?}");
        assert!(play.records.contains(&"partner_withheld".to_owned()));
        play.does("6", yes());
        assert_eq!(play.state(), "approved");
    }
}
