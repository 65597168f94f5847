//! A text within every bound and without what only harms.

use super::{Block, Inline};
use crate::limits::{DEPTH_MAX, LINK_BYTES_MAX, NAME_CHARACTERS_MAX, NODES_MAX, TEXT_BYTES_MAX};

/// The blocks as far as they may go on; what is cut ends in `…`.
pub(super) fn tamed(blocks: &[Block]) -> Vec<Block> {
    let mut budget = Budget { bytes: TEXT_BYTES_MAX, nodes: NODES_MAX, cut: false };
    let mut kept = budget.blocks(blocks, 0);
    if budget.cut {
        kept.push(Block::Paragraph(vec![Inline::text("…")]));
    }
    kept
}

/// Whether a character may stand in a text that people see: no controls, nothing that turns the direction of others' words
/// around or hides between letters. The joiner of emoji stays.
fn visible(character: char) -> bool {
    !character.is_control()
        && !matches!(character, '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
}

/// What may still be taken into a text.
struct Budget {
    bytes: usize,
    nodes: usize,
    cut: bool,
}

impl Budget {
    fn node(&mut self) -> bool {
        if self.nodes == 0 || self.bytes == 0 {
            self.cut = true;
            return false;
        }
        self.nodes -= 1;
        true
    }

    fn letters(&mut self, text: &str, lines: bool) -> String {
        let mut out = String::new();
        for character in text.chars() {
            let kept = visible(character) || (lines && matches!(character, '\n' | '\t'));
            if !kept {
                continue;
            }
            if character.len_utf8() > self.bytes {
                self.cut = true;
                self.bytes = 0;
                break;
            }
            self.bytes -= character.len_utf8();
            out.push(character);
        }
        out
    }

    fn blocks(&mut self, blocks: &[Block], depth: usize) -> Vec<Block> {
        let mut out = Vec::new();
        for block in blocks {
            if !self.node() {
                break;
            }
            match block {
                Block::Paragraph(inlines) => out.push(Block::Paragraph(self.inlines(inlines))),
                Block::Heading { level, inlines } => {
                    out.push(Block::Heading { level: (*level).clamp(1, 6), inlines: self.inlines(inlines) });
                }
                Block::List { .. } | Block::Quote(_) if depth >= DEPTH_MAX => self.cut = true,
                Block::List { ordered, items } => {
                    let mut kept = Vec::new();
                    for item in items {
                        if !self.node() {
                            break;
                        }
                        kept.push(self.blocks(item, depth + 1));
                    }
                    out.push(Block::List { ordered: *ordered, items: kept });
                }
                Block::Quote(inner) => out.push(Block::Quote(self.blocks(inner, depth + 1))),
                Block::Code { language, text } => {
                    let language = language.as_deref().filter(|name| {
                        name.len() <= 32
                            && name.chars().all(|c| c.is_ascii_alphanumeric() || "+-_#.".contains(c))
                    });
                    out.push(Block::Code {
                        language: language.map(str::to_owned),
                        text: self.letters(text, true),
                    });
                }
                Block::Rule => out.push(Block::Rule),
            }
        }
        out
    }

    fn inlines(&mut self, inlines: &[Inline]) -> Vec<Inline> {
        let mut out = Vec::new();
        for inline in inlines {
            if !self.node() {
                break;
            }
            match inline {
                Inline::Text { text, style } => {
                    for (index, line) in text.split('\n').enumerate() {
                        if index > 0 {
                            if !self.node() {
                                break;
                            }
                            out.push(Inline::Break);
                        }
                        let text = self.letters(line, false);
                        if !text.is_empty() {
                            out.push(Inline::Text { text, style: *style });
                        }
                    }
                }
                Inline::Code(text) => out.push(Inline::Code(self.letters(text, false))),
                Inline::Link { address, label } => {
                    let label = self.letters(label, false);
                    if is_safe_link(address) {
                        self.bytes = self.bytes.saturating_sub(address.len());
                        let label = if label.trim().is_empty() { address.clone() } else { label };
                        out.push(Inline::Link { address: address.clone(), label });
                    } else {
                        out.push(Inline::text(label));
                    }
                }
                Inline::Mention { person, name } => {
                    let name = self.letters(name, false).chars().take(NAME_CHARACTERS_MAX).collect();
                    out.push(Inline::Mention { person: person.clone(), name });
                }
                Inline::Everybody => out.push(Inline::Everybody),
                Inline::Break => out.push(Inline::Break),
            }
        }
        out
    }
}

/// Whether a link leads to where people expect links to lead, and cannot end the attribute or the markup it stands in.
fn is_safe_link(address: &str) -> bool {
    let kind = address.split_once(':').map(|(kind, _)| kind.to_ascii_lowercase());
    let known = matches!(kind.as_deref(), Some("http" | "https")) && address.contains("://")
        || kind.as_deref() == Some("mailto");
    known
        && address.len() <= LINK_BYTES_MAX
        && !address.chars().any(|c| !visible(c) || c.is_whitespace() || matches!(c, '<' | '>' | '"' | '`'))
}

#[cfg(test)]
mod tests {
    use super::super::RichText;
    use super::*;

    #[test]
    fn harmful_links_become_words() {
        for bad in [
            "javascript:alert(1)",
            "data:text/html,x",
            "http:x",
            "https://a\"b",
            "https://a b",
            "file:///etc",
        ] {
            let text = RichText {
                blocks: vec![Block::Paragraph(vec![Inline::Link {
                    address: bad.into(),
                    label: "here".into(),
                }])],
            };
            assert_eq!(text.tamed().blocks, [Block::Paragraph(vec![Inline::text("here")])], "{bad}");
        }
        let good = RichText {
            blocks: vec![Block::Paragraph(vec![Inline::Link {
                address: "https://a.example/?q=1".into(),
                label: String::new(),
            }])],
        };
        assert_eq!(good.tamed().to_plain(), "https://a.example/?q=1");
    }

    #[test]
    fn hidden_and_turning_characters_are_taken_out() {
        let text = RichText::plain("a\u{202e}b\u{200b}c\0d");
        assert_eq!(text.tamed().to_plain(), "abcd");
    }

    #[test]
    fn length_depth_and_number_are_bounded() {
        let long = RichText::plain(&"好".repeat(TEXT_BYTES_MAX)).tamed().to_plain();
        assert!(long.len() <= TEXT_BYTES_MAX + 8 && long.ends_with('…'));
        let mut deep = vec![Block::Paragraph(vec![Inline::text("bottom")])];
        for _ in 0..500 {
            deep = vec![Block::Quote(deep)];
        }
        let deep = RichText { blocks: deep }.tamed().to_plain();
        assert_eq!(deep, "…");
        let many = RichText { blocks: vec![Block::Rule; 100_000] }.tamed();
        assert!(many.blocks.len() <= NODES_MAX + 1);
    }
}
