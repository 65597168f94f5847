//! What DingTalk's own apps can do beyond those of the others: native approvals that are decided here, answers to invitations, and
//! all of it while things go wrong.
#![expect(clippy::unwrap_used, reason = "what cannot be had in a test fails it")]

use bridge_api::{
    Action, Approval, ApprovalState, ApprovalTask, ApprovalTaskState, Arrival, Assignee, Attendee,
    CheckOutcome, CheckStep, EntryHead, EntryKey, EntryOnPlatform, Exception, Failure, FailureKind,
    ForeignApproval, Happened, Instead, Language, Meeting, Priority, Refusal, Todo, TodoState,
};
use conformance::Stage;
use serde_json::json;

/// Far enough from now that nothing is over.
const TIME_MS: u64 = 4_000_000_000_000;

fn head(called: &str, title: &str) -> EntryHead {
    EntryHead {
        key: EntryKey::new(called).unwrap(),
        revision: 1,
        number: format!("NO-{called}"),
        title: title.to_owned(),
        link: Some("https://matrix.to/#/@bot:example.org".to_owned()),
        language: Language::Zh,
        begun_ms: 1_700_000_000_000,
        changed_ms: 1_700_000_000_000,
    }
}

async fn fails(stage: &Stage, name: &str, path: &str) {
    stage.platform.act(json!({ "do": "fail", "name": name, "times": 1, "path": path })).await;
}

/// Puts something until it is there, while something goes wrong once on this path.
async fn put_despite<F>(stage: &Stage, (fault, path): (&str, &str), put: impl Fn() -> F)
where
    F: Future<Output = Result<EntryOnPlatform, Failure>>,
{
    let before = stage.platform.struck(fault).await;
    fails(stage, fault, path).await;
    stage.insist(put).await.unwrap();
    assert_eq!(stage.platform.struck(fault).await, before + 1, "{fault} on {path}");
}

/// What becomes of a request or its answer; after some of it the thing is there, after some not.
const MISHAPS: [&str; 7] = [
    "api.timed_out",
    "api.answer_lost",
    "api.truncated",
    "api.server_error",
    "api.busy",
    "api.qps",
    "api.token_revoked",
];

fn todo(stage: &Stage, called: &str) -> Todo {
    Todo {
        head: head(called, &format!("周报 {called}")),
        description: String::new(),
        creator: None,
        assignees: vec![Assignee { person: stage.platform.person("zhang"), is_done: false }],
        followers: Vec::new(),
        is_done_by_any: true,
        due_ms: Some(TIME_MS),
        priority: Priority::Urgent,
        state: TodoState::Open,
    }
}

const HOUR_MS: u64 = 3_600_000;
const WEEK_MS: u64 = 7 * 24 * HOUR_MS;

/// A weekly meeting whose second instance is later and whose third one does not take place.
fn meeting(stage: &Stage, called: &str) -> Meeting {
    let (start_ms, end_ms) = (TIME_MS + WEEK_MS + HOUR_MS, TIME_MS + WEEK_MS + 2 * HOUR_MS);
    let instead = Instead { start_ms, end_ms, title: None, location: None };
    let exceptions = vec![
        Exception { original_ms: TIME_MS + WEEK_MS, instead: Some(instead) },
        Exception { original_ms: TIME_MS + 2 * WEEK_MS, instead: None },
    ];
    Meeting {
        head: head(called, &format!("评审 {called}")),
        description: String::new(),
        location: String::new(),
        organizer: Some(stage.platform.person("li")),
        attendees: vec![Attendee {
            person: stage.platform.person("zhang"),
            is_optional: false,
            answer: None,
        }],
        start_ms: TIME_MS,
        end_ms: TIME_MS + HOUR_MS,
        zone: "Asia/Shanghai".to_owned(),
        is_all_day: false,
        recurrence: Some("FREQ=WEEKLY;COUNT=3".to_owned()),
        last_ms: Some(TIME_MS + 2 * WEEK_MS),
        exceptions,
        reminders_minutes: Vec::new(),
        is_canceled: false,
    }
}

fn approval(stage: &Stage, called: &str) -> Approval {
    Approval {
        head: head(called, &format!("请假 {called}")),
        lines: vec![("天数".to_owned(), "2".to_owned())],
        starter: None,
        starter_name: "Ada".to_owned(),
        state: ApprovalState::Pending,
        ended_ms: None,
        tasks: vec![ApprovalTask {
            key: EntryKey::new(format!("{called}/t1")).unwrap(),
            person: stage.platform.person("li"),
            state: ApprovalTaskState::Pending,
            step: "主管".to_owned(),
            begun_ms: 1_700_000_000_000,
            ended_ms: None,
            needs_reason: false,
        }],
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_put_stands_there_once_whatever_becomes_of_the_answer() {
    let stage = Stage::on("dingtalk", false).await;
    // An instance is called by its series and by when it would be, in seconds.
    let [later, gone] = [WEEK_MS, 2 * WEEK_MS].map(|after_ms| format!("T{}", (TIME_MS + after_ms) / 1_000));
    let of_meetings = ["/primary/events", "/primary/eventsview", "/primary/events/", &later, &gone];
    for fault in MISHAPS {
        let todo = todo(&stage, fault);
        let put = || async { stage.connector().todos().unwrap().put_todo(&todo, None).await };
        put_despite(&stage, (fault, "/todo/users/"), put).await;
        for path in of_meetings {
            let meeting = meeting(&stage, &format!("{fault} {path}"));
            let put = || async { stage.connector().calendars().unwrap().put_meeting(&meeting, None).await };
            put_despite(&stage, (fault, path), put).await;
        }
        for path in ["/processCentres/instances", "/processCentres/tasks"] {
            let approval = approval(&stage, &format!("{fault}{path}"));
            let put = || async { stage.connector().approvals().unwrap().put_approval(&approval, None).await };
            put_despite(&stage, (fault, path), put).await;
        }
    }
    assert_eq!(stage.platform.todos("zhang").await.len(), MISHAPS.len());
    let meetings = stage.platform.calendar("zhang").await;
    assert_eq!(meetings.len(), of_meetings.len() * MISHAPS.len());
    assert_eq!(meetings[0]["recurrence"], "FREQ=WEEKLY;BYDAY=TU;COUNT=3", "in the platform's own words");
    for meeting in &meetings {
        let instances = meeting["instances"].as_array().unwrap().iter();
        let starts: Vec<u64> = instances.map(|one| one["start_ms"].as_u64().unwrap()).collect();
        assert_eq!(starts, [TIME_MS, TIME_MS + WEEK_MS + HOUR_MS], "{meeting}");
    }
    let approvals = stage.platform.approvals("li").await;
    assert_eq!(approvals.len(), 2 * MISHAPS.len());
    assert!(approvals.iter().all(|seen| seen["task_state"] == "pending"), "{approvals:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_the_platform_is_still_making_is_asked_for_again_and_stands_there_once() {
    let stage = Stage::on("dingtalk", false).await;
    let making = async |code: &str, path: &str| {
        let order = json!({ "do": "fail", "name": "api.code", "times": 2, "path": path, "value": code });
        stage.platform.act(order).await;
    };
    let (todo, meeting) = (todo(&stage, "making"), meeting(&stage, "making"));
    making("todo.taskCreate.lockError", "/todo/users/").await;
    let put = async || stage.connector().todos().unwrap().put_todo(&todo, None).await;
    stage.insist(put).await.unwrap();
    making("idempotencyProcessing", "/primary/events").await;
    let put = async || stage.connector().calendars().unwrap().put_meeting(&meeting, None).await;
    stage.insist(put).await.unwrap();
    assert_eq!(stage.platform.struck("api.code").await, 4);
    let seen = (stage.platform.todos("zhang").await.len(), stage.platform.calendar("zhang").await.len());
    assert_eq!(seen, (1, 1));
}

async fn told(stage: &Stage, state: ApprovalState) -> ForeignApproval {
    let wanted = |arrival: &Arrival| match &arrival.what {
        Happened::ApprovalChanged(told) if told.state == state => Some(told.clone()),
        _ => None,
    };
    stage.inbox.hear("the approval", wanted).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_native_approval_is_decided_here_once() {
    for callbacks in [false, true] {
        let stage = Stage::on("dingtalk", callbacks).await;
        // What an event is about is read in the end, whatever goes wrong.
        fails(&stage, "api.timed_out", "/workflow/processInstances").await;
        stage.inbox.refuse(1);
        stage.platform.start_approval("li", "出差", &["zhang"]).await;
        let began = told(&stage, ApprovalState::Pending).await;
        let (zhang, task) = began.asked[0].clone();
        let decide = async |is_approved| {
            let connector = stage.connector();
            let approvals = connector.approvals().unwrap();
            approvals.decide(&began.id, &task, &zhang, is_approved, Some("好")).await
        };
        // The first answer is lost on its way, and it is found decided.
        fails(&stage, "api.answer_lost", "/processInstances/execute").await;
        stage.insist(|| decide(true)).await.unwrap();
        let late = stage.insist(|| decide(false)).await.unwrap_err();
        assert_eq!(late.kind, FailureKind::Refused(Refusal::TooLate));
        let ended = told(&stage, ApprovalState::Approved).await;
        assert_eq!((ended.id, ended.can_be_decided), (began.id.clone(), false));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_answer_to_an_invitation_is_told_once_however_its_events_come() {
    for callbacks in [false, true] {
        let stage = Stage::on("dingtalk", callbacks).await;
        let meeting = meeting(&stage, "m");
        let put = async || stage.connector().calendars().unwrap().put_meeting(&meeting, None).await;
        stage.insist(put).await.unwrap();
        let id = stage.platform.calendar("zhang").await[0]["id"].as_str().unwrap().to_owned();
        for fault in ["delivery.duplicate", "delivery.reordered", "delivery.ack_ignored"] {
            stage.platform.act(json!({ "do": "fail", "name": fault, "times": 1 })).await;
        }
        for answer in ["accepted", "declined"] {
            stage.platform.answer_meeting("zhang", &id, answer).await;
        }
        let acted = |arrival: &Arrival| match &arrival.what {
            Happened::Acted(acted) if acted.action == Action::Decline => Some(acted.key.clone()),
            _ => None,
        };
        assert_eq!(stage.inbox.hear("the answer", acted).await.as_str(), "m");
        let told: Vec<Action> = (stage.inbox.arrivals().into_iter())
            .filter_map(|arrival| match arrival.what {
                Happened::Acted(acted) => Some(acted.action),
                _ => None,
            })
            .collect();
        // Two answers in a row may be read as one; the last one counts, and none is told twice.
        assert!(matches!(told.as_slice(), [Action::Decline] | [Action::Accept, Action::Decline]), "{told:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_right_that_is_missing_is_named_before_an_entry_fails() {
    let stage = Stage::on("dingtalk", false).await;
    let steps = stage.connector().check().await;
    assert!(steps.iter().all(CheckStep::works), "{steps:?}");
    let scopes = ["qyapi_get_department_list", "qyapi_get_member", "Todo.Todo.Write", "Calendar.Event.Read"];
    stage.platform.act(json!({ "do": "change_app", "app": "dingconformance", "scopes": scopes })).await;
    let steps = stage.connector().check().await;
    let missing = |step: &CheckStep| match &step.outcome {
        CheckOutcome::Skipped(words) | CheckOutcome::Fails { advice: words, .. } => Some(words.en),
        CheckOutcome::Works(_) => None,
    };
    let words: Vec<&str> = steps.iter().filter_map(missing).collect();
    let rights =
        ["Todo.Todo.Read", "Calendar.Event.Write", "EventSchedule", "Instance.Read", "Workflow.Form"];
    assert_eq!(words.len(), rights.len(), "{steps:?}");
    for (words, right) in words.into_iter().zip(rights) {
        assert!(words.contains(right) && words.contains("权限管理"), "{words}");
    }
}
