//! The records of the other side that are not taken, and the keys that it takes for them.

use cases::{Entry, Record, Signer};
use kit::double::Stage;
use serde_json::json;

use super::{
    partner::{
        ADMIN, BOT, LISI, PAN, THEIRS, answer, chain, comment, hears, new_signer, pan_is_asked,
        partner_is_there, request_with, sends, signer,
    },
    talk::{card, chat, last, reads},
};
use crate::limits::{ANSWER_TRUST_WAIT_MS, PARTNER_RECORD_BYTES_MAX};

#[tokio::test]
async fn records_of_a_partner_who_lies_are_not_kept() {
    let (mut stage, _, case_room, _) = partner_is_there().await;
    let known = signer().await;
    let records = chain(THEIRS, 3, &known);
    let request = request_with(&known, "nothing");
    stage.sends(BOT, &case_room, "com.lianqiao.request", request.clone());
    stage.settle().await;
    for record in &records[..2] {
        sends(&mut stage, &case_room, record).await;
    }
    let said = stage.said(&case_room).len();
    sends(&mut stage, &case_room, &records[1]).await;
    assert_eq!(stage.said(&case_room).len(), said, "what comes again changes nothing");

    let other = new_signer("ent_2");
    let impostor = signer().await;
    let signed = |seq: u64, prev: &str, signer: &Signer| {
        Record::signed(comment(9), "01THEIRS", THEIRS, seq, prev, signer).unwrap()
    };
    let head = records[1].hash().unwrap();
    let mut changed = records[2].clone();
    changed.at = 10;
    let long = Entry { template: "x".repeat(PARTNER_RECORD_BYTES_MAX), ..comment(9) };
    let long = Record::signed(long, "01THEIRS", THEIRS, 3, &head, &known).unwrap();
    // (what is sent, why it is not believed)
    for (record, cause) in [
        (signed(2, &records[1].prev, &known), "the record does not follow those that were sent before"),
        (signed(3, "sha256:01", &known), "the record does not follow those that were sent before"),
        (signed(500, &head, &known), "the record does not follow those that were sent before"),
        (long, "the record does not follow those that were sent before"),
        (changed, "the record is not signed by the partner's key"),
        (signed(3, &head, &impostor), "the record is not signed by the partner's key"),
        (signed(3, &head, &other), "the record is signed by a key that is not known of the partner"),
        (signed(4, &head, &other), "the record is signed by a key that is not known of the partner"),
    ] {
        sends(&mut stage, &case_room, &record).await;
        let said = last(&stage, &case_room);
        assert!(said.starts_with("partner 的答复未被接受："), "{said}");
        assert!(said.ends_with(&format!("\nThe answer of partner is not accepted: {cause}")), "{said}");
    }
    let warning =
        "partner 的审批机器人用未知的密钥签名，其记录未被接受。与对方核实后发送：!审批 trust partner";
    let warnings = stage.said(&chat(&stage, ADMIN)).iter().filter(|said| *said == warning).count();
    assert_eq!(warnings, 1, "once is enough");
    let verify = format!("!verify {THEIRS}");
    let verdict = hears(&mut stage, ADMIN, &verify).await;
    assert!(verdict.starts_with(&format!("partner 的 {THEIRS}：OK · 2 条记录")), "{verdict}");

    // Nobody but who looks after approvals has a key forgotten; then the next one stays.
    assert!(hears(&mut stage, LISI, "!审批 trust partner").await.starts_with("没有权限"));
    assert!(hears(&mut stage, ADMIN, "!审批 trust nobody").await.starts_with("找不到编号 nobody"));
    let forgotten = hears(&mut stage, ADMIN, "!审批 trust partner").await;
    assert_eq!(forgotten, "已忘记 partner 的密钥，下一个收到的将被记住。");
    let mut again = request;
    again["keys"] = json!(other.public().texts());
    stage.sends(BOT, &case_room, "com.lianqiao.request", again);
    stage.settle().await;
    sends(&mut stage, &case_room, &signed(3, &head, &other)).await;
    let verdict = hears(&mut stage, ADMIN, &verify).await;
    assert!(verdict.contains("没有已知密钥的签名"), "the older ones are not vouched for: {verdict}");
}

#[tokio::test]
async fn an_answer_with_a_key_that_is_not_known_counts_once_it_is_trusted() {
    let (mut stage, room, case_room, request) = partner_is_there().await;
    stage.sends(BOT, &case_room, "com.lianqiao.request", request_with(&signer().await, "nothing"));
    stage.settle().await;
    let asked = pan_is_asked(&stage, &case_room, &request);
    let tap = stage.reacts(PAN, &case_room, &asked, "✅");
    stage.settle().await;
    let content = answer(&request, &case_room, &tap, &new_signer("ent_2"));
    stage.sends(BOT, &case_room, "com.lianqiao.answer", content);
    stage.settle().await;
    let cause = "The answer of partner is not accepted: the record is signed by a key that is not known of the partner";
    let refusals = |stage: &Stage| stage.said(&case_room).iter().filter(|said| said.ends_with(cause)).count();
    let own = card(&stage, &room, "[待审批]");
    stage.advance_ms(ANSWER_TRUST_WAIT_MS + 1_000);
    stage.settle().await;
    assert_eq!(refusals(&stage), 1, "it is said once");
    assert!(reads(&stage, &room, &own).starts_with("[待审批]"));
    hears(&mut stage, ADMIN, "!审批 trust partner").await;
    stage.advance_ms(ANSWER_TRUST_WAIT_MS + 1_000);
    stage.settle().await;
    assert!(reads(&stage, &room, &own).starts_with("[已通过]"), "{}", reads(&stage, &room, &own));
}
