//! Templates: saved from a task, used in a line, kept by whoever saved them.

use super::*;

#[tokio::test]
async fn a_template_says_what_the_line_does_not() {
    let (mut stage, hall) = office().await;
    says(&mut stage, ZHANGSAN, &hall, "!任务 客户跟进 @李四 11-10 18:00 !高 #客户 cc@孙七").await;
    says(&mut stage, ZHANGSAN, &hall, "!清单 TK-20261105-0001 + 打电话").await;
    says(&mut stage, ZHANGSAN, &hall, "!任务 模板 + 跟进 TK-20261105-0001").await;
    assert_eq!(last(&stage, &hall), "模板「跟进」已保存。使用：!任务 模板:跟进");
    stage.advance_ms(DAY);
    stage.settle().await;
    says(&mut stage, SUNQI, &hall, "!任务 接洽新客户 模板:跟进 !低").await;
    // As many days later as the first one was due.
    let task = card(&stage, &hall, "TK-20261106-0001 接洽新客户 · 李四 · 截止 11-11 18:00");
    let body = reads(&stage, &hall, &task);
    for part in ["优先级 低", "#客户", "清单 0/1: ☐打电话", "模板 跟进", "关注 孙七"] {
        assert!(body.contains(part), "{part}: {body}");
    }
    says(&mut stage, ZHANGSAN, &hall, "!task template:跟进").await;
    card(&stage, &hall, "TK-20261106-0002 客户跟进 · 李四");
    says(&mut stage, ZHANGSAN, &hall, "!任务 模板").await;
    assert_eq!(last(&stage, &hall), "模板 1，使用：!任务 模板:名称\n· 跟进 — 客户跟进");
}

#[tokio::test]
async fn a_template_is_its_makers_to_replace_and_to_remove() {
    let (mut stage, hall) = office().await;
    says(&mut stage, ZHANGSAN, &hall, "!任务 写周报 @李四 明天").await;
    says(&mut stage, ZHANGSAN, &hall, "!task template + weekly TK-20261105-0001").await;
    for text in ["!任务 模板 - weekly", "!任务 模板 + weekly TK-20261105-0001"] {
        says(&mut stage, SUNQI, &hall, text).await;
        assert_eq!(last(&stage, &hall), "你不是当前处理人。现在由 张三 处理。", "{text}");
    }
    says(&mut stage, ZHANGSAN, &hall, "!任务 模板 - weekly").await;
    assert_eq!(last(&stage, &hall), "模板「weekly」已删除。");
    let gone = "「模板」没有这个模板，例如：!任务 模板 / !task template";
    for text in ["!任务 写 模板:weekly", "!任务 模板 - weekly"] {
        says(&mut stage, ZHANGSAN, &hall, text).await;
        assert_eq!(last(&stage, &hall), gone, "{text}");
    }
    // Nobody makes a template of what they may not see.
    let desk = stage.room_with(WANGWU, LOCALPART, true);
    stage.settle().await;
    says(&mut stage, WANGWU, &desk, "!task template + mine TK-20261105-0001").await;
    assert_eq!(last(&stage, &desk), "找不到编号 TK-20261105-0001，或你无权查看。");
    let long = format!("!任务 模板 + {} TK-20261105-0001", "长".repeat(31));
    says(&mut stage, ZHANGSAN, &hall, &long).await;
    assert_eq!(last(&stage, &hall), "「模板」太长，例如：周报");
}

#[tokio::test]
async fn a_template_from_a_direct_chat_is_for_its_owner_everywhere() {
    let (mut stage, hall) = office().await;
    let desk = stage.room_with(ZHANGSAN, LOCALPART, true);
    stage.settle().await;
    says(&mut stage, ZHANGSAN, &desk, "!任务 晨会 明天 09:30").await;
    says(&mut stage, ZHANGSAN, &desk, "!任务 模板 + 晨会 TK-20261105-0001").await;
    says(&mut stage, ZHANGSAN, &hall, "!任务 模板:晨会").await;
    card(&stage, &hall, "TK-20261105-0002 晨会 · 张三 · 截止 11-06 09:30");
    says(&mut stage, SUNQI, &hall, "!任务 模板:晨会").await;
    assert!(last(&stage, &hall).starts_with("「模板」没有这个模板"), "{}", last(&stage, &hall));
}

#[tokio::test]
async fn a_long_list_is_shown_by_pages() {
    let (mut stage, hall) = office().await;
    for number in 1..=17 {
        says(&mut stage, ZHANGSAN, &hall, &format!("!任务 第{number}件 @李四 11-{:02}", 5 + number)).await;
    }
    let desk = stage.room_with(LISI, LOCALPART, true);
    stage.settle().await;
    says(&mut stage, LISI, &desk, "!任务 我的").await;
    let first = last(&stage, &desk);
    assert_eq!(
        (first.lines().count(), first.lines().last()),
        (17, Some("另有 2 项：!任务 我的 2")),
        "{first}"
    );
    says(&mut stage, LISI, &desk, "!task mine 2").await;
    let second = last(&stage, &desk);
    assert_eq!(second.lines().count(), 3, "{second}");
    assert!(second.starts_with("我的任务 17\n") && second.contains("第17件"), "{second}");
    says(&mut stage, LISI, &desk, "!task mine 99").await;
    assert_eq!(last(&stage, &desk), second, "the last page is the last");
}
