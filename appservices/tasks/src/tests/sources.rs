//! What tasks come from: what they ask for, and what is shown when it is taken back.

use serde_json::json;

use super::*;
use crate::{Proposal, Todo, propose};

/// What the bot says of something that was redacted.
const REDACTED: &str = "已撤回原消息";

#[tokio::test]
async fn what_is_taken_from_a_message_says_why_it_was_offered_and_asks_for_a_date() {
    let (mut stage, hall) = office().await;
    let asked = says(&mut stage, LISI, &hall, "合同需跟进").await;
    taps(&mut stage, SUNQI, &hall, &asked, "📌").await;
    let task = card(&stage, &hall, "TK-20261105-0001 合同需跟进 · 孙七 · 未定日期");
    assert!(reads(&stage, &hall, &task).contains("含「需跟进」"), "{}", reads(&stage, &hall, &task));
    assert_eq!(count(&stage, &hall, "孙七: TK-20261105-0001 什么时候完成？"), 1);
    stage.says_in_thread(SUNQI, &hall, &task, "周五");
    stage.settle().await;
    assert!(reads(&stage, &hall, &task).contains("截止 11-06 18:00"));
    let plain = says(&mut stage, LISI, &hall, "客户要新报价").await;
    stage.replies(ZHANGSAN, &hall, &plain, "!task");
    stage.settle().await;
    let task = card(&stage, &hall, "TK-20261105-0002 客户要新报价");
    assert!(!reads(&stage, &hall, &task).contains("含「"), "nobody offered it");
    assert_eq!(count(&stage, &hall, "张三: TK-20261105-0002 什么时候完成？"), 1);
}

#[tokio::test]
async fn a_to_do_of_minutes_without_a_date_asks_its_organiser_once_it_is_confirmed() {
    let (mut stage, _) = office().await;
    let todo = Todo { title: "写纪要".to_owned(), assignees: vec![id("2")], due: None, is_secret: false };
    let (source_no, zone) = ("MT-20261105-0001".to_owned(), "Asia/Shanghai".to_owned());
    let mut batch = store::Batch::new();
    propose(stage.kit(), &mut batch, "m1/1", &Proposal { todo, by: id("1"), source_no, zone });
    stage.kit().store().commit(batch).await.unwrap();
    stage.settle().await;
    let (organiser, desk) = (chat(&stage, ZHANGSAN), chat(&stage, LISI));
    let mine = card(&stage, &desk, "TK-20261105-0001 写纪要");
    assert_eq!(count(&stage, &organiser, "什么时候完成？"), 0, "nobody wants it yet");
    taps(&mut stage, LISI, &desk, &mine, "✅").await;
    assert_eq!(count(&stage, &organiser, "TK-20261105-0001 什么时候完成？"), 1);
    says(&mut stage, ZHANGSAN, &organiser, "明天").await;
    assert!(reads(&stage, &desk, &mine).contains("截止 11-06 18:00"), "{}", reads(&stage, &desk, &mine));
}

#[tokio::test]
async fn a_task_names_the_approval_it_comes_from() {
    let (mut stage, hall) = office().await;
    says(&mut stage, ZHANGSAN, &hall, "!任务 付款 @李四 明天 来源:ap-20261105-0007").await;
    let task = card(&stage, &hall, "TK-20261105-0001 付款 · 李四");
    assert!(reads(&stage, &hall, &task).contains("来源 AP-20261105-0007"));
    says(&mut stage, ZHANGSAN, &hall, "!任务 付款 来源:上周").await;
    assert_eq!(last(&stage, &hall), "「来源」不在可选项中，例如：from:AP-20261105-0001");
}

#[tokio::test]
async fn what_is_copied_into_a_task_of_an_approval_is_shown_as_taken_back_too() {
    let (mut stage, hall) = office().await;
    let asked = says(&mut stage, LISI, &hall, "客户要新报价").await;
    stage.replies(ZHANGSAN, &hall, &asked, "!task 报价 周五 from:AP-20261105-0007");
    stage.settle().await;
    let task = card(&stage, &hall, "TK-20261105-0001 报价");
    assert!(!reads(&stage, &hall, &task).contains("已撤回"));
    stage.redacts(LISI, &hall, &asked);
    stage.settle().await;
    let told = format!("张三: {REDACTED} {asked}，TK-20261105-0001 保留当时的文字。");
    assert_eq!(count(&stage, &hall, &told), 1);
    let body = reads(&stage, &hall, &task);
    assert!(body.contains("来源 AP-20261105-0007 · 原消息已撤回，内容已留存"), "{body}");
}

#[tokio::test]
async fn a_source_that_is_redacted_is_shown_as_such_and_the_record_stays() {
    let (mut stage, hall) = office().await;
    let asked = says(&mut stage, LISI, &hall, "客户要新报价").await;
    let line = stage.replies(ZHANGSAN, &hall, &asked, "!task @孙七 周五");
    stage.settle().await;
    let task = card(&stage, &hall, "TK-20261105-0001 客户要新报价");
    // Whoever may not redact it only says so.
    stage.sends(SUNQI, &hall, "m.room.redaction", json!({ "redacts": asked }));
    stage.settle().await;
    assert_eq!(count(&stage, &hall, REDACTED), 0);
    stage.redacts(LISI, &hall, &asked);
    stage.settle().await;
    let told = format!("张三、孙七: {REDACTED} {asked}，TK-20261105-0001 保留当时的文字。");
    assert_eq!(count(&stage, &hall, &told), 1);
    let body = reads(&stage, &hall, &task);
    assert!(body.contains(&format!("来源消息已撤回（{asked}），内容已留存")), "{body}");
    assert!(body.contains("客户要新报价") && !body.contains("matrix.to"), "{body}");
    // The command itself, too; once, whoever redacts it again.
    for _ in 0..2 {
        stage.redacts(ZHANGSAN, &hall, &line);
        stage.settle().await;
    }
    let told = format!("{REDACTED} {line}（TK-20261105-0001 第 1 条记录的依据），记录不变。");
    assert_eq!(count(&stage, &hall, &told), 1);
    says(&mut stage, ZHANGSAN, &hall, "!verify TK-20261105-0001").await;
    assert_eq!(last(&stage, &hall), "OK · TK-20261105-0001 · 1 条记录 · 1 个签名密钥");
}
