//! Meeting rooms and who has them when.

use serde_json::{Value, json};

use super::client::{World, text, world};

const ROOT: &str = "/cgi-bin/oa/meetingroom";
const START_S: u64 = 1_800_003_600;

async fn room(world: &World, name: &str, more: Value) -> u64 {
    let mut body = json!({ "name": name, "capacity": 8, "city": "上海", "building": "A" });
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    world.ask(&format!("{ROOT}/add"), body).await["meetingroom_id"].as_u64().unwrap()
}

fn booking(room: u64, from_s: u64, to_s: u64) -> Value {
    json!({
        "meetingroom_id": room, "subject": "Review", "start_time": from_s, "end_time": to_s, "booker": "ZhangSan",
        "attendees": ["LISI"],
    })
}

async fn taken(world: &World, room: u64) -> Vec<Value> {
    let body = json!({ "meetingroom_id": room, "start_time": START_S, "end_time": START_S + 86_400 });
    let list = world.ask(&format!("{ROOT}/get_booking_info"), body).await["booking_list"].clone();
    list[0]["schedule"].as_array().unwrap().clone()
}

async fn in_calendar(world: &World) -> usize {
    let seen = world.act(json!({ "do": "calendar", "person": "lisi" })).await;
    seen["meetings"].as_array().unwrap().len()
}

#[tokio::test]
async fn rooms_are_made_found_changed_and_closed() {
    let world = world().await;
    let small = room(&world, "Small", json!({ "equipment": [1] })).await;
    let large = room(&world, "Large", json!({ "equipment": [1, 5], "city": "北京" })).await;
    let list = async |wanted: Value| {
        let list = world.ask(&format!("{ROOT}/list"), wanted).await["meetingroom_list"].clone();
        let ids = list.as_array().unwrap().iter();
        ids.map(|one| one["meetingroom_id"].as_u64().unwrap()).collect::<Vec<_>>()
    };
    assert_eq!(list(json!({})).await, [small, large]);
    assert_eq!(list(json!({ "city": "北京" })).await, [large]);
    assert_eq!(list(json!({ "equipment": [1, 5] })).await, [large]);
    let edit = json!({ "meetingroom_id": small, "equipment": [1, 5] });
    assert_eq!(world.code(&format!("{ROOT}/edit"), edit).await, 0);
    assert_eq!(list(json!({ "building": "A", "equipment": [5] })).await, [small, large]);
    for (path, body, code) in [
        ("add", json!({ "capacity": 8 }), 40_063),
        ("add", json!({ "name": "None" }), 40_058),
        ("add", json!({ "name": "Odd", "capacity": 8, "equipment": [6] }), 40_058),
        ("edit", json!({ "meetingroom_id": 99, "name": "x" }), 40_058),
        ("del", json!({ "meetingroom_id": 99 }), 40_058),
        ("del", json!({ "meetingroom_id": large }), 0),
    ] {
        assert_eq!(world.code(&format!("{ROOT}/{path}"), body.clone()).await, code, "{path} {body}");
    }
    assert_eq!(list(json!({})).await, [small]);
    world.act(json!({ "do": "change_app", "app": super::client::APP, "granted": [] })).await;
    assert_eq!(world.code(&format!("{ROOT}/list"), json!({})).await, 48_002);
}

#[tokio::test]
async fn nobody_has_a_room_that_somebody_else_has() {
    let mut world = world().await;
    let room = room(&world, "Small", json!({})).await;
    let (book, cancel) = (format!("{ROOT}/book"), format!("{ROOT}/cancel_book"));
    let booked = world.ask(&book, booking(room, START_S, START_S + 3_600)).await;
    assert_eq!((booked["errcode"].clone(), in_calendar(&world).await), (json!(0), 1));
    assert_eq!(
        world.code(&book, booking(room, START_S + 1_800, START_S + 5_400)).await,
        40_058,
        "a conflict"
    );
    assert_eq!(world.code(&book, booking(room, START_S + 3_600, START_S + 7_200)).await, 0, "right after it");
    let schedules = taken(&world, room).await;
    assert_eq!(schedules.len(), 2);
    let own = schedules.iter().find(|one| one["meeting_id"] == booked["meeting_id"]).unwrap();
    assert_eq!((&own["schedule_id"], &own["booker"]), (&booked["schedule_id"], &json!("ZhangSan")));
    for (name, value, code) in [
        ("booker", json!("nobody"), 40_003),
        ("attendees", json!(["nobody"]), 40_031),
        ("end_time", json!(START_S), 40_058),
        ("meetingroom_id", json!(99), 40_058),
    ] {
        let mut wrong = booking(room, START_S + 10_000, START_S + 10_600);
        wrong[name] = value;
        assert_eq!(world.code(&book, wrong).await, code, "{name}");
    }
    let kept = json!({ "meeting_id": text(&booked, "meeting_id"), "keep_schedule": 1 });
    world.act(json!({ "do": "add_app", "app": 1_000_003, "secret": "other", "name": "Other" })).await;
    let other = text(&world.token_for("other").await, "access_token");
    let token = std::mem::replace(&mut world.token, other);
    assert_eq!(world.code(&cancel, kept.clone()).await, 40_058, "another app booked it");
    world.token = token;
    assert_eq!(world.code(&cancel, kept).await, 0);
    assert_eq!((taken(&world, room).await.len(), in_calendar(&world).await), (1, 2), "the calendar keeps it");
    assert_eq!(world.code(&format!("{ROOT}/del"), json!({ "meetingroom_id": room })).await, 0);
    assert_eq!(in_calendar(&world).await, 1, "what was booked goes with its room");
}
