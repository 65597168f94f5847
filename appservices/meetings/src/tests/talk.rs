//! Conversations with the bot, message by message.

use kit::double::{Fault, Stage};
use serde_json::json;

use super::{ANN, DAY, HOUR, LISI, MINUTE, WANGWU, ZHANGSAN, card, chat, last, office, reads, says, team};

#[tokio::test(flavor = "multi_thread")]
async fn a_meeting_is_booked_in_one_line_and_answered_by_a_tap() {
    let (mut stage, room) = office().await;
    stage.says(ZHANGSAN, &room, "!meet 周会 @李四 @ann 明天 10:00 30m #会议室3");
    stage.settle().await;
    let own = card(&stage, &room, "[已预定]");
    assert_eq!(
        reads(&stage, &room, &own),
        "[已预定] MT-20261105-0001 周会 · 张三 · 11-06 周五 10:00–10:30\n地点：会议室3\n参会：李四⏳  Ann⏳\n\
         ✅参加 ❔待定 ❌不参加 🔁另提时间"
    );
    let desk = chat(&stage, LISI);
    let invitation = card(&stage, &desk, "[已预定]");
    let events = stage.events_of_bots(&desk);
    let invited = events.iter().find(|event| event["event_id"] == *invitation).unwrap();
    assert_eq!(
        invited["content"]["m.mentions"],
        json!({ "user_ids": [LISI] }),
        "to answer is something to do"
    );
    let keys: Vec<_> =
        events.iter().filter_map(|event| event["content"]["m.relates_to"]["key"].as_str()).collect();
    assert_eq!(keys, ["✅", "❔", "❌", "🔁"]);
    let file = events.iter().find(|event| event["content"]["msgtype"] == "m.file").unwrap();
    assert_eq!(file["content"]["info"]["mimetype"], "text/calendar; charset=utf-8; method=REQUEST");

    stage.reacts(LISI, &desk, &invitation, "✅");
    stage.settle().await;
    assert!(reads(&stage, &desk, &invitation).contains("参会：李四✅  Ann⏳"));
    assert!(reads(&stage, &room, &own).contains("参会：李四✅  Ann⏳"));
    stage.replies(LISI, &desk, &invitation, "拒绝");
    stage.settle().await;
    assert!(reads(&stage, &room, &own).contains("李四❌"), "the newest answer counts");
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_is_elsewhere_reads_both_times_in_their_language() {
    let (mut stage, room) = office().await;
    stage.says(ZHANGSAN, &room, "!meet Review @ann 明天 17:00 1h");
    stage.settle().await;
    let desk = chat(&stage, ANN);
    let invitation = card(&stage, &desk, "[Scheduled]");
    assert_eq!(
        reads(&stage, &desk, &invitation),
        "[Scheduled] MT-20261105-0001 Review · 张三 · 11-06 Fri 17:00–18:00\n\
         11-06 Fri 17:00–18:00 (Asia/Shanghai) = 11-06 Fri 09:00–10:00 (Europe/London)\nPeople: Ann⏳\n\
         ✅ accept ❔ tentative ❌ decline 🔁 propose another time"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_redacted_tap_changes_nothing() {
    let (mut stage, room) = office().await;
    stage.says(ZHANGSAN, &room, "!meet 周会 @李四 明天 10:00");
    stage.settle().await;
    let desk = chat(&stage, LISI);
    let invitation = card(&stage, &desk, "[已预定]");
    let tap = stage.reacts(LISI, &desk, &invitation, "✅");
    stage.settle().await;
    stage.redacts(LISI, &desk, &tap);
    stage.settle().await;
    assert_eq!(last(&stage, &desk), "操作已记录，撤掉表情不会撤销。可用：✅ ❔ ❌ 🔁");
    assert!(reads(&stage, &desk, &invitation).contains("李四✅"));
}

#[tokio::test(flavor = "multi_thread")]
async fn another_time_is_proposed_and_taken() {
    let (mut stage, room) = office().await;
    stage.says(ZHANGSAN, &room, "!meet 周会 @李四 @王五 明天 10:00 30m");
    stage.settle().await;
    let desk = chat(&stage, LISI);
    let invitation = card(&stage, &desk, "[已预定]");
    stage.reacts(LISI, &desk, &invitation, "🔁");
    stage.settle().await;
    assert_eq!(last(&stage, &desk), "改到什么时候？例如：明天 14:00");
    assert_eq!(
        says(&mut stage, LISI, &desk, "随便").await,
        "没看懂时间「随便」，例如：11-10 18:00、明天、周五。"
    );
    assert_eq!(
        says(&mut stage, LISI, &desk, "明天 14:00").await,
        "MT-20261105-0001：已把你的建议转给组织者。"
    );
    let question = card(&stage, &room, "李四 建议 MT-20261105-0001 周会 改到 11-06 周五 14:00–14:30。");
    stage.reacts(ZHANGSAN, &room, &question, "✅");
    stage.settle().await;
    let own = card(&stage, &room, "[已预定]");
    let text = reads(&stage, &room, &own);
    assert!(text.contains("11-06 周五 14:00–14:30") && text.contains("李四✅  王五⏳"), "{text}");
    let other = chat(&stage, WANGWU);
    let told = card(&stage, &other, "MT-20261105-0001 周会 改到 11-06 周五 14:00–14:30");
    assert!(!told.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn another_time_that_is_not_taken_changes_nothing() {
    let (mut stage, room) = office().await;
    stage.says(ZHANGSAN, &room, "!meet 周会 @李四 明天 10:00 30m");
    stage.settle().await;
    let desk = chat(&stage, LISI);
    let invitation = card(&stage, &desk, "[已预定]");
    stage.replies(LISI, &desk, &invitation, "另提 明天 15:00");
    stage.settle().await;
    let question = card(&stage, &room, "李四 建议");
    stage.reacts(ZHANGSAN, &room, &question, "❌");
    stage.settle().await;
    let said = stage.said(&desk);
    assert!(said.iter().any(|text| text.contains("组织者不采用 11-06 周五 15:00–15:30")), "{said:#?}");
    assert!(reads(&stage, &desk, &invitation).contains("10:00–10:30"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stranger_asks_the_organiser() {
    let (mut stage, _) = office().await;
    let room = team(&mut stage, &[LISI, WANGWU]).await;
    stage.says(ZHANGSAN, &room, "!meet 周会 @李四 明天 10:00");
    stage.settle().await;
    let common = card(&stage, &room, "[已预定]");
    stage.reacts(WANGWU, &room, &common, "✅");
    stage.settle().await;
    let own = chat(&stage, ZHANGSAN);
    let question = card(&stage, &own, "王五 不在 MT-20261105-0001 周会 的名单上，想参加。");
    stage.reacts(WANGWU, &room, &common, "❔");
    stage.settle().await;
    stage.reacts(ZHANGSAN, &own, &question, "✅");
    stage.settle().await;
    assert!(reads(&stage, &room, &common).contains("李四⏳  王五✅"), "{}", reads(&stage, &room, &common));
    let asked = stage.said(&own).into_iter().filter(|text| text.starts_with("王五 不在")).count();
    assert_eq!(asked, 1, "the organiser is asked once");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_resource_goes_to_whoever_came_first() {
    let (mut stage, room) = office().await;
    stage.says(ZHANGSAN, &room, "!meet 周会 明天 10:00 1h #会议室3");
    stage.settle().await;
    let other = stage.room_with(LISI, crate::LOCALPART, true);
    stage.settle().await;
    assert_eq!(
        says(&mut stage, LISI, &other, "!meet 评审 明天 10:30 1h #会议室3").await,
        "会议室3 在 11-06 10:30 已被 张三 预订，最近空闲：11-06 11:00"
    );
    says(&mut stage, ZHANGSAN, &room, "!meet cancel MT-20261105-0001").await;
    says(&mut stage, LISI, &other, "!meet 评审 明天 10:30 1h #会议室3").await;
    let own = card(&stage, &other, "[已预定] MT-20261105-0002 评审 · 李四 · 11-06 周五 10:30–11:30");
    assert!(!own.is_empty(), "what was cancelled is free, and what was refused took no number");
    assert_eq!(
        says(&mut stage, LISI, &other, "!meet 评审 明天 15:00 #会议室9").await,
        "「会议室」不存在，例如：会议室3、会议室4"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_missing_is_asked_for() {
    let (mut stage, room) = office().await;
    assert_eq!(says(&mut stage, ZHANGSAN, &room, "!meet").await, "会议叫什么？（回复「取消」结束）");
    assert_eq!(
        says(&mut stage, ZHANGSAN, &room, "明天的计划").await,
        "请谁参加？例如：@lisi @wangwu，没有请回「无」"
    );
    assert_eq!(says(&mut stage, ZHANGSAN, &room, "无名氏").await, "「参会人」找不到此人，例如：@无名氏");
    assert_eq!(says(&mut stage, ZHANGSAN, &room, "李四 王五").await, "什么时候？例如：明天 10:00 30m");
    assert_eq!(
        says(&mut stage, ZHANGSAN, &room, "不知道").await,
        "没看懂时间「不知道」，例如：11-10 18:00、明天、周五。"
    );
    stage.advance_ms(31 * MINUTE);
    says(&mut stage, ZHANGSAN, &room, "后天 15:00").await;
    let cards = |said: Vec<String>| said.into_iter().filter(|text| text.starts_with("[已预定]")).count();
    assert_eq!(cards(stage.said(&room)), 0, "after half an hour nothing is waited for");
    assert_eq!(says(&mut stage, ZHANGSAN, &room, "!meet").await, "什么时候？例如：明天 10:00 30m");
    says(&mut stage, ZHANGSAN, &room, "后天 15:00").await;
    let own = card(&stage, &room, "[已预定] MT-20261105-0001 明天的计划 · 张三 · 11-07 周六 15:00–15:30");
    assert!(reads(&stage, &room, &own).contains("李四⏳  王五⏳"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dialogue_is_dropped() {
    let (mut stage, room) = office().await;
    says(&mut stage, ZHANGSAN, &room, "!meet 周会").await;
    assert_eq!(says(&mut stage, ZHANGSAN, &room, "取消").await, "好的，已放弃。");
    assert_eq!(says(&mut stage, ZHANGSAN, &room, "!meet").await, "会议叫什么？（回复「取消」结束）");
}

#[tokio::test(flavor = "multi_thread")]
async fn errors_say_what_to_write() {
    let (mut stage, room) = office().await;
    for (text, answer) in [
        ("!meet 周会 昨夜 2025-01-01 10:00", "「时间」已经过去，例如：明天 10:00"),
        ("!meet cancel MT-20261105-0999", "找不到编号 MT-20261105-0999，或你无权查看。"),
        (
            "!meet cancle MT-20261105-0999",
            "没有这个命令。你是想用 !meet cancel、!meet caldav 还是 !meet find？",
        ),
        ("!meet 周会 @谁 明天 10:00", "「参会人」找不到此人，例如：@谁"),
        ("!meet 周会 明天 10:00 FREQ=HOURLY", "重复规则过长或不支持（最多 2 年或 730 次）。"),
        ("!meet 周会 明天 10:00 每天 x731", "重复规则过长或不支持（最多 2 年或 730 次）。"),
        ("!meet 周会 明天 10:00-09:00", "「时间」结束早于开始，例如：10:00-11:00"),
    ] {
        assert_eq!(says(&mut stage, ZHANGSAN, &room, text).await, answer, "{text}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn only_the_organiser_changes_a_meeting() {
    let (mut stage, room) = office().await;
    stage.says(ZHANGSAN, &room, "!meet 周会 @李四 明天 10:00");
    stage.settle().await;
    let desk = chat(&stage, LISI);
    assert_eq!(
        says(&mut stage, LISI, &desk, "!meet cancel MT-20261105-0001").await,
        "你不是当前处理人。现在由 张三 处理。"
    );
    let stranger = stage.room_with(WANGWU, crate::LOCALPART, true);
    stage.settle().await;
    assert_eq!(
        says(&mut stage, WANGWU, &stranger, "!meet show MT-20261105-0001").await,
        "找不到编号 MT-20261105-0001，或你无权查看。"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn people_are_added_and_removed() {
    let (mut stage, room) = office().await;
    says(&mut stage, ZHANGSAN, &room, "!meet 周会 @李四 明天 10:00").await;
    says(&mut stage, ZHANGSAN, &room, "!meet add MT-20261105-0001 @王五").await;
    let own = card(&stage, &room, "[已预定]");
    assert!(reads(&stage, &room, &own).contains("李四⏳  王五⏳"));
    let desk = chat(&stage, WANGWU);
    let invitation = card(&stage, &desk, "[已预定]");
    says(&mut stage, ZHANGSAN, &room, "!meet remove MT-20261105-0001 @王五").await;
    assert!(reads(&stage, &desk, &invitation).starts_with("[不再邀请] MT-20261105-0001 周会"));
    assert!(stage.said(&desk).contains(&"你不用再参加 MT-20261105-0001 周会。".to_owned()));
    assert!(!reads(&stage, &room, &own).contains("王五"));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_day_and_the_week_are_listed() {
    let (mut stage, room) = office().await;
    assert_eq!(says(&mut stage, ZHANGSAN, &room, "!meet today").await, "没有安排。");
    says(&mut stage, ZHANGSAN, &room, "!meet 晨会 今天 11:00 30m").await;
    says(&mut stage, ZHANGSAN, &room, "!meet 周会 @李四 周一 10:00 1h").await;
    assert_eq!(
        says(&mut stage, ZHANGSAN, &room, "!meet today").await,
        "11-05 周四 11:00–11:30 MT-20261105-0001 晨会"
    );
    assert_eq!(
        says(&mut stage, ZHANGSAN, &room, "!会议 本周").await,
        "11-05 周四 11:00–11:30 MT-20261105-0001 晨会\n11-09 周一 10:00–11:00 MT-20261105-0002 周会"
    );
    let desk = chat(&stage, LISI);
    assert_eq!(
        says(&mut stage, LISI, &desk, "!meet free @张三 @外人:elsewhere").await,
        "11-05 忙闲\n张三：忙 11:00–11:30\n外人：未知"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_whole_day_is_the_same_day_in_every_zone() {
    let (mut stage, room) = office().await;
    says(&mut stage, ZHANGSAN, &room, "!meet 团建 @ann 明天 全天").await;
    let desk = chat(&stage, ANN);
    assert_eq!(says(&mut stage, ANN, &desk, "!meet week").await, "11-06 Fri all day MT-20261105-0001 团建");
}

#[tokio::test(flavor = "multi_thread")]
async fn busy_times_say_whole_days_and_name_the_days_of_nights() {
    let (mut stage, room) = office().await;
    says(&mut stage, ZHANGSAN, &room, "!meet 休假 明天 全天").await;
    says(&mut stage, ZHANGSAN, &room, "!meet 值班 11-08 22:00 4h").await;
    says(&mut stage, ZHANGSAN, &room, "!meet 出差 11-11 12:00 72h").await;
    let desk = stage.room_with(LISI, crate::LOCALPART, true);
    stage.settle().await;
    for (day, busy) in [
        ("11-06", "全天"),
        ("11-08", "11-08 周日 22:00 – 11-09 周一 02:00"),
        ("11-09", "11-08 周日 22:00 – 11-09 周一 02:00"),
        ("11-11", "12:00 起"),
        ("11-12", "全天"),
        ("11-14", "至 12:00"),
    ] {
        let question = format!("!meet free @张三 {day}");
        let answer = says(&mut stage, LISI, &desk, &question).await;
        assert_eq!(answer, format!("{day} 忙闲\n张三：忙 {busy}"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn people_say_who_may_know_what_of_their_time() {
    let (mut stage, room) = office().await;
    says(&mut stage, ZHANGSAN, &room, "!meet 晨会 今天 11:00 30m").await;
    let desk = stage.room_with(LISI, crate::LOCALPART, true);
    stage.settle().await;
    let everybody = "你的日程，除下列外：同事看到忙闲，其他服务器的人什么也看不到。";
    assert_eq!(says(&mut stage, ZHANGSAN, &room, "!会议 共享").await, everybody);
    assert_eq!(says(&mut stage, ZHANGSAN, &room, "!meet share @李四 titles").await, "李四：看到忙闲和标题");
    assert_eq!(
        says(&mut stage, LISI, &desk, "!meet free @张三").await,
        "11-05 忙闲\n张三：忙 11:00–11:30 晨会"
    );
    assert_eq!(says(&mut stage, ZHANGSAN, &room, "!会议 共享 @李四 不给").await, "李四：什么也看不到");
    assert_eq!(says(&mut stage, LISI, &desk, "!meet free @张三").await, "11-05 忙闲\n张三：未知");

    // Somebody of a partner, before and after it was granted.
    let chat = stage.room_with("@eve:partner", crate::LOCALPART, true);
    stage.settle().await;
    assert!(says(&mut stage, "@eve:partner", &chat, "!meet free @zhangsan:test").await.ends_with("：未知"));
    assert_eq!(
        says(&mut stage, ZHANGSAN, &room, "!meet share partner.example busy").await,
        "partner.example：看到忙闲"
    );
    assert!(says(&mut stage, "@eve:partner", &chat, "!meet free @zhangsan:test").await.ends_with("：未知"));
    assert_eq!(
        says(&mut stage, ZHANGSAN, &room, "!meet share @eve:partner 忙闲").await,
        "@eve:partner：看到忙闲"
    );
    assert!(
        says(&mut stage, "@eve:partner", &chat, "!meet free @zhangsan:test")
            .await
            .ends_with("：忙 11:00–11:30")
    );
    assert!(
        says(&mut stage, "@eve:partner", &chat, "!meet share @lisi:test titles").await.contains("未绑定员工")
    );

    for wrong in ["@李四 everything", "titles", "@李四 @王五 titles", "guest@example.org titles"] {
        let said = says(&mut stage, ZHANGSAN, &room, &format!("!meet share {wrong}")).await;
        assert!(said.contains("例如"), "{wrong}: {said}");
    }
    assert_eq!(says(&mut stage, ZHANGSAN, &room, "!meet share @李四 default").await, "李四：按默认");
    assert_eq!(
        says(&mut stage, ZHANGSAN, &room, "!meet share").await,
        format!("{everybody}\n@eve:partner：看到忙闲\npartner.example：看到忙闲")
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_meeting_now_is_live_at_once() {
    let (mut stage, room) = office().await;
    says(&mut stage, ZHANGSAN, &room, "!meet now 救火 @李四").await;
    let own = card(&stage, &room, "[已预定] MT-20261105-0001 救火");
    assert!(
        reads(&stage, &room, &own)
            .starts_with("[进行中] MT-20261105-0001 救火 · 张三 · 11-05 周四 09:00–09:30")
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn who_becomes_one_of_many_is_listed_too() {
    let (mut stage, room) = office().await;
    says(&mut stage, ZHANGSAN, &room, "!meet 大会 @李四 明天 10:00").await;
    let files = |stage: &Stage| {
        let events = stage.events_of_bots(&room).into_iter();
        events.filter(|event| event["content"]["body"] == "MT-20261105-0001.tsv").count()
    };
    assert_eq!(files(&stage), 0);
    let guests: Vec<String> = (0..20).map(|guest| format!("guest{guest}@example.org")).collect();
    says(&mut stage, ZHANGSAN, &room, &format!("!meet add MT-20261105-0001 {}", guests.join(" "))).await;
    let own = card(&stage, &room, "[已预定]");
    assert!(reads(&stage, &room, &own).contains("⏳21（名单见附件）"), "{}", reads(&stage, &room, &own));
    assert_eq!(files(&stage), 1);
    says(&mut stage, ZHANGSAN, &room, "!meet add MT-20261105-0001 late@example.org").await;
    assert_eq!(files(&stage), 1, "`!meet show` lists them anew");
}

#[tokio::test(flavor = "multi_thread")]
async fn many_guests_are_counted_and_listed_in_a_file() {
    let (mut stage, room) = office().await;
    let guests: Vec<String> = (0..200).map(|guest| format!("guest{guest}@example.org")).collect();
    says(&mut stage, ZHANGSAN, &room, &format!("!meet 大会 @李四 {} 明天 10:00", guests.join(" "))).await;
    let own = card(&stage, &room, "[已预定]");
    assert!(reads(&stage, &room, &own).contains("参会：✅0 ❔0 ❌0 ⏳201（名单见附件）"));
    let events = stage.events_of_bots(&room);
    let file = events.iter().find(|event| event["content"]["msgtype"] == "m.file").unwrap();
    assert_eq!(file["content"]["filename"], "MT-20261105-0001.tsv");
}

#[tokio::test(flavor = "multi_thread")]
async fn names_of_mentioned_people_are_no_part_of_a_title() {
    let (mut stage, room) = office().await;
    let content = json!({
        "msgtype": "m.text", "body": "!meet 周会 李四 明天 10:00", "m.mentions": { "user_ids": [LISI] },
    });
    stage.sends(ZHANGSAN, &room, "m.room.message", content);
    stage.settle().await;
    let own = card(&stage, &room, "[已预定] MT-20261105-0001 周会 · 张三");
    assert!(reads(&stage, &room, &own).contains("参会：李四⏳"));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_got_lost_is_sent_once() {
    let (mut stage, room) = office().await;
    stage.says(ZHANGSAN, &room, "!meet 周会 @李四 明天 10:00");
    stage.fails_next(Fault::AnswerLost);
    stage.settle().await;
    stage.restart().await;
    stage.settle().await;
    let said = stage.said(&room);
    assert_eq!(said.iter().filter(|text| text.starts_with("[已预定]")).count(), 1, "{said:#?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_private_address_is_given_and_taken_away() {
    let (mut stage, room) = office().await;
    let given = says(&mut stage, ZHANGSAN, &room, "!meet ics").await;
    assert!(given.contains("https://chat.example.org/"), "{given}");
    assert_eq!(says(&mut stage, ZHANGSAN, &room, "!meet ics revoke").await, "日历地址已撤销。");
    assert_eq!(says(&mut stage, ZHANGSAN, &room, "!meet ics revoke").await, "没有日历地址。");
    let login = says(&mut stage, ZHANGSAN, &room, "!meet caldav phone").await;
    assert!(login.contains("用户名 @zhangsan:test，密码 "), "{login}");
    says(&mut stage, ZHANGSAN, &room, "!meet 周会 明天 10:00").await;
    says(&mut stage, ZHANGSAN, &room, "!meet ics MT-20261105-0001").await;
    let events = stage.events_of_bots(&room);
    assert!(events.iter().any(|event| event["content"]["filename"] == "MT-20261105-0001.ics"));
}

#[tokio::test(flavor = "multi_thread")]
async fn minutes_are_summed_up_and_what_is_to_be_done_becomes_tasks() {
    let (mut stage, _) = office().await;
    let room = team(&mut stage, &[LISI, WANGWU]).await;
    says(&mut stage, ZHANGSAN, &room, "!meet 周会 @李四 今天 10:00 30m").await;
    stage.advance_ms(HOUR + 31 * MINUTE);
    stage.settle().await;
    let common = card(&stage, &room, "[已预定]");
    assert!(reads(&stage, &room, &common).starts_with("[已结束] MT-20261105-0001"));
    let minutes = card(&stage, &room, "会议纪要 MT-20261105-0001 周会 11-05");
    stage.says_in_thread(LISI, &room, &minutes, "大家好\n结论: 下周上线\n待办: 写公告 @王五 周五");
    stage.says_in_thread(WANGWU, &room, &minutes, "结论: 外人说的不算");
    stage.settle().await;
    stage.advance_ms(10 * MINUTE);
    stage.says_in_thread(ZHANGSAN, &room, &minutes, "TODO：??? ");
    stage.settle().await;
    stage.advance_ms(10 * MINUTE);
    stage.settle().await;
    assert!(!last(&stage, &room).starts_with("纪要汇总"), "fifteen minutes after the last line");
    stage.restart().await;
    stage.advance_ms(6 * MINUTE);
    stage.settle().await;
    assert_eq!(
        last(&stage, &room),
        "纪要汇总 MT-20261105-0001 周会\n结论：下周上线（李四）\n待办：写公告 @王五 周五（李四）\n待办：???（张三）\n\
         待办「???」未建任务：没看懂时间「???」，例如：11-10 18:00、明天、周五。"
    );
    assert!(reads(&stage, &room, &common).starts_with("[已有纪要]"));
    let own = chat(&stage, ZHANGSAN);
    assert_eq!(last(&stage, &own), "task of MT-20261105-0001: 待办: 写公告 @王五 周五");
    assert!(says(&mut stage, LISI, &room, "!meet minutes MT-20261105-0001").await.contains("请看与我的私聊"));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_organiser_who_left_is_followed_by_their_head_or_nobody() {
    let (mut stage, room) = office().await;
    says(&mut stage, ZHANGSAN, &room, "!meet 周会 @王五 11-20 10:00").await;
    super::imports(&mut stage, "张三").await;
    stage.advance_ms(2 * MINUTE);
    stage.settle().await;
    let head = chat(&stage, LISI);
    let said = stage.said(&head);
    assert!(said.contains(&"MT-20261105-0001 周会 的组织者已离职，由你接手。".to_owned()), "{said:#?}");
    let own = card(&stage, &head, "[已预定] MT-20261105-0001 周会 · 李四");
    says(&mut stage, LISI, &head, "!meet cancel MT-20261105-0001").await;
    assert!(reads(&stage, &head, &own).starts_with("[已取消]"));

    let (mut stage, _) = office().await;
    let boss = stage.room_with("@zhaoliu:test", crate::LOCALPART, true);
    stage.settle().await;
    says(&mut stage, "@zhaoliu:test", &boss, "!meet 年会 @王五 11-20 10:00").await;
    super::imports(&mut stage, "赵六").await;
    stage.advance_ms(2 * MINUTE);
    stage.settle().await;
    let guest = chat(&stage, WANGWU);
    let invitation = card(&stage, &guest, "[已预定]");
    assert!(reads(&stage, &guest, &invitation).contains("组织者已离职且无人接手，11-12 取消"));
    stage.advance_ms(7 * DAY);
    stage.settle().await;
    assert!(reads(&stage, &guest, &invitation).starts_with("[已取消] MT-20261105-0001 年会"));
}

#[tokio::test(flavor = "multi_thread")]
async fn every_door_to_the_calendar_of_somebody_who_left_is_closed() {
    let (mut stage, room) = office().await;
    for opens in ["!meet ics", "!meet caldav phone"] {
        assert!(says(&mut stage, ZHANGSAN, &room, opens).await.contains("https://chat.example.org"));
    }
    let owner = calendar::Address::Matrix(ZHANGSAN.try_into().unwrap());
    assert_eq!(super::calendars_of(stage.kit()).passwords(&owner).await.unwrap().len(), 1);
    super::imports(&mut stage, "张三").await;
    stage.advance_ms(2 * MINUTE);
    stage.settle().await;
    let calendars = super::calendars_of(stage.kit());
    assert!(calendars.passwords(&owner).await.unwrap().is_empty());
    assert_eq!(calendars.feed_made_ms(&owner).await.unwrap(), None);
    for opens in ["!meet ics", "!meet caldav phone"] {
        let refused = says(&mut stage, ZHANGSAN, &room, opens).await;
        assert!(refused.starts_with("此账号未绑定员工"), "{refused}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_room_that_was_replaced_shows_its_meetings_in_its_successor() {
    let (mut stage, _) = office().await;
    let hall = team(&mut stage, &[LISI]).await;
    says(&mut stage, ZHANGSAN, &hall, "!meet 周会 @李四 明天 10:00 30m").await;
    card(&stage, &hall, "[已预定]");
    let new = team(&mut stage, &[LISI]).await;
    stage.sets_state(
        ZHANGSAN,
        &hall,
        "m.room.tombstone",
        "",
        json!({ "body": "moved", "replacement_room": new }),
    );
    stage.settle().await;
    let own = card(&stage, &new, "[已预定] MT-20261105-0001 周会");
    stage.reacts(LISI, &new, &own, "✅");
    stage.settle().await;
    assert!(reads(&stage, &new, &own).contains("李四✅"), "{}", reads(&stage, &new, &own));
    says(&mut stage, ZHANGSAN, &new, "!meet move MT-20261105-0001 11:00").await;
    assert!(reads(&stage, &new, &own).contains("11:00–11:30"), "{}", reads(&stage, &new, &own));
    assert_eq!(stage.said(&new).iter().filter(|text| text.starts_with("[已预定]")).count(), 1);
}
