//! What people of Feishu pass on, and what people of other companies say in our groups.

use bridge_api::{MessageId, Sender};
use conformance::{Said, Stage};
use serde_json::json;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn messages_that_are_passed_on_together_arrive_as_one_with_who_said_what() {
    for callbacks in [false, true] {
        let stage = Stage::on("feishu", callbacks).await;
        let (from, to) = (stage.platform.group("from").await, stage.platform.group("to").await);
        let first = stage.platform.say("zhang", &from, Said::Text("lunch?".into())).await;
        let second = stage.platform.say("li", &from, Said::Text("yes".into())).await;
        stage.heard(&second).await;
        let forward = json!({
            "do": "forward", "person": "li", "chat": to.as_str(), "messages": [first.as_str(), second.as_str()],
        });
        let made = stage.platform.act(forward).await;
        let id = MessageId::new(made["message_id"].as_str().unwrap()).unwrap();
        let (arrival, message) = stage.heard(&id).await;
        assert_eq!(arrival.conversation, Some(to));
        let words: Vec<String> = message.parts.iter().map(|part| part.to_plain()).collect();
        let words = words.join("\n");
        for line in ["张三: lunch?", "Li Si: yes"] {
            assert!(words.contains(line), "{words}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_speaks_for_another_company_is_told_apart() {
    let stage = Stage::on("feishu", false).await;
    let group = stage.platform.group("guests").await;
    let guest = json!({ "do": "add_person", "user_id": "guest", "name": "Guest", "outside": true });
    stage.platform.act(guest).await;
    stage.platform.join("guest", &group).await;
    for (person, is_outside) in [("guest", true), ("li", false)] {
        let said = stage.platform.say(person, &group, Said::Text("hello".into())).await;
        let (_, message) = stage.heard(&said).await;
        let Sender::Person { external, .. } = message.from else { panic!("{:?}", message.from) };
        assert_eq!(external == Some(true), is_outside, "{person}");
    }
}
