//! Meetings that an app reserves and their recordings, and rooms that it asks for.

use serde_json::{Value, json};
use simulator_stage::trial::START_MS;

use super::client::{World, world};
use super::office::open_id;
use crate::Command;

const RESERVES: &str = "/open-apis/vc/v1/reserves";
const MEETINGS: &str = "/open-apis/vc/v1/meetings";
const MINUTES: &str = "/open-apis/minutes/v1/minutes";
const BEGIN_S: u64 = START_MS / 1_000;

async fn reserve(world: &World, more: Value) -> (u16, Value) {
    let mut body = json!({
        "end_time": (BEGIN_S + 3_600).to_string(), "owner_id": open_id("zhang"),
        "meeting_settings": { "topic": "Stand-up", "meeting_initial_type": 1, "auto_record": true, "password": "" },
    });
    for (name, value) in more.as_object().into_iter().flatten() {
        body[name] = value.clone();
    }
    world.ask("POST", &format!("{RESERVES}/apply"), body).await
}

async fn reserved(world: &World) -> String {
    reserve(world, Value::Null).await.1["data"]["reserve"]["id"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_reservation_is_ordered_changed_looked_up_and_given_back() {
    let world = world().await;
    let strangers = json!({ "topic": "x", "assign_host_list": [{ "user_type": 1, "id": "ou_nobody" }] });
    let (_, made) = reserve(&world, json!({ "meeting_settings": strangers })).await;
    let shown = &made["data"]["reserve"];
    assert_eq!(shown["meeting_no"].as_str().unwrap().len(), 9);
    let unknown = &made["data"]["reserve_correction_check_info"]["invalid_host_id_list"];
    assert_eq!(*unknown, json!(["ou_nobody"]));
    let path = format!("{RESERVES}/{}", shown["id"].as_str().unwrap());
    let change = json!({ "end_time": (BEGIN_S + 7_200).to_string() });
    assert_eq!(world.ask("PUT", &path, change).await.1["code"], 0);
    let (_, found) = world.ask("GET", &path, Value::Null).await;
    assert_eq!(found["data"]["reserve"]["end_time"], (BEGIN_S + 7_200).to_string());
    assert_eq!(found["data"]["reserve"]["meeting_no"], shown["meeting_no"]);
    assert_eq!(world.ask("DELETE", &path, Value::Null).await.1["code"], 0);
    let (status, gone) = world.ask("GET", &path, Value::Null).await;
    assert_eq!((status, &gone["code"]), (404, &json!(121_004)));
}

#[tokio::test]
async fn what_no_reservation_may_be_is_refused() {
    let world = world().await;
    let late = json!({ "end_time": (BEGIN_S + 31 * 86_400).to_string() });
    let cases = [
        (json!({ "owner_id": "" }), 121_003),
        (late, 121_003),
        (json!({ "end_time": "1" }), 121_003),
        (json!({ "meeting_settings": { "password": "12a4" } }), 123_006),
    ];
    for (more, code) in cases {
        assert_eq!(reserve(&world, more.clone()).await.1["code"], code, "{more}");
    }
}

#[tokio::test]
async fn a_recording_can_be_seen_once_it_is_ready_and_the_app_is_told() {
    let world = world().await;
    let mut line = world.connect().await;
    let reserve = reserved(&world).await;
    let active = format!("{RESERVES}/{reserve}/get_active_meeting");
    assert_eq!(world.ask("GET", &active, Value::Null).await.1["code"], 121_004);
    let begun = world.simulator.act(Command::StartMeeting { reserve }).await.unwrap();
    let meeting = begun["meeting"].as_str().unwrap().to_owned();
    let started = line.hear().await;
    assert_eq!(started["header"]["event_type"], "vc.meeting.meeting_started_v1");
    assert_eq!(started["event"]["meeting"]["id"], meeting);
    assert_eq!(world.ask("GET", &active, Value::Null).await.1["data"]["meeting"]["status"], 2);
    let recording = format!("{MEETINGS}/{meeting}/recording");
    assert_eq!(world.ask("GET", &recording, Value::Null).await.1["code"], 121_004, "it lasts");

    world.simulator.act(Command::EndMeeting { meeting: meeting.clone() }).await.unwrap();
    assert_eq!(line.hear().await["header"]["event_type"], "vc.meeting.meeting_ended_v1");
    assert_eq!(world.ask("GET", &recording, Value::Null).await.1["code"], 124_002, "it is made ready");
    let ready = world.simulator.act(Command::FinishRecording { meeting: meeting.clone() }).await.unwrap();
    let told = line.hear().await;
    assert_eq!(told["header"]["event_type"], "vc.meeting.recording_ready_v1");
    let (_, seen) = world.ask("GET", &recording, Value::Null).await;
    assert_eq!(seen["data"]["recording"]["url"], told["event"]["url"]);
    let minute = ready["minute"].as_str().unwrap();
    assert!(told["event"]["url"].as_str().unwrap().ends_with(minute) && minute.len() == 24);
    let (_, found) = world.ask("GET", &format!("{MINUTES}/{minute}"), Value::Null).await;
    assert_eq!(found["data"]["minute"]["title"], "Stand-up");
    let (status, none) = world.ask("GET", &format!("{MINUTES}/obcnnone"), Value::Null).await;
    assert_eq!((status, &none["code"]), (400, &json!(2_091_002)));
    let (_, over) = world.ask("GET", &format!("{MEETINGS}/{meeting}"), Value::Null).await;
    assert_eq!(over["data"]["meeting"]["status"], 3);
}

#[tokio::test]
async fn a_room_is_asked_for_and_had_or_not_a_while_later() {
    let world = world().await;
    let (_, own) = world.ask("POST", "/open-apis/calendar/v4/calendars/primary", Value::Null).await;
    let calendar = own["data"]["calendars"][0]["calendar"]["calendar_id"].as_str().unwrap();
    let events = format!("/open-apis/calendar/v4/calendars/{calendar}/events");
    let time = |more: u64| json!({ "timestamp": (BEGIN_S + more).to_string(), "timezone": "Asia/Shanghai" });
    let body = json!({ "summary": "Review", "start_time": time(3_600), "end_time": time(7_200) });
    let (_, made) = world.ask("POST", &events, body).await;
    let event = made["data"]["event"]["event_id"].as_str().unwrap().to_owned();
    let attendees = format!("{events}/{event}/attendees");
    let room = |id: &str| json!({ "type": "resource", "room_id": id, "operate_id": open_id("zhang") });
    let unanswered = json!({ "attendees": [{ "type": "resource", "room_id": "omm_1" }] });
    assert_eq!(world.ask("POST", &attendees, unanswered).await.1["code"], 195_100, "nobody answers for it");
    let (_, asked) =
        world.ask("POST", &attendees, json!({ "attendees": [room("omm_1"), room("omm_2")] })).await;
    let status = |answer: &Value, list: &str| -> Vec<String> {
        let all = answer["data"][list].as_array().unwrap().iter();
        all.map(|one| one["rsvp_status"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(status(&asked, "attendees"), ["needs_action", "needs_action"]);
    for (room, free) in [("omm_1", true), ("omm_2", false)] {
        let decide = Command::DecideRoom { meeting: event.clone(), room: room.into(), free };
        world.simulator.act(decide).await.unwrap();
    }
    let (_, later) = world.ask("GET", &attendees, Value::Null).await;
    assert_eq!(status(&later, "items"), ["accept", "decline"]);
}
