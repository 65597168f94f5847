//! What people see and do in the calendar and in the approval centre.

use serde_json::{Value, json};

use super::client::{APP, World, text, world, world_with};
use super::door::door;

const ADD: &str = "/cgi-bin/oa/schedule/add";

async fn calendar_of(world: &World) -> String {
    let calendar = json!({ "agentid": APP, "calendar": { "summary": "Team", "shares": [] } });
    text(&world.ask("/cgi-bin/oa/calendar/add", calendar).await, "cal_id")
}

fn schedule(calendar: &str, more: Value) -> Value {
    let mut schedule = json!({
        "start_time": 1_800_003_600, "end_time": 1_800_007_200, "attendees": [{ "userid": "lisi" }],
        "admins": ["ZhangSan"], "summary": "Review", "location": "Room 3", "cal_id": calendar,
    });
    schedule.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    json!({ "agentid": APP, "schedule": schedule })
}

async fn seen(world: &World, person: &str) -> Vec<Value> {
    let seen = world.act(json!({ "do": "calendar", "person": person })).await;
    seen["meetings"].as_array().unwrap().clone()
}

#[tokio::test]
async fn people_see_what_concerns_them_and_answer_it() {
    let world = world().await;
    let mut door = door(vec![]).await.of_app(&world).await;
    let calendar = calendar_of(&world).await;
    let reminders = json!({ "is_repeat": 1, "repeat_type": 1, "is_custom_repeat": 1, "repeat_interval": 2, "repeat_day_of_week": [1, 3] });
    let id =
        text(&world.ask(ADD, schedule(&calendar, json!({ "reminders": reminders }))).await, "schedule_id");
    let own = json!({ "do": "book", "person": "LiSi", "title": "Dentist", "start_ms": 1, "end_ms": 2 });
    let own = text(&world.act(own).await, "meeting");
    let lisi = seen(&world, "lisi").await;
    assert_eq!((&lisi[0]["id"], &lisi[0]["title"]), (&json!(own), &json!("Dentist")));
    assert_eq!(lisi[1]["start_ms"], 1_800_003_600_000_u64);
    assert_eq!(
        (&lisi[1]["recurrence"], &lisi[1]["organizer"]),
        (&json!("FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,WE"), &json!("ZhangSan"))
    );
    let by_calendar = json!({ "cal_id": calendar });
    let listed =
        world.ask("/cgi-bin/oa/schedule/get_by_calendar", by_calendar).await["schedule_list"].clone();
    assert_eq!(listed.as_array().unwrap().len(), 1, "no app sees what people have by themselves");
    assert_eq!(seen(&world, "zhangsan").await.len(), 1, "who manages it sees it too");
    for (answer, status) in [("tentative", 1), ("declined", 4), ("accepted", 2)] {
        world.act(json!({ "do": "answer_meeting", "person": "lisi", "meeting": id, "answer": answer })).await;
        assert_eq!(text(&door.next().await.fields(), "Event"), "respond_schedule");
        assert_eq!(
            seen(&world, "lisi").await[1]["attendees"],
            json!([{ "person": "lisi", "answer": answer }])
        );
        let read = world.ask("/cgi-bin/oa/schedule/get", json!({ "schedule_id_list": [id] })).await;
        assert_eq!(read["schedule_list"][0]["attendees"][0]["response_status"], status);
    }
    for answer in
        [json!({ "meeting": id, "answer": "none" }), json!({ "meeting": own, "answer": "accepted" })]
    {
        let mut command = json!({ "do": "answer_meeting", "person": "lisi" });
        command.as_object_mut().unwrap().extend(answer.as_object().unwrap().clone());
        assert!(world.try_to(command).await.is_err());
    }
    world.fail("schedule.forgets", Value::Null);
    let update = schedule(&calendar, json!({ "schedule_id": id }));
    assert_eq!(world.code("/cgi-bin/oa/schedule/update", update).await, 0);
    assert_eq!(seen(&world, "lisi").await[1]["attendees"][0]["answer"], "none");
    world.act(json!({ "do": "remove_schedule", "person": "zhangsan", "schedule_id": id })).await;
    assert_eq!(text(&door.next().await.fields(), "Event"), "delete_schedule");
    assert_eq!(seen(&world, "lisi").await.len(), 1);
    world.act(json!({ "do": "remove_calendar", "cal_id": calendar })).await;
    let told = door.next().await.fields();
    assert_eq!((text(&told, "Event"), text(&told, "CalId")), ("delete_calendar".into(), calendar.clone()));
    assert_eq!(world.code(ADD, schedule(&calendar, json!({}))).await, 40_058);
}

#[tokio::test]
async fn who_manages_a_schedule_moves_it_and_its_app_is_told() {
    let world = world().await;
    let mut door = door(vec![]).await.of_app(&world).await;
    let calendar = calendar_of(&world).await;
    let id = text(&world.ask(ADD, schedule(&calendar, json!({}))).await, "schedule_id");
    let to = |person: &str, start: u64| {
        json!({
            "do": "move_schedule", "person": person, "schedule_id": id, "start_time": start, "end_time": 1_800_020_000,
        })
    };
    for (person, start) in [("lisi", 1_800_010_000), ("ZhangSan", 1_800_030_000)] {
        assert!(world.try_to(to(person, start)).await.is_err(), "{person} {start}");
    }
    world.act(to("zhangsan", 1_800_010_000)).await;
    let told = door.next().await.fields();
    assert_eq!((text(&told, "Event"), text(&told, "ScheduleId")), ("modify_schedule".into(), id.clone()));
    assert_eq!(seen(&world, "lisi").await[0]["start_ms"], 1_800_010_000_000_u64);
}

#[tokio::test]
async fn an_instance_is_cut_out_of_its_series_and_never_goes_back() {
    const DAY_S: u64 = 86_400;
    let world = world().await;
    let calendar = calendar_of(&world).await;
    let (update, delete) = ("/cgi-bin/oa/schedule/update", "/cgi-bin/oa/schedule/del");
    let once = text(&world.ask(ADD, schedule(&calendar, json!({}))).await, "schedule_id");
    let alone = json!({ "schedule_id": once, "op_mode": 1, "op_start_time": 1_800_003_600 });
    assert_eq!(world.code(delete, alone).await, 90_485, "it does not repeat");
    assert_eq!(world.code(delete, json!({ "schedule_id": once })).await, 0);
    let reminders = json!({ "is_repeat": 1, "repeat_type": 0, "repeat_until": 1_800_007_200 + 4 * DAY_S });
    let daily = schedule(&calendar, json!({ "reminders": reminders }));
    let id = text(&world.ask(ADD, daily.clone()).await, "schedule_id");
    let of_day =
        |day: u64| json!({ "schedule_id": id, "op_mode": 1, "op_start_time": 1_800_003_600 + day * DAY_S });
    assert_eq!(world.code(delete, of_day(2)).await, 0);
    assert_eq!(world.code(delete, of_day(2)).await, 90_482, "there is none any more");
    let to_hour = |day: u64, hours: u64| {
        let start = 1_800_003_600 + day * DAY_S + hours * 3_600;
        let mut body =
            schedule(&calendar, json!({ "schedule_id": id, "start_time": start, "end_time": start + 60 }));
        body["op_mode"] = 1.into();
        body
    };
    let mut earlier = to_hour(0, 0);
    earlier["op_start_time"] = json!(1_800_003_600 + DAY_S);
    assert_eq!(world.code(update, earlier).await, 40_058, "it goes to no earlier day");
    let mut later = to_hour(1, 5);
    later["op_start_time"] = json!(1_800_003_600 + DAY_S);
    let cut_out = text(&world.ask(update, later).await, "schedule_id");
    assert_ne!(cut_out, id);
    let starts = async || {
        let seen = seen(&world, "lisi").await;
        let instances = seen.iter().flat_map(|one| one["instances"].as_array().unwrap());
        let hours = |one: &Value| (one["start_ms"].as_u64().unwrap() / 1_000 - 1_800_003_600) / 3_600;
        let mut hours: Vec<u64> = instances.map(hours).collect();
        hours.sort_unstable();
        hours
    };
    assert_eq!(starts().await, [0, 29, 72, 96]);
    // All of the series is written anew, and what was cut out stays out.
    let mut renamed = daily;
    renamed["schedule"]["schedule_id"] = id.clone().into();
    assert_eq!(world.code(update, renamed).await, 0);
    assert_eq!(starts().await, [0, 29, 72, 96]);
    let read = world.ask("/cgi-bin/oa/schedule/get", json!({ "schedule_id_list": [id] })).await;
    let excluded = &read["schedule_list"][0]["reminders"]["exclude_time_list"];
    assert_eq!(excluded.as_array().unwrap().len(), 2);
    let following = json!({ "schedule_id": id, "op_mode": 2, "op_start_time": 1_800_003_600 + 4 * DAY_S });
    assert_eq!(world.code(delete, following).await, 0);
    assert_eq!(starts().await, [0, 29, 72]);
}

#[tokio::test]
async fn what_the_platform_does_not_know_is_refused() {
    let world =
        world_with(|settings| (settings.schedules_per_day, settings.approvals_per_minute) = (2, 1)).await;
    let calendar = calendar_of(&world).await;
    let table = [
        (json!({ "summary": "x".repeat(129) }), 40_058),
        (json!({ "description": "好".repeat(513) }), 40_058),
        (json!({ "location": "x".repeat(129) }), 40_058),
        (json!({ "end_time": 1 }), 40_058),
        (json!({ "cal_id": "another" }), 40_058),
        (json!({ "admins": ["nobody"] }), 40_031),
        (json!({ "attendees": [{ "userid": "nobody" }] }), 40_031),
        (json!({ "reminders": { "is_remind": 1, "remind_before_event_secs": 600 } }), 40_058),
        (json!({ "reminders": { "is_repeat": 1, "repeat_type": 3 } }), 40_058),
        (json!({ "reminders": { "repeat_day_of_week": [0] } }), 40_058),
        (json!({ "reminders": { "timezone": 13 } }), 40_058),
        (json!({ "description": "好".repeat(512) }), 0),
        (json!({}), 45_009),
    ];
    for (more, code) in table {
        assert_eq!(world.code(ADD, schedule(&calendar, more.clone())).await, code, "{more}");
    }
    let get = "/cgi-bin/oa/schedule/get";
    assert_eq!(world.code(get, json!({ "schedule_id_list": [] })).await, 40_058);
    assert_eq!(world.code(get, json!({ "schedule_id_list": vec!["s"; 1_001] })).await, 40_058);
    let detail = json!({ "sp_no": "none" });
    assert_eq!(world.code("/cgi-bin/oa/getapprovaldetail", detail).await, 301_025);
    assert_eq!(
        world.code("/cgi-bin/oa/getapprovalinfo", json!({})).await,
        45_009,
        "all of them count together"
    );
}

#[tokio::test]
async fn an_approval_of_the_platform_is_decided_by_its_people_one_after_the_other() {
    let world = world().await;
    world.act(json!({ "do": "add_person", "user_id": "boss", "name": "Boss" })).await;
    let mut door = door(vec![]).await.of_app(&world).await;
    let start = json!({
        "do": "start_approval", "person": "lisi", "title": "Trip", "approvers": ["zhangsan", "boss"],
        "lines": [["Where", "Shanghai"]],
    });
    let number = text(&world.act(start).await, "approval");
    let info = door.next().await.fields()["ApprovalInfo"].clone();
    assert_eq!((text(&info, "SpNoStr"), text(&info, "SpName")), (number.clone(), "Trip".into()));
    let steps = info["ProcessList"]["NodeList"].as_array().unwrap().clone();
    assert_eq!((steps.len(), text(&steps[0]["SubNodeList"], "UserId")), (2, "ZhangSan".into()));
    let seen = async |person: &str| {
        let seen = world.act(json!({ "do": "approvals", "person": person })).await;
        seen["approvals"].as_array().unwrap().clone()
    };
    let zhang = seen("ZhangSan").await[0].clone();
    assert_eq!((text(&zhang, "state"), text(&zhang, "task_state")), ("pending".into(), "pending".into()));
    assert_eq!((&zhang["lines"], &zhang["starter"]), (&json!([["Where", "Shanghai"]]), &json!("lisi")));
    assert!(seen("boss").await.is_empty(), "it is not their turn");
    assert_eq!(seen("lisi").await[0]["task"], Value::Null, "who asks decides nothing");
    let decide = |person: &str, task: &str, approve: bool| json!({ "do": "decide_approval", "person": person, "task": task, "approve": approve, "reason": "ok" });
    let task = text(&zhang, "task");
    for (person, task) in
        [("boss", task.as_str()), ("zhangsan", "none"), ("zhangsan", &format!("{number}/1"))]
    {
        assert!(world.try_to(decide(person, task, true)).await.is_err(), "{person} {task}");
    }
    assert_eq!(world.act(decide("zhangsan", &task, true)).await["answered"], true);
    assert_eq!(text(&door.next().await.fields()["ApprovalInfo"], "SpStatus"), "1");
    assert_eq!(seen("zhangsan").await[0]["task_state"], "approved");
    let boss = seen("boss").await[0].clone();
    world.act(decide("boss", &text(&boss, "task"), false)).await;
    assert_eq!(text(&door.next().await.fields()["ApprovalInfo"], "SpStatus"), "3");
    assert_eq!(
        (text(&seen("lisi").await[0], "state"), text(&seen("boss").await[0], "task_state")),
        ("rejected".into(), "rejected".into())
    );
    let detail = world.ask("/cgi-bin/oa/getapprovaldetail", json!({ "sp_no": number })).await["info"].clone();
    assert_eq!(detail["process_list"]["node_list"][1]["sub_node_list"][0]["speech"], "ok");
    assert_eq!(detail["apply_data"]["contents"][0]["title"][0]["text"], "Where");
}
