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
        job_title: None,
        department: None,
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

#[tokio::test]
async fn who_is_new_is_told_whole_and_who_changed_with_what_was_before() {
    let world = world().await;
    let mut line = world.connect().await;
    for (id, name) in [("north", "North"), ("south", "South")] {
        let (department_id, name, parent) = (id.to_owned(), name.to_owned(), "0".to_owned());
        world.simulator.act(Command::AddDepartment { department_id, name, parent }).await.unwrap();
        line.hear().await;
    }
    let wang = Command::AddPerson {
        user_id: "wang".into(),
        name: "Wang".into(),
        email: "wang@corp.example".into(),
        department: Some("north".into()),
        outside: false,
    };
    world.simulator.act(wang).await.unwrap();
    let told = line.hear().await;
    assert_eq!(told["header"]["event_type"], "contact.user.created_v3");
    let object = &told["event"]["object"];
    assert_eq!((&object["open_id"], &object["name"]), (&json!(open_id("wang")), &json!("Wang")));
    assert_eq!(told["event"].get("old_object"), None);
    let changes = [
        (json!({ "name": "Wang Wu" }), json!({ "name": "Wang" })),
        (json!({ "job_title": "Head" }), json!({ "job_title": "" })),
        (json!({ "department": "south" }), json!({ "department_ids": [department("north")] })),
    ];
    for (change, before) in changes {
        let mut command = json!({ "do": "change_person", "user_id": "wang" });
        command.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        world.simulator.perform(command).await.unwrap();
        let told = line.hear().await;
        assert_eq!(told["header"]["event_type"], "contact.user.updated_v3");
        assert_eq!(told["event"]["old_object"], before);
        assert_eq!(told["event"]["object"]["department_ids"], json!([]), "documented as not filled");
    }
    let path = format!("/open-apis/contact/v3/users/{}", open_id("wang"));
    let user = world.ask("GET", &path, Value::Null).await.1["data"]["user"].clone();
    assert_eq!((&user["name"], &user["department_ids"]), (&json!("Wang Wu"), &json!([department("south")])));
}

fn department(id: &str) -> String {
    crate::state::people::open_department_id(id)
}
