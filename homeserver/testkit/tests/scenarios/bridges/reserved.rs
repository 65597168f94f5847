//! Colleagues whom the staff list knows on a platform and who never signed in here: what bots ask them reaches them there, and what
//! they do there counts as theirs.

use serde_json::{Value, json};
use simulator_feishu::Simulator;
use testkit::{User, limits::LOOK_INTERVAL};
use tokio::time::Instant;

use super::{
    APP, Bridge, PATIENCE, bodies,
    calendars::{chat, shows},
    cards::{asks_for_leave, has_buttons, hears},
};
use crate::{
    approvals::{imports, joins_the_bots_chat},
    bots::{answer_to, room_with_bot},
    tasks::{self, begins, from_bot, now_begins},
};

/// A server with bots and a bridge, and its staff.
async fn house() -> (Bridge, User) {
    let bridge = Bridge::with_bots().await;
    let zhangsan = staffed(&bridge).await;
    (bridge, zhangsan)
}

/// The staff of a server: 李四, the head, of whom it knows the name that is reserved and the id on the platform, and 张三.
pub(super) async fn staffed(bridge: &Bridge) -> User {
    staffed_with(bridge, "").await
}

/// The same, where 张三 has a role.
async fn staffed_with(bridge: &Bridge, role: &str) -> User {
    let staff = format!(
        "工号,姓名,部门,职位,部门主管,账号,角色,飞书ID\n\
         1,李四,总部/销售部,销售部主管,是,lisi,,{}\n\
         2,张三,总部/销售部,专员,否,zhangsan,{role},\n",
        Simulator::open_id(APP, "li")
    );
    let directory = tempfile::tempdir().unwrap();
    imports(&bridge.server, directory.path(), staff.as_bytes()).await;
    bridge.server.user("zhangsan").await
}

/// Waits until the bridge has noted all that it said on the platform.
async fn all_is_said(bridge: &Bridge) {
    let begun = Instant::now();
    loop {
        let (_, said) = bridge.server.commands(&["bridge", "status"]).await;
        if said.contains("out 0") {
            return;
        }
        assert!(begun.elapsed() < PATIENCE, "{said}");
        tokio::time::sleep(LOOK_INTERVAL).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_head_who_never_signed_in_here_decides_on_a_card_of_feishu() {
    let (mut bridge, zhangsan) = house().await;
    let hall = room_with_bot(&zhangsan, false).await;
    let no = asks_for_leave(&zhangsan, &hall).await;
    let own = joins_the_bots_chat(&zhangsan).await;
    let direct = bridge.direct().await;
    let card = bridge.card(&direct, &no, has_buttons).await;
    assert!(card["card"].to_string().contains("张三"), "{card}");

    all_is_said(&bridge).await;
    bridge.presses(&card, "同意", "早去早回").await;
    hears(&zhangsan, &own, &format!("[已通过] {no}")).await;
    let decided = bridge.card(&direct, &no, |message| !has_buttons(message)).await;
    assert_eq!(decided["message_id"], card["message_id"], "the card was changed in its place");
    let asked = zhangsan.sends(&hall, &format!("!verify {no}")).await.event_id();
    let verdict = answer_to(&zhangsan, &hall, &asked).await;
    assert!(bodies(std::slice::from_ref(&verdict))[0].starts_with("OK · 3 条记录"), "{verdict}");

    // The record names the head, and how they said it.
    bridge.server.stop().await;
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("all.jsonl");
    let (is_done, said) = bridge.server.commands(&["export", file.to_str().unwrap()]).await;
    assert!(is_done, "{said}");
    let text = std::fs::read_to_string(&file).unwrap();
    let by_head = |line: &&str| line.contains("\"via\":\"feishu\"") && line.contains("@lisi:test.example");
    assert_eq!(text.lines().filter(by_head).count(), 1, "{text}");
    let (is_done, said) = bridge.server.commands(&["verify", file.to_str().unwrap()]).await;
    assert!(is_done && said.starts_with("OK: 1 cases, 3 records"), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn tasks_and_meetings_of_who_never_signed_in_here_stand_in_feishu_and_are_answered_there() {
    let (bridge, zhangsan) = house().await;
    let desk = chat(&zhangsan).await;
    zhangsan.sends(&desk, "!meet 评审 @李四 明天 10:00 30m").await.ok();
    let meeting = bridge.has("calendar", "meetings", "评审", |_| true).await;
    let accept =
        json!({ "do": "answer_meeting", "person": "li", "meeting": meeting["id"], "answer": "accepted" });
    bridge.plays(accept).await;

    let hall = tasks::room_with_bot(&zhangsan, &[]).await;
    zhangsan.sends(&hall, "!任务 写周报 @李四 明天 18:00").await.ok();
    let card = from_bot(&zhangsan, &hall, |event| begins(event, "[待开始] TK-")).await;
    let no = card["content"]["com.lianqiao.card"]["no"].as_str().unwrap().to_owned();
    let todo = bridge.has("todos", "todos", "写周报", |todo| todo["done"] == false).await;
    bridge.plays(json!({ "do": "tick_todo", "person": "li", "todo": todo["id"], "done": true })).await;
    from_bot(&zhangsan, &hall, |event| now_begins(event, &format!("[已完成] {no}"))).await;

    shows(&zhangsan, &desk, |text| text.contains("李四✅")).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_room_hears_from_their_account_what_they_decided_in_feishu() {
    let bridge = Bridge::with_bots().await;
    let zhangsan = staffed_with(&bridge, "approval_admin").await;
    let desk = room_with_bot(&zhangsan, true).await;
    let template = json!({
        "v": 1, "id": "party", "name": { "zh": "团建" }, "aliases": ["团建"],
        "form": [{ "id": "what", "type": "text", "label": { "zh": "事项" }, "required": true }],
        "flow": [{ "id": "n1", "type": "approve", "mode": "or", "who": { "users": ["1"] } }],
        "policy": { "announce": "room" },
    });
    let published = zhangsan.sends(&desk, &format!("!审批 publish {template}")).await.event_id();
    let told = answer_to(&zhangsan, &desk, &published).await;
    assert_eq!(told["content"]["body"], "模板已发布：party@1", "{told}");

    let hall = room_with_bot(&zhangsan, false).await;
    let asked = zhangsan.sends(&hall, "!审批 团建 爬山").await.event_id();
    answer_to(&zhangsan, &hall, &asked).await;
    let direct = bridge.direct().await;
    let card = bridge.card(&direct, "爬山", has_buttons).await;
    all_is_said(&bridge).await;
    bridge.presses(&card, "同意", "早去早回").await;

    let account = format!("@fs_{}:test.example", Simulator::open_id(APP, "li"));
    let is_theirs = |event: &Value| event["sender"] == *account && event["type"] == "m.room.message";
    let path = format!("/_matrix/client/v3/rooms/{hall}/messages?dir=b&limit=100");
    let page = zhangsan
        .gets_until(&path, |page| page["chunk"].as_array().is_some_and(|chunk| chunk.iter().any(is_theirs)))
        .await;
    let said: Vec<&Value> =
        page["chunk"].as_array().unwrap().iter().filter(|event| is_theirs(event)).collect();
    let [said] = said.as_slice() else { panic!("{said:#?}") };
    let content = &said["content"];
    let body = content["body"].as_str().unwrap();
    assert!(body.starts_with("李四 在飞书处理了 AP-") && body.ends_with("：同意"), "{body}");
    let relates = &content["m.relates_to"];
    assert_eq!((&relates["rel_type"], &relates["event_id"]), (&json!("m.thread"), &json!(asked)));
}
