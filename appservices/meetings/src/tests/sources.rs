//! Calendars elsewhere, named in the direct chat with the bot.

use kit::double::Stage;
use serde_json::json;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpListener,
};

use super::{LISI, ZHANGSAN, calendars_of, last, meetings, office, says, team};

/// A calendar with one hour in the afternoon of the day on which these tests begin.
const CALENDAR: &str = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//elsewhere//EN\r\nBEGIN:VEVENT\r\nUID:u\r\n\
    DTSTAMP:20261101T000000Z\r\nDTSTART:20261105T060000Z\r\nDTEND:20261105T070000Z\r\nSUMMARY:Dentist\r\n\
    END:VEVENT\r\nEND:VCALENDAR\r\n";

const REMOVED: &str = "你的消息里可能有密码或私人地址，已删除。";
const NOT_REMOVED: &str = "你的消息里可能有密码或私人地址，我无权删除，请自己删除。";

/// Serves the calendar to whoever asks; where.
async fn served() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((mut socket, _)) = listener.accept().await {
            let mut asked = Vec::new();
            while !asked.ends_with(b"\r\n\r\n") {
                let mut piece = [0; 1024];
                match socket.read(&mut piece).await {
                    Ok(0) | Err(_) => break,
                    Ok(count) => asked.extend_from_slice(&piece[..count]),
                }
            }
            let head = format!(
                "HTTP/1.1 200 OK\r\ncontent-type: text/calendar\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
                CALENDAR.len()
            );
            let answer = head + CALENDAR;
            drop(socket.write_all(answer.as_bytes()).await);
        }
    });
    format!("http://{address}/private.ics")
}

/// Whether the bot took a message away.
fn is_taken_away(stage: &Stage, room: &str, event: &str) -> bool {
    let events = stage.events_of_bots(room);
    events.iter().any(|other| other["type"] == "m.room.redaction" && other["redacts"] == event)
}

/// What goes on beside the bot: calendars are looked at, and their owners told.
async fn looks(stage: &mut Stage) {
    let bot = meetings(stage.kit());
    calendars_of(stage.kit()).fetch_due(&bot).await.unwrap();
    stage.settle().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_calendar_elsewhere_is_named_in_chat_and_counts_from_then_on() {
    let (mut stage, room) = office().await;
    let url = served().await;
    let add = format!("!meet source add {url}");
    let said = says(&mut stage, ZHANGSAN, &room, &add).await;
    assert_eq!(said, format!("正在读取 127.0.0.1 的日历，结果随后告诉你。\n{NOT_REMOVED}"));
    looks(&mut stage).await;
    assert_eq!(last(&stage, &room), "127.0.0.1 的日历已添加：2027-12-10 之前有 1 段忙碌时间，找时间时计入。");
    assert_eq!(says(&mut stage, ZHANGSAN, &room, "!meet free").await, "11-05 忙闲\n张三：忙 14:00–15:00");
    says(&mut stage, ZHANGSAN, &room, "!meet find 3h 今天 下午").await;
    let slots = super::card(&stage, &room, "[找时间]");
    assert!(super::reads(&stage, &room, &slots).contains("1 个候选时间"), "15:00 to 18:00 is left");
    let told = stage.said(&room).len();
    looks(&mut stage).await;
    assert_eq!(stage.said(&room).len(), told, "it is told once");

    let list = "!会议 日历源 列表";
    assert_eq!(says(&mut stage, ZHANGSAN, &room, list).await, "1. 127.0.0.1（订阅地址）");
    assert_eq!(says(&mut stage, ZHANGSAN, &room, "!meet source drop 1").await, "127.0.0.1 的日历已移除。");
    assert_eq!(says(&mut stage, ZHANGSAN, &room, list).await, "没有其他日历。");
    assert_eq!(
        says(&mut stage, ZHANGSAN, &room, "!meet source drop 1").await,
        "「编号」不存在，例如：!meet source list"
    );
    for number in 0..10 {
        says(&mut stage, ZHANGSAN, &room, &format!("!meet source add {url}?{number}")).await;
    }
    let refused = says(&mut stage, ZHANGSAN, &room, &add).await;
    assert!(refused.starts_with("「日历源」过多，例如：10"), "{refused}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_with_a_password_is_taken_away_and_what_cannot_be_asked_is_not_kept() {
    let (mut stage, room) = office().await;
    let powers = json!({ "users": { "@meet:test": 100, ZHANGSAN: 100 } });
    stage.sets_state(ZHANGSAN, &room, "m.room.power_levels", "", powers);
    let typed = "!meet source add https://169.254.169.254/dav/ zhang geheim geheim";
    let event = stage.says(ZHANGSAN, &room, typed);
    stage.settle().await;
    assert_eq!(last(&stage, &room), format!("正在读取 169.254.169.254 的日历，结果随后告诉你。\n{REMOVED}"));
    assert!(is_taken_away(&stage, &room, &event));
    assert_eq!(
        says(&mut stage, ZHANGSAN, &room, "!meet source list").await,
        "1. 169.254.169.254（CalDAV，用户 zhang）"
    );
    looks(&mut stage).await;
    assert_eq!(last(&stage, &room), "169.254.169.254 的日历未添加：不允许访问这个地址。");
    assert_eq!(says(&mut stage, ZHANGSAN, &room, "!meet source").await, "没有其他日历。");
    for (typed, expected) in [
        (
            "add http://cal.example/dav/ zhang geheim",
            "cal.example 的日历未添加：有密码时地址必须以 https:// 开头。",
        ),
        ("add ftp://cal.example/a.ics", "cal.example 的日历未添加：地址不正确。"),
        ("add cal.example/private-8361.ics", "日历未添加：地址不正确。"),
        (
            "add https://cal.example/ zhang",
            "「日历源」要写地址，或地址、用户名和密码，例如：!meet source add https://… [user password]",
        ),
    ] {
        let said = says(&mut stage, ZHANGSAN, &room, &format!("!meet source {typed}")).await;
        assert_eq!(said, format!("{expected}\n{REMOVED}"), "{typed}");
    }
    // What an edit says is no command, and a password all the same.
    let plain = stage.says(ZHANGSAN, &room, "!meet today");
    let typed = "!meet source add https://cal.example/dav/ zhang geheim";
    let edit = stage.edits(ZHANGSAN, &room, &plain, typed);
    stage.settle().await;
    assert_eq!(last(&stage, &room), format!("修改旧消息不会重新执行命令，请重新发送。\n{REMOVED}"));
    assert!(is_taken_away(&stage, &room, &edit) && !is_taken_away(&stage, &room, &plain));
    assert!(!stage.said(&room).iter().any(|text| text.contains("geheim")));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_password_behind_a_misspelt_word_is_taken_away_and_becomes_no_title() {
    let (mut stage, room) = office().await;
    let powers = json!({ "users": { "@meet:test": 100, ZHANGSAN: 100 } });
    stage.sets_state(ZHANGSAN, &room, "m.room.power_levels", "", powers);
    for word in ["sources", "Soruce", "日历", "日历原"] {
        let typed = format!("!meet {word} add ftp://cal.example/dav/ zhang geheim");
        let said = says(&mut stage, ZHANGSAN, &room, &typed).await;
        assert_eq!(said, format!("cal.example 的日历未添加：地址不正确。\n{REMOVED}"), "{word}");
    }
    let asked = says(&mut stage, ZHANGSAN, &room, "!meet").await;
    assert!(!asked.contains("geheim"), "nothing waits to be booked: {asked}");
}

#[tokio::test(flavor = "multi_thread")]
async fn calendars_elsewhere_are_no_matter_for_a_room() {
    let (mut stage, _) = office().await;
    let room = team(&mut stage, &[LISI]).await;
    let said = says(&mut stage, LISI, &room, "!meet source add https://cal.example/dav/ li geheim").await;
    assert_eq!(said, format!("其他日历只能在与我的私聊里管理，未作任何改动。\n{NOT_REMOVED}"));
    let owner = calendar::Address::Matrix(LISI.try_into().unwrap());
    assert!(calendars_of(stage.kit()).sources(&owner).await.unwrap().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_chain_of_a_meeting_is_walked_on_demand() {
    let (mut stage, room) = office().await;
    says(&mut stage, ZHANGSAN, &room, "!meet 周会 @李四 明天 10:00").await;
    assert_eq!(
        says(&mut stage, ZHANGSAN, &room, "!meet verify MT-20261105-0001").await,
        "OK · MT-20261105-0001 · 1 条记录 · 1 个签名密钥"
    );
}
