//! Passwords for calendar programs, in the hands of whose calendar it is.

use calendar::limits::PASSWORDS_OF_PERSON_MAX;

use super::{MINUTE, ZHANGSAN, office, says};

#[tokio::test(flavor = "multi_thread")]
async fn passwords_of_calendar_programs_are_listed_and_taken_back() {
    let (mut stage, room) = office().await;
    assert_eq!(says(&mut stage, ZHANGSAN, &room, "!meet caldav list").await, "没有日历密码。");
    for name in ["phone", "laptop"] {
        let shown = says(&mut stage, ZHANGSAN, &room, &format!("!meet caldav {name}")).await;
        assert!(shown.contains("密码"), "{shown}");
        stage.advance_ms(MINUTE);
    }
    let listed = says(&mut stage, ZHANGSAN, &room, "!meet caldav list").await;
    assert_eq!(listed, "1. phone · 2026-11-05\n2. laptop · 2026-11-05");
    let dropped = says(&mut stage, ZHANGSAN, &room, "!meet caldav drop 1").await;
    assert_eq!(dropped, "「phone」的日历密码已撤销。");
    let listed = says(&mut stage, ZHANGSAN, &room, "!会议 日历账号 列表").await;
    assert_eq!(listed, "1. laptop · 2026-11-05");
    let refused = says(&mut stage, ZHANGSAN, &room, "!meet caldav drop 2").await;
    assert_eq!(refused, "「编号」不存在，例如：!meet caldav list");
}

#[tokio::test(flavor = "multi_thread")]
async fn who_has_too_many_passwords_is_told_so() {
    let (mut stage, room) = office().await;
    for number in 0..PASSWORDS_OF_PERSON_MAX {
        says(&mut stage, ZHANGSAN, &room, &format!("!meet caldav phone{number}")).await;
    }
    let refused = says(&mut stage, ZHANGSAN, &room, "!meet caldav one more").await;
    assert_eq!(refused, "「日历密码」过多，例如：!meet caldav drop 1");
}
