//! Calendars beside those of apps and people: their list, roles in them, what a bot may not organise.

use serde_json::{Value, json};

use super::client::{APP, World, world};
use super::office::open_id;
use crate::Command;

const CALENDARS: &str = "/open-apis/calendar/v4/calendars";

async fn list(world: &World, query: &str) -> Value {
    world.ask("GET", &format!("{CALENDARS}?{query}"), Value::Null).await.1
}

fn summaries(answer: &Value) -> Vec<&str> {
    let all = answer["data"]["calendar_list"].as_array().unwrap().iter();
    all.map(|calendar| calendar["summary"].as_str().unwrap()).collect()
}

async fn share(world: &World, name: &str, role: &str) -> String {
    let (person, app) = ("zhang".into(), APP.into());
    let command = Command::ShareCalendar { person, app, name: name.into(), role: role.into() };
    world.simulator.act(command).await.unwrap()["calendar"].as_str().unwrap().to_owned()
}

/// An hour of the future, in a calendar of this id.
async fn put(world: &World, calendar: &str, vchat: Value) -> Value {
    let time = |seconds: u64| json!({ "timestamp": seconds.to_string() });
    let mut body =
        json!({ "summary": "Review", "start_time": time(1_800_000_000), "end_time": time(1_800_003_600) });
    if !vchat.is_null() {
        body["vchat"] = vchat;
    }
    world.ask("POST", &format!("{CALENDARS}/{calendar}/events"), body).await.1
}

#[tokio::test]
async fn the_list_has_the_own_calendar_and_shared_ones_and_after_that_what_changed() {
    let world = world().await;
    let made = json!({ "summary": "Releases", "permissions": "public" });
    let (_, made) = world.ask("POST", CALENDARS, made).await;
    let calendar = &made["data"]["calendar"];
    assert_eq!((&calendar["type"], &calendar["role"]), (&json!("shared"), &json!("owner")));
    let own = format!("{CALENDARS}/{}", calendar["calendar_id"].as_str().unwrap());
    share(&world, "Holidays", "reader").await;
    let all = list(&world, "").await;
    assert_eq!(summaries(&all), ["Bridge", "Releases", "Holidays"]);
    let synced = |answer: &Value| format!("sync_token={}", answer["data"]["sync_token"].as_str().unwrap());
    let nothing = list(&world, &synced(&all)).await;
    assert!(summaries(&nothing).is_empty());
    assert_eq!(world.ask("PATCH", &own, json!({ "summary": "Builds" })).await.1["code"], 0);
    assert_eq!(summaries(&list(&world, &synced(&nothing)).await), ["Builds"]);
    assert_eq!(world.ask("DELETE", &own, Value::Null).await.1["code"], 0);
    let gone = list(&world, &synced(&nothing)).await;
    assert_eq!(gone["data"]["calendar_list"][0]["is_deleted"], true);
    assert_eq!(world.ask("GET", &own, Value::Null).await.1["code"], 191_003);
    assert_eq!(summaries(&list(&world, "").await), ["Bridge", "Holidays"]);
    for (query, code) in [("page_size=49", 190_014), ("page_token=x", 190_014), ("sync_token=s1_1", 190_008)]
    {
        assert_eq!(list(&world, query).await["code"], code, "{query}");
    }
    assert_eq!(world.ask("POST", CALENDARS, json!({ "permissions": "all" })).await.1["code"], 190_014);
    assert_eq!(
        world.ask("POST", &format!("{CALENDARS}/subscription"), json!({})).await.1["code"],
        99_991_663
    );
}

#[tokio::test]
async fn a_page_of_calendars_goes_on_behind_the_last_one() {
    let world = world().await;
    for number in 0..60 {
        share(&world, &number.to_string(), "reader").await;
    }
    let first = list(&world, "page_size=50").await;
    assert_eq!((summaries(&first).len(), &first["data"]["has_more"]), (50, &json!(true)));
    let token = first["data"]["page_token"].as_str().unwrap();
    let second = list(&world, &format!("page_size=50&page_token={token}")).await;
    assert_eq!((summaries(&second)[0], summaries(&second).len()), ("49", 11));
}

#[tokio::test]
async fn who_may_read_a_calendar_does_not_write_into_it_and_it_makes_nobody_busy() {
    let world = world().await;
    let (read, write) = (share(&world, "Holidays", "reader").await, share(&world, "Rota", "writer").await);
    let blind = share(&world, "Board", "free_busy_reader").await;
    assert_eq!(put(&world, &read, Value::Null).await["code"], 191_002);
    assert_eq!(put(&world, &write, Value::Null).await["code"], 0);
    assert_eq!(put(&world, "feishu.cn_none@group.calendar.feishu.cn", Value::Null).await["code"], 191_000);
    let (title, start_ms, end_ms) = ("New year".to_owned(), 1_800_000_000_000, 1_800_003_600_000);
    let book = Command::BookIn { calendar: read.clone(), title, start_ms, end_ms };
    world.simulator.act(book).await.unwrap();
    let events = async |calendar: &str| {
        let path = format!("{CALENDARS}/{calendar}/events?start_time=1800000000&end_time=1800003600");
        world.ask("GET", &path, Value::Null).await.1
    };
    assert_eq!(events(&read).await["data"]["items"][0]["summary"], "New year");
    assert_eq!(events(&write).await["data"]["items"][0]["summary"], "Review");
    assert_eq!(events(&blind).await["code"], 191_002);
    assert_eq!(
        world.ask("GET", &format!("{CALENDARS}/{blind}"), Value::Null).await.1["data"]["role"],
        "free_busy_reader"
    );
    assert_eq!(world.ask("PATCH", &format!("{CALENDARS}/{write}"), json!({})).await.1["code"], 191_002);
    let ask = json!({
        "time_min": "2027-01-15T00:00:00Z", "time_max": "2027-01-16T00:00:00Z", "user_ids": [open_id("zhang")],
    });
    let (_, busy) = world.ask("POST", "/open-apis/calendar/v4/freebusy/batch", ask).await;
    assert_eq!(busy["data"]["freebusy_lists"][0]["freebusy_items"], json!([]));
}

#[tokio::test]
async fn a_bot_neither_starts_what_it_organises_nor_names_hosts() {
    let world = world().await;
    let calendar = share(&world, "Rota", "writer").await;
    let settings = |settings: Value| json!({ "vc_type": "vc", "meeting_settings": settings });
    let cases = [
        (json!({ "allow_attendees_start": false }), 193_101),
        (json!({ "allow_attendees_start": true, "assign_hosts": [open_id("li")] }), 193_102),
        (json!({ "allow_attendees_start": true, "owner_id": open_id("li") }), 0),
    ];
    for (asked, code) in cases {
        assert_eq!(put(&world, &calendar, settings(asked.clone())).await["code"], code, "{asked}");
    }
}
