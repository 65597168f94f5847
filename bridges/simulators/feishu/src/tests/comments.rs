//! Comments below tasks.

use serde_json::{Value, json};

use super::client::world;
use super::office::open_id;
use crate::Command;

const COMMENTS: &str = "/open-apis/task/v2/comments";

#[tokio::test]
async fn what_is_written_below_a_task_is_told_to_its_app_and_listed() {
    let world = world().await;
    let mut line = world.connect().await;
    let member = json!({ "id": open_id("li"), "type": "user", "role": "follower" });
    let body = json!({ "summary": "Report", "members": [member] });
    let (_, made) = world.ask("POST", "/open-apis/task/v2/tasks", body).await;
    let guid = made["data"]["task"]["guid"].as_str().unwrap().to_owned();
    let write = |content: &str, reply_to: &str| json!({ "content": content, "resource_type": "task", "resource_id": guid, "reply_to_comment_id": reply_to });
    let comment = async |body: Value| world.ask("POST", COMMENTS, body).await.1;
    let first = comment(write("how far?", "")).await["data"]["comment"].clone();
    assert_eq!((&first["content"], &first["creator"]["type"]), (&json!("how far?"), &json!("app")));
    let id = first["id"].as_str().unwrap().to_owned();
    let told = line.hear().await;
    assert_eq!(told["header"]["event_type"], "task.task.comment.updated_v1");
    let expected = json!({ "task_id": guid, "comment_id": id, "parent_id": "", "obj_type": 1 });
    assert_eq!(told["event"], expected);
    let reply = |person: &str| Command::CommentTodo {
        person: person.into(),
        todo: guid.clone(),
        text: "half".into(),
        reply_to: Some(id.clone()),
    };
    assert!(world.simulator.act(reply("zhang")).await.is_err(), "they have nothing to do with it");
    let answer = world.simulator.act(reply("li")).await.unwrap()["comment"].clone();
    let told = line.hear().await["event"].clone();
    assert_eq!((&told["parent_id"], &told["obj_type"]), (&json!(id), &json!(2)));
    let list = format!("{COMMENTS}?resource_type=task&resource_id={guid}");
    let items = async || world.ask("GET", &list, Value::Null).await.1["data"]["items"].clone();
    assert_eq!(items().await[1]["creator"]["id"], open_id("li"));
    let delete = async |id: &str| {
        world.ask("DELETE", &format!("{COMMENTS}/{id}"), Value::Null).await.1["code"].clone()
    };
    assert_eq!(delete(answer.as_str().unwrap()).await, 1_470_403, "it is of a person");
    assert_eq!((delete(&id).await, delete(&id).await), (json!(0), json!(1_470_404)));
    assert_eq!(line.hear().await["event"]["obj_type"], 4);
    assert_eq!(items().await.as_array().unwrap().len(), 1);
    for (body, code) in [
        (write("", ""), 1_470_400),
        (write(&"x".repeat(3_001), ""), 1_470_400),
        (write("x", "none"), 1_470_400),
        (json!({ "content": "x", "resource_id": "none" }), 1_470_404),
    ] {
        assert_eq!(comment(body).await["code"], code);
    }
    assert_eq!(
        world.ask("DELETE", &format!("/open-apis/task/v2/tasks/{guid}"), Value::Null).await.1["code"],
        0
    );
    assert_eq!(world.ask("GET", &list, Value::Null).await.1["code"], 1_470_404, "they go with their task");
}
