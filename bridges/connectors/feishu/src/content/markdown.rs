//! Lists and quotes in the platform's markdown, where nothing in people's words could be taken for markup. Where
//! something could, there is none: the caller writes plain lines then.

use bridge_api::{Block, Inline, Style};

/// Letters that mean something in markdown, wherever they stand.
const SPECIAL: &[char] = &['*', '_', '~', '`', '[', ']', '<', '>', '#', '\\', '|', '!', '&'];

/// A list or a quote in markdown.
pub fn of(block: &Block) -> Option<String> {
    let lines = match block {
        Block::List { ordered, items } => list(*ordered, items)?,
        Block::Quote(blocks) => prefixed("> ", &paragraphs(blocks)?),
        Block::Paragraph(_) | Block::Heading { .. } | Block::Code { .. } | Block::Rule => return None,
    };
    Some(lines.join("\n"))
}

fn list(ordered: bool, items: &[Vec<Block>]) -> Option<Vec<String>> {
    let mut lines = Vec::new();
    for (index, item) in items.iter().enumerate() {
        let mark = if ordered { format!("{}. ", index + 1) } else { "- ".to_owned() };
        let (Block::Paragraph(first), rest) = item.split_first()? else { return None };
        // A second line of an item would end the list.
        let [first] = words(first)?.try_into().ok()?;
        lines.push(format!("{mark}{first}"));
        for block in rest {
            let Block::List { ordered, items } = block else { return None };
            lines.extend(prefixed("    ", &list(*ordered, items)?));
        }
    }
    Some(lines)
}

fn paragraphs(blocks: &[Block]) -> Option<Vec<String>> {
    let mut lines = Vec::new();
    for block in blocks {
        let Block::Paragraph(inlines) = block else { return None };
        lines.extend(words(inlines)?);
    }
    (!lines.is_empty()).then_some(lines)
}

fn prefixed(prefix: &str, lines: &[String]) -> Vec<String> {
    lines.iter().map(|line| format!("{prefix}{line}")).collect()
}

/// The lines of a paragraph.
fn words(inlines: &[Inline]) -> Option<Vec<String>> {
    let mut lines = vec![String::new()];
    for inline in inlines {
        let piece = match inline {
            Inline::Text { text, style } => styled(harmless(text)?, *style)?,
            Inline::Link { address, label } => {
                let plain = !address.contains(['(', ')']) && address.starts_with("http");
                if !plain {
                    return None;
                }
                format!("[{}]({address})", harmless(label)?)
            }
            Inline::Mention { person: Some(person), name } if person.as_str().starts_with("ou_") => {
                format!("<at user_id=\"{person}\">{}</at>", harmless(name)?)
            }
            Inline::Mention { name, .. } => format!("@{}", harmless(name)?),
            Inline::Everybody => "<at user_id=\"all\"></at>".to_owned(),
            Inline::Break => {
                lines.push(String::new());
                continue;
            }
            Inline::Code(_) => return None,
        };
        lines.last_mut()?.push_str(&piece);
    }
    let begins_harmlessly = |line: &String| {
        let first = line.trim_start();
        let numbered = first.trim_start_matches(|sign: char| sign.is_ascii_digit()).starts_with(['.', ')']);
        !first.is_empty() && !first.starts_with(['-', '+', '=']) && !numbered
    };
    lines.iter().all(begins_harmlessly).then_some(lines)
}

fn harmless(text: &str) -> Option<&str> {
    // An address in the open would be made a link, with whatever stands behind it.
    (!text.contains(SPECIAL) && !text.contains("://")).then_some(text)
}

/// One style at most: the platform reads no second one inside.
fn styled(text: &str, style: Style) -> Option<String> {
    let marks = [(style.bold, "**"), (style.italic, "*"), (style.underline, "~"), (style.strike, "~~")];
    let mut marks = marks.into_iter().filter(|(on, _)| *on).map(|(_, mark)| mark);
    match (marks.next(), marks.next()) {
        (None, _) => Some(text.to_owned()),
        (Some(mark), None) if !text.is_empty() && text.trim() == text => Some(format!("{mark}{text}{mark}")),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn item(text: &str) -> Vec<Block> {
        vec![Block::Paragraph(vec![Inline::text(text)])]
    }

    #[test]
    fn harmless_lists_and_quotes_are_written_in_markdown() {
        let inner = Block::List { ordered: true, items: vec![item("c")] };
        let list = Block::List { ordered: false, items: vec![item("a"), [item("b"), vec![inner]].concat()] };
        assert_eq!(of(&list).as_deref(), Some("- a\n- b\n    1. c"));
        let bold = Inline::Text { text: "好".into(), style: Style { bold: true, ..Style::default() } };
        let quote = Block::Quote(vec![Block::Paragraph(vec![bold, Inline::Break, Inline::text("two")])]);
        assert_eq!(of(&quote).as_deref(), Some("> **好**\n> two"));
    }

    #[test]
    fn what_could_be_taken_for_markup_is_not_written_in_markdown() {
        for text in [
            "<at user_id=\"all\"></at>",
            "*a*",
            "[a](b)",
            "1. a",
            "- a",
            "---",
            "# a",
            "a\\",
            "`a`",
            "see https://a.example",
            "",
        ] {
            assert_eq!(of(&Block::Quote(item(text))), None, "{text}");
            assert_eq!(of(&Block::List { ordered: false, items: vec![item(text)] }), None, "{text}");
        }
    }
}
