//! Approvals in other platforms' approval centres, and the approvals of those platforms here.

use kit::double::Stage;
use serde_json::{Value, json};
use store::Batch;

use super::{
    elsewhere::{BRIDGE, LISI, ZHANGSAN, asked, said},
    forms::{link, pressed, sends},
    talk::{card, chat, last, reads},
};
use crate::{LOCALPART, tables::FOREIGN_CARD};

const WANGWU: &str = "@wangwu:test";
const ADMIN: &str = "@admin:test";

/// The bridge says something of a kind.
async fn bridge_says(stage: &mut Stage, elsewhere: &str, kind: &str, content: Value) {
    stage.sends(BRIDGE, elsewhere, &format!("com.lianqiao.bridge.{kind}"), content);
    stage.settle().await;
}

#[tokio::test]
async fn an_approval_stands_in_approval_centres_and_is_decided_there() {
    let (mut stage, desk, elsewhere) = asked().await;
    let entries = said(&stage, &elsewhere, "entry");
    let first = entries.last().unwrap();
    assert_eq!((&first["kind"], &first["number"]), (&json!("approval"), &json!("AP-20261105-0001")));
    assert_eq!((&first["state"], &first["starter"]), (&json!("pending"), &json!(ZHANGSAN)));
    assert!(first["lines"].as_array().is_some_and(|lines| !lines.is_empty()), "{first}");
    let task = &first["tasks"][0];
    assert_eq!((&task["account"], &task["state"]), (&json!(LISI), &json!("pending")));
    let press = json!({
        "v": 1, "key": task["key"], "action": "approve", "values": { "reason": "好" }, "network": "feishu",
        "by": "ou_1", "person": LISI, "proof": { "type": "callback", "hash": "ab".repeat(32), "verified": true },
    });
    let own = card(&stage, &desk, "[待审批]");
    bridge_says(&mut stage, &elsewhere, "pressed", press).await;
    assert!(reads(&stage, &desk, &own).starts_with("[已通过]"));
    let newest = said(&stage, &elsewhere, "entry").pop().unwrap();
    assert_eq!((&newest["state"], &newest["tasks"][0]["state"]), (&json!("approved"), &json!("approved")));
    assert!(newest["rev"].as_u64() > first["rev"].as_u64() && newest["ended_ms"].is_u64(), "{newest}");
}

/// An approval of Feishu as the bridge tells of it.
fn foreign(state: &str, asked: &[&str], changed_ms: u64) -> Value {
    let asked: Vec<_> = asked.iter().map(|account| json!({ "account": account, "task": "t-7" })).collect();
    json!({
        "v": 1, "network": "feishu", "id": "I-1", "number": "2026-7", "title": "采购 鼠标", "starter": ZHANGSAN,
        "state": state, "asked": asked, "lines": [["数量", "3"]], "link": "https://feishu.example/approval/1",
        "can_be_decided": true, "changed_ms": changed_ms,
    })
}

#[tokio::test]
async fn an_approval_of_another_platform_is_decided_here_for_who_is_asked_there() {
    let (mut stage, desk, elsewhere) = asked().await;
    for _ in 0..2 {
        bridge_says(&mut stage, &elsewhere, "approval", foreign("pending", &[LISI, "@fs_ou_9:test"], 10))
            .await;
    }
    let shown = card(&stage, &desk, "[飞书审批 待审批]");
    let text = reads(&stage, &desk, &shown);
    assert!(text.starts_with("[飞书审批 待审批] 2026-7 · 采购 鼠标 · 张三\n数量: 3"), "{text}");
    stage.reacts(LISI, &desk, &shown, "❌");
    stage.settle().await;
    let decisions = said(&stage, &elsewhere, "decide");
    let [decision] = decisions.as_slice() else { panic!("{decisions:#?}") };
    assert_eq!((&decision["task"], &decision["is_approved"]), (&json!("t-7"), &json!(false)));
    assert_eq!(decision["account"], LISI);
    let refused = refused(LISI);
    bridge_says(&mut stage, &elsewhere, "decided", refused).await;
    assert_eq!(last(&stage, &desk), "平台没有接受你的决定：要写理由");
    stage.reacts(LISI, &desk, &shown, "✅");
    stage.settle().await;
    assert_eq!(said(&stage, &elsewhere, "decide").len(), 2, "it may be tried again");
    bridge_says(&mut stage, &elsewhere, "approval", foreign("approved", &[], 20)).await;
    bridge_says(&mut stage, &elsewhere, "approval", foreign("pending", &[LISI], 15)).await;
    assert!(reads(&stage, &desk, &shown).starts_with("[飞书审批 已通过]"), "what is older changes nothing");
    let own = chat(&stage, ZHANGSAN);
    assert!(last(&stage, &own).starts_with("[飞书审批 已通过] 2026-7"), "{}", last(&stage, &own));
}

/// Feishu does not take the decision of somebody.
fn refused(account: &str) -> Value {
    json!({
        "v": 1, "network": "feishu", "id": "I-1", "task": "t-7", "account": account, "is_approved": false,
        "refused": "要写理由",
    })
}

#[tokio::test]
async fn all_people_of_a_step_are_asked_also_where_the_platform_names_one_task_for_them() {
    let (mut stage, desk, elsewhere) = asked().await;
    bridge_says(&mut stage, &elsewhere, "approval", foreign("pending", &[LISI, WANGWU], 10)).await;
    let other = chat(&stage, WANGWU);
    let cards = [&desk, &other].map(|room| card(&stage, room, "[飞书审批 待审批]"));
    stage.reacts(WANGWU, &other, &cards[1], "❌");
    stage.settle().await;
    let decision = said(&stage, &elsewhere, "decide").pop().unwrap();
    assert_eq!(decision["account"], WANGWU);
    bridge_says(&mut stage, &elsewhere, "decided", refused(WANGWU)).await;
    let why = "平台没有接受你的决定：要写理由";
    assert_eq!(last(&stage, &other), why);
    assert!(!stage.said(&desk).iter().any(|said| said == why), "nobody else hears of it");
    bridge_says(&mut stage, &elsewhere, "approval", foreign("pending", &[WANGWU], 20)).await;
    assert!(reads(&stage, &desk, &cards[0]).starts_with("[飞书审批 已处理]"));
    assert!(reads(&stage, &other, &cards[1]).starts_with("[飞书审批 待审批]"));
}

#[tokio::test]
async fn who_was_asked_by_an_earlier_version_is_not_asked_again() {
    let (mut stage, desk, elsewhere) = asked().await;
    let row = |is_sent: bool| {
        let row = json!({
            "network": "feishu", "id": "I-1", "task": "t-7", "account": LISI, "can_be_decided": true,
            "is_sent": is_sent,
        });
        serde_json::from_value(row).unwrap()
    };
    let hash = cases::hash_of(b"feishu/I-1/t-7").replace("sha256:", "");
    let key = format!("foreign/{}", &hash[..32]);
    let mut batch = Batch::new();
    batch.put(&FOREIGN_CARD, &key, &row(true));
    stage.kit().store().commit(batch).await.unwrap();
    bridge_says(&mut stage, &elsewhere, "approval", foreign("pending", &[LISI, WANGWU], 10)).await;
    assert!(!stage.said(&desk).iter().any(|said| said.starts_with("[飞书审批")));
    let other = chat(&stage, WANGWU);
    let asked = card(&stage, &other, "[飞书审批 待审批]");
    assert!(reads(&stage, &other, &asked).contains("采购 鼠标"), "who was not asked is");
    let mut outcome = refused(LISI);
    outcome.as_object_mut().unwrap().remove("account");
    bridge_says(&mut stage, &elsewhere, "decided", outcome).await;
    let kept = stage.kit().store().get(&FOREIGN_CARD, &key).await.unwrap();
    assert_eq!(kept, Some(row(false)), "it may be tried again");
}

#[tokio::test]
async fn a_long_form_stands_in_approval_centres_in_short() {
    let (mut stage, _, elsewhere) = asked().await;
    let fields: Vec<Value> = (0..8)
        .map(
            |n| json!({"id": format!("f{n}"), "type": "textarea", "label": {"zh": "说明"}, "required": true}),
        )
        .collect();
    let template = json!({
        "v": 1, "id": "long", "name": {"zh": "长文"}, "aliases": ["长文"], "form": fields,
        "flow": [{"id": "n1", "type": "approve", "mode": "or", "who": {"users": ["2"]}}],
    });
    let desk = stage.room_with(ADMIN, LOCALPART, true);
    stage.settle().await;
    stage.says(ADMIN, &desk, &format!("!审批 publish {template}"));
    stage.settle().await;
    assert_eq!(last(&stage, &desk), "模板已发布：long@1");
    let room = chat(&stage, ZHANGSAN);
    stage.says(ZHANGSAN, &room, "!表单 长文");
    stage.settle().await;
    let text = "长".repeat(2_600);
    let names: Vec<String> = (0..8).map(|n| format!("f.f{n}")).collect();
    let typed: Vec<(&str, &str)> = names.iter().map(|name| (name.as_str(), text.as_str())).collect();
    let page = sends(&stage, &link(&stage, &room), &pressed("submit", &typed)).await;
    assert!(page.text.contains("已收到"), "{}", page.text);
    stage.settle().await;
    let entry = said(&stage, &elsewhere, "entry").pop().unwrap();
    assert_eq!(entry["number"], "AP-20261105-0002");
    let lines = entry["lines"].as_array().unwrap();
    assert_eq!(lines.len(), 8);
    let value = lines[0][1].as_str().unwrap();
    assert_eq!((value.chars().count(), value.ends_with('…')), (121, true));
}

#[tokio::test]
async fn nobody_but_the_bridge_tells_of_approvals_elsewhere() {
    let (mut stage, desk, elsewhere) = asked().await;
    let before = stage.events_of_bots(&desk).len();
    stage.sends(LISI, &desk, "com.lianqiao.bridge.approval", foreign("pending", &[LISI], 10));
    stage.settle().await;
    for nonsense in [json!({}), json!({ "network": "feishu", "id": 3 })] {
        bridge_says(&mut stage, &elsewhere, "approval", nonsense).await;
    }
    assert_eq!(stage.events_of_bots(&desk).len(), before, "nobody is asked anything");
}
