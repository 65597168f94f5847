//! A text without its structure.

use super::{Block, Inline};

/// The blocks as they make sense alone.
pub(super) fn written(blocks: &[Block]) -> String {
    let mut out = String::new();
    write_blocks(blocks, "", &mut out);
    out.truncate(out.trim_end().len());
    out
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
    use super::super::RichText;
    use super::*;

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
}
