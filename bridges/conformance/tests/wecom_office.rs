//! What WeCom's calendar and approvals are like when things go wrong: lost answers, lost events, deleted calendars, series.
#![expect(clippy::unwrap_used, reason = "what cannot be had in a test fails it")]

mod wecom_support;

use bridge_api::{
    Action, ApprovalState, Arrival, EntryOnPlatform, Exception, Happened, Instead, Meeting, Refusal,
};
use conformance::Stage;
use serde_json::{Value, json};

use self::wecom_support::{HOUR_MS, START_MS, acted, put};

/// A meeting that is called by its title.
fn meeting(stage: &Stage, title: &str, revision: u64) -> Meeting {
    wecom_support::meeting(stage, title, title, revision)
}

async fn seen(stage: &Stage, title: &str) -> Vec<Value> {
    let seen = stage.platform.calendar("li").await;
    seen.into_iter().filter(|one| one["title"] == title).collect()
}

/// What becomes of a request or its answer; after some of it the thing is there, after some not.
const MISHAPS: [&str; 4] = ["api.answer_lost", "api.truncated", "api.disconnected", "api.busy"];

/// Puts a meeting while something goes wrong once on this path.
async fn put_despite(stage: &Stage, fault: &str, path: &str, meeting: &Meeting) -> EntryOnPlatform {
    let before = stage.platform.struck(fault).await;
    stage.platform.act(json!({ "do": "fail", "name": fault, "times": 1, "path": path })).await;
    let there = put(stage, meeting).await;
    assert_eq!(stage.platform.struck(fault).await, before + 1, "{fault} on {path}");
    there
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_answer_that_is_lost_makes_no_second_meeting() {
    let stage = Stage::on("wecom", false).await;
    for fault in MISHAPS {
        let title = format!("review {fault}");
        let first = put_despite(&stage, fault, "schedule/add", &meeting(&stage, &title, 1)).await;
        assert_eq!(seen(&stage, &title).await.len(), 1, "{fault}");
        let moved = Meeting {
            start_ms: START_MS + HOUR_MS,
            end_ms: START_MS + 2 * HOUR_MS,
            ..meeting(&stage, &title, 2)
        };
        assert_eq!(put_despite(&stage, fault, "schedule/update", &moved).await, first, "{fault}");
        let shown = seen(&stage, &title).await;
        assert_eq!((shown.len(), shown[0]["start_ms"].as_u64()), (1, Some(moved.start_ms)), "{fault}");
        let gone = Meeting { is_canceled: true, ..meeting(&stage, &title, 3) };
        put_despite(&stage, fault, "schedule/del", &gone).await;
        assert!(seen(&stage, &title).await.is_empty(), "{fault}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_series_stands_there_as_one_or_says_that_it_is_none() {
    let stage = Stage::on("wecom", false).await;
    let rules = [
        ("FREQ=WEEKLY;INTERVAL=2;BYDAY=MO", Some("FREQ=WEEKLY;INTERVAL=2;BYDAY=MO")),
        ("FREQ=MONTHLY;COUNT=3", Some("FREQ=MONTHLY;BYMONTHDAY=6")),
        ("FREQ=MONTHLY;BYDAY=1MO", None),
    ];
    for (rule, expected) in rules {
        let series = Meeting { recurrence: Some(rule.to_owned()), ..meeting(&stage, rule, 1) };
        put(&stage, &series).await;
        let shown = &seen(&stage, rule).await[0];
        assert_eq!(shown["recurrence"].as_str(), expected, "{rule}");
        let says = shown["description"].as_str().unwrap().contains("only the first time");
        assert_eq!(says, expected.is_none(), "{rule}");
    }
    let once = Meeting { recurrence: None, ..meeting(&stage, rules[0].0, 2) };
    put(&stage, &once).await;
    assert_eq!(seen(&stage, rules[0].0).await[0]["recurrence"], Value::Null);
}

const WEEK_MS: u64 = 7 * 24 * HOUR_MS;

/// A weekly meeting whose second instance is later and whose third one does not take place.
fn differing(stage: &Stage, title: &str, revision: u64) -> Meeting {
    let (start_ms, end_ms) = (START_MS + WEEK_MS + HOUR_MS, START_MS + WEEK_MS + 2 * HOUR_MS);
    let instead = Instead { start_ms, end_ms, title: None, location: None };
    let exceptions = vec![
        Exception { original_ms: START_MS + WEEK_MS, instead: Some(instead) },
        Exception { original_ms: START_MS + 2 * WEEK_MS, instead: None },
    ];
    Meeting {
        recurrence: Some("FREQ=WEEKLY;COUNT=4".to_owned()),
        last_ms: Some(START_MS + 3 * WEEK_MS),
        exceptions,
        ..meeting(stage, title, revision)
    }
}

/// When something under this title takes place.
async fn starts(stage: &Stage, title: &str) -> Vec<u64> {
    let seen = seen(stage, title).await;
    let instances = seen.iter().flat_map(|one| one["instances"].as_array().unwrap());
    let mut starts: Vec<u64> = instances.map(|one| one["start_ms"].as_u64().unwrap()).collect();
    starts.sort_unstable();
    starts
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_instance_is_cut_out_of_its_series_once_whatever_becomes_of_the_answer() {
    let stage = Stage::on("wecom", false).await;
    let expected = [START_MS, START_MS + WEEK_MS + HOUR_MS, START_MS + 3 * WEEK_MS];
    let weeks = [0, 1, 2, 3].map(|week| START_MS + week * WEEK_MS);
    for fault in MISHAPS {
        for path in ["schedule/add", "schedule/get", "schedule/update", "schedule/del"] {
            let title = format!("weekly {fault} {path}");
            put_despite(&stage, fault, path, &differing(&stage, &title, 1)).await;
            assert_eq!(starts(&stage, &title).await, expected, "{fault} on {path}");
        }
        // None goes back into its series, so it is made anew.
        for path in ["schedule/del", "schedule/add"] {
            let title = format!("whole {fault} {path}");
            put(&stage, &differing(&stage, &title, 1)).await;
            let whole = Meeting { exceptions: Vec::new(), ..differing(&stage, &title, 2) };
            put_despite(&stage, fault, path, &whole).await;
            assert_eq!(starts(&stage, &title).await, weeks, "{fault} on {path}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_series_that_cannot_stand_there_says_which_dates_differ() {
    let stage = Stage::on("wecom", false).await;
    let recurrence = Some("FREQ=MONTHLY;BYDAY=1MO".to_owned());
    put(&stage, &Meeting { recurrence, ..differing(&stage, "first Mondays", 1) }).await;
    let shown = seen(&stage, "first Mondays").await;
    let description = shown[0]["description"].as_str().unwrap();
    assert!(description.contains("01-13 10:00 → 01-13 11:00; 01-20 10:00 canceled"), "{description}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_deleted_there_stands_there_again_with_its_next_change() {
    let stage = Stage::on("wecom", false).await;
    let first = put(&stage, &meeting(&stage, "review", 1)).await;
    let remove = json!({ "do": "remove_schedule", "person": "li", "schedule_id": first.as_str() });
    stage.platform.act(remove).await;
    assert_ne!(put(&stage, &meeting(&stage, "review", 2)).await, first);
    let shown = seen(&stage, "review").await;
    assert_eq!((shown.len(), &shown[0]["organizer"]), (1, &json!("zhang")));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_the_platform_forgets_to_tell_is_found_after_a_while() {
    let stage = Stage::on("wecom", false).await;
    let id = put(&stage, &meeting(&stage, "review", 1)).await;
    // Nothing comes of the answer, of the approval's beginning and of its end.
    stage.platform.act(json!({ "do": "fail", "name": "delivery.dropped", "times": 3 })).await;
    stage.platform.answer_meeting("li", id.as_str(), "declined").await;
    stage.platform.start_approval("li", "Trip", &["zhang"]).await;
    let told = |state| {
        move |arrival: &Arrival| match &arrival.what {
            Happened::ApprovalChanged(told) if told.state == state => Some(told.clone()),
            _ => None,
        }
    };
    let begun = stage.inbox.hear("that an approval waits", told(ApprovalState::Pending)).await;
    assert_eq!((begun.title.as_str(), begun.can_be_decided, begun.asked.len()), ("Trip", false, 1));
    let answer = stage.inbox.hear("the answer", acted).await;
    assert_eq!((answer.by, answer.action), (stage.platform.person("li"), Action::Decline));
    // Both stay told once when the connector begins anew and looks again.
    stage.platform.decide_approval("zhang", &begun.asked[0].1, true).await;
    stage.restart().await;
    stage.inbox.hear("that it ended", told(ApprovalState::Approved)).await;
    assert_eq!(stage.inbox.arrivals().iter().filter_map(acted).count(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_app_without_the_rights_says_so_and_hears_nothing() {
    let stage = Stage::on("wecom", false).await;
    stage.platform.act(json!({ "do": "change_app", "app": 1_000_002, "granted": [] })).await;
    let connector = stage.connector();
    let failure = connector.calendars().unwrap().put_meeting(&meeting(&stage, "review", 1), None).await;
    assert_eq!(failure.unwrap_err().code.as_deref(), Some("48002"));
    let steps = connector.check().await;
    assert!(
        steps.iter().all(|step| !matches!(step.outcome, bridge_api::CheckOutcome::Fails { .. })),
        "{steps:?}"
    );
    let named = |step: &bridge_api::CheckStep| matches!(step.outcome, bridge_api::CheckOutcome::Skipped(words) if words.zh.contains("日程"));
    assert!(steps.iter().any(named), "the list is named on which the app is not: {steps:?}");
    let people = [stage.platform.person("li")];
    let busy = connector.calendars().unwrap().busy(&people, START_MS, START_MS + HOUR_MS).await;
    assert_eq!(busy.unwrap_err().kind, bridge_api::FailureKind::Refused(Refusal::Impossible));
}
