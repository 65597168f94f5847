use bridge_api::{
    Approval, ApprovalState, ApprovalTask, ApprovalTaskState, Approvals as _, FailureKind, ForeignApproval,
};

use super::*;

const INSTANCE: &str = "/v1.0/workflow/processInstances";
const EXECUTE: &str = "/v1.0/workflow/processInstances/execute";
const SHOWN: &str = "/v1.0/workflow/processCentres/instances";
const TASKS: &str = "/v1.0/workflow/processCentres/tasks";
const TEMPLATE: &str = "/v1.0/workflow/processCentres/schemas";
const BY_NAME: &str = "/v1.0/workflow/processCentres/schemaNames/processCodes";

fn instance(status: &str, result: Option<&str>) -> Value {
    let task = json!({"taskId": 7, "userId": "li", "status": status, "result": result});
    json!({"success": "true", "result": {"title": "Leave", "status": "RUNNING", "businessId": "1",
        "originatorUserId": "zhang", "formComponentValues": [{"name": "Days", "value": "3"}], "tasks": [task]}})
}

fn approval(revision: u64, state: ApprovalState, tasks: &[(&str, ApprovalTaskState)]) -> Approval {
    let task = |(id, state): &(&str, ApprovalTaskState)| ApprovalTask {
        key: EntryKey::new(format!("approval/1/{id}")).expect("a key"),
        person: user(id),
        state: *state,
        step: "Manager".into(),
        begun_ms: NOW_MS,
        ended_ms: None,
        needs_reason: false,
    };
    Approval {
        head: head("approval/1", revision),
        lines: vec![("Days".into(), "3".into()), ("Why".into(), "rest".into())],
        starter: Some(user("zhang")),
        starter_name: "Zhang".into(),
        state,
        ended_ms: None,
        tasks: tasks.iter().map(task).collect(),
    }
}

fn told(arrivals: &[Arrival]) -> &ForeignApproval {
    let [Arrival { what: Happened::ApprovalChanged(approval), .. }] = arrivals else {
        panic!("no approval: {arrivals:?}")
    };
    approval
}

#[tokio::test]
async fn an_approval_of_the_platform_is_told_as_it_stands_and_once() {
    let stage = stage().await;
    let mut keys = Vec::new();
    for kind in ["bpms_instance_change", "bpms_task_change"] {
        stage.platform.next(INSTANCE, 200, instance("RUNNING", None));
        let arrivals = stage.heard(kind, json!({"processInstanceId": "Gx1", "type": "start"}), true).await;
        let approval = told(&arrivals);
        assert_eq!((approval.id.as_str(), approval.state), ("Gx1", ApprovalState::Pending));
        assert_eq!(approval.asked, [(user("li"), "7".to_owned())]);
        keys.push(arrivals[0].key.clone());
    }
    assert_eq!(keys[0], keys[1], "the same thing twice");
    assert!(stage.platform.asked(INSTANCE)[0].path.ends_with("?processInstanceId=Gx1"));
    stage.platform.next(INSTANCE, 200, instance("COMPLETED", Some("AGREE")));
    let arrivals = stage.heard("bpms_task_change", json!({"processInstanceId": "Gx1"}), true).await;
    assert!(told(&arrivals).asked.is_empty() && arrivals[0].key != keys[0]);
}

#[tokio::test]
async fn a_decision_is_made_for_who_was_asked_and_never_twice() {
    let stage = stage().await;
    let gx1 = EntryOnPlatform::new("Gx1").expect("an id");
    let li = user("li");
    let decide = |approves: bool| stage.entries.decide(&gx1, "7", &li, approves, Some("fine"));
    stage.platform.next(EXECUTE, 200, json!({"result": true, "success": true}));
    decide(true).await.expect("decided");
    let expected = json!({"processInstanceId": "Gx1", "taskId": 7, "actionerUserId": "li", "result": "agree", "remark": "fine"});
    assert_eq!(stage.platform.asked(EXECUTE)[0].body, expected);
    let late = json!({"code": "aflowProcessInstCanNotBeExecuted", "message": "no"});
    let table = [
        (400, late.clone(), true, ("COMPLETED", Some("AGREE")), None),
        (
            400,
            late.clone(),
            false,
            ("COMPLETED", Some("AGREE")),
            Some(FailureKind::Refused(Refusal::TooLate)),
        ),
        (400, late, true, ("CANCELED", None), Some(FailureKind::Refused(Refusal::TooLate))),
        (504, timed_out(), true, ("COMPLETED", Some("AGREE")), None),
    ];
    for (status, body, approves, (task, result), expected) in table {
        stage.platform.next(EXECUTE, status, &body);
        stage.platform.next(INSTANCE, 200, instance(task, result));
        assert_eq!(decide(approves).await.err().map(|failure| failure.kind), expected, "{body} {task}");
    }
    stage.platform.next(EXECUTE, 504, timed_out());
    stage.platform.next(INSTANCE, 200, instance("RUNNING", None));
    assert!(decide(true).await.expect_err("not done").passes());
}

#[tokio::test]
async fn an_approval_of_ours_stands_in_the_centre_with_a_task_for_each() {
    use ApprovalTaskState::{Approved, Closed, Pending};
    let stage = stage().await;
    let exists = json!({"code": "processCodeError", "message": "no such"});
    stage.platform.next(BY_NAME, 400, exists);
    stage.platform.next(TEMPLATE, 200, json!({"result": {"processCode": "PROC-L"}}));
    stage.platform.next(SHOWN, 200, json!({"result": {"processInstanceId": "P1"}}));
    stage.platform.next(
        TASKS,
        200,
        json!({"result": [{"taskId": 2, "userId": "wang"}, {"taskId": 1, "userId": "li"}]}),
    );
    let first = approval(1, ApprovalState::Pending, &[("li", Pending), ("wang", Pending)]);
    let put = stage.entries.put_approval(&first, None).await.expect("put");
    assert_eq!(stage.entries.put_approval(&first, None).await.expect("put"), put);
    let body = &stage.platform.asked(SHOWN)[0].body;
    assert_eq!((&body["processCode"], &body["url"]), (&json!("PROC-L"), &json!("https://a.example/t/1")));
    assert_eq!(body["formComponentValueList"][2]["value"], "Days: 3\nWhy: rest");
    let asked = json!([{"userId": "li", "url": "https://a.example/t/1"}, {"userId": "wang", "url": "https://a.example/t/1"}]);
    assert_eq!(stage.platform.asked(TASKS)[0].body["tasks"], asked);
    for event in
        [json!({"processInstanceId": "P1"}), json!({"processInstanceId": "P2", "processCode": "PROC-L"})]
    {
        assert!(stage.heard("bpms_instance_change", event, true).await.is_empty(), "ours");
    }
    assert!(stage.platform.asked(INSTANCE).is_empty());
    let refused = stage.entries.decide(&put, "1", &user("li"), true, None).await.expect_err("ours");
    assert_eq!(refused.kind, FailureKind::Refused(Refusal::Impossible));
    let last = approval(2, ApprovalState::Approved, &[("li", Approved), ("wang", Closed)]);
    for _ in 0..2 {
        stage.entries.put_approval(&last, Some(&put)).await.expect("put");
    }
    let ended =
        json!([{"taskId": 2, "status": "CANCELED"}, {"taskId": 1, "status": "COMPLETED", "result": "AGREE"}]);
    let asked = stage.platform.asked(TASKS);
    assert_eq!((asked.len(), &asked[1].body["tasks"]), (2, &ended));
    let asked = stage.platform.asked(SHOWN);
    let end = json!({"processInstanceId": "P1", "status": "COMPLETED", "result": "agree"});
    assert_eq!((asked.len(), &asked[1].body), (2, &end));
}

#[tokio::test]
async fn after_lost_answers_instance_and_tasks_are_found_again() {
    use ApprovalTaskState::Pending;
    let mut stage = stage().await;
    stage.platform.next(BY_NAME, 200, json!({"result": {"processCode": "PROC-L"}}));
    stage.platform.next(SHOWN, 504, timed_out());
    let first = approval(1, ApprovalState::Pending, &[("li", Pending)]);
    assert!(stage.entries.put_approval(&first, None).await.expect_err("unknown").passes());
    stage.restart();
    let query = "/v1.0/workflow/processes/instanceIds/query";
    for page in [json!({"list": ["P0"], "nextToken": "1"}), json!({"list": ["P1"]})] {
        stage.platform.next(query, 200, json!({"result": page, "success": true}));
    }
    let shown = |number: &str, tasks: Value| json!({"result": {"status": "RUNNING", "formComponentValues": [{"name": "编号 · Number", "value": number}], "tasks": tasks}});
    stage.platform.next(INSTANCE, 200, shown("T-0", json!([])));
    stage.platform.next(INSTANCE, 200, shown("T-1", json!([])));
    stage.platform.next(TASKS, 504, timed_out());
    assert!(stage.entries.put_approval(&first, None).await.expect_err("unknown").passes());
    let asked = stage.platform.asked(query);
    assert_eq!((&asked[0].body["nextToken"], &asked[1].body["nextToken"]), (&json!("0"), &json!("1")));
    let activity = stage.platform.asked(TASKS)[0].body["activityId"].clone();
    stage.restart();
    let task = json!([{"taskId": 9, "userId": "li", "status": "RUNNING", "activityId": activity}]);
    stage.platform.next(INSTANCE, 200, shown("T-1", task));
    let put = stage.entries.put_approval(&first, None).await.expect("put");
    assert_eq!((put.as_str(), stage.platform.asked(SHOWN).len()), ("zhang|P1", 1));
    assert_eq!(stage.platform.asked(TASKS).len(), 1, "the task is there");
    assert!(stage.platform.asked(TEMPLATE).is_empty(), "the template is there");
}

#[tokio::test]
async fn without_a_centre_nothing_is_asked() {
    let stage = stage().await;
    let mut settings = settings(&stage.base);
    settings.approval_centre = false;
    let client = Client::new(settings, stage.rows.clone(), Clock::fake(NOW_MS)).expect("a client");
    let entries = Entries::new(Arc::new(client), stage.rows.clone(), Clock::fake(NOW_MS));
    let first = approval(1, ApprovalState::Pending, &[]);
    let failure = entries.put_approval(&first, None).await.expect_err("no centre");
    assert_eq!(failure.kind, FailureKind::Refused(Refusal::Impossible));
    // What was over before it was shown is not shown.
    stage.entries.put_approval(&approval(2, ApprovalState::Rejected, &[]), None).await.expect("nowhere");
    assert!(stage.platform.asked(SHOWN).is_empty());
}
