//! A program elsewhere that refuses what it hears, for a while or for good.

use super::*;
use crate::limits::{
    HOOK_LOOK_INTERVAL, HOOK_PAUSE_MAX, HOOK_REFUSALS_IN_A_ROW_MAX, HOOK_WARNING_INTERVAL_MS,
};

/// 赵六 looks after the organisation from now on.
async fn appoints_zhaoliu(stage: &mut Stage) {
    let people = Tasks::new(stage.kit().clone(), TasksParts::default()).people().await.unwrap();
    let row = "工号,账号,姓名,部门,部门主管,角色\n4,zhaoliu,赵六,总部,是,org_admin\n";
    let preview = people.preview(row.as_bytes(), false, "test").await.unwrap();
    people.apply(&preview.id, "test").await.unwrap();
    stage.restart().await;
}

/// Longer than a task that was refused waits.
fn passes_a_pause(stage: &Stage) {
    passes(stage, HOOK_PAUSE_MAX);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_refused_is_tried_again_and_those_who_look_after_the_organisation_hear_of_it_at_once() {
    let (mut stage, hall) = telling_office().await;
    appoints_zhaoliu(&mut stage).await;
    let program = Program::answering(&[404, 410, 401]).await;
    let teller = program.teller(&stage, LOOPBACK);
    says(&mut stage, ZHANGSAN, &hall, "!任务 写周报 @李四 明天").await;
    for status in [404, 410, 401] {
        assert_eq!(teller.tell_hook().await.unwrap(), HOOK_LOOK_INTERVAL, "{status}");
        assert_eq!(program.told().len(), 1, "{status} to it");
        teller.tell_hook().await.unwrap();
        assert!(program.told().is_empty(), "after {status} it waits a while");
        passes_a_pause(&stage);
        stage.settle().await;
    }
    let chat = chat(&stage, ZHAOLIU);
    let warned = count(&stage, &chat, "没有收下 TK-20261105-0001 的变化");
    assert_eq!(warned, 1, "{:#?}", stage.said(&chat));
    assert!(stage.said(&chat).iter().any(|said| said.contains("它回答 404")), "{:#?}", stage.said(&chat));
    // A restart forgets neither the change nor that it was said.
    stage.restart().await;
    let teller = program.teller(&stage, LOOPBACK);
    teller.tell_hook().await.unwrap();
    let told = program.told();
    assert_eq!((told.len(), &told[0].1["title"]), (1, &"写周报".into()), "it arrives at last");
    passes_a_pause(&stage);
    teller.tell_hook().await.unwrap();
    assert!(program.told().is_empty(), "once");
}

#[tokio::test(flavor = "multi_thread")]
async fn after_all_was_taken_the_next_refusal_is_said_again_and_not_before() {
    let (mut stage, hall) = telling_office().await;
    appoints_zhaoliu(&mut stage).await;
    let program = Program::answering(&[404, 200, 404, 200, 404]).await;
    let teller = program.teller(&stage, LOOPBACK);
    for line in ["!任务 写周报 @李四 明天", "!任务 写月报 @李四 明天"] {
        says(&mut stage, ZHANGSAN, &hall, line).await;
    }
    // One is taken and the other one is not, twice; then that one is taken as well.
    let mut warned = Vec::new();
    for _ in 0..3 {
        teller.tell_hook().await.unwrap();
        passes_a_pause(&stage);
        stage.settle().await;
        warned.push(count(&stage, &chat(&stage, ZHAOLIU), "没有收下"));
    }
    says(&mut stage, ZHANGSAN, &hall, "!任务 写年报 @李四 明天").await;
    teller.tell_hook().await.unwrap();
    stage.settle().await;
    warned.push(count(&stage, &chat(&stage, ZHAOLIU), "没有收下"));
    assert_eq!((warned, program.told().len()), (vec![1, 1, 1, 2], 5));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_refused_for_days_is_given_up_aloud_and_the_next_change_is_told() {
    let (mut stage, hall) = telling_office().await;
    appoints_zhaoliu(&mut stage).await;
    let days = usize::try_from(HOOK_KEPT_MS / HOOK_WARNING_INTERVAL_MS).unwrap();
    let program = Program::answering(&vec![404; days + 1]).await;
    let teller = program.teller(&stage, LOOPBACK);
    says(&mut stage, ZHANGSAN, &hall, "!任务 写周报 @李四 明天").await;
    // Reminders of the task would be changes of it: nothing comes to rest in between.
    for _ in 0..=days {
        teller.tell_hook().await.unwrap();
        assert_eq!(program.told().len(), 1);
        stage.advance_ms(HOOK_WARNING_INTERVAL_MS);
    }
    teller.tell_hook().await.unwrap();
    assert!(program.told().is_empty(), "it is given up");
    stage.settle().await;
    let chat = chat(&stage, ZHAOLIU);
    let parts = ["变化会保留 3 天", "3 天都没有收下 TK-20261105-0001"];
    let counts = parts.map(|part| count(&stage, &chat, part));
    assert_eq!(counts, [days, 1], "{:#?}", stage.said(&chat));
    let task = card(&stage, &hall, "] TK-20261105-0001");
    taps(&mut stage, LISI, &hall, &task, "✅").await;
    teller.tell_hook().await.unwrap();
    assert_eq!(program.told()[0].1["state"], "done");
}

#[tokio::test(flavor = "multi_thread")]
async fn refused_tasks_hold_up_no_other_however_many_they_are() {
    let (mut stage, hall) = telling_office().await;
    let refused = HOOK_REFUSALS_IN_A_ROW_MAX;
    let program = Program::answering(&[400; HOOK_REFUSALS_IN_A_ROW_MAX]).await;
    let teller = program.teller(&stage, LOOPBACK);
    for number in 0..=refused {
        says(&mut stage, ZHANGSAN, &hall, &format!("!任务 写报告{number} @李四 明天")).await;
        stage.advance_ms(1);
    }
    let wait = teller.tell_hook().await.unwrap();
    assert_eq!(wait, HOOK_LOOK_INTERVAL, "the rest waits for the next look");
    assert_eq!(program.told().len(), refused);
    teller.tell_hook().await.unwrap();
    let told = program.told();
    assert_eq!((told.len(), &told[0].1["title"]), (1, &format!("写报告{refused}").into()));
    passes_a_pause(&stage);
    teller.tell_hook().await.unwrap();
    assert_eq!(program.told().len(), refused, "all of them arrive");
}
