//! Meetings as events of the timeline, for clients that show calendars.

use kit::double::Stage;
use serde_json::{Value, json};

use super::{LISI, ZHANGSAN, office, office_with_rooms, says, team};

const TYPE: &str = "org.matrix.msc4496.calendar_event";

/// What was sent of meetings, in order.
fn sent(stage: &Stage, room: &str) -> Vec<Value> {
    stage.events_of_bots(room).into_iter().filter(|event| event["type"] == TYPE).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_series_stands_in_the_timeline_and_changes_there_with_its_instances() {
    let (mut stage, _) = office_with_rooms().await;
    let room = team(&mut stage, &[LISI]).await;
    says(&mut stage, ZHANGSAN, &room, "!meet 周会 @李四 周五 10:00 1h 每周 x4 地点:三楼").await;
    let events = sent(&stage, &room);
    let [first] = events.as_slice() else { panic!("{events:#?}") };
    assert_eq!(first["content"]["m.text"][0]["body"], json!("周会 · 11-06 周五 10:00–11:00 (Asia/Shanghai)"));
    let block = &first["content"][TYPE];
    let local = |text: &str, utc: &str| json!({ "utc": utc, "localtime": text, "timezone": "Asia/Shanghai" });
    for (name, expected) in [
        ("title", json!("周会")),
        ("start", local("2026-11-06T10:00:00", "2026-11-06T02:00:00Z")),
        ("end", local("2026-11-06T11:00:00", "2026-11-06T03:00:00Z")),
        ("all_day", json!(false)),
        ("status", json!("confirmed")),
        ("transparency", json!("opaque")),
        ("organizer", json!(ZHANGSAN)),
        ("location", json!({ "type": "physical", "name": "三楼" })),
        ("conference", json!({ "type": "m.rtc", "application": "m.call", "room_id": room, "via": ["test"] })),
        ("recurrence", json!({ "rrule": { "freq": "WEEKLY", "count": 4 }, "exdates": [] })),
    ] {
        assert_eq!(block[name], expected, "{name}");
    }
    // One instance moves: an event of its own that relates to the series.
    says(&mut stage, ZHANGSAN, &room, "!meet move MT-20261105-0001 本次 周五 15:00").await;
    let moved = sent(&stage, &room).pop().unwrap();
    assert_eq!(
        moved["content"]["m.relates_to"],
        json!({ "rel_type": "org.matrix.msc4496.calendar_override", "event_id": first["event_id"] })
    );
    let one = &moved["content"][TYPE];
    assert_eq!(one["recurrence_id"], json!("2026-11-06T02:00:00Z"));
    assert_eq!(one["start"], local("2026-11-06T15:00:00", "2026-11-06T07:00:00Z"));
    let count = sent(&stage, &room).len();
    // An answer is no change of it.
    let common = super::card(&stage, &room, "[已预定]");
    stage.reacts(LISI, &room, &common, "✅");
    stage.settle().await;
    assert_eq!(sent(&stage, &room).len(), count);
    says(&mut stage, ZHANGSAN, &room, "!meet cancel MT-20261105-0001 全部").await;
    let edits: Vec<Value> = sent(&stage, &room).split_off(count);
    for original in [first, &moved] {
        let edit = edits.iter().find(|edit| {
            edit["content"]["m.relates_to"]
                == json!({ "rel_type": "m.replace", "event_id": original["event_id"] })
        });
        let edit = edit.unwrap_or_else(|| panic!("{edits:#?}"));
        assert_eq!(edit["content"]["m.new_content"][TYPE]["status"], json!("cancelled"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_instance_that_differs_before_its_series_is_sent_stands_in_the_timeline_too() {
    let (mut stage, _) = office_with_rooms().await;
    let room = team(&mut stage, &[LISI]).await;
    stage.says(ZHANGSAN, &room, "!meet 周会 @李四 周五 10:00 1h 每周 x4");
    stage.says(ZHANGSAN, &room, "!meet move MT-20261105-0001 本次 周五 15:00");
    stage.settle().await;
    let events = sent(&stage, &room);
    let [series, one] = events.as_slice() else { panic!("{events:#?}") };
    assert_eq!(
        one["content"]["m.relates_to"],
        json!({ "rel_type": "org.matrix.msc4496.calendar_override", "event_id": series["event_id"] })
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn where_nobody_wants_it_the_timeline_has_none() {
    let (mut stage, _) = office().await;
    let room = team(&mut stage, &[LISI]).await;
    says(&mut stage, ZHANGSAN, &room, "!meet 周会 @李四 明天 10:00 1h").await;
    assert_eq!(sent(&stage, &room), Vec::<Value>::new());
}
