//! Tasks and calendars over the API, and what people do with them.

use serde_json::{Value, json};

use super::client::{APP, World, world, world_with};
use crate::{Command, Simulator};

const TASKS: &str = "/open-apis/task/v2/tasks";

pub(super) fn open_id(person: &str) -> String {
    Simulator::open_id(APP, person)
}

fn task(token: &str) -> Value {
    let member = |person: &str| json!({ "id": open_id(person), "type": "user", "role": "assignee" });
    json!({
        "summary": "Report", "client_token": token, "mode": 1, "members": [member("zhang"), member("li")],
        "due": { "timestamp": "1700000000999", "is_all_day": false },
    })
}

pub(super) async fn seen(world: &World, command: Command, name: &str) -> Vec<Value> {
    world.simulator.act(command).await.unwrap()[name].as_array().unwrap().clone()
}

async fn todos(world: &World, person: &str) -> Vec<Value> {
    seen(world, Command::Todos { person: person.into() }, "todos").await
}

#[tokio::test]
async fn a_task_is_made_once_for_a_token_and_completed_once() {
    let world = world().await;
    let (_, first) = world.ask("POST", TASKS, task("token-0001")).await;
    let (_, again) = world.ask("POST", TASKS, task("token-0001")).await;
    let guid = first["data"]["task"]["guid"].as_str().unwrap();
    assert_eq!(again["data"]["task"]["guid"], guid);
    assert_eq!(first["data"]["task"]["due"]["timestamp"], "1700000000000", "whole seconds");
    assert_eq!(todos(&world, "li").await.len(), 1);
    let path = format!("{TASKS}/{guid}");
    let done = json!({ "task": { "completed_at": "1700000000000" }, "update_fields": ["completed_at"] });
    assert_eq!(world.ask("PATCH", &path, done.clone()).await.1["code"], 0);
    assert_eq!(world.ask("PATCH", &path, done).await.1["code"], 1_470_400);
    let members = json!({ "task": { "members": [] }, "update_fields": ["members"] });
    assert_eq!(world.ask("PATCH", &path, members).await.1["code"], 1_470_400);
    assert_eq!(world.ask("GET", &format!("{TASKS}?type=my_tasks"), Value::Null).await.1["code"], 99_991_663);
    assert_eq!(world.ask("DELETE", &path, Value::Null).await.1["code"], 0);
    let (status, gone) = world.ask("GET", &path, Value::Null).await;
    assert_eq!((status, &gone["code"]), (404, &json!(1_470_404)));
}

#[tokio::test]
async fn who_ticks_off_a_task_of_several_is_known_and_the_app_is_told_of_the_whole() {
    let world = world().await;
    let mut line = world.connect().await;
    let (_, made) = world.ask("POST", TASKS, task("token-0002")).await;
    let guid = made["data"]["task"]["guid"].as_str().unwrap().to_owned();
    let tick = |person: &str, done| Command::TickTodo { person: person.into(), todo: guid.clone(), done };
    world.simulator.act(tick("li", true)).await.unwrap();
    let event = line.hear().await;
    assert_eq!(event["header"]["event_type"], "task.task.update_tenant_v1");
    let shown =
        async || world.ask("GET", &format!("{TASKS}/{guid}"), Value::Null).await.1["data"]["task"].clone();
    let task = shown().await;
    assert_eq!(
        (&task["status"], &task["assignee_related"][0]["completed_at"]),
        (&json!("todo"), &json!("0"))
    );
    assert_ne!(task["assignee_related"][1]["completed_at"], "0");
    world.simulator.act(tick("zhang", true)).await.unwrap();
    let event = line.hear().await;
    assert_eq!(
        (&event["header"]["event_type"], &event["event"]["obj_type"]),
        (&json!("task.task.updated_v1"), &json!(5))
    );
    assert_eq!(shown().await["status"], "done");
    world.simulator.act(tick("li", false)).await.unwrap();
    assert_eq!(shown().await["status"], "todo");
    let done: Vec<Value> =
        [todos(&world, "zhang").await, todos(&world, "li").await].map(|all| all[0]["done"].clone()).into();
    assert_eq!(done, [true, false]);
}

#[tokio::test]
async fn tasks_have_a_limit_of_their_own() {
    let world = world_with(|settings| settings.requests_per_second = 50).await;
    let mut last = 0;
    for number in 0..11 {
        last = world.ask("POST", TASKS, task(&format!("token-{number:04}"))).await.0;
    }
    assert_eq!(last, 429);
}

pub(super) async fn meeting(world: &World) -> (String, String) {
    let (_, own) = world.ask("POST", "/open-apis/calendar/v4/calendars/primary", json!({})).await;
    let calendar = own["data"]["calendars"][0]["calendar"]["calendar_id"].as_str().unwrap().to_owned();
    let events = format!("/open-apis/calendar/v4/calendars/{calendar}/events");
    let time = |seconds: u64| json!({ "timestamp": seconds.to_string(), "timezone": "Asia/Shanghai" });
    let body =
        json!({ "summary": "Review", "start_time": time(1_800_000_000), "end_time": time(1_800_003_600) });
    let path = format!("{events}?idempotency_key={}", "k".repeat(32));
    let (_, first) = world.ask("POST", &path, body.clone()).await;
    let (_, again) = world.ask("POST", &path, body).await;
    assert_eq!(first["data"]["event"]["event_id"], again["data"]["event"]["event_id"]);
    let event = first["data"]["event"]["event_id"].as_str().unwrap().to_owned();
    let invite = json!({ "attendees": [{ "type": "user", "user_id": open_id("li") }] });
    let (_, invited) = world.ask("POST", &format!("{events}/{event}/attendees"), invite).await;
    assert_eq!(invited["data"]["attendees"][0]["rsvp_status"], "needs_action");
    (format!("{events}/{event}"), event)
}

#[tokio::test]
async fn an_invitation_is_answered_and_asked_anew_at_another_time() {
    let world = world().await;
    let (path, event) = meeting(&world).await;
    let answer = Command::AnswerMeeting { person: "li".into(), meeting: event, answer: "accepted".into() };
    world.simulator.act(answer).await.unwrap();
    let status = async || {
        let (_, all) = world.ask("GET", &format!("{path}/attendees"), Value::Null).await;
        all["data"]["items"][0]["rsvp_status"].clone()
    };
    assert_eq!(status().await, "accept");
    let alone = json!({ "start_time": { "timestamp": "1800000600" } });
    assert_eq!(world.ask("PATCH", &path, alone).await.1["code"], 190_014);
    let moved =
        json!({ "start_time": { "timestamp": "1800000600" }, "end_time": { "timestamp": "1800003600" } });
    assert_eq!(world.ask("PATCH", &path, moved).await.1["code"], 0);
    assert_eq!(status().await, "needs_action");
    assert_eq!(world.ask("DELETE", &path, Value::Null).await.1["code"], 0);
    assert_eq!(world.ask("GET", &format!("{path}/attendees"), Value::Null).await.1["code"], 193_003);
    let calendar = Command::Calendar { person: "li".into() };
    assert!(seen(&world, calendar, "meetings").await.is_empty());
}

#[tokio::test]
async fn an_instance_of_a_series_is_changed_and_taken_away_by_itself() {
    let world = world().await;
    let (path, event) = meeting(&world).await;
    let rule = json!({ "recurrence": "FREQ=DAILY;COUNT=3" });
    assert_eq!(world.ask("PATCH", &path, rule.clone()).await.1["code"], 0);
    let list = format!("{path}/instances?start_time=1799900000&end_time=1800300000&page_size=500");
    let listed = async || world.ask("GET", &list, Value::Null).await.1["data"]["items"].clone();
    let (uid, series) = (event.strip_suffix("_0").unwrap(), path.strip_suffix("_0").unwrap());
    let all = listed().await;
    assert_eq!(all.as_array().unwrap().len(), 3);
    assert_eq!(
        (&all[1]["event_id"], &all[1]["is_exception"]),
        (&json!(format!("{uid}_1800086400")), &json!(false))
    );
    let second = format!("{series}_1800086400");
    let time = |seconds: u64| json!({ "timestamp": seconds.to_string(), "timezone": "Asia/Shanghai" });
    let moved =
        json!({ "summary": "Later", "start_time": time(1_800_100_000), "end_time": time(1_800_103_600) });
    assert_eq!(world.ask("PATCH", &second, moved).await.1["code"], 0);
    assert_eq!(world.ask("PATCH", &second, rule).await.1["code"], 190_014, "an instance does not repeat");
    let third = format!("{series}_1800172800");
    for code in [0, 193_003] {
        assert_eq!(world.ask("DELETE", &third, Value::Null).await.1["code"], code);
    }
    let nowhere = format!("{series}_1800000001");
    assert_eq!(world.ask("GET", &nowhere, Value::Null).await.1["code"], 193_001);
    let all = listed().await;
    let statuses: Vec<_> =
        all.as_array().unwrap().iter().map(|one| (&one["status"], &one["is_exception"])).collect();
    let [confirmed, cancelled] = [json!("confirmed"), json!("cancelled")];
    let (own, other) = (json!(false), json!(true));
    assert_eq!(statuses, [(&confirmed, &own), (&confirmed, &other), (&cancelled, &other)]);
    let calendar = || Command::Calendar { person: "li".into() };
    let shown = seen(&world, calendar(), "meetings").await;
    let starts: Vec<_> = shown[0]["instances"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["start_ms"].as_u64().unwrap())
        .collect();
    assert_eq!((shown.len(), starts), (1, vec![1_800_000_000_000, 1_800_100_000_000]));
    // What was changed outlives its series, and who is invited to the series is not invited to it.
    let invite = json!({ "attendees": [{ "type": "user", "user_id": open_id("zhang") }] });
    assert_eq!(world.ask("POST", &format!("{path}/attendees"), invite).await.1["code"], 0);
    assert_eq!(world.ask("DELETE", &path, Value::Null).await.1["code"], 0);
    assert_eq!(seen(&world, calendar(), "meetings").await[0]["title"], "Later");
    assert!(seen(&world, Command::Calendar { person: "zhang".into() }, "meetings").await.is_empty());
}

#[tokio::test]
async fn busy_times_are_told_of_who_may_be_seen() {
    let world = world().await;
    meeting(&world).await;
    let book = Command::Book {
        person: "zhang".into(),
        title: "Private".into(),
        start_ms: 1_800_000_000_000,
        end_ms: 1_800_001_800_000,
    };
    world.simulator.act(book).await.unwrap();
    let ask = |people: &[&str]| {
        let ids: Vec<String> = people.iter().map(|person| open_id(person)).collect();
        json!({ "time_min": "2027-01-15T00:00:00Z", "time_max": "2027-01-16T00:00:00Z", "user_ids": ids })
    };
    let path = "/open-apis/calendar/v4/freebusy/batch";
    let (_, answer) = world.ask("POST", path, ask(&["zhang", "li"])).await;
    let lists = &answer["data"]["freebusy_lists"];
    assert_eq!(lists[0]["freebusy_items"][0]["start_time"], "2027-01-15T16:00:00+08:00");
    assert_eq!(lists[1]["freebusy_items"][0]["rsvp_status"], "needs_action");
    assert_eq!(world.ask("POST", path, ask(&["nobody"])).await.1["code"], 195_100);
    let long = json!({ "time_min": "2027-01-01T00:00:00Z", "time_max": "2027-02-01T00:00:00Z", "user_ids": [open_id("li")] });
    assert_eq!(world.ask("POST", path, long).await.1["code"], 190_014);
}
