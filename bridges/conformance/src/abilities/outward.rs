//! What rooms say arrives on the platform, once, and as it was meant.

use bridge_api::{
    Ability, Block, Button, ButtonStyle, Card, Content, ConversationId, Edit, Inline, MessageId, Reaction,
    RichText, Speaker, Style, ThreadId,
};

use crate::case::case;
use crate::stage::{key, outgoing};
use crate::{Case, Said, Stage};

pub(super) const CASES: &[Case] = &[
    case!(Out Text words_are_said_once_in_order_with_the_name_of_the_speaker),
    case!(Out Text markup_of_the_platform_is_only_letters),
    case!(Out Text a_repeat_after_a_restart_says_nothing_twice),
    case!(Out Text a_long_text_is_said_to_its_end),
    case!(Out Formatting lists_quotes_and_code_can_be_read),
    case!(Out Mentions somebody_is_addressed),
    case!(Out MentionEverybody everybody_is_addressed),
    case!(Out Replies an_answer_stands_under_what_it_answers),
    case!(Out Threads a_topic_is_begun_and_gone_on_with),
    case!(Out Edits words_are_changed),
    case!(Out Recalls words_are_taken_back_and_twice_is_once),
    case!(Out Reactions a_reaction_is_added_and_removed_and_twice_is_once),
    case!(Out Cards a_card_is_shown_and_changed),
    case!(Out Locations a_place_is_said_in_words),
    case!(Out Stickers a_sticker_is_said_in_words),
];

/// A card with these buttons; what they do is called `button-0` and so on.
pub fn card(revision: u64, labels: &[&str]) -> Card {
    let button = |(place, label): (usize, &&str)| Button {
        action: format!("button-{place}"),
        label: (*label).to_owned(),
        style: ButtonStyle::Primary,
        values: [("request".to_owned(), "r-1".to_owned())].into(),
    };
    Card {
        title: "请假 Leave".to_owned(),
        body: RichText::plain("two days"),
        buttons: labels.iter().enumerate().map(button).collect(),
        input: None,
        revision,
    }
}

fn said(texts: Vec<crate::Shown>) -> Vec<String> {
    texts.into_iter().filter(|shown| shown.ours && !shown.recalled).map(|shown| shown.text).collect()
}

async fn words_are_said_once_in_order_with_the_name_of_the_speaker(stage: &Stage) {
    let group = stage.platform.group("said").await;
    for number in 0..3 {
        stage.say(&group, &format!("k{number}"), &format!("句 {number}")).await;
    }
    let texts = said(stage.platform.shows(&group).await);
    assert_eq!(texts.len(), 3, "{texts:?}");
    for (number, text) in texts.iter().enumerate() {
        assert!(text.contains("Ada") && text.contains(&format!("句 {number}")), "{text}");
    }
    let alone = bridge_api::Outgoing {
        speaker: Speaker::default(),
        ..outgoing(&group, "alone", Content::Text(RichText::plain("the app itself")))
    };
    stage.send(&alone).await;
    assert_eq!(said(stage.platform.shows(&group).await).last().map(String::as_str), Some("the app itself"));
}

async fn markup_of_the_platform_is_only_letters(stage: &Stage) {
    let group = stage.platform.group("markup").await;
    let hostile =
        "<at user_id=\"all\"></at> **b** [x](https://e.invalid) `c` @所有人 </b> &lt; \\n ~~s~~ {{v}}";
    let id = stage.say(&group, "markup", hostile).await;
    let shown = stage.shown(&group, &id).await;
    assert!(shown.text.contains(hostile), "{}", shown.text);
    assert_eq!(shown.mentions, Vec::<String>::new());
    let named = bridge_api::Outgoing {
        speaker: Speaker { name: "<at user_id=\"all\"></at>**".to_owned(), person: None },
        ..outgoing(&group, "name", Content::Text(RichText::plain("hello")))
    };
    let id = stage.send(&named).await.messages[0].clone();
    let shown = stage.shown(&group, &id).await;
    assert_eq!(shown.mentions, Vec::<String>::new());
    assert!(shown.text.contains("<at user_id=\"all\"></at>**"), "{}", shown.text);
}

async fn a_repeat_after_a_restart_says_nothing_twice(stage: &Stage) {
    let group = stage.platform.group("repeat").await;
    let first = stage.say(&group, "same", "once").await;
    assert_eq!(stage.say(&group, "same", "once").await, first);
    stage.restart().await;
    assert_eq!(stage.say(&group, "same", "once").await, first);
    assert_eq!(said(stage.platform.shows(&group).await).len(), 1);
}

async fn a_long_text_is_said_to_its_end(stage: &Stage) {
    let group = stage.platform.group("long").await;
    let lines: Vec<String> = (0..1_500).map(|number| format!("行 {number} 的文字")).collect();
    let content = Content::Text(RichText::plain(&lines.join("\n")));
    let sent = stage.send(&outgoing(&group, "long", content.clone())).await;
    let all = said(stage.platform.shows(&group).await);
    assert_eq!(all.len(), sent.messages.len());
    let whole = all.join("\n");
    let mut from = 0;
    for line in &lines {
        from += whole[from..].find(line.as_str()).unwrap_or_else(|| panic!("{line} is missing"));
    }
    assert_eq!(stage.send(&outgoing(&group, "long", content)).await, sent);
    assert_eq!(said(stage.platform.shows(&group).await).len(), sent.messages.len());
}

async fn lists_quotes_and_code_can_be_read(stage: &Stage) {
    let group = stage.platform.group("formatted").await;
    let paragraph = |text: &str| Block::Paragraph(vec![Inline::text(text)]);
    let bold = Inline::Text { text: "bold".into(), style: Style { bold: true, ..Style::default() } };
    let text = RichText {
        blocks: vec![
            Block::Heading { level: 1, inlines: vec![Inline::text("Heading")] },
            Block::Paragraph(vec![
                bold,
                Inline::Link { address: "https://example.org/?a=1&b=(2)".into(), label: "link".into() },
            ]),
            Block::List { ordered: true, items: vec![vec![paragraph("one")], vec![paragraph("two")]] },
            Block::Quote(vec![paragraph("quoted")]),
            Block::Code { language: Some("rust".into()), text: "fn main() {\n    **x**\n}".into() },
            Block::Rule,
        ],
    };
    let id = stage.send(&outgoing(&group, "formatted", Content::Text(text))).await.messages[0].clone();
    let shown = stage.shown(&group, &id).await;
    for words in ["Heading", "bold", "link", "one", "two", "quoted", "fn main() {\n    **x**\n}"] {
        assert!(shown.text.contains(words), "{words}: {}", shown.text);
    }
}

/// Somebody spoke to us before: some platforms let people be addressed in answers alone.
async fn greeted(stage: &Stage, group: &ConversationId) {
    if !stage.platform.hears(group) {
        return;
    }
    let greeting = stage.platform.say("zhang", group, Said::Text("hello".into())).await;
    stage.heard(&greeting).await;
}

async fn somebody_is_addressed(stage: &Stage) {
    let group = stage.platform.place(Ability::Mentions, "address").await;
    greeted(stage, &group).await;
    let mention = |who: &str, name: &str| Inline::Mention {
        person: Some(stage.platform.person(who)),
        name: name.into(),
    };
    let stranger = Inline::Mention { person: None, name: "Grace".into() };
    let inlines = vec![mention("li", "Li Si"), Inline::text(" and "), stranger];
    let content = Content::Text(RichText { blocks: vec![Block::Paragraph(inlines)] });
    let id = stage.send(&outgoing(&group, "address", content)).await.messages[0].clone();
    let shown = stage.shown(&group, &id).await;
    assert_eq!(shown.mentions, ["li"]);
    assert!(shown.text.contains("Grace"), "{}", shown.text);
}

async fn everybody_is_addressed(stage: &Stage) {
    let group = stage.platform.place(Ability::MentionEverybody, "all").await;
    greeted(stage, &group).await;
    let content = Content::Text(RichText { blocks: vec![Block::Paragraph(vec![Inline::Everybody])] });
    let id = stage.send(&outgoing(&group, "all", content)).await.messages[0].clone();
    assert_eq!(stage.shown(&group, &id).await.mentions, ["all"]);
}

async fn an_answer_stands_under_what_it_answers(stage: &Stage) {
    let group = stage.platform.group("reply").await;
    let asked = stage.platform.say("zhang", &group, Said::Text("?".into())).await;
    stage.heard(&asked).await;
    let reply = bridge_api::Outgoing {
        reply_to: Some(asked.clone()),
        ..outgoing(&group, "reply", Content::Text(RichText::plain("!")))
    };
    let id = stage.send(&reply).await.messages[0].clone();
    let shown = stage.shown(&group, &id).await;
    assert_eq!((shown.parent.as_deref(), shown.thread), (Some(asked.as_str()), None));
    stage.platform.recall("zhang", &asked).await;
    let late = bridge_api::Outgoing { key: key("late"), ..reply };
    let id = stage.send(&late).await.messages[0].clone();
    assert!(stage.shown(&group, &id).await.text.contains('!'), "an answer to what is gone is still said");
}

async fn a_topic_is_begun_and_gone_on_with(stage: &Stage) {
    let group = stage.platform.group("thread").await;
    let root = stage.platform.say("zhang", &group, Said::Text("topic".into())).await;
    let begins = ThreadId::new(root.as_str()).expect("an id");
    let in_thread = |key_text: &str, thread: ThreadId| bridge_api::Outgoing {
        thread: Some(thread),
        ..outgoing(&group, key_text, Content::Text(RichText::plain("inside")))
    };
    let first = stage.send(&in_thread("begin", begins)).await;
    let thread = first.thread.clone().expect("the platform names the topic");
    let second = stage.send(&in_thread("goes on", thread)).await;
    let one = stage.shown(&group, &first.messages[0]).await.thread;
    assert!(one.is_some());
    assert_eq!(stage.shown(&group, &second.messages[0]).await.thread, one);
}

async fn words_are_changed(stage: &Stage) {
    let group = stage.platform.group("edit").await;
    let sent = stage.send(&outgoing(&group, "edit", Content::Text(RichText::plain("wrnog")))).await;
    let edit = Edit {
        key: key("edit-1"),
        conversation: group.clone(),
        messages: sent.messages.clone(),
        speaker: Speaker { name: "Ada".into(), person: None },
        content: Content::Text(RichText::plain("right")),
    };
    let connector = stage.connector();
    let edits = connector.edits().expect("a connector that edits");
    let now = stage.insist(|| edits.edit(&edit)).await.expect("the platform takes it");
    let shown = stage.shown(&group, &now.messages[0]).await;
    assert!(shown.edited && shown.text.contains("right") && shown.text.contains("Ada"), "{shown:?}");
}

async fn words_are_taken_back_and_twice_is_once(stage: &Stage) {
    let group = stage.platform.place(Ability::Recalls, "recalled").await;
    let id = stage.say(&group, "recalled", "oops").await;
    let connector = stage.connector();
    let recalls = connector.recalls().expect("a connector that recalls");
    for _ in 0..2 {
        stage.insist(|| recalls.recall(&group, &id)).await.expect("taking back what is gone succeeds");
    }
    assert!(stage.shown(&group, &id).await.recalled);
}

async fn a_reaction_is_added_and_removed_and_twice_is_once(stage: &Stage) {
    let group = stage.platform.group("reacted").await;
    let id = stage.platform.say("zhang", &group, Said::Text("good?".into())).await;
    let ours = |reactions: Vec<(String, bool)>| -> Vec<String> {
        reactions.into_iter().filter(|(_, ours)| *ours).map(|(emoji, _)| emoji).collect()
    };
    for added in [true, true, false, false] {
        let reaction =
            Reaction { conversation: group.clone(), message: id.clone(), emoji: "👍".into(), added };
        let connector = stage.connector();
        let reactions = connector.reactions().expect("a connector that reacts");
        stage.insist(|| reactions.react(&reaction)).await.expect("repeats succeed");
        let shown = ours(stage.shown(&group, &id).await.reactions);
        assert_eq!(shown, if added { vec![stage.platform.emoji("👍")] } else { vec![] });
        // The reaction is found again by a connector that was not there when it was added.
        stage.restart().await;
    }
}

async fn a_card_is_shown_and_changed(stage: &Stage) {
    let group = stage.platform.place(Ability::Cards, "card").await;
    let sent = stage.send(&outgoing(&group, "card", Content::Card(card(2, &["同意", "拒绝"])))).await;
    let id: MessageId = sent.messages.last().expect("the card").clone();
    let shown = stage.shown(&group, &id).await;
    assert_eq!(shown.buttons, ["同意", "拒绝"]);
    assert!(shown.text.contains("请假 Leave") && shown.text.contains("two days"), "{}", shown.text);
    let connector = stage.connector();
    let cards = connector.cards().expect("a connector with cards");
    let nothing: &[&str] = &[];
    for (revision, labels, expected) in [(3, nothing, nothing), (1, &["同意"], nothing)] {
        let newer = card(revision, labels);
        stage.insist(|| cards.update(&group, &id, &newer)).await.expect("the platform takes it");
        assert_eq!(stage.shown(&group, &id).await.buttons, expected, "revision {revision}");
    }
}

async fn a_place_is_said_in_words(stage: &Stage) {
    let group = stage.platform.group("where").await;
    let content = Content::Location { name: "人民广场".into(), latitude: 31.2, longitude: 121.5 };
    let id = stage.send(&outgoing(&group, "where", content)).await.messages[0].clone();
    let text = stage.shown(&group, &id).await.text;
    assert!(text.contains("人民广场") && text.contains("31.2"), "{text}");
}

async fn a_sticker_is_said_in_words(stage: &Stage) {
    let group = stage.platform.group("stuck").await;
    let content = Content::Sticker { media: None, name: "小狗".into() };
    let id = stage.send(&outgoing(&group, "stuck", content)).await.messages[0].clone();
    assert!(stage.shown(&group, &id).await.text.contains("小狗"));
}
