//! The records of the other side: kept in their order, walked by their number, and not taken from whoever lies.

use std::sync::Arc;

use cases::{Entry, Record, Signer, Via};
use kit::double::Stage;
use ruma::signatures::Ed25519KeyPair;
use serde_json::{Value, json};

use super::{
    partners::{ADMIN, BOT, LISI, NO, PAN, WANGWU, ZHANGSAN, answer, of_kind, signer, waiting_for_partner},
    staff_list,
    talk::{card, chat, imports, last, office, reads},
};
use crate::{
    LOCALPART,
    limits::{ANSWER_TRUST_WAIT_MS, PARTNER_CHAINS_SHOWN_MAX, PARTNER_RECORD_BYTES_MAX},
};

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

/// A key that nobody knows yet.
fn new_signer() -> Signer {
    let document = Ed25519KeyPair::generate().to_vec();
    Signer::new(Arc::new(Ed25519KeyPair::from_der(&document, "ent_2".to_owned()).unwrap()))
}

/// What the bot of the partner asks for its case.
fn request_with(signer: &Signer, capability: &str) -> Value {
    json!({
        "v": 1, "no": THEIRS, "task": "t2", "capability": capability, "name": "用章", "starter": "Pan",
        "form_view": [], "deadline": null, "keys": signer.public().texts(),
    })
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
    stage.sends(BOT, &room, "com.lianqiao.request", request_with(&signer, "contract"));
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
    let request = request_with(&known, "nothing");
    stage.sends(BOT, &case_room, "com.lianqiao.request", request.clone());
    stage.settle().await;
    for record in &records[..2] {
        sends(&mut stage, &case_room, record).await;
    }
    let said = stage.said(&case_room).len();
    sends(&mut stage, &case_room, &records[1]).await;
    assert_eq!(stage.said(&case_room).len(), said, "what comes again changes nothing");

    let other = new_signer();
    let impostor = signer().await;
    let signed = |seq: u64, prev: &str, signer: &Signer| {
        Record::signed(entry(9), "01THEIRS", THEIRS, seq, prev, signer).unwrap()
    };
    let head = records[1].hash().unwrap();
    let mut changed = records[2].clone();
    changed.at = 10;
    let long = Entry { template: "x".repeat(PARTNER_RECORD_BYTES_MAX), ..entry(9) };
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
    // What is not known does not bring the verdict of another case.
    stage.says(ZHANGSAN, &room, "!verify PR-20261105-0009@partner");
    stage.settle().await;
    assert_eq!(last(&stage, &room), "找不到编号 PR-20261105-0009@partner，或你无权查看。");
}

#[tokio::test]
async fn a_number_of_requests_that_both_sides_have_means_the_partners() {
    let (mut stage, _) = office().await;
    imports(&mut stage, &staff_list().replace(",cfo,", ",partner.contract,")).await;
    let room = stage.room_with(BOT, LOCALPART, false);
    stage.settle().await;
    let signer = signer().await;
    stage.sends(BOT, &room, "com.lianqiao.request", request_with(&signer, "contract"));
    stage.settle().await;
    let records = of_kind(&stage, &room, "record");
    let number = records[0]["content"]["no"].as_str().unwrap().to_owned();
    for record in &chain(&number, 2, &signer) {
        sends(&mut stage, &room, record).await;
    }
    let verdict = hears(&mut stage, ADMIN, &format!("!verify {number}")).await;
    assert!(verdict.starts_with(&format!("partner 的 {number}：OK · 2 条记录")), "{verdict}");
}

#[tokio::test]
async fn records_that_somebody_may_read_are_found_behind_those_that_they_may_not() {
    let (mut stage, _) = office().await;
    let records = chain(THEIRS, 1, &signer().await);
    let mut rooms = Vec::new();
    for _ in 0..=2 * PARTNER_CHAINS_SHOWN_MAX {
        let room = stage.room_with(BOT, LOCALPART, false);
        stage.settle().await;
        sends(&mut stage, &room, &records[0]).await;
        rooms.push(room);
    }
    for place in [0, rooms.len() - 1] {
        let mine = &rooms[place];
        stage.invites(BOT, mine, WANGWU);
        stage.joins(WANGWU, mine);
    }
    stage.settle().await;
    let (verify, found) = (format!("!verify {THEIRS}"), format!("partner 的 {THEIRS}："));
    let verdict = hears(&mut stage, WANGWU, &verify).await;
    assert_eq!(verdict.matches(&found).count(), 2, "{verdict}");
    let verdict = hears(&mut stage, ADMIN, &verify).await;
    assert_eq!(verdict.matches(&found).count(), PARTNER_CHAINS_SHOWN_MAX, "{verdict}");
}

#[tokio::test]
async fn an_answer_with_a_key_that_is_not_known_counts_once_it_is_trusted() {
    let (mut stage, room, case_room) = waiting_for_partner().await;
    stage.joins(BOT, &case_room);
    stage.settle().await;
    stage.sends(BOT, &case_room, "com.lianqiao.request", request_with(&signer().await, "nothing"));
    stage.settle().await;
    let request = of_kind(&stage, &case_room, "request")[0]["event_id"].as_str().unwrap().to_owned();
    let content = json!({
        "msgtype": "m.text", "body": "[待审批]", "com.lianqiao.card": { "v": 1, "request": request },
    });
    let asked = stage.sends(BOT, &case_room, "m.room.message", content);
    stage.invites(BOT, &case_room, PAN);
    stage.joins(PAN, &case_room);
    let tap = stage.reacts(PAN, &case_room, &asked, "✅");
    stage.settle().await;
    let content = answer(&request, &case_room, &tap, &new_signer());
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
