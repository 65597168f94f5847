//! Posting to an app's addresses: robots' messages signed, events encrypted and signed, cards' callbacks signed.

use serde_json::{Value, json};
use simulator_stage::{Post, Tried};

use crate::crypto;
use crate::faults::Fault;
use crate::simulator::Shared;
use crate::state::apps::EventAddress;
use crate::state::{Push, State};

const TOO_OLD_MS: u64 = 2 * 60 * 60_000;
const NONCE_CHARACTERS: usize = 8;
const ANOTHER_KEY: &str = "anotherkeyanotherkeyanotherkeyanotherkey123";

fn content_type() -> (&'static str, String) {
    ("Content-Type", "application/json; charset=utf-8".to_owned())
}

/// Posts a message to a robot's address; the answer is what it says, or null.
pub(crate) async fn post_to_robot(shared: &Shared, secret: &str, url: &str, data: &Value) -> Tried<Value> {
    let (post, within_ms) = {
        let state = &mut *shared.state.lock();
        let (timestamp, wrong, unsigned) = signing(state);
        let key = if wrong { "another secret" } else { secret };
        let sign = crypto::sign(key, &timestamp);
        let mut headers = vec![content_type()];
        if !unsigned {
            headers.extend([("timestamp", timestamp), ("sign", sign)]);
        }
        let mut body = data.to_string().into_bytes();
        if state.stage.faults.strikes(Fault::WebhookTampered) {
            body.push(b' ');
        }
        (Post { url: url.to_owned(), headers, body }, state.settings.answer_within_ms)
    };
    let answer = post.send_and_replay(shared, within_ms).await?;
    Ok(serde_json::from_slice(&answer).unwrap_or_default())
}

/// Posts a card's callback; the answer is what it says, or null.
pub(crate) async fn post_card(shared: &Shared, url: &str, api_secret: &str, data: &Value) -> Tried<Value> {
    let (post, within_ms) = {
        let state = &mut *shared.state.lock();
        let (timestamp, wrong, unsigned) = signing(state);
        let sign = crypto::card_sign(if wrong { "another secret" } else { api_secret }, &timestamp);
        let signed = [("x-ddpaas-signature-timestamp", timestamp), ("x-ddpaas-signature", sign)];
        let mut headers = vec![content_type()];
        if !unsigned {
            headers.extend(signed);
        }
        let body = data.to_string().into_bytes();
        (Post { url: url.to_owned(), headers, body }, state.settings.card_within_ms)
    };
    let answer = post.send_and_replay(shared, within_ms).await?;
    Ok(serde_json::from_slice(&answer).unwrap_or_default())
}

/// Posts an event, flat as HTTP has it; a success is the encrypted word that says so.
pub(crate) async fn post_event(
    shared: &Shared,
    address: &EventAddress,
    push: &Push,
    event_type: &str,
    data: &Value,
) -> Tried<Value> {
    let corp_id = shared.state.lock().corp_id.clone();
    let mut flat = json!({
        "EventType": event_type, "EventTime": push.born_ms, "CorpId": corp_id, "eventId": push.id,
    });
    for (name, value) in data.as_object().into_iter().flatten() {
        flat[name.as_str()] = value.clone();
    }
    deliver(shared, address, &flat).await.map(|()| Value::Null)
}

/// Asks an address whether it wants events.
///
/// # Errors
/// Why it does not.
pub(crate) async fn check(shared: &Shared, address: &EventAddress) -> Result<(), String> {
    deliver(shared, address, &json!({ "EventType": "check_url" })).await
}

async fn deliver(shared: &Shared, address: &EventAddress, flat: &Value) -> Result<(), String> {
    let (post, within_ms) = {
        let state = &mut *shared.state.lock();
        (seal(state, address, flat).ok_or("the key is none")?, state.settings.answer_within_ms)
    };
    let answer = post.send_and_replay(shared, within_ms).await?;
    let answer: Value = serde_json::from_slice(&answer).map_err(|_| "the answer is not JSON".to_owned())?;
    let text = |name: &str| answer.get(name).and_then(Value::as_str).unwrap_or_default();
    let encrypted = text("encrypt");
    let expected = crypto::event_signature(&address.token, text("timeStamp"), text("nonce"), encrypted);
    if text("msg_signature") != expected {
        return Err("the answer is not signed rightly".to_owned());
    }
    let (word, owner) = crypto::open(&address.aes_key, encrypted)?;
    if word != "success" || owner != address.owner {
        return Err("the answer is not the word for success".to_owned());
    }
    Ok(())
}

/// The time that is signed, whether the key is wrong, and whether there is no sign.
fn signing(state: &mut State) -> (String, bool, bool) {
    let old = state.stage.faults.strikes(Fault::WebhookOldTimestamp);
    let timestamp = state.stage.now_ms() - if old { TOO_OLD_MS } else { 0 };
    let wrong = state.stage.faults.strikes(Fault::WebhookWrongSignature);
    (timestamp.to_string(), wrong, state.stage.faults.strikes(Fault::WebhookUnsigned))
}

fn seal(state: &mut State, address: &EventAddress, flat: &Value) -> Option<Post> {
    let (timestamp, wrong, unsigned) = signing(state);
    let owner =
        if state.stage.faults.strikes(Fault::WebhookWrongOwner) { "anotherowner" } else { &address.owner };
    let wrong_key = state.stage.faults.strikes(Fault::WebhookWrongKey);
    let key = if wrong_key { ANOTHER_KEY } else { &address.aes_key };
    let mut encrypted = crypto::seal(key, state.stage.chance.block(), &flat.to_string(), owner)?;
    if state.stage.faults.strikes(Fault::WebhookNewlines) {
        encrypted.insert(encrypted.len() / 2, '\n');
    }
    let nonce = state.stage.chance.id("", 32)[..NONCE_CHARACTERS].to_owned();
    let token = if wrong { "anothertoken" } else { &address.token };
    let signature = crypto::event_signature(token, &timestamp, &nonce, &encrypted);
    let mark = if address.url.contains('?') { '&' } else { '?' };
    let query = if unsigned {
        String::new()
    } else {
        format!("{mark}msg_signature={signature}&signature={signature}&timestamp={timestamp}&nonce={nonce}")
    };
    if state.stage.faults.strikes(Fault::WebhookTampered) {
        // Another letter of the same alphabet in the middle.
        let middle = encrypted.len() / 2;
        let letter = if encrypted.get(middle..=middle) == Some("A") { "B" } else { "A" };
        encrypted.replace_range(middle..=middle, letter);
    }
    let body = json!({ "encrypt": encrypted }).to_string().into_bytes();
    Some(Post { url: format!("{}{query}", address.url), headers: vec![content_type()], body })
}
