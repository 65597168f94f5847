//! Rich messages as they come: lines of nodes, pictures between them.

use bridge_api::{Block, Content, Inline, RichText, Style, limits::PARTS_MAX};
use serde_json::Value;

use super::{mentions::Mentions, received, text_received};
use crate::emoji;

/// Languages in which a rich message may be wrapped when it is read by other ways than an event.
const LOCALES: [&str; 3] = ["zh_cn", "en_us", "ja_jp"];

/// The parts of a rich message, in its order.
pub fn parts(content: &Value, mentions: &Mentions) -> Vec<Content> {
    let post = match content.get("content") {
        Some(_) => content,
        None => LOCALES.iter().find_map(|locale| content.get(locale)).unwrap_or(content),
    };
    let mut reading = Reading { mentions, parts: Vec::new(), blocks: Vec::new(), lines: Vec::new() };
    if let Some(title) = text_of(post, "title").filter(|title| !title.is_empty()) {
        let style = Style { bold: true, ..Style::default() };
        reading.lines.push(Inline::Text { text: title.to_owned(), style });
        reading.end_paragraph();
    }
    let lines = post.get("content").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    for line in lines {
        reading.line(line.as_array().map(Vec::as_slice).unwrap_or_default());
    }
    reading.finish()
}

struct Reading<'a> {
    mentions: &'a Mentions,
    parts: Vec<Content>,
    blocks: Vec<Block>,
    lines: Vec<Inline>,
}

impl Reading<'_> {
    fn line(&mut self, nodes: &[Value]) {
        if !self.lines.is_empty() {
            self.lines.push(Inline::Break);
        }
        for node in nodes {
            self.node(node);
        }
    }

    fn node(&mut self, node: &Value) {
        let text = text_of(node, "text").unwrap_or_default();
        let style = style_of(node);
        match text_of(node, "tag").unwrap_or_default() {
            "text" => {
                let escaped = node.get("un_escape").and_then(Value::as_bool).unwrap_or_default();
                let text = if escaped { unescaped(text) } else { text.to_owned() };
                self.lines.extend(text_received::inlines(&text, style, self.mentions));
            }
            "a" => self.lines.push(link(text, text_of(node, "href").unwrap_or_default())),
            "at" => self.lines.push(self.mention(node)),
            "emotion" => {
                let name = text_of(node, "emoji_type").unwrap_or_default();
                self.lines.push(Inline::text(emoji::emoji_of(name)));
            }
            "code_block" => {
                let language = text_of(node, "language").filter(|name| !name.is_empty());
                let language = language.map(str::to_lowercase);
                self.block(Block::Code { language, text: text.to_owned() });
            }
            "hr" => self.block(Block::Rule),
            "img" | "media" => self.file(node),
            "md" => self.lines.extend(text_received::inlines(text, style, self.mentions)),
            other if text.is_empty() => {
                self.lines.push(Inline::text(format!("[{}]", received::short(other))))
            }
            _ => self.lines.push(Inline::Text { text: text.to_owned(), style }),
        }
    }

    fn mention(&self, node: &Value) -> Inline {
        let id = text_of(node, "user_id").unwrap_or_default();
        let name = text_of(node, "user_name").unwrap_or_default();
        match self.mentions.find(id) {
            Some(found) => found,
            None if id == "all" => Inline::Everybody,
            None => {
                let person = bridge_api::PersonId::new(id).ok().filter(|_| id.starts_with("ou_"));
                Inline::Mention { person, name: name.to_owned() }
            }
        }
    }

    fn file(&mut self, node: &Value) {
        // One place is kept for the words behind the last picture.
        let file = if self.parts.len() + 2 < PARTS_MAX { received::post_file(node) } else { None };
        match file {
            Some(file) => {
                self.end_text();
                self.parts.push(file);
            }
            None => self.lines.push(Inline::text("[image]")),
        }
    }

    fn block(&mut self, block: Block) {
        self.end_paragraph();
        self.blocks.push(block);
    }

    fn end_paragraph(&mut self) {
        let is_break = |inline: &Inline| matches!(inline, Inline::Break);
        while self.lines.last().is_some_and(is_break) {
            self.lines.pop();
        }
        let leading = self.lines.iter().take_while(|inline| is_break(inline)).count();
        self.lines.drain(..leading);
        if !self.lines.is_empty() {
            self.blocks.push(Block::Paragraph(std::mem::take(&mut self.lines)));
        }
    }

    fn end_text(&mut self) {
        self.end_paragraph();
        if !self.blocks.is_empty() {
            self.parts.push(Content::Text(RichText { blocks: std::mem::take(&mut self.blocks) }));
        }
    }

    fn finish(mut self) -> Vec<Content> {
        self.end_text();
        self.parts
    }
}

fn text_of<'a>(value: &'a Value, key: &str) -> Option<&'a str> {
    value.get(key).and_then(Value::as_str)
}

fn style_of(node: &Value) -> Style {
    let named = node.get("style").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let has = |name: &str| named.iter().any(|style| style.as_str() == Some(name));
    Style {
        bold: has("bold"),
        italic: has("italic"),
        underline: has("underline"),
        strike: has("lineThrough"),
    }
}

fn link(label: &str, address: &str) -> Inline {
    if address.is_empty() {
        return Inline::text(label);
    }
    Inline::Link { address: address.to_owned(), label: label.to_owned() }
}

fn unescaped(text: &str) -> String {
    let pairs =
        [("&nbsp;", " "), ("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&#39;", "'"), ("&amp;", "&")];
    pairs.iter().fold(text.to_owned(), |text, (from, to)| text.replace(from, to))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn shown(content: &Value) -> Vec<String> {
        parts(content, &Mentions::default()).iter().map(Content::to_plain).collect()
    }

    #[test]
    fn lines_become_paragraphs_and_pictures_stand_between_them() {
        let post = json!({"title":"周报","content":[
            [{"tag":"text","text":"a","style":["bold","lineThrough"]},{"tag":"a","text":"b","href":"https://b.example"}],
            [{"tag":"at","user_id":"ou_1","user_name":"Li"},{"tag":"emotion","emoji_type":"OK"}],
            [{"tag":"img","image_key":"img_1"}],
            [{"tag":"code_block","language":"GO","text":"x := 1"}],
            [{"tag":"hr"}],
            [{"tag":"text","text":"&lt;b&gt;","un_escape":true},{"tag":"new_one"}],
        ]});
        assert_eq!(
            shown(&post),
            ["周报\nab (https://b.example)\n@Li👌", "[image]", "x := 1\n---\n<b>[new_one]"]
        );
        let Content::Text(text) = &parts(&post, &Mentions::default())[0] else { panic!("no text first") };
        let Block::Paragraph(inlines) = &text.blocks[1] else { panic!("no paragraph") };
        let style = Style { bold: true, strike: true, ..Style::default() };
        assert_eq!(inlines[0], Inline::Text { text: "a".into(), style });
    }

    #[test]
    fn a_message_wrapped_in_a_language_and_a_senseless_one_are_read() {
        assert_eq!(shown(&json!({"zh_cn":{"title":"","content":[[{"tag":"text","text":"好"}]]}})), ["好"]);
        for senseless in [
            json!({}),
            json!([]),
            json!({"content":"x"}),
            json!({"content":[1,[2]]}),
            json!({"content":[[{}]]}),
        ] {
            let parts = parts(&senseless, &Mentions::default());
            assert!(parts.len() <= 1, "{senseless}: {parts:?}");
        }
    }

    #[test]
    fn a_message_of_pictures_alone_has_bounds() {
        let post = json!({"content": vec![json!([{"tag":"img","image_key":"img_1"}]); 100]});
        let parts = parts(&post, &Mentions::default());
        assert!(parts.len() <= PARTS_MAX, "{}", parts.len());
    }
}
