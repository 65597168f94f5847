//! Approvals: ours in the approval centre and what people decide there, and native ones.

use aes::cipher::{BlockEncryptMut as _, KeyIvInit as _, block_padding::Pkcs7};
use base64::Engine as _;
use bridge_api::{
    Action, Approval, ApprovalState, ApprovalTask, ApprovalTaskState, Approvals as _, CallbackRequest,
    Callbacks as _, EntryOnPlatform, FailureKind, Happened, Refusal, double::Basket,
};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use super::{acted, body, head, key, person};
use crate::{
    ApprovalCentre, OfficeSettings, Secret,
    office::native,
    tests::peer::{Peer, bad, good},
};

const DEFINE: &str = "/open-apis/approval/v4/external_approvals";
const PUT: &str = "/open-apis/approval/v4/external_instances";

fn settings(key: Option<&str>) -> OfficeSettings {
    let centre = ApprovalCentre {
        callback_url: "https://chat.example.org/_lianqiao/bridge/feishu".parse().expect("an address"),
        token: Secret::new("v"),
        key: key.map(Secret::new),
        code: "ours".into(),
    };
    OfficeSettings { approvals: Some(centre), native_codes: vec!["A-1".into()], ..OfficeSettings::default() }
}

fn approval(revision: u64, state: ApprovalTaskState) -> Approval {
    Approval {
        head: head("a/1", revision),
        lines: vec![("Days".into(), "2".into()), ("Why".into(), String::new())],
        starter: None,
        starter_name: "Ada".into(),
        state: ApprovalState::Pending,
        ended_ms: None,
        tasks: vec![ApprovalTask {
            key: key("a/1/t"),
            person: person("ou_b"),
            state,
            step: "Head".into(),
            begun_ms: 1_700_000_000_000,
            ended_ms: None,
            needs_reason: true,
        }],
    }
}

/// What stands behind a key of the texts, in English.
fn english<'a>(put: &'a Value, key: &Value) -> &'a str {
    let texts = put["i18n_resources"][1]["texts"].as_array().expect("texts");
    texts.iter().find(|text| text["key"] == *key).and_then(|text| text["value"].as_str()).expect("a text")
}

#[tokio::test]
async fn an_approval_is_put_whole_with_texts_in_both_languages_and_a_time_that_grows() {
    let (peer, feishu) = Peer::with(settings(None)).await;
    peer.answers(DEFINE, vec![good(json!({ "approval_code": "another" }))]);
    peer.answers(PUT, vec![bad(500, 1_395_001), good(json!({ "data": {} }))]);
    assert!(feishu.put_approval(&approval(1, ApprovalTaskState::Pending), None).await.is_err());
    let id = feishu.put_approval(&approval(1, ApprovalTaskState::Pending), None).await.expect("put");
    feishu.put_approval(&approval(1, ApprovalTaskState::Pending), Some(&id)).await.expect("a repeat");
    // The second one changed in the same millisecond.
    let mut changed = approval(2, ApprovalTaskState::Transferred);
    changed.head.changed_ms = approval(1, ApprovalTaskState::Pending).head.changed_ms;
    feishu.put_approval(&changed, Some(&id)).await.expect("put");
    let defined: Vec<Value> = peer.asked(DEFINE).iter().map(body).collect();
    assert_eq!(defined.len(), 1, "once in a run");
    let address = &defined[0]["external"]["action_callback_url"];
    assert_eq!(*address, "https://chat.example.org/_lianqiao/bridge/feishu?of=approvals");
    let put: Vec<Value> = peer.asked(PUT).iter().map(body).collect();
    assert_eq!(put.len(), 3);
    assert_eq!((&put[1]["approval_code"], &put[1]["update_mode"]), (&json!("ours"), &json!("REPLACE")));
    assert_eq!(english(&put[1], &put[1]["title"]), "Report · NO-1");
    assert_eq!(english(&put[1], &put[1]["form"][0]["value"]), "2");
    let task = &put[1]["task_list"][0];
    assert_eq!((&task["action_context"], &task["open_id"]), (&json!("a/1/t"), &json!("ou_b")));
    assert_eq!(task["action_configs"][1]["is_reason_required"], true);
    assert_eq!(
        (&put[2]["task_list"][0]["status"], put[2]["task_list"][0].get("action_configs")),
        (&json!("TRANSFERRED"), None)
    );
    let time =
        |put: &Value| put["update_time"].as_str().and_then(|time| time.parse::<u64>().ok()).expect("a time");
    assert_eq!(time(&put[2]), time(&put[1]) + 1);
}

#[tokio::test]
async fn without_settings_there_is_no_approval_centre() {
    let (_peer, feishu) = Peer::start().await;
    let failure = feishu.put_approval(&approval(1, ApprovalTaskState::Pending), None).await;
    assert_eq!(failure.expect_err("none").kind, FailureKind::Refused(Refusal::Impossible));
}

fn request(body: String, query: &str) -> CallbackRequest {
    CallbackRequest { method: "POST".into(), query: query.into(), headers: Vec::new(), body: body.into() }
}

fn decision(token: &str, user: &str) -> Value {
    json!({
        "action_type": "REJECT", "action_context": "a/1/t", "user_id": user, "approval_code": "ours",
        "instance_id": super::super::approvals_written::instance_id(&approval(1, ApprovalTaskState::Pending)),
        "task_id": "t", "message_id": "om_1", "id": "1", "reason": " too long ", "attachments": [], "token": token,
    })
}

fn encrypted(key: &str, text: &str) -> String {
    let digest: [u8; 32] = Sha256::digest(key.as_bytes()).into();
    let vector = [7_u8; 16];
    let mut buffer = vec![0; text.len() + 16];
    buffer[..text.len()].copy_from_slice(text.as_bytes());
    let cipher = cbc::Encryptor::<aes::Aes256>::new_from_slices(&digest, &vector).expect("lengths");
    let length = cipher.encrypt_padded_mut::<Pkcs7>(&mut buffer, text.len()).expect("room").len();
    let all = [&vector[..], &buffer[..length]].concat();
    json!({ "encrypt": base64::engine::general_purpose::STANDARD.encode(all) }).to_string()
}

#[tokio::test]
async fn a_decision_is_told_with_its_reason_by_whom_the_platform_names() {
    let (peer, feishu) = Peer::with(settings(None)).await;
    peer.answers(DEFINE, vec![good(json!({ "approval_code": "ours" }))]);
    peer.answers(PUT, vec![good(json!({ "data": {} }))]);
    let user = json!({ "user": { "open_id": "ou_b", "name": "B" } });
    peer.answers("/open-apis/contact/v3/users/u2", vec![good(user)]);
    let inbox = Basket::default();
    let raw = decision("v", "u2").to_string();
    let early = feishu.call(request(raw.clone(), "of=approvals"), &inbox).await;
    assert_eq!((early.status, acted(&inbox).len()), (200, 0), "there is no such approval yet");
    feishu.put_approval(&approval(1, ApprovalTaskState::Pending), None).await.expect("put");
    inbox.refuse(true);
    assert_eq!(feishu.call(request(raw.clone(), "of=approvals"), &inbox).await.status, 500);
    inbox.refuse(false);
    for _ in 0..2 {
        assert_eq!(feishu.call(request(raw.clone(), "of=approvals"), &inbox).await.status, 200);
    }
    let told = acted(&inbox);
    assert_eq!(told[0].1, told[1].1, "a repeat has the same key");
    let (told, _) = &told[0];
    assert_eq!((&told.key, &told.by, told.action), (&key("a/1/t"), &person("ou_b"), Action::Reject));
    assert_eq!(
        (told.words.as_deref(), told.proof.as_str()),
        (Some("too long"), bridge_api::digest(raw.as_bytes()).as_str())
    );
    assert_eq!(peer.asked("/open-apis/contact/v3/users/u2").len(), 1, "who that is is remembered");
}

#[tokio::test]
async fn what_a_forger_sends_is_refused_and_told_to_nobody() {
    for configured in [None, Some("k")] {
        let (peer, feishu) = Peer::with(settings(configured)).await;
        peer.answers(DEFINE, vec![good(json!({ "approval_code": "ours" }))]);
        peer.answers(PUT, vec![good(json!({ "data": {} }))]);
        feishu.put_approval(&approval(1, ApprovalTaskState::Pending), None).await.expect("put");
        let inbox = Basket::default();
        let good = decision("v", "ou_b").to_string();
        let sealed = |key: &str, token: &str| encrypted(key, &decision(token, "ou_b").to_string());
        let forged = match configured {
            None => vec![
                decision("w", "ou_b").to_string(),
                decision("", "ou_b").to_string(),
                sealed("k", "v"),
                "{}".into(),
                "garbage".into(),
            ],
            Some(_) => vec![good.clone(), sealed("other", "v"), sealed("k", "w"), "{}".into()],
        };
        for (index, raw) in forged.into_iter().enumerate() {
            let status = feishu.call(request(raw, "of=approvals"), &inbox).await.status;
            assert!((400..500).contains(&status), "{index}: {status}");
        }
        assert!(inbox.taken().is_empty());
        let real = if configured.is_some() { sealed("k", "v") } else { good };
        assert_eq!(
            feishu.call(request(real.clone(), ""), &inbox).await.status,
            404,
            "events come by the connection"
        );
        assert_eq!(feishu.call(request(real, "a=b&of=approvals"), &inbox).await.status, 200);
        assert_eq!(acted(&inbox).len(), 1);
    }
}

fn native(status: &str, task: &str) -> Value {
    json!({
        "approval_code": "A-1", "instance_code": "I-1", "approval_name": "Travel", "serial_number": "1",
        "open_id": "ou_a", "status": status, "form": "[]", "start_time": "1700000000000", "end_time": "0",
        "task_list": [{ "id": "t1", "open_id": "ou_b", "status": task, "start_time": "1700000000000", "end_time": "0" }],
    })
}

#[tokio::test]
async fn a_native_approval_is_read_whole_and_decided_for_who_is_asked() {
    let (peer, feishu) = Peer::with(settings(None)).await;
    let inbox = Basket::default();
    let (read, approve) = ("/open-apis/approval/v4/instances/I-1", "/open-apis/approval/v4/tasks/approve");
    let subscribe = "/open-apis/approval/v4/approvals/A-1/subscribe";
    peer.answers(subscribe, vec![bad(400, 1_390_007)]);
    native::subscribe(&feishu).await.expect("it is already");
    peer.answers(read, vec![good(native("PENDING", "PENDING"))]);
    for _ in 0..2 {
        native::look(&feishu, "I-1", &inbox).await.expect("read");
    }
    let taken = inbox.taken();
    assert_eq!(taken[0].key, taken[1].key);
    let Happened::ApprovalChanged(told) = &taken[0].what else { panic!("{taken:?}") };
    assert_eq!((told.title.as_str(), told.asked.len(), told.can_be_decided), ("Travel", 1, true));
    let decide = async |by: &str, is_approved| {
        let id = EntryOnPlatform::new("A-1/I-1").expect("an id");
        feishu.decide(&id, "t1", &person(by), is_approved, Some("fine")).await
    };
    peer.answers(approve, vec![good(Value::Null), bad(400, 1_390_010), bad(400, 1_390_010)]);
    decide("ou_b", true).await.expect("decided");
    assert_eq!(body(&peer.asked(approve)[0])["comment"], "fine");
    peer.answers(read, vec![good(native("APPROVED", "APPROVED"))]);
    decide("ou_b", true).await.expect("a repeat");
    peer.answers(read, vec![good(native("REJECTED", "REJECTED"))]);
    let late = decide("ou_b", true).await.expect_err("somebody was quicker");
    assert_eq!(late.kind, FailureKind::Refused(Refusal::TooLate));
}
