//! What apps are told of groups, people and departments that change.

use serde_json::{Value, json};

use super::client::world;
use super::office::open_id;
use crate::Command;

#[tokio::test]
async fn other_words_and_another_picture_of_a_group_are_told_with_what_was_before() {
    let world = world().await;
    let mut line = world.connect().await;
    let describe = |description: &str, avatar: Option<&str>| Command::Describe {
        person: "zhang".into(),
        chat: world.chat.clone(),
        description: Some(description.into()),
        avatar: avatar.map(str::to_owned),
    };
    world.simulator.act(describe("orders", None)).await.unwrap();
    let told = line.hear().await["event"].clone();
    assert_eq!(told["before_change"], json!({ "description": "" }));
    assert_eq!(told["after_change"], json!({ "description": "orders" }));
    world.simulator.act(describe("orders", Some("img_v3_b"))).await.unwrap();
    let told = line.hear().await;
    assert_eq!(told["header"]["event_type"], "im.chat.updated_v1");
    assert_eq!(told["event"]["after_change"], json!({ "avatar": "img_v3_b" }), "the words are as before");
    let path = format!("/open-apis/im/v1/chats/{}", world.chat);
    let (_, chat) = world.ask("GET", &path, Value::Null).await;
    assert!(chat["data"]["avatar"].as_str().unwrap().contains("img_v3_b"));
    assert_eq!(chat["data"]["description"], "orders");
}

#[tokio::test]
async fn who_leaves_the_company_is_told_with_where_they_were() {
    let world = world().await;
    let mut line = world.connect().await;
    let gone = Command::ChangePerson {
        user_id: "li".into(),
        name: None,
        resigned: Some(true),
        unavailable: None,
        stopped_bots: None,
    };
    world.simulator.act(gone).await.unwrap();
    let told = line.hear().await;
    assert_eq!(told["header"]["event_type"], "contact.user.deleted_v3");
    assert_eq!(told["event"]["old_object"], json!({ "department_ids": [], "open_id": open_id("li") }));
    assert_eq!(told["event"]["object"]["department_ids"], json!([]), "documented as not filled");
}

#[tokio::test]
async fn departments_come_change_and_go() {
    let world = world().await;
    let mut line = world.connect().await;
    let (id, name) = ("north".to_owned(), "North".to_owned());
    let remove = Command::RemoveDepartment { department_id: id.clone() };
    let changes = [
        (Command::AddDepartment { department_id: id.clone(), name, parent: "0".into() }, "created", "North"),
        (Command::ChangeDepartment { department_id: id, name: "Far north".into() }, "updated", "Far north"),
        (remove.clone(), "deleted", "Far north"),
    ];
    for (command, what, name) in changes {
        world.simulator.act(command).await.unwrap();
        let told = line.hear().await;
        assert_eq!(told["header"]["event_type"], format!("contact.department.{what}_v3"));
        assert_eq!(told["event"]["object"]["name"], name);
    }
    assert!(world.simulator.act(remove).await.is_err());
}
