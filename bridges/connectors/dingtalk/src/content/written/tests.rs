use bridge_api::{Block, Inline, Style};

use super::*;
use crate::limits::{PIECE_BYTES_MAX, PIECES_MAX};

fn paragraph(inlines: Vec<Inline>) -> RichText {
    RichText { blocks: vec![Block::Paragraph(inlines)] }
}

fn styled(text: &str, bold: bool, italic: bool) -> Inline {
    Inline::Text { text: text.into(), style: Style { bold, italic, ..Style::default() } }
}

#[test]
fn words_without_form_stay_as_they_are() {
    let written = write("Anna", None, &RichText::plain("2 * 3 <b> _x_\n# no heading"), Address::Names);
    assert!(!written.markdown);
    assert_eq!(written.pieces, ["Anna: 2 * 3 <b> _x_\n# no heading"]);
    assert_eq!(written.title, "Anna: 2 * 3 <b> _x_");
    assert_eq!(write("", None, &RichText::plain("hi"), Address::Names).pieces, ["hi"]);
}

#[test]
fn forms_become_markdown_and_letters_do_not() {
    let mention = Inline::Mention { person: Some(PersonId::new("u1").expect("an id")), name: "Li".into() };
    let elsewhere = Inline::Mention { person: None, name: "Bo*b".into() };
    let link = Inline::Link { address: "https://a.example/(x)".into(), label: "see [it]".into() };
    let item = |text: &str| Block::Paragraph(vec![Inline::text(text)]);
    let nested = Block::List { ordered: true, items: vec![vec![item("b")]] };
    let table = [
        (paragraph(vec![styled("a*b", true, false), styled(" c ", false, true)]), "**A:** **a\\*b** *c*"),
        (paragraph(vec![Inline::Code("x`y".into()), Inline::Break, Inline::text("z")]), "**A:** `x'y`  \nz"),
        (
            paragraph(vec![styled("x", true, true), link]),
            "**A:** ***x***[see \\[it\\]](https://a.example/%28x%29)",
        ),
        (paragraph(vec![styled("x", true, false), mention.clone(), elsewhere]), "**A:** **x**@Li @Bo\\*b"),
        (
            RichText {
                blocks: vec![Block::List {
                    ordered: false,
                    items: vec![vec![item("a"), nested], vec![item("c")]],
                }],
            },
            "**A:**\n\n- a\n&nbsp;&nbsp;1. b\n- c",
        ),
        (RichText { blocks: vec![Block::Quote(vec![item("q")]), item("w")] }, "**A:**\n\n> q\n\nw"),
        (
            RichText {
                blocks: vec![Block::Code { language: Some("rust".into()), text: "a*b\n```\n".into() }],
            },
            "**A:**\n\n````rust\na*b\n```\n````",
        ),
        (
            RichText { blocks: vec![Block::Heading { level: 2, inlines: vec![Inline::text("t")] }] },
            "**A:**\n\n## t",
        ),
    ];
    for (text, expected) in table {
        let written = write("A", None, &text, Address::Names);
        assert!(written.markdown, "{text:?}");
        assert_eq!(written.pieces, [expected]);
    }
    let written =
        write("", None, &paragraph(vec![Inline::text("hi "), mention, Inline::Everybody]), Address::Ids);
    assert_eq!(written.pieces, ["hi @u1 @所有人"]);
    assert_eq!((written.addressed, written.everybody), (vec!["u1".to_owned()], true));
}

#[test]
fn peoples_letters_are_never_markup() {
    let table = [
        ("# a", "\\# a"),
        ("> a", "\\> a"),
        ("- a", "\\- a"),
        ("1. a", "1\\. a"),
        ("a - 1. b", "a - 1. b"),
        ("<a atId=u1>x</a>", "&lt;a atId=u1>x&lt;/a>"),
        ("&nbsp; & x", "&amp;nbsp; & x"),
        ("![x](y)", "!\\[x\\](y)"),
        ("请&假;", "请&假;"),
    ];
    for (text, expected) in table {
        assert_eq!(escaped(text), expected, "{text}");
    }
}

#[test]
fn an_answer_quotes_how_the_other_began() {
    let written = write("A", Some("Li: *when*?"), &RichText::plain("now"), Address::Names);
    assert_eq!(written.pieces, ["> Li: \\*when\\*?\n\n**A:** now"]);
}

#[test]
fn long_texts_go_in_pieces_and_endless_ones_are_cut() {
    let written = write("A", None, &RichText::plain(&"请".repeat(5_000)), Address::Names);
    assert_eq!(written.pieces.len(), 3);
    assert!(written.pieces.iter().all(|piece| piece.len() <= PIECE_BYTES_MAX));
    assert_eq!(written.pieces.concat(), format!("A: {}", "请".repeat(5_000)));
    let endless = write("A", None, &RichText::plain(&"a\n".repeat(100_000)), Address::Names);
    assert!(endless.pieces.len() == PIECES_MAX && endless.pieces.concat().ends_with('…'));
}
