//! HTML of a room becomes text with structure.
//!
//! Only the tokenizer of the HTML parser is used, so nesting costs nothing; what is not known is read through, what is
//! not text (`script`, `style`, the quotation of old replies) is left out.

use std::cell::RefCell;

use bridge_api::{Block, Inline, PersonId, RichText, Style};
use html5ever::{
    tendril::StrTendril,
    tokenizer::{BufferQueue, Tag, TagKind, Token, TokenSink, TokenSinkResult, Tokenizer, TokenizerOpts},
};
use ruma::{OwnedUserId, UserId};

use crate::limits::HTML_BYTES_MAX;

/// Nesting that is followed; what is deeper stands in the deepest block.
const DEPTH_MAX: usize = 12;

/// Whom a link to a person means.
pub(crate) type Mentioned<'a> = dyn Fn(&UserId) -> (Option<PersonId>, Option<String>) + 'a;

/// Reads HTML. `mentioned` says who is behind an account on the platform, and what they are called.
pub(crate) fn read(html: &str, mentioned: &Mentioned<'_>) -> RichText {
    let mut cut = html.len().min(HTML_BYTES_MAX);
    while !html.is_char_boundary(cut) {
        cut -= 1;
    }
    let tokenizer = Tokenizer::new(Sink(RefCell::new(Reader::default())), TokenizerOpts::default());
    let queue = BufferQueue::default();
    queue.push_back(StrTendril::from(&html[..cut]));
    // The only pause is after a script, which nobody runs.
    while !queue.is_empty() {
        let _ = tokenizer.feed(&queue);
    }
    tokenizer.end();
    tokenizer.sink.0.into_inner().finish(mentioned)
}

struct Sink(RefCell<Reader>);

impl TokenSink for Sink {
    type Handle = ();

    fn process_token(&self, token: Token, _line: u64) -> TokenSinkResult<()> {
        let mut reader = self.0.borrow_mut();
        match token {
            Token::TagToken(tag) => match tag.kind {
                TagKind::StartTag => reader.open(&tag),
                TagKind::EndTag => reader.close(&tag.name),
            },
            Token::CharacterTokens(text) => reader.text(&text),
            Token::DoctypeToken(_)
            | Token::CommentToken(_)
            | Token::NullCharacterToken
            | Token::EOFToken
            | Token::ParseError(_) => {}
        }
        TokenSinkResult::Continue
    }
}

/// A block that is open.
enum Open {
    Quote(Vec<Block>),
    List { ordered: bool, items: Vec<Vec<Block>> },
    Item(Vec<Block>),
}

#[derive(Default)]
struct Reader {
    done: Vec<Block>,
    open: Vec<Open>,
    /// The line that is being read.
    line: Vec<Inline>,
    heading: Option<u8>,
    bold: usize,
    italic: usize,
    underline: usize,
    strike: usize,
    code: usize,
    /// The text of a code block, and its language.
    pre: Option<(String, Option<String>)>,
    link: Option<(String, String)>,
    /// Within what is no text.
    skipped: Option<String>,
}

impl Reader {
    fn open(&mut self, tag: &Tag) {
        if self.skipped.is_some() {
            return;
        }
        let attribute = |name: &str| {
            tag.attrs
                .iter()
                .find(|attribute| &*attribute.name.local == name)
                .map(|attribute| attribute.value.to_string())
        };
        match &*tag.name {
            name @ ("script" | "style" | "mx-reply" | "title") if !tag.self_closing => {
                self.skipped = Some(name.to_owned())
            }
            "p" | "div" | "tr" | "table" | "details" | "summary" => self.end_line(),
            name @ ("h1" | "h2" | "h3" | "h4" | "h5" | "h6") => {
                self.end_line();
                self.heading = name.as_bytes().get(1).map(|digit| digit - b'0');
            }
            "br" if self.pre.is_some() => self.text("\n"),
            "br" => self.line.push(Inline::Break),
            "hr" => {
                self.end_line();
                self.put(Block::Rule);
            }
            "blockquote" => self.push(Open::Quote(Vec::new())),
            "ul" => self.push(Open::List { ordered: false, items: Vec::new() }),
            "ol" => self.push(Open::List { ordered: true, items: Vec::new() }),
            "li" => {
                self.end_line();
                if matches!(self.open.last(), Some(Open::Item(_))) {
                    self.pop();
                }
                if matches!(self.open.last(), Some(Open::List { .. })) {
                    self.push(Open::Item(Vec::new()));
                }
            }
            "pre" => {
                self.end_line();
                self.pre = Some((String::new(), None));
            }
            "code" => match &mut self.pre {
                Some((_, language)) => {
                    let class = attribute("class").unwrap_or_default();
                    let named = class.split(' ').find_map(|class| class.strip_prefix("language-"));
                    *language = named.map(str::to_owned).or(language.take());
                }
                None => self.code += 1,
            },
            "b" | "strong" => self.bold += 1,
            "i" | "em" => self.italic += 1,
            "u" | "ins" => self.underline += 1,
            "s" | "del" | "strike" => self.strike += 1,
            "a" => self.link = attribute("href").map(|address| (address, String::new())),
            "img" => {
                if let Some(words) = attribute("alt").or_else(|| attribute("title")) {
                    self.text(&words);
                }
            }
            "td" | "th" => self.text(" "),
            _ => {}
        }
    }

    fn close(&mut self, name: &str) {
        if let Some(skipped) = &self.skipped {
            if skipped == name {
                self.skipped = None;
            }
            return;
        }
        let fewer = |count: &mut usize| *count = count.saturating_sub(1);
        match name {
            "p" | "div" | "tr" | "table" | "h1" | "h2" | "h3" | "h4" | "h5" | "h6" | "details"
            | "summary" => {
                self.end_line();
            }
            "blockquote" => self.pop_until(|open| matches!(open, Open::Quote(_))),
            "ul" | "ol" => self.pop_until(|open| matches!(open, Open::List { .. })),
            "li" => self.pop_until(|open| matches!(open, Open::Item(_))),
            "pre" => {
                if let Some((text, language)) = self.pre.take() {
                    self.put(Block::Code { language, text });
                }
            }
            "code" if self.pre.is_none() => fewer(&mut self.code),
            "b" | "strong" => fewer(&mut self.bold),
            "i" | "em" => fewer(&mut self.italic),
            "u" | "ins" => fewer(&mut self.underline),
            "s" | "del" | "strike" => fewer(&mut self.strike),
            "a" => {
                if let Some((address, label)) = self.link.take() {
                    self.line.push(Inline::Link { address, label });
                }
            }
            _ => {}
        }
    }

    fn text(&mut self, text: &str) {
        if self.skipped.is_some() {
            return;
        }
        if let Some((code, _)) = &mut self.pre {
            code.push_str(text);
            return;
        }
        // Line breaks of the source are spaces in HTML.
        let text = text.replace(['\n', '\r', '\t'], " ");
        if let Some((_, label)) = &mut self.link {
            label.push_str(&text);
            return;
        }
        let begins = matches!(self.line.last(), None | Some(Inline::Break));
        let text = if begins { text.trim_start() } else { &*text };
        if text.is_empty() {
            return;
        }
        let style = Style {
            bold: self.bold > 0,
            italic: self.italic > 0,
            underline: self.underline > 0,
            strike: self.strike > 0,
        };
        match (self.code > 0, self.line.last_mut()) {
            (true, _) => self.line.push(Inline::Code(text.to_owned())),
            (false, Some(Inline::Text { text: before, style: same })) if *same == style => {
                before.push_str(text)
            }
            (false, _) => self.line.push(Inline::Text { text: text.to_owned(), style }),
        }
    }

    fn end_line(&mut self) {
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

    fn put(&mut self, block: Block) {
        match self.open.last_mut() {
            Some(Open::Quote(blocks) | Open::Item(blocks)) => blocks.push(block),
            Some(Open::List { items, .. }) => items.push(vec![block]),
            None => self.done.push(block),
        }
    }

    fn push(&mut self, open: Open) {
        self.end_line();
        if self.open.len() < DEPTH_MAX {
            self.open.push(open);
        }
    }

    fn pop(&mut self) {
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
    fn pop_until(&mut self, wanted: impl Fn(&Open) -> bool) {
        self.end_line();
        let Some(at) = self.open.iter().rposition(wanted) else { return };
        while self.open.len() > at {
            self.pop();
        }
    }

    fn finish(mut self, mentioned: &Mentioned<'_>) -> RichText {
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

#[cfg(test)]
mod tests {
    use super::*;

    fn plain(html: &str) -> RichText {
        read(html, &|_| (None, None))
    }

    #[test]
    fn structure_is_kept() {
        let text = plain(
            "<h2>Plan</h2><p>We <strong>go</strong><br>now</p><ol><li>one<ul><li>in</li></ul></li><li>two</li></ol>\
             <blockquote><p>he said</p></blockquote><pre><code class=\"language-rust\">let x;\n</code></pre>\
             <p>see <a href=\"https://a.example\">here</a> <code>x</code></p>",
        );
        assert_eq!(
            text.to_plain(),
            "Plan\nWe go\nnow\n1. one\n   - in\n2. two\n> he said\nlet x;\nsee here (https://a.example) x"
        );
        assert!(
            matches!(&text.blocks[4], Block::Code { language: Some(language), .. } if language == "rust")
        );
    }

    #[test]
    fn people_are_mentioned_and_not_linked() {
        let text = read("<a href=\"https://matrix.to/#/%40fs_on_1%3Atest\">Li</a>: hi", &|user| {
            assert_eq!(user.as_str(), "@fs_on_1:test");
            (PersonId::new("on_1").ok(), None)
        });
        assert_eq!(text.mentions().len(), 1);
        assert_eq!(text.to_plain(), "@Li: hi");
    }

    #[test]
    fn what_is_no_text_is_left_out() {
        let text = plain(
            "<mx-reply><blockquote>old</blockquote></mx-reply><script>alert(1)</script>a &lt;at user_id=\"all\"&gt;",
        );
        assert_eq!(text.to_plain(), "a <at user_id=\"all\">");
    }

    #[test]
    fn wrong_and_endless_nesting_is_read_through() {
        assert_eq!(plain("</li></ul>a<li>b</blockquote><ul>").to_plain(), "a\nb");
        let deep = format!("{}x", "<blockquote>".repeat(5_000));
        assert!(plain(&deep).tamed().to_plain().len() < 100);
        assert_eq!(plain("<b").to_plain(), "");
    }
}
