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
mod tests {
    use bridge_api::PersonId;

    use super::*;

    fn lines_of(content: &str) -> Vec<Line> {
        let value: Value = serde_json::from_str(content).expect("JSON");
        let lines = value["zh_cn"]["content"].as_array().expect("lines").iter();
        lines.map(|line| line.as_array().expect("a line").clone()).collect()
    }

    fn named(name: &str) -> Speaker {
        Speaker { name: name.to_owned(), person: None }
    }

    #[test]
    fn words_are_nodes_behind_a_name() {
        let person = PersonId::new("ou_1").ok();
        let text = RichText {
            blocks: vec![
                Block::Paragraph(vec![
                    Inline::text("hi "),
                    Inline::Mention { person, name: "Li".into() },
                    Inline::Mention { person: None, name: "Bo".into() },
                    Inline::Everybody,
                    Inline::Break,
                    Inline::Link { address: "https://a.example/好".into(), label: "a".into() },
                    Inline::Link { address: "mailto:b@c.example".into(), label: "b".into() },
                    Inline::Code("x<y".into()),
                ]),
                Block::Heading { level: 1, inlines: vec![Inline::text("Plan")] },
                Block::Code { language: Some("rust".into()), text: "let x;\n".into() },
                Block::Rule,
                Block::Quote(vec![Block::Paragraph(vec![Inline::text("harmless")])]),
                Block::Quote(vec![Block::Paragraph(vec![
                    Inline::text("<b>"),
                    Inline::Break,
                    Inline::text("*"),
                ])]),
            ],
        };
        let posts = posts(&named("Alice"), &text);
        assert_eq!(posts.len(), 1);
        assert_eq!(
            lines_of(&posts[0]),
            [
                vec![
                    json!({"tag":"text","text":"Alice","style":["bold"]}),
                    json!({"tag":"text","text":": "}),
                    json!({"tag":"text","text":"hi "}),
                    json!({"tag":"at","user_id":"ou_1"}),
                    json!({"tag":"text","text":"@Bo"}),
                    json!({"tag":"at","user_id":"all"})
                ],
                vec![
                    json!({"tag":"a","text":"a","href":"https://a.example/%E5%A5%BD"}),
                    json!({"tag":"text","text":"b (mailto:b@c.example)"}),
                    json!({"tag":"text","text":"`x<y`"})
                ],
                vec![json!({"tag":"text","text":"Plan","style":["bold"]})],
                vec![json!({"tag":"code_block","language":"rust","text":"let x;"})],
                vec![json!({"tag":"hr"})],
                vec![json!({"tag":"md","text":"> harmless"})],
                vec![json!({"tag":"text","text":"> "}), json!({"tag":"text","text":"<b>"})],
                vec![json!({"tag":"text","text":"> "}), json!({"tag":"text","text":"*"})],
            ]
        );
    }

    #[test]
    fn lists_with_markup_in_them_are_plain_lines() {
        let item = |text: &str| vec![Block::Paragraph(vec![Inline::text(text)])];
        let inner = Block::List { ordered: true, items: vec![item("[c](d)")] };
        let list = Block::List {
            ordered: false,
            items: vec![item("*a*"), [item("b"), vec![inner]].concat(), vec![Block::Rule]],
        };
        let posts = posts(&Speaker::default(), &RichText { blocks: vec![list] });
        let shown: Vec<String> = lines_of(&posts[0])
            .iter()
            .map(|line| line.iter().map(|node| node["text"].as_str().unwrap_or("---")).collect())
            .collect();
        assert_eq!(shown, ["- *a*", "- b", "    1. [c](d)", "- ", "---"]);
    }

    #[test]
    fn a_block_that_runs_not_on_has_the_name_on_a_line_of_its_own() {
        let text = RichText { blocks: vec![Block::Code { language: None, text: "x".into() }] };
        let lines = lines_of(&posts(&named("Alice"), &text)[0]);
        assert_eq!((lines.len(), &lines[1][0]["tag"]), (2, &json!("code_block")));
        let lines = lines_of(&picture(&named("Alice"), "img_1"));
        assert_eq!((lines.len(), &lines[1]), (2, &vec![json!({"tag":"img","image_key":"img_1"})]));
        assert_eq!(lines_of(&picture(&Speaker::default(), "img_1")).len(), 1);
        assert_eq!(lines_of(&name_line(&named("Alice"))).len(), 1);
    }

    #[test]
    fn long_texts_become_several_messages_and_lose_nothing() {
        let table = [
            RichText::plain(&"好\"\\".repeat(20_000)),
            RichText::plain(&"word word\n".repeat(9_000)),
            RichText {
                blocks: vec![Block::Code {
                    language: Some("c".into()),
                    text: "int x = 1; // \"好\"\n".repeat(3_000),
                }],
            },
            RichText {
                blocks: vec![Block::Quote(vec![Block::Paragraph(vec![Inline::text("a".repeat(60_000))])])],
            },
        ];
        for text in table {
            let posts = posts(&named(&"名".repeat(120)), &text);
            assert!(posts.len() > 1 && posts.len() < 20, "{}", posts.len());
            let letters = |text: &str| {
                text.chars()
                    .filter(|sign| !sign.is_whitespace() && !"名:>".contains(*sign))
                    .collect::<String>()
            };
            let mut all = String::new();
            for post in &posts {
                assert!(post.len() <= POST_BYTES_MAX, "{}", post.len());
                lines_of(post)
                    .iter()
                    .flatten()
                    .for_each(|node| all.push_str(node["text"].as_str().unwrap_or_default()));
            }
            assert_eq!(letters(&all), letters(&text.to_plain()));
        }
    }
}
