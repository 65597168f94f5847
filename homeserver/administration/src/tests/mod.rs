//! What this crate promises, over the in-memory store.

use std::sync::Arc;

use base::{Clock, Rng};
use ruma::{owned_room_id, owned_server_name, owned_user_id};
use serde_json::json;
use store::{Identity, MemoryKv, Store};

use crate::{
    Act, Administration, AdministrationError, AdministrationParts, AuditOutcome, NewReport, RateOverride,
    ReportFilter, ReportKind, TaskState, limits, tables,
};

async fn administration() -> (Administration, Clock) {
    let clock = Clock::fake(1_700_000_000_000);
    let identity = Identity::new(&owned_server_name!("example.org"), &clock);
    let store = Store::open(Arc::new(MemoryKv::new()), tables(), identity, Vec::new()).await.unwrap();
    let parts = AdministrationParts { store, clock: clock.clone(), rng: Rng::seeded(7) };
    (Administration::new(parts), clock)
}

#[tokio::test]
async fn the_audit_stream_keeps_every_act_in_order_with_its_outcome() {
    let (administration, clock) = administration().await;
    let mut marks = Vec::new();
    for action in ["lock", "purge", "deactivate"] {
        let act = Act { actor: "@root:example.org", action, target: "@alice:example.org" };
        marks.push(administration.begin_act(act).await.unwrap());
        clock.advance(5);
    }
    administration.end_act(marks[0], None).await;
    administration.end_act(marks[1], Some("M_NOT_FOUND")).await;
    // An outcome is written once and never changed.
    administration.end_act(marks[0], Some("later")).await;
    let entries = administration.audit(None, false, 10).await.unwrap();
    let actions: Vec<&str> = entries.iter().map(|entry| entry.action.as_str()).collect();
    assert_eq!(actions, ["lock", "purge", "deactivate"]);
    assert!(matches!(entries[0].outcome, AuditOutcome::Done { .. }));
    assert!(matches!(&entries[1].outcome, AuditOutcome::Failed { error, .. } if error == "M_NOT_FOUND"));
    assert_eq!(entries[2].outcome, AuditOutcome::Unknown);
    let newest = administration.audit(None, true, 1).await.unwrap();
    assert_eq!(newest[0].action, "deactivate");
    let before = administration.audit(Some(newest[0].place), true, 10).await.unwrap();
    assert_eq!(before.iter().map(|entry| &*entry.action).collect::<Vec<_>>(), ["purge", "lock"]);
}

#[tokio::test]
async fn long_texts_are_cut_at_a_character() {
    let (administration, _) = administration().await;
    let target = "桥".repeat(2_000);
    administration.begin_act(Act { actor: "a", action: "b", target: &target }).await.unwrap();
    let entries = administration.audit(None, false, 1).await.unwrap();
    assert!(entries[0].target.len() <= limits::AUDIT_TEXT_BYTES_MAX);
    assert!(entries[0].target.chars().all(|character| character == '桥'));
}

fn report(reporter: &str, kind: ReportKind) -> NewReport {
    NewReport {
        kind,
        reporter: reporter.try_into().unwrap(),
        room: Some(owned_room_id!("!room:example.org")),
        event: None,
        user: None,
        reason: Some("spam".to_owned()),
        score: Some(-100),
    }
}

#[tokio::test]
async fn reports_are_listed_by_kind_newest_first_and_can_be_deleted() {
    let (administration, _) = administration().await;
    let first = administration.report(report("@a:example.org", ReportKind::Event)).await.unwrap();
    let second = administration.report(report("@b:example.org", ReportKind::Event)).await.unwrap();
    administration.report(report("@a:example.org", ReportKind::Room)).await.unwrap();
    let all = ReportFilter { limit: 10, ..ReportFilter::default() };
    let page = administration.reports(ReportKind::Event, &all).await.unwrap();
    assert_eq!(page.reports.iter().map(|report| report.id).collect::<Vec<_>>(), [second, first]);
    let of_a = ReportFilter { reporter: Some("@a:".to_owned()), ..all.clone() };
    assert_eq!(administration.reports(ReportKind::Event, &of_a).await.unwrap().total, 1);
    let rest = ReportFilter { from: 1, ..all };
    let page = administration.reports(ReportKind::Event, &rest).await.unwrap();
    assert_eq!((page.reports.len(), page.total), (1, 2));
    administration.delete_report(ReportKind::Event, first).await.unwrap();
    let again = administration.delete_report(ReportKind::Event, first).await;
    assert!(matches!(again, Err(AdministrationError::NotFound)));
    let long = NewReport { reason: Some("x".repeat(20_000)), ..report("@a:example.org", ReportKind::User) };
    assert!(matches!(administration.report(long).await, Err(AdministrationError::TooLarge(_))));
}

#[tokio::test]
async fn a_task_is_open_until_it_ends_and_is_forgotten_much_later() {
    let (administration, clock) = administration().await;
    let task = administration.create_task("purge", "!room", &json!({"block": true})).await.unwrap();
    let twice = administration.create_task("purge", "!room", &json!({})).await;
    assert!(matches!(twice, Err(AdministrationError::UnderWay(id)) if id == task.id));
    administration.task_moved(&task.id, &json!({"done": 5})).await.unwrap();
    let open = administration.open_tasks().await.unwrap();
    assert_eq!((open[0].state, &open[0].progress), (TaskState::Active, &json!({"done": 5})));
    let (waiting, id) = (administration.clone(), task.id.clone());
    let finished = tokio::spawn(async move { waiting.finished_task(&id).await });
    administration.task_ended(&task.id, Ok(&json!({"done": 9}))).await.unwrap();
    assert_eq!(finished.await.unwrap().unwrap().progress, json!({"done": 9}));
    assert_eq!(administration.open_tasks().await.unwrap(), []);
    let late = administration.task_moved(&task.id, &json!({})).await;
    assert!(matches!(late, Err(AdministrationError::NotFound)));
    assert_eq!(administration.forget_old_tasks(None).await.unwrap(), None);
    assert_eq!(administration.tasks_of("!room").await.unwrap().len(), 1);
    clock.advance(limits::TASK_KEPT_MS + 1);
    administration.forget_old_tasks(None).await.unwrap();
    assert_eq!(administration.tasks_of("!room").await.unwrap(), []);
}

#[tokio::test]
async fn notes_of_users_are_kept_and_the_first_notice_room_wins() {
    let (administration, _) = administration().await;
    let alice = owned_user_id!("@alice:example.org");
    let rate = RateOverride { messages_per_second: 0, burst_count: 0 };
    administration.set_rate_override(&alice, Some(rate)).await.unwrap();
    assert_eq!(administration.rate_overrides().await.unwrap(), [(alice.clone(), rate)]);
    administration.set_rate_override(&alice, None).await.unwrap();
    assert_eq!(administration.rate_override(&alice).await.unwrap(), None);
    let [one, two] = [owned_room_id!("!one:example.org"), owned_room_id!("!two:example.org")];
    assert_eq!(administration.set_notice_room(&alice, None, &one).await.unwrap(), one);
    assert_eq!(administration.set_notice_room(&alice, None, &two).await.unwrap(), one);
    assert_eq!(administration.set_notice_room(&alice, Some(&one), &two).await.unwrap(), two);
}
