//! The records of the other side: kept in their order, walked by their number, and not taken from whoever lies.

use std::sync::Arc;

use cases::{Entry, Record, Signer, Via};
use kit::double::Stage;
use ruma::signatures::Ed25519KeyPair;
use serde_json::json;

use super::{
    partners::{ADMIN, BOT, LISI, NO, PAN, WANGWU, ZHANGSAN, signer, waiting_for_partner},
    staff_list,
    talk::{chat, imports, last, office},
};
use crate::LOCALPART;

/// A number of the partner.
const THEIRS: &str = "AP-20261104-0007";

fn entry(at_ms: u64) -> Entry {
    Entry {
        action: "comment".into(),
        actor: PAN.into(),
        on_behalf_of: None,
        via: Via::Matrix,
        source: None,
        link: None,
        node: None,
        task: None,
        from: "pending".into(),
        to: "pending".into(),
        form_sha256: None,
        reason_sha256: None,
        template: "seal@1".into(),
        at_ms,
    }
}

/// So many records of a case of the partner.
fn chain(no: &str, count: u64, signer: &Signer) -> Vec<Record> {
    let mut prev = "sha256:00".to_owned();
    let next = |seq| {
        let record = Record::signed(entry(seq), "01THEIRS", no, seq, &prev, signer).unwrap();
        prev = record.hash().unwrap();
        record
    };
    (1..=count).map(next).collect()
}

async fn sends(stage: &mut Stage, room: &str, record: &Record) {
    stage.sends(BOT, room, "com.lianqiao.record", serde_json::to_value(record).unwrap());
    stage.settle().await;
}

/// What the bot answers to somebody in their direct chat.
async fn hears(stage: &mut Stage, person: &str, command: &str) -> String {
    let room = match stage.direct(LOCALPART, person) {
        Some(room) => room,
        None => stage.room_with(person, LOCALPART, true),
    };
    stage.settle().await;
    stage.says(person, &room, command);
    stage.settle().await;
    last(stage, &room)
}

#[tokio::test]
async fn a_partners_case_is_verified_by_its_number_on_this_side() {
    let (mut stage, _) = office().await;
    imports(&mut stage, &staff_list().replace(",cfo,", ",partner.contract,")).await;
    let room = stage.room_with(BOT, LOCALPART, false);
    stage.settle().await;
    let signer = signer().await;
    let records = chain(THEIRS, 5, &signer);
    // The third comes before the second.
    for record in [&records[0], &records[2], &records[1]] {
        sends(&mut stage, &room, record).await;
    }
    stage.invites(BOT, &room, WANGWU);
    stage.joins(WANGWU, &room);
    stage.settle().await;
    let verify = format!("!verify {THEIRS}");
    let unsigned = hears(&mut stage, WANGWU, &verify).await;
    assert!(unsigned.contains("没有已知密钥的签名"), "{unsigned}");
    let request = json!({
        "v": 1, "no": THEIRS, "task": "t2", "capability": "contract", "name": "用章", "starter": "Pan",
        "form_view": [], "deadline": null, "keys": signer.public().texts(),
    });
    stage.sends(BOT, &room, "com.lianqiao.request", request);
    stage.settle().await;
    let good = format!("partner 的 {THEIRS}：OK · 3 条记录");
    let verdict = hears(&mut stage, WANGWU, &verify).await;
    assert!(verdict.starts_with(&good), "{verdict}");
    // One that comes too early waits, and is not counted.
    sends(&mut stage, &room, &records[4]).await;
    let verdict = hears(&mut stage, WANGWU, &verify).await;
    assert!(verdict.starts_with(&good) && verdict.ends_with("另有 1 条记录在等待之前的记录。"), "{verdict}");
    sends(&mut stage, &room, &records[3]).await;
    let verdict = hears(&mut stage, ADMIN, &verify).await;
    assert!(verdict.starts_with(&format!("partner 的 {THEIRS}：OK · 5 条记录")), "{verdict}");
    assert_eq!(
        hears(&mut stage, ZHANGSAN, &verify).await,
        format!("找不到编号 {THEIRS}，或你无权查看。"),
        "who is not in the room of the case"
    );
}

#[tokio::test]
async fn records_of_a_partner_who_lies_are_not_kept() {
    let (mut stage, _, case_room) = waiting_for_partner().await;
    stage.joins(BOT, &case_room);
    stage.settle().await;
    let known = signer().await;
    let records = chain(THEIRS, 3, &known);
    let request = json!({
        "v": 1, "no": THEIRS, "task": "t2", "capability": "nothing", "name": "用章", "starter": "Pan",
        "form_view": [], "deadline": null, "keys": known.public().texts(),
    });
    stage.sends(BOT, &case_room, "com.lianqiao.request", request.clone());
    stage.settle().await;
    for record in &records[..2] {
        sends(&mut stage, &case_room, record).await;
    }
    let said = stage.said(&case_room).len();
    sends(&mut stage, &case_room, &records[1]).await;
    assert_eq!(stage.said(&case_room).len(), said, "what comes again changes nothing");

    let other = Ed25519KeyPair::from_der(&Ed25519KeyPair::generate().to_vec(), "ent_2".to_owned()).unwrap();
    let other = Signer::new(Arc::new(other));
    let impostor = signer().await;
    let signed = |seq: u64, prev: &str, signer: &Signer| {
        Record::signed(entry(9), "01THEIRS", THEIRS, seq, prev, signer).unwrap()
    };
    let head = records[1].hash().unwrap();
    let mut changed = records[2].clone();
    changed.at = 10;
    // (what is sent, why it is not believed)
    for (record, cause) in [
        (signed(2, &records[1].prev, &known), "the record does not follow those that were sent before"),
        (signed(3, "sha256:01", &known), "the record does not follow those that were sent before"),
        (signed(500, &head, &known), "the record does not follow those that were sent before"),
        (changed, "the record is not signed by the partner's key"),
        (signed(3, &head, &impostor), "the record is not signed by the partner's key"),
        (signed(3, &head, &other), "the record is signed by a key that is not known of the partner"),
    ] {
        sends(&mut stage, &case_room, &record).await;
        let said = last(&stage, &case_room);
        assert!(said.starts_with("partner 的答复未被接受："), "{said}");
        assert!(said.ends_with(&format!("\nThe answer of partner is not accepted: {cause}")), "{said}");
    }
    let warning =
        "partner 的审批机器人用未知的密钥签名，其记录未被接受。与对方核实后发送：!审批 trust partner";
    assert_eq!(last(&stage, &chat(&stage, ADMIN)), warning);
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
async fn a_number_that_both_sides_have_means_the_own_case() {
    let (mut stage, room, case_room) = waiting_for_partner().await;
    stage.joins(BOT, &case_room);
    stage.settle().await;
    for record in &chain(NO, 2, &signer().await) {
        sends(&mut stage, &case_room, record).await;
    }
    stage.says(ZHANGSAN, &room, &format!("!verify {NO}"));
    stage.settle().await;
    assert!(last(&stage, &room).starts_with("OK · 4 条记录"), "{}", last(&stage, &room));
    // Their chain is there as well, whoever has a part in the case may read it, and nobody else.
    stage.says(ZHANGSAN, &room, &format!("!verify {NO}@partner"));
    stage.settle().await;
    assert!(last(&stage, &room).starts_with(&format!("partner 的 {NO}：")), "{}", last(&stage, &room));
    let other = hears(&mut stage, "@sunqi:test", &format!("!verify {NO}@partner")).await;
    assert!(other.starts_with("找不到编号"), "{other}");
}
