//! How a text is written for the platform: as it is when nothing in it is formatted, else in the part of Markdown that DingTalk
//! shows. People's own letters never become markup.

mod markup;
mod pieces;

use bridge_api::{PersonId, RichText};

use self::{markup::Writer, pieces::pieces};
use crate::{
    ids,
    limits::{ADDRESSED_MAX, TITLE_CHARACTERS_MAX},
};

/// A text for the platform.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Written {
    /// Whether the pieces are Markdown.
    pub markdown: bool,
    /// What stands in the list of notices.
    pub title: String,
    /// The text, in as many messages as it takes.
    pub pieces: Vec<String>,
    /// The people to be addressed, by userId.
    pub addressed: Vec<String>,
    /// Whether everybody is to be addressed.
    pub everybody: bool,
}

/// How people are addressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Address {
    /// By the id that the platform turns into a name and a notice: webhooks.
    Ids,
    /// By the name alone: the API addresses nobody.
    Names,
}

/// Writes a text of `speaker` (empty for the app itself), below the beginning of what it answers.
pub fn write(speaker: &str, quoted: Option<&str>, text: &RichText, address: Address) -> Written {
    let markdown = quoted.is_some() || !text.is_unformatted();
    let addressed = text.addressed(ids::user, ADDRESSED_MAX);
    let mut writer = Writer::new(markdown, address);
    if let Some(quoted) = quoted {
        writer.blocks.push(format!("> {}", escaped(quoted)));
    }
    writer.blocks(&text.blocks, "");
    let head = match (speaker.is_empty(), markdown) {
        (true, _) => String::new(),
        (false, true) => format!("**{}:** ", escaped(speaker)),
        (false, false) => format!("{speaker}: "),
    };
    let quotes = usize::from(quoted.is_some());
    match writer.blocks.get_mut(quotes) {
        // A list, a quote and the like begin on a line of their own.
        Some(first) if markdown && begins_markup(first) => {
            writer.blocks.insert(quotes, head.trim_end().to_owned())
        }
        Some(first) => first.insert_str(0, &head),
        None => writer.blocks.push(head),
    }
    writer.blocks.retain(|block| !block.is_empty());
    let separator = if markdown { "\n\n" } else { "\n" };
    let everybody = text.addresses_everybody();
    Written {
        markdown,
        title: title(speaker, text),
        pieces: pieces(&writer.blocks, separator),
        addressed,
        everybody,
    }
}

/// What stands in the list of notices: who, and how it begins.
pub fn title(speaker: &str, text: &RichText) -> String {
    let words = text.to_plain();
    let line = words.lines().next().unwrap_or_default();
    let whole = if speaker.is_empty() { line.to_owned() } else { format!("{speaker}: {line}") };
    let cut: String = whole.chars().take(TITLE_CHARACTERS_MAX).collect();
    if cut.trim().is_empty() { "…".to_owned() } else { cut }
}

/// A text with nothing in it that could be taken for markup.
pub fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 8);
    for (index, letter) in text.char_indices() {
        match letter {
            '\\' | '*' | '_' | '`' | '[' | ']' | '~' => {
                out.push('\\');
                out.push(letter);
            }
            '<' => out.push_str("&lt;"),
            '&' if is_entity(&text[index..]) => out.push_str("&amp;"),
            '#' | '>' | '-' | '+' if text[..index].trim().is_empty() => {
                out.push('\\');
                out.push(letter);
            }
            '.' if index > 0 && text[..index].trim_start().chars().all(|before| before.is_ascii_digit()) => {
                out.push_str("\\.");
            }
            _ => out.push(letter),
        }
    }
    out
}

/// Whether `&` begins something that would be shown as another letter.
fn is_entity(text: &str) -> bool {
    let inner: String = text.chars().skip(1).take(10).take_while(|letter| *letter != ';').collect();
    let end = text[1 + inner.len()..].starts_with(';');
    end && !inner.is_empty() && inner.chars().all(|letter| letter.is_ascii_alphanumeric() || letter == '#')
}

fn begins_markup(block: &str) -> bool {
    let mut letters = block.chars();
    match letters.next() {
        Some('#' | '>' | '-') => true,
        Some('`') => block.starts_with("```"),
        Some(digit) if digit.is_ascii_digit() => {
            block.trim_start_matches(|letter: char| letter.is_ascii_digit()).starts_with(". ")
        }
        _ => false,
    }
}

/// Somebody's words before a picture, or nothing.
pub fn caption(speaker: &str) -> String {
    if speaker.is_empty() { String::new() } else { format!("**{}:**\n\n", escaped(speaker)) }
}

/// The person as the platform addresses them, when it can.
pub fn addresses(text: &RichText) -> bool {
    text.addresses_everybody()
        || text.mentions().into_iter().any(|person: &PersonId| ids::user(person).is_some())
}

#[cfg(test)]
mod tests;
