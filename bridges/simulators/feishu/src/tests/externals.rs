//! What an app says of approvals whose flow is its own, what it reads of them, and actions of its own.

use serde_json::{Value, json};

use super::approvals::{APPROVALS, address, instance, put, texts};
use super::client::{World, world};
use super::office::{open_id, seen};
use crate::Command;

async fn define(world: &World, url: &str, viewers: Value) -> Value {
    let external = json!({ "action_callback_url": url, "action_callback_token": "v" });
    let kind = json!({
        "approval_name": "@i18n@kind", "approval_code": "ours", "external": external, "i18n_resources": texts(),
        "viewers": viewers,
    });
    world.ask("POST", &format!("{APPROVALS}/external_approvals"), kind).await.1["code"].clone()
}

async fn centre(world: &World) -> Vec<Value> {
    seen(world, Command::Approvals { person: "li".into() }, "approvals").await
}

/// An approval with other fields.
fn with(update_ms: u64, changes: Value) -> Value {
    let mut body = instance("PENDING", update_ms);
    body.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
    body
}

#[tokio::test]
async fn an_update_counts_when_it_is_newer_and_what_replaces_all_always_does() {
    let world = world().await;
    assert_eq!(define(&world, "http://127.0.0.1:9/", json!([])).await, 0);
    assert_eq!(put(&world, instance("PENDING", 5)).await, 0);
    let approved = |mode: &str| json!({ "status": "APPROVED", "update_mode": mode, "task_list": [] });
    assert_eq!(put(&world, with(5, approved("UPDATE"))).await, 0);
    assert_eq!(centre(&world).await[0]["state"], "pending", "it is no newer");
    assert_eq!(put(&world, with(6, approved("UPDATE"))).await, 0);
    let after = &centre(&world).await[0];
    assert_eq!(
        (&after["state"], &after["task_state"]),
        (&json!("approved"), &json!("pending")),
        "tasks stay"
    );
    assert_eq!(put(&world, with(4, json!({}))).await, 0);
    assert_eq!(centre(&world).await[0]["state"], "pending");
    assert_eq!(put(&world, with(4, json!({ "task_list": [] }))).await, 0);
    assert!(centre(&world).await.is_empty(), "what is missing is gone, and nobody is asked any more");
    assert_eq!(put(&world, with(4, json!({ "status": "HIDDEN" }))).await, 0);
    assert!(centre(&world).await.is_empty());
}

#[tokio::test]
async fn what_is_beyond_its_bounds_or_of_another_form_is_refused() {
    let world = world().await;
    let viewer = json!({ "viewer_type": "TENANT" });
    assert_eq!(define(&world, "", json!(vec![viewer.clone(); 201])).await, 1_390_001);
    assert_eq!(define(&world, "", json!([{ "viewer_type": "ALL" }])).await, 1_390_001);
    assert_eq!(define(&world, "", json!([viewer])).await, 0);
    let copy = |id: &str| json!({ "cc_id": id, "open_id": open_id("zhang") });
    let cases = [
        (json!({ "update_mode": "MERGE" }), 1_390_001),
        (json!({ "display_method": "WINDOW" }), 1_390_001),
        (json!({ "cc_list": vec![copy("c"); 201] }), 1_390_001),
        (json!({ "cc_list": [copy("t1")] }), 1_390_001),
        (json!({ "cc_list": [{ "cc_id": "c", "open_id": "ou_nobody" }] }), 1_390_004),
        (json!({ "cc_list": [copy("c1"), copy("c2")] }), 0),
    ];
    for (changes, code) in cases {
        assert_eq!(put(&world, with(5, changes.clone())).await, code, "{changes}");
    }
}

#[tokio::test]
async fn an_app_reads_where_approvals_and_tasks_differ_and_who_is_asked() {
    let world = world().await;
    define(&world, "", json!([])).await;
    let mut body = instance("PENDING", 5);
    body["task_list"][0]["update_time"] = "4".into();
    assert_eq!(put(&world, body).await, 0);
    let check = async |update: &str, task: &str| {
        let asked = json!({
            "approval_code": "ours", "instance_id": "i1", "update_time": update,
            "tasks": [{ "task_id": "t1", "update_time": task }],
        });
        let path = format!("{APPROVALS}/external_instances/check");
        let (_, answer) = world.ask("POST", &path, json!({ "instances": [asked] })).await;
        answer["data"]["diff_instances"].clone()
    };
    assert_eq!(check("5", "4").await, json!([]));
    let task = json!({ "task_id": "t1", "update_time": "4" });
    let differing = |tasks: Value| json!([{ "instance_id": "i1", "update_time": "5", "tasks": tasks }]);
    assert_eq!(check("5", "3").await, differing(json!([task])));
    assert_eq!(check("9", "4").await, differing(json!([])));
    let tasks = async |status: &str| {
        let path = format!("{APPROVALS}/external_tasks?status={status}");
        world.ask("GET", &path, Value::Null).await.1["data"]["data"].clone()
    };
    assert_eq!(tasks("PENDING").await[0]["tasks"][0]["id"], "t1");
    assert_eq!(tasks("APPROVED").await, json!([]));
}

#[tokio::test]
async fn an_action_of_the_apps_own_has_a_name_and_is_told_by_its_key() {
    let world = world().await;
    let (url, mut heard) = address().await;
    define(&world, &url, json!([])).await;
    let with_action = |name: &str| {
        let mut body = instance("PENDING", 5);
        let action = json!({ "action_type": "LATER", "action_name": name, "is_reason_required": true });
        body["task_list"][0]["action_configs"] = json!([action]);
        body
    };
    assert_eq!(put(&world, with_action("Later")).await, 1_390_001, "words stand behind keys");
    assert_eq!(put(&world, with_action("@i18n@step")).await, 0);
    let act = |action: &str, reason: Option<&str>| Command::ActOnApproval {
        person: "li".into(),
        task: "t1".into(),
        action: action.into(),
        reason: reason.map(str::to_owned),
    };
    assert!(world.simulator.act(act("APPROVE", None)).await.is_err(), "that is not offered");
    assert!(world.simulator.act(act("LATER", None)).await.is_err(), "a reason is needed");
    assert_eq!(world.simulator.act(act("LATER", Some("busy"))).await.unwrap()["answered"], true);
    let told = heard.recv().await.unwrap();
    assert_eq!((&told["action_type"], &told["reason"]), (&json!("LATER"), &json!("busy")));
}
