//! Webhooks: the check of the address, encryption, signature, tries.

use std::sync::Arc;

use axum::Router;
use axum::extract::State as Extracted;
use axum::routing::post;
use bytes::Bytes;
use http::{HeaderMap, StatusCode};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::sync::{Mutex, mpsc};

use super::client::{APP, World, world};
use crate::{Command, crypto};

type Heard = mpsc::UnboundedReceiver<(HeaderMap, Bytes)>;
type Door = Arc<Mutex<(mpsc::UnboundedSender<(HeaderMap, Bytes)>, Vec<StatusCode>)>>;

/// An address that answers challenges, then these statuses, then 200.
async fn address(world: &World, statuses: Vec<StatusCode>) -> Heard {
    let (sender, heard) = mpsc::unbounded_channel();
    let door: Door = Arc::new(Mutex::new((sender, statuses)));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/events", listener.local_addr().unwrap());
    let router = Router::new().route("/events", post(take)).with_state(door);
    tokio::spawn(async move { axum::serve(listener, router).await });
    world.simulator.act(Command::UseWebhook { app: APP.into(), url }).await.unwrap();
    heard
}

async fn take(Extracted(door): Extracted<Door>, headers: HeaderMap, body: Bytes) -> (StatusCode, String) {
    let plain = open(&body);
    if plain["type"] == "url_verification" {
        return (StatusCode::OK, json!({ "challenge": plain["challenge"] }).to_string());
    }
    let mut door = door.lock().await;
    door.0.send((headers, body)).unwrap();
    let status = if door.1.is_empty() { StatusCode::OK } else { door.1.remove(0) };
    (status, "{}".to_owned())
}

/// What is in a post that was encrypted with `test key`: found by encrypting again what openssl would decrypt.
fn open(body: &[u8]) -> Value {
    use aes::Aes256;
    use base64::Engine as _;
    use cbc::cipher::{BlockDecryptMut as _, KeyIvInit as _, block_padding::Pkcs7};
    use sha2::Digest as _;
    let value: Value = serde_json::from_slice(body).unwrap();
    let Some(sealed) = value["encrypt"].as_str() else { return value };
    let mut bytes = base64::engine::general_purpose::STANDARD.decode(sealed).unwrap();
    let text = bytes.split_off(16);
    let key = sha2::Sha256::digest(b"test key");
    let (key, vector): ([u8; 32], [u8; 16]) = (key.as_slice().try_into().unwrap(), bytes.try_into().unwrap());
    let mut text = text;
    let cipher = cbc::Decryptor::<Aes256>::new(&key.into(), &vector.into());
    cipher
        .decrypt_padded_mut::<Pkcs7>(&mut text)
        .map(|plain| serde_json::from_slice(plain).unwrap())
        .unwrap_or_default()
}

fn is_signed(headers: &HeaderMap, body: &[u8]) -> bool {
    let header = |name: &str| headers.get(name).map_or("", |value| value.to_str().unwrap());
    let expected = crypto::signature(
        header("x-lark-request-timestamp"),
        header("x-lark-request-nonce"),
        "test key",
        body,
    );
    header("x-lark-signature") == expected
}

#[tokio::test]
async fn events_are_encrypted_and_signed_and_come_again_after_a_failure() {
    let world = world().await;
    let mut heard = address(&world, vec![StatusCode::FOUND, StatusCode::INTERNAL_SERVER_ERROR]).await;
    let said = world.speak("zhang", "hook").await;
    let mut events = Vec::new();
    while events.len() < 3 {
        let (headers, body) = heard.recv().await.unwrap();
        assert!(is_signed(&headers, &body));
        let event = open(&body);
        assert_eq!(event["event"]["message"]["message_id"], said);
        events.push(event["header"]["event_id"].clone());
    }
    assert!(events[0] == events[1] && events[1] == events[2]);
}

#[tokio::test]
async fn faults_spoil_one_part_each() {
    let world = world().await;
    let mut heard = address(&world, Vec::new()).await;
    for (fault, signed, readable) in [
        ("webhook.wrong_signature", false, true),
        ("webhook.tampered", false, true),
        ("webhook.wrong_key", true, false),
        ("webhook.unsigned", false, true),
        ("webhook.old_timestamp", true, true),
    ] {
        world.fail(fault, 1, Value::Null).await;
        world.speak("zhang", fault).await;
        let (headers, body) = heard.recv().await.unwrap();
        assert_eq!((is_signed(&headers, &body), open(&body).is_object()), (signed, readable), "{fault}");
    }
}

#[tokio::test]
async fn an_address_that_does_not_return_the_challenge_is_not_saved() {
    let world = world().await;
    let url = format!("{}/nothing", world.simulator.api_url());
    let refused = world.simulator.act(Command::UseWebhook { app: APP.into(), url }).await.unwrap_err();
    assert_eq!(refused.code, 9499);
}
