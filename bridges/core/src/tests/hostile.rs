//! Platforms that bring what no room takes or more than anybody may bring, and that answer nonsense: it is cut or told of, and what
//! comes behind it arrives.

use std::time::Duration;

use bridge_api::{
    Arrival, Block, Content, File, FileKind, Happened, Inline, MediaId, MessageId, Network, RichText, Sender,
    Style, limits::PARTS_MAX,
};
use kit::{CallError, double::Fault};
use serde_json::{Value, json};

use super::{Stage, person};
use crate::limits::SENSELESS_MAX;

const MINUTE: Duration = Duration::from_secs(60);
const SENSELESS: &str = "What the platform answers to this makes no sense";

#[tokio::test]
async fn what_a_room_does_not_take_is_told_with_its_trace_and_holds_up_nothing_behind_it() {
    let mut stage = Stage::new().await;
    stage.speaks("om_a", "before it").await;
    stage.until("it is heard", |stage| stage.heard().len() == 1).await;
    stage.passes(Duration::from_secs(5)).await;
    let (code, message) = ("M_TOO_LARGE".to_owned(), "too large".to_owned());
    stage.homeserver.faults([Fault::Lost(CallError::Refused { status: 413, code, message })]);
    let what = stage.said_there("om_b", vec![Content::Text(RichText::plain("too much"))]);
    let arrival = Arrival { trace: Some("log-7".to_owned()), ..stage.arrival(what) };
    stage.bridges.inbox(Network::Feishu).take(vec![arrival]).await.expect("it is taken");
    stage.speaks("om_c", "behind it").await;
    stage.until("what is behind it is heard", |stage| stage.heard().len() == 2).await;
    assert_eq!(stage.heard()[1]["content"]["body"], "behind it");
    stage.until("the room is told", |stage| stage.is_told("cannot be shown (log-7)")).await;
}

#[tokio::test]
async fn what_is_beyond_its_bounds_is_cut_and_not_asked_for_again() {
    let mut stage = Stage::new().await;
    let many = vec![Content::Text(RichText::plain("word")); PARTS_MAX + 10];
    let what = stage.said_there("om_a", many);
    let arrival = Arrival { trace: Some("log ".repeat(10_000)), ..stage.arrival(what) };
    stage.bridges.inbox(Network::Feishu).take(vec![arrival]).await.expect("it is taken");
    stage.speaks("om_b", "behind it").await;
    stage.until("all is heard", |stage| stage.heard().len() == PARTS_MAX + 1).await;
    assert_eq!(stage.heard()[PARTS_MAX]["content"]["body"], "behind it");
}

#[tokio::test]
async fn one_message_that_a_platform_answers_nonsense_to_is_given_up_and_those_behind_it_arrive() {
    let mut stage = Stage::new().await;
    *stage.platform.garbles.lock() = Some("poison".to_owned());
    let other = stage.room_with_bot().await;
    stage.binds("oc_2", &other).await;
    stage.says("poison").await;
    stage.says("behind it").await;
    stage.passes(Duration::from_secs(1)).await;
    let elsewhere = json!({ "msgtype": "m.text", "body": "elsewhere" });
    stage.sends_to(&other, "m.room.message", elsewhere).await;
    stage.until("others are served", |stage| stage.platform.words() == ["elsewhere"]).await;
    stage.passes(SENSELESS_MAX - MINUTE).await;
    assert_eq!(stage.platform.words(), ["elsewhere"], "it may be done with the next try");
    assert!(!stage.is_told(SENSELESS));
    stage.passes(2 * MINUTE).await;
    stage
        .until("what is behind it is there", |stage| stage.platform.words() == ["elsewhere", "behind it"])
        .await;
    stage.until("people are told", |stage| stage.is_told(SENSELESS)).await;
    assert_eq!(stage.told(SENSELESS), 1);
}

#[tokio::test]
async fn while_a_platform_answers_nonsense_alone_everything_waits() {
    let mut stage = Stage::new().await;
    *stage.platform.garbles.lock() = Some("o".to_owned());
    stage.says("one").await;
    stage.says("two").await;
    stage.passes(3 * SENSELESS_MAX).await;
    assert!(stage.platform.words().is_empty() && !stage.is_told(SENSELESS));
    *stage.platform.garbles.lock() = None;
    stage.until("both arrive", |stage| stage.platform.words() == ["one", "two"]).await;
}

#[tokio::test]
async fn a_file_that_a_platform_gives_out_as_nonsense_is_told_of_and_holds_up_nothing() {
    let mut stage = Stage::new().await;
    *stage.platform.garbles.lock() = Some("poison".to_owned());
    let file = File::new(FileKind::File, "poison.pdf", MediaId::new("m1").expect("valid"));
    let what = stage.said_there("om_a", vec![Content::File(file)]);
    let arrival = Arrival { trace: Some("log-8".to_owned()), ..stage.arrival(what) };
    stage.bridges.inbox(Network::Feishu).take(vec![arrival]).await.expect("it is taken");
    stage.speaks("om_b", "behind it").await;
    stage.passes(SENSELESS_MAX + MINUTE).await;
    stage.until("what is behind it is heard", |stage| stage.heard().len() == 1).await;
    stage.until("the room is told", |stage| stage.is_told("cannot be shown (log-8)")).await;
}

#[tokio::test]
async fn words_that_grow_as_html_come_without_it_and_so_do_their_edits() {
    let mut stage = Stage::new().await;
    let code = Block::Code { language: None, text: "<".repeat(20_000) };
    let what = stage.said_there("om_a", vec![Content::Text(RichText { blocks: vec![code] })]);
    stage.happens(what).await;
    stage.until("it is heard", |stage| stage.heard().len() == 1).await;
    let bold = Inline::Text { text: "字".repeat(7_000), style: Style { bold: true, ..Style::default() } };
    stage
        .happens(Happened::Edited {
            message: MessageId::new("om_a").expect("valid"),
            from: Sender::Person { id: person("li"), name: None, external: None },
            parts: vec![Content::Text(RichText { blocks: vec![Block::Paragraph(vec![bold])] })],
        })
        .await;
    stage.until("the edit is heard", |stage| stage.heard().len() == 2).await;
    let [first, edit]: [Value; 2] = stage.heard().try_into().expect("two events");
    let body = |content: &Value| content["body"].as_str().unwrap_or_default().to_owned();
    assert_eq!(body(&first["content"]).matches('<').count(), 20_000);
    assert!(first["content"].get("formatted_body").is_none());
    assert_eq!(body(&edit["content"]["m.new_content"]).chars().filter(|c| *c == '字').count(), 7_000);
    for event in [&first, &edit] {
        assert!(event.to_string().len() < 60_000, "an event has 64 KiB: {}", event.to_string().len());
    }
}
