//! Steps of another server's people: from both sides, and what is not believed.

use base::Clock;
use cases::{Entry, PublicKeys, Record, Signer, Source, Via};
use kit::double::Stage;
use ruma::{EventId, RoomId, owned_server_name};
use serde_json::{Value, json};
use store::{Identity, MemoryKv, Store};

use super::{
    staff_list,
    talk::{card, chat, imports, last, office, reads},
};
use crate::LOCALPART;

pub(super) const ZHANGSAN: &str = "@zhangsan:test";
pub(super) const LISI: &str = "@lisi:test";
pub(super) const WANGWU: &str = "@wangwu:test";
pub(super) const ADMIN: &str = "@admin:test";
pub(super) const BOT: &str = "@approvals:partner";
pub(super) const PAN: &str = "@pan:partner";
pub(super) const NO: &str = "AP-20261105-0001";

/// Somebody of ours agrees, then somebody of the partner is asked, who has two days.
fn template() -> String {
    json!({
        "v": 1, "id": "seal", "name": {"zh": "用章", "en": "Seal"}, "aliases": ["用章"],
        "form": [{"id": "what", "type": "text", "label": {"zh": "文件", "en": "Paper"}, "required": true}],
        "flow": [
            {"id": "n1", "type": "approve", "mode": "or", "who": {"users": ["2"]}},
            {"id": "n2", "type": "approve", "mode": "or", "timeout": "48h", "on_timeout": "auto_reject",
             "who": {"partner": {"server": "partner", "capability": "contract"}}},
        ],
        "policy": {"recall": "always"},
    })
    .to_string()
}

/// The case waits for the partner: the stage, 张三's chat, and the room of the case.
pub(super) async fn waiting_for_partner() -> (Stage, String, String) {
    let (mut stage, room) = office().await;
    let desk = stage.room_with(ADMIN, LOCALPART, true);
    stage.settle().await;
    stage.says(ADMIN, &desk, &format!("!审批 publish {}", template()));
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

pub(super) fn of_kind(stage: &Stage, room: &str, kind: &str) -> Vec<Value> {
    let kind = format!("com.lianqiao.{kind}");
    stage.events_of_bots(room).into_iter().filter(|event| event["type"] == kind.as_str()).collect()
}

/// What the partner's bot keeps and signs with.
pub(super) async fn signer() -> Signer {
    let clock = Clock::fake(1);
    let identity = Identity::new(&owned_server_name!("partner"), &clock);
    let store = Store::open(std::sync::Arc::new(MemoryKv::new()), cases::tables(), identity, Vec::new());
    Signer::of_store(&store.await.unwrap()).await.unwrap()
}

/// An answer of the partner's bot as it is when nobody lies.
pub(super) fn answer(request: &str, room: &str, event: &str, signer: &Signer) -> Value {
    let source = Source::event(RoomId::parse(room).unwrap(), EventId::parse(event).unwrap());
    let entry = Entry {
        action: "approve".into(),
        actor: PAN.into(),
        on_behalf_of: None,
        via: Via::Matrix,
        source: Some(source),
        link: None,
        node: None,
        task: Some("t2".into()),
        from: "asked".into(),
        to: "approved".into(),
        form_sha256: None,
        reason_sha256: None,
        template: "request".into(),
        at_ms: 1,
    };
    let record = Record::signed(entry, "01", "PR-1", 2, "sha256:00", signer).unwrap();
    json!({
        "v": 1, "no": NO, "task": "t2", "request": request,
        "outcome": { "decided": {
            "agrees": true, "actor": PAN, "event": event, "reason": null, "record": record,
            "keys": signer.public().texts(),
        }},
    })
}

#[tokio::test]
async fn a_partners_bot_is_asked_when_it_comes_and_holds_the_whole_chain() {
    let (mut stage, room, case_room) = waiting_for_partner().await;
    assert_eq!(of_kind(&stage, &case_room, "request").len(), 0, "nobody is there to read it");
    stage.joins(BOT, &case_room);
    stage.settle().await;
    let requests = of_kind(&stage, &case_room, "request");
    assert_eq!(requests.len(), 1);
    let request = &requests[0]["content"];
    assert_eq!(
        (&request["no"], &request["capability"], &request["form_view"]),
        (&json!(NO), &json!("contract"), &json!([["文件", "框架合同"]]))
    );
    let records = of_kind(&stage, &case_room, "record");
    let seqs: Vec<u64> = records.iter().map(|record| record["content"]["seq"].as_u64().unwrap()).collect();
    assert_eq!(seqs, (1..=4).collect::<Vec<_>>(), "start, submit, approve, partner_joined");
    let own = card(&stage, &room, "[待审批]");
    assert!(reads(&stage, &room, &own).contains("下一步: partner"), "{}", reads(&stage, &room, &own));
    let state = stage.homeserver().state(&case_room, "m.room.server_acl", "");
    assert_eq!(state["allow"], json!(["test", "partner"]));
    assert_eq!(
        stage.homeserver().state(&case_room, "m.room.history_visibility", "")["history_visibility"],
        "joined"
    );
}

#[tokio::test]
async fn an_answer_counts_by_the_event_that_it_names_and_a_forged_one_does_not() {
    let (mut stage, room, case_room) = waiting_for_partner().await;
    stage.joins(BOT, &case_room);
    stage.settle().await;
    let request = of_kind(&stage, &case_room, "request")[0]["event_id"].as_str().unwrap().to_owned();
    let message = |request: &str| json!({ "msgtype": "m.text", "body": "[待审批]", "com.lianqiao.card": { "v": 1, "request": request } });
    let asked = stage.sends(BOT, &case_room, "m.room.message", message(&request));
    let other = stage.sends(BOT, &case_room, "m.room.message", message("$another"));
    stage.invites(BOT, &case_room, PAN);
    stage.joins(PAN, &case_room);
    let tap = stage.reacts(PAN, &case_room, &asked, "✅");
    let elsewhere = stage.reacts(PAN, &case_room, &other, "✅");
    let refused = stage.reacts(PAN, &case_room, &asked, "❌");
    let bots_own = stage.reacts(BOT, &case_room, &asked, "✅");
    stage.joins(LISI, &case_room);
    let ours = stage.reacts(LISI, &case_room, &asked, "✅");
    stage.settle().await;
    let signer = signer().await;
    let good = answer(&request, &case_room, &tap, &signer);
    let with = |event: &str| answer(&request, &case_room, event, &signer);
    let mut of_nobody = good.clone();
    of_nobody["outcome"]["decided"]["record"]["actor"] = json!("@somebody:partner");
    let mut unsigned = good.clone();
    unsigned["outcome"]["decided"]["record"]["at"] = json!(2);
    let mut by_ours = with(&ours);
    by_ours["outcome"]["decided"]["actor"] = json!(LISI);
    let mut by_bot = with(&bots_own);
    by_bot["outcome"]["decided"]["actor"] = json!(BOT);
    let mut says_no = good.clone();
    says_no["outcome"]["decided"]["agrees"] = json!(false);
    let mut of_another_case = good.clone();
    of_another_case["no"] = json!("AP-20261105-0002");
    // (what is sent, why it is not believed)
    let forged = [
        (answer("$another", &case_room, &tap, &signer), "the event does not answer the request"),
        (of_another_case, "the event does not answer the request"),
        (with(&elsewhere), "the event does not answer the request"),
        (with(&refused), "the event says something else"),
        (says_no, "the event says something else"),
        (by_ours, "the event is of somebody else"),
        (by_bot, "the event is of somebody else"),
        (of_nobody, "the record is not of this decision"),
        (unsigned, "the record is not signed by the partner's key"),
    ];
    for (content, cause) in forged {
        stage.sends(BOT, &case_room, "com.lianqiao.answer", content);
        stage.settle().await;
        let said = last(&stage, &case_room);
        assert!(said.starts_with("partner 的答复未被接受："), "{said}");
        assert!(said.ends_with(&format!("\nThe answer of partner is not accepted: {cause}")), "{said}");
        let own = card(&stage, &room, "[待审批]");
        assert!(reads(&stage, &room, &own).starts_with("[待审批]"), "{cause}");
    }
    // Who is not the partner's bot is not even answered.
    let before = stage.said(&case_room).len();
    for nobody in [PAN, LISI] {
        stage.sends(nobody, &case_room, "com.lianqiao.answer", good.clone());
    }
    stage.settle().await;
    assert_eq!(stage.said(&case_room).len(), before);

    stage.sends(BOT, &case_room, "com.lianqiao.answer", good.clone());
    stage.settle().await;
    let own = card(&stage, &room, "[待审批]");
    assert!(reads(&stage, &room, &own).starts_with("[已通过]"), "{}", reads(&stage, &room, &own));
    let records = of_kind(&stage, &case_room, "record");
    let record = &records.last().unwrap()["content"];
    assert_eq!(
        (&record["action"], &record["actor"], &record["proof"]["hash"]),
        (&json!("approve"), &json!(PAN), &json!(tap))
    );
    stage.sends(BOT, &case_room, "com.lianqiao.answer", good);
    stage.settle().await;
    assert_eq!(last(&stage, &case_room), "已由 partner 于 11-05 09:00 通过Matrix处理：同意。");
    stage.says(ZHANGSAN, &room, &format!("!verify {NO}"));
    stage.settle().await;
    assert!(last(&stage, &room).starts_with("OK · 5 条记录 · 3 个服务器签名"), "{}", last(&stage, &room));
}

#[tokio::test]
async fn an_answer_whose_event_is_not_there_yet_is_looked_at_again_and_then_refused() {
    let (mut stage, room, case_room) = waiting_for_partner().await;
    stage.joins(BOT, &case_room);
    stage.settle().await;
    let request = of_kind(&stage, &case_room, "request")[0]["event_id"].as_str().unwrap().to_owned();
    let signer = signer().await;
    stage.sends(BOT, &case_room, "com.lianqiao.answer", answer(&request, &case_room, "$nowhere", &signer));
    stage.settle().await;
    assert_eq!(stage.said(&case_room).len(), 0, "it may still come");
    for _ in 0..=crate::limits::ANSWER_LOOKS_MAX {
        stage.advance_ms(crate::limits::ANSWER_WAIT_MS);
        stage.settle().await;
    }
    assert!(last(&stage, &case_room).starts_with("partner 的答复未被接受：操作不在这个房间\n"));
    let own = card(&stage, &room, "[待审批]");
    assert!(reads(&stage, &room, &own).starts_with("[待审批]"));
}

#[tokio::test]
async fn edge_10_a_partner_who_is_away_keeps_the_case_waiting_and_nothing_is_decided() {
    let (mut stage, room, case_room) = waiting_for_partner().await;
    stage.advance_ms(crate::limits::PARTNER_QUIET_MS);
    stage.settle().await;
    let offline = "对方服务器 partner 自 11-05 09:00 起离线，流程等待中。";
    assert!(stage.said(&room).contains(&offline.to_owned()), "{:?}", stage.said(&room));
    let own = card(&stage, &room, "[待审批]");
    assert!(reads(&stage, &room, &own).contains(offline), "{}", reads(&stage, &room, &own));
    stage.advance_ms(49 * 3_600_000);
    stage.settle().await;
    assert!(reads(&stage, &room, &own).starts_with("[待审批]"), "time decides nothing over their head");
    // It comes back, and asks somebody.
    stage.joins(BOT, &case_room);
    stage.settle().await;
    let request = of_kind(&stage, &case_room, "request")[0]["event_id"].clone();
    let asks = json!({ "v": 1, "no": NO, "task": "t2", "request": request, "outcome": "asks" });
    stage.sends(BOT, &case_room, "com.lianqiao.answer", asks);
    stage.settle().await;
    assert!(!reads(&stage, &room, &own).contains("离线"), "{}", reads(&stage, &room, &own));
}

#[tokio::test]
async fn a_partner_without_such_people_leaves_it_to_an_administrator() {
    let (mut stage, room, case_room) = waiting_for_partner().await;
    stage.joins(BOT, &case_room);
    stage.settle().await;
    let request = of_kind(&stage, &case_room, "request")[0]["event_id"].clone();
    let nobody = json!({ "v": 1, "no": NO, "task": "t2", "request": request, "outcome": "nobody" });
    stage.sends(BOT, &case_room, "com.lianqiao.answer", nobody);
    stage.settle().await;
    assert!(stage.said(&room).contains(&"本节点没有审批人，已转给管理员 管理员。".to_owned()));
    let desk = chat(&stage, ADMIN);
    stage.says(ADMIN, &desk, &format!("!同意 {NO}"));
    stage.settle().await;
    let own = card(&stage, &room, "[待审批]");
    assert!(reads(&stage, &room, &own).starts_with("[已通过]"));
}

#[tokio::test]
async fn our_people_decide_for_a_partner_and_the_answer_holds() {
    let (mut stage, _) = office().await;
    imports(&mut stage, &staff_list().replace(",cfo,", ",partner.contract,")).await;
    let room = stage.room_with(BOT, LOCALPART, false);
    stage.settle().await;
    let request = json!({
        "v": 1, "no": "AP-7", "task": "t2", "capability": "contract", "name": "用章", "starter": "Pan",
        "form_view": [["文件", "框架合同"]], "deadline": null,
    });
    // Nobody but the bot of a partner can ask, and only for those who were given to partners.
    stage.invites(BOT, &room, PAN);
    stage.joins(PAN, &room);
    stage.sends(PAN, &room, "com.lianqiao.request", request.clone());
    let mut greedy = request.clone();
    greedy["capability"] = json!("approval_admin");
    let unable = stage.sends(BOT, &room, "com.lianqiao.request", greedy);
    let asked = stage.sends(BOT, &room, "com.lianqiao.request", request);
    stage.settle().await;
    let answers = of_kind(&stage, &room, "answer");
    let outcomes: Vec<_> = answers
        .iter()
        .map(|answer| (answer["content"]["request"].clone(), &answer["content"]["outcome"]))
        .collect();
    assert_eq!(outcomes, [(json!(unable), &json!("nobody")), (json!(asked), &json!("asks"))]);

    stage.joins(WANGWU, &room);
    stage.settle().await;
    let mine = card(&stage, &room, "[待审批] AP-7 用章 · Pan");
    let tap = stage.reacts(WANGWU, &room, &mine, "✅");
    stage.settle().await;
    assert!(reads(&stage, &room, &mine).starts_with("[已通过] AP-7"), "{}", reads(&stage, &room, &mine));
    let decided = of_kind(&stage, &room, "answer").pop().unwrap()["content"].clone();
    let verdict = &decided["outcome"]["decided"];
    assert_eq!(
        (&verdict["agrees"], &verdict["actor"], &verdict["event"]),
        (&json!(true), &json!(WANGWU), &json!(tap))
    );
    let keys = verdict["keys"].as_object().unwrap();
    let keys: Vec<(&str, &str)> = keys.iter().map(|(id, key)| (id.as_str(), key.as_str().unwrap())).collect();
    let keys = PublicKeys::parse(keys).unwrap();
    let record: Record = serde_json::from_value(verdict["record"].clone()).unwrap();
    let (id, signature) = record.sig.first_key_value().unwrap();
    assert_eq!(keys.verifies(id, signature, &record.signed_bytes().unwrap()), Some(true));
    stage.reacts(WANGWU, &room, &mine, "❌");
    stage.settle().await;
    assert!(last(&stage, &room).starts_with("已由 王五 于 11-05 09:00 通过Matrix处理：同意。"));
}

#[tokio::test]
async fn our_people_refuse_for_a_partner_with_a_reason() {
    let (mut stage, _) = office().await;
    imports(&mut stage, &staff_list().replace(",cfo,", ",partner.contract,")).await;
    let room = stage.room_with(BOT, LOCALPART, false);
    stage.settle().await;
    let request = json!({
        "v": 1, "no": "AP-7", "task": "t2", "capability": "contract", "name": "用章", "starter": "Pan",
        "form_view": [], "deadline": null,
    });
    stage.sends(BOT, &room, "com.lianqiao.request", request);
    stage.settle().await;
    stage.joins(WANGWU, &room);
    stage.settle().await;
    let mine = card(&stage, &room, "[待审批] AP-7");
    stage.invites(WANGWU, &room, LISI);
    stage.joins(LISI, &room);
    stage.reacts(LISI, &room, &mine, "✅");
    stage.settle().await;
    assert_eq!(last(&stage, &room), "你不是当前处理人。现在由 王五 处理。");
    stage.reacts(WANGWU, &room, &mine, "❌");
    stage.settle().await;
    assert_eq!(last(&stage, &room), "请在 10 分钟内回复理由，否则本次拒绝无效。");
    let said = stage.says_in_thread(WANGWU, &room, &mine, "抬头不对");
    stage.settle().await;
    let decided = of_kind(&stage, &room, "answer").pop().unwrap()["content"]["outcome"]["decided"].clone();
    assert_eq!(
        (&decided["agrees"], &decided["reason"], &decided["event"]),
        (&json!(false), &json!("抬头不对"), &json!(said))
    );
}
