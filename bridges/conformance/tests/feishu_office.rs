//! What Feishu's own apps can do beyond those of the others: decisions about approvals of ours in the approval centre, and all of it
//! while things go wrong.
#![expect(clippy::unwrap_used, reason = "what cannot be had in a test fails it")]

use bridge_api::{
    Acted, Action, Approval, ApprovalState, ApprovalTask, ApprovalTaskState, Arrival, Assignee, Attendee,
    CheckOutcome, CheckStep, EntryHead, EntryKey, Exception, Happened, Instead, Language, Meeting, Priority,
    Todo, TodoState,
};
use conformance::Stage;
use serde_json::{Value, json};

const HOUR_MS: u64 = 3_600_000;

fn key(text: &str) -> EntryKey {
    EntryKey::new(text).unwrap()
}

/// Far enough from now that nothing is over.
const TIME_MS: u64 = 4_000_000_000_000;

fn head(called: &str, revision: u64, title: &str) -> EntryHead {
    EntryHead {
        key: key(called),
        revision,
        number: "NO-1".to_owned(),
        title: title.to_owned(),
        link: None,
        language: Language::Zh,
        begun_ms: 1_700_000_000_000,
        changed_ms: 1_700_000_000_000 + revision,
    }
}

fn approval(stage: &Stage, revision: u64, state: ApprovalState, task: ApprovalTaskState) -> Approval {
    Approval {
        head: head("a/1", revision, "请假"),
        lines: vec![("天数".to_owned(), "2".to_owned())],
        starter: None,
        starter_name: "Ada".to_owned(),
        state,
        ended_ms: None,
        tasks: vec![ApprovalTask {
            key: key("a/1/t1"),
            person: stage.platform.person("zhang"),
            state: task,
            step: "主管".to_owned(),
            begun_ms: 1_700_000_000_000,
            ended_ms: None,
            needs_reason: true,
        }],
    }
}

async fn put(stage: &Stage, approval: &Approval) {
    let put = stage.insist(|| async {
        let connector = stage.connector();
        connector.approvals().unwrap().put_approval(approval, None).await
    });
    put.await.unwrap();
}

fn acted(stage: &Stage) -> Vec<Acted> {
    let of = |arrival: Arrival| match arrival.what {
        Happened::Acted(acted) => Some(acted),
        _ => None,
    };
    stage.inbox.arrivals().into_iter().filter_map(of).collect()
}

async fn decide(stage: &Stage, approve: bool, reason: Option<&str>) -> bool {
    let task = stage.platform.approvals("zhang").await[0]["task"].clone();
    let decide = json!({ "do": "decide_approval", "person": "zhang", "task": task, "approve": approve, "reason": reason });
    stage.platform.act(decide).await["answered"] == true
}

async fn fails(stage: &Stage, name: &str) {
    stage.platform.act(json!({ "do": "fail", "name": name, "times": 1 })).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_decision_in_the_approval_centre_is_told_once_whatever_else_comes() {
    for callbacks in [false, true] {
        let stage = Stage::on("feishu", callbacks).await;
        put(&stage, &approval(&stage, 1, ApprovalState::Pending, ApprovalTaskState::Pending)).await;
        for fault in ["approval.wrong_token", "approval.wrong_key", "approval.plain", "approval.twice"] {
            fails(&stage, fault).await;
        }
        assert!(decide(&stage, false, Some("项目紧张")).await);
        let told = acted(&stage);
        assert_eq!(told.len(), 1, "{told:?}");
        let expected = (key("a/1/t1"), stage.platform.person("zhang"), Action::Reject);
        assert_eq!((told[0].key.clone(), told[0].by.clone(), told[0].action), expected);
        assert_eq!((told[0].words.as_deref(), told[0].proof.len()), (Some("项目紧张"), 64));
        // Whoever knows better does not agree: it is put anew, and decided again.
        put(&stage, &approval(&stage, 2, ApprovalState::Pending, ApprovalTaskState::Pending)).await;
        stage.inbox.refuse(1);
        assert!(!decide(&stage, true, None).await, "nobody took it, and the person is told so");
        assert!(decide(&stage, true, None).await);
        assert_eq!(acted(&stage).len(), 2);
        put(&stage, &approval(&stage, 3, ApprovalState::Approved, ApprovalTaskState::Approved)).await;
        let seen = stage.platform.approvals("zhang").await;
        assert_eq!((&seen[0]["state"], &seen[0]["task_state"]), (&json!("approved"), &json!("approved")));
    }
}

fn todo(stage: &Stage, revision: u64, assignees: &[&str]) -> Todo {
    let assignee = |person: &&str| Assignee { person: stage.platform.person(person), is_done: false };
    Todo {
        head: head("t/1", revision, &format!("周报 {revision}")),
        description: String::new(),
        creator: None,
        assignees: assignees.iter().map(assignee).collect(),
        followers: Vec::new(),
        is_done_by_any: true,
        due_ms: Some(TIME_MS),
        priority: Priority::Urgent,
        state: TodoState::Open,
    }
}

const WEEK_MS: u64 = 7 * 24 * HOUR_MS;

/// A weekly meeting whose second instance is later and whose third one does not take place.
fn meeting(stage: &Stage, revision: u64) -> Meeting {
    let person = stage.platform.person("zhang");
    let (start_ms, end_ms) = (TIME_MS + WEEK_MS + HOUR_MS, TIME_MS + WEEK_MS + 2 * HOUR_MS);
    let instead = Instead { start_ms, end_ms, title: None, location: None };
    let exceptions = vec![
        Exception { original_ms: TIME_MS + WEEK_MS, instead: Some(instead) },
        Exception { original_ms: TIME_MS + 2 * WEEK_MS, instead: None },
    ];
    Meeting {
        head: head("m/1", revision, &format!("评审 {revision}")),
        description: "一 < 二 & 三".to_owned(),
        location: String::new(),
        organizer: None,
        attendees: vec![Attendee { person, is_optional: true, answer: None }],
        start_ms: TIME_MS,
        end_ms: TIME_MS + HOUR_MS,
        zone: "Asia/Shanghai".to_owned(),
        is_all_day: false,
        recurrence: Some("FREQ=WEEKLY;COUNT=4".to_owned()),
        last_ms: Some(TIME_MS + 3 * WEEK_MS),
        exceptions,
        reminders_minutes: vec![15],
        is_canceled: false,
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn all_is_there_once_whatever_goes_wrong_while_it_is_put() {
    let stage = Stage::on("feishu", false).await;
    let faults = [
        "api.answer_lost",
        "api.truncated",
        "api.answer_replaced",
        "api.server_error",
        "api.garbage",
        "api.data_null",
        "api.rate_limited",
        "api.rate_limited_old_style",
        "api.disconnected",
    ];
    // The moved instance is called by its series and by when it would be.
    let moved = format!("_{}", (TIME_MS + WEEK_MS) / 1_000);
    let paths = ["/task/v2/", "/calendar/v4/", &moved, "/approval/v4/external"];
    // Each has a revision of its own: what stands as it was asked to asks for nothing, and nothing could go wrong.
    let mishaps = faults.into_iter().flat_map(|fault| paths.map(|path| (fault, path)));
    for (revision, (fault, path)) in (1..).zip(mishaps) {
        let before = stage.platform.struck(fault).await;
        let fail = json!({ "do": "fail", "name": fault, "times": 1, "path": path, "value": 1 });
        stage.platform.act(fail).await;
        let (todo, meeting) = (todo(&stage, revision, &["zhang", "li"]), meeting(&stage, revision));
        stage
            .insist(|| async { stage.connector().todos().unwrap().put_todo(&todo, None).await })
            .await
            .unwrap();
        let put = || async { stage.connector().calendars().unwrap().put_meeting(&meeting, None).await };
        stage.insist(put).await.unwrap();
        put_pending(&stage, revision).await;
        assert_eq!(stage.platform.struck(fault).await, before + 1, "{fault} on {path}");
    }
    stage.platform.act(stage.platform.end_of_tokens()).await;
    put_pending(&stage, 100).await;
    let counts = [
        stage.platform.todos("zhang").await.len(),
        stage.platform.calendar("zhang").await.len(),
        stage.platform.approvals("zhang").await.len(),
    ];
    assert_eq!(counts, [1, 1, 1]);
    let seen: Value = stage.platform.calendar("zhang").await[0].clone();
    assert_eq!(seen["recurrence"], "FREQ=WEEKLY;COUNT=4");
    let starts: Vec<u64> =
        seen["instances"].as_array().unwrap().iter().map(|one| one["start_ms"].as_u64().unwrap()).collect();
    assert_eq!(starts, [TIME_MS, TIME_MS + WEEK_MS + HOUR_MS, TIME_MS + 3 * WEEK_MS]);
    assert!(acted(&stage).is_empty(), "what we did ourselves is no news");
}

async fn put_pending(stage: &Stage, revision: u64) {
    put(stage, &approval(stage, revision, ApprovalState::Pending, ApprovalTaskState::Pending)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_several_it_is_told_who_ticked_a_task_off_also_without_an_event() {
    let stage = Stage::on("feishu", false).await;
    let todo = todo(&stage, 1, &["zhang", "li"]);
    stage.insist(|| async { stage.connector().todos().unwrap().put_todo(&todo, None).await }).await.unwrap();
    stage.platform.act(json!({ "do": "fail", "name": "delivery.dropped", "times": 2 })).await;
    let id = stage.platform.todos("li").await[0]["id"].as_str().unwrap().to_owned();
    stage.platform.tick_todo("li", &id, true).await;
    let li = stage.platform.person("li");
    let wanted = |arrival: &Arrival| match &arrival.what {
        Happened::Acted(acted) if acted.key == key("t/1") => Some((acted.by.clone(), acted.action)),
        _ => None,
    };
    assert_eq!(stage.inbox.hear("that Li is done", wanted).await, (li, Action::Done));
    assert_eq!(stage.platform.todos("zhang").await[0]["done"], false);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_ticks_a_task_off_before_we_are_told_that_it_was_made_is_heard_and_it_stays_done() {
    let stage = Stage::on("feishu", false).await;
    let todo = todo(&stage, 1, &["zhang"]);
    let put = || async { stage.connector().todos().unwrap().put_todo(&todo, None).await };
    let lost = json!({ "do": "fail", "name": "api.answer_lost", "times": 1, "path": "/task/v2/tasks" });
    stage.platform.act(lost).await;
    put().await.unwrap_err();
    let id = stage.platform.todos("zhang").await[0]["id"].as_str().unwrap().to_owned();
    stage.platform.tick_todo("zhang", &id, true).await;
    stage.insist(put).await.unwrap();
    let zhang = stage.platform.person("zhang");
    let wanted = |arrival: &Arrival| match &arrival.what {
        Happened::Acted(acted) if acted.key == key("t/1") => Some((acted.by.clone(), acted.action)),
        _ => None,
    };
    assert_eq!(stage.inbox.hear("that Zhang is done", wanted).await, (zhang, Action::Done));
    let seen = stage.platform.todos("zhang").await;
    assert_eq!((seen.len(), &seen[0]["done"]), (1, &json!(true)));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_right_that_is_missing_is_named_before_an_entry_fails() {
    let stage = Stage::on("feishu", false).await;
    let steps = stage.connector().check().await;
    assert!(steps.iter().all(CheckStep::works), "{steps:?}");
    let scopes = ["im:message", "im:chat", "calendar:calendar.free_busy:read"];
    stage.platform.act(json!({ "do": "change_app", "app": "cli_a000000000000001", "scopes": scopes })).await;
    let steps = stage.connector().check().await;
    let words: Vec<&str> = steps.iter().filter_map(missing).collect();
    let rights = ["task:task:write", "calendar:calendar ", "approval:approval", "approval:approval"];
    assert_eq!(words.len(), rights.len(), "{steps:?}");
    for (words, right) in words.into_iter().zip(rights) {
        assert!(words.contains(right) && words.contains("权限管理"), "{words}");
    }
}

/// What somebody is told of a right that is missing.
fn missing(step: &CheckStep) -> Option<&'static str> {
    match &step.outcome {
        CheckOutcome::Skipped(words) | CheckOutcome::Fails { advice: words, .. } => Some(words.en),
        CheckOutcome::Works(_) => None,
    }
}
