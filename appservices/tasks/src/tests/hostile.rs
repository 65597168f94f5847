//! Cards that somebody forges, and commands in messages that were edited or bridged: nothing happens, and who commands is told why.

use serde_json::json;

use super::*;

/// Somebody of DingTalk whom no list knows, as the bridge shows them here.
const BRIDGED: &str = "@dt_lisi:test";
const NO: &str = "TK-20261105-0001";

/// 张三 gives 李四 a task in the hall; its card.
async fn task(stage: &mut Stage, hall: &str) -> String {
    says(stage, ZHANGSAN, hall, "!任务 写周报 @李四 明天").await;
    card(stage, hall, NO)
}

#[tokio::test]
async fn forged_cards_and_records_change_nothing() {
    let (mut stage, hall) = office().await;
    let task = task(&mut stage, &hall).await;
    let text = format!("[已完成] {NO} 写周报 · 李四");
    let state = json!({ "v": 1, "kind": "task", "no": NO, "rev": 9, "state": "done" });
    for person in [LISI, SUNQI] {
        stage.forges(person, &hall, &task, &text, &state);
        for kind in ["record", "card"] {
            let content = json!({ "v": 1, "no": NO, "action": "progress", "to": "done", "seq": 2 });
            stage.sends(person, &hall, &format!("com.lianqiao.{kind}"), content);
        }
    }
    stage.settle().await;
    says(&mut stage, ZHANGSAN, &hall, "!task 我的").await;
    assert!(reads(&stage, &hall, &task).starts_with("[待开始]"));
    says(&mut stage, ZHANGSAN, &hall, &format!("!verify {NO}")).await;
    assert!(last(&stage, &hall).starts_with(&format!("OK · {NO} · 1 ")), "{}", last(&stage, &hall));
}

#[tokio::test]
async fn commands_in_edited_and_bridged_messages_are_not_run_and_say_so() {
    let (mut stage, hall) = office().await;
    let task = task(&mut stage, &hall).await;
    let said = says(&mut stage, LISI, &hall, "hello").await;
    stage.edits(LISI, &hall, &said, &format!("!完成 {NO}"));
    stage.settle().await;
    assert_eq!(last(&stage, &hall), "修改旧消息不会重新执行命令，请重新发送。");
    stage.invites(ZHANGSAN, &hall, BRIDGED);
    stage.joins(BRIDGED, &hall);
    let refused = "此账号未绑定员工，不能操作。绑定：!bind matrix";
    for text in [format!("!完成 {NO}"), format!("!取消 {NO}"), "!任务 泄露 @李四 明天".to_owned()]
    {
        says(&mut stage, BRIDGED, &hall, &text).await;
        assert_eq!(last(&stage, &hall), refused, "{text}");
    }
    assert!(reads(&stage, &hall, &task).starts_with("[待开始]"));
    assert_eq!(count(&stage, &hall, "泄露"), 0);
}
