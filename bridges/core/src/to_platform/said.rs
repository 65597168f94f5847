//! What the content of a message says: words, a file with its words, a place. Pure functions over hostile JSON.

use bridge_api::FileKind;
use ruma::{EventId, OwnedUserId, UserId};
use serde_json::Value;

use super::event::{Caption, Said, What};
use crate::limits::MENTIONS_MAX;

/// What the content of a message says; for an edit, the content that stands in the place of the old one.
pub(super) fn said(content: &Value, is_edit: bool) -> Option<Said> {
    let relation = &content["m.relates_to"];
    let id = |value: &Value| EventId::parse(value.as_str()?).ok();
    let thread = (relation["rel_type"] == "m.thread").then(|| id(&relation["event_id"])).flatten();
    let is_fallback = relation["is_falling_back"] == true;
    let reply_to = id(&relation["m.in_reply_to"]["event_id"]).filter(|_| !is_fallback);
    let body = content["body"].as_str().unwrap_or_default();
    let html = html(content);
    let what = match content["msgtype"].as_str()? {
        kind @ ("m.text" | "m.notice" | "m.emote") => {
            let body = if reply_to.is_some() || is_edit { without_quotation(body) } else { body };
            What::Words { body: body.to_owned(), html, emote: kind == "m.emote" }
        }
        "m.image" => file(content, FileKind::Image, caption(content))?,
        "m.file" => file(content, FileKind::File, caption(content))?,
        "m.video" => file(content, FileKind::Video, caption(content))?,
        "m.audio" if content.get("org.matrix.msc3245.voice").is_some() => {
            file(content, FileKind::Voice, caption(content))?
        }
        "m.audio" => file(content, FileKind::File, caption(content))?,
        "m.location" => place(content)?,
        _ => What::Words { body: body.to_owned(), html: None, emote: false },
    };
    let is_empty = matches!(&what, What::Words { body, html: None, .. } if body.trim().is_empty());
    let everybody = content["m.mentions"]["room"] == true;
    (!is_empty).then(|| Said { what, reply_to, thread, everybody, mentions: mentions(content) })
}

fn mentions(content: &Value) -> Vec<OwnedUserId> {
    let users = content["m.mentions"]["user_ids"].as_array().into_iter().flatten();
    let users = users.filter_map(|user| UserId::parse(user.as_str()?).ok());
    users.take(MENTIONS_MAX).collect()
}

fn html(content: &Value) -> Option<String> {
    let is_html = content["format"] == "org.matrix.custom.html";
    is_html.then(|| content["formatted_body"].as_str()).flatten().map(str::to_owned)
}

/// What a sticker says: its body is what it shows, and no caption.
pub(super) fn sticker(content: &Value) -> Option<Said> {
    let what = file(content, FileKind::Image, None)?;
    Some(Said { what, reply_to: None, thread: None, everybody: false, mentions: Vec::new() })
}

/// Where a file has a name of its own, the body is what is said of it.
fn caption(content: &Value) -> Option<Caption> {
    let (name, body) = (content["filename"].as_str()?, content["body"].as_str()?);
    let is_said = !body.trim().is_empty() && body != name;
    is_said.then(|| Caption { body: body.to_owned(), html: html(content) })
}

fn file(content: &Value, kind: FileKind, caption: Option<Caption>) -> Option<What> {
    let mxc = content["url"].as_str().filter(|url| url.starts_with("mxc://"))?;
    let info = &content["info"];
    let side = |key: &str| info[key].as_u64().and_then(|pixels| u32::try_from(pixels).ok());
    let name = content["filename"].as_str().or_else(|| content["body"].as_str()).unwrap_or("file");
    Some(What::File {
        kind,
        name: name.to_owned(),
        mxc: mxc.to_owned(),
        mimetype: info["mimetype"].as_str().map(str::to_owned),
        size: info["size"].as_u64(),
        duration_ms: info["duration"].as_u64(),
        dimensions: side("w").zip(side("h")),
        caption,
    })
}

fn place(content: &Value) -> Option<What> {
    let coordinates = content["geo_uri"].as_str()?.strip_prefix("geo:")?.split([';', '?']).next()?;
    let (latitude, rest) = coordinates.split_once(',')?;
    let longitude = rest.split(',').next()?;
    let degrees = |text: &str, max: f64| text.parse::<f64>().ok().filter(|degrees| degrees.abs() <= max);
    let name = content["body"].as_str().unwrap_or_default().to_owned();
    Some(What::Place { name, latitude: degrees(latitude, 90.0)?, longitude: degrees(longitude, 180.0)? })
}

/// What a message says without the quotation that old clients put before an answer.
fn without_quotation(body: &str) -> &str {
    if !body.starts_with("> <") && !body.starts_with("> * <") {
        return body;
    }
    let mut rest = body;
    while rest.starts_with('>') {
        rest = rest.split_once('\n').map_or("", |(_, behind)| behind);
    }
    rest.strip_prefix('\n').unwrap_or(rest)
}
