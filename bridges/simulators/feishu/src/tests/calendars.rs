//! Lists of what is in a calendar, and what changed in it since.

use serde_json::{Value, json};

use super::client::{World, world};
use super::office::meeting;
use crate::Command;

async fn list(world: &World, events: &str, query: &str) -> Value {
    world.ask("GET", &format!("{events}?{query}"), Value::Null).await.1
}

/// How many events there are, and the token for what changes after them.
fn read(answer: &Value) -> (usize, String) {
    let token = answer["data"]["sync_token"].as_str().unwrap().to_owned();
    (answer["data"]["items"].as_array().unwrap().len(), token)
}

#[tokio::test]
async fn after_the_first_list_only_what_changed_comes_and_what_went_comes_as_cancelled() {
    let world = world().await;
    let (path, event) = meeting(&world).await;
    let events = path.strip_suffix(&format!("/{event}")).unwrap();
    let (count, token) = read(&list(&world, events, "").await);
    assert_eq!(count, 1);
    let (count, token) = read(&list(&world, events, &format!("sync_token={token}")).await);
    assert_eq!(count, 0, "nothing changed");
    let answer = Command::AnswerMeeting { person: "li".into(), meeting: event, answer: "accepted".into() };
    world.simulator.act(answer).await.unwrap();
    let changed = list(&world, events, &format!("sync_token={token}")).await;
    assert_eq!(changed["data"]["items"][0]["status"], "confirmed");
    let (_, token) = read(&changed);
    assert_eq!(world.ask("DELETE", &path, Value::Null).await.1["code"], 0);
    let gone = list(&world, events, &format!("sync_token={token}")).await;
    assert_eq!(gone["data"]["items"][0]["status"], "cancelled");
    assert_eq!(read(&list(&world, events, "").await).0, 0, "a first list has no events that are over");
}

#[tokio::test]
async fn pages_go_on_where_the_last_one_ended_though_something_went_between_them() {
    let world = world().await;
    let (path, event) = meeting(&world).await;
    let events = path.strip_suffix(&format!("/{event}")).unwrap();
    let time = |seconds: u64| json!({ "timestamp": seconds.to_string() });
    for number in 0..60 {
        let (start, end) = (time(1_800_010_000 + number), time(1_800_020_000));
        let body = json!({ "summary": number.to_string(), "start_time": start, "end_time": end });
        assert_eq!(world.ask("POST", events, body).await.1["code"], 0);
    }
    let first = list(&world, events, "page_size=50").await;
    assert_eq!((&first["data"]["has_more"], &first["data"]["sync_token"]), (&json!(true), &Value::Null));
    assert_eq!(world.ask("DELETE", &path, Value::Null).await.1["code"], 0);
    let next = first["data"]["page_token"].as_str().unwrap();
    let second = list(&world, events, &format!("page_size=50&page_token={next}")).await;
    let items = second["data"]["items"].as_array().unwrap();
    assert_eq!((items.len(), &items[0]["summary"]), (12, &json!("49")));
    assert_eq!(items[11]["status"], "cancelled", "it was listed before it went");
}

#[tokio::test]
async fn a_time_is_listed_whole_and_goes_with_no_token() {
    let world = world().await;
    let (path, event) = meeting(&world).await;
    let events = path.strip_suffix(&format!("/{event}")).unwrap();
    let within = list(&world, events, "start_time=1800000000&end_time=1800003600").await;
    assert_eq!(within["data"]["items"][0]["summary"], "Review");
    let before = list(&world, events, "start_time=1700000000&end_time=1800000000").await;
    assert_eq!(before["data"]["items"], json!([]));
    let late = list(&world, events, "anchor_time=1800003600").await;
    assert_eq!(late["data"]["items"], json!([]), "it is over by then");
    let wrong = ["start_time=1800000000", "page_size=49", "page_size=1001", "sync_token=x", "page_token=x"];
    for query in wrong.into_iter().chain(["start_time=1&end_time=2&sync_token=s1_1"]) {
        assert_eq!(list(&world, events, query).await["code"], 190_014, "{query}");
    }
    assert_eq!(list(&world, events, "sync_token=s1_1").await["code"], 190_008, "older than 90 days");
}
