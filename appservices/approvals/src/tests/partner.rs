//! What tests of steps of another server's people begin with: either side, and what the partner's bot says.

use std::sync::Arc;

use base::Clock;
use cases::{Entry, Record, Signer, Source, Via, hash_of};
use kit::double::Stage;
use ruma::{EventId, RoomId, owned_server_name, signatures::Ed25519KeyPair};
use serde_json::{Value, json};
use store::{Identity, MemoryKv, Store};

use super::{
    staff_list,
    talk::{card, chat, imports, last, office},
};
use crate::LOCALPART;

pub(super) const ZHANGSAN: &str = "@zhangsan:test";
pub(super) const LISI: &str = "@lisi:test";
pub(super) const WANGWU: &str = "@wangwu:test";
pub(super) const ADMIN: &str = "@admin:test";
pub(super) const BOT: &str = "@approvals:partner";
pub(super) const PAN: &str = "@pan:partner";
pub(super) const NO: &str = "AP-20261105-0001";

/// A number of the partner.
pub(super) const THEIRS: &str = "AP-20261104-0007";

/// A template whose last step is the partner's, who has two days. `policy` is how it deals with the rest.
fn template(policy: &Value) -> String {
    json!({
        "v": 1, "id": "seal", "name": {"zh": "用章", "en": "Seal"}, "aliases": ["用章"],
        "form": [{"id": "what", "type": "text", "label": {"zh": "文件", "en": "Paper"}, "required": true}],
        "flow": [
            {"id": "n1", "type": "approve", "mode": "or", "who": {"users": ["2"]}},
            {"id": "n2", "type": "approve", "mode": "or", "timeout": "48h", "on_timeout": "auto_reject",
             "who": {"partner": {"server": "partner", "capability": "contract"}}},
        ],
        "policy": policy,
    })
    .to_string()
}

/// The case waits for the partner: the stage, 张三's chat, and the room of the case.
pub(super) async fn waiting_for_partner() -> (Stage, String, String) {
    waiting_with(&json!({ "recall": "always" })).await
}

/// As [`waiting_for_partner`], by a template with this policy.
async fn waiting_with(policy: &Value) -> (Stage, String, String) {
    let (mut stage, room) = office().await;
    let desk = stage.room_with(ADMIN, LOCALPART, true);
    stage.settle().await;
    stage.says(ADMIN, &desk, &format!("!审批 publish {}", template(policy)));
    stage.settle().await;
    stage.says(ZHANGSAN, &room, "!审批 用章 框架合同");
    stage.settle().await;
    let desk = chat(&stage, LISI);
    stage.says(LISI, &desk, "!同意");
    stage.settle().await;
    let rooms = stage.homeserver().rooms_with("com.lianqiao.room", |state| state["kind"] == "case");
    assert_eq!(rooms.len(), 1, "the case has one room");
    (stage, room, rooms[0].clone())
}

/// As [`waiting_for_partner`], and the partner's bot has come: what it was asked by stands last.
pub(super) async fn partner_is_there() -> (Stage, String, String, String) {
    partner_is_there_with(&json!({ "recall": "always" })).await
}

/// As [`partner_is_there`], by a template with this policy.
pub(super) async fn partner_is_there_with(policy: &Value) -> (Stage, String, String, String) {
    let (mut stage, room, case_room) = waiting_with(policy).await;
    let request = partner_comes(&mut stage, &case_room).await;
    (stage, room, case_room, request)
}

/// The partner's bot comes: the event by which it is asked.
pub(super) async fn partner_comes(stage: &mut Stage, case_room: &str) -> String {
    stage.joins(BOT, case_room);
    stage.settle().await;
    let asked = of_kind(stage, case_room, "request").pop().unwrap();
    asked["event_id"].as_str().unwrap().to_owned()
}

/// What the partner's bot answers to the request of the case.
pub(super) async fn partner_answers(stage: &mut Stage, case_room: &str, request: &str, outcome: &str) {
    let content = json!({ "v": 1, "no": NO, "task": "t2", "request": request, "outcome": outcome });
    stage.sends(BOT, case_room, "com.lianqiao.answer", content);
    stage.settle().await;
}

/// The partner's bot asks 潘 in the room of the case: the message.
pub(super) fn pan_is_asked(stage: &Stage, case_room: &str, request: &str) -> String {
    let content = json!({
        "msgtype": "m.text", "body": "[待审批]", "com.lianqiao.card": { "v": 1, "request": request },
    });
    let asked = stage.sends(BOT, case_room, "m.room.message", content);
    stage.invites(BOT, case_room, PAN);
    stage.joins(PAN, case_room);
    asked
}

/// An office in which 王五 decides for partners, and a room that the partner's bot made.
pub(super) async fn room_of_partner() -> (Stage, String) {
    room_of_partner_with(&staff_list().replace(",cfo,", ",partner.contract,")).await
}

/// As [`room_of_partner`], with this staff.
pub(super) async fn room_of_partner_with(staff: &str) -> (Stage, String) {
    let (mut stage, _) = office().await;
    imports(&mut stage, staff).await;
    let room = stage.room_with(BOT, LOCALPART, false);
    stage.settle().await;
    (stage, room)
}

/// What the bot of a partner asks.
pub(super) fn request(v: u64) -> Value {
    json!({
        "v": v, "no": "AP-7", "task": "t2", "capability": "contract", "name": "用章", "starter": "Pan",
        "form_view": [["文件", "框架合同"]], "deadline": null,
    })
}

/// What the bot of the partner asks for its case, and the keys that it signs with.
pub(super) fn request_with(signer: &Signer, capability: &str) -> Value {
    let mut request = request(1);
    request["no"] = json!(THEIRS);
    request["capability"] = json!(capability);
    request["keys"] = json!(signer.public().texts());
    request
}

/// 王五 is asked for the partner: the stage, the room, the card.
pub(super) async fn asked_for_partner() -> (Stage, String, String) {
    let (mut stage, room) = room_of_partner().await;
    stage.sends(BOT, &room, "com.lianqiao.request", request(1));
    stage.settle().await;
    stage.joins(WANGWU, &room);
    stage.settle().await;
    let mine = card(&stage, &room, "[待审批] AP-7");
    (stage, room, mine)
}

/// The events of our bot in a room that are of a kind of ours.
pub(super) fn of_kind(stage: &Stage, room: &str, kind: &str) -> Vec<Value> {
    let kind = format!("com.lianqiao.{kind}");
    stage.events_of_bots(room).into_iter().filter(|event| event["type"] == kind.as_str()).collect()
}

/// What the bot answers to somebody in their direct chat.
pub(super) async fn hears(stage: &mut Stage, person: &str, command: &str) -> String {
    let room = match stage.direct(LOCALPART, person) {
        Some(room) => room,
        None => stage.room_with(person, LOCALPART, true),
    };
    stage.settle().await;
    stage.says(person, &room, command);
    stage.settle().await;
    last(stage, &room)
}

/// What the partner's bot keeps and signs with.
pub(super) async fn signer() -> Signer {
    let clock = Clock::fake(1);
    let identity = Identity::new(&owned_server_name!("partner"), &clock);
    let store = Store::open(Arc::new(MemoryKv::new()), cases::tables(), identity, Vec::new());
    Signer::of_store(&store.await.unwrap()).await.unwrap()
}

/// A key that nobody knows yet.
pub(crate) fn new_signer(version: &str) -> Signer {
    let document = Ed25519KeyPair::generate().to_vec();
    Signer::new(Arc::new(Ed25519KeyPair::from_der(&document, version.to_owned()).unwrap()))
}

/// What the partner's bot records when somebody there agrees.
pub(crate) fn entry() -> Entry {
    Entry {
        action: "approve".into(),
        actor: PAN.into(),
        on_behalf_of: None,
        via: Via::Matrix,
        source: None,
        link: None,
        node: None,
        task: None,
        from: "asked".into(),
        to: "approved".into(),
        form_sha256: None,
        reason_sha256: None,
        template: "request".into(),
        at_ms: 1,
    }
}

/// What the partner's bot records of a case of its own.
pub(super) fn comment(at_ms: u64) -> Entry {
    let (from, to) = ("pending".to_owned(), "pending".to_owned());
    Entry { action: "comment".into(), from, to, template: "seal@1".into(), at_ms, ..entry() }
}

/// So many records of a case of the partner.
pub(super) fn chain(no: &str, count: u64, signer: &Signer) -> Vec<Record> {
    let mut prev = "sha256:00".to_owned();
    let next = |seq| {
        let record = Record::signed(comment(seq), "01THEIRS", no, seq, &prev, signer).unwrap();
        prev = record.hash().unwrap();
        record
    };
    (1..=count).map(next).collect()
}

/// The partner's bot sends a record.
pub(super) async fn sends(stage: &mut Stage, room: &str, record: &Record) {
    stage.sends(BOT, room, "com.lianqiao.record", serde_json::to_value(record).unwrap());
    stage.settle().await;
}

/// That somebody agrees, as the partner's bot answers when nobody lies.
pub(super) fn answer(request: &str, room: &str, event: &str, signer: &Signer) -> Value {
    verdict(request, (room, event), None, signer)
}

/// What somebody decided by an event in a room, as the partner's bot answers when nobody lies: a rejection has a reason.
pub(super) fn verdict(
    request: &str,
    (room, event): (&str, &str),
    reason: Option<&str>,
    signer: &Signer,
) -> Value {
    let source = Source::event(RoomId::parse(room).unwrap(), EventId::parse(event).unwrap());
    let (action, to) = if reason.is_none() { ("approve", "approved") } else { ("reject", "rejected") };
    let entry = Entry {
        action: action.into(),
        to: to.into(),
        source: Some(source),
        task: Some("t2".into()),
        reason_sha256: reason.map(|reason| hash_of(reason.as_bytes())),
        ..entry()
    };
    let record = Record::signed(entry, "01", "PR-1", 2, "sha256:00", signer).unwrap();
    json!({
        "v": 1, "no": NO, "task": "t2", "request": request,
        "outcome": { "decided": {
            "agrees": reason.is_none(), "actor": PAN, "event": event, "reason": reason, "record": record,
            "keys": signer.public().texts(),
        }},
    })
}
