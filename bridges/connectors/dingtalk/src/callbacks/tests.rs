use std::sync::Arc;

use bridge_api::{
    Clock, Happened, KnownGroups,
    double::{Basket, Rows},
};

use super::*;
use crate::{client::Client, entries::Entries, memory::Memory, peer::settings, people::People};

const NOW_MS: u64 = 1_700_000_000_000;
const KEY: &str = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG";

fn hooks(clock: &Clock) -> Hooks {
    let rows = Arc::new(Rows::default());
    let settings = settings("https://api.dingtalk.com");
    let client = Arc::new(Client::new(settings, rows.clone(), clock.clone()).expect("a client"));
    let entries = Arc::new(Entries::new(Arc::clone(&client), rows.clone(), clock.clone()));
    let groups = Arc::new(KnownGroups::new(rows.clone()));
    let memory = Arc::new(Memory::new(rows));
    let (in_client, in_memory, in_groups) = (Arc::clone(&client), Arc::clone(&memory), Arc::clone(&groups));
    let people = Arc::new(People { client: in_client, memory: in_memory, groups: in_groups });
    let incoming = Incoming { client, memory, groups, people, entries, clock: clock.clone() };
    let card_secret = Some(Secret::new("apisecret0"));
    Hooks::new(&Secret::new(KEY), Secret::new("simtoken"), card_secret, incoming, Rng::seeded(1))
        .expect("hooks")
}

fn request(query: &str, headers: &[(&str, &str)], body: &Value) -> CallbackRequest {
    let headers = headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    CallbackRequest {
        method: "POST".into(),
        query: query.into(),
        headers,
        body: Bytes::from(body.to_string()),
    }
}

fn event(crypt: &Crypt, event: &Value, nonce: &str) -> CallbackRequest {
    let encrypted = crypt.encrypt(&event.to_string(), [5; 16]);
    let sign = signature::of_event("simtoken", "1700000000000", nonce, &encrypted);
    let query = format!("msg_signature={sign}&timestamp=1700000000000&nonce={nonce}");
    request(&query, &[], &json!({"encrypt": encrypted}))
}

#[tokio::test]
async fn the_check_of_the_console_is_answered_with_an_encrypted_success() {
    let (clock, basket) = (Clock::fake(NOW_MS), Basket::default());
    let hooks = hooks(&clock);
    let encrypted =
        "Q3stYC6hdFzMh9T8HCvyDLV8JeomtQuxZLosYEI28mjzSD5UpK2hp0QUc4H6M/N5EsUBp6Ycb4lV2J6RRjfK7g==";
    let query = "signature=0fdaa67d5e207f6068ab6fa5fb1a50e97a0b6ada&timeStamp=1700000000000&nonce=abcd1234";
    let answer = hooks.call(request(query, &[], &json!({"encrypt": encrypted})), &basket).await;
    assert_eq!(answer.status, 200);
    let body: Value = serde_json::from_slice(&answer.body).expect("JSON");
    let field = |name: &str| text(&body, name).expect("a field");
    let expected = signature::of_event("simtoken", &field("timeStamp"), &field("nonce"), &field("encrypt"));
    assert_eq!(field("msg_signature"), expected);
    assert_eq!(hooks.crypt.decrypt(&field("encrypt")).as_deref(), Ok("success"));
    assert!(basket.taken().is_empty());
}

#[tokio::test]
async fn an_event_is_taken_once_and_only_from_the_platform() {
    let (clock, basket) = (Clock::fake(NOW_MS), Basket::default());
    let hooks = hooks(&clock);
    let quit =
        json!({"EventType": "chat_quit", "eventId": "e1", "Operator": "u1", "OpenConversationId": "cid1=="});
    basket.refuse(true);
    assert_eq!(
        hooks.call(event(&hooks.crypt, &quit, "n1"), &basket).await.status,
        503,
        "not durable, not acknowledged"
    );
    basket.refuse(false);
    assert_eq!(
        hooks.call(event(&hooks.crypt, &quit, "n1"), &basket).await.status,
        200,
        "and so it comes again"
    );
    assert_eq!(hooks.call(event(&hooks.crypt, &quit, "n1"), &basket).await.status, 403, "a replay");
    assert_eq!(basket.taken().len(), 1);
    assert!(matches!(basket.taken()[0].what, Happened::Left { .. }));
    let mut forged = event(&hooks.crypt, &quit, "n2");
    forged.query = forged.query.replace("n2", "n3");
    assert_eq!(hooks.call(forged, &basket).await.status, 403);
    let other = Crypt::new(KEY, "dingother").expect("a key");
    assert_eq!(hooks.call(event(&other, &quit, "n4"), &basket).await.status, 403, "for another app");
    clock.advance(SIGNATURE_AGE_MAX_MS + 1);
    assert_eq!(hooks.call(event(&hooks.crypt, &quit, "n5"), &basket).await.status, 403, "old");
    assert_eq!(basket.taken().len(), 1);
}

#[tokio::test]
async fn a_robots_message_needs_the_apps_signature() {
    let (clock, basket) = (Clock::fake(NOW_MS), Basket::default());
    let hooks = hooks(&clock);
    let body = json!({"msgId": "m1", "msgtype": "text", "text": {"content": "hi"}, "conversationType": "2",
        "conversationId": "cid1==", "senderStaffId": "u1", "createAt": NOW_MS});
    let (timestamp, sign) = ("1700000000000", signature::of_robot("secret", "1700000000000"));
    let good = [("timestamp", timestamp), ("sign", sign.as_str())];
    let table: [(&[(&str, &str)], u16); 5] = [
        (&[], 403),
        (&[("timestamp", timestamp), ("sign", "x")], 403),
        (&[("timestamp", "1700000000001"), ("sign", sign.as_str())], 403),
        (&good, 200),
        (&good, 403),
    ];
    for (headers, status) in table {
        assert_eq!(hooks.call(request("", headers, &body), &basket).await.status, status, "{headers:?}");
    }
    assert_eq!(basket.taken().len(), 1);
    let other = json!({"msgId": "m2", "msgtype": "text", "text": {"content": "ho"}, "conversationType": "2",
        "conversationId": "cid1==", "senderStaffId": "u1", "createAt": NOW_MS});
    assert_eq!(
        hooks.call(request("", &good, &other), &basket).await.status,
        200,
        "another one of the same moment"
    );
    let deep = format!("{}1{}", r#"{"text":"#.repeat(10_000), "}".repeat(10_000));
    for garbage in ["{", "", "\u{0}", deep.as_str()] {
        let mut broken = request("", &good, &body);
        broken.body = Bytes::from(garbage.to_owned());
        assert_eq!(hooks.call(broken, &basket).await.status, 400, "{} bytes", garbage.len());
    }
    assert_eq!(basket.taken().len(), 2);
}

#[tokio::test]
async fn a_pressed_button_needs_the_signature_of_cards() {
    let (clock, basket) = (Clock::fake(NOW_MS), Basket::default());
    let hooks = hooks(&clock);
    let body = json!({"outTrackId": "a", "userId": "u1", "content": "{\"cardPrivateData\":{\"params\":{\"action\":\"ok\"}}}"});
    let good = [
        ("x-ddpaas-signature-timestamp", "1700000000000"),
        ("x-ddpaas-signature", "bKwINY9Hh4rpciylxLD19xyaZDLHBWvedhmvgIqlyj4="),
    ];
    let answer = hooks.call(request("", &good, &body), &basket).await;
    assert_eq!((answer.status, basket.taken().len()), (200, 1));
    assert!(String::from_utf8_lossy(&answer.body).contains("updateCardDataByKey"));
    let forged = [good[0], ("x-ddpaas-signature", "AAAA")];
    assert_eq!(hooks.call(request("", &forged, &body), &basket).await.status, 403);
}
