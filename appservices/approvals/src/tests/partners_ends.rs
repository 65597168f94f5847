//! How a step of another server's people ends when they do not decide it, and rejections that wait for their reason.

use kit::double::Stage;
use serde_json::{Value, json};

use super::{
    partner::{
        ADMIN, BOT, NO, PAN, WANGWU, ZHANGSAN, asked_for_partner, of_kind, partner_answers, partner_is_there,
        request, room_of_partner_with,
    },
    staff_list,
    talk::{card, chat, last, reads},
};
use crate::limits::REASON_WAIT_MS;

fn decisions(stage: &Stage, room: &str) -> usize {
    let answers = of_kind(stage, room, "answer");
    answers.iter().filter(|answer| answer["content"]["outcome"]["decided"].is_object()).count()
}

#[tokio::test]
async fn a_partner_hears_that_nobody_has_to_decide_any_more() {
    for (how, state) in [("recall", "recalled"), ("terminate", "terminated"), ("timeout", "expired")] {
        let (mut stage, room, case_room, request) = partner_is_there().await;
        partner_answers(&mut stage, &case_room, &request, "asks").await;
        assert_eq!(of_kind(&stage, &case_room, "request.over").len(), 0);
        match how {
            "recall" => drop(stage.says(ZHANGSAN, &room, &format!("!撤回 {NO}"))),
            "terminate" => {
                let desk = chat(&stage, ADMIN);
                stage.says(ADMIN, &desk, &format!("!终止 {NO} 作废"));
            }
            _ => stage.advance_ms(49 * 3_600_000),
        }
        stage.settle().await;
        let over = of_kind(&stage, &case_room, "request.over");
        let contents: Vec<&Value> = over.iter().map(|event| &event["content"]).collect();
        assert_eq!(contents, [&json!({ "v": 1, "no": NO, "task": "t2", "state": state })], "{how}");
    }
}

#[tokio::test]
async fn a_card_for_a_partner_says_that_it_is_over() {
    let (mut stage, room, mine) = asked_for_partner().await;
    let over = |no: &str, state: &str| json!({ "v": 1, "no": no, "task": "t2", "state": state });
    stage.invites(BOT, &room, PAN);
    stage.joins(PAN, &room);
    stage.sends(PAN, &room, "com.lianqiao.request.over", over("AP-7", "recalled"));
    stage.sends(BOT, &room, "com.lianqiao.request.over", over("AP-8", "recalled"));
    stage.settle().await;
    assert!(reads(&stage, &room, &mine).starts_with("[待审批] AP-7"), "neither is about this");
    stage.sends(BOT, &room, "com.lianqiao.request.over", over("AP-7", "recalled"));
    stage.settle().await;
    let shown = reads(&stage, &room, &mine);
    assert!(shown.starts_with("[已撤回] AP-7 用章 · Pan") && !shown.contains("✅"), "{shown}");
    stage.reacts(WANGWU, &room, &mine, "✅");
    stage.settle().await;
    assert_eq!(last(&stage, &room), "已由 partner 于 11-05 09:00 通过Matrix处理：已撤回。");
    assert_eq!(decisions(&stage, &room), 0);
    let actions: Vec<Value> =
        of_kind(&stage, &room, "record").iter().map(|record| record["content"]["action"].clone()).collect();
    assert_eq!(actions, [json!("asked"), json!("over")], "the partner holds our chain, too");
}

#[tokio::test]
async fn why_it_is_over_may_be_a_word_that_is_not_known_here() {
    let (mut stage, room, mine) = asked_for_partner().await;
    let over = json!({ "v": 1, "no": "AP-7", "task": "t2", "state": "forgotten" });
    stage.sends(BOT, &room, "com.lianqiao.request.over", over);
    stage.settle().await;
    assert!(reads(&stage, &room, &mine).starts_with("[已由他人处理] AP-7"));
}

#[tokio::test]
async fn a_rejection_for_a_partner_is_void_without_a_reason_in_time() {
    let (mut stage, room, mine) = asked_for_partner().await;
    stage.reacts(WANGWU, &room, &mine, "❌");
    stage.settle().await;
    stage.advance_ms(REASON_WAIT_MS + 1_000);
    stage.says_in_thread(WANGWU, &room, &mine, "抬头不对");
    stage.settle().await;
    assert_eq!(last(&stage, &room), "已超过 10 分钟，那次拒绝无效。仍要拒绝请再点 ❌。");
    assert_eq!(decisions(&stage, &room), 0);
    // What is said behind that is talk.
    stage.says_in_thread(WANGWU, &room, &mine, "抬头不对");
    stage.settle().await;
    assert_eq!(decisions(&stage, &room), 0);
    // In words it waits for a reason as well.
    stage.says_in_thread(WANGWU, &room, &mine, "拒绝");
    stage.settle().await;
    assert_eq!(last(&stage, &room), "请在 10 分钟内回复理由，否则本次拒绝无效。");
    stage.says_in_thread(WANGWU, &room, &mine, "抬头不对");
    stage.settle().await;
    assert_eq!(decisions(&stage, &room), 1);
    assert!(reads(&stage, &room, &mine).starts_with("[已拒绝] AP-7"));
}

#[tokio::test]
async fn the_rejections_of_two_people_for_a_partner_wait_beside_each_other() {
    let zhaoliu = "@zhaoliu:test";
    let staff = staff_list().replace(",cfo,", ",partner.contract,");
    let staff = staff.replace("总经理,是,,", "总经理,是,partner.contract,");
    let (mut stage, room) = room_of_partner_with(&staff).await;
    stage.sends(BOT, &room, "com.lianqiao.request", request(1));
    stage.settle().await;
    let (mut cards, mut taps) = (Vec::new(), Vec::new());
    for person in [WANGWU, zhaoliu] {
        stage.joins(person, &room);
        stage.settle().await;
        let mine = card(&stage, &room, "[待审批] AP-7");
        taps.push(stage.reacts(person, &room, &mine, "❌"));
        cards.push(mine);
        stage.settle().await;
        assert_eq!(last(&stage, &room), "请在 10 分钟内回复理由，否则本次拒绝无效。", "{person}");
    }
    // The one takes theirs back; that of the other goes on waiting.
    stage.redacts(zhaoliu, &room, &taps[1]);
    stage.settle().await;
    stage.says_in_thread(zhaoliu, &room, &cards[1], "再想想");
    stage.settle().await;
    assert_eq!(decisions(&stage, &room), 0);
    stage.says_in_thread(WANGWU, &room, &cards[0], "抬头不对");
    stage.settle().await;
    assert_eq!(decisions(&stage, &room), 1);
    let decided = of_kind(&stage, &room, "answer").pop().unwrap()["content"]["outcome"]["decided"].clone();
    assert_eq!((&decided["actor"], &decided["reason"]), (&json!(WANGWU), &json!("抬头不对")));
}

#[tokio::test]
async fn a_rejection_for_a_partner_ends_when_its_tap_is_taken_back_and_a_decision_does_not() {
    let (mut stage, room, mine) = asked_for_partner().await;
    let tap = stage.reacts(WANGWU, &room, &mine, "❌");
    stage.settle().await;
    stage.redacts(WANGWU, &room, &tap);
    stage.settle().await;
    stage.says_in_thread(WANGWU, &room, &mine, "抬头不对");
    stage.settle().await;
    assert_eq!(decisions(&stage, &room), 0);
    let tap = stage.reacts(WANGWU, &room, &mine, "✅");
    stage.settle().await;
    assert_eq!(decisions(&stage, &room), 1);
    stage.redacts(WANGWU, &room, &tap);
    stage.settle().await;
    assert_eq!(last(&stage, &room), "操作已记录，撤掉表情不会撤销。可用：请联系申请人");
}

#[tokio::test]
async fn words_for_a_partner_that_are_removed_leave_their_record() {
    let (mut stage, room, mine) = asked_for_partner().await;
    let said = stage.says_in_thread(WANGWU, &room, &mine, "拒绝 抬头不对");
    stage.settle().await;
    assert_eq!(decisions(&stage, &room), 1);
    stage.redacts(WANGWU, &room, &said);
    stage.settle().await;
    assert_eq!(last(&stage, &room), format!("王五 已撤回原消息（记录 2，哈希 {said}），记录不变。"));
}

#[tokio::test]
async fn a_newer_form_is_refused_and_both_sides_hear_so() {
    let (mut stage, room, _) = asked_for_partner().await;
    let newer = "partner 发来的消息格式较新（v2，test 只认识 v1），未处理。请升级 test。";
    let asked = stage.sends(BOT, &room, "com.lianqiao.request", request(2));
    stage.settle().await;
    assert!(last(&stage, &room).starts_with(newer), "{}", last(&stage, &room));
    let answer = of_kind(&stage, &room, "answer").pop().unwrap()["content"].clone();
    let expected = json!({ "v": 1, "no": "AP-7", "task": "t2", "request": asked, "outcome": "too_new" });
    assert_eq!(answer, expected);
    assert_eq!(last(&stage, &chat(&stage, ADMIN)), newer);
    let said = stage.said(&room).len();
    for (kind, v) in [("request.over", 2), ("record", 2), ("answer", 3)] {
        stage.sends(BOT, &room, &format!("com.lianqiao.{kind}"), json!({ "v": v }));
    }
    stage.settle().await;
    assert_eq!(stage.said(&room).len(), said, "once is enough");
    assert_eq!(last(&stage, &chat(&stage, ADMIN)), newer, "for those who look after approvals, too");
}

#[tokio::test]
async fn a_partner_who_does_not_know_our_form_leaves_it_to_an_administrator() {
    let (mut stage, room, case_room, request) = partner_is_there().await;
    partner_answers(&mut stage, &case_room, &request, "too_new").await;
    assert!(stage.said(&room).contains(&"本节点没有审批人，已转给管理员 管理员。".to_owned()));
    assert_eq!(of_kind(&stage, &case_room, "request.over").len(), 0, "they ended it themselves");
}
