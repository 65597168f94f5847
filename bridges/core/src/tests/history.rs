//! What history tells after a connection: edits too, of which no event tells.

use std::time::Duration;

use bridge_api::{Content, Happened, Line, MessageId, RichText, Sender};

use super::{Stage, person};

#[tokio::test]
async fn an_edit_of_an_hour_ago_is_seen_at_the_next_connection_although_others_spoke_since() {
    let mut stage = Stage::new().await;
    stage.speaks("om_a", "first").await;
    stage.until("it is here", |stage| stage.heard().len() == 1).await;
    stage.passes(Duration::from_secs(60)).await;
    let edited = Happened::Edited {
        message: MessageId::new("om_a").expect("valid"),
        from: Sender::Person { id: person("li"), name: Some("Li".to_owned()), external: None },
        parts: vec![Content::Text(RichText::plain("first, corrected"))],
    };
    let edited = stage.arrival(edited);
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
