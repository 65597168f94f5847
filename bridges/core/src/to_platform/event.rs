//! What an event of a room means to a platform. A pure function over hostile JSON.

use bridge_api::FileKind;
use ruma::{EventId, OwnedEventId};
use serde_json::Value;

/// What an event means.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Meaning {
    /// Something new.
    Said(Said),
    /// Something else in the place of what was said.
    Edit { target: OwnedEventId, said: Said },
    /// A reaction.
    Reaction { target: OwnedEventId, emoji: String },
    /// Something is taken away.
    Redaction { target: OwnedEventId },
    /// The room is encrypted from now on.
    Encrypted,
    /// Nothing for a platform.
    Nothing,
}

/// What somebody said.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Said {
    pub what: What,
    pub reply_to: Option<OwnedEventId>,
    pub thread: Option<OwnedEventId>,
    /// Whether everybody is addressed, as the sender's client says.
    pub everybody: bool,
}

/// The kinds of what is said.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum What {
    /// Words, and what stands before them.
    Words { body: String, html: Option<String>, emote: bool },
    /// A file that is not encrypted.
    File {
        kind: FileKind,
        name: String,
        mxc: String,
        mimetype: Option<String>,
        size: Option<u64>,
        duration_ms: Option<u64>,
        dimensions: Option<(u32, u32)>,
    },
    /// A place.
    Place { name: String, latitude: f64, longitude: f64 },
}

/// Reads an event.
pub(crate) fn meaning(event: &Value) -> Meaning {
    let content = &event["content"];
    let relation = &content["m.relates_to"];
    let target = || EventId::parse(relation["event_id"].as_str()?).ok();
    match event["type"].as_str().unwrap_or_default() {
        "m.room.message" if relation["rel_type"] == "m.replace" => {
            match (target(), said(&content["m.new_content"], true)) {
                (Some(target), Some(said)) => Meaning::Edit { target, said },
                _ => Meaning::Nothing,
            }
        }
        "m.room.message" => said(content, false).map_or(Meaning::Nothing, Meaning::Said),
        "m.sticker" => sticker(content).map_or(Meaning::Nothing, Meaning::Said),
        "m.reaction" => match (target(), relation["key"].as_str()) {
            (Some(target), Some(key)) if !key.is_empty() => Meaning::Reaction {
                target,
                emoji: key.chars().filter(|c| !c.is_control()).take(32).collect(),
            },
            _ => Meaning::Nothing,
        },
        "m.room.redaction" => {
            let inside = content["redacts"].as_str().or_else(|| event["redacts"].as_str());
            let target = inside.and_then(|id| EventId::parse(id).ok());
            target.map_or(Meaning::Nothing, |target| Meaning::Redaction { target })
        }
        "m.room.encryption" => Meaning::Encrypted,
        _ => Meaning::Nothing,
    }
}

fn said(content: &Value, is_edit: bool) -> Option<Said> {
    let relation = &content["m.relates_to"];
    let id = |value: &Value| EventId::parse(value.as_str()?).ok();
    let thread = (relation["rel_type"] == "m.thread").then(|| id(&relation["event_id"])).flatten();
    let is_fallback = relation["is_falling_back"] == true;
    let reply_to = id(&relation["m.in_reply_to"]["event_id"]).filter(|_| !is_fallback);
    let body = content["body"].as_str().unwrap_or_default();
    let html =
        (content["format"] == "org.matrix.custom.html").then(|| content["formatted_body"].as_str()).flatten();
    let what = match content["msgtype"].as_str()? {
        kind @ ("m.text" | "m.notice" | "m.emote") => {
            let body = if reply_to.is_some() || is_edit { without_quotation(body) } else { body };
            What::Words { body: body.to_owned(), html: html.map(str::to_owned), emote: kind == "m.emote" }
        }
        "m.image" => file(content, FileKind::Image)?,
        "m.file" => file(content, FileKind::File)?,
        "m.video" => file(content, FileKind::Video)?,
        "m.audio" if content.get("org.matrix.msc3245.voice").is_some() => file(content, FileKind::Voice)?,
        "m.audio" => file(content, FileKind::File)?,
        "m.location" => place(content)?,
        _ => What::Words { body: body.to_owned(), html: None, emote: false },
    };
    let is_empty = matches!(&what, What::Words { body, html: None, .. } if body.trim().is_empty());
    (!is_empty).then(|| Said { what, reply_to, thread, everybody: content["m.mentions"]["room"] == true })
}

fn sticker(content: &Value) -> Option<Said> {
    Some(Said { what: file(content, FileKind::Image)?, reply_to: None, thread: None, everybody: false })
}

fn file(content: &Value, kind: FileKind) -> Option<What> {
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

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn message(content: Value) -> Meaning {
        meaning(&json!({ "type": "m.room.message", "content": content }))
    }

    #[test]
    fn words_are_read_without_quotations() {
        let Meaning::Said(said) = message(json!({
            "msgtype": "m.text", "body": "> <@li:test> hi\n\nyes", "m.mentions": { "room": true },
            "m.relates_to": { "m.in_reply_to": { "event_id": "$a" } },
        })) else {
            panic!("said")
        };
        assert!(matches!(said.what, What::Words { body, .. } if body == "yes"));
        assert!(said.everybody && said.reply_to.is_some() && said.thread.is_none());
    }

    #[test]
    fn a_thread_and_what_old_clients_are_shown_are_told_apart() {
        let relation = |falling_back| {
            json!({
                "msgtype": "m.text", "body": "x",
                "m.relates_to": { "rel_type": "m.thread", "event_id": "$root", "is_falling_back": falling_back, "m.in_reply_to": { "event_id": "$a" } },
            })
        };
        assert!(matches!(
            message(relation(true)),
            Meaning::Said(Said { thread: Some(_), reply_to: None, .. })
        ));
        assert!(matches!(
            message(relation(false)),
            Meaning::Said(Said { thread: Some(_), reply_to: Some(_), .. })
        ));
    }

    #[test]
    fn edits_reactions_redactions_and_files_are_read() {
        let edit = message(json!({
            "msgtype": "m.text", "body": "* b", "m.new_content": { "msgtype": "m.text", "body": "b" },
            "m.relates_to": { "rel_type": "m.replace", "event_id": "$a" },
        }));
        assert!(
            matches!(edit, Meaning::Edit { said: Said { what: What::Words { body, .. }, .. }, .. } if body == "b")
        );
        let reaction = json!({ "type": "m.reaction", "content": { "m.relates_to": { "rel_type": "m.annotation", "event_id": "$a", "key": "👍" } } });
        assert!(matches!(meaning(&reaction), Meaning::Reaction { emoji, .. } if emoji == "👍"));
        for redaction in [
            json!({ "type": "m.room.redaction", "redacts": "$a", "content": {} }),
            json!({ "type": "m.room.redaction", "content": { "redacts": "$a" } }),
        ] {
            assert!(matches!(meaning(&redaction), Meaning::Redaction { .. }));
        }
        let image = message(
            json!({ "msgtype": "m.image", "body": "a.png", "url": "mxc://test/a", "info": { "w": 3, "h": 4 } }),
        );
        assert!(matches!(
            image,
            Meaning::Said(Said { what: What::File { dimensions: Some((3, 4)), .. }, .. })
        ));
        let place = message(json!({ "msgtype": "m.location", "body": "x", "geo_uri": "geo:1.5,-2;u=3" }));
        assert!(matches!(
            place,
            Meaning::Said(Said { what: What::Place { latitude: 1.5, longitude: -2.0, .. }, .. })
        ));
    }

    #[test]
    fn what_makes_no_sense_means_nothing() {
        for content in [
            json!(null),
            json!({ "msgtype": "m.text", "body": "  " }),
            json!({ "msgtype": "m.image", "body": "x", "url": "https://evil" }),
            json!({ "msgtype": "m.location", "body": "x", "geo_uri": "geo:999,0" }),
            json!({ "msgtype": "m.text", "m.relates_to": { "rel_type": "m.replace", "event_id": 3 } }),
        ] {
            assert_eq!(message(content.clone()), Meaning::Nothing, "{content}");
        }
        assert_eq!(meaning(&json!([])), Meaning::Nothing);
    }
}
