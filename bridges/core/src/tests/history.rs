//! What history tells after a connection: edits too, of which no event tells.

use std::time::Duration;

use bridge_api::{Content, Failure, Happened, Line, MessageId, Network, RichText, Sender};
use serde_json::Value;

use super::{Script, Stage, person};
use crate::BridgePorts;

/// How often the platform's last words are read again.
const AGAIN: Duration = Duration::from_secs(600);

fn edited(id: &str, words: &str) -> Happened {
    Happened::Edited {
        message: MessageId::new(id).expect("valid"),
        from: Sender::Person { id: person("li"), name: Some("Li".to_owned()), external: None },
        parts: vec![Content::Text(RichText::plain(words))],
    }
}

#[tokio::test]
async fn an_edit_of_an_hour_ago_is_seen_at_the_next_connection_although_others_spoke_since() {
    let mut stage = Stage::new().await;
    stage.speaks("om_a", "first").await;
    stage.until("it is here", |stage| stage.heard().len() == 1).await;
    stage.passes(Duration::from_secs(60)).await;
    let edited = stage.arrival(edited("om_a", "first, corrected"));
    stage.platform.history.lock().push(edited);
    stage.passes(Duration::from_secs(600)).await;
    stage.speaks("om_b", "second").await;
    stage.until("it is here", |stage| stage.heard().len() == 2).await;
    stage.is_cut();
    stage.passes(Duration::from_secs(1)).await;
    stage.line(Line::Up);
    stage.until("the edit is here", |stage| stage.heard().len() == 3).await;
    assert_eq!(stage.heard()[2]["content"]["m.new_content"]["body"], "first, corrected");

    let asked = stage.now_ms();
    stage.passes(Duration::from_secs(300)).await;
    stage.is_cut();
    stage.passes(Duration::from_secs(1)).await;
    stage.line(Line::Up);
    stage.passes(Duration::from_secs(5)).await;
    let since = stage.platform.asked_since.lock().last().copied().expect("asked");
    assert!(since + 200_000 > asked, "what was read is not read again: {since}, {asked}");
    assert_eq!(stage.heard().len(), 3);
}

#[tokio::test]
async fn what_comes_live_after_a_reconnection_stands_behind_what_was_said_before_it() {
    let mut stage = Stage::new().await;
    stage.speaks("om_a", "first").await;
    stage.until("it is here", |stage| stage.heard().len() == 1).await;
    stage.is_cut();
    let mut missed = Vec::new();
    for words in ["second", "third"] {
        stage.passes(Duration::from_secs(1)).await;
        let said = stage.said_there(&format!("om_{words}"), vec![Content::Text(RichText::plain(words))]);
        missed.push(stage.arrival(said));
    }
    stage.platform.history.lock().extend(missed.clone());
    stage.passes(Duration::from_secs(1)).await;
    stage.line(Line::Up);
    // The newest is told before anybody can have read the history, and a missed one comes again beside it.
    stage.speaks("om_d", "fourth").await;
    stage.bridges.inbox(Network::Feishu).take(vec![missed.remove(0)]).await.expect("it is taken");
    stage.until("all of it is here", |stage| stage.heard().len() == 4).await;
    stage.passes(Duration::from_secs(20)).await;
    let heard = stage.heard();
    let words: Vec<_> = heard.iter().filter_map(|event| event["content"]["body"].as_str()).collect();
    assert_eq!(words, ["first", "second", "third", "fourth"]);
}

#[tokio::test]
async fn an_edit_and_a_recall_that_no_event_told_are_seen_without_a_new_connection() {
    let platform = Script::new();
    *platform.again_every.lock() = Some(AGAIN);
    let mut stage = Stage::with(platform, BridgePorts::default()).await;
    for id in ["om_a", "om_b"] {
        stage.speaks(id, id).await;
    }
    stage.until("they are here", |stage| stage.heard().len() == 2).await;
    stage.passes(AGAIN).await;
    let changed = stage.arrival(edited("om_a", "corrected"));
    let recalled = Happened::Recalled { message: MessageId::new("om_b").expect("valid"), by: None };
    let recalled = stage.arrival(recalled);
    stage.platform.history.lock().extend([changed, recalled]);
    stage.platform.asked_since.lock().clear();
    // The platform is sick meanwhile: what was not read is read as soon as it is well.
    stage.platform.fail(Some(Failure::later("502")));
    stage.passes(AGAIN).await;
    assert_eq!(stage.heard().len(), 2);
    stage.platform.fail(None);
    let is_changed = |event: &Value| event["content"]["m.new_content"]["body"] == "corrected";
    stage.until("the edit is here", |stage| stage.heard().iter().any(is_changed)).await;
    let is_gone = |event: &Value| event["unsigned"]["redacted_because"].is_object();
    stage.until("what was taken back is gone", |stage| stage.heard().iter().any(is_gone)).await;
    // The longer nobody speaks, the less is read, and nothing comes twice.
    stage.passes(Duration::from_secs(2 * 3600)).await;
    let asked = stage.platform.asked_since.lock().len();
    assert!((2..8).contains(&asked), "{asked} times in two hours");
    assert_eq!(stage.heard().len(), 3);
}
