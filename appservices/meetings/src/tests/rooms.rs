//! Rooms that the bot makes for meetings which were booked in a direct chat.

use kit::double::{Absence, Stage};
use serde_json::{Value, json};

use super::{
    ANN, DAY, HOUR, LISI, MINUTE, WANGWU, ZHANGSAN, card, chat, last, office_with_rooms, reads, says,
};
use crate::limits::ROOM_LOOK_MS;

const GUEST: &str = "wang@partner.example";

/// The rooms of meetings.
fn rooms(stage: &Stage) -> Vec<String> {
    stage.homeserver().rooms_with("com.lianqiao.room", |state| state["kind"] == "meeting")
}

/// The meeting hears of its room.
async fn looks(stage: &mut Stage) {
    stage.advance_ms(ROOM_LOOK_MS);
    stage.settle().await;
}

fn state_of(stage: &Stage, room: &str) -> Value {
    let uid = stage
        .events_of_bots(room)
        .iter()
        .rev()
        .find(|event| event["type"] == "com.lianqiao.meeting")
        .and_then(|event| event["state_key"].as_str().map(str::to_owned));
    stage.homeserver().state(room, "com.lianqiao.meeting", &uid.expect("the meeting is state of its room"))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_meeting_of_a_direct_chat_gets_a_room_with_its_people_its_card_and_its_call() {
    let (mut stage, chat_of_zhang) = office_with_rooms().await;
    says(&mut stage, ZHANGSAN, &chat_of_zhang, &format!("!meet 评审 @李四 @ann {GUEST} 明天 10:00 1h")).await;
    let made = rooms(&stage);
    let [room] = made.as_slice() else { panic!("{made:?}") };
    assert_eq!(stage.homeserver().visit_of(room, GUEST), None, "guests wait for the link");
    looks(&mut stage).await;
    let own = card(&stage, &chat_of_zhang, "[已预定]");
    let text = reads(&stage, &chat_of_zhang, &own);
    assert!(text.contains("链接：https://matrix.to/#/"), "{text}");
    let (name, _, _) = stage.homeserver().visit_of(room, GUEST).expect("the guest is asked in");
    assert_eq!(name, "wang");
    for person in [ZHANGSAN, LISI, ANN] {
        stage.joins(person, room);
    }
    stage.settle().await;
    let common = card(&stage, room, "[已预定] MT-20261105-0001 评审");
    stage.reacts(LISI, room, &common, "✅");
    stage.settle().await;
    for (place, of) in [(room, &common), (&chat_of_zhang, &own)] {
        assert!(reads(&stage, place, of).contains("李四✅"), "an answer in the room counts");
    }
    let state = state_of(&stage, room);
    assert_eq!((&state["no"], &state["room_id"]), (&json!("MT-20261105-0001"), &json!(room)));
    // Who comes and goes with the meeting comes and goes with the room; the room stays the same.
    says(&mut stage, ZHANGSAN, &chat_of_zhang, "!meet add MT-20261105-0001 @王五").await;
    stage.joins(WANGWU, room);
    says(&mut stage, ZHANGSAN, &chat_of_zhang, "!meet remove MT-20261105-0001 @ann").await;
    assert_eq!(stage.homeserver().state(room, "m.room.member", ANN)["membership"], "leave");
    says(&mut stage, ZHANGSAN, &chat_of_zhang, "!meet move MT-20261105-0001 11:00").await;
    assert!(reads(&stage, room, &common).contains("11-06 周五 11:00–12:00"));
    says(&mut stage, ZHANGSAN, &chat_of_zhang, "!meet cancel MT-20261105-0001").await;
    assert!(reads(&stage, room, &common).starts_with("[已取消]"));
    assert_eq!(rooms(&stage), made);
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_is_asked_to_another_meeting_of_the_room_stays_in_it() {
    let (mut stage, chat_of_zhang) = office_with_rooms().await;
    says(&mut stage, ZHANGSAN, &chat_of_zhang, "!meet 评审 @李四 @ann 明天 10:00 1h").await;
    looks(&mut stage).await;
    let room = rooms(&stage).remove(0);
    for person in [ZHANGSAN, LISI, ANN] {
        stage.joins(person, &room);
    }
    stage.settle().await;
    says(&mut stage, ZHANGSAN, &room, "!meet 复盘 @ann 明天 14:00 1h").await;
    for (named, account, expected) in [("@ann", ANN, "join"), ("@李四", LISI, "leave")] {
        let typed = format!("!meet remove MT-20261105-0001 {named}");
        says(&mut stage, ZHANGSAN, &chat_of_zhang, &typed).await;
        let standing = stage.homeserver().state(&room, "m.room.member", account);
        assert_eq!(standing["membership"], expected, "{account}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn people_of_other_servers_are_asked_in_once_the_room_is_known() {
    let (mut stage, chat_of_zhang) = office_with_rooms().await;
    says(&mut stage, ZHANGSAN, &chat_of_zhang, "!meet 评审 @李四 @eve:partner 明天 10:00 1h").await;
    let room = rooms(&stage).remove(0);
    let standing = |stage: &Stage, account| stage.homeserver().state(&room, "m.room.member", account);
    assert_eq!(standing(&stage, LISI)["membership"], "invite");
    assert_eq!(standing(&stage, "@eve:partner"), Value::Null);
    looks(&mut stage).await;
    assert_eq!(standing(&stage, "@eve:partner")["membership"], "invite");
    says(&mut stage, ZHANGSAN, &chat_of_zhang, "!meet remove MT-20261105-0001 @eve:partner").await;
    assert_eq!(standing(&stage, "@eve:partner")["membership"], "leave");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_guest_whose_server_is_away_holds_up_nothing_that_is_said_in_the_room() {
    let (mut stage, chat_of_zhang) = office_with_rooms().await;
    stage.homeserver().loses("partner", Some(Absence::Away));
    says(&mut stage, ZHANGSAN, &chat_of_zhang, "!meet 评审 @李四 @eve:partner 明天 10:00 1h").await;
    looks(&mut stage).await;
    let room = rooms(&stage).remove(0);
    for person in [ZHANGSAN, LISI] {
        stage.joins(person, &room);
    }
    stage.settle().await;
    let shown = says(&mut stage, ZHANGSAN, &room, "!meet show MT-20261105-0001").await;
    assert!(shown.starts_with("[已预定] MT-20261105-0001 评审"), "{shown}");
    let standing = |stage: &Stage| stage.homeserver().state(&room, "m.room.member", "@eve:partner");
    assert_eq!(standing(&stage), Value::Null);
    stage.homeserver().loses("partner", None);
    stage.settle().await;
    assert_eq!(standing(&stage)["membership"], "invite");
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_takes_a_meeting_over_leads_its_room() {
    let (mut stage, chat_of_zhang) = office_with_rooms().await;
    says(&mut stage, ZHANGSAN, &chat_of_zhang, "!meet 周会 @王五 11-20 10:00").await;
    looks(&mut stage).await;
    let room = rooms(&stage).remove(0);
    super::imports(&mut stage, "张三").await;
    stage.advance_ms(2 * MINUTE);
    stage.settle().await;
    assert_eq!(stage.homeserver().state(&room, "m.room.member", LISI)["membership"], "invite");
    let levels = stage.homeserver().state(&room, "m.room.power_levels", "");
    assert_eq!(levels["users"], json!({ LISI: 50 }));
    for kind in ["m.room.join_rules", "m.room.guest_access", "com.lianqiao.room", "com.lianqiao.meeting"] {
        assert_eq!(levels["events"][kind], 100, "the bot's alone: {kind}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn reminders_presence_and_minutes_stand_in_the_room() {
    let (mut stage, chat_of_zhang) = office_with_rooms().await;
    says(&mut stage, ZHANGSAN, &chat_of_zhang, "!meet 评审 @李四 今天 10:00 1h").await;
    looks(&mut stage).await;
    let room = rooms(&stage).remove(0);
    for person in [ZHANGSAN, LISI] {
        stage.joins(person, &room);
    }
    stage.settle().await;
    let common = card(&stage, &room, "[已预定]");
    stage.reacts(LISI, &room, &common, "✅");
    stage.advance_ms(45 * MINUTE);
    stage.settle().await;
    assert!(
        last(&stage, &room).starts_with("15 分钟后开始：MT-20261105-0001 评审"),
        "{:#?}",
        stage.said(&room)
    );
    assert!(last(&stage, &chat(&stage, LISI)).starts_with("15 分钟后开始"), "each hears it in their chat");
    stage.advance_ms(15 * MINUTE);
    stage.settle().await;
    stage.sets_state(LISI, &room, "org.matrix.msc3401.call.member", LISI, json!({ "application": "m.call" }));
    stage.advance_ms(HOUR);
    stage.settle().await;
    let minutes = card(&stage, &room, "会议纪要 MT-20261105-0001 评审 11-05");
    assert!(
        !stage.said(&chat_of_zhang).iter().any(|text| text.contains("未到场")),
        "who is in the call is there"
    );
    stage.says_in_thread(LISI, &room, &minutes, "结论: 下周上线");
    stage.settle().await;
    stage.advance_ms(15 * MINUTE);
    stage.settle().await;
    assert_eq!(last(&stage, &room), "纪要汇总 MT-20261105-0001 评审\n结论：下周上线（李四）");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_room_is_made_once_whatever_stops_the_bot() {
    let (mut stage, chat_of_zhang) = office_with_rooms().await;
    stage.says(ZHANGSAN, &chat_of_zhang, "!meet 评审 @李四 明天 10:00 1h");
    stage.settle().await;
    stage.restart().await;
    looks(&mut stage).await;
    let made = rooms(&stage);
    assert_eq!(made.len(), 1);
    let own = card(&stage, &chat_of_zhang, "[已预定]");
    assert!(reads(&stage, &chat_of_zhang, &own).contains("链接：https://matrix.to/#/"));
    // The later part of a series goes on in the same room.
    says(&mut stage, ZHANGSAN, &chat_of_zhang, "!meet 晨会 @李四 明天 09:00 15m 每天 x5").await;
    looks(&mut stage).await;
    stage.advance_ms(DAY + 2 * HOUR);
    stage.settle().await;
    let before = rooms(&stage).len();
    says(&mut stage, ZHANGSAN, &chat_of_zhang, "!meet move MT-20261105-0002 以后 11-07 10:00").await;
    looks(&mut stage).await;
    assert_eq!((before, rooms(&stage).len()), (2, 2));
    let later = card(&stage, &chat_of_zhang, "[已预定] MT-20261106-0001");
    assert!(reads(&stage, &chat_of_zhang, &later).contains("链接：https://matrix.to/#/"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_time_for_oneself_gets_no_room_until_somebody_is_asked_to_it() {
    let (mut stage, chat_of_zhang) = office_with_rooms().await;
    says(&mut stage, ZHANGSAN, &chat_of_zhang, "!meet 专注 明天 10:00 1h").await;
    looks(&mut stage).await;
    assert_eq!(rooms(&stage), Vec::<String>::new());
    says(&mut stage, ZHANGSAN, &chat_of_zhang, "!meet add MT-20261105-0001 @李四").await;
    looks(&mut stage).await;
    assert_eq!(rooms(&stage).len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn where_no_room_can_be_made_the_meeting_takes_place_without() {
    let (mut stage, chat_of_zhang) = office_with_rooms().await;
    stage.homeserver().makes_no_rooms_of("meeting");
    says(&mut stage, ZHANGSAN, &chat_of_zhang, "!meet 评审 @李四 明天 10:00 1h").await;
    looks(&mut stage).await;
    assert_eq!(rooms(&stage), Vec::<String>::new());
    let own = card(&stage, &chat_of_zhang, "[已预定]");
    assert!(!reads(&stage, &chat_of_zhang, &own).contains("链接"));
    let desk = chat(&stage, LISI);
    assert!(!card(&stage, &desk, "[已预定]").is_empty());
    says(&mut stage, ZHANGSAN, &chat_of_zhang, "!meet verify MT-20261105-0001").await;
    assert!(last(&stage, &chat_of_zhang).starts_with("OK · MT-20261105-0001 · 2 条记录"));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_said_and_taken_back_stays_in_the_record() {
    let (mut stage, chat_of_zhang) = office_with_rooms().await;
    let typed = stage.says(ZHANGSAN, &chat_of_zhang, "!meet 评审 @李四 明天 10:00 1h");
    stage.settle().await;
    stage.redacts(ZHANGSAN, &chat_of_zhang, &typed);
    stage.settle().await;
    let told = format!("已撤回原消息 {typed}（MT-20261105-0001 第 1 条记录的依据），记录不变。");
    assert!(stage.said(&chat_of_zhang).contains(&told), "{:#?}", stage.said(&chat_of_zhang));
}
