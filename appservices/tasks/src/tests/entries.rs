//! Tasks among the to-dos of other platforms, as the bridge is told of them and tells of them.

use serde_json::json;

use super::*;

const BRIDGE: &str = "@bridge:test";

/// What the bridge was told, in order.
fn entries(stage: &Stage, elsewhere: &str) -> Vec<Value> {
    let events = stage.events_of_bots(elsewhere).into_iter();
    let entries = events.filter(|event| event["type"] == "com.lianqiao.bridge.entry");
    entries.map(|event| event["content"].clone()).collect()
}

#[tokio::test]
async fn a_task_is_a_to_do_elsewhere_and_is_ticked_off_there() {
    let (mut stage, hall) = office_beside(Some(BRIDGE.try_into().unwrap())).await;
    says(&mut stage, ZHANGSAN, &hall, "!任务 写周报 @李四 11-10 18:00 !高").await;
    let task = card(&stage, &hall, "TK-20261105-0001");
    let elsewhere = stage.kit().place(LOCALPART, "elsewhere").await.unwrap().unwrap().to_string();
    stage.joins(BRIDGE, &elsewhere);
    stage.settle().await;
    let shown = entries(&stage, &elsewhere);
    let first = shown.last().unwrap();
    assert_eq!((&first["kind"], &first["title"]), (&json!("todo"), &json!("写周报")));
    assert_eq!((&first["priority"], &first["state"]), (&json!("high"), &json!("open")));
    assert_eq!(first["assignees"], json!([{ "account": LISI, "is_done": false }]));
    assert!(first["due_ms"].is_u64() && first["link"].as_str().unwrap().starts_with("https://matrix.to/"));
    let press = |person: &str, action: &str| {
        json!({
            "v": 1, "key": first["key"], "action": action, "values": {}, "network": "feishu", "by": "ou_1",
            "person": person, "proof": { "type": "callback", "hash": "ab".repeat(32), "verified": true },
        })
    };
    stage.sends(BRIDGE, &elsewhere, "com.lianqiao.bridge.pressed", press(SUNQI, "done"));
    stage.settle().await;
    assert!(reads(&stage, &hall, &task).starts_with("[待开始]"), "it is not theirs");
    stage.sends(BRIDGE, &elsewhere, "com.lianqiao.bridge.pressed", press(LISI, "done"));
    stage.settle().await;
    assert!(reads(&stage, &hall, &task).starts_with("[已完成]"));
    let newest = entries(&stage, &elsewhere).pop().unwrap();
    assert_eq!((&newest["state"], &newest["assignees"][0]["is_done"]), (&json!("done"), &json!(true)));
    assert!(newest["rev"].as_u64() > first["rev"].as_u64());
    stage.sends(BRIDGE, &elsewhere, "com.lianqiao.bridge.pressed", press(LISI, "reopen"));
    stage.settle().await;
    assert!(reads(&stage, &hall, &task).starts_with("[待开始]"), "it is to be done after all");
}

#[tokio::test]
async fn without_bridges_nothing_is_said_of_tasks_elsewhere() {
    let (mut stage, hall) = office().await;
    says(&mut stage, ZHANGSAN, &hall, "!任务 写周报 @李四 明天").await;
    assert!(stage.kit().place(LOCALPART, "elsewhere").await.unwrap().is_none());
}
