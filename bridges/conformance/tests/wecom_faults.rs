//! What goes wrong on WeCom alone: a press whose answer is refused, and answers to meetings that the platform forgets.
#![expect(clippy::unwrap_used, reason = "what cannot be had in a test fails it")]

mod wecom_support;

use bridge_api::{
    Action, Arrival, Content, ConversationId, Failure, FailureKind, Happened, MessageId, Refusal,
};
use conformance::{MemoryInbox, Stage, card, outgoing};
use serde_json::json;

use self::wecom_support::{acted, meeting, put};

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
    let stage = Stage::on("wecom", false).await;
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

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_answer_that_the_platform_forgets_is_told_neither_as_taken_back_nor_twice() {
    let stage = Stage::on("wecom", false).await;
    let put = async |revision: u64| {
        put(&stage, &meeting(&stage, "m/forgotten", &format!("review {revision}"), revision)).await
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
