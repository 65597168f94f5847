//! What happens by the clock: reminders, quiet hours, digests, repetitions, over restarts and faults.
//!
//! The stage begins on Thursday, 5 November 2026, at 09:00.

use kit::{CallError, double::Fault};

use super::*;

#[tokio::test]
async fn reminders_come_before_at_and_after_it_is_due() {
    let (mut stage, hall) = office().await;
    says(&mut stage, ZHANGSAN, &hall, "!任务 写周报 @孙七 11-06 18:00").await;
    let task = card(&stage, &hall, "TK-20261105-0001");
    passes(&mut stage, 9 * HOUR).await;
    assert_eq!(count(&stage, &hall, "孙七: 提醒：TK-20261105-0001 写周报 还有 1天，截止 11-06 18:00。"), 1);
    passes(&mut stage, 23 * HOUR).await;
    assert_eq!(count(&stage, &hall, "还有 1小时，"), 1);
    assert!(reads(&stage, &hall, &task).contains("已提醒 2 次，最近 11-06 17:00"));
    passes(&mut stage, HOUR).await;
    assert_eq!(count(&stage, &hall, "孙七: 到期：TK-20261105-0001 写周报 现在截止。"), 1);
    passes(&mut stage, 10 * MINUTE).await;
    taps(&mut stage, SUNQI, &hall, &task, "1️⃣").await;
    assert!(reads(&stage, &hall, &task).starts_with("[逾期 25%] TK-20261105-0001"), "overdue is shown first");
    passes(&mut stage, DAY).await;
    assert_eq!(
        count(&stage, &hall, "孙七、张三: 逾期：TK-20261105-0001 写周报 已过期 1天（截止 11-06 18:00）。"),
        1
    );
    passes(&mut stage, DAY).await;
    let head = chat(&stage, LISI);
    assert_eq!(
        count(&stage, &head, "孙七 的任务 TK-20261105-0001 写周报 已逾期 2天（截止 11-06 18:00）。"),
        1
    );
    taps(&mut stage, SUNQI, &hall, &task, "✅").await;
    let said = stage.said(&hall).len();
    passes(&mut stage, 2 * HOUR).await;
    assert!(stage.said(&hall).len() <= said + 1, "what is done reminds nobody");
}

#[tokio::test]
async fn nobody_is_woken_but_for_what_is_urgent() {
    let (mut stage, hall) = office().await;
    says(&mut stage, ZHANGSAN, &hall, "!任务 平常 @孙七 11-05 23:00").await;
    says(&mut stage, ZHANGSAN, &hall, "!任务 急事 @孙七 11-05 23:00 !紧急").await;
    passes(&mut stage, 14 * HOUR).await;
    assert_eq!(count(&stage, &hall, "到期：TK-20261105-0002 急事 现在截止。"), 1);
    assert_eq!(count(&stage, &hall, "TK-20261105-0001 平常 现在截止"), 0);
    passes(&mut stage, 9 * HOUR + 10 * MINUTE).await;
    assert!(
        count(&stage, &hall, "孙七: 逾期：TK-20261105-0001 平常 已过期 9小时") >= 1,
        "{:?}",
        stage.said(&hall)
    );
}

#[tokio::test]
async fn a_snoozed_reminder_comes_again() {
    let (mut stage, hall) = office().await;
    says(&mut stage, ZHANGSAN, &hall, "!任务 写周报 @孙七 周五").await;
    let task = card(&stage, &hall, "TK-20261105-0001");
    taps(&mut stage, SUNQI, &hall, &task, "⏰").await;
    assert_eq!(last(&stage, &hall), "孙七: 好的，11-05 10:00 再提醒 TK-20261105-0001。");
    passes(&mut stage, HOUR).await;
    assert_eq!(count(&stage, &hall, "孙七: 提醒：TK-20261105-0001 写周报 还有 1天8小时"), 1);
    says(&mut stage, SUNQI, &hall, "!稍后 TK-20261105-0001 30m").await;
    passes(&mut stage, 30 * MINUTE).await;
    assert_eq!(count(&stage, &hall, "孙七: 提醒：TK-20261105-0001 写周报 还有 1天7小时30分钟"), 1);
}

#[tokio::test]
async fn what_was_missed_while_down_is_told_once_and_marked() {
    let (mut stage, hall) = office().await;
    says(&mut stage, ZHANGSAN, &hall, "!任务 写周报 @孙七 11-05 18:00").await;
    stage.stop().await;
    stage.advance_ms(9 * HOUR + 5 * MINUTE);
    stage.start().await;
    stage.settle().await;
    let reminders = |stage: &Stage| count(stage, &hall, "孙七: （补发）");
    assert_eq!(reminders(&stage), 1, "{:?}", stage.said(&hall));
    assert_eq!(count(&stage, &hall, "（补发）到期：TK-20261105-0001 写周报 现在截止。"), 1);
    stage.restart().await;
    passes(&mut stage, HOUR).await;
    assert_eq!(reminders(&stage), 1);
}

#[tokio::test]
async fn the_morning_brings_a_digest_on_working_days_and_nothing_when_there_is_nothing() {
    let (mut stage, hall) = office().await;
    says(&mut stage, ZHANGSAN, &hall, "!任务 昨天的 @孙七 11-05 18:00").await;
    says(&mut stage, ZHANGSAN, &hall, "!任务 今天的 @孙七 11-06 20:00").await;
    says(&mut stage, ZHANGSAN, &hall, "!任务 跨部门 @王五 11-20").await;
    passes(&mut stage, DAY).await;
    let desk = chat(&stage, SUNQI);
    assert_eq!(
        last(&stage, &desk),
        "[早报] 你的任务\n逾期 1\n[逾期] TK-20261105-0001 昨天的 · 孙七 · 截止 11-05 18:00\n\
         今天到期 1\n[待开始] TK-20261105-0002 今天的 · 孙七 · 截止 11-06 20:00"
    );
    assert!(stage.direct(LOCALPART, ANN).is_none(), "who has nothing hears nothing");
    passes(&mut stage, 2 * DAY).await;
    assert_eq!(count(&stage, &desk, "[早报]"), 1, "nothing at the weekend");
    stage.restart().await;
    passes(&mut stage, DAY).await;
    assert_eq!(count(&stage, &desk, "[早报]"), 2, "{:?}", stage.said(&desk));
}

#[tokio::test]
async fn silence_takes_what_another_department_gave_after_a_day() {
    let (mut stage, hall) = office().await;
    says(&mut stage, ZHANGSAN, &hall, "!任务 查日志 @王五 11-20").await;
    let task = card(&stage, &hall, "TK-20261105-0001");
    assert!(reads(&stage, &hall, &task).contains("等待接受: 王五"));
    passes(&mut stage, DAY).await;
    assert!(!reads(&stage, &hall, &task).contains("等待接受"));
}

#[tokio::test]
async fn a_repeated_task_comes_again_when_done_or_when_its_time_is_over() {
    let (mut stage, hall) = office().await;
    says(&mut stage, ZHANGSAN, &hall, "!任务 周报 @孙七 11-06 18:00 每周").await;
    let first = card(&stage, &hall, "TK-20261105-0001");
    assert!(reads(&stage, &hall, &first).contains("重复 每周"));
    taps(&mut stage, SUNQI, &hall, &first, "✅").await;
    let second = card(&stage, &hall, "TK-20261105-0002 周报 · 孙七 · 截止 11-13 18:00");
    assert!(reads(&stage, &hall, &second).contains("接续 TK-20261105-0001"));
    // Three weeks pass while the bot is down: one comes, and says what was missed.
    stage.stop().await;
    stage.advance_ms(29 * DAY);
    stage.start().await;
    stage.settle().await;
    let third = card(&stage, &hall, "TK-20261204-0001 周报 · 孙七 · 截止 12-04 18:00");
    assert!(reads(&stage, &hall, &third).contains("错过 2 期"), "{}", reads(&stage, &hall, &third));
    assert_eq!(count(&stage, &hall, "接续 TK-"), 2);
}

#[tokio::test]
async fn a_lost_answer_doubles_nothing() {
    let (mut stage, hall) = office().await;
    says(&mut stage, ZHANGSAN, &hall, "!任务 写周报 @李四 明天").await;
    let task = card(&stage, &hall, "] TK-20261105-0001");
    stage.reacts(LISI, &hall, &task, "✅");
    for _ in 0..4 {
        stage.fails_next(Fault::AnswerLost);
        stage.settle().await;
        stage.fails_next(Fault::Lost(CallError::Unreachable("down".to_owned())));
        stage.settle().await;
        stage.restart().await;
    }
    stage.settle().await;
    let events = stage.events_of_bots(&hall);
    let edits = events.iter().filter(|event| {
        let new = &event["content"]["m.new_content"]["body"];
        new.as_str().is_some_and(|body| body.starts_with("[已完成]"))
    });
    assert_eq!(edits.count(), 1);
    assert_eq!(count(&stage, &hall, "张三: TK-20261105-0001 写周报 已由 李四 完成。"), 1);
    let is_seed = |event: &&Value| {
        event["type"] == "m.reaction" && event["content"]["m.relates_to"]["event_id"] == task.as_str()
    };
    assert_eq!(events.iter().filter(is_seed).count(), 6);
}
