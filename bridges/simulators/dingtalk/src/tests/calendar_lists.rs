//! What is on a calendar in a while, in pages, and events that take place in a conference.

use serde_json::{Value, json};

use super::calendar::{events, unions};
use super::client::world;

fn at(day: u32, hour: u32) -> Value {
    json!({ "dateTime": format!("2027-01-{day}T{hour:02}:00:00+08:00"), "timeZone": "Asia/Shanghai" })
}

fn body(summary: &str, day: u32) -> Value {
    json!({ "summary": summary, "start": at(day, 16), "end": at(day, 17), "isAllDay": false })
}

const WINDOW: &str = "timeMin=2027-01-16T00:00:00%2B08:00&timeMax=2027-01-20T00:00:00%2B08:00";

#[tokio::test]
async fn a_list_has_events_as_they_were_made_in_pages() {
    let world = world().await;
    let [_, zhang] = unions(&world).await;
    let list = async |more: &str| {
        world.new_api("GET", &format!("{}?{WINDOW}{more}", events(&zhang)), Value::Null).await.1
    };
    let names = |answer: &Value| {
        let events = answer["events"].as_array().unwrap().iter();
        events.map(|event| event["summary"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    let mut series = body("Series", 15);
    let range = json!({ "type": "numbered", "numberOfOccurrences": 3 });
    series["recurrence"] = json!({ "pattern": { "type": "daily", "interval": 1 }, "range": range });
    let series = world.new_api("POST", &events(&zhang), series).await.1["id"].clone();
    let series = series.as_str().unwrap();
    for (summary, day) in [("Before", 15), ("Second", 18), ("First", 17)] {
        world.new_api("POST", &events(&zhang), body(summary, day)).await;
    }
    assert_eq!(names(&list("").await), ["Series", "First", "Second"], "a series stands there once");
    let page = list("&maxResults=2").await;
    assert_eq!(names(&page), ["Series", "First"]);
    let rest = list(&format!("&maxResults=2&nextToken={}", page["nextToken"].as_str().unwrap())).await;
    assert_eq!((names(&rest), rest.get("nextToken")), (vec!["Second".to_owned()], None));
    let path = events(&zhang).replace("/events", "/eventsview");
    let view = world.new_api("GET", &format!("{path}?{WINDOW}"), Value::Null).await.1;
    let instance = view["events"][0]["id"].as_str().unwrap().to_owned();
    let change = json!({ "id": instance, "summary": "Changed" });
    world.new_api("PUT", &format!("{}/{instance}", events(&zhang)), change).await;
    let of_series = format!("&seriesMasterId={series}");
    assert_eq!(names(&list(&of_series).await), ["Changed"]);
    world.new_api("DELETE", &format!("{}/{series}", events(&zhang)), Value::Null).await;
    assert_eq!(names(&list("").await), ["Changed", "First", "Second"]);
    let with_gone = list("&showDeleted=true").await;
    assert_eq!((names(&with_gone).len(), &with_gone["events"][0]["status"]), (4, &json!("cancelled")));
    for more in ["&maxResults=101", "&maxResults=0", "&nextToken=x"] {
        assert_eq!(list(more).await["code"], "invalidParameter", "{more}");
    }
    let years = WINDOW.replace("timeMax=2027", "timeMax=2029");
    let refused = world.new_api("GET", &format!("{}?{years}", events(&zhang)), Value::Null).await.1;
    assert_eq!(refused["code"], "invalidParameter");
}

#[tokio::test]
async fn an_event_that_wants_a_conference_has_one_as_long_as_it_is_there() {
    let world = world().await;
    let mut line = world.connect().await;
    let [_, zhang] = unions(&world).await;
    let mut wanted = body("Plan", 18);
    wanted["onlineMeetingInfo"] = json!({ "type": "elsewhere" });
    assert_eq!(world.new_api("POST", &events(&zhang), wanted.clone()).await.1["code"], "invalidParameter");
    wanted["onlineMeetingInfo"] = json!({ "type": "dingtalk" });
    let made = world.new_api("POST", &events(&zhang), wanted).await.1;
    let online = made["onlineMeetingInfo"].clone();
    assert_eq!(online["type"], "dingtalk");
    assert!(online["url"].as_str().unwrap().starts_with(&world.simulator.api_url()));
    let conference = online["conferenceId"].as_str().unwrap();
    let path = format!("{}/{}", events(&zhang), made["id"].as_str().unwrap());
    let moved = world.new_api("PUT", &path, json!({ "id": made["id"], "summary": "Other plan" })).await.1;
    assert_eq!(moved["onlineMeetingInfo"], online, "the link stays");
    let infos = format!("/v1.0/conference/scheduleConferences/{conference}/infos?requestUnionId={zhang}");
    let plan = world.new_api("GET", &infos, Value::Null).await.1;
    assert_eq!((&plan["title"], &plan["url"]), (&json!("Other plan"), &online["url"]));
    let join = json!({ "do": "join_conference", "person": "li", "conference": conference });
    world.act(join.clone()).await;
    let begun = line.told("meeting_status_change").await["openConfModel"].clone();
    assert_eq!(
        (&begun["calendarEventId"], &begun["scheduleConferenceId"]),
        (&made["id"], &json!(conference))
    );
    assert_eq!(begun["bizType"], "3");
    assert_eq!(world.new_api("DELETE", &path, Value::Null).await.0, 200);
    assert_eq!(
        world.new_api("GET", &infos, Value::Null).await.1["code"],
        "paramsError",
        "it goes with the event"
    );
}
