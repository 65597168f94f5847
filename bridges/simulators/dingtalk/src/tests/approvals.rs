//! Approvals: begun, decided on either side, ended, and told of.

use serde_json::{Value, json};

use super::client::{Line, World, world};

const INSTANCES: &str = "/v1.0/workflow/processInstances";

async fn begun(world: &World, approvers: Value) -> String {
    world.act(json!({ "do": "add_process", "process": "PROC-A", "name": "请假", "approvers": ["li"] })).await;
    let body = json!({
        "processCode": "PROC-A", "originatorUserId": "zhang", "deptId": -1, "approvers": approvers,
        "formComponentValues": [{ "name": "days", "value": "3" }],
    });
    let (status, begun) = world.new_api("POST", INSTANCES, body).await;
    assert_eq!(status, 200, "{begun}");
    begun["instanceId"].as_str().unwrap().to_owned()
}

async fn read(world: &World, id: &str) -> Value {
    let (_, answer) = world.new_api("GET", &format!("{INSTANCES}?processInstanceId={id}"), Value::Null).await;
    assert_eq!(answer["success"], "true", "a text");
    answer["result"].clone()
}

/// The type of the next event of approvals, and what it says.
async fn told(line: &mut Line) -> (String, Value) {
    loop {
        let (name, event) = line.event().await;
        if name.starts_with("bpms_") {
            return (format!("{name} {}", event["type"].as_str().unwrap()), event);
        }
    }
}

#[tokio::test]
async fn an_approval_is_decided_by_the_api_and_told() {
    let world = world().await;
    let mut line = world.connect().await;
    let id = begun(&world, json!([])).await;
    assert_eq!(told(&mut line).await.0, "bpms_instance_change start");
    let (name, event) = told(&mut line).await;
    assert_eq!((name.as_str(), &event["staffId"]), ("bpms_task_change start", &json!("li")));
    let instance = read(&world, &id).await;
    assert_eq!(
        (&instance["status"], &instance["tasks"][0]["status"]),
        (&json!("RUNNING"), &json!("RUNNING"))
    );
    assert_eq!(instance["createTime"], "2027-01-15T08:00Z", "without seconds");
    let task = instance["tasks"][0]["taskId"].clone();
    let execute = |user: &str| json!({ "processInstanceId": id, "taskId": task, "result": "agree", "actionerUserId": user });
    let path = "/v1.0/workflow/processInstances/execute";
    let refused = world.new_api("POST", path, execute("zhang")).await.1;
    assert_eq!(refused["code"], "aflowProcessInstCanNotBeExecuted");
    assert_eq!(world.new_api("POST", path, execute("li")).await.1["result"], true);
    assert_eq!(told(&mut line).await.1["result"], "agree");
    let (name, event) = told(&mut line).await;
    assert_eq!((name.as_str(), &event["result"]), ("bpms_instance_change finish", &json!("agree")));
    let refused = world.new_api("POST", path, execute("li")).await.1;
    assert_eq!(refused["code"], "aflowProcessInstStatusException");
    let instance = read(&world, &id).await;
    assert_eq!((&instance["status"], &instance["result"]), (&json!("COMPLETED"), &json!("agree")));
}

#[tokio::test]
async fn people_decide_there_and_one_refusal_ends_it() {
    let world = world().await;
    let id = begun(&world, json!([{ "actionType": "AND", "userIds": ["li", "zhang"] }])).await;
    world.act(json!({ "do": "decide", "person": "li", "instance": id, "agrees": true })).await;
    assert_eq!(read(&world, &id).await["status"], "RUNNING", "both have to agree");
    let decide =
        json!({ "do": "decide", "person": "zhang", "instance": id, "agrees": false, "remark": "no" });
    world.act(decide.clone()).await;
    let instance = read(&world, &id).await;
    assert_eq!((&instance["status"], &instance["result"]), (&json!("COMPLETED"), &json!("refuse")));
    assert_eq!(instance["operationRecords"][2]["remark"], "no");
    assert!(world.try_to(decide).await.is_err(), "it is decided");
    let id = begun(&world, json!([{ "actionType": "OR", "userIds": ["li", "zhang"] }])).await;
    world.act(json!({ "do": "decide", "person": "li", "instance": id, "agrees": true })).await;
    assert_eq!(read(&world, &id).await["result"], "agree", "one is enough");
}

#[tokio::test]
async fn tasks_are_handed_on_and_an_instance_is_ended_only_after_a_while() {
    let world = world().await;
    let id = begun(&world, json!([])).await;
    let task = read(&world, &id).await["tasks"][0]["taskId"].clone();
    let redirect = json!({ "taskId": task, "operateUserId": "li", "toUserId": "zhang" });
    assert_eq!(world.new_api("POST", "/v1.0/workflow/tasks/redirect", redirect).await.1["result"], true);
    let waiting = "/v1.0/workflow/processes/todoTasks/numbers?userId=zhang";
    assert_eq!(world.new_api("GET", waiting, Value::Null).await.1["result"], 1);
    let terminate = json!({ "processInstanceId": id, "operatingUserId": "zhang" });
    let path = "/v1.0/workflow/processInstances/terminate";
    let refused = world.new_api("POST", path, terminate.clone()).await.1;
    assert_eq!(refused["code"], "aflowProcessInstStatusException");
    world.act(json!({ "do": "skip", "ms": 15_000 })).await;
    assert_eq!(world.new_api("POST", path, terminate).await.1["result"], true);
    assert_eq!(read(&world, &id).await["status"], "TERMINATED");
    let now = world.act(json!({ "do": "overview" })).await["now_ms"].as_u64().unwrap();
    let ask =
        |start: u64| json!({ "processCode": "PROC-A", "startTime": start, "nextToken": 0, "maxResults": 20 });
    let path = "/v1.0/workflow/processes/instanceIds/query";
    let found = world.new_api("POST", path, ask(now - 60_000)).await.1;
    assert_eq!(found["result"]["list"], json!([id]));
    let refused = world.new_api("POST", path, ask(now - 121 * 86_400_000)).await.1;
    assert_eq!(refused["code"], "invalidParameter");
}

#[tokio::test]
async fn copies_are_given_out_where_the_app_says() {
    let world = world().await;
    world.act(json!({ "do": "add_process", "process": "PROC-A", "name": "请假", "approvers": ["li"] })).await;
    let body = |people: Value, place: &str| {
        json!({
            "processCode": "PROC-A", "originatorUserId": "zhang", "deptId": -1, "ccList": people,
            "ccPosition": place, "formComponentValues": [{ "name": "days", "value": "3" }],
        })
    };
    let copied = |instance: &Value| {
        let records = instance["operationRecords"].as_array().unwrap().clone();
        records.into_iter().filter(|record| record["type"] == "PROCESS_CC").collect::<Vec<_>>()
    };
    for (place, with_start, with_end) in [("START", 1, 1), ("FINISH", 0, 1), ("START_FINISH", 1, 2)] {
        let made = world.new_api("POST", INSTANCES, body(json!(["li"]), place)).await.1;
        let id = made["instanceId"].as_str().unwrap();
        let instance = read(&world, id).await;
        assert_eq!(
            (&instance["ccUserIds"], copied(&instance).len()),
            (&json!(["li"]), with_start),
            "{place}"
        );
        world.act(json!({ "do": "decide", "person": "li", "instance": id, "agrees": true })).await;
        let copied = copied(&read(&world, id).await);
        assert_eq!((copied.len(), &copied[0]["ccUserIds"]), (with_end, &json!(["li"])), "{place}");
    }
    let refused = async |body: Value| world.new_api("POST", INSTANCES, body).await.1["code"].clone();
    assert_eq!(refused(body(json!(["nobody"]), "START")).await, "userNotExist");
    assert_eq!(refused(body(json!(vec!["li"; 51]), "START")).await, "invalidParameter");
    assert_eq!(refused(body(json!(["li"]), "SOMEWHERE")).await, "invalidParameter");
}
