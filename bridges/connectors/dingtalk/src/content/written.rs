//! How a text is written for the platform: as it is when nothing in it is formatted, else in the part of Markdown that DingTalk
//! shows. People's own letters never become markup.

use bridge_api::{Block, Inline, PersonId, RichText};

use crate::{
    ids,
    limits::{ADDRESSED_MAX, PIECE_BYTES_MAX, PIECES_MAX, TITLE_CHARACTERS_MAX},
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
    let markdown = quoted.is_some() || !text.blocks.iter().all(is_plain);
    let mut addressed: Vec<String> = Vec::new();
    for user in text.mentions().into_iter().filter_map(ids::user) {
        if addressed.len() < ADDRESSED_MAX && !addressed.iter().any(|known| known == user) {
            addressed.push(user.to_owned());
        }
    }
    let mut writer = Writer { markdown, address, blocks: Vec::new() };
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

fn is_plain(block: &Block) -> bool {
    let Block::Paragraph(inlines) = block else { return false };
    inlines.iter().all(|inline| match inline {
        Inline::Text { style, .. } => !(style.bold || style.italic),
        Inline::Link { address, label } => address == label,
        Inline::Mention { .. } | Inline::Everybody | Inline::Break => true,
        Inline::Code(_) => false,
    })
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

struct Writer {
    markdown: bool,
    address: Address,
    blocks: Vec<String>,
}

impl Writer {
    fn blocks(&mut self, blocks: &[Block], prefix: &str) {
        for block in blocks {
            let written = match block {
                Block::Paragraph(inlines) => self.inlines(inlines, prefix),
                Block::Heading { level, inlines } => {
                    format!(
                        "{} {}",
                        "#".repeat(usize::from((*level).clamp(1, 6))),
                        self.inlines(inlines, prefix)
                    )
                }
                Block::List { ordered, items } => self.list(*ordered, items, 0, prefix),
                Block::Quote(inner) => {
                    self.blocks(inner, &format!("{prefix}> "));
                    continue;
                }
                Block::Code { language, text } => code(language.as_deref(), text),
                Block::Rule => "———".to_owned(),
            };
            self.blocks.push(format!("{prefix}{written}"));
        }
    }

    /// Lists within lists are not shown by the platform: they stand in the same list, moved to the right by hard spaces.
    fn list(&self, ordered: bool, items: &[Vec<Block>], depth: usize, prefix: &str) -> String {
        let mut lines = Vec::new();
        for (index, item) in items.iter().enumerate() {
            let mark = if ordered { format!("{}. ", index + 1) } else { "- ".to_owned() };
            let mut words = Vec::new();
            let mut inner = Vec::new();
            for block in item {
                match block {
                    Block::List { ordered, items } => {
                        inner.push(self.list(*ordered, items, depth + 1, prefix))
                    }
                    Block::Paragraph(inlines) | Block::Heading { inlines, .. } => {
                        words.push(self.inlines(inlines, prefix).replace("  \n", " "));
                    }
                    Block::Quote(_) | Block::Code { .. } | Block::Rule => {
                        let plain = RichText { blocks: vec![block.clone()] }.to_plain().replace('\n', " ");
                        words.push(escaped(&plain));
                    }
                }
            }
            lines.push(format!("{}{mark}{}", "&nbsp;&nbsp;".repeat(depth), words.join(" ")));
            lines.extend(inner);
        }
        lines.join("\n")
    }

    fn inlines(&self, inlines: &[Inline], prefix: &str) -> String {
        let mut out = String::new();
        for inline in inlines {
            match inline {
                Inline::Text { text, style } if self.markdown => {
                    let words = escaped(text);
                    let mark = match (style.bold, style.italic) {
                        (true, true) => "***",
                        (true, false) => "**",
                        (false, true) => "*",
                        (false, false) => "",
                    };
                    out.push_str(&emphasised(&words, mark));
                }
                Inline::Text { text, .. } => out.push_str(text),
                Inline::Code(text) => out.push_str(&format!("`{}`", text.replace('`', "'"))),
                Inline::Link { address, label } if address == label => out.push_str(address),
                Inline::Link { address, label } => {
                    let address = address.replace('(', "%28").replace(')', "%29");
                    out.push_str(&format!("[{}]({address})", escaped(label)));
                }
                Inline::Mention { person, name } => {
                    let id = person.as_ref().and_then(ids::user).filter(|_| self.address == Address::Ids);
                    let shown = id.unwrap_or(name);
                    let shown = if self.markdown { escaped(shown) } else { shown.to_owned() };
                    out.push_str(&format!("@{shown} "));
                }
                Inline::Everybody => out.push_str("@所有人 "),
                Inline::Break if self.markdown => out.push_str(&format!("  \n{prefix}")),
                Inline::Break => out.push('\n'),
            }
        }
        out.truncate(out.trim_end().len());
        out
    }
}

/// Marks stand close to the letters, or they are shown as they are.
fn emphasised(words: &str, mark: &str) -> String {
    let inner = words.trim();
    if mark.is_empty() || inner.is_empty() {
        return words.to_owned();
    }
    let lead = &words[..words.len() - words.trim_start().len()];
    let tail = &words[words.trim_end().len()..];
    format!("{lead}{mark}{inner}{mark}{tail}")
}

/// A fence longer than any within the text.
fn code(language: Option<&str>, text: &str) -> String {
    let mut fence = "```".to_owned();
    while text.contains(&fence) {
        fence.push('`');
    }
    format!("{fence}{}\n{}\n{fence}", language.unwrap_or_default(), text.trim_end_matches('\n'))
}

/// Packs blocks into messages that the platform takes. What is beyond all bounds ends in `…`.
fn pieces(blocks: &[String], separator: &str) -> Vec<String> {
    let mut pieces: Vec<String> = Vec::new();
    for part in blocks.iter().flat_map(|block| cut(block)) {
        match pieces.last_mut() {
            Some(last) if last.len() + separator.len() + part.len() <= PIECE_BYTES_MAX => {
                last.push_str(separator);
                last.push_str(part);
            }
            _ => pieces.push(part.to_owned()),
        }
    }
    if pieces.len() > PIECES_MAX {
        pieces.truncate(PIECES_MAX);
        if let Some(last) = pieces.last_mut() {
            last.push('…');
        }
    }
    pieces
}

/// Cuts a block that is too long, at the end of a line if there is one.
fn cut(block: &str) -> Vec<&str> {
    let (mut parts, mut rest) = (Vec::new(), block);
    while rest.len() > PIECE_BYTES_MAX {
        let most = rest.floor_char_boundary(PIECE_BYTES_MAX);
        let at = rest[..most].rfind('\n').filter(|at| *at > most / 2).map_or(most, |at| at + 1);
        parts.push(&rest[..at]);
        rest = &rest[at..];
    }
    parts.push(rest);
    parts
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
