//! Who leaves while they are asked for another server's case.

use serde_json::json;

use super::{
    partner::{BOT, asked_for_partner, of_kind},
    talk::{card, imports, reads},
};
use crate::limits::LEAVERS_INTERVAL_MS;

const ZHAOLIU: &str = "@zhaoliu:test";

#[tokio::test]
async fn whoever_does_now_what_a_leaver_did_is_asked_for_the_partner() {
    let (mut stage, room, mine) = asked_for_partner().await;
    let gone = "工号,姓名,部门,状态,角色\n3,王五,总部,离职,\n4,赵六,总部,,partner.contract\n";
    imports(&mut stage, gone).await;
    stage.advance_ms(2 * LEAVERS_INTERVAL_MS);
    stage.settle().await;
    stage.joins(ZHAOLIU, &room);
    stage.settle().await;
    let theirs = card(&stage, &room, "[待审批] AP-7");
    assert_ne!(theirs, mine);
    stage.reacts(ZHAOLIU, &room, &theirs, "✅");
    stage.settle().await;
    assert!(reads(&stage, &room, &theirs).starts_with("[已通过] AP-7"), "{}", reads(&stage, &room, &theirs));
    let decided = of_kind(&stage, &room, "answer").pop().unwrap()["content"]["outcome"]["decided"].clone();
    assert_eq!((&decided["agrees"], &decided["actor"]), (&json!(true), &json!(ZHAOLIU)));
}

#[tokio::test]
async fn a_partner_hears_that_nobody_can_decide_any_more_when_the_last_who_could_leaves() {
    let (mut stage, room, mine) = asked_for_partner().await;
    imports(&mut stage, "工号,姓名,部门,状态\n3,王五,总部,离职\n").await;
    stage.advance_ms(2 * LEAVERS_INTERVAL_MS);
    stage.settle().await;
    let answers = of_kind(&stage, &room, "answer");
    let outcomes: Vec<_> = answers.iter().map(|answer| &answer["content"]["outcome"]).collect();
    assert_eq!(outcomes, [&json!("asks"), &json!("nobody")]);
    assert!(
        reads(&stage, &room, &mine).starts_with("[已由他人处理] AP-7"),
        "{}",
        reads(&stage, &room, &mine)
    );
    // It is said once.
    stage.sends(BOT, &room, "m.room.message", json!({ "msgtype": "m.text", "body": "!" }));
    stage.advance_ms(2 * LEAVERS_INTERVAL_MS);
    stage.settle().await;
    assert_eq!(of_kind(&stage, &room, "answer").len(), 2);
}
