//! Approvals, tasks and meetings in the platform's own apps.

use bridge_api::{
    Acted, Action, Answer, Approval, ApprovalState, ApprovalTask, ApprovalTaskState, Arrival, Assignee,
    Attendee, Clock, EntryHead, EntryKey, Happened, Language, Meeting, PersonId, Priority, Todo, TodoState,
};
use serde_json::Value;

use crate::case::case;
use crate::control::text;
use crate::{Case, Stage};

pub(super) const CASES: &[Case] = &[
    case!(Out Todos a_task_is_put_changed_and_taken_away),
    case!(Out Todos a_task_that_is_put_again_after_a_kill_is_there_once),
    case!(In Todos a_task_that_is_ticked_off_there_is_told_and_ours_is_not),
    case!(Out Meetings a_meeting_is_put_moved_and_canceled),
    case!(Out Meetings a_meeting_that_is_put_again_after_a_kill_is_there_once),
    case!(In Meetings an_answer_to_an_invitation_is_told),
    case!(In FreeBusy it_is_known_when_people_have_no_time),
    case!(Out Approvals an_approval_of_ours_is_shown_to_who_decides_until_its_end),
    case!(In Approvals an_approval_of_the_platform_is_told_until_its_end),
];

pub(super) const HOUR_MS: u64 = 3_600_000;

/// Tomorrow, at a full hour.
pub(super) fn tomorrow_ms() -> u64 {
    let now_ms = Clock::system().now_ms();
    now_ms / HOUR_MS * HOUR_MS + 24 * HOUR_MS
}

fn key(text: &str) -> EntryKey {
    EntryKey::new(text).expect("a key")
}

pub(super) fn head(called: &str, revision: u64, title: &str) -> EntryHead {
    let begun_ms = tomorrow_ms() - 24 * HOUR_MS;
    EntryHead {
        key: key(called),
        revision,
        number: "NO-1".to_owned(),
        title: title.to_owned(),
        link: Some("https://matrix.to/#/@bot:example.org".to_owned()),
        language: Language::Zh,
        begun_ms,
        changed_ms: begun_ms + revision,
    }
}

fn todo(stage: &Stage, called: &str, revision: u64, title: &str) -> Todo {
    Todo {
        head: head(called, revision, title),
        description: "第二行\nthe second line".to_owned(),
        creator: Some(stage.platform.person("li")),
        assignees: vec![Assignee { person: stage.platform.person("zhang"), is_done: false }],
        followers: Vec::new(),
        is_done_by_any: true,
        due_ms: Some(tomorrow_ms()),
        priority: Priority::Normal,
        state: TodoState::Open,
    }
}

pub(super) fn meeting(stage: &Stage, called: &str, revision: u64, title: &str) -> Meeting {
    let person = |name: &str| stage.platform.person(name);
    Meeting {
        head: head(called, revision, title),
        description: String::new(),
        location: "3F".to_owned(),
        organizer: Some(person("li")),
        attendees: vec![
            Attendee { person: person("li"), is_optional: false, answer: Some(Answer::Accepted) },
            Attendee { person: person("zhang"), is_optional: false, answer: None },
        ],
        start_ms: tomorrow_ms(),
        end_ms: tomorrow_ms() + HOUR_MS,
        zone: "Asia/Shanghai".to_owned(),
        is_all_day: false,
        recurrence: None,
        last_ms: None,
        exceptions: Vec::new(),
        reminders_minutes: vec![15],
        is_canceled: false,
    }
}

/// What somebody sees under this title.
pub(super) fn titled(seen: &[Value], title: &str) -> Vec<Value> {
    seen.iter().filter(|one| text(one, "title").contains(title)).cloned().collect()
}

impl Stage {
    async fn put_todo(
        &self,
        todo: &Todo,
        known: Option<&bridge_api::EntryOnPlatform>,
    ) -> bridge_api::EntryOnPlatform {
        let put = self.insist(|| async {
            let connector = self.connector();
            connector.todos().expect("a connector with to-dos").put_todo(todo, known).await
        });
        put.await.expect("the platform takes it in the end")
    }

    pub(super) async fn put_meeting(
        &self,
        meeting: &Meeting,
        known: Option<&bridge_api::EntryOnPlatform>,
    ) -> bridge_api::EntryOnPlatform {
        let put = self.insist(|| async {
            let connector = self.connector();
            connector.calendars().expect("a connector with calendars").put_meeting(meeting, known).await
        });
        put.await.expect("the platform takes it in the end")
    }

    async fn put_approval(
        &self,
        approval: &Approval,
        known: Option<&bridge_api::EntryOnPlatform>,
    ) -> bridge_api::EntryOnPlatform {
        let put = self.insist(|| async {
            let connector = self.connector();
            connector.approvals().expect("a connector with approvals").put_approval(approval, known).await
        });
        put.await.expect("the platform takes it in the end")
    }

    /// What people did to entries of ours.
    pub(super) fn acted(&self) -> Vec<Acted> {
        let of = |arrival: Arrival| match arrival.what {
            Happened::Acted(acted) => Some(acted),
            _ => None,
        };
        self.inbox.arrivals().into_iter().filter_map(of).collect()
    }

    pub(super) async fn hears_of(&self, called: &str, by: &PersonId, action: Action) -> Acted {
        let wanted = |arrival: &Arrival| match &arrival.what {
            Happened::Acted(acted)
                if acted.key == key(called) && acted.by == *by && acted.action == action =>
            {
                Some(acted.clone())
            }
            _ => None,
        };
        self.inbox.hear(&format!("{action:?} of {called}"), wanted).await
    }
}

async fn a_task_is_put_changed_and_taken_away(stage: &Stage) {
    let first = todo(stage, "t/put", 1, "写周报");
    let id = stage.put_todo(&first, None).await;
    let seen = titled(&stage.platform.todos("zhang").await, "写周报");
    assert_eq!(seen.len(), 1, "{seen:?}");
    assert_eq!((seen[0]["due_ms"].as_u64(), seen[0]["done"].as_bool()), (first.due_ms, Some(false)));
    let later = first.due_ms.map(|due_ms| due_ms + HOUR_MS);
    let changed = Todo { head: head("t/put", 2, "写月报"), due_ms: later, ..first.clone() };
    let id = stage.put_todo(&changed, Some(&id)).await;
    let seen = titled(&stage.platform.todos("zhang").await, "写月报");
    assert_eq!((seen.len(), seen[0]["due_ms"].as_u64()), (1, later), "{seen:?}");
    let gone = Todo { head: head("t/put", 3, "写月报"), state: TodoState::Canceled, ..changed };
    stage.put_todo(&gone, Some(&id)).await;
    let seen = titled(&stage.platform.todos("zhang").await, "写月报");
    assert!(seen.iter().all(|seen| seen["done"] == true), "nobody has it to do any more: {seen:?}");
    assert!(stage.acted().is_empty(), "what we did ourselves is no news");
}

async fn a_task_that_is_put_again_after_a_kill_is_there_once(stage: &Stage) {
    let task = todo(stage, "t/once", 1, "只做一次");
    let first = stage.put_todo(&task, None).await;
    stage.restart().await;
    let second = stage.put_todo(&task, None).await;
    assert_eq!(first, second);
    assert_eq!(titled(&stage.platform.todos("zhang").await, "只做一次").len(), 1);
}

async fn a_task_that_is_ticked_off_there_is_told_and_ours_is_not(stage: &Stage) {
    let task = todo(stage, "t/tick", 1, "打勾");
    let id = stage.put_todo(&task, None).await;
    let seen = titled(&stage.platform.todos("zhang").await, "打勾");
    stage.platform.tick_todo("zhang", &text(&seen[0], "id"), true).await;
    let zhang = stage.platform.person("zhang");
    let acted = stage.hears_of("t/tick", &zhang, Action::Done).await;
    assert_eq!(acted.proof.len(), 64);
    let assignees = vec![Assignee { person: zhang.clone(), is_done: true }];
    let done = Todo { head: head("t/tick", 2, "打勾"), assignees, state: TodoState::Done, ..task };
    stage.put_todo(&done, Some(&id)).await;
    let seen = titled(&stage.platform.todos("zhang").await, "打勾");
    assert!(seen.iter().all(|seen| seen["done"] == true), "{seen:?}");
    if let Some(seen) = seen.first() {
        stage.platform.tick_todo("zhang", &text(seen, "id"), false).await;
        stage.hears_of("t/tick", &zhang, Action::Reopen).await;
    }
    assert_eq!(stage.acted().iter().filter(|acted| acted.action == Action::Done).count(), 1);
}

async fn a_meeting_is_put_moved_and_canceled(stage: &Stage) {
    let first = meeting(stage, "m/put", 1, "评审");
    let id = stage.put_meeting(&first, None).await;
    let seen = titled(&stage.platform.calendar("zhang").await, "评审");
    assert_eq!(seen.len(), 1, "{seen:?}");
    assert_eq!(seen[0]["start_ms"].as_u64(), Some(first.start_ms), "{seen:?}");
    let moved = Meeting {
        head: head("m/put", 2, "评审"),
        start_ms: first.start_ms + HOUR_MS,
        end_ms: first.end_ms + HOUR_MS,
        ..first.clone()
    };
    let id = stage.put_meeting(&moved, Some(&id)).await;
    let seen = titled(&stage.platform.calendar("zhang").await, "评审");
    assert_eq!((seen.len(), seen[0]["start_ms"].as_u64()), (1, Some(moved.start_ms)), "{seen:?}");
    let without: Vec<_> = moved.attendees.iter().take(1).cloned().collect();
    let smaller = Meeting { head: head("m/put", 3, "评审"), attendees: without, ..moved };
    let id = stage.put_meeting(&smaller, Some(&id)).await;
    let gone = || async { titled(&stage.platform.calendar("zhang").await, "评审").is_empty() };
    stage.until("who is not invited any more has it no more", gone).await;
    let canceled = Meeting { head: head("m/put", 4, "评审"), is_canceled: true, ..smaller };
    stage.put_meeting(&canceled, Some(&id)).await;
    assert!(titled(&stage.platform.calendar("li").await, "评审").is_empty(), "it does not take place");
    assert!(stage.acted().is_empty(), "what we did ourselves is no news");
}

async fn a_meeting_that_is_put_again_after_a_kill_is_there_once(stage: &Stage) {
    let once = meeting(stage, "m/once", 1, "只开一次");
    let first = stage.put_meeting(&once, None).await;
    stage.restart().await;
    let second = stage.put_meeting(&once, None).await;
    assert_eq!(first, second);
    assert_eq!(titled(&stage.platform.calendar("zhang").await, "只开一次").len(), 1);
}

async fn an_answer_to_an_invitation_is_told(stage: &Stage) {
    let invited = meeting(stage, "m/answer", 1, "来不来");
    stage.put_meeting(&invited, None).await;
    let seen = titled(&stage.platform.calendar("zhang").await, "来不来");
    let id = text(&seen[0], "id");
    let zhang = stage.platform.person("zhang");
    stage.platform.answer_meeting("zhang", &id, "accepted").await;
    let acted = stage.hears_of("m/answer", &zhang, Action::Accept).await;
    assert_eq!(acted.proof.len(), 64);
    stage.platform.answer_meeting("zhang", &id, "declined").await;
    stage.hears_of("m/answer", &zhang, Action::Decline).await;
    assert_eq!(stage.acted().len(), 2, "{:?}", stage.acted());
}

async fn it_is_known_when_people_have_no_time(stage: &Stage) {
    let start_ms = tomorrow_ms();
    stage.platform.book("zhang", start_ms, start_ms + HOUR_MS).await;
    let people = [stage.platform.person("zhang"), stage.platform.person("li")];
    let (from_ms, until_ms) = (start_ms - HOUR_MS, start_ms + 4 * HOUR_MS);
    let busy = stage.insist(|| async {
        let connector = stage.connector();
        connector.calendars().expect("a connector with calendars").busy(&people, from_ms, until_ms).await
    });
    let busy = busy.await.expect("the platform says it in the end");
    let of =
        |person: &PersonId| busy.iter().find(|busy| busy.person == *person).cloned().expect("an item each");
    assert_eq!(of(&people[0]).times, Some(vec![(start_ms, start_ms + HOUR_MS, false)]));
    assert_eq!(of(&people[1]).times, Some(Vec::new()), "who has nothing is free, not unknown");
}

fn approval(stage: &Stage, revision: u64, state: ApprovalState, task: ApprovalTaskState) -> Approval {
    let head = head("a/shown", revision, "请假两天");
    let begun_ms = head.begun_ms;
    let ended_ms = (task != ApprovalTaskState::Pending).then_some(begun_ms + 1_000);
    Approval {
        lines: vec![("天数".to_owned(), "2".to_owned())],
        starter: Some(stage.platform.person("li")),
        starter_name: "Li Si".to_owned(),
        state,
        ended_ms,
        tasks: vec![ApprovalTask {
            key: key("a/shown/t1"),
            person: stage.platform.person("zhang"),
            state: task,
            step: "主管".to_owned(),
            begun_ms,
            ended_ms,
            needs_reason: true,
        }],
        head,
    }
}

async fn an_approval_of_ours_is_shown_to_who_decides_until_its_end(stage: &Stage) {
    let open = approval(stage, 1, ApprovalState::Pending, ApprovalTaskState::Pending);
    let id = stage.put_approval(&open, None).await;
    stage.restart().await;
    assert_eq!(stage.put_approval(&open, None).await, id, "a repeat after a kill is the same one");
    let seen = titled(&stage.platform.approvals("zhang").await, "请假两天");
    assert_eq!(seen.len(), 1, "{seen:?}");
    assert_eq!((text(&seen[0], "state"), text(&seen[0], "task_state")), ("pending".into(), "pending".into()));
    let done = approval(stage, 2, ApprovalState::Approved, ApprovalTaskState::Approved);
    stage.put_approval(&done, Some(&id)).await;
    let seen = titled(&stage.platform.approvals("zhang").await, "请假两天");
    assert_eq!(text(&seen[0], "state"), "approved", "{seen:?}");
    assert_ne!(text(&seen[0], "task_state"), "pending", "nobody is asked any more");
    assert!(stage.acted().is_empty(), "what we did ourselves is no news");
}

async fn an_approval_of_the_platform_is_told_until_its_end(stage: &Stage) {
    stage.platform.start_approval("li", "出差上海", &["zhang"]).await;
    let zhang = stage.platform.person("zhang");
    let wanted = |state: ApprovalState, is_asked: bool| {
        let zhang = zhang.clone();
        move |arrival: &Arrival| match &arrival.what {
            Happened::ApprovalChanged(told)
                if told.state == state
                    && told.asked.iter().any(|(person, _)| *person == zhang) == is_asked =>
            {
                Some((told.id.clone(), told.starter.clone()))
            }
            _ => None,
        }
    };
    let (id, starter) = stage.inbox.hear("that it began", wanted(ApprovalState::Pending, true)).await;
    assert_eq!(starter, Some(stage.platform.person("li")));
    let seen = titled(&stage.platform.approvals("zhang").await, "出差上海");
    stage.platform.decide_approval("zhang", &text(&seen[0], "task"), true).await;
    let (ended, _) = stage.inbox.hear("that it ended", wanted(ApprovalState::Approved, false)).await;
    assert_eq!(ended, id);
}
