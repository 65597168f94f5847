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
            Block::Quote(vec![Block::Paragraph(vec![Inline::text("<b>"), Inline::Break, Inline::text("*")])]),
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
            text.chars().filter(|sign| !sign.is_whitespace() && !"名:>".contains(*sign)).collect::<String>()
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
