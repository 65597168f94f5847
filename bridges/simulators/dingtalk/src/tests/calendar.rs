//! Calendars: events made once, invitations answered, times that are taken, and told of by ids alone.

use serde_json::{Value, json};
use simulator_stage::trial::START_MS;

use super::client::{World, world};

/// The unionIds of `li` and `zhang`.
pub(super) async fn unions(world: &World) -> [String; 2] {
    let people = world.act(json!({ "do": "overview" })).await["people"].clone();
    [0, 1].map(|place| people[place]["union_id"].as_str().unwrap().to_owned())
}

fn at(hour: u32) -> Value {
    json!({ "dateTime": format!("2027-01-15T{hour:02}:00:00+08:00"), "timeZone": "Asia/Shanghai" })
}

fn body(guests: &[&String]) -> Value {
    let guests: Vec<Value> = guests.iter().map(|union| json!({ "id": union })).collect();
    json!({ "summary": "Plan", "start": at(16), "end": at(17), "isAllDay": false, "attendees": guests })
}

/// Where the events of somebody are, by their unionId.
pub(super) fn events(union: &str) -> String {
    format!("/v1.0/calendar/users/{union}/calendars/primary/events")
}

#[tokio::test]
async fn an_event_is_invited_to_answered_and_told() {
    let world = world().await;
    let mut line = world.connect().await;
    let [li, zhang] = unions(&world).await;
    let (status, made) = world.new_api("POST", &events(&zhang), body(&[&li])).await;
    assert_eq!((status, &made["organizer"]["id"]), (200, &json!(zhang)), "{made}");
    let id = made["id"].as_str().unwrap();
    let (name, told) = line.event().await;
    assert_eq!((name.as_str(), &told["changeType"]), ("calendar_event_change", &json!("create")));
    assert!(told.get("summary").is_none());
    let seen = world.act(json!({ "do": "calendar", "person": "li" })).await["meetings"][0].clone();
    assert_eq!((&seen["title"], &seen["start_ms"]), (&json!("Plan"), &json!(START_MS)));
    assert_eq!(seen["attendees"], json!([{ "person": "li", "answer": "none" }]));
    let answer = json!({ "do": "answer_meeting", "person": "li", "meeting": id, "answer": "declined" });
    world.act(answer).await;
    let (_, told) = line.event().await;
    let read = world.new_api("GET", &format!("{}/{id}?maxAttendees=500", events(&li)), Value::Null).await.1;
    assert_eq!(read["attendees"][1]["responseStatus"], "declined");
    let updated = told["calendarEventUpdateTime"].as_u64().unwrap() % 1_000;
    assert!(read["updateTime"].as_str().unwrap().contains(&format!(".{updated:03}+08:00")));
    let path = format!("{}/{id}", events(&zhang));
    let remove = json!({ "attendeesToRemove": [{ "id": li }] });
    assert_eq!(world.new_api("POST", &format!("{path}/attendees/batchRemove"), remove).await.0, 200);
    let gone = world.new_api("GET", &format!("{}/{id}", events(&li)), Value::Null).await;
    assert_eq!((gone.0, &gone.1["code"]), (404, &json!("itemNotFound")));
    let add = json!({ "attendeesToAdd": [{ "id": li, "isOptional": true }] });
    world.new_api("POST", &format!("{path}/attendees"), add).await;
    let respond = json!({ "responseStatus": "accepted" });
    assert_eq!(world.new_api("POST", &format!("{}/{id}/respond", events(&li)), respond).await.0, 200);
    let change = json!({ "id": id, "summary": "Other plan" });
    let refused = world.new_api("PUT", &format!("{}/{id}", events(&li)), change.clone()).await.1;
    assert_eq!(refused["code"], "permissionDeny", "only who invites changes it");
    assert_eq!(world.new_api("PUT", &path, change).await.1["summary"], "Other plan");
    assert_eq!(world.new_api("DELETE", &format!("{path}?pushNotification=true"), Value::Null).await.0, 200);
    assert_eq!(world.act(json!({ "do": "calendar", "person": "li" })).await["meetings"], json!([]));
}

#[tokio::test]
async fn a_repeat_is_known_by_its_token_for_a_day() {
    let world = world().await;
    let [_, zhang] = unions(&world).await;
    let url = format!("{}{}", world.simulator.api_url(), events(&zhang));
    let make = async || {
        let headers = [
            ("Content-Type", "application/json"),
            ("x-client-token", "once"),
            ("x-acs-dingtalk-access-token", world.token.as_str()),
        ];
        let body = simulator_stage::trial::body(&body(&[]));
        let (_, _, bytes) = simulator_stage::trial::request("POST", &url, &headers, body).await.unwrap();
        serde_json::from_slice::<Value>(&bytes).unwrap()["id"].clone()
    };
    let first = make().await;
    assert_eq!(make().await, first);
    world.act(json!({ "do": "skip", "ms": 7_000_000 })).await;
    assert_eq!(make().await, first);
    let shown = world.act(json!({ "do": "calendar", "person": "zhang" })).await;
    assert_eq!(shown["meetings"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn whole_days_end_with_the_day_after_and_senseless_times_are_refused() {
    let world = world().await;
    let [li, zhang] = unions(&world).await;
    let day = |from: &str, to: &str| {
        let mut day = body(&[]);
        day["isAllDay"] = true.into();
        (day["start"], day["end"]) = (json!({ "date": from }), json!({ "date": to }));
        day
    };
    let refused = async |body: Value| world.new_api("POST", &events(&zhang), body).await.1["code"].clone();
    assert_eq!(refused(day("2027-01-15", "2027-01-15")).await, "invalidParameter");
    assert_eq!(refused(day("2027-01-15", "2027-01-16")).await, Value::Null);
    let mut mixed = body(&[]);
    mixed["isAllDay"] = true.into();
    assert_eq!(refused(mixed).await, "invalidParameter");
    let mut series = body(&[]);
    series["recurrence"] = json!({ "pattern": { "type": "hourly" }, "range": { "type": "noEnd" } });
    assert_eq!(refused(series).await, "invalidParameter");
    assert_eq!(refused(body(&[&"nobody".to_owned()])).await, "permissionDeny");
    let elsewhere = events(&li).replace("primary", "other");
    assert_eq!(world.new_api("POST", &elsewhere, body(&[])).await.1["code"], "permissionDeny");
}

#[tokio::test]
async fn an_instance_of_a_series_is_named_by_the_view_and_changed_by_itself() {
    let world = world().await;
    let [li, zhang] = unions(&world).await;
    let mut series = body(&[&li]);
    let range = json!({ "type": "numbered", "numberOfOccurrences": 3 });
    series["recurrence"] = json!({ "pattern": { "type": "daily", "interval": 1 }, "range": range });
    let made = world.new_api("POST", &events(&zhang), series).await.1;
    let query = "timeMin=2027-01-15T00:00:00%2B08:00&timeMax=2027-01-19T00:00:00%2B08:00";
    let view = async |union: &str| {
        let path = events(union).replace("/events", "/eventsview");
        world.new_api("GET", &format!("{path}?{query}"), Value::Null).await.1["events"].clone()
    };
    let seen = view(&zhang).await;
    assert_eq!(seen.as_array().unwrap().len(), 3);
    assert_eq!(
        (&seen[1]["seriesMasterId"], &seen[1]["originStart"]["dateTime"]),
        (&made["id"], &json!("2027-01-16T08:00:00Z"))
    );
    let name = |place: usize| seen[place]["id"].as_str().unwrap().to_owned();
    let (second, third) = (name(1), name(2));
    let later = |hour: u32| json!({ "dateTime": format!("2027-01-16T{hour}:00:00+08:00"), "timeZone": "Asia/Shanghai" });
    let change = json!({ "id": second, "summary": "Later", "start": later(18), "end": later(19) });
    let path = |id: &str| format!("{}/{id}", events(&zhang));
    assert_eq!(world.new_api("PUT", &path(&second), change).await.1["summary"], "Later");
    for status in [200, 404] {
        assert_eq!(world.new_api("DELETE", &path(&third), Value::Null).await.0, status);
    }
    let read = world.new_api("GET", &path(&second), Value::Null).await.1;
    assert_eq!((&read["seriesMasterId"], &read["start"]), (&made["id"], &later(18)));
    let shown = world.act(json!({ "do": "calendar", "person": "li" })).await["meetings"].clone();
    let instances = shown[0]["instances"].as_array().unwrap();
    let starts: Vec<_> =
        instances.iter().map(|one| (one["start_ms"].as_u64().unwrap() - START_MS) / 3_600_000).collect();
    assert_eq!((shown.as_array().unwrap().len(), starts), (1, vec![0, 26]));
    assert_eq!(view(&li).await.as_array().unwrap().len(), 2);
    let answer = json!({ "do": "answer_meeting", "person": "li", "meeting": second, "answer": "declined" });
    world.act(answer).await;
    assert_eq!(view(&li).await[1]["attendees"][1]["responseStatus"], "declined");
    let shown = world.act(json!({ "do": "calendar", "person": "li" })).await["meetings"].clone();
    assert_eq!(shown[0]["attendees"][0]["answer"], "none", "all of it is not declined");
}

#[tokio::test]
async fn who_has_no_time_is_said_for_each() {
    let world = world().await;
    let [li, zhang] = unions(&world).await;
    let book = json!({
        "do": "book", "person": "li", "title": "Dentist", "start_ms": START_MS, "end_ms": START_MS + 3_600_000,
    });
    world.act(book).await;
    let mut series = body(&[&li]);
    let range = json!({ "type": "numbered", "numberOfOccurrences": 3 });
    series["recurrence"] = json!({ "pattern": { "type": "daily", "interval": 1 }, "range": range });
    world.new_api("POST", &events(&zhang), series).await;
    let seen = world.act(json!({ "do": "calendar", "person": "zhang" })).await;
    assert_eq!(seen["meetings"][0]["recurrence"], "FREQ=DAILY;COUNT=3");
    let path = format!("/v1.0/calendar/users/{zhang}/querySchedule");
    let ask = |people: Vec<&str>| {
        json!({
            "userIds": people, "startTime": "2027-01-15T00:00:00+08:00", "endTime": "2027-01-17T00:00:00+08:00",
        })
    };
    let said = world.new_api("POST", &path, ask(vec![&li, &zhang, "nobody"])).await.1;
    let said = said["scheduleInformation"].as_array().unwrap().clone();
    let statuses = |one: &Value| {
        let items = one["scheduleItems"].as_array().unwrap();
        let mut statuses: Vec<String> =
            items.iter().map(|item| item["status"].as_str().unwrap().to_owned()).collect();
        statuses.sort();
        statuses
    };
    assert_eq!(statuses(&said[0]), ["BUSY", "TENTATIVE", "TENTATIVE"], "not yet answered");
    assert_eq!(
        (statuses(&said[1]), &said[2]["error"]),
        (vec!["BUSY".to_owned(); 2], &json!("no permission"))
    );
    world.fail("calendar.schedule_error", 1, Value::Null).await;
    let said = world.new_api("POST", &path, ask(vec![&li])).await.1;
    assert_eq!(said["scheduleInformation"][0]["error"], "no permission");
    assert_eq!(world.new_api("POST", &path, ask(vec![&li; 21])).await.1["code"], "invalidParameter");
}
