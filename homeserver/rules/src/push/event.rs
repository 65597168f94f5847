//! An event as push conditions look at it: a path through its JSON leads to a value.

use std::cell::OnceCell;
use std::collections::HashMap;

use model::Pdu;
use ruma::push::ScalarJsonValue;
use serde_json::{Value, value::RawValue};

/// A path of keys, split at the dots that are not escaped.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Path {
    Kind,
    Sender,
    RoomId,
    StateKey,
    /// Below `content`, never empty.
    Content(Vec<String>),
    /// Anywhere else at the top level.
    Other(Vec<String>),
}

impl Path {
    pub(super) fn new(key: &str) -> Self {
        let mut segments = split(key);
        match key {
            "type" => Self::Kind,
            "sender" => Self::Sender,
            "room_id" => Self::RoomId,
            "state_key" => Self::StateKey,
            _ if segments.len() > 1 && segments[0] == "content" => Self::Content(segments.split_off(1)),
            _ => Self::Other(segments),
        }
    }

    pub(super) fn is_body(&self) -> bool {
        matches!(self, Self::Content(path) if matches!(path.as_slice(), [only] if only == "body"))
    }
}

/// `\.` is a dot and `\\` a backslash inside a key; before anything else a backslash is itself.
fn split(key: &str) -> Vec<String> {
    let mut segments = vec![String::new()];
    let mut characters = key.chars().peekable();
    while let Some(character) = characters.next() {
        let escaped = character == '\\' && matches!(characters.peek(), Some('.' | '\\'));
        if character == '.' {
            segments.push(String::new());
        } else if let Some(segment) = segments.last_mut() {
            segment.push(if escaped { characters.next().unwrap_or(character) } else { character });
        }
    }
    segments
}

/// What a path leads to. Objects, floats and integers beyond 2^53 cannot be matched by any condition.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Found {
    Scalar(ScalarJsonValue),
    Array(Vec<ScalarJsonValue>),
}

/// One event, prepared for the rules of many users.
pub struct PushEvent<'a> {
    pdu: &'a Pdu,
    /// The content's top level; values stay text until a condition asks for them.
    content: OnceCell<HashMap<String, &'a RawValue>>,
    body: OnceCell<Option<String>>,
}

impl<'a> PushEvent<'a> {
    /// Wraps an event; nothing is read yet.
    #[must_use]
    pub fn new(pdu: &'a Pdu) -> Self {
        Self { pdu, content: OnceCell::new(), body: OnceCell::new() }
    }

    pub(super) fn pdu(&self) -> &'a Pdu {
        self.pdu
    }

    /// Whether the event says itself whom it mentions.
    #[must_use]
    pub fn has_mentions(&self) -> bool {
        self.content().contains_key("m.mentions")
    }

    /// Whether there is text in which a name could stand.
    #[must_use]
    pub fn has_body(&self) -> bool {
        self.lower_body().is_some()
    }

    /// The body in lower case, made once for all users.
    pub(super) fn lower_body(&self) -> Option<&str> {
        self.body
            .get_or_init(|| {
                let body: String = serde_json::from_str(self.content().get("body")?.get()).ok()?;
                Some(body.to_lowercase())
            })
            .as_deref()
    }

    /// Calls `look` with the text at the path; false when there is none.
    pub(super) fn with_text(&self, path: &Path, look: impl FnOnce(&str) -> bool) -> bool {
        match path {
            Path::Kind => look(self.pdu.kind()),
            Path::Sender => look(self.pdu.sender().as_str()),
            Path::RoomId => look(self.pdu.room_id().as_str()),
            Path::StateKey => self.pdu.state_key().is_some_and(look),
            Path::Content(_) | Path::Other(_) => match self.find(path) {
                Some(Found::Scalar(ScalarJsonValue::String(text))) => look(&text),
                _ => false,
            },
        }
    }

    pub(super) fn find(&self, path: &Path) -> Option<Found> {
        let text = |text: &str| Found::Scalar(ScalarJsonValue::String(text.to_owned()));
        match path {
            Path::Kind => Some(text(self.pdu.kind())),
            Path::Sender => Some(text(self.pdu.sender().as_str())),
            Path::RoomId => Some(text(self.pdu.room_id().as_str())),
            Path::StateKey => self.pdu.state_key().map(text),
            Path::Content(path) => {
                let (first, rest) = path.split_first()?;
                descend(self.content().get(first.as_str())?.get(), rest)
            }
            Path::Other(path) if matches!(path.as_slice(), [only] if only == "event_id") => {
                Some(text(self.pdu.event_id().as_str()))
            }
            Path::Other(path) => descend(std::str::from_utf8(self.pdu.json()).ok()?, path),
        }
    }

    fn content(&self) -> &HashMap<String, &'a RawValue> {
        self.content.get_or_init(|| serde_json::from_str(self.pdu.content_str()).unwrap_or_default())
    }
}

fn descend(json: &str, path: &[String]) -> Option<Found> {
    let mut value: Value = serde_json::from_str(json).ok()?;
    for key in path {
        value = value.as_object_mut()?.remove(key)?;
    }
    match value {
        Value::Array(values) => Some(Found::Array(values.into_iter().filter_map(scalar).collect())),
        Value::Object(_) => None,
        value => scalar(value).map(Found::Scalar),
    }
}

fn scalar(value: Value) -> Option<ScalarJsonValue> {
    match value {
        Value::Null => Some(ScalarJsonValue::Null),
        Value::Bool(bool) => Some(ScalarJsonValue::Bool(bool)),
        Value::Number(number) => ruma::Int::try_from(number.as_i64()?).ok().map(ScalarJsonValue::Integer),
        Value::String(text) => Some(ScalarJsonValue::String(text)),
        Value::Array(_) | Value::Object(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_split_at_dots_that_are_not_escaped() {
        for (key, expected) in [
            ("content.body", vec!["content", "body"]),
            (r"content.m\.relates_to.rel_type", vec!["content", "m.relates_to", "rel_type"]),
            (r"a\\.b", vec!["a\\", "b"]),
            (r"a\x", vec![r"a\x"]),
            ("", vec![""]),
            ("a..b", vec!["a", "", "b"]),
        ] {
            assert_eq!(split(key), expected, "{key}");
        }
    }
}
