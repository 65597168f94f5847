//! Series and their exceptions, told by people.

use super::{DAY, HOUR, LISI, ZHANGSAN, card, chat, last, office, reads, says};

#[tokio::test(flavor = "multi_thread")]
async fn what_of_a_series_is_cancelled_is_asked() {
    let (mut stage, room) = office().await;
    says(&mut stage, ZHANGSAN, &room, "!meet 周会 @李四 周五 10:00 1h 每周").await;
    let own = card(&stage, &room, "[已预定]");
    let question = says(&mut stage, ZHANGSAN, &room, "!meet cancel MT-20261105-0001").await;
    assert_eq!(question, "指哪几次？\n1. 本次\n2. 以后\n3. 全部");
    says(&mut stage, ZHANGSAN, &room, "1").await;
    let text = reads(&stage, &room, &own);
    assert!(text.starts_with("[已预定] MT-20261105-0001 周会 · 张三 · 11-13 周五 10:00–11:00"), "{text}");
    let desk = chat(&stage, LISI);
    assert!(
        stage.said(&desk).contains(&"MT-20261105-0001 周会 本次（11-06 周五 10:00–11:00）取消。".to_owned())
    );
    says(&mut stage, ZHANGSAN, &room, "!meet cancel MT-20261105-0001 全部").await;
    assert!(reads(&stage, &room, &own).starts_with("[已取消]"));
    let cancel = |event: &serde_json::Value| {
        event["content"]["info"]["mimetype"].as_str().is_some_and(|kind| kind.ends_with("method=CANCEL"))
    };
    assert_eq!(stage.events_of_bots(&desk).iter().filter(|event| cancel(event)).count(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn one_instance_moves_alone_and_keeps_its_time() {
    let (mut stage, room) = office().await;
    says(&mut stage, ZHANGSAN, &room, "!meet 周会 @李四 周五 10:00 1h 每周").await;
    let own = card(&stage, &room, "[已预定]");
    says(&mut stage, ZHANGSAN, &room, "!meet move MT-20261105-0001 本次 周五 15:00").await;
    assert!(reads(&stage, &room, &own).contains("11-06 周五 15:00–16:00"));
    stage.advance_ms(DAY + 8 * HOUR);
    stage.settle().await;
    assert!(reads(&stage, &room, &own).contains("11-13 周五 10:00–11:00"), "{}", reads(&stage, &room, &own));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_later_part_of_a_series_becomes_another_one() {
    let (mut stage, room) = office().await;
    says(&mut stage, ZHANGSAN, &room, "!meet 周会 @李四 周五 10:00 1h 每周 x5").await;
    stage.advance_ms(2 * DAY);
    stage.settle().await;
    says(&mut stage, ZHANGSAN, &room, "!meet move MT-20261105-0001 以后 11-13 16:00").await;
    assert_eq!(last(&stage, &room), "MT-20261105-0001 到此为止，之后是 MT-20261107-0001。");
    let later = card(&stage, &room, "[已预定] MT-20261107-0001");
    let text = reads(&stage, &room, &later);
    assert!(text.contains("11-13 周五 16:00–17:00") && text.contains("每周 × 4"), "{text}");
    let first = card(&stage, &room, "[已预定] MT-20261105-0001");
    let text = reads(&stage, &room, &first);
    assert!(text.starts_with("[已结束]") && text.contains("重复：每周，至 2026-11-12"), "{text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_card_says_the_days_and_the_end_of_a_series() {
    let (mut stage, room) = office().await;
    says(&mut stage, ZHANGSAN, &room, "!meet 站会 周一 10:00 15m 每周一三 至 11-30").await;
    let text = reads(&stage, &room, &card(&stage, &room, "[已预定]"));
    assert!(text.contains("\n重复：每周一、周三，至 2026-11-30"), "{text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_series_begins_on_one_of_its_days_and_its_rule_is_typed_as_its_card_says_it() {
    let (mut stage, room) = office().await;
    for (line, begins, rule) in [
        ("每月15日 x3", "11-15 周日 10:00", "每月的15日 × 3"),
        ("每月第一个周一 x3", "12-07 周一 10:00", "每月的第一个周一 × 3"),
        ("every Mon and Wed x3", "11-09 周一 10:00", "每周一、周三 × 3"),
        ("每两周的周五 x3", "11-06 周五 10:00", "每两周的周五 × 3"),
    ] {
        says(&mut stage, ZHANGSAN, &room, &format!("!meet 站会 {line} 10:00 15m")).await;
        let text = reads(&stage, &room, &card(&stage, &room, "[已预定]"));
        assert!(text.contains(&format!("· {begins}–10:15")), "{text}");
        assert!(text.contains(&format!("\n重复：{rule}")), "{text}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_series_is_cancelled_by_the_last_word_of_the_line() {
    let (mut stage, room) = office().await;
    says(&mut stage, ZHANGSAN, &room, "!meet All hands 周五 10:00 1h 每周").await;
    let own = card(&stage, &room, "[已预定] MT-20261105-0001 All hands ·");
    says(&mut stage, ZHANGSAN, &room, "!meet move MT-20261105-0001 周五 15:00 this").await;
    assert!(reads(&stage, &room, &own).contains("11-06 周五 15:00–16:00"));
    let question = says(&mut stage, ZHANGSAN, &room, "!meet cancel MT-20261105-0001 this week").await;
    assert!(question.starts_with("指哪几次？"), "{question}");
    says(&mut stage, ZHANGSAN, &room, "all").await;
    assert!(reads(&stage, &room, &own).starts_with("[已取消]"));
}

#[tokio::test(flavor = "multi_thread")]
async fn one_instance_is_declined_alone() {
    let (mut stage, room) = office().await;
    says(&mut stage, ZHANGSAN, &room, "!meet 周会 @李四 周五 10:00 1h 每周").await;
    let own = card(&stage, &room, "[已预定]");
    let desk = chat(&stage, LISI);
    let invitation = card(&stage, &desk, "[已预定]");
    stage.reacts(LISI, &desk, &invitation, "✅");
    stage.settle().await;
    stage.replies(LISI, &desk, &invitation, "拒绝 11-06");
    stage.settle().await;
    assert!(reads(&stage, &room, &own).contains("李四❌"));
    stage.advance_ms(2 * DAY);
    stage.settle().await;
    assert!(reads(&stage, &room, &own).contains("李四✅"), "the next one is not declined");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_resource_is_taken_by_every_instance() {
    let (mut stage, room) = office().await;
    says(&mut stage, ZHANGSAN, &room, "!meet 周会 周五 10:00 1h 每周 #会议室3").await;
    assert_eq!(
        says(&mut stage, ZHANGSAN, &room, "!meet 评审 11-20 10:30 1h #会议室3").await,
        "会议室3 在 11-20 10:30 已被 张三 预订，最近空闲：11-20 11:00"
    );
    says(&mut stage, ZHANGSAN, &room, "!meet cancel MT-20261105-0001 全部").await;
    says(&mut stage, ZHANGSAN, &room, "!meet 评审 11-20 10:30 1h #会议室3").await;
    assert!(!card(&stage, &room, "[已预定] MT-20261105-0002 评审").is_empty());
}
