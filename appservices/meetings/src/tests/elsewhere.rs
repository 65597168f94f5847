//! Meetings in the calendars of other platforms, what is answered there, and when people are busy by them.

use kit::double::Stage;
use serde_json::{Value, json};

use super::{
    DAY, HOUR, LISI, WANGWU, ZHANGSAN, card, chat,
    doors::{changes, event_of},
    office_beside, reads, says,
};
use crate::{LOCALPART, limits::ELSEWHERE_MS};

pub(super) const BRIDGE: &str = "@bridge:test";

/// An office with a bridge, in which a meeting is booked: the stage, the chat of 张三, the room with the bridge.
pub(super) async fn booked(line: &str) -> (Stage, String, String) {
    let (mut stage, room) = office_beside(Some(BRIDGE)).await;
    says(&mut stage, ZHANGSAN, &room, line).await;
    let elsewhere = stage.kit().place(LOCALPART, "elsewhere").await.unwrap().unwrap().to_string();
    stage.joins(BRIDGE, &elsewhere);
    stage.settle().await;
    (stage, room, elsewhere)
}

/// What the bridge was told of this kind, in order.
pub(super) fn told(stage: &Stage, elsewhere: &str, kind: &str) -> Vec<Value> {
    let kind = format!("com.lianqiao.bridge.{kind}");
    let events = stage.events_of_bots(elsewhere).into_iter().filter(|event| event["type"] == *kind);
    events.map(|event| event["content"].clone()).collect()
}

/// An answer as the bridge tells of it.
pub(super) fn press(entry: &Value, action: &str, person: &str) -> Value {
    json!({
        "v": 1, "key": entry["key"], "rev": entry["rev"], "action": action, "values": {},
        "network": "feishu", "by": "ou_1", "person": person,
        "proof": { "type": "callback", "hash": "ab".repeat(32), "verified": true },
    })
}

pub(super) async fn says_bridge(stage: &mut Stage, who: &str, room: &str, kind: &str, content: Value) {
    stage.sends(who, room, &format!("com.lianqiao.bridge.{kind}"), content);
    stage.settle().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_meeting_stands_in_calendars_elsewhere_and_is_answered_there() {
    let (mut stage, room, elsewhere) = booked("!meet 周会 @李四 @王五 明天 10:00 30m #会议室3 每周").await;
    let entries = told(&stage, &elsewhere, "entry");
    let [first] = entries.as_slice() else { panic!("{entries:#?}") };
    let started = 1_793_930_400_000_u64;
    for (name, expected) in [
        ("kind", json!("meeting")),
        ("number", json!("MT-20261105-0001")),
        ("title", json!("周会")),
        ("language", json!("zh")),
        ("organizer", json!(ZHANGSAN)),
        ("location", json!("会议室3")),
        ("start_ms", json!(started)),
        ("end_ms", json!(started + 30 * 60_000)),
        ("zone", json!("Asia/Shanghai")),
        ("is_all_day", json!(false)),
        ("reminders_minutes", json!([15, 1])),
        ("is_canceled", json!(false)),
        (
            "attendees",
            json!([
                { "account": LISI, "is_optional": false, "answer": null },
                { "account": WANGWU, "is_optional": false, "answer": null },
            ]),
        ),
    ] {
        assert_eq!(first[name], expected, "{name}: {first:#}");
    }
    assert!(first["recurrence"].as_str().unwrap().starts_with("FREQ=WEEKLY"), "{first}");
    let own = card(&stage, &room, "[已预定]");

    says_bridge(&mut stage, BRIDGE, &elsewhere, "pressed", press(first, "accept", LISI)).await;
    assert!(reads(&stage, &room, &own).contains("李四✅"), "{}", reads(&stage, &room, &own));
    let newest = told(&stage, &elsewhere, "entry").pop().unwrap();
    assert_eq!((&newest["key"], &newest["attendees"][0]["answer"]), (&first["key"], &json!("accepted")));
    assert!(newest["rev"].as_u64() > first["rev"].as_u64());
    says_bridge(&mut stage, BRIDGE, &elsewhere, "pressed", press(first, "tentative", LISI)).await;
    assert!(reads(&stage, &room, &own).contains("李四❔"));
    // Nobody else says what was answered there.
    stage.invites(BRIDGE, &elsewhere, WANGWU);
    stage.joins(WANGWU, &elsewhere);
    says_bridge(&mut stage, WANGWU, &elsewhere, "pressed", press(first, "decline", LISI)).await;
    assert!(reads(&stage, &room, &own).contains("李四❔"));

    // What people elsewhere see changes with the meeting, and only then.
    let before = told(&stage, &elsewhere, "entry").len();
    says(&mut stage, ZHANGSAN, &room, "!meet move MT-20261105-0001 11:00 全部").await;
    says(&mut stage, ZHANGSAN, &room, "!meet remove MT-20261105-0001 @王五").await;
    says(&mut stage, ZHANGSAN, &room, "!meet cancel MT-20261105-0001 全部").await;
    let entries = told(&stage, &elsewhere, "entry");
    let changes: Vec<_> = entries[before..]
        .iter()
        .map(|entry| {
            let people = entry["attendees"].as_array().unwrap().len();
            (entry["start_ms"].as_u64().unwrap(), people, entry["is_canceled"].as_bool().unwrap())
        })
        .collect();
    let moved = started + 60 * 60_000;
    assert_eq!(changes, [(moved, 2, false), (moved, 1, false), (moved, 1, true)]);

    // What is over takes no answer, and who gave it hears so.
    says_bridge(&mut stage, BRIDGE, &elsewhere, "pressed", press(first, "accept", LISI)).await;
    let desk = chat(&stage, LISI);
    assert!(stage.said(&desk).iter().any(|text| text.contains("已结束或已取消")), "{:#?}", stage.said(&desk));
}

#[tokio::test(flavor = "multi_thread")]
async fn single_instances_stand_in_calendars_elsewhere_as_they_are_and_are_answered_alone() {
    let (mut stage, room, elsewhere) = booked("!meet 周会 @李四 周五 10:00 1h 每周 x4").await;
    let newest = |stage: &Stage| told(stage, &elsewhere, "entry").pop().unwrap();
    let (start, week) = (at(34), 7 * DAY);
    let entry = newest(&stage);
    assert_eq!((&entry["exceptions"], &entry["last_ms"]), (&json!([]), &json!(start + 3 * week)));
    let own = card(&stage, &room, "[已预定]");

    says(&mut stage, ZHANGSAN, &room, "!meet move MT-20261105-0001 本次 周五 15:00").await;
    let entry = newest(&stage);
    let instead = json!({
        "start_ms": start + 5 * HOUR, "end_ms": start + 6 * HOUR, "title": null, "location": null,
    });
    let moved = json!({ "original_ms": start, "instead": instead });
    assert_eq!((&entry["exceptions"], &entry["start_ms"]), (&json!([moved]), &json!(start)));

    // Somebody declines it alone, and another one that does not exist.
    let before = told(&stage, &elsewhere, "entry").len();
    for at_ms in [start, start + 1] {
        let mut answer = press(&entry, if at_ms == start { "decline" } else { "accept" }, LISI);
        answer["instance_ms"] = json!(at_ms);
        says_bridge(&mut stage, BRIDGE, &elsewhere, "pressed", answer).await;
        assert!(reads(&stage, &room, &own).contains("李四❌"), "{}", reads(&stage, &room, &own));
    }
    assert_eq!(told(&stage, &elsewhere, "entry").len(), before, "what was answered there stands there");
    stage.advance_ms(2 * DAY);
    stage.settle().await;
    assert!(!reads(&stage, &room, &own).contains("李四❌"), "the next one is not declined");

    says(&mut stage, ZHANGSAN, &room, "!meet cancel MT-20261105-0001 本次").await;
    let gone = |at_ms: u64| json!({ "original_ms": at_ms, "instead": null });
    assert_eq!(newest(&stage)["exceptions"], json!([moved, gone(start + week)]));

    // With all of the series the moved one moves, and the canceled one stays canceled.
    says(&mut stage, ZHANGSAN, &room, "!meet move MT-20261105-0001 11:00 全部").await;
    let entry = newest(&stage);
    assert_eq!(entry["start_ms"], json!(start + HOUR));
    assert_eq!(entry["exceptions"], json!([gone(start + week + HOUR)]));
    says(&mut stage, ZHANGSAN, &room, "!meet cancel MT-20261105-0001 以后").await;
    let entry = newest(&stage);
    assert!(entry["recurrence"].as_str().unwrap().contains("UNTIL="), "{entry}");
    assert_eq!(entry["last_ms"], json!(start + week + HOUR), "it ends before what was cut off");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_elsewhere_to_an_instance_that_a_calendar_program_cancelled_counts_nothing() {
    let (mut stage, _, elsewhere) = booked("!meet 周会 @李四 周五 10:00 1h 每周 x4").await;
    let mut event = event_of(&stage, ZHANGSAN).await;
    let second: calendar::RecurrenceId = "2026-11-13T10:00:00".parse().unwrap();
    event.overrides.entry(second).or_default().status = Some(calendar::EventStatus::Cancelled);
    changes(&mut stage, ZHANGSAN, calendar::What::Put { before: None, after: event }).await;
    let entry = told(&stage, &elsewhere, "entry").pop().unwrap();
    let mut answer = press(&entry, "accept", LISI);
    for (at_ms, expected) in [(at(34) + 7 * DAY, 0), (at(34) + 14 * DAY, 1)] {
        answer["instance_ms"] = json!(at_ms);
        says_bridge(&mut stage, BRIDGE, &elsewhere, "pressed", answer.clone()).await;
        let event = event_of(&stage, ZHANGSAN).await;
        let answers: usize = event.overrides.values().map(|change| change.answers.len()).sum();
        assert_eq!(answers, expected, "{:?}", event.overrides);
    }
    // Of a series that is cancelled as a whole, who answers hears that it is over.
    let chat_of_organizer = chat(&stage, ZHANGSAN);
    says(&mut stage, ZHANGSAN, &chat_of_organizer, "!meet cancel MT-20261105-0001 全部").await;
    says_bridge(&mut stage, BRIDGE, &elsewhere, "pressed", answer).await;
    let desk = chat(&stage, LISI);
    assert!(stage.said(&desk).iter().any(|text| text.contains("已结束或已取消")), "{:#?}", stage.said(&desk));
}

fn answer(asked: &Value, people: Value) -> Value {
    json!({ "v": 1, "id": asked["id"], "people": people })
}

/// The fifth of November at this hour in Shanghai.
fn at(hour: u64) -> u64 {
    1_793_808_000_000 + hour * 3_600_000
}

#[tokio::test(flavor = "multi_thread")]
async fn what_platforms_say_of_peoples_time_counts_and_what_they_do_not_say_is_unknown() {
    let (mut stage, room, elsewhere) = booked("!meet 周会 @李四 明天 10:00 30m").await;
    let asks = "!meet free @李四 @王五 @dt_1:test";
    says(&mut stage, ZHANGSAN, &room, asks).await;
    let asked = told(&stage, &elsewhere, "ask_busy").pop().unwrap();
    assert_eq!(asked["people"], json!(["@dt_1:test", LISI, WANGWU]));
    let day_before = at(0) - 24 * 3_600_000;
    assert_eq!((&asked["from_ms"], &asked["until_ms"]), (&json!(day_before), &json!(at(48))));
    assert!(!stage.said(&room).iter().any(|text| text.starts_with("11-05 忙闲")), "it waits");
    let times = json!([[at(9), at(10), false], [at(14), at(15), true]]);
    let people = json!([{ "account": LISI, "times": times }, { "account": "@dt_1:test", "times": [] }]);
    says_bridge(&mut stage, BRIDGE, &elsewhere, "busy", answer(&asked, people.clone())).await;
    let shown = "11-05 忙闲\n李四：忙 09:00–10:00、14:00–15:00（待定）\n王五：全天空闲\ndt_1：全天空闲";
    assert_eq!(super::last(&stage, &room), shown, "王五 is on no platform");
    says_bridge(&mut stage, BRIDGE, &elsewhere, "busy", answer(&asked, people)).await;
    let answers = stage.said(&room).into_iter().filter(|text| text.starts_with("11-05 忙闲")).count();
    assert_eq!(answers, 1, "a second answer is to nothing");

    // The platform does not say, and who is there alone is named by nobody.
    says(&mut stage, ZHANGSAN, &room, asks).await;
    let asked = told(&stage, &elsewhere, "ask_busy").pop().unwrap();
    let people = json!([{ "account": LISI, "times": null }]);
    // Only the bridge is believed.
    stage.invites(BRIDGE, &elsewhere, WANGWU);
    stage.joins(WANGWU, &elsewhere);
    says_bridge(&mut stage, WANGWU, &elsewhere, "busy", answer(&asked, json!([]))).await;
    says_bridge(&mut stage, BRIDGE, &elsewhere, "busy", answer(&asked, people)).await;
    assert_eq!(super::last(&stage, &room), "11-05 忙闲\n李四：未知\n王五：全天空闲\ndt_1：未知");

    // Nobody answers at all.
    says(&mut stage, ZHANGSAN, &room, asks).await;
    stage.advance_ms(ELSEWHERE_MS);
    stage.settle().await;
    assert_eq!(super::last(&stage, &room), "11-05 忙闲\n李四：未知\n王五：未知\ndt_1：未知");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_time_is_looked_for_where_platforms_say_that_people_have_one_over_a_restart() {
    let (mut stage, room, elsewhere) = booked("!meet 周会 @李四 明天 10:00 30m").await;
    says(&mut stage, ZHANGSAN, &room, "!meet find @李四 60m 今天").await;
    let asked = told(&stage, &elsewhere, "ask_busy").pop().unwrap();
    stage.restart().await;
    let people = json!([{ "account": LISI, "times": [[at(9), at(16), false], [at(17), at(18), false]] }]);
    says_bridge(&mut stage, BRIDGE, &elsewhere, "busy", answer(&asked, people)).await;
    let own = card(&stage, &room, "[找时间] MT-20261105-0002");
    assert!(reads(&stage, &room, &own).contains("1 个候选时间"), "{}", reads(&stage, &room, &own));
    assert!(!stage.said(&room).iter().any(|text| text.contains("未知")));
}

#[tokio::test(flavor = "multi_thread")]
async fn who_may_know_nothing_here_asks_nobody_elsewhere() {
    let (mut stage, room, elsewhere) = booked("!meet 周会 @李四 明天 10:00 30m").await;
    let desk = chat(&stage, LISI);
    says(&mut stage, LISI, &desk, "!meet share @张三 none").await;
    assert!(says(&mut stage, ZHANGSAN, &room, "!meet free @李四").await.ends_with("李四：未知"));
    assert_eq!(told(&stage, &elsewhere, "ask_busy"), Vec::<Value>::new());
}
