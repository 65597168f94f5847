//! Text with structure, as much of it as every platform and Matrix can say.
//!
//! The core converts it from and to Matrix's HTML, a connector from and to its platform's form; both are pure functions.

pub mod markdown;
mod plain;
mod tame;

use serde::{Deserialize, Serialize};

use crate::PersonId;

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
        plain::written(&self.blocks)
    }

    /// Whether there is nothing to read.
    pub fn is_empty(&self) -> bool {
        self.to_plain().trim().is_empty()
    }

    /// The same text within every bound and without what only harms: control and direction characters, links of other
    /// kinds than `http`, `https` and `mailto`, blocks nested deeper and texts longer than allowed. What is cut ends in `…`.
    pub fn tamed(&self) -> Self {
        Self { blocks: tame::tamed(&self.blocks) }
    }

    /// How it begins: the first line, at most so many characters of it; `…` stands for what is left out.
    pub fn excerpt(text: &str, characters_max: usize) -> String {
        let mut excerpt: String =
            text.lines().next().unwrap_or_default().chars().take(characters_max).collect();
        if excerpt.len() < text.trim_end().len() {
            excerpt.push('…');
        }
        excerpt
    }

    /// Whether nothing in it is formatted.
    pub fn is_unformatted(&self) -> bool {
        self.blocks.iter().all(|block| {
            let Block::Paragraph(inlines) = block else { return false };
            inlines.iter().all(|inline| match inline {
                Inline::Text { style, .. } => !(style.bold || style.italic),
                Inline::Link { address, label } => address == label,
                Inline::Mention { .. } | Inline::Everybody | Inline::Break => true,
                Inline::Code(_) => false,
            })
        })
    }

    /// The people whom it mentions as `named` says the platform can address them, each once, at most so many.
    pub fn addressed<'a>(
        &'a self,
        named: impl Fn(&'a PersonId) -> Option<&'a str>,
        most: usize,
    ) -> Vec<String> {
        let mut found: Vec<String> = Vec::new();
        for user in self.mentions().into_iter().filter_map(named) {
            if found.len() < most && !found.iter().any(|known| known == user) {
                found.push(user.to_owned());
            }
        }
        found
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
    fn an_excerpt_says_when_something_is_left_out() {
        for (text, expected) in [("one", "one"), ("one\n", "one"), ("one\ntwo", "one…"), ("long", "lon…")]
        {
            assert_eq!(RichText::excerpt(text, 3), expected, "{text:?}");
        }
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
        assert_eq!(text.addressed(|person| Some(person.as_str()), 5), ["on_1"]);
        assert!(text.addressed(|_| None, 5).is_empty() && !text.is_unformatted());
        assert!(text.addresses_everybody());
        let quiet = text.map_inlines(&mut |inline| match inline {
            Inline::Everybody => Inline::text("@all"),
            other => other,
        });
        assert!(!quiet.addresses_everybody());
    }
}
