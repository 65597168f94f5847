//! Posting to an app's address: encrypted and signed where the app has a key.

use std::time::Duration;

use bytes::Bytes;
use http::{Request, StatusCode};
use http_body_util::{BodyExt as _, Full, Limited};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use serde_json::{Value, json};

use super::Tried;
use crate::crypto;
use crate::faults::Fault;
use crate::limits::ANSWER_BYTES_MAX;
use crate::simulator::Shared;
use crate::state::State;

/// How long the check of an address may take.
const CHECK_MS_MAX: u64 = 1_000;
const DAY_S: u64 = 24 * 60 * 60;

/// A body and the headers of its signature.
struct Post {
    body: Vec<u8>,
    signature: Option<[(&'static str, String); 3]>,
}

/// Posts an event; a success is HTTP 200 in time.
pub(crate) async fn post(shared: &Shared, app: &str, url: &str, envelope: &Value) -> Tried {
    let (post, within_ms) = {
        let state = &mut *shared.state.lock();
        (dress(state, app, envelope.clone()), state.settings.acknowledge_within_ms)
    };
    let answer = send(url, &post, within_ms).await?;
    if shared.state.lock().faults.take(Fault::WebhookReplayed).is_some() {
        let replayed = send(url, &post, within_ms).await;
        tracing::debug!(ok = replayed.is_ok(), "the same bytes were posted again");
    }
    Ok(Some(answer))
}

/// Asks an address whether it wants events.
///
/// # Errors
/// Why it does not.
pub(crate) async fn check(shared: &Shared, app: &str, url: &str) -> Result<(), String> {
    let (post, challenge) = {
        let state = &mut *shared.state.lock();
        let challenge = state.chance.id("", 32);
        let token = state.apps.get(app).map(|app| app.verification_token.clone());
        let body = json!({ "challenge": challenge, "token": token, "type": "url_verification" });
        let mut post = dress(state, app, body);
        // The check is not signed.
        post.signature = None;
        (post, challenge)
    };
    let answer = send(url, &post, CHECK_MS_MAX).await?;
    let answer: Value = serde_json::from_slice(&answer).map_err(|_| "the answer is not JSON".to_owned())?;
    if answer.get("challenge").and_then(Value::as_str) == Some(&challenge) {
        Ok(())
    } else {
        Err("the challenge did not come back".to_owned())
    }
}

/// The bytes of a post, with the faults that concern them.
fn dress(state: &mut State, app: &str, mut value: Value) -> Post {
    let mut struck = |fault| state.faults.take(fault).is_some();
    let (wrong_token, unsigned) = (struck(Fault::WebhookWrongToken), struck(Fault::WebhookUnsigned));
    let (wrong_key, wrong_signature) = (struck(Fault::WebhookWrongKey), struck(Fault::WebhookWrongSignature));
    let (old, tampered) = (struck(Fault::WebhookOldTimestamp), struck(Fault::WebhookTampered));
    if wrong_token {
        value["header"]["token"] = "another token".into();
    }
    let key = state.apps.get(app).and_then(|app| app.encrypt_key.clone()).filter(|_| !unsigned);
    let Some(key) = key else { return Post { body: value.to_string().into_bytes(), signature: None } };
    let sealed_with = if wrong_key { "another key" } else { &key };
    let sealed = crypto::encrypt(sealed_with, state.chance.block(), value.to_string().as_bytes());
    let mut body = json!({ "encrypt": sealed }).to_string().into_bytes();
    let timestamp = (state.now_ms() / 1_000 - if old { DAY_S } else { 0 }).to_string();
    let nonce = state.chance.id("", 16);
    let signed_with = if wrong_signature { "another key" } else { &key };
    let signature = crypto::signature(&timestamp, &nonce, signed_with, &body);
    if tampered {
        body.push(b' ');
    }
    let headers = [
        ("X-Lark-Request-Timestamp", timestamp),
        ("X-Lark-Request-Nonce", nonce),
        ("X-Lark-Signature", signature),
    ];
    Post { body, signature: Some(headers) }
}

async fn send(url: &str, post: &Post, within_ms: u64) -> Result<Vec<u8>, String> {
    let mut request = Request::post(url).header("Content-Type", "application/json;charset=utf-8");
    for (name, value) in post.signature.iter().flatten() {
        request = request.header(*name, value);
    }
    let body = Full::new(Bytes::from(post.body.clone()));
    let request = request.body(body).map_err(|error| error.to_string())?;
    let client: Client<HttpConnector, Full<Bytes>> = Client::builder(TokioExecutor::new()).build_http();
    let exchange = async {
        let answer = client.request(request).await.map_err(|error| error.to_string())?;
        let status = answer.status();
        let body = Limited::new(answer.into_body(), ANSWER_BYTES_MAX).collect().await;
        let body = body.map_err(|error| error.to_string())?.to_bytes().to_vec();
        if status == StatusCode::OK { Ok(body) } else { Err(format!("the address answered {status}")) }
    };
    match tokio::time::timeout(Duration::from_millis(within_ms), exchange).await {
        Ok(result) => result,
        Err(_) => Err("no answer in time".to_owned()),
    }
}
