//! Events over HTTP: whether a request is the platform's, what it brings, what it is answered.

pub mod crypto;

use bridge_api::{CallbackAnswer, CallbackRequest, Secret};
use serde_json::{Value, json};

use crate::{
    events::{Envelope, Ourselves},
    incoming::{self, Desk},
    limits::{CALLBACK_BYTES_MAX, SIGNATURE_AGE_MAX},
};

/// What the operator and the platform know of each other.
#[derive(Clone, Copy, Debug)]
pub struct Secrets<'a> {
    /// Stands in every event.
    pub verification_token: &'a Secret,
    /// Encrypts and signs, when there is one.
    pub encrypt_key: Option<&'a Secret>,
}

/// A request that was believed.
enum Believed {
    /// The administrator saves our address: the challenge is sent back.
    Check(String),
    /// An event, as it was before it was encrypted.
    Event(Envelope, Vec<u8>),
}

/// Why a request was not believed. Its sender learns the status alone.
#[derive(Debug, PartialEq, Eq)]
pub struct Forged(pub u16, pub &'static str);

/// Checks a request, makes durable what it brings, and answers. `now_ms` is the time in milliseconds since the Unix epoch.
pub async fn call(
    request: &CallbackRequest,
    secrets: Secrets<'_>,
    ours: &Ourselves,
    inbox: &dyn Desk,
    now_ms: u64,
) -> CallbackAnswer {
    match believe(request, secrets, now_ms) {
        Ok(Believed::Check(challenge)) => answered(200, &json!({ "challenge": challenge })),
        Ok(Believed::Event(envelope, raw)) => {
            let understood = incoming::understand(&envelope, &raw, ours);
            let kept = incoming::keep(inbox, understood.brought).await;
            match (understood.callback, kept) {
                (Some(callback), _) => answered(200, &incoming::answer(callback, kept)),
                (None, true) => answered(200, &json!({ "msg": "success" })),
                (None, false) => answered(500, &json!({ "msg": "try again" })),
            }
        }
        Err(forged) => refused(&forged),
    }
}

/// The answer to a request that was not believed. The log is told why; whoever forged it is not.
pub fn refused(forged: &Forged) -> CallbackAnswer {
    let Forged(status, reason) = *forged;
    tracing::warn!(status, reason, "refuse a callback that is not the platform's");
    metrics::counter!("bridge_feishu_callbacks_refused_total").increment(1);
    answered(status, &json!({ "msg": "refused" }))
}

/// An answer in JSON.
pub fn answered(status: u16, body: &Value) -> CallbackAnswer {
    let content_type = "application/json; charset=utf-8";
    CallbackAnswer { status, content_type, body: body.to_string().into() }
}

fn believe(request: &CallbackRequest, secrets: Secrets<'_>, now_ms: u64) -> Result<Believed, Forged> {
    if request.method != "POST" {
        return Err(Forged(405, "another method than POST"));
    }
    if request.body.len() > CALLBACK_BYTES_MAX {
        return Err(Forged(413, "a body beyond its bounds"));
    }
    // On the raw bytes, and before anything in them is read.
    let signed = match secrets.encrypt_key {
        Some(key) => signature(request, key, now_ms)?,
        None => false,
    };
    let body: Value =
        serde_json::from_slice(&request.body).map_err(|_| Forged(400, "a body that is no JSON"))?;
    let encrypted = body.get("encrypt").and_then(Value::as_str);
    let raw = match (secrets.encrypt_key, encrypted) {
        (Some(key), Some(text)) => {
            crypto::decrypt(key.expose(), text).ok_or(Forged(401, "a body that our key does not decrypt"))?
        }
        (Some(_), None) => {
            return Err(Forged(401, "a body that is not encrypted although the app has a key"));
        }
        (None, Some(_)) => return Err(Forged(401, "an encrypted body, and no encrypt key is configured")),
        (None, None) => request.body.to_vec(),
    };
    let event: Value = serde_json::from_slice(&raw).map_err(|_| Forged(400, "an event that is no JSON"))?;
    let text = |key: &str| event.get(key).and_then(Value::as_str).unwrap_or_default();
    let token = secrets.verification_token.expose();
    if text("type") == "url_verification" {
        // The one request that comes without a signature.
        let known = crypto::same(token, text("token"));
        return if known {
            Ok(Believed::Check(text("challenge").to_owned()))
        } else {
            Err(Forged(401, "a wrong token"))
        };
    }
    if secrets.encrypt_key.is_some() && !signed {
        return Err(Forged(401, "an event without a signature"));
    }
    let envelope = Envelope::read(&raw).map_err(|_| Forged(400, "a body that is no event"))?;
    if crypto::same(token, &envelope.token) {
        Ok(Believed::Event(envelope, raw))
    } else {
        Err(Forged(401, "a wrong token"))
    }
}

/// Whether a request is signed; one with a wrong signature is refused.
fn signature(request: &CallbackRequest, key: &Secret, now_ms: u64) -> Result<bool, Forged> {
    let Some(signature) = request.header("x-lark-signature") else { return Ok(false) };
    let timestamp = request.header("x-lark-request-timestamp").unwrap_or_default();
    let nonce = request.header("x-lark-request-nonce").unwrap_or_default();
    if !crypto::is_signed(timestamp, nonce, key.expose(), &request.body, signature) {
        return Err(Forged(401, "a wrong signature"));
    }
    let time: u64 = timestamp.trim().parse().map_err(|_| Forged(401, "a signature without a time"))?;
    // Seconds by all that is known; milliseconds are understood as well.
    let time_ms = if time < 100_000_000_000 { time * 1000 } else { time };
    let age_max_ms = u64::try_from(SIGNATURE_AGE_MAX.as_millis()).unwrap_or(u64::MAX);
    if now_ms.abs_diff(time_ms) > age_max_ms { Err(Forged(401, "an old signature")) } else { Ok(true) }
}

#[cfg(test)]
mod tests;
