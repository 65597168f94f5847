//! Conversations with the bot, message by message.

use super::*;

#[tokio::test]
async fn a_task_from_the_line_to_its_end() {
    let (mut stage, hall) = office().await;
    says(&mut stage, ZHANGSAN, &hall, "!任务 写周报 @李四 11-10 18:00 !高 #周报").await;
    let task = card(&stage, &hall, "TK-20261105-0001");
    assert_eq!(
        reads(&stage, &hall, &task),
        "[待开始] TK-20261105-0001 写周报 · 李四 · 截止 11-10 18:00\n优先级 高 · #周报 · 发起 张三\n\
         1️⃣25% 2️⃣50% 3️⃣75% ✅完成 ⏰1小时后提醒 💬评论"
    );
    let sent = stage.events_of_bots(&hall);
    let sent = sent.iter().find(|event| event["event_id"] == task.as_str()).unwrap();
    assert_eq!(sent["content"]["m.mentions"]["user_ids"][0], LISI, "it rings at who has it to do");
    assert_eq!(sent["content"]["com.lianqiao.card"]["kind"], "task");
    taps(&mut stage, LISI, &hall, &task, "2️⃣").await;
    assert!(reads(&stage, &hall, &task).starts_with("[进行中 50%] TK-20261105-0001"));
    // Somebody else's tap counts for nothing, and is told of once.
    for key in ["✅", "3️⃣"] {
        taps(&mut stage, SUNQI, &hall, &task, key).await;
    }
    assert_eq!(count(&stage, &hall, "你不是当前处理人。现在由 李四 处理。"), 1);
    taps(&mut stage, LISI, &hall, &task, "✅").await;
    assert!(reads(&stage, &hall, &task).starts_with("[已完成] TK-20261105-0001"));
    assert!(stage.offers(&hall, &task).is_empty());
    assert_eq!(count(&stage, &hall, "张三: TK-20261105-0001 写周报 已由 李四 完成。"), 1);
    says(&mut stage, LISI, &hall, "!进度 TK-20261105-0001 50").await;
    assert_eq!(last(&stage, &hall), "已由 李四 于 11-05 09:00 通过Matrix处理：完成。");
    says(&mut stage, LISI, &hall, "!重开 TK-20261105-0001").await;
    assert!(reads(&stage, &hall, &task).starts_with("[待开始] TK-20261105-0001"));
    assert_eq!(stage.offers(&hall, &task).len(), 6, "it can be worked on again");
    says(&mut stage, ZHANGSAN, &hall, "!verify TK-20261105-0001").await;
    assert_eq!(last(&stage, &hall), "OK · TK-20261105-0001 · 4 条记录 · 1 个签名密钥");
}

#[tokio::test]
async fn a_tap_that_counted_stays() {
    let (mut stage, hall) = office().await;
    says(&mut stage, ZHANGSAN, &hall, "!任务 写周报 @李四 明天").await;
    let task = card(&stage, &hall, "TK-");
    let tap = taps(&mut stage, LISI, &hall, &task, "1️⃣").await;
    let second = taps(&mut stage, LISI, &hall, &task, "2️⃣").await;
    for tap in [tap, second] {
        stage.redacts(LISI, &hall, &tap);
        stage.settle().await;
    }
    assert!(reads(&stage, &hall, &task).starts_with("[进行中 50%]"));
    assert_eq!(count(&stage, &hall, "操作已记录，撤掉表情不会撤销。可用：!进度 !重开"), 1);
}

#[tokio::test]
async fn without_a_date_it_asks_once() {
    let (mut stage, hall) = office().await;
    let line = says(&mut stage, ZHANGSAN, &hall, "!task 订会议室").await;
    let task = card(&stage, &hall, "[待开始] TK-20261105-0001 订会议室 · 张三 · 未定日期");
    assert_eq!(count(&stage, &hall, "什么时候完成？"), 1);
    stage.says_in_thread(ZHANGSAN, &hall, &task, "我想想");
    stage.settle().await;
    assert_eq!(count(&stage, &hall, "没看懂"), 0, "people also talk in a thread");
    stage.says_in_thread(SUNQI, &hall, &task, "明天");
    stage.settle().await;
    assert!(reads(&stage, &hall, &task).contains("未定日期"), "only the creator was asked");
    stage.says_in_thread(ZHANGSAN, &hall, &task, "周五 10:00");
    stage.settle().await;
    assert!(
        reads(&stage, &hall, &task)
            .starts_with("[待开始] TK-20261105-0001 订会议室 · 张三 · 截止 11-06 10:00")
    );
    stage.edits(ZHANGSAN, &hall, &line, "!task 别的");
    stage.settle().await;
    assert_eq!(last(&stage, &hall), "修改旧消息不会重新执行命令，请重新发送。");
}

#[tokio::test]
async fn in_a_direct_chat_a_date_that_is_none_is_told() {
    let (mut stage, _) = office().await;
    let room = stage.room_with(ANN, LOCALPART, true);
    stage.settle().await;
    says(&mut stage, ANN, &room, "!task write report").await;
    card(&stage, &room, "[Open] TK-20261105-0001 write report · Ann · no date");
    says(&mut stage, ANN, &room, "soonish").await;
    assert_eq!(
        last(&stage, &room),
        "Did not understand the time “soonish”, e.g. 11-10 18:00, tomorrow, fri."
    );
    says(&mut stage, ANN, &room, "fri 18:00").await;
    let task = card(&stage, &room, "TK-20261105-0001 write report");
    assert!(reads(&stage, &room, &task).contains("due 11-06 18:00"), "{}", reads(&stage, &room, &task));
    says(&mut stage, ANN, &room, "!finish").await;
    assert!(reads(&stage, &room, &task).starts_with("[Done]"), "the only task needs no number");
}

#[tokio::test]
async fn a_message_becomes_a_task_by_reply_or_by_a_pin_once() {
    let (mut stage, hall) = office().await;
    let asked = says(&mut stage, LISI, &hall, "客户要新报价\n下周之前").await;
    stage.replies(ZHANGSAN, &hall, &asked, "!task @孙七 周五");
    stage.settle().await;
    let task = card(&stage, &hall, "TK-20261105-0001 客户要新报价 · 孙七 · 截止 11-06 18:00");
    let body = reads(&stage, &hall, &task);
    assert!(body.contains(&format!("来源 https://matrix.to/#/{hall}/{asked}")), "{body}");
    // The message may go; what was copied stays.
    stage.redacts(LISI, &hall, &asked);
    stage.settle().await;
    assert!(reads(&stage, &hall, &task).contains("客户要新报价"));
    let other = says(&mut stage, LISI, &hall, "合同需跟进").await;
    let seeded = stage.events_of_bots(&hall);
    assert!(seeded.iter().any(|event| event["content"]["m.relates_to"]["event_id"] == other.as_str()
        && event["content"]["m.relates_to"]["key"] == "📌"));
    taps(&mut stage, SUNQI, &hall, &other, "📌").await;
    card(&stage, &hall, "TK-20261105-0002 合同需跟进 · 孙七");
    taps(&mut stage, ZHANGSAN, &hall, &other, "📌").await;
    assert_eq!(last(&stage, &hall), "已由 孙七 于 11-05 09:00 通过Matrix处理：TK-20261105-0002。");
}

#[tokio::test]
async fn across_departments_somebody_is_asked() {
    let (mut stage, hall) = office().await;
    says(&mut stage, ZHANGSAN, &hall, "!任务 查日志 @王五 明天").await;
    let task = card(&stage, &hall, "TK-20261105-0001");
    assert!(reads(&stage, &hall, &task).contains("等待接受: 王五"));
    assert_eq!(stage.offers(&hall, &task), ["✋", "🙅", "1️⃣", "2️⃣", "3️⃣", "✅", "⏰", "💬"]);
    // 王五 is not in the room, and has a card of his own.
    let desk = chat(&stage, WANGWU);
    let mine = card(&stage, &desk, "TK-20261105-0001 查日志");
    let tap = taps(&mut stage, WANGWU, &desk, &mine, "🙅").await;
    assert_eq!(last(&stage, &desk), "请在 10 分钟内回复理由，否则本次拒绝无效。");
    stage.redacts(WANGWU, &desk, &tap);
    stage.settle().await;
    says(&mut stage, WANGWU, &desk, "随便说说").await;
    assert!(reads(&stage, &hall, &task).contains("等待接受: 王五"), "the tap was taken back");
    taps(&mut stage, WANGWU, &desk, &mine, "🙅").await;
    says(&mut stage, WANGWU, &desk, "这周没空").await;
    let body = reads(&stage, &hall, &task);
    assert!(
        body.starts_with("[待开始] TK-20261105-0001 查日志 · 张三") && body.contains("王五: 这周没空"),
        "{body}"
    );
    assert_eq!(count(&stage, &hall, "张三: 王五 没有接受 TK-20261105-0001 查日志：这周没空"), 1);
    assert_eq!(stage.offers(&hall, &task), ["1️⃣", "2️⃣", "3️⃣", "✅", "⏰", "💬"], "nobody is asked any more");
    says(&mut stage, ZHANGSAN, &hall, "!转派 TK-20261105-0001 @王五").await;
    let again = card(&stage, &desk, "张三 想把 TK-20261105-0001 查日志 交给你");
    assert_ne!(again, mine);
    taps(&mut stage, WANGWU, &desk, &mine, "✋").await;
    assert!(!reads(&stage, &hall, &task).contains("等待接受"));
}

#[tokio::test]
async fn more_time_is_the_creators_to_give() {
    let (mut stage, hall) = office().await;
    says(&mut stage, ZHANGSAN, &hall, "!任务 写周报 @李四 明天").await;
    let task = card(&stage, &hall, "TK-20261105-0001");
    says(&mut stage, LISI, &hall, "!延期 TK-20261105-0001 下周一 等数据").await;
    assert!(reads(&stage, &hall, &task).contains("李四 申请延期到 11-09 18:00"));
    let desk = chat(&stage, ZHANGSAN);
    let question = card(&stage, &desk, "李四 申请把 TK-20261105-0001 写周报 延期到 11-09 18:00：等数据");
    taps(&mut stage, ZHANGSAN, &desk, &question, "✅").await;
    assert!(reads(&stage, &hall, &task).contains("截止 11-09 18:00"));
    taps(&mut stage, ZHANGSAN, &desk, &question, "❌").await;
    assert_eq!(last(&stage, &desk), "「延期申请」已经处理过，例如：!task mine");
    says(&mut stage, LISI, &hall, "!postpone TK-20261105-0001 someday").await;
    assert_eq!(last(&stage, &hall), "没看懂时间「someday」，例如：11-10 18:00、明天、周五。");
}

#[tokio::test]
async fn bad_input_is_answered_with_its_text() {
    let (mut stage, hall) = office().await;
    says(&mut stage, ZHANGSAN, &hall, "!任务 写周报 @李四 明天").await;
    for (text, answer) in [
        ("!进度 TK-20261105-0001 30", "进度只能是 0、25、50、75、100。"),
        ("!进度 TK-20261105-0001 很多", "进度只能是 0、25、50、75、100。"),
        ("!修改 TK-20261105-0001 上级 TK-20261105-0001", "任务不能互为上级。"),
        ("!修改 TK-20261105-0001 上级 TK-20261105-0099", "找不到编号 TK-20261105-0099，或你无权查看。"),
        ("!修改 TK-20261105-0001 重复 FREQ=SECONDLY", "重复规则过长或不支持（最多 2 年或 730 次）。"),
        ("!task TK-20261105-0099", "找不到编号 TK-20261105-0099，或你无权查看。"),
        ("!任务 写 13-45", "没看懂时间「13-45」，例如：11-10 18:00、明天、周五。"),
        ("!任务 写 @某某", "「人员」查无此人，例如：@lisi"),
        ("!任务", "「标题」不能为空，例如：!任务 写周报 @lisi 周五 18:00 !高 #周报"),
        ("!任务 写 每周", "「重复」需要先有截止时间，例如：!任务 写周报 周五 每周"),
        ("!完成", "「任务编号」不能为空，例如：TK-20261105-0001"),
        ("!转派 TK-20261105-0001", "「人员」不能为空，例如：@lisi"),
        ("!稍后 TK-20261105-0001 很久", "「稍后提醒」不是可用的时长，例如：30m, 1h, 2d"),
        ("!task dept", "没有权限：需要角色 head（范围 dept_tree）。申请：!perm request"),
        ("!任勿", "没有这个命令。你是想用 !任务、"),
    ] {
        says(&mut stage, ZHANGSAN, &hall, text).await;
        assert!(last(&stage, &hall).starts_with(answer), "{text}: {}", last(&stage, &hall));
    }
    // What another bot numbers is that bot's to answer.
    let before = stage.said(&hall).len();
    says(&mut stage, ZHANGSAN, &hall, "!verify AP-20261105-0001").await;
    assert_eq!(stage.said(&hall).len(), before);
}

#[tokio::test]
async fn strangers_see_and_change_nothing() {
    let (mut stage, hall) = office().await;
    says(&mut stage, ZHANGSAN, &hall, "!任务 机密 @李四 明天").await;
    let desk = stage.room_with(WANGWU, LOCALPART, true);
    stage.settle().await;
    for text in [
        "!task TK-20261105-0001",
        "!完成 TK-20261105-0001",
        "!清单 TK-20261105-0001",
        "!verify TK-20261105-0001",
    ] {
        says(&mut stage, WANGWU, &desk, text).await;
        assert_eq!(last(&stage, &desk), "找不到编号 TK-20261105-0001，或你无权查看。", "{text}");
    }
    let task = card(&stage, &hall, "TK-20261105-0001");
    stage.invites(ZHANGSAN, &hall, "@eve:test");
    stage.joins("@eve:test", &hall);
    for key in ["✅", "1️⃣"] {
        taps(&mut stage, "@eve:test", &hall, &task, key).await;
    }
    assert_eq!(count(&stage, &hall, "此账号未绑定员工"), 1);
    says(&mut stage, "@eve:test", &hall, "!任务 我的").await;
    assert!(last(&stage, &hall).starts_with("此账号未绑定员工"));
    assert!(reads(&stage, &hall, &task).starts_with("[待开始]"));
}

#[tokio::test]
async fn lists_checklists_parents_and_followers() {
    let (mut stage, hall) = office().await;
    for text in
        ["!任务 大事 @李四 下周五", "!任务 小事 @李四 周五 ^TK-20261105-0001", "!任务 没日期的事 @孙七"]
    {
        says(&mut stage, ZHANGSAN, &hall, text).await;
    }
    says(&mut stage, ZHANGSAN, &hall, "!修改 TK-20261105-0001 上级 TK-20261105-0002").await;
    assert_eq!(last(&stage, &hall), "任务不能互为上级。");
    says(&mut stage, LISI, &hall, "!task mine").await;
    assert_eq!(
        last(&stage, &hall),
        "我的任务 2\n[待开始] TK-20261105-0002 小事 · 李四 · 截止 11-06 18:00\n\
         [待开始] TK-20261105-0001 大事 · 李四 · 截止 11-13 18:00"
    );
    says(&mut stage, LISI, &hall, "!task dept").await;
    assert!(last(&stage, &hall).starts_with("部门任务 3\n"), "{}", last(&stage, &hall));
    says(&mut stage, SUNQI, &hall, "!task room").await;
    assert!(last(&stage, &hall).starts_with("本群任务 3\n"));
    says(&mut stage, LISI, &hall, "!task overdue").await;
    assert_eq!(last(&stage, &hall), "没有任务。");
    for text in
        ["!清单 TK-20261105-0002 + 大纲", "!清单 TK-20261105-0002 + 数据", "!check TK-20261105-0002 1"]
    {
        says(&mut stage, LISI, &hall, text).await;
    }
    says(&mut stage, SUNQI, &hall, "!关注 TK-20261105-0002").await;
    let task = card(&stage, &hall, "TK-20261105-0002 小事");
    let body = reads(&stage, &hall, &task);
    assert!(body.contains("清单 1/2: ☑大纲 ☐数据") && body.contains("属于 TK-20261105-0001"), "{body}");
    assert!(body.contains("关注 孙七"), "{body}");
    says(&mut stage, LISI, &hall, "!清单 TK-20261105-0002").await;
    assert_eq!(last(&stage, &hall), "1. ☑ 大纲\n2. ☐ 数据");
}

#[tokio::test]
async fn records_are_events_of_the_ledger_and_an_export_verifies_without_the_bot() {
    let (mut stage, hall) = office().await;
    says(&mut stage, ZHANGSAN, &hall, "!task 写周报 @李四 明天 18:00").await;
    let task = card(&stage, &hall, "TK-20261105-0001");
    taps(&mut stage, LISI, &hall, &task, "2️⃣").await;
    taps(&mut stage, LISI, &hall, &task, "✅").await;
    let ledger = stage.homeserver().rooms_with("com.lianqiao.room", |state| state["kind"] == "ledger");
    assert_eq!(ledger.len(), 1);
    let events = stage.events_of_bots(&ledger[0]);
    let records = events.iter().filter(|event| event["type"] == "com.lianqiao.record");
    let records: Vec<_> = records.map(|event| (&event["content"]["no"], &event["content"]["seq"])).collect();
    let no = Value::from("TK-20261105-0001");
    assert_eq!(records, [(&no, &Value::from(1)), (&no, &Value::from(2)), (&no, &Value::from(3))]);

    says(&mut stage, ZHANGSAN, &hall, "!导出 TK-20261105-0001").await;
    let own = chat(&stage, ZHANGSAN);
    let file = stage.newest(&own, |body| body == "TK-20261105-0001 的导出文件");
    let text = String::from_utf8(stage.file(&own, &file)).unwrap();
    let report = cases::verify_export(text.as_bytes(), &cases::PublicKeys::default()).unwrap();
    assert_eq!((report.cases, report.records), (1, 3));
    let forged = text.replacen("lisi", "lisl", 1);
    assert!(cases::verify_export(forged.as_bytes(), &cases::PublicKeys::default()).is_err());
    let other = stage.room_with(WANGWU, LOCALPART, true);
    stage.settle().await;
    says(&mut stage, WANGWU, &other, "!导出 TK-20261105-0001").await;
    assert_eq!(last(&stage, &other), "找不到编号 TK-20261105-0001，或你无权查看。");
}

#[tokio::test]
async fn tasks_of_a_room_that_was_replaced_go_on_in_direct_chats() {
    let (mut stage, hall) = office().await;
    says(&mut stage, ZHANGSAN, &hall, "!task 写周报 @李四 明天 18:00").await;
    let new = stage.room_with(ZHANGSAN, LOCALPART, false);
    let end = serde_json::json!({ "body": "moved", "replacement_room": new });
    stage.sets_state(ZHANGSAN, &hall, "m.room.tombstone", "", end);
    stage.settle().await;
    assert!(card(&stage, &chat(&stage, LISI), "TK-20261105-0001").starts_with('$'));
    says(&mut stage, ZHANGSAN, &new, "!task 订会议室 明天").await;
    card(&stage, &new, "TK-20261105-0002 订会议室");
}
