//! Uploads and downloads.

use serde_json::json;

use super::{Answer, Call, Outcome};
use crate::refusal::Refusal;
use crate::state::State;
use crate::state::media::{Media, image_side, image_type};

const IMAGE_BYTES_MAX: usize = 10 << 20;
const IMAGE_SIDE_MAX: u32 = 12_000;
const GIF_SIDE_MAX: u32 = 2_000;
const FILE_BYTES_MAX: usize = 30 << 20;
const FILE_TYPES: &[&str] = &["opus", "mp4", "pdf", "doc", "xls", "ppt", "stream"];

/// `POST im/v1/images`.
pub(crate) fn upload_image(state: &mut State, call: &Call) -> Outcome {
    let kind = call.fields.get("image_type").map(String::as_str);
    let (Some("message" | "avatar"), Some(upload)) = (kind, &call.upload) else {
        return Err(Refusal::code(234_001));
    };
    fits(upload.bytes.len(), IMAGE_BYTES_MAX)?;
    let content_type = image_type(&upload.bytes).ok_or(Refusal::code(234_011))?;
    let side_max = if content_type == "image/gif" { GIF_SIDE_MAX } else { IMAGE_SIDE_MAX };
    if image_side(&upload.bytes).is_some_and(|side| side > side_max) {
        return Err(Refusal::code(234_039));
    }
    let media = Media {
        app: Some(call.app.clone()),
        kind: "image".into(),
        name: upload.name.clone(),
        content_type: content_type.into(),
        bytes: upload.bytes.clone(),
    };
    Ok(Answer::Data(json!({ "image_key": state.keep_media(media)? })))
}

/// `POST im/v1/files`.
pub(crate) fn upload_file(state: &mut State, call: &Call) -> Outcome {
    let kind = call.fields.get("file_type").filter(|kind| FILE_TYPES.contains(&kind.as_str()));
    let (Some(kind), Some(name), Some(upload)) = (kind, call.fields.get("file_name"), &call.upload) else {
        return Err(Refusal::code(234_001));
    };
    fits(upload.bytes.len(), FILE_BYTES_MAX)?;
    let content_type = match kind.as_str() {
        "opus" => "audio/ogg",
        "mp4" => "video/mp4",
        "pdf" => "application/pdf",
        _ => "application/octet-stream",
    };
    let media = Media {
        app: Some(call.app.clone()),
        kind: kind.clone(),
        name: name.clone(),
        content_type: content_type.into(),
        bytes: upload.bytes.clone(),
    };
    Ok(Answer::Data(json!({ "file_key": state.keep_media(media)? })))
}

fn fits(length: usize, most: usize) -> Result<(), Refusal> {
    match length {
        0 => Err(Refusal::code(234_010)),
        length if length > most => Err(Refusal::code(234_006)),
        _ => Ok(()),
    }
}

/// `GET im/v1/images/*` and `GET im/v1/files/*`: only what this app uploaded.
pub(crate) fn own(state: &mut State, call: &Call) -> Outcome {
    let media = state.media.get(call.part(3)).ok_or(Refusal::code(234_001))?;
    if media.app.as_deref() != Some(&call.app) {
        return Err(Refusal::code(234_008));
    }
    Ok(Answer::Raw(media.content_type.clone(), media.bytes.clone()))
}

/// `GET im/v1/messages/*/resources/*`.
pub(crate) fn resource(state: &mut State, call: &Call) -> Outcome {
    let (message_id, key) = (call.part(3), call.part(5));
    if state.is_merged(message_id) {
        return Err(Refusal::code(234_043));
    }
    let message = state.messages.get(message_id).ok_or(Refusal::code(234_001))?;
    let kind = call.query("type");
    if !["image", "file"].contains(&kind) {
        return Err(Refusal::code(234_001));
    }
    if message.recalled_ms.is_some() {
        return Err(Refusal::code(230_110));
    }
    if !state.chats.get(&message.chat_id).is_some_and(|chat| chat.bots.contains(&call.app)) {
        return Err(Refusal::code(234_004));
    }
    if ["interactive", "merge_forward", "sticker"].contains(&message.kind.as_str()) {
        return Err(Refusal::code(234_043));
    }
    let inside = !key.is_empty() && message.content.to_string().contains(&format!("\"{key}\""));
    let media = state.media.get(key).filter(|_| inside).ok_or(Refusal::code(234_003))?;
    if (media.kind == "image") != (kind == "image") {
        return Err(Refusal::code(234_003));
    }
    Ok(Answer::Raw(media.content_type.clone(), media.bytes.clone()))
}
