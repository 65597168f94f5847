//! Blocks as they open and end, and the text that they make in the end.

use bridge_api::{Block, Inline, RichText};
use ruma::{OwnedUserId, UserId};

use super::Mentioned;

/// Nesting that is followed; what is deeper stands in the deepest block.
const DEPTH_MAX: usize = 12;

/// A block that is open.
pub(super) enum Open {
    Quote(Vec<Block>),
    List { ordered: bool, items: Vec<Vec<Block>> },
    Item(Vec<Block>),
}

#[derive(Default)]
pub(super) struct Reader {
    pub(super) done: Vec<Block>,
    pub(super) open: Vec<Open>,
    /// The line that is being read.
    pub(super) line: Vec<Inline>,
    pub(super) heading: Option<u8>,
    pub(super) bold: usize,
    pub(super) italic: usize,
    pub(super) underline: usize,
    pub(super) strike: usize,
    pub(super) code: usize,
    /// The text of a code block, and its language.
    pub(super) pre: Option<(String, Option<String>)>,
    pub(super) link: Option<(String, String)>,
    /// Within what is no text.
    pub(super) skipped: Option<String>,
}

impl Reader {
    pub(super) fn end_line(&mut self) {
        if let Some((address, label)) = self.link.take() {
            self.line.push(Inline::Link { address, label });
        }
        let mut inlines = std::mem::take(&mut self.line);
        while matches!(inlines.last(), Some(Inline::Break)) {
            inlines.pop();
        }
        let heading = self.heading.take();
        if inlines.is_empty() {
            return;
        }
        self.put(match heading {
            Some(level) => Block::Heading { level, inlines },
            None => Block::Paragraph(inlines),
        });
    }

    pub(super) fn put(&mut self, block: Block) {
        match self.open.last_mut() {
            Some(Open::Quote(blocks) | Open::Item(blocks)) => blocks.push(block),
            Some(Open::List { items, .. }) => items.push(vec![block]),
            None => self.done.push(block),
        }
    }

    pub(super) fn push(&mut self, open: Open) {
        self.end_line();
        if self.open.len() < DEPTH_MAX {
            self.open.push(open);
        }
    }

    pub(super) fn pop(&mut self) {
        self.end_line();
        match self.open.pop() {
            Some(Open::Quote(blocks)) => self.put(Block::Quote(blocks)),
            Some(Open::List { ordered, items }) => self.put(Block::List { ordered, items }),
            Some(Open::Item(blocks)) => match self.open.last_mut() {
                Some(Open::List { items, .. }) => items.push(blocks),
                Some(_) | None => blocks.into_iter().for_each(|block| self.put(block)),
            },
            None => {}
        }
    }

    /// Closes what is open up to and with the first such block; nothing when there is none.
    pub(super) fn pop_until(&mut self, wanted: impl Fn(&Open) -> bool) {
        self.end_line();
        let Some(at) = self.open.iter().rposition(wanted) else { return };
        while self.open.len() > at {
            self.pop();
        }
    }

    pub(super) fn finish(mut self, mentioned: &Mentioned<'_>) -> RichText {
        if let Some((text, language)) = self.pre.take() {
            self.put(Block::Code { language, text });
        }
        self.end_line();
        while !self.open.is_empty() {
            self.pop();
        }
        let text = RichText { blocks: self.done };
        text.map_inlines(&mut |inline| match inline {
            Inline::Link { address, label } => match user_of(&address) {
                Some(user) => {
                    let (person, name) = mentioned(&user);
                    let name = name.unwrap_or_else(|| label.trim_start_matches('@').to_owned());
                    Inline::Mention { person, name }
                }
                None => Inline::Link { address, label },
            },
            other => other,
        })
    }
}

/// The user that a link of Matrix means.
fn user_of(address: &str) -> Option<OwnedUserId> {
    let rest = address
        .strip_prefix("https://matrix.to/#/")
        .map(|rest| {
            rest.replace("%40", "@")
                .replace("%3A", ":")
                .replace("%3a", ":")
                .replace("%3D", "=")
                .replace("%2F", "/")
        })
        .or_else(|| address.strip_prefix("matrix:u/").map(|rest| format!("@{rest}")))?;
    let id = rest.split('?').next().unwrap_or_default();
    UserId::parse(id).ok()
}
