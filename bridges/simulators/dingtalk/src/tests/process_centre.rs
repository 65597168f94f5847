//! The approval centre: flows of apps that are shown there, and what people see and do there.

use serde_json::{Value, json};

use super::client::{World, world};

const SCHEMAS: &str = "/v1.0/workflow/processCentres/schemas";
const INSTANCES: &str = "/v1.0/workflow/processCentres/instances";
const TASKS: &str = "/v1.0/workflow/processCentres/tasks";

async fn seen_by(world: &World, person: &str) -> Value {
    world.act(json!({ "do": "approvals", "person": person })).await["approvals"].clone()
}

#[tokio::test]
async fn an_apps_own_flow_is_shown_and_decided_behind_its_link() {
    let world = world().await;
    let field = json!({ "componentType": "TextField", "props": { "componentId": "f", "label": "Days" } });
    let template = json!({ "name": "Ours", "formComponents": [field] });
    let code = world.new_api("POST", SCHEMAS, template).await.1["result"]["processCode"].clone();
    let by_name = "/v1.0/workflow/processCentres/schemaNames/processCodes?name=Ours";
    assert_eq!(world.new_api("GET", by_name, Value::Null).await.1["result"]["processCode"], code);
    let body = |label: &str| {
        json!({
            "processCode": code, "originatorUserId": "zhang", "title": "Leave", "url": "https://a.example",
            "formComponentValueList": [{ "name": label, "value": "3" }],
        })
    };
    assert_eq!(world.new_api("POST", INSTANCES, body("Nights")).await.1["code"], "formConverterError");
    let made = world.new_api("POST", INSTANCES, body("Days")).await.1["result"]["processInstanceId"].clone();
    let tasks = json!({
        "processInstanceId": made, "activityId": "a", "tasks": [{ "userId": "li", "url": "https://a.example" }],
    });
    let put = world.new_api("POST", TASKS, tasks).await.1["result"][0].clone();
    assert_eq!(put["userId"], "li");
    let seen = seen_by(&world, "li").await[0].clone();
    assert_eq!((&seen["state"], &seen["task_state"]), (&json!("pending"), &json!("pending")));
    assert_eq!((&seen["lines"], &seen["link"]), (&json!([["Days", "3"]]), &json!("https://a.example")));
    let decide = json!({ "do": "decide_approval", "person": "li", "task": seen["task"], "approve": true });
    assert!(world.try_to(decide).await.is_err(), "there is no button");
    let waiting = "/v1.0/workflow/processCentres/todoTasks?userId=li";
    assert_eq!(
        world.new_api("GET", waiting, Value::Null).await.1["result"]["list"][0]["taskId"],
        put["taskId"]
    );
    let change = json!({
        "processInstanceId": made,
        "tasks": [{ "taskId": put["taskId"], "status": "COMPLETED", "result": "AGREE" }],
    });
    assert_eq!(world.new_api("PUT", TASKS, change).await.1["success"], true);
    let end = json!({ "processInstanceId": made, "status": "COMPLETED", "result": "agree" });
    assert_eq!(world.new_api("PUT", INSTANCES, end.clone()).await.1["success"], true);
    assert_eq!(world.new_api("PUT", INSTANCES, end).await.1["code"], "aflowProcessInstStatusException");
    let seen = seen_by(&world, "li").await[0].clone();
    assert_eq!((&seen["state"], &seen["task_state"]), (&json!("approved"), &json!("approved")));
    assert_eq!(seen_by(&world, "zhang").await[0]["task"], Value::Null, "who asks sees it without a task");
}

#[tokio::test]
async fn an_approval_of_the_platforms_own_is_started_and_decided_there() {
    let world = world().await;
    let mut line = world.connect().await;
    let start = json!({
        "do": "start_approval", "person": "zhang", "title": "Travel", "approvers": ["li", "zhang"],
        "lines": [["Where", "Ulm"]],
    });
    let id = world.act(start).await["approval"].clone();
    let (name, told) = line.event().await;
    assert_eq!((name.as_str(), &told["processInstanceId"]), ("bpms_instance_change", &id));
    let seen = seen_by(&world, "li").await[0].clone();
    assert_eq!((&seen["id"], &seen["title"], &seen["starter"]), (&id, &json!("Travel"), &json!("zhang")));
    let decide = |person: &str, task: &Value, approve: bool| json!({ "do": "decide_approval", "person": person, "task": task, "approve": approve, "reason": "no" });
    assert!(world.try_to(decide("zhang", &seen["task"], true)).await.is_err(), "it is not theirs");
    assert_eq!(world.act(decide("li", &seen["task"], true)).await["answered"], true);
    let own = seen_by(&world, "zhang").await[0].clone();
    world.act(decide("zhang", &own["task"], false)).await;
    let seen = seen_by(&world, "li").await[0].clone();
    assert_eq!((&seen["state"], &seen["task_state"]), (&json!("rejected"), &json!("approved")));
    assert!(world.try_to(decide("li", &seen["task"], true)).await.is_err(), "it is over");
}
