//! What an app sees of groups and contacts after it changed while nobody listened.

use serde_json::{Value, json};

use super::client::{APP, World, world};
use super::office::open_id;
use crate::Command;

const CHATS: &str = "/open-apis/im/v1/chats";
const CONTACT: &str = "/open-apis/contact/v3";

async fn listed(world: &World) -> Vec<Value> {
    world.ask("GET", CHATS, Value::Null).await.1["data"]["items"].as_array().unwrap().clone()
}

async fn group(world: &World) -> Value {
    world.ask("GET", &format!("{CHATS}/{}", world.chat), Value::Null).await.1["data"].clone()
}

async fn dissolve(world: &World, keeps_history: bool) {
    let command = Command::Dissolve { person: "zhang".into(), chat: world.chat.clone(), keeps_history };
    world.simulator.act(command).await.unwrap();
}

#[tokio::test]
async fn a_group_that_is_dissolved_says_so_and_is_listed_while_its_history_is_kept() {
    let world = world().await;
    assert_eq!(listed(&world).await[0]["chat_status"], "normal");
    dissolve(&world, true).await;
    assert_eq!(listed(&world).await[0]["chat_status"], "dissolved_save");
    assert_eq!(group(&world).await["chat_status"], "dissolved_save");
    assert_eq!(world.send("too late", "uuid-1").await.1["code"], 232_009);
}

#[tokio::test]
async fn a_group_that_is_dissolved_with_all_in_it_is_listed_no_more() {
    let world = world().await;
    dissolve(&world, false).await;
    assert!(listed(&world).await.is_empty());
    assert_eq!(group(&world).await["chat_status"], "dissolved");
}

#[tokio::test]
async fn a_bot_that_was_removed_sees_its_group_from_outside_alone() {
    let world = world().await;
    let (person, chat, app) = ("zhang".into(), world.chat.clone(), APP.into());
    world.simulator.act(Command::RemoveBot { person, chat, app }).await.unwrap();
    assert!(listed(&world).await.is_empty());
    let group = group(&world).await;
    assert_eq!((&group["name"], &group["chat_status"]), (&json!("Sales"), &json!("normal")));
    assert_eq!((&group["chat_mode"], &group["description"]), (&Value::Null, &Value::Null));
    let members = format!("{CHATS}/{}/members", world.chat);
    let (_, inside) = world.ask("GET", &format!("{members}/is_in_chat"), Value::Null).await;
    assert_eq!(inside["data"]["is_in_chat"], false);
    assert_eq!(world.ask("GET", &members, Value::Null).await.1["code"], 232_011);
}

/// Grants the app these departments and people and no others.
fn grant(departments: &[&str], people: &[&str]) -> Command {
    let owned = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
    Command::ChangeContactScope {
        app: APP.into(),
        everybody: false,
        departments: owned(departments),
        people: owned(people),
    }
}

#[tokio::test]
async fn an_app_is_told_what_it_may_see_no_more_and_sees_it_no_more() {
    let world = world().await;
    let mut line = world.connect().await;
    world.simulator.act(grant(&[], &["li"])).await.unwrap();
    let told = line.hear().await;
    assert_eq!(told["header"]["event_type"], "contact.scope.updated_v3");
    assert_eq!(told["event"]["removed"]["users"][0]["open_id"], open_id("zhang"));
    assert_eq!(told["event"]["added"], json!({ "departments": [], "users": [], "user_groups": [] }));
    let code = async |path: &str| world.ask("GET", path, Value::Null).await.1["code"].clone();
    assert_eq!(code(&format!("{CONTACT}/users/{}", open_id("zhang"))).await, 41_050);
    assert_eq!(code(&format!("{CONTACT}/users/{}", open_id("li"))).await, 0);
    assert_eq!(code(&format!("{CONTACT}/users/find_by_department?department_id=0")).await, 40_004);
    assert_eq!(code(&format!("{CONTACT}/departments/0/children")).await, 40_004);
    let (_, scopes) = world.ask("GET", &format!("{CONTACT}/scopes"), Value::Null).await;
    assert_eq!(scopes["data"]["user_ids"], json!([open_id("li")]));
    assert!(world.simulator.act(grant(&["nowhere"], &[])).await.is_err());
    let all = Command::ChangeContactScope {
        app: APP.into(),
        everybody: true,
        departments: Vec::new(),
        people: Vec::new(),
    };
    world.simulator.act(all).await.unwrap();
    assert_eq!(line.hear().await["event"]["added"]["users"][0]["open_id"], open_id("zhang"));
    assert_eq!(code(&format!("{CONTACT}/users/{}", open_id("zhang"))).await, 0);
}

#[tokio::test]
async fn a_department_brings_those_below_it_and_another_is_refused() {
    let world = world().await;
    for (id, parent) in [("north", "0"), ("far_north", "north"), ("south", "0")] {
        let (department_id, name, parent) = (id.to_owned(), id.to_owned(), parent.to_owned());
        world.simulator.act(Command::AddDepartment { department_id, name, parent }).await.unwrap();
    }
    let wang = Command::AddPerson {
        user_id: "wang".into(),
        name: "Wang".into(),
        email: String::new(),
        department: Some("far_north".into()),
        outside: false,
    };
    world.simulator.act(wang).await.unwrap();
    world.simulator.act(grant(&["north"], &[])).await.unwrap();
    let children = async |id: &str| {
        let path = format!("{CONTACT}/departments/{id}/children?department_id_type=department_id");
        world.ask("GET", &path, Value::Null).await.1
    };
    assert_eq!(children("north").await["data"]["items"][0]["department_id"], "far_north");
    assert_eq!(children("far_north").await["code"], 0);
    assert_eq!(children("south").await["code"], 40_004);
    let user = async |person: &str| {
        let path = format!("{CONTACT}/users/{}", open_id(person));
        world.ask("GET", &path, Value::Null).await.1["code"].clone()
    };
    assert_eq!((user("wang").await, user("li").await), (json!(0), json!(41_050)));
    for department_id in ["far_north".to_owned(), "north".to_owned()] {
        world.simulator.act(Command::RemoveDepartment { department_id }).await.unwrap();
    }
    let (_, scopes) = world.ask("GET", &format!("{CONTACT}/scopes"), Value::Null).await;
    assert_eq!(scopes["data"]["department_ids"], json!([]), "what went is granted no more");
}
