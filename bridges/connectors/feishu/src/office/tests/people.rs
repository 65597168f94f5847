//! Who is said to have left the company, and who came into sight: the address book tells who they are now.

use bridge_api::{Happened, double::Basket};
use serde_json::{Value, json};

use super::person;
use crate::{
    Feishu,
    limits::LEAVING_ASKED_FOR_MS,
    office::{leaving, looks::Leaving, scope},
    tests::peer::{Peer, bad, good},
};

const USER: &str = "/open-apis/contact/v3/users/ou_a";
const NOW_MS: u64 = 1_700_000_000_000;

fn user(status: Value) -> Value {
    json!({ "user": { "open_id": "ou_a", "name": "Li", "status": status } })
}

/// What is told of somebody who is said to have left at a time, or nothing if it is asked again later.
async fn told(feishu: &Feishu, at_ms: u64) -> Option<Happened> {
    let inbox = Basket::default();
    let leaving = Leaving { person: "ou_a".to_owned(), event: "ev1".to_owned(), at_ms };
    let outcome = leaving::look(feishu, &leaving, &inbox).await;
    let told = inbox.taken().pop();
    assert_eq!(outcome.is_ok(), told.is_some(), "{outcome:?}");
    let told = told?;
    assert_eq!((told.key.as_str(), told.at_ms, told.conversation), ("cli_a:event:ev1", at_ms, None));
    Some(told.what)
}

#[tokio::test]
async fn the_address_book_says_who_left_and_where_it_says_nothing_the_event_is_believed() {
    let (peer, feishu) = Peer::start().await;
    let table = [
        (good(user(json!({ "is_resigned": false }))), "person_changed"),
        (good(user(json!({ "is_resigned": true }))), "person_gone"),
        (good(user(json!({ "is_exited": true }))), "person_gone"),
        (good(user(Value::Null)), "person_gone"),
        (bad(400, 99_992_351), "person_gone"),
        (bad(400, 41_050), "person_gone"),
        (bad(400, 99_991_672), "person_gone"),
    ];
    for (answer, expected) in table {
        let words = format!("{answer:?}");
        peer.answers(USER, vec![answer]);
        assert_eq!(told(&feishu, NOW_MS).await.map(|what| what.kind()), Some(expected), "{words}");
    }
}

#[tokio::test]
async fn an_address_book_that_does_not_answer_is_asked_again_for_a_day() {
    let (peer, feishu) = Peer::start().await;
    peer.answers(USER, vec![bad(500, 2200)]);
    assert_eq!(told(&feishu, NOW_MS - LEAVING_ASKED_FOR_MS + 1).await, None);
    let gone = Happened::PersonGone(person("ou_a"));
    assert_eq!(told(&feishu, NOW_MS - LEAVING_ASKED_FOR_MS).await, Some(gone));
}

#[tokio::test]
async fn people_of_departments_that_came_into_sight_are_told_with_those_below() {
    let (peer, feishu) = Peer::start().await;
    let inbox = Basket::default();
    let people = json!({ "items": [{ "open_id": "ou_a", "name": "Li" }], "has_more": false });
    peer.answers("/open-apis/contact/v3/users/find_by_department", vec![good(people)]);
    let below = json!({ "items": [{ "open_department_id": "od-2", "name": "North" }], "has_more": false });
    peer.answers("/open-apis/contact/v3/departments/od-1/children", vec![good(below)]);
    let none = json!({ "items": [], "has_more": false });
    peer.answers("/open-apis/contact/v3/departments/od-2/children", vec![good(none)]);
    scope::department(&feishu, "od-1", &inbox).await.expect("read");
    peer.answers(USER, vec![good(user(Value::Null)), bad(400, 41_050)]);
    for _ in 0..2 {
        scope::person(&feishu, "ou_a", &inbox).await.expect("read");
    }
    let names = inbox.taken().into_iter().map(|arrival| match arrival.what {
        Happened::PersonChanged(person) => person.name,
        other => panic!("{other:?}"),
    });
    assert_eq!(names.collect::<Vec<_>>(), ["Li", "Li", "Li"], "of each department, and once by themselves");
}
