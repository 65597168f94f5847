//! What an event of a room means to a platform. A pure function over hostile JSON.

use bridge_api::FileKind;
use ruma::{EventId, OwnedEventId, OwnedUserId};
use serde_json::Value;

use super::{
    polls::{self, Poll},
    said::{said, sticker},
};

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
    /// A poll begins or ends, or somebody votes.
    Poll(Poll),
    /// The room has another name.
    Named { name: String },
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
    /// Who is addressed, as the sender's client says.
    pub mentions: Vec<OwnedUserId>,
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
        /// What is said of it.
        caption: Option<Caption>,
    },
    /// A place.
    Place { name: String, latitude: f64, longitude: f64 },
}

/// Words that stand with a file.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Caption {
    pub body: String,
    pub html: Option<String>,
}

impl Said {
    /// Words, in answer to an event.
    pub fn words(body: String, reply_to: Option<OwnedEventId>) -> Self {
        let what = What::Words { body, html: None, emote: false };
        Self { what, reply_to, thread: None, everybody: false, mentions: Vec::new() }
    }

    /// The words of a file, as something said by itself.
    pub fn caption(&self) -> Option<Self> {
        let What::File { caption: Some(Caption { body, html }), .. } = &self.what else { return None };
        let what = What::Words { body: body.clone(), html: html.clone(), emote: false };
        Some(Self { what, reply_to: None, ..self.clone() })
    }
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
        "m.room.name" => match content["name"].as_str() {
            Some(name) => Meaning::Named { name: name.to_owned() },
            None => Meaning::Nothing,
        },
        kind if polls::is_poll(kind) => polls::read(kind, content).map_or(Meaning::Nothing, Meaning::Poll),
        _ => Meaning::Nothing,
    }
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
    fn the_body_of_a_file_with_a_name_is_what_is_said_of_it() {
        let caption_of = |content: Value| match message(content) {
            Meaning::Said(said) => said.caption(),
            other => panic!("{other:?}"),
        };
        let url = "mxc://test/a";
        let said = caption_of(json!({
            "msgtype": "m.image", "body": "see", "filename": "a.png", "url": url,
            "format": "org.matrix.custom.html", "formatted_body": "<b>see</b>",
        }));
        let words = What::Words { body: "see".into(), html: Some("<b>see</b>".into()), emote: false };
        assert_eq!(said.map(|said| said.what), Some(words));
        for bare in [
            json!({ "msgtype": "m.image", "body": "a.png", "url": url }),
            json!({ "msgtype": "m.image", "body": "a.png", "filename": "a.png", "url": url }),
            json!({ "msgtype": "m.file", "body": " ", "filename": "a.png", "url": url }),
        ] {
            assert_eq!(caption_of(bare.clone()), None, "{bare}");
        }
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
