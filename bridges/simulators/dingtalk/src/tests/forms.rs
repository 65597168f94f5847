//! The forms of approvals: made, looked at, and who decides before anybody asked.

use serde_json::{Value, json};

use super::client::{World, world};

const FORMS: &str = "/v1.0/workflow/forms";
const INSTANCES: &str = "/v1.0/workflow/processInstances";

async fn schema(world: &World, code: &Value) -> Value {
    let path = format!("{FORMS}/schemas/processCodes?processCode={}", code.as_str().unwrap());
    world.new_api("GET", &path, Value::Null).await.1
}

#[tokio::test]
async fn a_form_is_made_changed_and_read() {
    let world = world().await;
    let field = |kind: &str, label: &str| json!({ "componentType": kind, "props": { "label": label } });
    let body = json!({ "name": "报销", "formComponents": [field("TextField", "事由"), field("MoneyField", "金额")] });
    let made = world.new_api("POST", FORMS, body.clone()).await.1;
    let code = made["result"]["processCode"].clone();
    let read = schema(&world, &code).await;
    let items = &read["result"]["schemaContent"]["items"];
    assert_eq!(
        (&items[1]["componentName"], &items[1]["props"]["label"], &items[1]["props"]["componentId"]),
        (&json!("MoneyField"), &json!("金额"), &json!("MoneyField_1"))
    );
    let mut changed = body;
    (changed["processCode"], changed["name"]) = (code.clone(), json!("新报销"));
    assert_eq!(world.new_api("POST", FORMS, changed).await.1["result"]["processCode"], code);
    assert_eq!(schema(&world, &code).await["result"]["name"], "新报销");
    let begin = json!({
        "processCode": code, "originatorUserId": "zhang", "approvers": [{ "actionType": "NONE", "userIds": ["li"] }],
        "formComponentValues": [{ "name": "金额", "value": "5" }],
    });
    assert_eq!(world.new_api("POST", INSTANCES, begin).await.0, 200, "it can be asked for");
    let within = json!({ "componentType": "TableField", "props": { "label": "表" }, "children": [field("TableField", "表")] });
    for (fields, code) in [
        (json!([field("ButtonField", "x")]), "illegalComponent"),
        (json!([within]), "illegalComponent"),
        (json!([field("TextField", &"长".repeat(21))]), "invalidParameter"),
        (json!([]), "invalidParameter"),
    ] {
        let body = json!({ "name": "x", "formComponents": fields });
        assert_eq!(world.new_api("POST", FORMS, body).await.1["code"], code);
    }
    assert_eq!(schema(&world, &json!("PROC-NONE")).await["code"], "processCodeError");
}

#[tokio::test]
async fn whom_the_initiator_has_to_choose_is_forecast_and_has_to_be_chosen() {
    let world = world().await;
    let process = json!({ "do": "add_process", "process": "PROC-A", "name": "请假", "approvers": ["li"], "selects": ["zhang"] });
    world.act(process).await;
    let values = json!([{ "name": "days", "value": "3" }]);
    let ask =
        json!({ "processCode": "PROC-A", "userId": "zhang", "deptId": -1, "formComponentValues": values });
    let path = "/v1.0/workflow/processes/forecast";
    let nodes = world.new_api("POST", path, ask.clone()).await.1["result"]["workflowActivityRules"].clone();
    assert_eq!(
        (&nodes[0]["activityType"], &nodes[1]["activityType"]),
        (&json!("target_approval"), &json!("target_select"))
    );
    let actor = &nodes[1]["workflowActor"];
    assert_eq!(actor["actorSelectionRange"]["approvals"][0]["workNo"], "zhang");
    let begin = |chosen: Value| {
        json!({
            "processCode": "PROC-A", "originatorUserId": "zhang", "deptId": -1, "formComponentValues": values,
            "targetSelectActioners": chosen,
        })
    };
    let refused = world.new_api("POST", INSTANCES, begin(json!([]))).await.1;
    assert_eq!(refused["code"], "targetSelectApproverMissing");
    let choose = |user: &str| json!([{ "actionerKey": actor["actorKey"], "actionerUserIds": [user] }]);
    let refused = world.new_api("POST", INSTANCES, begin(choose("li"))).await.1;
    assert_eq!(refused["code"], "targetSelectApproverScopeError");
    let begun = world.new_api("POST", INSTANCES, begin(choose("zhang"))).await.1;
    let path_of = format!("{INSTANCES}?processInstanceId={}", begun["instanceId"].as_str().unwrap());
    let read = world.new_api("GET", &path_of, Value::Null).await.1["result"].clone();
    assert_eq!(read["approverUserIds"], json!(["li", "zhang"]));
    for (name, value, code) in [
        ("processCode", json!("PROC-NONE"), "processCodeError"),
        ("userId", json!("nobody"), "userNotExist"),
        ("deptId", Value::Null, "invalidParameter"),
    ] {
        let mut wrong = ask.clone();
        wrong[name] = value;
        assert_eq!(world.new_api("POST", path, wrong).await.1["code"], code);
    }
}

#[tokio::test]
async fn the_event_of_an_approval_overtakes_the_answer_to_its_creation() {
    let world = world().await;
    world.act(json!({ "do": "add_process", "process": "PROC-A", "name": "请假", "approvers": ["li"] })).await;
    let mut line = world.connect().await;
    world.fail("workflow.answer_late", 1, json!(1_000)).await;
    let body = json!({
        "processCode": "PROC-A", "originatorUserId": "zhang", "deptId": -1,
        "formComponentValues": [{ "name": "days", "value": "3" }],
    });
    let mut making = std::pin::pin!(world.new_api("POST", INSTANCES, body));
    let event = tokio::select! {
        event = line.told("bpms_instance_change") => event,
        answer = &mut making => panic!("the answer came first: {answer:?}"),
    };
    assert_eq!(making.await.1["instanceId"], event["processInstanceId"]);
}
