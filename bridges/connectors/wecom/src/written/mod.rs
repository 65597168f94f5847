//! How a text is written for the platform: as words where nothing in it is formatted, in the small part of Markdown that apps have,
//! or in the full one of bots. People's own letters never become markup. Pure.

mod escape;
mod pieces;

use bridge_api::{
    Block, Inline, RichText, Style,
    markdown::{emphasised, fence},
};

pub use self::escape::harmless;
use self::pieces::{Written, numbered, packed};
use crate::{ids, limits::ADDRESSED_MAX};

/// Which markup is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// None, but for links and mentions in their own brackets.
    Words,
    /// Headings, bold, links, code within a line, quotes: apps, and webhooks that address people.
    Small,
    /// Lists, code and italics as well: bots and webhooks.
    Full,
}

/// How a text is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Manner {
    /// Which markup.
    pub form: Form,
    /// Whether people of the platform are addressed by `<@userid>`, or named alone.
    pub addresses: bool,
    /// Longest message in bytes.
    pub bytes_max: usize,
}

/// Writes a text of `speaker` (empty for the app itself), below the beginning of what it answers, in as many messages as it takes.
pub fn write(speaker: &str, quoted: Option<&str>, text: &RichText, manner: Manner) -> Vec<String> {
    let writer = Writer(manner);
    let mut written = Vec::new();
    if manner.form == Form::Words {
        let words =
            if speaker.is_empty() { text.to_plain() } else { format!("{speaker}: {}", text.to_plain()) };
        let quote = quoted.map(|quoted| format!("> {quoted}\n")).unwrap_or_default();
        written.push(Written::of(harmless(&format!("{quote}{words}"))));
    } else {
        writer.blocks(&text.blocks, "", &mut written);
        let name =
            if speaker.is_empty() { String::new() } else { format!("**{}:** ", writer.escaped(speaker)) };
        match (text.blocks.first(), written.first_mut()) {
            (Some(Block::Paragraph(_)), Some(first)) => first.text.insert_str(0, &name),
            // A list, a quote and the like begin on a line of their own.
            _ => written.insert(0, Written::of(name.trim_end().to_owned())),
        }
        if let Some(quoted) = quoted {
            written.insert(0, Written::of(format!("> {}", writer.escaped(quoted))));
        }
    }
    written.retain(|block| !block.text.is_empty());
    numbered(packed(&written, manner.bytes_max))
}

/// Whom a text addresses, as the platform takes it: userids, and `@all`.
pub fn addressed(text: &RichText) -> Vec<String> {
    let mut found = text.addressed(ids::user, ADDRESSED_MAX);
    if text.addresses_everybody() {
        found.push("@all".to_owned());
    }
    found
}

struct Writer(Manner);

impl Writer {
    fn blocks(&self, blocks: &[Block], prefix: &str, out: &mut Vec<Written>) {
        for block in blocks {
            let text = match block {
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
                    self.blocks(inner, &format!("{prefix}> "), out);
                    continue;
                }
                Block::Code { language, text } => {
                    out.push(self.code(language.as_deref(), text, prefix));
                    continue;
                }
                Block::Rule if self.0.form == Form::Full => "---".to_owned(),
                Block::Rule => "———".to_owned(),
            };
            out.push(Written::of(format!("{prefix}{text}")));
        }
    }

    fn list(&self, ordered: bool, items: &[Vec<Block>], depth: usize, prefix: &str) -> String {
        let full = self.0.form == Form::Full;
        let mut lines = Vec::new();
        for (index, item) in items.iter().enumerate() {
            let mark = match (ordered, full) {
                (true, _) => format!("{}. ", index + 1),
                (false, true) => "- ".to_owned(),
                (false, false) => "• ".to_owned(),
            };
            let (mut words, mut inner) = (Vec::new(), Vec::new());
            for block in item {
                match block {
                    Block::List { ordered, items } => {
                        inner.push(self.list(*ordered, items, depth + 1, prefix))
                    }
                    Block::Paragraph(inlines) | Block::Heading { inlines, .. } => {
                        words.push(self.inlines(inlines, prefix).replace('\n', " "));
                    }
                    Block::Quote(_) | Block::Code { .. } | Block::Rule => {
                        let plain = RichText { blocks: vec![block.clone()] }.to_plain().replace('\n', " ");
                        words.push(self.escaped(&plain));
                    }
                }
            }
            let lead = if lines.is_empty() && depth == 0 { "" } else { prefix };
            lines.push(format!("{lead}{}{mark}{}", "   ".repeat(depth), words.join(" ")));
            lines.extend(inner);
        }
        lines.join("\n")
    }

    fn inlines(&self, inlines: &[Inline], prefix: &str) -> String {
        let mut out = String::new();
        for inline in inlines {
            match inline {
                Inline::Text { text, style } => {
                    let italic = style.italic && self.0.form == Form::Full;
                    out.push_str(&emphasised(&self.escaped(text), Style { italic, ..*style }));
                }
                Inline::Code(text) => out.push_str(&format!("`{}`", text.replace('`', "'"))),
                Inline::Link { address, label } if address == label => out.push_str(address),
                Inline::Link { address, label } => {
                    let address = address.replace('(', "%28").replace(')', "%29");
                    out.push_str(&format!("[{}]({address})", self.escaped(label)));
                }
                Inline::Mention { person, name } => {
                    match person.as_ref().and_then(ids::user).filter(|_| self.0.addresses) {
                        Some(user) => out.push_str(&format!("<@{user}> ")),
                        None => out.push_str(&format!("@{}", self.escaped(name))),
                    }
                }
                Inline::Everybody => out.push_str("@所有人 "),
                Inline::Break => {
                    out.push('\n');
                    out.push_str(prefix);
                }
            }
        }
        out.truncate(out.trim_end().len());
        out
    }

    fn code(&self, language: Option<&str>, text: &str, prefix: &str) -> Written {
        let text = text.trim_end_matches('\n');
        if self.0.form != Form::Full {
            // Apps have no blocks of program text, so each line is some within a line.
            let lines = text.lines().map(|line| match line.trim() {
                "" => prefix.to_owned(),
                _ => format!("{prefix}`{}`", line.replace('`', "'")),
            });
            return Written::of(lines.collect::<Vec<_>>().join("\n"));
        }
        let fence = fence(text);
        let lines: Vec<String> = text.split('\n').map(|line| format!("{prefix}{line}")).collect();
        let opens = format!("{prefix}{fence}{}\n", language.unwrap_or_default());
        Written { text: lines.join("\n"), fence: Some((opens, format!("\n{prefix}{fence}"))) }
    }

    /// A text with nothing in it that could be taken for markup.
    fn escaped(&self, text: &str) -> String {
        if self.0.form == Form::Full { escape::full(text) } else { escape::small(text) }
    }
}

#[cfg(test)]
mod tests;
