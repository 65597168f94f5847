//! The calendar object of a meeting as state of its room.

use serde_json::json;

use super::{LISI, ZHANGSAN, card, office, reads, says, team};
use crate::limits::STATE_PEOPLE_MAX;

#[tokio::test(flavor = "multi_thread")]
async fn a_room_holds_the_meeting_as_state() {
    let (mut stage, _) = office().await;
    let room = team(&mut stage, &[LISI]).await;
    says(&mut stage, ZHANGSAN, &room, "!meet 周会 @李四 明天 10:00").await;
    let events = stage.events_of_bots(&room);
    let state = events.iter().find(|event| event["type"] == "com.lianqiao.meeting").unwrap();
    assert_eq!(state["content"]["no"], "MT-20261105-0001");
    assert_eq!(state["content"]["start"], "2026-11-06T10:00:00");
    assert_eq!(state["content"]["v"], 1);
    assert_eq!(state["state_key"], state["content"]["uid"]);
    let own = card(&stage, &room, "[已预定]");
    assert!(reads(&stage, &room, &own).contains("链接：https://matrix.to/#/"), "the call of the room");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_state_of_a_room_holds_a_part_of_very_many_people() {
    let (mut stage, _) = office().await;
    let room = team(&mut stage, &[LISI]).await;
    let guests: Vec<String> = (0..400).map(|guest| format!("guest{guest}@example.org")).collect();
    says(&mut stage, ZHANGSAN, &room, &format!("!meet 大会 {} 明天 10:00", guests.join(" "))).await;
    let events = stage.events_of_bots(&room);
    let state = events.iter().find(|event| event["type"] == "com.lianqiao.meeting").unwrap();
    let stands = state["content"]["attendees"].as_array().unwrap().len();
    assert_eq!((stands, &state["content"]["attendees_total"]), (STATE_PEOPLE_MAX, &json!(401)));
}
