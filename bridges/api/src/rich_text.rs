//! Text with structure, as much of it as every platform and Matrix can say.
//!
//! The core converts it from and to Matrix's HTML, a connector from and to its platform's form; both are pure functions.

use serde::{Deserialize, Serialize};

use crate::PersonId;
use crate::limits::{DEPTH_MAX, LINK_BYTES_MAX, NAME_CHARACTERS_MAX, NODES_MAX, TEXT_BYTES_MAX};

/// A text: blocks one below the other.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RichText {
    /// The blocks, first one first.
    pub blocks: Vec<Block>,
}

/// A piece of a text that stands on lines of its own.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Block {
    /// Running text.
    Paragraph(Vec<Inline>),
    /// A heading.
    Heading {
        /// 1 for the largest, 6 for the smallest.
        level: u8,
        /// Its text.
        inlines: Vec<Inline>,
    },
    /// A list.
    List {
        /// Whether its items are numbered.
        ordered: bool,
        /// Its items.
        items: Vec<Vec<Block>>,
    },
    /// Words of somebody else.
    Quote(Vec<Block>),
    /// Program text, letter by letter.
    Code {
        /// The language it names.
        language: Option<String>,
        /// The text.
        text: String,
    },
    /// A line across.
    Rule,
}

/// A piece of a line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Inline {
    /// Letters as they are; never markup of any platform.
    Text {
        /// The letters. They may hold emoji.
        text: String,
        /// How they look.
        #[serde(default)]
        style: Style,
    },
    /// Program text within a line.
    Code(String),
    /// A link.
    Link {
        /// Where it leads: `http`, `https` or `mailto`.
        address: String,
        /// What is shown.
        label: String,
    },
    /// Somebody is addressed.
    Mention {
        /// Who, when it is somebody of the platform; `None` for somebody elsewhere, who is named and not notified.
        person: Option<PersonId>,
        /// The name that is shown, without a sign before it.
        name: String,
    },
    /// Everybody in the conversation is addressed.
    Everybody,
    /// A new line within the block.
    Break,
}

/// How letters look.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Style {
    /// Bold.
    #[serde(default)]
    pub bold: bool,
    /// Italic.
    #[serde(default)]
    pub italic: bool,
    /// Underlined.
    #[serde(default)]
    pub underline: bool,
    /// Struck out.
    #[serde(default)]
    pub strike: bool,
}

impl Inline {
    /// Letters without a style.
    pub fn text(text: impl Into<String>) -> Self {
        Self::Text { text: text.into(), style: Style::default() }
    }
}

impl RichText {
    /// A text without structure: one paragraph whose lines stay lines.
    pub fn plain(text: &str) -> Self {
        let mut inlines = Vec::new();
        for (index, line) in text.lines().enumerate() {
            if index > 0 {
                inlines.push(Inline::Break);
            }
            if !line.is_empty() {
                inlines.push(Inline::text(line));
            }
        }
        Self { blocks: if inlines.is_empty() { Vec::new() } else { vec![Block::Paragraph(inlines)] } }
    }

    /// The text without its structure, as it makes sense alone.
    pub fn to_plain(&self) -> String {
        let mut out = String::new();
        write_blocks(&self.blocks, "", &mut out);
        out.truncate(out.trim_end().len());
        out
    }

    /// Whether there is nothing to read.
    pub fn is_empty(&self) -> bool {
        self.to_plain().trim().is_empty()
    }

    /// The same text within every bound and without what only harms: control and direction characters, links of other
    /// kinds than `http`, `https` and `mailto`, blocks nested deeper and texts longer than allowed. What is cut ends in `…`.
    pub fn tamed(&self) -> Self {
        let mut budget = Budget { bytes: TEXT_BYTES_MAX, nodes: NODES_MAX, cut: false };
        let mut blocks = budget.blocks(&self.blocks, 0);
        if budget.cut {
            blocks.push(Block::Paragraph(vec![Inline::text("…")]));
        }
        Self { blocks }
    }

    /// Every mention in the text, in reading order.
    pub fn mentions(&self) -> Vec<&PersonId> {
        let mut found = Vec::new();
        self.each_inline(&mut |inline| {
            if let Inline::Mention { person: Some(person), .. } = inline {
                found.push(person);
            }
        });
        found
    }

    /// Whether everybody is addressed.
    pub fn addresses_everybody(&self) -> bool {
        let mut found = false;
        self.each_inline(&mut |inline| found |= matches!(inline, Inline::Everybody));
        found
    }

    /// Shows each inline of the text to `visit`, in reading order.
    pub fn each_inline<'a>(&'a self, visit: &mut impl FnMut(&'a Inline)) {
        fn walk<'a>(blocks: &'a [Block], visit: &mut impl FnMut(&'a Inline)) {
            for block in blocks {
                match block {
                    Block::Paragraph(inlines) | Block::Heading { inlines, .. } => {
                        inlines.iter().for_each(&mut *visit)
                    }
                    Block::List { items, .. } => items.iter().for_each(|item| walk(item, visit)),
                    Block::Quote(inner) => walk(inner, visit),
                    Block::Code { .. } | Block::Rule => {}
                }
            }
        }
        walk(&self.blocks, visit);
    }

    /// The same text with every inline replaced by what `change` makes of it.
    #[must_use]
    pub fn map_inlines(self, change: &mut impl FnMut(Inline) -> Inline) -> Self {
        fn walk(blocks: Vec<Block>, change: &mut impl FnMut(Inline) -> Inline) -> Vec<Block> {
            let mut each = |block| match block {
                Block::Paragraph(inlines) => {
                    Block::Paragraph(inlines.into_iter().map(&mut *change).collect())
                }
                Block::Heading { level, inlines } => {
                    Block::Heading { level, inlines: inlines.into_iter().map(&mut *change).collect() }
                }
                Block::List { ordered, items } => {
                    Block::List { ordered, items: items.into_iter().map(|item| walk(item, change)).collect() }
                }
                Block::Quote(inner) => Block::Quote(walk(inner, change)),
                Block::Code { .. } | Block::Rule => block,
            };
            blocks.into_iter().map(&mut each).collect()
        }
        Self { blocks: walk(self.blocks, change) }
    }
}

/// Whether a character may stand in a text that people see: no controls, nothing that turns the direction of others' words
/// around or hides between letters. The joiner of emoji stays.
pub(crate) fn visible(character: char) -> bool {
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

fn write_blocks(blocks: &[Block], prefix: &str, out: &mut String) {
    for block in blocks {
        match block {
            Block::Paragraph(inlines) | Block::Heading { inlines, .. } => {
                let mut line = String::new();
                inlines.iter().for_each(|inline| write_inline(inline, &mut line));
                write_lines(&line, prefix, out);
            }
            Block::List { ordered, items } => {
                for (index, item) in items.iter().enumerate() {
                    let mut inner = String::new();
                    write_blocks(item, "", &mut inner);
                    let mark = if *ordered { format!("{}. ", index + 1) } else { "- ".to_owned() };
                    for (number, line) in inner.trim_end().split('\n').enumerate() {
                        let lead = if number == 0 { mark.clone() } else { " ".repeat(mark.len()) };
                        write_lines(&format!("{lead}{line}"), prefix, out);
                    }
                }
            }
            Block::Quote(inner) => write_blocks(inner, &format!("{prefix}> "), out),
            Block::Code { text, .. } => write_lines(text.trim_end_matches('\n'), prefix, out),
            Block::Rule => write_lines("---", prefix, out),
        }
    }
}

fn write_lines(text: &str, prefix: &str, out: &mut String) {
    for line in text.split('\n') {
        out.push_str(prefix);
        out.push_str(line);
        out.push('\n');
    }
}

fn write_inline(inline: &Inline, out: &mut String) {
    match inline {
        Inline::Text { text, .. } | Inline::Code(text) => out.push_str(text),
        Inline::Link { address, label } if label == address || label.is_empty() => out.push_str(address),
        Inline::Link { address, label } => {
            out.push_str(label);
            out.push_str(" (");
            out.push_str(address);
            out.push(')');
        }
        Inline::Mention { name, .. } => {
            out.push('@');
            out.push_str(name);
        }
        Inline::Everybody => out.push_str("@所有人"),
        Inline::Break => out.push('\n'),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_stay_lines() {
        let text = RichText::plain("one\n\ntwo");
        assert_eq!(text.to_plain(), "one\n\ntwo");
        assert!(RichText::plain("").is_empty());
    }

    #[test]
    fn structure_reads_well_without_markup() {
        let text = RichText {
            blocks: vec![
                Block::Heading { level: 1, inlines: vec![Inline::text("Plan")] },
                Block::List {
                    ordered: true,
                    items: vec![
                        vec![Block::Paragraph(vec![
                            Inline::text("first"),
                            Inline::Break,
                            Inline::text("more"),
                        ])],
                        vec![Block::Paragraph(vec![Inline::Link {
                            address: "https://a.example".into(),
                            label: "second".into(),
                        }])],
                    ],
                },
                Block::Quote(vec![Block::Paragraph(vec![Inline::Mention {
                    person: None,
                    name: "Li".into(),
                }])]),
                Block::Code { language: None, text: "x = 1\n".into() },
            ],
        };
        assert_eq!(text.to_plain(), "Plan\n1. first\n   more\n2. second (https://a.example)\n> @Li\nx = 1");
    }

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

    #[test]
    fn mentions_are_found_wherever_they_stand() {
        let person = PersonId::new("on_1").expect("valid");
        let mention = Inline::Mention { person: Some(person.clone()), name: "Li".into() };
        let text = RichText {
            blocks: vec![Block::Quote(vec![Block::List {
                ordered: false,
                items: vec![vec![Block::Paragraph(vec![mention, Inline::Everybody])]],
            }])],
        };
        assert_eq!(text.mentions(), [&person]);
        assert!(text.addresses_everybody());
        let quiet = text.map_inlines(&mut |inline| match inline {
            Inline::Everybody => Inline::text("@all"),
            other => other,
        });
        assert!(!quiet.addresses_everybody());
    }
}
