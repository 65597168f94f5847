//! What a robot of DingTalk is told beside the words: what they answer, and chats that somebody passed on.

use bridge_api::{Content, Message, MessageId, Outgoing, RichText};
use conformance::{Said, Stage, outgoing};
use serde_json::json;

fn words(message: &Message) -> String {
    message.parts.iter().map(Content::to_plain).collect::<Vec<_>>().join("\n")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_the_robot_never_heard_stands_above_the_words_that_answer_it_and_what_it_heard_does_not() {
    let stage = Stage::on("dingtalk", false).await;
    let group = stage.platform.group("quotes").await;
    // Nobody is addressed, so the robot does not hear it.
    let unheard = json!({
        "do": "speak", "person": "li", "chat": group.as_str(), "text": "lunch at noon?", "at": [],
    });
    let unheard = stage.platform.act(unheard).await["message_id"].as_str().unwrap().to_owned();
    let answer =
        stage.platform.answer("zhang", &MessageId::new(unheard.as_str()).unwrap(), "yes", false).await;
    let (_, message) = stage.heard(&answer).await;
    assert_eq!(words(&message), "> lunch at noon?\nyes");
    assert_eq!(message.reply_to.as_ref().map(MessageId::as_str), Some(unheard.as_str()));
    let heard = stage.platform.say("zhang", &group, Said::Text("rain today".into())).await;
    stage.heard(&heard).await;
    // What was heard is known after a restart, each way.
    stage.restart().await;
    let answer = stage.platform.answer("li", &heard, "snow", false).await;
    let (_, message) = stage.heard(&answer).await;
    assert_eq!((words(&message).as_str(), message.reply_to.as_ref()), ("snow", Some(&heard)));
    let ours = Outgoing {
        reply_to: Some(heard),
        ..outgoing(&group, "quoting", Content::Text(RichText::plain("hail")))
    };
    let sent = stage.send(&ours).await;
    let shown = stage.shown(&group, sent.messages.last().unwrap()).await;
    assert!(shown.text.contains("rain today") && shown.text.contains("hail"), "{}", shown.text);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_chat_that_somebody_passed_on_brings_its_messages() {
    let stage = Stage::on("dingtalk", false).await;
    let group = stage.platform.group("records").await;
    let records = json!([{"senderNick": "Wang", "msgType": "text", "content": "the build is green"}]);
    let content = json!({"title": "Ops", "summary": "Wang: …", "chatRecord": records.to_string()});
    let said = json!({
        "do": "say", "person": "li", "chat": group.as_str(), "kind": "chatRecord", "content": content,
        "at": [stage.platform.us()],
    });
    let said = stage.platform.act(said).await["message_id"].as_str().unwrap().to_owned();
    let (_, message) = stage.heard(&MessageId::new(said).unwrap()).await;
    assert_eq!(words(&message), "Ops\n> Wang: the build is green");
}
