//! How a text is written for the platform: as words where nothing in it is formatted, in the small part of Markdown that apps have,
//! or in the full one of bots. People's own letters never become markup. Pure.

use bridge_api::{Block, Inline, RichText};

use crate::{
    ids,
    limits::{ADDRESSED_MAX, PIECE_NUMBER_BYTES, PIECES_MAX},
};

/// Which markup is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// None, but for links and mentions in their own brackets.
    Words,
    /// Headings, bold, links, code within a line, quotes: apps, and webhooks that address people.
    Small,
    /// Lists, code and italics as well: bots and webhooks.
    Full,
}

/// How a text is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Manner {
    /// Which markup.
    pub form: Form,
    /// Whether people of the platform are addressed by `<@userid>`, or named alone.
    pub addresses: bool,
    /// Longest message in bytes.
    pub bytes_max: usize,
}

/// Writes a text of `speaker` (empty for the app itself), below the beginning of what it answers, in as many messages as it takes.
pub fn write(speaker: &str, quoted: Option<&str>, text: &RichText, manner: Manner) -> Vec<String> {
    let writer = Writer(manner);
    let mut written = Vec::new();
    if manner.form == Form::Words {
        let words =
            if speaker.is_empty() { text.to_plain() } else { format!("{speaker}: {}", text.to_plain()) };
        let quote = quoted.map(|quoted| format!("> {quoted}\n")).unwrap_or_default();
        written.push(Written::of(harmless(&format!("{quote}{words}"))));
    } else {
        writer.blocks(&text.blocks, "", &mut written);
        let name =
            if speaker.is_empty() { String::new() } else { format!("**{}:** ", writer.escaped(speaker)) };
        match (text.blocks.first(), written.first_mut()) {
            (Some(Block::Paragraph(_)), Some(first)) => first.text.insert_str(0, &name),
            // A list, a quote and the like begin on a line of their own.
            _ => written.insert(0, Written::of(name.trim_end().to_owned())),
        }
        if let Some(quoted) = quoted {
            written.insert(0, Written::of(format!("> {}", writer.escaped(quoted))));
        }
    }
    written.retain(|block| !block.text.is_empty());
    numbered(packed(&written, manner.bytes_max))
}

/// Whether nothing in a text is formatted.
pub fn is_plain(text: &RichText) -> bool {
    text.blocks.iter().all(|block| {
        let Block::Paragraph(inlines) = block else { return false };
        inlines.iter().all(|inline| match inline {
            Inline::Text { style, .. } => !(style.bold || style.italic),
            Inline::Link { address, label } => address == label,
            Inline::Mention { .. } | Inline::Everybody | Inline::Break => true,
            Inline::Code(_) => false,
        })
    })
}

/// Whom a text addresses, as the platform takes it: userids, and `@all`.
pub fn addressed(text: &RichText) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    for user in text.mentions().into_iter().filter_map(ids::user) {
        if found.len() < ADDRESSED_MAX && !found.iter().any(|known| known == user) {
            found.push(user.to_owned());
        }
    }
    if text.addresses_everybody() {
        found.push("@all".to_owned());
    }
    found
}

/// Words in which nothing is a link or a mention that somebody wrote by hand: the platform knows no escape, so the bracket becomes
/// its wide sister.
pub fn harmless(words: &str) -> String {
    let mut out = String::with_capacity(words.len());
    for (index, letter) in words.char_indices() {
        let rest = &words[index + letter.len_utf8()..];
        let begins_tag =
            rest.starts_with(|next: char| next.is_ascii_alphabetic() || matches!(next, '/' | '@'));
        out.push(if letter == '<' && begins_tag { '＜' } else { letter });
    }
    out
}

/// A block that was written.
struct Written {
    text: String,
    /// The lines that open and close program text, without which no part of it may stand.
    fence: Option<(String, String)>,
}

impl Written {
    const fn of(text: String) -> Self {
        Self { text, fence: None }
    }
}

struct Writer(Manner);

impl Writer {
    fn blocks(&self, blocks: &[Block], prefix: &str, out: &mut Vec<Written>) {
        for block in blocks {
            let text = match block {
                Block::Paragraph(inlines) => self.inlines(inlines, prefix),
                Block::Heading { level, inlines } => {
                    format!(
                        "{} {}",
                        "#".repeat(usize::from((*level).clamp(1, 6))),
                        self.inlines(inlines, prefix)
                    )
                }
                Block::List { ordered, items } => self.list(*ordered, items, 0, prefix),
                Block::Quote(inner) => {
                    self.blocks(inner, &format!("{prefix}> "), out);
                    continue;
                }
                Block::Code { language, text } => {
                    out.push(self.code(language.as_deref(), text, prefix));
                    continue;
                }
                Block::Rule if self.0.form == Form::Full => "---".to_owned(),
                Block::Rule => "———".to_owned(),
            };
            out.push(Written::of(format!("{prefix}{text}")));
        }
    }

    fn list(&self, ordered: bool, items: &[Vec<Block>], depth: usize, prefix: &str) -> String {
        let full = self.0.form == Form::Full;
        let mut lines = Vec::new();
        for (index, item) in items.iter().enumerate() {
            let mark = match (ordered, full) {
                (true, _) => format!("{}. ", index + 1),
                (false, true) => "- ".to_owned(),
                (false, false) => "• ".to_owned(),
            };
            let (mut words, mut inner) = (Vec::new(), Vec::new());
            for block in item {
                match block {
                    Block::List { ordered, items } => {
                        inner.push(self.list(*ordered, items, depth + 1, prefix))
                    }
                    Block::Paragraph(inlines) | Block::Heading { inlines, .. } => {
                        words.push(self.inlines(inlines, prefix).replace('\n', " "));
                    }
                    Block::Quote(_) | Block::Code { .. } | Block::Rule => {
                        let plain = RichText { blocks: vec![block.clone()] }.to_plain().replace('\n', " ");
                        words.push(self.escaped(&plain));
                    }
                }
            }
            let lead = if lines.is_empty() && depth == 0 { "" } else { prefix };
            lines.push(format!("{lead}{}{mark}{}", "   ".repeat(depth), words.join(" ")));
            lines.extend(inner);
        }
        lines.join("\n")
    }

    fn inlines(&self, inlines: &[Inline], prefix: &str) -> String {
        let mut out = String::new();
        for inline in inlines {
            match inline {
                Inline::Text { text, style } => {
                    let mark = match (style.bold, style.italic && self.0.form == Form::Full) {
                        (true, true) => "***",
                        (true, false) => "**",
                        (false, true) => "*",
                        (false, false) => "",
                    };
                    out.push_str(&emphasised(&self.escaped(text), mark));
                }
                Inline::Code(text) => out.push_str(&format!("`{}`", text.replace('`', "'"))),
                Inline::Link { address, label } if address == label => out.push_str(address),
                Inline::Link { address, label } => {
                    let address = address.replace('(', "%28").replace(')', "%29");
                    out.push_str(&format!("[{}]({address})", self.escaped(label)));
                }
                Inline::Mention { person, name } => {
                    match person.as_ref().and_then(ids::user).filter(|_| self.0.addresses) {
                        Some(user) => out.push_str(&format!("<@{user}> ")),
                        None => out.push_str(&format!("@{}", self.escaped(name))),
                    }
                }
                Inline::Everybody => out.push_str("@所有人 "),
                Inline::Break => {
                    out.push('\n');
                    out.push_str(prefix);
                }
            }
        }
        out.truncate(out.trim_end().len());
        out
    }

    fn code(&self, language: Option<&str>, text: &str, prefix: &str) -> Written {
        let text = text.trim_end_matches('\n');
        if self.0.form != Form::Full {
            // Apps have no blocks of program text, so each line is some within a line.
            let lines = text.lines().map(|line| match line.trim() {
                "" => prefix.to_owned(),
                _ => format!("{prefix}`{}`", line.replace('`', "'")),
            });
            return Written::of(lines.collect::<Vec<_>>().join("\n"));
        }
        let mut fence = "```".to_owned();
        while text.contains(&fence) {
            fence.push('`');
        }
        let lines: Vec<String> = text.split('\n').map(|line| format!("{prefix}{line}")).collect();
        let opens = format!("{prefix}{fence}{}\n", language.unwrap_or_default());
        Written { text: lines.join("\n"), fence: Some((opens, format!("\n{prefix}{fence}"))) }
    }

    /// A text with nothing in it that could be taken for markup.
    fn escaped(&self, text: &str) -> String {
        if self.0.form == Form::Full { full_escaped(text) } else { small_escaped(text) }
    }
}

/// By the escapes of Markdown.
fn full_escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 8);
    for (index, letter) in text.char_indices() {
        let at_start = text[..index].trim().is_empty();
        match letter {
            '\\' | '*' | '_' | '`' | '[' | ']' | '~' | '|' => {
                out.push('\\');
                out.push(letter);
            }
            '<' => out.push_str("&lt;"),
            '&' => out.push_str("&amp;"),
            '#' | '>' | '-' | '+' if at_start => {
                out.push('\\');
                out.push(letter);
            }
            '.' | ')'
                if index > 0 && text[..index].trim_start().chars().all(|before| before.is_ascii_digit()) =>
            {
                out.push('\\');
                out.push(letter);
            }
            _ => out.push(letter),
        }
    }
    out
}

/// The small form knows no escapes, so what would be markup is written with its wide sisters.
fn small_escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let safe = harmless(text).replace("**", "＊＊").replace("](", "］(");
    for (index, letter) in safe.char_indices() {
        let at_start = safe[..index].trim().is_empty();
        out.push(match letter {
            '`' => '\'',
            '#' if at_start => '＃',
            '>' if at_start => '＞',
            _ => letter,
        });
    }
    out
}

/// Marks stand close to the letters, or they are shown as they are.
fn emphasised(words: &str, mark: &str) -> String {
    let inner = words.trim();
    if mark.is_empty() || inner.is_empty() {
        return words.to_owned();
    }
    let lead = &words[..words.len() - words.trim_start().len()];
    let tail = &words[words.trim_end().len()..];
    format!("{lead}{mark}{inner}{mark}{tail}")
}

/// Packs blocks into messages that the platform takes. What is beyond all bounds ends in `…`.
fn packed(blocks: &[Written], bytes_max: usize) -> Vec<String> {
    let most = bytes_max.saturating_sub(PIECE_NUMBER_BYTES);
    let mut pieces: Vec<String> = Vec::new();
    for block in blocks {
        let (opens, closes) = match &block.fence {
            Some((opens, closes)) => (opens.as_str(), closes.as_str()),
            None => ("", ""),
        };
        for part in cut(&block.text, most.saturating_sub(opens.len() + closes.len()).max(64)) {
            let part = format!("{opens}{}{closes}", part.trim_end_matches('\n'));
            match pieces.last_mut() {
                Some(last) if last.len() + 2 + part.len() <= most => {
                    last.push_str("\n\n");
                    last.push_str(&part);
                }
                _ => pieces.push(part),
            }
        }
    }
    if pieces.len() > PIECES_MAX {
        pieces.truncate(PIECES_MAX);
        if let Some(last) = pieces.last_mut() {
            last.push('…');
        }
    }
    pieces
}

/// Several messages say which of how many they are, because nobody promises their order.
fn numbered(mut pieces: Vec<String>) -> Vec<String> {
    let count = pieces.len();
    if count > 1 {
        for (index, piece) in pieces.iter_mut().enumerate() {
            piece.push_str(&format!("\n\n({}/{count})", index + 1));
        }
    }
    pieces
}

/// Cuts a block that is too long: at the end of a line, a sentence or a word, and never within a link or an escape.
fn cut(text: &str, bytes_max: usize) -> Vec<&str> {
    let (mut parts, mut rest) = (Vec::new(), text);
    while rest.len() > bytes_max {
        let most = rest.floor_char_boundary(bytes_max);
        let head = &rest[..most];
        let late = |at: &usize| *at > most / 2;
        let line = head.rfind('\n').map(|at| at + 1).filter(late);
        let sentence = || head.rfind(['。', '！', '？']).map(|at| at + '。'.len_utf8()).filter(late);
        let word = || head.rfind(' ').map(|at| at + 1).filter(late);
        let mut at = line.or_else(sentence).or_else(word).unwrap_or(most);
        if let Some(open) = open_link(rest, at).filter(|open| *open > 0) {
            at = open;
        }
        if rest[..at].ends_with('\\') && at > 1 {
            at -= 1;
        }
        parts.push(&rest[..at]);
        rest = &rest[at..];
    }
    parts.push(rest);
    parts
}

/// Where a link or mention begins that goes on beyond `at`.
fn open_link(text: &str, at: usize) -> Option<usize> {
    let opens = [("[", ")"), ("<@", ">")].into_iter().filter_map(|(open, close)| {
        let begins = text[..at].rfind(open).filter(|begins| !text[..*begins].ends_with('\\'))?;
        let ends = begins + text[begins..].find(close)?;
        (ends >= at).then_some(begins)
    });
    opens.min()
}

#[cfg(test)]
mod tests {
    use bridge_api::{PersonId, Style};

    use super::*;

    const FULL: Manner = Manner { form: Form::Full, addresses: false, bytes_max: 20_480 };
    const SMALL: Manner = Manner { form: Form::Small, addresses: true, bytes_max: 2_048 };
    const WORDS: Manner = Manner { form: Form::Words, addresses: false, bytes_max: 2_048 };

    fn rich() -> RichText {
        let paragraph = |text: &str| Block::Paragraph(vec![Inline::text(text)]);
        let bold = Inline::Text { text: " bold ".into(), style: Style { bold: true, ..Style::default() } };
        let link = Inline::Link { address: "https://a.example/?b=(2)".into(), label: "here".into() };
        let li = Inline::Mention { person: PersonId::new("lisi").ok(), name: "Li Si".into() };
        RichText {
            blocks: vec![
                Block::Heading { level: 2, inlines: vec![Inline::text("Plan")] },
                Block::Paragraph(vec![bold, link, Inline::Break, li]),
                Block::List {
                    ordered: false,
                    items: vec![
                        vec![
                            paragraph("one"),
                            Block::List { ordered: true, items: vec![vec![paragraph("in")]] },
                        ],
                        vec![paragraph("two")],
                    ],
                },
                Block::Quote(vec![paragraph("theirs")]),
                Block::Code { language: Some("rust".into()), text: "a\n**b**\n".into() },
            ],
        }
    }

    #[test]
    fn each_form_shows_what_it_can() {
        let full = "**Ada:**\n\n## Plan\n\n **bold** [here](https://a.example/?b=%282%29)\n@Li Si\n\n- one\n   1. in\n- two\n\n> theirs\n\n```rust\na\n**b**\n```";
        assert_eq!(write("Ada", None, &rich(), FULL), [full]);
        let small = "**Ada:**\n\n## Plan\n\n **bold** [here](https://a.example/?b=%282%29)\n<@lisi>\n\n• one\n   1. in\n• two\n\n> theirs\n\n`a`\n`**b**`";
        assert_eq!(write("Ada", None, &rich(), SMALL), [small]);
        let words = write("Ada", Some("Li: ok"), &RichText::plain("yes\nno"), WORDS);
        assert_eq!(words, ["> Li: ok\nAda: yes\nno"]);
        assert_eq!(write("", None, &RichText::plain("the app"), FULL), ["the app"]);
        assert_eq!(write("Ada", Some("x*y"), &RichText::plain("yes"), FULL), ["> x\\*y\n\n**Ada:** yes"]);
        assert!(is_plain(&RichText::plain("a")) && !is_plain(&rich()));
        assert_eq!(addressed(&rich()), ["lisi"]);
    }

    #[test]
    fn letters_of_people_are_no_markup() {
        let hostile =
            "<a href=\"https://e.invalid\">x</a> <@all> **b** [x](https://e.invalid) `c` &lt; 1 < 2";
        let words = write("<@all>", None, &RichText::plain(hostile), WORDS).concat();
        assert!(!words.contains("<a") && !words.contains("<@") && words.contains("1 < 2"), "{words}");
        let small = write("<@all>**", None, &RichText::plain(hostile), SMALL).concat();
        assert!(!small.contains("<@") && !small.contains("](") && !small.contains('`'), "{small}");
        assert_eq!(small.matches("**").count(), 2, "the name alone is bold: {small}");
        let full = write("", None, &RichText::plain(hostile), FULL).concat();
        assert!(
            full.contains("\\*\\*b\\*\\*") && full.contains("\\[x\\](") && full.contains("&amp;lt;"),
            "{full}"
        );
        for line in ["# a", "> a", "- a", "+ a", "1. a", "1) a"] {
            let full = write("", None, &RichText::plain(line), FULL).concat();
            assert!(full.contains('\\'), "{full}");
        }
    }

    #[test]
    fn long_texts_come_in_numbered_pieces_that_can_stand_alone() {
        let lines: Vec<String> = (0..400).map(|number| format!("行 {number} 的文字")).collect();
        let pieces = write("Ada", None, &RichText::plain(&lines.join("\n")), WORDS);
        assert!(pieces.len() > 2 && pieces.iter().all(|piece| piece.len() <= 2_048), "{}", pieces.len());
        assert!(pieces[0].ends_with(&format!("(1/{})", pieces.len())));
        let whole = pieces.join("\n");
        assert!(lines.iter().all(|line| whole.contains(line.as_str())));
        let code = Block::Code { language: None, text: "let x = 1;\n".repeat(400) };
        let small = Manner { bytes_max: 1_024, ..FULL };
        for piece in write("", None, &RichText { blocks: vec![code] }, small) {
            assert_eq!(piece.matches("```").count(), 2, "{piece}");
            assert!(piece.len() <= 1_024);
        }
        let link =
            Inline::Link { address: format!("https://a.example/{}", "x".repeat(900)), label: "here".into() };
        let text = RichText { blocks: vec![Block::Paragraph(vec![Inline::text("a ".repeat(100)), link])] };
        assert!(
            write("", None, &text, small).iter().all(|piece| piece.contains("](") == piece.contains("[here"))
        );
        let endless = RichText::plain(&"好".repeat(100_000));
        let pieces = write("", None, &endless, WORDS);
        assert!(pieces.len() == PIECES_MAX && pieces[PIECES_MAX - 1].contains('…'));
    }
}
