//! Blocks in the part of Markdown that DingTalk shows, or as plain lines. Pure.

use bridge_api::{
    Block, Inline, RichText,
    markdown::{emphasised, fence},
};

use super::{Address, escaped};
use crate::ids;

/// Writes blocks, each a text of its own.
pub struct Writer {
    markdown: bool,
    address: Address,
    /// What is written.
    pub blocks: Vec<String>,
}

impl Writer {
    /// One that has written nothing yet.
    pub const fn new(markdown: bool, address: Address) -> Self {
        Self { markdown, address, blocks: Vec::new() }
    }

    /// Writes blocks, each line behind `prefix`.
    pub fn blocks(&mut self, blocks: &[Block], prefix: &str) {
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
                    out.push_str(&emphasised(&escaped(text), *style));
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

/// Program text within its fence.
fn code(language: Option<&str>, text: &str) -> String {
    let fence = fence(text);
    format!("{fence}{}\n{}\n{fence}", language.unwrap_or_default(), text.trim_end_matches('\n'))
}
