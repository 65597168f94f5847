//! Messages that an app passes on.

use serde_json::{Value, json};

use super::client::{World, world};
use crate::{Command, Order};

const MESSAGES: &str = "/open-apis/im/v1/messages";

async fn pass(world: &World, path: &str, query: &str, mut body: Value) -> Value {
    if body.get("receive_id").is_none() {
        body["receive_id"] = world.chat.clone().into();
    }
    world.ask("POST", &format!("{MESSAGES}/{path}?receive_id_type={query}"), body).await.1
}

#[tokio::test]
async fn a_message_is_passed_on_once_for_a_uuid_and_into_a_topic() {
    let world = world().await;
    let said = world.speak("zhang", "lunch?").await;
    let one = format!("{said}/forward");
    let first = pass(&world, &one, "chat_id&uuid=u1", json!({})).await;
    assert_eq!(first["code"], 0, "{first}");
    let again = pass(&world, &one, "chat_id&uuid=u1", json!({})).await;
    assert_eq!(again["data"]["message_id"], first["data"]["message_id"]);
    assert_eq!(world.shown().await.len(), 2);
    world.simulator.order(Order::Skip { ms: 61 * 60_000 }).unwrap();
    let later = pass(&world, &one, "chat_id&uuid=u1", json!({})).await;
    assert_ne!(later["data"]["message_id"], first["data"]["message_id"], "an hour is over");
    assert_eq!(
        pass(&world, &one, &format!("chat_id&uuid={}", "u".repeat(51)), json!({})).await["code"],
        230_001
    );
    let answer = Command::Speak {
        person: "li".into(),
        chat: world.chat.clone(),
        text: "in a topic".into(),
        reply_to: Some(said.clone()),
        in_thread: true,
    };
    world.simulator.act(answer).await.unwrap();
    let (_, found) = world.ask("GET", &format!("{MESSAGES}/{said}"), Value::Null).await;
    let topic = found["data"]["items"][0]["thread_id"].clone();
    let inside = pass(&world, &one, "thread_id", json!({ "receive_id": topic })).await;
    assert_eq!((&inside["data"]["thread_id"], &inside["data"]["root_id"]), (&topic, &json!(said)));
    assert_eq!(pass(&world, &one, "thread_id", json!({ "receive_id": "omt_none" })).await["code"], 230_019);
}

#[tokio::test]
async fn several_go_as_one_and_what_cannot_is_named() {
    let world = world().await;
    let (first, second) = (world.speak("zhang", "lunch?").await, world.speak("li", "yes").await);
    let recalled = world.speak("li", "no").await;
    let recall = Command::Recall { person: "li".into(), message: recalled.clone() };
    world.simulator.act(recall).await.unwrap();
    let list = |ids: &[&str]| json!({ "message_id_list": ids });
    let both = list(&[&first, &second, &recalled]);
    let made = pass(&world, "merge_forward", "chat_id&uuid=m1", both.clone()).await["data"].clone();
    assert_eq!(made["invalid_message_id_list"], json!([recalled]));
    let id = made["message"]["message_id"].as_str().unwrap();
    let again = pass(&world, "merge_forward", "chat_id&uuid=m1", both).await;
    assert_eq!(again["data"]["message"]["message_id"], id);
    let (_, found) = world.ask("GET", &format!("{MESSAGES}/{id}"), Value::Null).await;
    let items = found["data"]["items"].as_array().unwrap();
    assert_eq!((items.len(), &items[1]["upper_message_id"]), (3, &json!(id)));
    let child = format!("{}/forward", items[1]["message_id"].as_str().unwrap());
    assert_eq!(pass(&world, &child, "chat_id", json!({})).await["code"], 230_054, "it stands inside alone");
    let refused =
        [(list(&[]), 230_001), (list(&[&recalled]), 230_054), (list(&vec![first.as_str(); 101]), 230_001)];
    for (body, code) in refused {
        assert_eq!(pass(&world, "merge_forward", "chat_id", body).await["code"], code);
    }
    assert_eq!(pass(&world, &format!("{recalled}/forward"), "chat_id", json!({})).await["code"], 230_011);
}
