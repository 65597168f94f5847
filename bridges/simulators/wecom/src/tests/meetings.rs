//! Meetings of the platform's own, which apps call and people attend.

use serde_json::{Value, json};

use super::client::{APP, World, text, world, world_with};

const ROOT: &str = "/cgi-bin/meeting";
const START_S: u64 = 1_800_003_600;

fn meeting(more: Value) -> Value {
    let mut meeting = json!({
        "agentid": APP, "admin_userid": "ZhangSan", "title": "Review", "meeting_start": START_S,
        "meeting_duration": 3_600, "location": "Room 3", "invitees": { "userid": ["LISI"] },
    });
    meeting.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    meeting
}

async fn create(world: &World, more: Value) -> Value {
    world.ask(&format!("{ROOT}/create"), meeting(more)).await
}

async fn info(world: &World, id: &str) -> Value {
    world.ask(&format!("{ROOT}/get_info"), json!({ "meetingid": id })).await
}

/// Another app, whose token counts from now on; answers the one that counted.
async fn as_another_app(world: &mut World) -> String {
    world.act(json!({ "do": "add_app", "app": 1_000_003, "secret": "other", "name": "Other" })).await;
    let token = text(&world.token_for("other").await, "access_token");
    std::mem::replace(&mut world.token, token)
}

async fn seen(world: &World, person: &str) -> Vec<Value> {
    let seen = world.act(json!({ "do": "calendar", "person": person })).await;
    seen["meetings"].as_array().unwrap().clone()
}

#[tokio::test]
async fn a_meeting_is_called_changed_and_taken_back_and_people_see_it_in_their_calendars() {
    let mut world = world().await;
    let made = create(&world, json!({})).await;
    let id = text(&made, "meetingid");
    assert_eq!((text(&made, "meeting_code").len(), &made["excess_users"]), (9, &json!([])));
    assert!(text(&made, "meeting_link").starts_with("https://"));
    for person in ["lisi", "zhangsan"] {
        let shown = seen(&world, person).await;
        assert_eq!((&shown[0]["title"], &shown[0]["organizer"]), (&json!("Review"), &json!("ZhangSan")));
        assert_eq!(shown[0]["instances"][0]["end_ms"], (START_S + 3_600) * 1_000);
        assert_eq!(shown[0]["attendees"], json!([{ "person": "lisi", "answer": "none" }]));
    }
    let update = json!({ "meetingid": id, "title": "Retrospective", "invitees": { "userid": [] } });
    assert_eq!(world.code(&format!("{ROOT}/update"), update.clone()).await, 0);
    let read = info(&world, &id).await;
    assert_eq!(
        (&read["title"], &read["location"], &read["status"]),
        (&json!("Retrospective"), &json!("Room 3"), &json!(1)),
        "what is not said stays"
    );
    assert!(seen(&world, "lisi").await.is_empty());
    // No other app may know of it.
    let token = as_another_app(&mut world).await;
    for (call, body) in
        [("get_info", json!({ "meetingid": id })), ("update", update), ("cancel", json!({ "meetingid": id }))]
    {
        assert_eq!(world.code(&format!("{ROOT}/{call}"), body).await, 40_058, "{call}");
    }
    world.token = token;
    let cancel = format!("{ROOT}/cancel");
    let of_series = json!({ "meetingid": id, "sub_meetingid": "1" });
    assert_eq!(world.code(&cancel, of_series).await, 40_058, "nobody was told of such a time");
    assert_eq!(world.code(&cancel, json!({ "meetingid": id })).await, 0);
    assert_eq!(
        (info(&world, &id).await["status"].clone(), seen(&world, "zhangsan").await.len()),
        (json!(4), 0)
    );
    assert_eq!(world.code(&cancel, json!({ "meetingid": id })).await, 40_058, "it is taken back");
}

#[tokio::test]
async fn who_comes_to_a_meeting_is_read_with_it_and_it_ends_by_itself() {
    let mut world = world().await;
    let id = text(&create(&world, json!({})).await, "meetingid");
    let missed = text(&create(&world, json!({})).await, "meetingid");
    world.skip_minutes(60);
    let step = |what: &str, person: &str| json!({ "do": what, "person": person, "meetingid": id });
    world.act(step("join_meeting", "lisi")).await;
    world.skip_minutes(10);
    assert_eq!(info(&world, &id).await["status"], 2);
    world.act(step("quit_meeting", "lisi")).await;
    assert!(world.try_to(step("quit_meeting", "lisi")).await.is_err(), "they are gone");
    world.act(step("join_meeting", "zhangsan")).await;
    world.skip_minutes(5);
    let members = info(&world, &id).await["attendees"]["member"].clone();
    let of = |member: &Value| {
        (text(member, "userid"), member["status"].clone(), member["cumulative_time"].clone())
    };
    assert_eq!(of(&members[0]), ("lisi".into(), json!(1), json!(600)));
    assert_eq!((of(&members[1]).0, &members[1]["total_join_count"]), ("ZhangSan".into(), &json!(1)));
    assert!(of(&members[1]).2.as_u64().unwrap() >= 300, "who is there still is there until now");
    world.skip_minutes(60);
    world.token = text(&world.token_for("secret").await, "access_token");
    assert_eq!(
        (&info(&world, &id).await["status"], &info(&world, &missed).await["status"]),
        (&json!(3), &json!(5))
    );
    assert!(world.try_to(step("join_meeting", "lisi")).await.is_err(), "it is over");
    let update = json!({ "meetingid": id, "title": "Later" });
    assert_eq!(world.code(&format!("{ROOT}/update"), update).await, 40_058);
}

#[tokio::test]
async fn meetings_of_somebody_are_listed_page_by_page() {
    let mut world = world().await;
    let mut ids = Vec::new();
    for hour in 0..3 {
        let more = json!({ "meeting_start": START_S + hour * 3_600 });
        ids.push(text(&create(&world, more).await, "meetingid"));
    }
    let path = format!("{ROOT}/get_user_meetingid");
    let body = |cursor: &str| {
        json!({
            "userid": "lisi", "cursor": cursor, "begin_time": START_S, "end_time": START_S + 3_600 * 2, "limit": 2,
        })
    };
    let page = world.ask(&path, body("")).await;
    assert_eq!(page["meetingid_list"], json!(ids[..2]));
    let page = world.ask(&path, body(&text(&page, "next_cursor"))).await;
    assert_eq!((&page["meetingid_list"], &page["next_cursor"]), (&json!(ids[2..]), &json!("")));
    let mut late = body("");
    late["begin_time"] = (START_S + 3_600).into();
    assert_eq!(world.ask(&path, late).await["meetingid_list"], json!(ids[1..]));
    for (name, value, code) in
        [("limit", json!(101), 40_058), ("cursor", json!("x"), 40_058), ("userid", json!("nobody"), 40_003)]
    {
        let mut wrong = body("");
        wrong[name] = value;
        assert_eq!(world.code(&path, wrong).await, code, "{name}");
    }
    as_another_app(&mut world).await;
    assert_eq!(world.ask(&path, body("")).await["meetingid_list"], json!([]), "an app sees its own");
}

#[tokio::test]
async fn what_the_platform_does_not_know_of_meetings_is_refused() {
    let world = world_with(|settings| settings.meeting_invitees_max = 1).await;
    let settings = |settings: Value| json!({ "settings": settings });
    let table = [
        (json!({ "title": "" }), 40_063),
        (json!({ "title": "会".repeat(14) }), 40_058),
        (json!({ "meeting_duration": 299 }), 40_058),
        (json!({ "meeting_duration": 86_400 }), 40_058),
        (json!({ "meeting_start": null }), 40_058),
        (json!({ "admin_userid": "nobody" }), 40_003),
        (json!({ "invitees": { "userid": ["nobody"] } }), 40_031),
        (json!({ "cal_id": "another" }), 40_058),
        (json!({ "agentid": 1 }), 301_002),
        (settings(json!({ "password": "123" })), 40_058),
        (settings(json!({ "password": "12a4" })), 40_058),
        (settings(json!({ "remind_scope": 5 })), 40_058),
        (settings(json!({ "hosts": { "userid": vec!["lisi"; 11] } })), 40_058),
        (settings(json!({ "ring_users": { "userid": ["nobody"] } })), 40_031),
        (settings(json!({ "password": "1234", "remind_scope": 2, "hosts": { "userid": ["lisi"] } })), 0),
    ];
    for (more, code) in table {
        assert_eq!(create(&world, more.clone()).await["errcode"], code, "{more}");
    }
    let crowd = create(&world, json!({ "invitees": { "userid": ["lisi", "ZhangSan"] } })).await;
    assert_eq!(crowd["excess_users"], json!(["ZhangSan"]), "there is one place");
    // Older calls name the same otherwise.
    let mut older = meeting(json!({ "creator_userid": "ZhangSan", "attendees": { "userid": ["lisi"] } }));
    for newer in ["admin_userid", "invitees"] {
        older.as_object_mut().unwrap().remove(newer);
    }
    let id = text(&world.ask(&format!("{ROOT}/create"), older).await, "meetingid");
    assert_eq!(info(&world, &id).await["admin_userid"], "ZhangSan");
    world.fail("meeting.plain", Value::Null);
    assert_eq!(create(&world, settings(json!({ "password": "1234" }))).await["errcode"], 40_058);
    assert_eq!(create(&world, json!({})).await["errcode"], 0, "the least set is taken everywhere");
    world.act(json!({ "do": "change_app", "app": APP, "granted": ["calendar"] })).await;
    assert_eq!(create(&world, json!({})).await["errcode"], 48_002);
}

#[tokio::test]
async fn a_meeting_that_repeats_stands_in_the_calendar_with_its_times() {
    let world = world().await;
    let reminders = json!({
        "is_repeat": 1, "repeat_type": 0, "repeat_interval": 2, "repeat_until": START_S + 4 * 86_400,
        "remind_before": [0, 900],
    });
    let made = create(&world, json!({ "reminders": reminders })).await;
    assert_eq!(made["errcode"], 0);
    let shown = seen(&world, "lisi").await[0].clone();
    assert_eq!(
        (&shown["recurrence"], shown["instances"].as_array().unwrap().len()),
        (&json!("FREQ=DAILY;INTERVAL=2"), 3)
    );
    let unknown = json!({ "reminders": { "is_repeat": 1, "repeat_type": 4 } });
    assert_eq!(create(&world, unknown).await["errcode"], 40_058);
}
