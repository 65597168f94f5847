//! How people of WeCom say things, and where they have to.

use bridge_api::FileKind;
use serde_json::{Value, json};

use crate::{Given, Said};

/// Where something is said, because not everything can be said everywhere.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Where {
    /// In the conversation itself.
    Here,
    /// To the bot alone.
    Bot,
    /// To the app alone.
    App,
}

/// What files are called here.
const FILES: [(&str, FileKind); 4] = [
    ("image", FileKind::Image),
    ("file", FileKind::File),
    ("voice", FileKind::Voice),
    ("video", FileKind::Video),
];

/// What a file is called here.
pub(super) fn kind_of(given: &Given) -> &'static str {
    FILES.into_iter().find(|(_, kind)| *kind == given.kind).expect("every kind has a name").0
}

/// The kind of file that is called so here.
pub(super) fn file_kind(name: &str) -> Option<FileKind> {
    FILES.into_iter().find(|(known, _)| *known == name).map(|(_, kind)| kind)
}

/// The kind and the content of what is said, and whether it goes into its group, to the bot or to the app. `key` is what an upload
/// answered.
pub(super) fn content(said: Said, key: &str) -> (&'static str, Value, Where) {
    let words = |words: String| ("text", json!({ "content": words }), Where::Here);
    match said {
        Said::Text(text) | Said::Everybody(text) => words(text),
        Said::Mention { before, who, after } => words(format!("{before}@{who}{after}")),
        Said::Formatted { bold, label } => words(format!("{bold} {label}")),
        Said::Location(name) => {
            let place = json!({ "latitude": 31.2, "longitude": 121.5, "scale": 15, "label": name });
            ("location", place, Where::App)
        }
        Said::Sticker | Said::Unknown => ("red_packet", json!({ "content": "" }), Where::App),
        Said::File(given) => {
            let place = match given.kind {
                FileKind::Image | FileKind::File => Where::Bot,
                FileKind::Voice | FileKind::Video => Where::App,
            };
            (kind_of(&given), json!({ "key": key }), place)
        }
    }
}

/// Markdown as people see it: with its escapes undone.
pub(super) fn seen(markdown: &str) -> String {
    let mut out = String::new();
    let mut letters = markdown.chars().peekable();
    while let Some(letter) = letters.next() {
        match letters.peek() {
            Some(next) if letter == '\\' && next.is_ascii_punctuation() => {
                out.push(*next);
                letters.next();
            }
            _ => out.push(letter),
        }
    }
    out.replace("&lt;", "<").replace("&amp;", "&")
}
