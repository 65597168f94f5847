//! Approvals of the platform that an app begins, takes back and passes on for people.

use serde_json::{Value, json};

use super::client::{World, world};
use super::office::{open_id, seen};
use crate::{Command, Simulator};

const APPROVALS: &str = "/open-apis/approval/v4";

async fn ask(world: &World, what: &str, more: Value) -> Value {
    let mut body = json!({ "approval_code": Simulator::NATIVE_CODE });
    for (name, value) in more.as_object().into_iter().flatten() {
        body[name] = value.clone();
    }
    world.ask("POST", &format!("{APPROVALS}/{what}?user_id_type=open_id"), body).await.1
}

/// Zhang asks Li, by the app.
async fn begin(world: &World, uuid: &str) -> Value {
    let asked = json!([{ "key": "n1", "value": [open_id("li")] }]);
    let form = json!([{ "id": "days", "type": "input", "value": "two" }]).to_string();
    let more = json!({
        "open_id": open_id("zhang"), "form": form, "uuid": uuid, "node_approver_open_id_list": asked,
    });
    ask(world, "instances", more).await
}

/// What stands in the approval centre of somebody.
async fn centre(world: &World, person: &str) -> Vec<Value> {
    seen(world, Command::Approvals { person: person.into() }, "approvals").await
}

#[tokio::test]
async fn an_app_begins_an_approval_once_for_a_uuid() {
    let world = world().await;
    let begun = begin(&world, "u1").await;
    let code = begun["data"]["instance_code"].as_str().unwrap();
    assert_eq!(begin(&world, "u1").await["code"], 60_012);
    let (_, found) = world.ask("GET", &format!("{APPROVALS}/instances/{code}"), Value::Null).await;
    assert_eq!((&found["data"]["uuid"], &found["data"]["status"]), (&json!("u1"), &json!("PENDING")));
    assert_eq!(found["data"]["open_id"], open_id("zhang"));
    assert!(found["data"]["form"].as_str().unwrap().contains("two"));
    let nobody = json!({ "open_id": open_id("zhang"), "form": "[]" });
    assert_eq!(ask(&world, "instances", nobody).await["code"], 1_390_004, "nobody is asked");
    assert_eq!(centre(&world, "li").await.len(), 1);
}

#[tokio::test]
async fn who_began_an_approval_takes_it_back_and_nobody_else_does() {
    let world = world().await;
    let begun = begin(&world, "").await;
    let cancel =
        |person: &str| json!({ "instance_code": begun["data"]["instance_code"], "user_id": open_id(person) });
    assert_eq!(ask(&world, "instances/cancel", cancel("li")).await["code"], 1_390_009);
    assert_eq!(ask(&world, "instances/cancel", cancel("zhang")).await["code"], 0);
    assert_eq!(centre(&world, "li").await[0]["state"], "canceled");
    assert_eq!(ask(&world, "instances/cancel", cancel("zhang")).await["code"], 1_390_001, "it is over");
}

#[tokio::test]
async fn who_is_asked_passes_it_on_and_the_other_decides() {
    let world = world().await;
    let mut line = world.connect().await;
    let path = format!("{APPROVALS}/approvals/{}/subscribe", Simulator::NATIVE_CODE);
    assert_eq!(world.ask("POST", &path, Value::Null).await.1["code"], 0);
    let begun = begin(&world, "").await;
    let code = begun["data"]["instance_code"].clone();
    for _ in 0..2 {
        line.hear().await;
    }
    let task = centre(&world, "li").await[0]["task"].clone();
    let pass = json!({
        "instance_code": code, "user_id": open_id("li"), "transfer_user_id": open_id("zhang"), "task_id": task,
    });
    assert_eq!(ask(&world, "tasks/transfer", pass.clone()).await["code"], 0);
    let told = [line.hear().await, line.hear().await];
    let status = |event: &Value| event["event"]["status"].as_str().unwrap().to_owned();
    assert_eq!(told.iter().map(status).collect::<Vec<_>>(), ["TRANSFERRED", "PENDING"]);
    assert_eq!(ask(&world, "tasks/transfer", pass).await["code"], 1_390_010, "it is theirs no more");
    let next = told[1]["event"]["task_id"].clone();
    let decide = json!({ "instance_code": code, "user_id": open_id("zhang"), "task_id": next });
    assert_eq!(ask(&world, "tasks/approve", decide).await["code"], 0);
    assert_eq!(centre(&world, "zhang").await[0]["state"], "approved");
}

#[tokio::test]
async fn a_task_is_passed_on_in_its_own_approval_alone() {
    let world = world().await;
    let (own, other) = (begin(&world, "").await, begin(&world, "").await);
    let code = own["data"]["instance_code"].as_str().unwrap();
    let (_, found) = world.ask("GET", &format!("{APPROVALS}/instances/{code}"), Value::Null).await;
    let pass = |instance: &Value| {
        json!({
            "instance_code": instance, "user_id": open_id("li"), "transfer_user_id": open_id("zhang"),
            "task_id": found["data"]["task_list"][0]["id"],
        })
    };
    let table = [
        (&other["data"]["instance_code"], 1_390_010),
        (&json!("none"), 1_390_003),
        (&own["data"]["instance_code"], 0),
    ];
    for (instance, code) in table {
        assert_eq!(ask(&world, "tasks/transfer", pass(instance)).await["code"], code, "{instance}");
    }
}

#[tokio::test]
async fn what_was_agreed_to_is_revoked_once_and_its_time_is_a_number_then() {
    let world = world().await;
    let mut line = world.connect().await;
    let path = format!("{APPROVALS}/approvals/{}/subscribe", Simulator::NATIVE_CODE);
    assert_eq!(world.ask("POST", &path, Value::Null).await.1["code"], 0);
    let code = begin(&world, "").await["data"]["instance_code"].as_str().unwrap().to_owned();
    let revert = || Command::RevertApproval { approval: code.clone() };
    assert!(world.simulator.act(revert()).await.is_err(), "nobody agreed yet");
    let task = centre(&world, "li").await[0]["task"].clone();
    let decide = json!({ "instance_code": code, "user_id": open_id("li"), "task_id": task });
    assert_eq!(ask(&world, "tasks/approve", decide).await["code"], 0);
    world.simulator.act(revert()).await.unwrap();
    assert!(world.simulator.act(revert()).await.is_err(), "it is revoked already");
    let told = loop {
        let told = line.hear().await["event"].clone();
        if told["status"] == "REVERTED" {
            break told;
        }
        assert!(told["operate_time"].is_string());
    };
    assert!(told["operate_time"].is_u64() && told["instance_operate_time"].is_string());
    let (_, found) = world.ask("GET", &format!("{APPROVALS}/instances/{code}"), Value::Null).await;
    assert_eq!((&found["data"]["reverted"], &found["data"]["status"]), (&json!(true), &json!("APPROVED")));
    assert_eq!(centre(&world, "li").await[0]["state"], "canceled");
}
