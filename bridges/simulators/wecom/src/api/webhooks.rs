//! Webhooks of groups: who has the key may write, twenty times a minute.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use serde_json::{Value, json};

use super::content::{self, Channel};
use super::reading::text;
use super::{Call, Outcome, media};
use crate::crypto;
use crate::refusal::Refusal;
use crate::state::State;
use crate::state::media::MediaOwner;
use crate::state::messages::{Author, Draft};

const IMAGE_BYTES_MAX: usize = 2 << 20;

/// The group behind a key, unless the webhook was removed.
fn group(state: &State, key: &str) -> Result<String, Refusal> {
    let webhook = state.webhooks.get(key).filter(|webhook| !webhook.removed);
    let chat = webhook.and_then(|webhook| state.chats.get(&webhook.chat));
    let chat = chat.filter(|chat| !chat.dissolved);
    chat.map(|chat| chat.id.clone()).ok_or_else(|| Refusal::new(93_000))
}

pub(super) fn send(state: &mut State, call: &Call) -> Outcome {
    let key = call.query("key").to_owned();
    let chat = group(state, &key)?;
    let bounds = [(60_000, state.settings.webhook_per_minute)];
    state.stage.count(&key, "webhook/send", &bounds).map_err(|_| Refusal::new(45_009))?;
    let owner = MediaOwner::Webhook(key.clone());
    let draft = content::read(state, Channel::Webhook, &owner, &call.body)?;
    state.say(Author::Webhook(key), Draft { chat, ..draft })?;
    Ok(json!({}).into())
}

/// A picture that stands in the message itself.
pub(super) fn inline_image(
    state: &mut State,
    content: &Value,
    owner: &MediaOwner,
) -> Result<String, Refusal> {
    let bytes = STANDARD.decode(text(content, "base64")).map_err(|_| Refusal::parameter("base64"))?;
    if bytes.len() > IMAGE_BYTES_MAX {
        return Err(Refusal::new(45_001));
    }
    if crypto::md5(&bytes) != text(content, "md5").to_lowercase() {
        return Err(Refusal::parameter("md5"));
    }
    media::check_bytes("image", &bytes)?;
    state.keep_media("image", "image", Bytes::from(bytes), owner.clone())
}

pub(super) fn upload(state: &mut State, call: &Call) -> Outcome {
    let kind = call.query("type");
    let (name, bytes) = call.upload.as_ref().ok_or_else(|| Refusal::new(41_006))?;
    // An empty file is refused before the key is looked at.
    if bytes.is_empty() {
        return Err(Refusal::new(44_001));
    }
    let key = call.query("key").to_owned();
    group(state, &key)?;
    if !["file", "voice"].contains(&kind) {
        return Err(Refusal::new(40_004));
    }
    media::check_size(kind, bytes.len())?;
    media::check_bytes(kind, bytes)?;
    let id = state.keep_media(kind, name, bytes.clone(), MediaOwner::Webhook(key))?;
    Ok(json!({ "type": kind, "media_id": id, "created_at": state.now_s().to_string() }).into())
}
