//! Words for the platform: rich messages of nodes, in which letters are letters. Long ones are cut into several.

use bridge_api::{Block, Inline, RichText, Speaker, Style};
use reqwest::Url;
use serde_json::{Value, json};

use super::{
    cut::{Line, pieces},
    markdown,
};
use crate::limits::POST_BYTES_MAX;

/// How deep lists stand inside of each other before their lines are no longer moved to the right.
const INDENT_MAX: usize = 8;

/// The contents of the messages that a text becomes, first one first; at least one.
pub fn posts(speaker: &Speaker, text: &RichText) -> Vec<String> {
    let mut lines = Vec::new();
    for block in &text.blocks {
        block_lines(block, "", 0, &mut lines);
    }
    if lines.is_empty() {
        lines.push(vec![node("", Style::default())]);
    }
    pieces(lines).into_iter().map(|lines| post(speaker, lines)).collect()
}

/// The content of a message with a picture.
pub fn picture(speaker: &Speaker, image_key: &str) -> String {
    post(speaker, vec![vec![json!({ "tag": "img", "image_key": image_key })]])
}

/// The content of the line that says who sends what comes next.
pub fn name_line(speaker: &Speaker) -> String {
    post(speaker, Vec::new())
}

fn post(speaker: &Speaker, mut lines: Vec<Line>) -> String {
    if !speaker.name.is_empty() {
        let bold = Style { bold: true, ..Style::default() };
        let name = [node(&speaker.name, bold), node(": ", Style::default())];
        let runs_on = |node: &Value| matches!(node["tag"].as_str(), Some("text" | "a" | "at"));
        match lines.first_mut().filter(|line| line.first().is_some_and(runs_on)) {
            Some(first) => drop(first.splice(0..0, name)),
            None => lines.insert(0, name.to_vec()),
        }
    }
    json!({ "zh_cn": { "title": "", "content": lines } }).to_string()
}

fn block_lines(block: &Block, indent: &str, depth: usize, lines: &mut Vec<Line>) {
    match block {
        Block::Paragraph(inlines) => inline_lines(inlines, indent, Style::default(), lines),
        // The platform has no headings.
        Block::Heading { inlines, .. } => {
            inline_lines(inlines, indent, Style { bold: true, ..Style::default() }, lines);
        }
        Block::Code { language, text } => {
            let language = language.as_deref().unwrap_or_default();
            lines.push(vec![
                json!({ "tag": "code_block", "language": language, "text": text.trim_end_matches('\n') }),
            ]);
        }
        Block::Rule => lines.push(vec![json!({ "tag": "hr" })]),
        Block::List { .. } | Block::Quote(_) => {
            let short = |text: &String| text.len() < POST_BYTES_MAX / 2;
            match markdown::of(block).filter(|text| depth == 0 && short(text)) {
                Some(text) => lines.push(vec![json!({ "tag": "md", "text": text })]),
                None => plain_lines(block, indent, depth, lines),
            }
        }
    }
}

/// Lists and quotes by signs before their lines.
fn plain_lines(block: &Block, indent: &str, depth: usize, lines: &mut Vec<Line>) {
    let deeper = |sign: &str| if depth < INDENT_MAX { format!("{indent}{sign}") } else { indent.to_owned() };
    match block {
        Block::Quote(blocks) => {
            let indent = deeper("> ");
            blocks.iter().for_each(|block| block_lines(block, &indent, depth + 1, lines));
        }
        Block::List { ordered, items } => {
            for (index, item) in items.iter().enumerate() {
                let mark = if *ordered { format!("{}. ", index + 1) } else { "- ".to_owned() };
                let (from, inner) = (lines.len(), deeper("    "));
                item.iter().for_each(|block| block_lines(block, &inner, depth + 1, lines));
                mark_first(lines, from, &inner, &format!("{indent}{mark}"));
            }
        }
        Block::Paragraph(_) | Block::Heading { .. } | Block::Code { .. } | Block::Rule => {}
    }
}

/// Puts an item's mark in the place of the indent of its first line.
fn mark_first(lines: &mut Vec<Line>, from: usize, indent: &str, mark: &str) {
    let first = lines.get_mut(from).and_then(|line| line.first_mut()).and_then(|node| node.get_mut("text"));
    match first {
        Some(Value::String(text)) if text.starts_with(indent) => text.replace_range(..indent.len(), mark),
        _ => lines.insert(from.min(lines.len()), vec![node(mark, Style::default())]),
    }
}

fn inline_lines(inlines: &[Inline], indent: &str, more: Style, lines: &mut Vec<Line>) {
    let start = || if indent.is_empty() { Vec::new() } else { vec![node(indent, Style::default())] };
    let mut line: Line = start();
    for inline in inlines {
        match inline {
            Inline::Break => lines.push(ended(std::mem::replace(&mut line, start()))),
            Inline::Text { text, style } => line.push(node(text, both(*style, more))),
            Inline::Code(text) => line.push(node(&format!("`{text}`"), more)),
            Inline::Link { address, label } => line.push(link(address, label, more)),
            Inline::Mention { person: Some(person), .. } if person.as_str().starts_with("ou_") => {
                line.push(json!({ "tag": "at", "user_id": person.as_str() }));
            }
            Inline::Mention { name, .. } => line.push(node(&format!("@{name}"), more)),
            Inline::Everybody => line.push(json!({ "tag": "at", "user_id": "all" })),
        }
    }
    lines.push(ended(line));
}

/// A line always has a node: an empty one is a line without words.
fn ended(mut line: Line) -> Line {
    if line.is_empty() {
        line.push(node("", Style::default()));
    }
    line
}

fn both(one: Style, other: Style) -> Style {
    Style {
        bold: one.bold || other.bold,
        italic: one.italic || other.italic,
        underline: one.underline || other.underline,
        strike: one.strike || other.strike,
    }
}

fn node(text: &str, style: Style) -> Value {
    let names = [
        (style.bold, "bold"),
        (style.italic, "italic"),
        (style.underline, "underline"),
        (style.strike, "lineThrough"),
    ];
    let names: Vec<_> = names.iter().filter(|(on, _)| *on).map(|(_, name)| *name).collect();
    if names.is_empty() {
        json!({ "tag": "text", "text": text })
    } else {
        json!({ "tag": "text", "text": text, "style": names })
    }
}

/// The platform refuses a whole message for one address that it does not like, so others than plain ones are words.
fn link(address: &str, label: &str, style: Style) -> Value {
    let known =
        Url::parse(address).ok().filter(|url| matches!(url.scheme(), "http" | "https") && url.has_host());
    match known {
        Some(url) => json!({ "tag": "a", "text": label, "href": url.as_str() }),
        None if label == address => node(label, style),
        None => node(&format!("{label} ({address})"), style),
    }
}

#[cfg(test)]
mod tests;
