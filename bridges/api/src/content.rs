//! What people say to each other, platform-neutral.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{Block, Inline, MediaId, RichText, Style};

/// One part of a message; each part becomes one event in a room.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Content {
    /// Words.
    Text(RichText),
    /// A picture, a document, spoken words, a film.
    File(File),
    /// A card with buttons, or one of somebody else's that can only be shown.
    Card(Card),
    /// A place.
    Location {
        /// What it is called.
        name: String,
        /// Degrees to the north.
        latitude: f64,
        /// Degrees to the east.
        longitude: f64,
    },
    /// A sticker.
    Sticker {
        /// The picture, when the platform gives it out.
        media: Option<MediaId>,
        /// What it says in words.
        name: String,
    },
    /// Something that has no form elsewhere: it is never dropped in silence.
    Unsupported {
        /// The platform's word for it (`vote`, `hongbao`).
        kind: String,
        /// What of it can be said in words; may be empty.
        fallback: String,
    },
}

/// What a file is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FileKind {
    /// To be looked at in the conversation.
    Image,
    /// To be opened.
    File,
    /// Spoken words.
    Voice,
    /// A film.
    Video,
}

/// A file. Its bytes are elsewhere: on the platform under `media`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct File {
    /// What it is for.
    pub kind: FileKind,
    /// Its name; a connector makes one up when the platform gives none.
    pub name: String,
    /// Its media type, if known.
    pub mimetype: Option<String>,
    /// Its size in bytes, if known.
    pub size: Option<u64>,
    /// How long it plays, in milliseconds.
    pub duration_ms: Option<u64>,
    /// Width and height in pixels.
    pub dimensions: Option<(u32, u32)>,
    /// What it is on the platform.
    pub media: MediaId,
}

impl File {
    /// A file of which nothing else is known.
    pub fn new(kind: FileKind, name: impl Into<String>, media: MediaId) -> Self {
        let name = name.into();
        Self { kind, name, mimetype: None, size: None, duration_ms: None, dimensions: None, media }
    }
}

/// A card.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Card {
    /// Its first line.
    pub title: String,
    /// What it says.
    pub body: RichText,
    /// Its buttons; empty for cards that can only be read.
    pub buttons: Vec<Button>,
    /// One line that may be written before a button is pressed; only where there is a button.
    #[serde(default)]
    pub input: Option<Input>,
    /// Rises with every change, so that a late update is dropped.
    pub revision: u64,
}

/// A line of text that people may write into a card.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Input {
    /// What it is called among [`crate::Pressed::values`]: letters, digits, `_` and `-`.
    pub name: String,
    /// What shall be written there.
    pub label: String,
}

/// A button of a card.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Button {
    /// What it is called in [`crate::Pressed`].
    pub action: String,
    /// What it says.
    pub label: String,
    /// How it looks.
    pub style: ButtonStyle,
    /// What comes back with it.
    pub values: BTreeMap<String, String>,
}

/// How a button looks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ButtonStyle {
    /// Like any other.
    #[default]
    Plain,
    /// What most people will press.
    Primary,
    /// What cannot be taken back.
    Danger,
}

impl Content {
    /// A conversation that somebody passed on: what it is called, and its lines as a quotation.
    pub fn passed_on(title: &str, lines: Vec<Block>) -> Self {
        let style = Style { bold: true, ..Style::default() };
        let head = Block::Paragraph(vec![Inline::Text { text: title.to_owned(), style }]);
        let blocks = if lines.is_empty() { vec![head] } else { vec![head, Block::Quote(lines)] };
        Self::Text(RichText { blocks })
    }

    /// The content in words alone, as room lists and platforms without the kind show it.
    pub fn to_plain(&self) -> String {
        match self {
            Self::Text(text) => text.to_plain(),
            Self::File(file) => format!("[{}]", file.name),
            Self::Card(card) => [card.title.clone(), card.body.to_plain()].join("\n").trim().to_owned(),
            Self::Location { name, latitude, longitude } => format!("[{name}] {latitude},{longitude}"),
            Self::Sticker { name, .. } => format!("[{name}]"),
            Self::Unsupported { kind, fallback } if fallback.is_empty() => format!("[{kind}]"),
            Self::Unsupported { kind, fallback } => format!("[{kind}] {fallback}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_can_be_said_in_words() {
        let vote = Content::Unsupported { kind: "vote".into(), fallback: String::new() };
        assert_eq!(vote.to_plain(), "[vote]");
        let card =
            Content::Card(Card { title: "Leave".into(), body: RichText::plain("2 days"), ..Card::default() });
        assert_eq!(card.to_plain(), "Leave\n2 days");
        let back: Content =
            serde_json::from_str(&serde_json::to_string(&card).expect("writes")).expect("reads");
        assert_eq!(back, card);
    }
}
