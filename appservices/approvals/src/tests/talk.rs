//! Conversations with the bot, message by message.

use std::sync::Arc;

use cases::{Case, Decision, limits::CASE_DATA_BYTES_MAX};
use kit::{
    Bot, Kit,
    double::{Play, Stage},
};
use ruma::OwnedUserId;
use serde_json::json;
use store::Batch;

use super::{forms::PUBLIC_URL, staff_list};
use crate::{Approvals, LOCALPART, TEXTS, desk::Effect, instance::Instance, tables};

const ZHANGSAN: &str = "@zhangsan:test";
const LISI: &str = "@lisi:test";
const WANGWU: &str = "@wangwu:test";
const ANN: &str = "@ann:test";
const ADMIN: &str = "@admin:test";

/// The bot with the staff, and the direct chat of 张三 with it.
pub(super) async fn office() -> (Stage, String) {
    office_beside(None).await
}

/// As [`office`], where platforms are bridged by this account.
pub(super) async fn office_beside(bridge: Option<OwnedUserId>) -> (Stage, String) {
    let play = Play {
        localparts: vec![LOCALPART],
        tables: [tables(), workdays::tables()].concat(),
        texts: vec![TEXTS, office::TEXTS],
        bots: |kit| vec![Arc::new(bot_over(kit)) as Arc<dyn Bot>],
    };
    let mut stage = Stage::beside(play, bridge).await;
    imports(&mut stage, &staff_list()).await;
    let room = stage.room_with(ZHANGSAN, LOCALPART, true);
    stage.settle().await;
    (stage, room)
}

/// The bot of that office: it can send letters, and where platforms are bridged, Feishu is.
pub(super) fn bot_over(kit: &Kit) -> Approvals {
    Approvals::reaching(kit.clone(), Some(PUBLIC_URL.to_owned()), true, vec!["feishu"])
}

/// Imports a staff list as the command line does, and starts the bot anew, which has an organisation of its own here.
pub(super) async fn imports(stage: &mut Stage, list: &str) {
    let people = Approvals::new(stage.kit().clone()).people().await.unwrap();
    let preview = people.preview(list.as_bytes(), false, "test").await.unwrap();
    people.apply(&preview.id, "test").await.unwrap();
    stage.restart().await;
}

/// A case as it is kept.
pub(super) async fn case_of(stage: &Stage, no: &str) -> Case<Instance> {
    let bot = bot_over(stage.kit());
    let cases = &bot.house().await.unwrap().cases;
    let id = cases.by_number(no).await.unwrap().unwrap();
    cases.get(&id).await.unwrap().unwrap()
}

/// Fills a case up to the bound of what is kept of one.
pub(super) async fn fills(stage: &Stage, no: &str) {
    let case = case_of(stage, no).await;
    let room = CASE_DATA_BYTES_MAX - serde_json::to_string(&case.data).unwrap().len();
    let mut full = case.clone();
    full.data.texts.insert("sha256:full".to_owned(), "x".repeat(room - 100));
    let decision = Decision { case: full, entries: Vec::new(), effects: Vec::<Effect>::new() };
    let mut batch = Batch::new();
    bot_over(stage.kit()).house().await.unwrap().cases.write(&mut batch, Some(&case), decision).unwrap();
    stage.kit().store().commit(batch).await.unwrap();
}

/// The direct chat of somebody with the bot, joined.
pub(super) fn chat(stage: &Stage, person: &str) -> String {
    stage.chat(LOCALPART, person)
}

/// The newest message of the bot that is no edit and begins like this: its event.
pub(super) fn card(stage: &Stage, room: &str, begins: &str) -> String {
    stage.newest(room, |body| body.starts_with(begins))
}

/// What a card says now.
pub(super) fn reads(stage: &Stage, room: &str, card: &str) -> String {
    stage.reads(room, card)
}

pub(super) fn last(stage: &Stage, room: &str) -> String {
    stage.said(room).pop().unwrap_or_default()
}

#[tokio::test]
async fn golden_1_7_the_worked_example_of_an_expense() {
    let (mut stage, room) = office().await;
    let start = stage.says(ZHANGSAN, &room, "!报销 12800 招待 \"客户晚餐 11-03\"");
    stage.settle().await;
    assert_eq!(
        last(&stage, &room),
        "预览 AP-20261105-0001 报销 · 张三 · ¥12,800.00\n1) 李四 (销售部主管)\n\
         2) [预计] 王五 (财务总监, 因金额 ≥ 10,000)\n\
         抄送 出纳 (出纳)\n缺少: 附件。请在本话题上传，完成后回复「提交」，或「取消」。"
    );
    stage.uploads(ZHANGSAN, &room, "invoice.pdf", b"pdf", Some(&start));
    stage.settle().await;
    let hash = cases::hash_of(b"pdf").replace("sha256:", "");
    assert_eq!(last(&stage, &room), format!("已收到 1 个附件 (sha256 {}…)", &hash[..4]));
    stage.says_in_thread(ZHANGSAN, &room, &start, "提交");
    stage.settle().await;
    let desk = chat(&stage, LISI);
    let first = card(&stage, &desk, "[待审批]");
    assert_eq!(
        reads(&stage, &desk, &first),
        "[待审批] AP-20261105-0001 报销 · 张三 · ¥12,800.00\n下一步: 李四(销售部主管) · 已过 0/2\n金额: ¥12,800.00\n\
         类别: 招待\n事由: 客户晚餐 11-03\n附件: invoice.pdf\n✅同意 ❌拒绝 💬评论  或回复: 同意 / 拒绝 理由"
    );

    stage.reacts(LISI, &desk, &first, "❌");
    stage.settle().await;
    assert_eq!(last(&stage, &desk), "请在 10 分钟内回复理由，否则本次拒绝无效。");
    stage.says(LISI, &desk, "发票抬头不对");
    stage.settle().await;
    assert!(
        reads(&stage, &desk, &first).starts_with("[已退回] AP-20261105-0001"),
        "{}",
        reads(&stage, &desk, &first)
    );
    assert_eq!(
        last(&stage, &room),
        "AP-20261105-0001 被 李四 退回：发票抬头不对\n请修改或补充附件后回复「提交」，或「取消」。"
    );

    stage.uploads(ZHANGSAN, &room, "invoice2.pdf", b"pdf", Some(&start));
    stage.settle().await;
    stage.says_in_thread(ZHANGSAN, &room, &start, "提交");
    stage.settle().await;
    let second = card(&stage, &desk, "[待审批]");
    assert_ne!(first, second, "somebody who has something to do gets a new message");
    assert!(reads(&stage, &desk, &second).contains("变更: 附件 invoice.pdf → invoice2.pdf"));
    stage.reacts(LISI, &desk, &second, "✅");
    stage.settle().await;
    let chair = chat(&stage, WANGWU);
    let third = card(&stage, &chair, "[待审批]");
    assert!(reads(&stage, &chair, &third).contains("下一步: 王五(财务总监) · 已过 1/2"));
    stage.replies(WANGWU, &chair, &third, "同意");
    stage.settle().await;
    for (room, card) in [(&desk, &second), (&chair, &third)] {
        assert!(
            reads(&stage, room, card).starts_with("[已通过] AP-20261105-0001"),
            "{}",
            reads(&stage, room, card)
        );
    }
    let own = card(&stage, &room, "[待审批]");
    assert!(reads(&stage, &room, &own).starts_with("[已通过] AP-20261105-0001"));

    stage.says(ZHANGSAN, &room, "!verify AP-20261105-0001");
    stage.settle().await;
    let verdict = last(&stage, &room);
    assert!(verdict.starts_with("OK · 9 条记录 · 2 个服务器签名 · 链首 sha256:"), "{verdict}");
    stage.says(ZHANGSAN, &room, "!why AP-20261105-0001");
    stage.settle().await;
    let why = last(&stage, &room);
    assert!(
        why.ends_with("节点2: 规则 amount >= 1000000 成立; 角色 cfo 于 2026-11-05 由 王五 担任 (org 版本 1)"),
        "{why}"
    );
}

#[tokio::test]
async fn leave_by_one_line_in_a_room_tells_the_room_a_number_only() {
    let (mut stage, _) = office().await;
    let hall = stage.room_with(ZHANGSAN, LOCALPART, false);
    stage.settle().await;
    stage.says(ZHANGSAN, &hall, "!请假 2026-11-10 2026-11-12 事假 家里有事");
    stage.settle().await;
    assert_eq!(stage.said(&hall), ["已收到 AP-20261105-0001，请看与我的私聊。"]);
    let desk = chat(&stage, LISI);
    let mine = card(&stage, &desk, "[待审批] AP-20261105-0001 请假 · 张三 · 2026-11-10 – 2026-11-12 (3天)");
    stage.reacts(LISI, &desk, &mine, "✅");
    stage.settle().await;
    assert!(reads(&stage, &desk, &mine).starts_with("[已通过]"));
    // A second tap, from wherever, meets the first.
    stage.says(LISI, &desk, "!拒绝 AP-20261105-0001 太久");
    stage.settle().await;
    assert_eq!(last(&stage, &desk), "已由 李四 于 11-05 09:00 通过Matrix处理：同意。");
}

#[tokio::test]
async fn strangers_decide_nothing_and_hear_so_once() {
    let (mut stage, room) = office().await;
    stage.says(ZHANGSAN, &room, "!请假 2026-11-10 2026-11-10 事假 x");
    stage.settle().await;
    let desk = chat(&stage, LISI);
    let mine = card(&stage, &desk, "[待审批]");
    stage.invites(LISI, &desk, "@eve:test");
    stage.joins("@eve:test", &desk);
    for key in ["✅", "❌"] {
        stage.reacts("@eve:test", &desk, &mine, key);
        stage.settle().await;
    }
    let told = stage.said(&desk).into_iter().filter(|body| body.contains("未绑定员工")).count();
    assert_eq!(told, 1);
    assert!(reads(&stage, &desk, &mine).starts_with("[待审批]"));
}

#[tokio::test]
async fn a_tap_that_counted_stays_and_one_that_waits_can_be_taken_back() {
    let (mut stage, room) = office().await;
    stage.says(ZHANGSAN, &room, "!请假 2026-11-10 2026-11-10 事假 x");
    stage.settle().await;
    let desk = chat(&stage, LISI);
    let mine = card(&stage, &desk, "[待审批]");
    let tap = stage.reacts(LISI, &desk, &mine, "❌");
    stage.settle().await;
    stage.redacts(LISI, &desk, &tap);
    stage.settle().await;
    stage.says(LISI, &desk, "nothing waits for this");
    stage.settle().await;
    assert!(reads(&stage, &desk, &mine).starts_with("[待审批]"), "the rejection was taken back");
    let tap = stage.reacts(LISI, &desk, &mine, "✅");
    stage.settle().await;
    stage.redacts(LISI, &desk, &tap);
    stage.settle().await;
    assert!(reads(&stage, &desk, &mine).starts_with("[已通过]"));
    let stays = "操作已记录，撤掉表情不会撤销。可用：!转交 !加签 !退回";
    assert_eq!(last(&stage, &desk), stays);
    let tap = stage.reacts(LISI, &desk, &mine, "✅");
    stage.settle().await;
    stage.redacts(LISI, &desk, &tap);
    stage.settle().await;
    assert_eq!(stage.said(&desk).iter().filter(|body| *body == stays).count(), 1, "it is said once");
}

#[tokio::test]
async fn a_dialogue_asks_for_what_is_missing_in_english() {
    let (mut stage, _) = office().await;
    let room = stage.room_with(ANN, LOCALPART, true);
    stage.settle().await;
    let start = stage.says(ANN, &room, "!leave");
    stage.settle().await;
    assert!(
        last(&stage, &room).ends_with("Please give “Dates”  (“cancel” ends this)"),
        "{}",
        last(&stage, &room)
    );
    stage.says_in_thread(ANN, &room, &start, "2026-13-01");
    stage.settle().await;
    assert_eq!(last(&stage, &room), "“Dates” is no date, for example: 2026-11-05 2026-11-05");
    stage.says_in_thread(ANN, &room, &start, "11-10 11-11");
    stage.settle().await;
    stage.says_in_thread(ANN, &room, &start, "annual");
    stage.settle().await;
    assert_eq!(last(&stage, &room), "Complete. Reply “submit”, or “cancel”.");
    stage.says_in_thread(ANN, &room, &start, "submit");
    stage.settle().await;
    // Nobody heads marketing: an administrator is asked, and Ann hears so.
    assert!(
        stage.said(&room).contains(&"This step has no approver; passed to administrator 管理员.".to_owned())
    );
    let desk = chat(&stage, ADMIN);
    card(&stage, &desk, "[待审批] AP-20261105-0001 请假 · Ann");
    let own = card(&stage, &room, "[Pending] AP-20261105-0001 Leave · Ann");
    stage.reacts(ANN, &room, &own, "↩️");
    stage.settle().await;
    assert!(reads(&stage, &room, &own).starts_with("[Recalled]"));
}

#[tokio::test]
async fn a_rejection_without_reason_is_void_after_ten_minutes_also_over_a_restart() {
    let (mut stage, room) = office().await;
    stage.says(ZHANGSAN, &room, "!请假 2026-11-10 2026-11-10 事假 x");
    stage.settle().await;
    let desk = chat(&stage, LISI);
    let mine = card(&stage, &desk, "[待审批]");
    stage.reacts(LISI, &desk, &mine, "❌");
    stage.settle().await;
    stage.restart().await;
    stage.advance_ms(11 * 60 * 1_000);
    stage.settle().await;
    stage.says(LISI, &desk, "太晚了");
    stage.settle().await;
    assert!(reads(&stage, &desk, &mine).starts_with("[待审批]"));
    stage.says(LISI, &desk, "!同意");
    stage.settle().await;
    assert!(reads(&stage, &desk, &mine).starts_with("[已通过]"));
}

#[tokio::test]
async fn what_was_approved_is_undone_by_another_approval() {
    let (mut stage, room) = office().await;
    stage.says(ZHANGSAN, &room, "!请假 2026-11-10 2026-11-10 事假 x");
    stage.settle().await;
    let desk = chat(&stage, LISI);
    stage.says(LISI, &desk, "!同意");
    stage.settle().await;
    let own = card(&stage, &room, "[待审批] AP-20261105-0001");
    stage.says(ZHANGSAN, &room, "!撤销 AP-20261105-0001 行程取消");
    stage.settle().await;
    stage.says(LISI, &desk, "!同意 AP-20261105-0002");
    stage.settle().await;
    assert!(
        reads(&stage, &room, &own).starts_with("[已撤销] AP-20261105-0001"),
        "{}",
        reads(&stage, &room, &own)
    );
    stage.says(ZHANGSAN, &room, "!撤销 AP-20261105-0001 again");
    stage.settle().await;
    let once = "已由 李四 于 11-05 09:00 通过系统处理：已撤销。";
    assert_eq!(last(&stage, &room), once, "once only");
}

#[tokio::test]
async fn what_was_approved_is_undone_by_the_version_it_was_made_with() {
    let (mut stage, room) = office().await;
    let desk = stage.room_with(ADMIN, LOCALPART, true);
    stage.settle().await;
    let seal = |who: &str| {
        json!({
            "v": 1, "id": "seal", "name": {"zh": "用章"}, "aliases": ["用章"],
            "form": [{"id": "what", "type": "text", "label": {"zh": "文件"}, "required": true}],
            "flow": [{"id": "n1", "type": "approve", "mode": "or", "who": {"users": [who]}}],
            "policy": {"revert": true},
        })
    };
    stage.says(ADMIN, &desk, &format!("!审批 publish {}", seal("2")));
    stage.settle().await;
    stage.says(ZHANGSAN, &room, "!审批 用章 框架合同");
    stage.settle().await;
    let head = chat(&stage, LISI);
    stage.says(LISI, &head, "!同意");
    stage.says(ADMIN, &desk, &format!("!审批 publish {}", seal("3")));
    stage.settle().await;
    stage.says(ZHANGSAN, &room, "!撤销 AP-20261105-0001 作废");
    stage.settle().await;
    card(&stage, &head, "[待审批] AP-20261105-0002 用章");
    assert_eq!(stage.direct(LOCALPART, WANGWU), None, "the newer version asks somebody else");
    assert_eq!(case_of(&stage, "AP-20261105-0002").await.data.version, 1);
}

#[tokio::test]
async fn an_export_verifies_without_the_bot() {
    let (mut stage, room) = office().await;
    stage.says(ZHANGSAN, &room, "!请假 2026-11-10 2026-11-10 事假 x");
    stage.settle().await;
    stage.says(ZHANGSAN, &room, "!审批 export AP-20261105-0001");
    stage.settle().await;
    assert_eq!(last(&stage, &room), "AP-20261105-0001 的导出文件");
    let file = stage.newest(&room, |body| body.ends_with("的导出文件"));
    let text = String::from_utf8(stage.file(&room, &file)).unwrap();
    let report = cases::verify_export(text.as_bytes(), &cases::PublicKeys::default()).unwrap();
    assert_eq!((report.cases, report.records), (1, 2));
    assert!(
        cases::verify_export(text.replace("zhangsan", "zhangsen").as_bytes(), &cases::PublicKeys::default())
            .is_err()
    );
}

#[tokio::test]
async fn a_template_with_a_dead_end_is_not_published_and_a_good_one_starts_at_once() {
    let (mut stage, room) = office().await;
    let template = |role: &str| {
        serde_json::json!({
            "v": 1, "id": "seal", "name": {"zh": "用章", "en": "Seal"}, "aliases": ["用章"],
            "form": [{"id": "what", "type": "text", "label": {"zh": "文件"}, "required": true}],
            "flow": [{"id": "n1", "type": "approve", "mode": "or", "who": {"role": role}}],
        })
        .to_string()
    };
    stage.says(ZHANGSAN, &room, &format!("!审批 publish {}", template("cfo")));
    stage.settle().await;
    assert!(last(&stage, &room).starts_with("没有权限：需要角色 approval_admin"), "{}", last(&stage, &room));
    let desk = stage.room_with(ADMIN, LOCALPART, true);
    stage.settle().await;
    for (text, expected) in [
        (template("nobody"), "模板未发布：n1: 总部 没有人; "),
        (template("cfo").replace("approve\"", "approved\""), "模板未发布："),
        (template("cfo"), "模板已发布：seal@1"),
        (
            format!("--force {}", template("nobody")),
            "模板已发布：seal@2\n找不到审批人的节点：n1: 总部 没有人; ",
        ),
        (template("cfo"), "模板已发布：seal@3"),
    ] {
        stage.says(ADMIN, &desk, &format!("!审批 publish {text}"));
        stage.settle().await;
        assert!(last(&stage, &desk).starts_with(expected), "{}", last(&stage, &desk));
    }
    stage.says(ZHANGSAN, &room, "!审批 用章 合同");
    stage.settle().await;
    let chair = chat(&stage, WANGWU);
    card(&stage, &chair, "[待审批] AP-20261105-0001 用章 · 张三");
}

#[tokio::test]
async fn edge_04_what_waits_for_a_leaver_goes_to_their_head() {
    let (mut stage, room) = office().await;
    stage.says(ZHANGSAN, &room, "!请假 2026-11-10 2026-11-10 事假 x");
    stage.settle().await;
    chat(&stage, LISI);
    imports(&mut stage, "工号,姓名,部门,状态\n2,李四,总部/销售部,离职\n").await;
    stage.advance_ms(2 * 60 * 1_000);
    stage.settle().await;
    let boss = chat(&stage, "@zhaoliu:test");
    let mine = card(&stage, &boss, "[待审批]");
    assert!(
        stage.said(&room).contains(&"李四 已离职，审批转给 赵六。".to_owned()),
        "{:?}",
        stage.said(&room)
    );
    stage.reacts("@zhaoliu:test", &boss, &mine, "✅");
    stage.settle().await;
    assert!(reads(&stage, &boss, &mine).starts_with("[已通过]"));
}

#[tokio::test]
async fn a_full_case_of_a_leaver_holds_up_none_of_their_others() {
    let (mut stage, room) = office().await;
    for day in ["10", "12"] {
        stage.says(ZHANGSAN, &room, &format!("!请假 2026-11-{day} 2026-11-{day} 事假 x"));
        stage.settle().await;
    }
    fills(&stage, "AP-20261105-0001").await;
    imports(&mut stage, "工号,姓名,部门,状态\n2,李四,总部/销售部,离职\n").await;
    stage.advance_ms(2 * 60 * 1_000);
    stage.settle().await;
    card(&stage, &chat(&stage, "@zhaoliu:test"), "[待审批] AP-20261105-0002");
}
