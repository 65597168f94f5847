//! Requests of the platform, of forgers, and what they are answered.

use aes::cipher::{BlockEncryptMut as _, KeyIvInit as _, block_padding::Pkcs7};
use async_trait::async_trait;
use base64::Engine as _;
use bridge_api::{Arrival, Failure, Inbox, InboxRefused, Line, Quota};
use parking_lot::Mutex;
use sha2::{Digest as _, Sha256};

use super::*;
use crate::office::looks::Look;

const NOW_MS: u64 = 1_700_000_000_000;

#[derive(Default)]
struct Kept {
    arrivals: Mutex<Vec<Arrival>>,
    refuses: bool,
}

#[async_trait]
impl Inbox for Kept {
    async fn take(&self, arrivals: Vec<Arrival>) -> Result<(), InboxRefused> {
        if self.refuses {
            return Err(InboxRefused::Full);
        }
        self.arrivals.lock().extend(arrivals);
        Ok(())
    }

    fn line(&self, _: Line) {}

    fn quota(&self, _: Quota) {}
}

#[async_trait]
impl Desk for Kept {
    async fn look(&self, _: Vec<Look>) -> Result<(), Failure> {
        Ok(())
    }
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

fn request(body: &str) -> CallbackRequest {
    CallbackRequest {
        method: "POST".into(),
        query: String::new(),
        headers: Vec::new(),
        body: body.to_owned().into(),
    }
}

fn signed(body: &str, key: &str, time: &str) -> CallbackRequest {
    let digest = Sha256::digest(format!("{time}n1{key}{body}").as_bytes());
    let signature = digest.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    let headers = [
        ("x-lark-request-timestamp", time),
        ("x-lark-request-nonce", "n1"),
        ("x-lark-signature", &signature),
    ];
    let headers = headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    CallbackRequest { headers, ..request(body) }
}

fn recalled(token: &str) -> String {
    json!({"schema":"2.0","header":{"event_id":"ev1","event_type":"im.message.recalled_v1","create_time":"1700000000000","token":token,"app_id":"cli_a"},
        "event":{"message_id":"om_1","chat_id":"oc_1"}})
    .to_string()
}

async fn answer(request: &CallbackRequest, key: Option<&str>, inbox: &Kept) -> (u16, Value) {
    let (token, key) = (Secret::new("v"), key.map(Secret::new));
    let secrets = Secrets { verification_token: &token, encrypt_key: key.as_ref() };
    let tenant = std::sync::Arc::default();
    let ours = Ourselves { app_id: "cli_a".to_owned(), open_id: None, tenant };
    let answer = call(request, secrets, &ours, inbox, NOW_MS).await;
    (answer.status, serde_json::from_slice(&answer.body).expect("JSON"))
}

#[tokio::test]
async fn the_check_of_the_address_is_answered_plainly_with_and_without_a_key() {
    let check = |token: &str| json!({"challenge":"c1","token":token,"type":"url_verification"}).to_string();
    let kept = Kept::default();
    assert_eq!(answer(&request(&check("v")), None, &kept).await, (200, json!({"challenge":"c1"})));
    assert_eq!(
        answer(&request(&encrypted("k", &check("v"))), Some("k"), &kept).await,
        (200, json!({"challenge":"c1"}))
    );
    assert_eq!(answer(&request(&check("w")), None, &kept).await.0, 401);
    assert_eq!(answer(&request(&check("v")), Some("k"), &kept).await.0, 401);
}

#[tokio::test]
async fn a_signed_event_is_kept_before_it_is_acknowledged() {
    let kept = Kept::default();
    let request = signed(&encrypted("k", &recalled("v")), "k", "1700000000");
    assert_eq!(answer(&request, Some("k"), &kept).await, (200, json!({"msg":"success"})));
    assert_eq!(kept.arrivals.lock()[0].key.as_str(), "cli_a:recalled:om_1");
    let full = Kept { refuses: true, ..Kept::default() };
    assert_eq!(answer(&request, Some("k"), &full).await.0, 500);
}

#[tokio::test]
async fn an_overheard_event_that_somebody_sends_again_has_the_key_of_the_first_and_dies_with_its_time() {
    let kept = Kept::default();
    let overheard = signed(&encrypted("k", &recalled("v")), "k", "1700000000");
    for _ in 0..3 {
        assert_eq!(answer(&overheard, Some("k"), &kept).await.0, 200, "the platform repeats itself as well");
    }
    let keys: Vec<_> = kept.arrivals.lock().iter().map(|arrival| arrival.key.to_string()).collect();
    assert_eq!(keys, ["cli_a:recalled:om_1"; 3], "the core takes a key once");
    let mut renamed = overheard.clone();
    for (name, value) in &mut renamed.headers {
        if name == "x-lark-request-nonce" {
            *value = "n2".to_owned();
        }
    }
    assert_eq!(answer(&renamed, Some("k"), &kept).await.0, 401, "another nonce is another signature");
    let age_max_s = SIGNATURE_AGE_MAX.as_secs();
    let old = signed(&encrypted("k", &recalled("v")), "k", &(1_700_000_000 - age_max_s - 1).to_string());
    assert_eq!(answer(&old, Some("k"), &kept).await.0, 401);
    assert_eq!(kept.arrivals.lock().len(), 3);
}

#[tokio::test]
async fn what_a_forger_sends_is_refused_and_kept_nowhere() {
    let (good, kept) = (encrypted("k", &recalled("v")), Kept::default());
    let mut tampered = signed(&good, "k", "1700000000");
    tampered.body = encrypted("k", &recalled("v ")).into();
    let mut unsigned = signed(&good, "k", "1700000000");
    unsigned.headers.clear();
    let get = CallbackRequest { method: "GET".into(), ..request(&recalled("v")) };
    let table = [
        (tampered, Some("k"), 401),
        (unsigned, Some("k"), 401),
        (signed(&good, "other", "1700000000"), Some("k"), 401),
        (signed(&good, "k", "1699900000"), Some("k"), 401),
        (signed(&good, "k", "soon"), Some("k"), 401),
        (signed(&recalled("v"), "k", "1700000000"), Some("k"), 401),
        (signed(&encrypted("k", &recalled("w")), "k", "1700000000"), Some("k"), 401),
        (request(&good), None, 401),
        (request(&recalled("w")), None, 401),
        (request(&recalled("")), None, 401),
        (request("garbage"), None, 400),
        (request("{}"), None, 400),
        (request(&"[".repeat(100_000)), None, 400),
        (request(&format!("{}1{}", r#"{"a":"#.repeat(10_000), "}".repeat(10_000))), None, 400),
        (request(&" ".repeat(CALLBACK_BYTES_MAX + 1)), None, 413),
        (get, None, 405),
    ];
    for (index, (request, key, expected)) in table.into_iter().enumerate() {
        assert_eq!(answer(&request, key, &kept).await.0, expected, "{index}");
    }
    assert!(kept.arrivals.lock().is_empty());
}

#[tokio::test]
async fn a_press_is_answered_with_a_line_for_the_person() {
    let press = json!({"schema":"2.0","header":{"event_id":"ev1","event_type":"card.action.trigger","create_time":"1700000000000000","token":"v"},
        "event":{"operator":{"open_id":"ou_a"},"action":{"value":{"action":"yes"},"tag":"button"},"context":{"open_message_id":"om_1","open_chat_id":"oc_1"}}});
    let (kept, full) = (Kept::default(), Kept { refuses: true, ..Kept::default() });
    let (status, body) = answer(&request(&press.to_string()), None, &kept).await;
    assert_eq!((status, &body["toast"]["type"]), (200, &json!("info")));
    let (status, body) = answer(&request(&press.to_string()), None, &full).await;
    assert_eq!((status, &body["toast"]["type"]), (200, &json!("error")));
}
