//! Words with mention keys for people and links in brackets, as texts come.

use bridge_api::{Block, Inline, RichText, Style, limits::LINK_BYTES_MAX};

use super::mentions::{ALL, Mentions};

/// Longest label of a link that is looked for, in bytes.
const LABEL_BYTES_MAX: usize = 512;

/// The text of a `text` message.
pub fn rich(text: &str, mentions: &Mentions) -> RichText {
    let inlines = inlines(text, Style::default(), mentions);
    RichText { blocks: if inlines.is_empty() { Vec::new() } else { vec![Block::Paragraph(inlines)] } }
}

/// Words in one style: lines, mentions and links are told apart.
pub fn inlines(text: &str, style: Style, mentions: &Mentions) -> Vec<Inline> {
    let mut found = Vec::new();
    let mut letters = String::new();
    let mut rest = text;
    while let Some(sign) = rest.chars().next() {
        let special = match sign {
            '\n' => Some((Inline::Break, 1)),
            '@' => mention(rest, mentions),
            '[' => link(rest),
            _ => None,
        };
        match special {
            Some((inline, length)) => {
                flush(&mut letters, style, &mut found);
                found.push(inline);
                rest = rest.get(length..).unwrap_or_default();
            }
            None => {
                letters.push(sign);
                rest = rest.get(sign.len_utf8()..).unwrap_or_default();
            }
        }
    }
    flush(&mut letters, style, &mut found);
    found
}

fn flush(letters: &mut String, style: Style, found: &mut Vec<Inline>) {
    if !letters.is_empty() {
        found.push(Inline::Text { text: std::mem::take(letters), style });
    }
}

/// The mention key at the beginning of `text`, and how long it is.
fn mention(text: &str, mentions: &Mentions) -> Option<(Inline, usize)> {
    if text.starts_with(ALL) {
        return Some((Inline::Everybody, ALL.len()));
    }
    let number = text.strip_prefix("@_user_")?;
    let digits = number.bytes().take_while(u8::is_ascii_digit).count();
    let length = "@_user_".len() + digits;
    Some((mentions.find(text.get(..length)?)?, length))
}

/// A link `[label](address)` at the beginning of `text`, and how long it is.
fn link(text: &str) -> Option<(Inline, usize)> {
    // Looked for nearby alone: a text of brackets would be read over and over.
    let near = text.as_bytes().get(..text.len().min(LABEL_BYTES_MAX)).unwrap_or_default();
    let label = text.get(1..near.windows(2).position(|pair| pair == b"](")?)?;
    if label.is_empty() || label.contains(['[', ']', '\n']) {
        return None;
    }
    let from = 1 + label.len() + 2;
    let behind = text.as_bytes().get(from..).unwrap_or_default();
    let length = behind.iter().take(LINK_BYTES_MAX).position(|byte| *byte == b')')?;
    let address = text.get(from..from + length)?;
    let plain = !address.contains(|sign: char| sign.is_whitespace() || sign == '(');
    let leads_out = address.starts_with("http://") || address.starts_with("https://");
    let inline = Inline::Link { address: address.to_owned(), label: label.to_owned() };
    (plain && leads_out).then(|| (inline, from + address.len() + 1))
}

#[cfg(test)]
mod tests {
    use bridge_api::PersonId;
    use serde_json::json;

    use super::*;

    #[test]
    fn mention_keys_lines_and_links_are_found() {
        let list = json!([
            {"key":"@_user_1","id":{"open_id":"ou_b"},"name":"Li"},
            {"key":"@_user_12","id":"ou_c","id_type":"open_id","name":"Wang"},
        ]);
        let mentions = Mentions::read(Some(&list));
        let person = |id: &str, name: &str| Inline::Mention {
            person: Some(PersonId::new(id).expect("an id")),
            name: name.to_owned(),
        };
        let link = |address: &str, label: &str| Inline::Link { address: address.into(), label: label.into() };
        let table = [
            ("@_user_1 hi", vec![person("ou_b", "Li"), Inline::text(" hi")]),
            ("@_user_12@_user_1", vec![person("ou_c", "Wang"), person("ou_b", "Li")]),
            ("a @_user_3", vec![Inline::text("a @_user_3")]),
            ("@_all 好", vec![Inline::Everybody, Inline::text(" 好")]),
            ("a@b.example", vec![Inline::text("a@b.example")]),
            ("one\n\ntwo", vec![Inline::text("one"), Inline::Break, Inline::Break, Inline::text("two")]),
            (
                "see [我们](https://a.example/?b=1)!",
                vec![Inline::text("see "), link("https://a.example/?b=1", "我们"), Inline::text("!")],
            ),
            ("[x](javascript:alert(1))", vec![Inline::text("[x](javascript:alert(1))")]),
            ("[a [b](c", vec![Inline::text("[a [b](c")]),
            ("[[[", vec![Inline::text("[[[")]),
            ("", vec![]),
        ];
        for (text, expected) in table {
            assert_eq!(inlines(text, Style::default(), &mentions), expected, "{text}");
        }
    }

    #[test]
    fn many_brackets_cost_no_more_than_their_length_allows() {
        let text = "[a".repeat(20_000);
        assert_eq!(inlines(&text, Style::default(), &Mentions::default()), vec![Inline::text(text.clone())]);
    }
}
