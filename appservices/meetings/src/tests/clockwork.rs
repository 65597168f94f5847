//! Reminders, start and end, over restarts and with the bots down for a while.

use super::{ANN, DAY, HOUR, LISI, MINUTE, ZHANGSAN, card, chat, office, reads, says, team};
use kit::double::Stage;
use serde_json::json;

fn reminders(stage: &Stage, room: &str) -> Vec<String> {
    let said = stage.said(room).into_iter();
    said.filter(|text| {
        text.contains("分钟后开始") || text.contains("迟到的提醒") || text.contains("Begins in")
    })
    .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn everybody_who_may_come_is_reminded_twice_with_the_link() {
    let (mut stage, _) = office().await;
    let room = team(&mut stage, &[LISI, ANN]).await;
    says(&mut stage, ZHANGSAN, &room, "!meet 周会 @李四 @ann 今天 10:00 30m").await;
    let desk = chat(&stage, LISI);
    let far = chat(&stage, ANN);
    let invitation = card(&stage, &far, "[Scheduled]");
    stage.reacts(ANN, &far, &invitation, "❌");
    stage.advance_ms(45 * MINUTE);
    stage.settle().await;
    let reminded = reminders(&stage, &desk);
    assert_eq!(reminded.len(), 1, "{reminded:#?}");
    assert!(
        reminded[0].starts_with(
            "15 分钟后开始：MT-20261105-0001 周会 11-05 周四 10:00–10:30\n链接：https://matrix.to/#/"
        ),
        "{reminded:#?}"
    );
    assert!(reminders(&stage, &far).is_empty(), "who declined is left in peace");
    stage.restart().await;
    stage.settle().await;
    stage.advance_ms(14 * MINUTE);
    stage.settle().await;
    stage.restart().await;
    stage.settle().await;
    assert_eq!(reminders(&stage, &desk).len(), 2);
    stage.advance_ms(MINUTE);
    stage.settle().await;
    let common = card(&stage, &room, "[已预定]");
    assert!(reads(&stage, &room, &common).starts_with("[进行中]"));
    assert_eq!(reminders(&stage, &desk).len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reminder_that_was_missed_is_sent_once_and_marked_late() {
    let (mut stage, room) = office().await;
    says(&mut stage, ZHANGSAN, &room, "!meet 周会 @李四 今天 10:00 30m").await;
    let desk = chat(&stage, LISI);
    stage.stop().await;
    stage.advance_ms(HOUR + 10 * MINUTE);
    stage.start().await;
    stage.settle().await;
    let reminded = reminders(&stage, &desk);
    assert_eq!(reminded, ["（迟到的提醒）MT-20261105-0001 周会 11-05 周四 10:00–10:30"]);
    stage.restart().await;
    stage.settle().await;
    assert_eq!(reminders(&stage, &desk).len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_meeting_that_moved_is_reminded_of_at_its_new_time() {
    let (mut stage, room) = office().await;
    says(&mut stage, ZHANGSAN, &room, "!meet 周会 @李四 今天 10:00 30m").await;
    let desk = chat(&stage, LISI);
    says(&mut stage, ZHANGSAN, &room, "!meet move MT-20261105-0001 12:00").await;
    stage.advance_ms(50 * MINUTE);
    stage.settle().await;
    assert!(reminders(&stage, &desk).is_empty());
    stage.advance_ms(2 * HOUR);
    stage.settle().await;
    assert_eq!(reminders(&stage, &desk).len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn only_the_organiser_hears_who_did_not_come() {
    let (mut stage, _) = office().await;
    let room = team(&mut stage, &[LISI, ANN]).await;
    says(&mut stage, ZHANGSAN, &room, "!meet 周会 @李四 @ann @赵六 今天 10:00 30m").await;
    let common = card(&stage, &room, "[已预定]");
    assert_eq!(stage.offers(&room, &common), ["✅", "❔", "❌", "🔁"]);
    for person in [LISI, ANN] {
        stage.reacts(person, &room, &common, "✅");
    }
    stage.settle().await;
    let zhao = chat(&stage, super::ZHAOLIU);
    let invitation = card(&stage, &zhao, "[已预定]");
    stage.reacts(super::ZHAOLIU, &zhao, &invitation, "✅");
    stage.advance_ms(HOUR + MINUTE);
    stage.settle().await;
    for (place, card) in [(&room, &common), (&zhao, &invitation)] {
        assert_eq!(stage.offers(place, card), ["🙋"], "what can be done changes with the state");
    }
    stage.reacts(LISI, &room, &common, "🙋");
    stage.sends(ANN, &room, "org.matrix.msc3401.call.member", json!({ "application": "m.call" }));
    stage.settle().await;
    stage.advance_ms(30 * MINUTE);
    stage.settle().await;
    assert!(stage.offers(&room, &common).is_empty(), "nothing can be done with what is over");
    let own = chat(&stage, ZHANGSAN);
    let said = stage.said(&own);
    // A call member is state; without a state key it says nothing.
    assert!(said.contains(&"MT-20261105-0001 周会 已接受但未到场：Ann、赵六".to_owned()), "{said:#?}");
    for room in [room, zhao, chat(&stage, LISI)] {
        assert!(!stage.said(&room).iter().any(|text| text.contains("未到场")));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_series_goes_on_after_each_instance() {
    let (mut stage, room) = office().await;
    says(&mut stage, ZHANGSAN, &room, "!meet 晨会 @李四 今天 10:00 15m 每天 x3").await;
    let own = card(&stage, &room, "[已预定]");
    assert!(reads(&stage, &room, &own).contains("重复：每天 × 3"));
    for day in ["11-06 周五", "11-07 周六"] {
        stage.advance_ms(DAY);
        stage.settle().await;
        let text = reads(&stage, &room, &own);
        let starts = format!("[已预定] MT-20261105-0001 晨会 · 张三 · {day}");
        assert!(text.starts_with(&starts), "{text}");
    }
    stage.advance_ms(DAY + 2 * HOUR);
    stage.settle().await;
    assert!(reads(&stage, &room, &own).starts_with("[已结束]"));
    let minutes = stage.said(&room).into_iter().filter(|text| text.starts_with("会议纪要")).count();
    assert_eq!(minutes, 3);
}
