use bridge_api::{PersonId, Style};

use super::*;
use crate::limits::PIECES_MAX;

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
                    vec![paragraph("one"), Block::List { ordered: true, items: vec![vec![paragraph("in")]] }],
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
    assert!(RichText::plain("a").is_unformatted() && !rich().is_unformatted());
    assert_eq!(addressed(&rich()), ["lisi"]);
}

#[test]
fn letters_of_people_are_no_markup() {
    let hostile = "<a href=\"https://e.invalid\">x</a> <@all> **b** [x](https://e.invalid) `c` &lt; 1 < 2";
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
