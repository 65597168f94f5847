//! Posting to an app's address: encrypted and signed where the app has a key.

use serde_json::{Value, json};
use simulator_stage::{Post, Tried};

use crate::crypto;
use crate::faults::Fault;
use crate::simulator::Shared;
use crate::state::State;

/// How long the check of an address may take.
const CHECK_MS_MAX: u64 = 1_000;
const DAY_S: u64 = 24 * 60 * 60;

/// Posts an event; a success is HTTP 200 in time.
pub(crate) async fn post(shared: &Shared, app: &str, url: &str, envelope: &Value) -> Tried<Vec<u8>> {
    let (post, within_ms) = {
        let state = &mut *shared.state.lock();
        (dress(state, app, url, envelope.clone()), state.settings.acknowledge_within_ms)
    };
    post.send_and_replay(shared, within_ms).await
}

/// Asks an address whether it wants events.
///
/// # Errors
/// Why it does not.
pub(crate) async fn check(shared: &Shared, app: &str, url: &str) -> Result<(), String> {
    let (post, challenge) = {
        let state = &mut *shared.state.lock();
        let challenge = state.stage.chance.id("", 32);
        let token = state.apps.get(app).map(|app| app.verification_token.clone());
        let body = json!({ "challenge": challenge, "token": token, "type": "url_verification" });
        let mut post = dress(state, app, url, body);
        // The check is not signed: of the headers only the type stays.
        post.headers.truncate(1);
        (post, challenge)
    };
    let answer = post.send(CHECK_MS_MAX).await?;
    let answer: Value = serde_json::from_slice(&answer).map_err(|_| "the answer is not JSON".to_owned())?;
    if answer.get("challenge").and_then(Value::as_str) == Some(&challenge) {
        Ok(())
    } else {
        Err("the challenge did not come back".to_owned())
    }
}

/// The bytes of a post, with the faults that concern them.
fn dress(state: &mut State, app: &str, url: &str, mut value: Value) -> Post {
    let mut headers = vec![("Content-Type", "application/json;charset=utf-8".to_owned())];
    let mut struck = |fault| state.stage.faults.strikes(fault);
    let (wrong_token, unsigned) = (struck(Fault::WebhookWrongToken), struck(Fault::WebhookUnsigned));
    let (wrong_key, wrong_signature) = (struck(Fault::WebhookWrongKey), struck(Fault::WebhookWrongSignature));
    let (old, tampered) = (struck(Fault::WebhookOldTimestamp), struck(Fault::WebhookTampered));
    if wrong_token {
        let place = if value.get("schema").is_some() { &mut value["header"] } else { &mut value };
        place["token"] = "another token".into();
    }
    let key = state.apps.get(app).and_then(|app| app.encrypt_key.clone()).filter(|_| !unsigned);
    let Some(key) = key else {
        return Post { url: url.to_owned(), headers, body: value.to_string().into_bytes() };
    };
    let sealed_with = if wrong_key { "another key" } else { &key };
    let sealed = crypto::encrypt(sealed_with, state.stage.chance.block(), value.to_string().as_bytes());
    let mut body = json!({ "encrypt": sealed }).to_string().into_bytes();
    let timestamp = (state.stage.now_ms() / 1_000 - if old { DAY_S } else { 0 }).to_string();
    let nonce = state.stage.chance.id("", 16);
    let signed_with = if wrong_signature { "another key" } else { &key };
    let signature = crypto::signature(&timestamp, &nonce, signed_with, &body);
    if tampered {
        body.push(b' ');
    }
    headers.extend([
        ("X-Lark-Request-Timestamp", timestamp),
        ("X-Lark-Request-Nonce", nonce),
        ("X-Lark-Signature", signature),
    ]);
    Post { url: url.to_owned(), headers, body }
}
