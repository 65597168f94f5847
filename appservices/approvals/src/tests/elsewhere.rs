//! Decisions on other platforms, as the bridge tells of them.

use kit::double::Stage;
use serde_json::{Value, json};

use super::talk::{card, chat, last, office_beside, reads};
use crate::LOCALPART;

pub(super) const ZHANGSAN: &str = "@zhangsan:test";
pub(super) const LISI: &str = "@lisi:test";
const SUNQI: &str = "@sunqi:test";
pub(super) const BRIDGE: &str = "@bridge:test";

/// An office with a bridge, where 张三 asks 李四 for leave: the stage, the chat of 李四, the room with the bridge.
pub(super) async fn asked() -> (Stage, String, String) {
    let (mut stage, room) = office_beside(Some(BRIDGE.try_into().unwrap())).await;
    stage.says(ZHANGSAN, &room, "!请假 2026-11-10 2026-11-10 事假 x");
    stage.settle().await;
    let desk = chat(&stage, LISI);
    let elsewhere = stage.kit().place(LOCALPART, "elsewhere").await.unwrap().unwrap().to_string();
    stage.joins(BRIDGE, &elsewhere);
    stage.settle().await;
    (stage, desk, elsewhere)
}

/// The cards that the bridge was given, in order.
fn cards(stage: &Stage, elsewhere: &str) -> Vec<Value> {
    said(stage, elsewhere, "card")
}

/// What the bridge was told of a kind, in order.
pub(super) fn said(stage: &Stage, elsewhere: &str, kind: &str) -> Vec<Value> {
    let kind = format!("com.lianqiao.bridge.{kind}");
    let events = stage.events_of_bots(elsewhere).into_iter().filter(|event| event["type"] == kind);
    events.map(|event| event["content"].clone()).collect()
}

/// A press as the bridge tells of it.
pub(super) fn press(card: &Value, action: &str, person: &str, words: &str) -> Value {
    json!({
        "v": 1, "key": card["key"], "rev": card["rev"], "action": action, "values": { "reason": words },
        "network": "feishu", "by": "ou_1", "person": person,
        "proof": { "type": "callback", "hash": "ab".repeat(32), "verified": true },
    })
}

async fn says(stage: &mut Stage, who: &str, room: &str, content: &Value) {
    stage.sends(who, room, "com.lianqiao.bridge.pressed", content.clone());
    stage.settle().await;
}

#[tokio::test]
async fn a_task_is_decided_by_a_button_elsewhere_once() {
    let (mut stage, desk, elsewhere) = asked().await;
    let shown = cards(&stage, &elsewhere);
    let [first] = shown.as_slice() else { panic!("{shown:#?}") };
    assert_eq!(first["for"], LISI);
    assert!(first["title"].as_str().unwrap().starts_with("[待审批] AP-20261105-0001"), "{first}");
    assert!(
        !first["body"].as_str().unwrap().contains("💬"),
        "what can be tapped here is not said there: {first}"
    );
    let actions: Vec<_> =
        first["buttons"].as_array().unwrap().iter().map(|button| &button["action"]).collect();
    assert_eq!(actions, ["approve", "reject"]);
    let own = card(&stage, &desk, "[待审批]");
    says(&mut stage, BRIDGE, &elsewhere, &press(first, "approve", LISI, "好")).await;
    assert!(reads(&stage, &desk, &own).starts_with("[已通过]"));
    let newest = cards(&stage, &elsewhere).pop().unwrap();
    assert_eq!((&newest["key"], &newest["buttons"]), (&first["key"], &json!([])));
    assert!(newest["rev"].as_u64() > first["rev"].as_u64());
    // The other surface comes too late, and so does a second press.
    stage.reacts(LISI, &desk, &own, "❌");
    stage.settle().await;
    assert!(last(&stage, &desk).contains("通过飞书处理：同意"), "{}", last(&stage, &desk));
    says(&mut stage, BRIDGE, &elsewhere, &press(first, "reject", LISI, "不")).await;
    let told = cards(&stage, &elsewhere).pop().unwrap();
    assert!(told["title"].as_str().unwrap().contains("通过飞书处理：同意"), "{told}");
    let records = stage.kit().store().clone();
    let cases = cases_of(&records).await;
    let id = cases.by_number("AP-20261105-0001").await.unwrap().unwrap();
    let record =
        cases.records(&id).await.unwrap().into_iter().find(|record| record.action == "approve").unwrap();
    assert_eq!(record.via, cases::Via::Feishu);
    let proof = record.proof.unwrap();
    assert_eq!((proof.kind.as_str(), proof.verified), ("callback", Some(true)));
    assert_eq!(proof.hash, format!("sha256:{}", "ab".repeat(32)));
    stage.says(LISI, &desk, "!verify AP-20261105-0001");
    stage.settle().await;
    assert!(last(&stage, &desk).starts_with("OK"), "{}", last(&stage, &desk));
}

async fn cases_of(store: &store::Store) -> cases::Cases {
    let parts = cases::CasesParts {
        store: store.clone(),
        clock: base::Clock::fake(0),
        rng: base::Rng::seeded(1),
        signer: cases::Signer::of_store(store).await.unwrap(),
        known: cases::PublicKeys::default(),
    };
    cases::Cases::new(parts)
}

#[tokio::test]
async fn a_press_counts_from_the_bridge_in_its_room_for_who_is_asked() {
    let (mut stage, desk, elsewhere) = asked().await;
    let first = cards(&stage, &elsewhere).remove(0);
    let own = card(&stage, &desk, "[待审批]");
    says(&mut stage, LISI, &desk, &press(&first, "approve", LISI, "")).await;
    stage.invites(LISI, &desk, BRIDGE);
    stage.joins(BRIDGE, &desk);
    says(&mut stage, BRIDGE, &desk, &press(&first, "approve", LISI, "")).await;
    let mut forged = press(&first, "approve", LISI, "");
    forged["proof"]["verified"] = json!(false);
    says(&mut stage, BRIDGE, &elsewhere, &forged).await;
    for nonsense in
        [json!({}), json!({ "key": 3 }), press(&json!({ "key": "a/x/t1/2" }), "approve", LISI, "")]
    {
        says(&mut stage, BRIDGE, &elsewhere, &nonsense).await;
    }
    says(&mut stage, BRIDGE, &elsewhere, &press(&first, "dance", LISI, "")).await;
    assert_eq!(cards(&stage, &elsewhere).len(), 1, "nobody is answered");
    for _ in 0..2 {
        says(&mut stage, BRIDGE, &elsewhere, &press(&first, "approve", SUNQI, "")).await;
        says(&mut stage, BRIDGE, &elsewhere, &press(&first, "approve", "@fs_ou_9:test", "")).await;
    }
    let told = cards(&stage, &elsewhere);
    assert_eq!(told.len(), 3, "a stranger is told once for a card");
    assert!(told[1]["title"].as_str().unwrap().starts_with("你不是当前处理人"), "{told:#?}");
    assert!(reads(&stage, &desk, &own).starts_with("[待审批]"), "and nothing has changed");
}

#[tokio::test]
async fn a_reason_is_asked_for_elsewhere_too() {
    let (mut stage, desk, elsewhere) = asked().await;
    let first = cards(&stage, &elsewhere).remove(0);
    let own = card(&stage, &desk, "[待审批]");
    says(&mut stage, BRIDGE, &elsewhere, &press(&first, "reject", LISI, " ")).await;
    assert!(reads(&stage, &desk, &own).starts_with("[待审批]"));
    let told = cards(&stage, &elsewhere).pop().unwrap();
    assert!(told["title"].as_str().unwrap().starts_with("请 10 分钟内在卡片的输入框写明理由"), "{told}");
    says(&mut stage, BRIDGE, &elsewhere, &press(&first, "reject", LISI, "人手不够")).await;
    assert!(!reads(&stage, &desk, &own).starts_with("[待审批]"));
    assert!(reads(&stage, &desk, &own).contains("人手不够"));
}

#[tokio::test]
async fn what_the_account_of_a_platforms_person_says_below_a_card_decides_nothing() {
    let (mut stage, desk, _) = asked().await;
    let own = card(&stage, &desk, "[待审批]");
    let ghost = "@feishu_ou_1:test";
    stage.invites(LISI, &desk, ghost);
    stage.joins(ghost, &desk);
    // The name and the text of a bridged message prove nothing: the verified press of a button does.
    stage.replies(ghost, &desk, &own, "同意");
    stage.says_in_thread(ghost, &desk, &own, "拒绝 太久");
    stage.reacts(ghost, &desk, &own, "✅");
    stage.settle().await;
    let unbound = "此账号未绑定员工，不能操作。绑定：!bind matrix";
    let told = stage.said(&desk).iter().filter(|said| *said == unbound).count();
    assert_eq!(told, 3, "{:?}", stage.said(&desk));
    let said = stage.says(ghost, &desk, "好的");
    stage.edits(ghost, &desk, &said, "!同意 AP-20261105-0001");
    stage.settle().await;
    assert_eq!(last(&stage, &desk), "修改旧消息不会重新执行命令，请重新发送。");
    assert!(reads(&stage, &desk, &own).starts_with("[待审批]"));
}
