//! WeCom lets its bot speak only where somebody addressed it, and forgets after a while that somebody did.

use bridge_api::{Content, ConversationId, FailureKind, Outgoing, RichText};
use conformance::{Said, Stage, outgoing};
use serde_json::json;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_may_not_be_said_before_somebody_addresses_the_bot_is_said_then_and_once() {
    let stage = Stage::on("wecom", false).await;
    let silent = json!({
        "do": "add_chat", "name": "silent", "owner": "zhang", "people": ["zhang", "li"], "bots": [stage.platform.us()],
    });
    let chat = stage.platform.act(silent).await["chat_id"].as_str().unwrap().to_owned();
    let group = ConversationId::new(format!("group:{chat}")).unwrap();
    let morning = outgoing(&group, "morning", Content::Text(RichText::plain("good morning")));
    for _ in 0..2 {
        let failure = stage.connector().send(&morning).await.unwrap_err();
        let FailureKind::Silenced(words) = failure.kind else { panic!("{failure}") };
        assert!(words.en.contains("mention the bot") && words.zh.contains('@'), "{words:?}");
    }
    let said = stage.platform.say("li", &group, Said::Text("anybody there?".into())).await;
    stage.heard(&said).await;
    stage.send(&morning).await;
    // A repeat says nothing a second time.
    stage.send(&morning).await;
    let ours: Vec<_> = stage.platform.shows(&group).await.into_iter().filter(|shown| shown.ours).collect();
    assert_eq!(ours.len(), 1, "{ours:?}");
    assert!(ours[0].text.contains("good morning"), "{ours:?}");
    // How the words of others began is known after a restart.
    stage.restart().await;
    let yes = Content::Text(RichText::plain("yes"));
    let answer = Outgoing { reply_to: Some(said), ..outgoing(&group, "answer", yes) };
    let sent = stage.send(&answer).await;
    let shown = stage.shown(&group, sent.messages.last().unwrap()).await;
    assert!(shown.text.contains("anybody there?") && shown.text.contains("yes"), "{}", shown.text);
}
