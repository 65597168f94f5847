//! Messages that people pass on together, and people of other companies.

use serde_json::{Value, json};

use super::client::{APP, World, world};

impl World {
    async fn perform(&self, command: Value) -> Value {
        self.simulator.perform(command).await.unwrap()
    }

    /// One message, as the API answers it: all its items.
    async fn items(&self, message: &str) -> Vec<Value> {
        let path = format!("/open-apis/im/v1/messages/{message}");
        let (_, answer) = self.ask("GET", &path, Value::Null).await;
        answer["data"]["items"].as_array().unwrap().clone()
    }
}

#[tokio::test]
async fn what_is_passed_on_together_is_one_message_with_the_others_inside() {
    let world = world().await;
    let (first, second) = (world.speak("zhang", "lunch?").await, world.speak("li", "yes").await);
    let forward = json!({
        "do": "forward", "person": "li", "chat": world.chat, "messages": [first, second],
    });
    let id = world.perform(forward.clone()).await["message_id"].as_str().unwrap().to_owned();
    let items = world.items(&id).await;
    assert_eq!(
        (items.len(), &items[0]["message_id"], &items[0]["msg_type"]),
        (3, &json!(id), &json!("merge_forward"))
    );
    assert_eq!(items[0].get("upper_message_id"), None);
    for (item, (text, whose)) in items[1..].iter().zip([("lunch?", &first), ("yes", &second)]) {
        assert_eq!(item["upper_message_id"], id);
        assert_eq!(item["body"]["content"], json!({ "text": text }).to_string());
        assert_ne!(item["message_id"], *whose.as_str(), "it has an id of its own there");
    }
    // The chat holds the one message alone, and nothing inside of it can be fetched.
    let list = format!("/open-apis/im/v1/messages?container_id_type=chat&container_id={}", world.chat);
    let (_, listed) = world.ask("GET", &list, Value::Null).await;
    assert_eq!(listed["data"]["items"].as_array().unwrap().len(), 3);
    let inside = items[1]["message_id"].as_str().unwrap();
    let file = format!("/open-apis/im/v1/messages/{inside}/resources/key?type=file");
    assert_eq!(world.ask("GET", &file, Value::Null).await.1["code"], 234_043);
    world.perform(json!({ "do": "recall", "person": "zhang", "message": first })).await;
    assert!(world.simulator.perform(forward).await.is_err(), "what was taken back is not passed on");
}

#[tokio::test]
async fn who_is_of_another_company_is_told_apart_by_it() {
    let world = world().await;
    let mut line = world.connect().await;
    world.perform(json!({ "do": "add_person", "user_id": "guest", "name": "Guest", "outside": true })).await;
    world.perform(json!({ "do": "join", "person": "guest", "chat": world.chat })).await;
    let joined = line.hear().await;
    let own = joined["header"]["tenant_key"].clone();
    let user = &joined["event"]["users"][0];
    assert_eq!(user["name"], "Guest");
    assert_ne!(user["tenant_key"], own);
    for (person, is_own) in [("guest", false), ("li", true)] {
        let said = world.speak(person, "hello").await;
        let heard = line.hear().await;
        assert_eq!(heard["event"]["sender"]["tenant_key"] == own, is_own, "{person}");
        assert_eq!(world.items(&said).await[0]["sender"]["tenant_key"] == own, is_own, "{person}");
    }
    let path = format!("/open-apis/im/v1/chats/{}/members", world.chat);
    let (_, members) = world.ask("GET", &path, Value::Null).await;
    let items = members["data"]["items"].as_array().unwrap();
    assert_eq!(items.iter().filter(|member| member["tenant_key"] != own).count(), 1);
    let guest = crate::Simulator::open_id(APP, "guest");
    let (_, user) = world.ask("GET", &format!("/open-apis/contact/v3/users/{guest}"), Value::Null).await;
    assert_eq!(user["code"], 41_050, "no app sees their record");
}
