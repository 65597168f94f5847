//! Approvals in other platforms' approval centres, and the approvals of those platforms here.

use kit::double::Stage;
use serde_json::{Value, json};

use super::{
    elsewhere::{BRIDGE, LISI, ZHANGSAN, asked, said},
    talk::{card, chat, last, reads},
};

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
    let refused = json!({ "v": 1, "network": "feishu", "id": "I-1", "task": "t-7", "refused": "要写理由" });
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
