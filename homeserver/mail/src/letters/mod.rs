//! What the letters say, in Chinese and in English, as plain text and as simple HTML. Pure.

mod account;
mod choice;
mod digest;
mod meeting;
mod notice;

pub use account::{address_in_use, first_login, prove_address, reset_password, visit_code};
pub use choice::choice;
pub use digest::{DigestMessage, DigestRoom, digest};
pub use meeting::{MeetingNews, meeting};
pub use notice::notice;

use crate::limits::SUBJECT_CHARACTERS_MAX;

/// The languages that letters are written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Language {
    /// Simplified Chinese.
    Chinese,
    /// English.
    English,
}

impl Language {
    /// From a language tag such as `zh-CN`; English for all that is not Chinese.
    #[must_use]
    pub fn of(tag: &str) -> Self {
        let first = tag.split(['-', '_']).next().unwrap_or_default();
        if first.eq_ignore_ascii_case("zh") { Self::Chinese } else { Self::English }
    }
}

/// A letter without its addresses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Letter {
    /// The subject.
    pub subject: String,
    /// The text for programs that show no HTML.
    pub text: String,
    /// The same as HTML, which loads nothing from anywhere.
    pub html: String,
    /// A link that ends letters of this kind without further questions.
    pub unsubscribe_link: Option<String>,
}

/// Text of strangers on its way into HTML.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            other => out.push(other),
        }
    }
    out
}

/// One line without control characters, cut to its bound.
fn subject(text: &str) -> String {
    let printable = text.chars().map(|c| if c.is_control() { ' ' } else { c });
    printable.take(SUBJECT_CHARACTERS_MAX).collect()
}

fn html(paragraphs: &[String]) -> String {
    let body: String = paragraphs.iter().map(|paragraph| format!("<p>{paragraph}</p>")).collect();
    format!(
        "<!doctype html><html><head><meta charset=\"utf-8\"></head>\
         <body style=\"font:16px/1.6 sans-serif\">{body}</body></html>"
    )
}
