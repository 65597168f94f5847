//! What people say and do on the platform arrives.

use bridge_api::{Ability, Content, Happened, Inline, Sender};

use crate::case::case;
use crate::limits::BURST;
use crate::{Case, Said, Stage};

pub(super) const CASES: &[Case] = &[
    case!(In Text words_arrive_once_in_order_and_from_whom),
    case!(In Formatting bold_words_and_links_keep_their_form),
    case!(In Mentions somebody_addressed_is_known),
    case!(In MentionEverybody everybody_addressed_is_known),
    case!(In Replies an_answer_names_what_it_answers),
    case!(In Threads an_answer_in_a_topic_names_the_topic_and_its_beginning),
    case!(In Recalls a_message_taken_back_is_told),
    case!(In Reactions a_reaction_comes_and_goes),
    case!(In Stickers a_sticker_is_named),
    case!(In Locations a_place_has_its_coordinates),
    case!(In Text what_nobody_knows_is_never_dropped_in_silence),
    case!(In Cards a_pressed_button_tells_who_and_what),
];

/// The inlines of a text, one after the other.
fn inlines(content: &Content) -> Vec<Inline> {
    let Content::Text(text) = content else { return Vec::new() };
    let mut found = Vec::new();
    for block in &text.blocks {
        if let bridge_api::Block::Paragraph(inlines) = block {
            found.extend(inlines.clone());
        }
    }
    found
}

async fn words_arrive_once_in_order_and_from_whom(stage: &Stage) {
    let group = stage.platform.group("words").await;
    let mut ids = Vec::new();
    for number in 0..BURST {
        let person = if number % 2 == 0 { "zhang" } else { "li" };
        let text = format!("第 {number} 句 <b>&amp; \"quoted\"");
        ids.push(stage.platform.say(person, &group, Said::Text(text)).await);
    }
    for (number, id) in ids.iter().enumerate() {
        let (arrival, message) = stage.heard(id).await;
        assert_eq!(arrival.conversation.as_ref(), Some(&group));
        assert!(arrival.at_ms > 0);
        let person = stage.platform.person(if number % 2 == 0 { "zhang" } else { "li" });
        assert!(matches!(&message.from, Sender::Person { id, .. } if *id == person), "{:?}", message.from);
        assert_eq!(message.parts.len(), 1);
        assert_eq!(message.parts[0].to_plain(), format!("第 {number} 句 <b>&amp; \"quoted\""));
    }
    let heard: Vec<_> = stage.inbox.messages().into_iter().map(|message| message.id).collect();
    assert_eq!(heard, ids);
}

async fn bold_words_and_links_keep_their_form(stage: &Stage) {
    let group = stage.platform.group("form").await;
    let said = Said::Formatted { bold: "wichtig".into(), label: "here".into() };
    let id = stage.platform.say("zhang", &group, said).await;
    let (_, message) = stage.heard(&id).await;
    let inlines = inlines(&message.parts[0]);
    let bold = |inline: &Inline| matches!(inline, Inline::Text { text, style } if text.contains("wichtig") && style.bold);
    assert!(inlines.iter().any(bold), "{inlines:?}");
    let link = |inline: &Inline| matches!(inline, Inline::Link { address, label } if address == "https://example.org/" && label == "here");
    assert!(inlines.iter().any(link), "{inlines:?}");
}

async fn somebody_addressed_is_known(stage: &Stage) {
    let group = stage.platform.group("mention").await;
    let said = Said::Mention { before: "ask ".into(), who: "li".into(), after: " please".into() };
    let id = stage.platform.say("zhang", &group, said).await;
    let (_, message) = stage.heard(&id).await;
    let li = stage.platform.person("li");
    let mentioned =
        |inline: &Inline| matches!(inline, Inline::Mention { person: Some(person), .. } if *person == li);
    assert!(inlines(&message.parts[0]).iter().any(mentioned), "{:?}", message.parts);
    assert!(message.parts[0].to_plain().starts_with("ask "), "{:?}", message.parts);
}

async fn everybody_addressed_is_known(stage: &Stage) {
    let group = stage.platform.group("everybody").await;
    let id = stage.platform.say("zhang", &group, Said::Everybody("lunch ".into())).await;
    let (_, message) = stage.heard(&id).await;
    assert!(inlines(&message.parts[0]).contains(&Inline::Everybody), "{:?}", message.parts);
}

async fn an_answer_names_what_it_answers(stage: &Stage) {
    let group = stage.platform.group("answer").await;
    let first = stage.platform.say("zhang", &group, Said::Text("question".into())).await;
    let second = stage.platform.answer("li", &first, "reply", false).await;
    let (_, message) = stage.heard(&second).await;
    assert_eq!(message.reply_to, Some(first));
    assert_eq!(message.thread, None);
}

async fn an_answer_in_a_topic_names_the_topic_and_its_beginning(stage: &Stage) {
    let group = stage.platform.group("topic").await;
    let first = stage.platform.say("zhang", &group, Said::Text("beginning".into())).await;
    let second = stage.platform.answer("li", &first, "inside", true).await;
    let third = stage.platform.answer("zhang", &second, "inside as well", true).await;
    let (_, one) = stage.heard(&second).await;
    let (_, other) = stage.heard(&third).await;
    let (thread, root) = one.thread.clone().expect("a topic");
    assert_eq!(root, Some(first));
    assert_eq!(other.thread.map(|(thread, _)| thread), Some(thread));
}

async fn a_message_taken_back_is_told(stage: &Stage) {
    let group = stage.platform.group("recall").await;
    let id = if stage.platform.tells_of_recalled_words_of_people() {
        let id = stage.platform.say("zhang", &group, Said::Text("oops".into())).await;
        stage.heard(&id).await;
        id
    } else {
        stage.say(&group, "oops", "oops").await
    };
    stage.platform.recall("zhang", &id).await;
    let told = |arrival: &bridge_api::Arrival| match &arrival.what {
        Happened::Recalled { message, .. } if *message == id => Some(()),
        _ => None,
    };
    stage.inbox.hear("the recall", told).await;
}

async fn a_reaction_comes_and_goes(stage: &Stage) {
    let group = stage.platform.group("reaction").await;
    let id = stage.platform.say("zhang", &group, Said::Text("good?".into())).await;
    stage.platform.react("li", &id, "👍", true).await;
    stage.platform.react("li", &id, "👍", false).await;
    let li = stage.platform.person("li");
    for wanted in [true, false] {
        let told = |arrival: &bridge_api::Arrival| match &arrival.what {
            Happened::Reacted { message, from: Sender::Person { id: person, .. }, emoji, added }
                if *message == id && *person == li && *added == wanted =>
            {
                Some(emoji.clone())
            }
            _ => None,
        };
        assert_eq!(stage.inbox.hear("the reaction", told).await, "👍");
    }
}

async fn a_sticker_is_named(stage: &Stage) {
    let group = stage.platform.group("sticker").await;
    let id = stage.platform.say("zhang", &group, Said::Sticker).await;
    let (_, message) = stage.heard(&id).await;
    assert!(matches!(&message.parts[0], Content::Sticker { .. }), "{:?}", message.parts);
}

async fn a_place_has_its_coordinates(stage: &Stage) {
    let group = stage.platform.group("place").await;
    let id = stage.platform.say("zhang", &group, Said::Location("人民广场".into())).await;
    let (_, message) = stage.heard(&id).await;
    let Content::Location { name, latitude, longitude } = &message.parts[0] else {
        panic!("{:?}", message.parts)
    };
    assert_eq!(name, "人民广场");
    assert!((latitude - 31.2).abs() < 0.01 && (longitude - 121.5).abs() < 0.01, "{latitude} {longitude}");
}

async fn what_nobody_knows_is_never_dropped_in_silence(stage: &Stage) {
    let group = stage.platform.group("unknown").await;
    let id = stage.platform.say("zhang", &group, Said::Unknown).await;
    let (_, message) = stage.heard(&id).await;
    assert!(
        matches!(&message.parts[0], Content::Unsupported { kind, .. } if !kind.is_empty()),
        "{:?}",
        message.parts
    );
}

pub(crate) async fn a_pressed_button_tells_who_and_what(stage: &Stage) {
    let group = stage.platform.place(Ability::Cards, "press").await;
    let shown = Content::Card(super::card(1, &["同意", "拒绝"]));
    let sent = stage.send(&crate::stage::outgoing(&group, "card", shown)).await;
    let card = sent.messages.last().expect("the card").clone();
    assert!(stage.platform.press("li", &card, "拒绝").await);
    let told = |arrival: &bridge_api::Arrival| match &arrival.what {
        Happened::Pressed(pressed) => Some(pressed.clone()),
        _ => None,
    };
    let pressed = stage.inbox.hear("the press", told).await;
    assert_eq!((pressed.message, pressed.by), (card, stage.platform.person("li")));
    assert_eq!(pressed.action, "button-1");
    assert_eq!(pressed.values.get("request").map(String::as_str), Some("r-1"));
    assert_eq!(pressed.proof.len(), 64);
}
