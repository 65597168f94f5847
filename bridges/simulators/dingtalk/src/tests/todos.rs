//! To-dos: made once, done, deleted, and told of by their ids alone.

use serde_json::{Value, json};

use super::client::world;

#[tokio::test]
async fn a_todo_is_made_once_and_done_by_its_app() {
    let world = world().await;
    let mut line = world.connect().await;
    let people = world.act(json!({ "do": "overview" })).await["people"].clone();
    let [li, zhang] = [0, 1].map(|place| people[place]["union_id"].as_str().unwrap().to_owned());
    let path = format!("/v1.0/todo/users/{zhang}/tasks");
    let body = |source: &str, subject: &str, url: Value| json!({ "subject": subject, "sourceId": source, "executorIds": [li], "detailUrl": url });
    let url = json!({ "appUrl": "https://a.example", "pcUrl": "https://a.example" });
    let refused = world.new_api("POST", &path, body("s", "Report", Value::Null)).await.1;
    assert_eq!(refused["code"], "todo.taskCreate.paramError");
    let refused = world.new_api("POST", &path, body("s", &"x".repeat(1_025), url.clone())).await.1;
    assert_eq!(refused["message"], "subject is oversize");
    let todo = world.new_api("POST", &path, body("s", "Report", url.clone())).await.1;
    assert_eq!((&todo["subject"], &todo["done"]), (&json!("Report"), &json!(false)));
    let refused = world.new_api("POST", &path, body("s", "Report", url)).await.1;
    assert_eq!(refused["message"], "task exist");
    let (name, event) = line.event().await;
    assert_eq!((name.as_str(), &event["taskId"]), ("todo_task_create", &todo["id"]));
    assert!(event.get("subject").is_none());
    let one = format!("{path}/{}", todo["id"].as_str().unwrap());
    let status = json!({ "executorStatusList": [{ "id": li, "isDone": true }] });
    assert_eq!(world.new_api("PUT", &format!("{one}/executorStatus"), status).await.1["result"], true);
    assert_eq!(world.new_api("GET", &one, Value::Null).await.1["done"], true);
    assert_eq!(line.event().await.0, "todo_task_update");
    let query = format!("/v1.0/todo/users/{li}/org/tasks/query");
    let found = world.new_api("POST", &query, json!({ "isDone": true })).await.1;
    assert_eq!(found["todoCards"][0]["taskId"], todo["id"]);
    assert_eq!(world.new_api("POST", &query, json!({ "isDone": false })).await.1["todoCards"], json!([]));
    world.new_api("DELETE", &one, Value::Null).await;
    assert_eq!(line.event().await.0, "todo_task_delete");
    let refused = world.new_api("PUT", &one, json!({ "done": true })).await.1;
    assert_eq!(refused["message"], "task not exist");
}

#[tokio::test]
async fn a_todo_leads_to_its_link_and_is_found_by_its_source() {
    let world = world().await;
    let people = world.act(json!({ "do": "overview" })).await["people"].clone();
    let [li, zhang] = [0, 1].map(|place| people[place]["union_id"].as_str().unwrap().to_owned());
    let path = format!("/v1.0/todo/users/{zhang}/tasks");
    let url = json!({ "appUrl": "https://a.example", "pcUrl": "https://a.example" });
    let body = json!({
        "subject": "Report", "sourceId": "s", "executorIds": [li], "detailUrl": url, "dueTime": 5,
        "isOnlyShowExecutor": true,
    });
    let made = world.new_api("POST", &path, body).await.1;
    assert_eq!(world.new_api("GET", &format!("{path}/sources/s"), Value::Null).await.1["id"], made["id"]);
    let seen = world.act(json!({ "do": "todos", "person": "li" })).await["todos"].clone();
    let expected = json!([{
        "id": made["id"], "title": "Report", "description": null, "due_ms": 5, "done": false,
        "link": "https://a.example", "assignees": ["li"],
    }]);
    assert_eq!(seen, expected);
    assert_eq!(world.act(json!({ "do": "todos", "person": "zhang" })).await["todos"], json!([]), "hidden");
    let tick = json!({ "do": "tick_todo", "person": "li", "todo": made["id"], "done": true });
    assert!(world.try_to(tick).await.is_err(), "the list leads to the link");
}
