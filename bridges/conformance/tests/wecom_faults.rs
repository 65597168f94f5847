//! What goes wrong on WeCom alone: a press whose answer is refused, and answers to meetings that the platform forgets.
#![expect(clippy::unwrap_used, reason = "what cannot be had in a test fails it")]

use bridge_api::{
    Acted, Action, Arrival, Attendee, Content, ConversationId, EntryHead, EntryKey, Failure, FailureKind,
    Happened, Language, Meeting, MessageId, Refusal,
};
use conformance::{MemoryInbox, Stage, card, outgoing, platforms};
use serde_json::json;

/// Monday, 6 January 2098, 10:00 in Shanghai: far enough from now that nothing is over.
const START_MS: u64 = 4_039_812_000_000;
const HOUR_MS: u64 = 3_600_000;

async fn stage() -> Stage {
    let start = platforms::all().into_iter().find(|start| start.name() == "wecom").unwrap();
    Stage::new(start.start(false).await, false).await
}

/// Somebody presses the card and it is changed. Whether they were told that it worked, and what became of the change.
async fn pressed(
    stage: &Stage,
    here: &ConversationId,
    id: &MessageId,
    times: usize,
) -> (bool, Result<(), Failure>) {
    let is_press =
        |arrival: &Arrival| matches!(&arrival.what, Happened::Pressed(pressed) if pressed.message == *id);
    let changed = async {
        let presses =
            |inbox: &MemoryInbox| inbox.arrivals().iter().filter(|&arrival| is_press(arrival)).count();
        stage.inbox.wait("the press", |inbox| (presses(inbox) >= times).then_some(())).await;
        let connector = stage.connector();
        let (cards, newer) = (connector.cards().unwrap(), card(2, &[]));
        stage.insist(|| cards.update(here, id, &newer)).await
    };
    // Whoever presses sees nothing before the answer.
    tokio::join!(stage.platform.press("li", id, "同意"), changed)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_press_that_cannot_be_answered_any_more_is_said_to_be_too_late_and_the_next_one_is_answered() {
    let stage = stage().await;
    let group = stage.platform.group("press").await;
    let shown = outgoing(&group, "card", Content::Card(card(1, &["同意"])));
    let id = stage.send(&shown).await.messages.last().unwrap().clone();
    stage.platform.act(json!({ "do": "fail", "name": "socket.request_dead", "times": 1 })).await;
    let (has_worked, changed) = pressed(&stage, &group, &id, 1).await;
    assert_eq!(changed.unwrap_err().kind, FailureKind::Refused(Refusal::TooLate));
    assert!(!has_worked);
    assert_eq!(stage.platform.struck("socket.request_dead").await, 1, "it is asked for once");
    let (has_worked, changed) = pressed(&stage, &group, &id, 2).await;
    changed.unwrap();
    assert!(has_worked);
}

fn meeting(stage: &Stage, revision: u64) -> Meeting {
    let attendee = Attendee { person: stage.platform.person("li"), is_optional: false, answer: None };
    Meeting {
        head: EntryHead {
            key: EntryKey::new("m/forgotten").unwrap(),
            revision,
            number: "MT-1".to_owned(),
            title: format!("review {revision}"),
            link: None,
            language: Language::En,
            begun_ms: START_MS,
            changed_ms: START_MS,
        },
        description: "What is next".to_owned(),
        location: String::new(),
        organizer: Some(stage.platform.person("zhang")),
        attendees: vec![attendee],
        start_ms: START_MS,
        end_ms: START_MS + HOUR_MS,
        zone: "Asia/Shanghai".to_owned(),
        is_all_day: false,
        recurrence: None,
        last_ms: None,
        exceptions: Vec::new(),
        reminders_minutes: vec![10],
        is_canceled: false,
    }
}

fn acted(arrival: &Arrival) -> Option<Acted> {
    match &arrival.what {
        Happened::Acted(acted) => Some(acted.clone()),
        _ => None,
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_answer_that_the_platform_forgets_is_told_neither_as_taken_back_nor_twice() {
    let stage = stage().await;
    let put = async |revision| {
        let meeting = meeting(&stage, revision);
        let put = async || stage.connector().calendars().unwrap().put_meeting(&meeting, None).await;
        stage.insist(put).await.unwrap()
    };
    let id = put(1).await;
    let actions = || -> Vec<Action> {
        stage.inbox.arrivals().iter().filter_map(acted).map(|acted| acted.action).collect()
    };
    let told =
        |wanted: Action| move |arrival: &Arrival| acted(arrival).filter(|acted| acted.action == wanted);
    stage.platform.answer_meeting("li", id.as_str(), "accepted").await;
    stage.inbox.hear("that Li comes", told(Action::Accept)).await;
    stage.platform.act(json!({ "do": "fail", "name": "schedule.forgets", "times": 1 })).await;
    assert_eq!(put(2).await, id);
    assert_eq!(stage.platform.struck("schedule.forgets").await, 1);
    assert_eq!(actions(), [Action::Accept]);
    // What somebody answers afterwards counts.
    stage.platform.answer_meeting("li", id.as_str(), "declined").await;
    stage.inbox.hear("that Li does not come", told(Action::Decline)).await;
    assert_eq!(actions(), [Action::Accept, Action::Decline]);
}
