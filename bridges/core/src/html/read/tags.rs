//! What each tag means, and the words between them.

use bridge_api::{Block, Inline, Style};
use html5ever::tokenizer::Tag;

use super::blocks::{Open, Reader};

impl Reader {
    pub(super) fn open(&mut self, tag: &Tag) {
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

    pub(super) fn close(&mut self, name: &str) {
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

    pub(super) fn text(&mut self, text: &str) {
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
}
