//! Approvals over the API, and what people do with them.

use std::sync::Arc;

use axum::Router;
use axum::extract::State as Extracted;
use axum::routing::post;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::sync::mpsc;

use super::client::{World, world};
use super::office::{open_id, seen};
use crate::{Command, Simulator};

pub(super) const APPROVALS: &str = "/open-apis/approval/v4";

/// An address that answers all, and what it was told.
pub(super) async fn address() -> (String, mpsc::UnboundedReceiver<Value>) {
    let (sender, heard) = mpsc::unbounded_channel();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/quick", listener.local_addr().unwrap());
    let take = |Extracted(sender): Extracted<Arc<mpsc::UnboundedSender<Value>>>, body: String| async move {
        sender.send(serde_json::from_str(&body).unwrap()).unwrap();
        "{}"
    };
    let router = Router::new().route("/quick", post(take)).with_state(Arc::new(sender));
    tokio::spawn(async move { axum::serve(listener, router).await });
    (url, heard)
}

pub(super) fn texts() -> Value {
    let text = |key: &str, value: &str| json!({ "key": key, "value": value });
    let texts = [text("@i18n@kind", "Ours"), text("@i18n@title", "Leave"), text("@i18n@step", "Head")];
    json!([{ "locale": "zh-CN", "is_default": true, "texts": texts }])
}

pub(super) fn instance(status: &str, update_ms: u64) -> Value {
    let links = json!({ "pc_link": "https://example.org/", "mobile_link": "https://example.org/" });
    json!({
        "approval_code": "ours", "instance_id": "i1", "status": status, "title": "@i18n@title", "links": links,
        "start_time": "1", "end_time": "0", "update_time": update_ms.to_string(), "update_mode": "REPLACE",
        "i18n_resources": texts(),
        "task_list": [{
            "task_id": "t1", "open_id": open_id("li"), "links": links, "status": status, "create_time": "1",
            "end_time": "0", "action_context": "ctx", "node_name": "@i18n@step",
            "action_configs": [{ "action_type": "APPROVE" }, { "action_type": "REJECT", "is_reason_required": true }],
        }],
    })
}

pub(super) async fn put(world: &World, body: Value) -> Value {
    world.ask("POST", &format!("{APPROVALS}/external_instances"), body).await.1["code"].clone()
}

#[tokio::test]
async fn an_external_approval_stands_as_the_newest_word_of_the_app_and_tells_it_what_people_decide() {
    let world = world().await;
    let (url, mut heard) = address().await;
    assert_eq!(put(&world, instance("PENDING", 5)).await, 1_390_002, "its kind is not known");
    let external = json!({ "action_callback_url": url, "action_callback_token": "v" });
    let kind = json!({ "approval_name": "@i18n@kind", "approval_code": "ours", "external": external, "i18n_resources": texts() });
    assert_eq!(world.ask("POST", &format!("{APPROVALS}/external_approvals"), kind).await.1["code"], 0);
    let mut plain = instance("PENDING", 5);
    plain["title"] = "Leave".into();
    assert_eq!(put(&world, plain).await, 1_390_001, "words stand behind keys");
    assert_eq!(put(&world, instance("PENDING", 5)).await, 0);
    let mut update = instance("APPROVED", 5);
    update["update_mode"] = "UPDATE".into();
    assert_eq!(put(&world, update).await, 0, "taken, and of no effect");
    let approvals = async || seen(&world, Command::Approvals { person: "li".into() }, "approvals").await;
    assert_eq!(
        (&approvals().await[0]["state"], &approvals().await[0]["title"]),
        (&json!("pending"), &json!("Leave"))
    );
    let decide = |approve, reason: Option<&str>| Command::DecideApproval {
        person: "li".into(),
        task: "t1".into(),
        approve,
        reason: reason.map(str::to_owned),
    };
    assert!(world.simulator.act(decide(false, None)).await.is_err(), "a reason is needed");
    world.fail("approval.wrong_token", 1, Value::Null).await;
    let answered = world.simulator.act(decide(false, Some("no"))).await.unwrap();
    assert_eq!(answered["answered"], true);
    let (forged, real) = (heard.recv().await.unwrap(), heard.recv().await.unwrap());
    assert_ne!(forged["token"], "v");
    assert_eq!(
        (&real["token"], &real["action_type"], &real["reason"]),
        (&json!("v"), &json!("REJECT"), &json!("no"))
    );
    assert_eq!((&real["action_context"], &real["user_id"]), (&json!("ctx"), &json!("li")));
    assert_eq!(approvals().await[0]["state"], "pending", "the app says how it stands");
    assert_eq!(put(&world, instance("REJECTED", 6)).await, 0);
    assert_eq!(approvals().await[0]["task_state"], "rejected");
}

pub(super) async fn start(world: &World) -> String {
    let start = Command::StartApproval {
        person: "zhang".into(),
        title: "Travel".into(),
        approvers: vec!["li".into()],
        lines: vec![("Where".into(), "Shanghai".into())],
    };
    world.simulator.act(start).await.unwrap()["approval"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn native_approvals_are_told_to_subscribers_one_after_the_other() {
    let world = world().await;
    let mut line = world.connect().await;
    start(&world).await;
    let subscribe = format!("{APPROVALS}/approvals/{}/subscribe", Simulator::NATIVE_CODE);
    assert_eq!(world.ask("POST", &subscribe, json!({})).await.1["code"], 0);
    assert_eq!(world.ask("POST", &subscribe, json!({})).await.1["code"], 1_390_007);
    let code = start(&world).await;
    let (frame, event) = line.event().await;
    assert_eq!(
        (&event["type"], &event["event"]["type"]),
        (&json!("event_callback"), &json!("approval_instance"))
    );
    assert_eq!((&event["event"]["instance_code"], event.get("schema")), (&json!(code), None));
    // The second one of it waits until the first is acknowledged, also when that takes a second try.
    line.answer(frame, 500, None).await;
    let again = line.hear().await;
    assert_eq!(again["uuid"], event["uuid"]);
    let second = line.hear().await;
    assert_eq!(
        (&second["event"]["type"], &second["event"]["open_id"]),
        (&json!("approval_task"), &json!(open_id("li")))
    );
}

#[tokio::test]
async fn an_app_decides_for_somebody_once() {
    let world = world().await;
    let code = start(&world).await;
    let read = format!("{APPROVALS}/instances/{code}");
    let instance = async || world.ask("GET", &read, Value::Null).await.1["data"].clone();
    let task = instance().await["task_list"][0]["id"].clone();
    let decide = |who: &str| {
        json!({
            "approval_code": Simulator::NATIVE_CODE, "instance_code": code, "user_id": open_id(who), "task_id": task,
            "comment": "fine",
        })
    };
    let approve = format!("{APPROVALS}/tasks/approve?user_id_type=open_id");
    assert_eq!(world.ask("POST", &approve, decide("zhang")).await.1["code"], 1_390_009);
    assert_eq!(world.ask("POST", &approve, decide("li")).await.1["code"], 0);
    assert_eq!(world.ask("POST", &approve, decide("li")).await.1["code"], 1_390_010);
    let after = instance().await;
    assert_eq!((&after["status"], &after["timeline"][1]["comment"]), (&json!("APPROVED"), &json!("fine")));
}
