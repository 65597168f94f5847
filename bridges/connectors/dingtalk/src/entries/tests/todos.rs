use bridge_api::{Action, Assignee, Priority, Todo, TodoState, Todos as _};

use super::*;

const TASKS: &str = "/v1.0/todo/users/boss/tasks";
const TASK: &str = "/v1.0/todo/users/boss/tasks/t1";

fn todo(revision: u64, state: TodoState, done: &[&str]) -> Todo {
    let assignee = |id: &str| Assignee { person: union(id), is_done: done.contains(&id) };
    Todo {
        head: head("task/1", revision),
        description: "By heart".into(),
        creator: Some(union("boss")),
        assignees: vec![assignee("anna"), assignee("ben")],
        followers: vec![union("eve")],
        is_done_by_any: false,
        due_ms: Some(NOW_MS),
        priority: Priority::High,
        state,
    }
}

#[tokio::test]
async fn a_todo_is_made_once_whatever_is_repeated() {
    let mut stage = stage().await;
    stage.platform.next(TASKS, 200, json!({"id": "t1"}));
    let todo = todo(1, TodoState::Open, &[]);
    for _ in 0..2 {
        let put = stage.entries.put_todo(&todo, None).await.expect("put");
        assert_eq!(put.as_str(), "boss|t1");
        stage.restart();
    }
    let asked = stage.platform.asked(TASKS);
    assert_eq!((asked.len(), stage.platform.asked(TASK).len()), (1, 0));
    assert!(asked[0].path.ends_with("?operatorId=boss"), "{}", asked[0].path);
    let expected = json!({"subject": "Report", "description": "By heart", "executorIds": ["anna", "ben"],
        "participantIds": ["eve"], "dueTime": NOW_MS, "sourceId": "task/1", "creatorId": "boss", "priority": 30,
        "detailUrl": {"appUrl": "https://a.example/t/1", "pcUrl": "https://a.example/t/1"}, "isOnlyShowExecutor": false});
    assert_eq!(asked[0].body, expected);
}

#[tokio::test]
async fn after_a_lost_answer_the_same_todo_is_found_again() {
    let stage = stage().await;
    stage.platform.next(TASKS, 504, timed_out());
    let todo = todo(1, TodoState::Open, &[]);
    assert!(stage.entries.put_todo(&todo, None).await.expect_err("unknown").passes());
    let exists = json!({"code": "todo.taskCreate.paramError", "message": "task exist"});
    stage.platform.next(TASKS, 400, exists);
    let found = "/v1.0/todo/users/boss/tasks/sources/task%2F1";
    stage.platform.next(found, 404, json!({"code": "NotFound", "message": "no such interface"}));
    let cards =
        json!({"todoCards": [{"taskId": "t0", "sourceId": "other"}, {"taskId": "t1", "sourceId": "task/1"}]});
    stage.platform.next("/v1.0/todo/users/anna/org/tasks/query", 200, cards);
    stage.platform.next(TASK, 200, json!({"result": true}));
    let put = stage.entries.put_todo(&todo, None).await.expect("put");
    assert_eq!((put.as_str(), stage.platform.asked(TASK).len()), ("boss|t1", 1));
}

#[tokio::test]
async fn changes_are_put_and_the_end_takes_it_away() {
    let stage = stage().await;
    stage.platform.next(TASKS, 200, json!({"id": "t1"}));
    let put = stage.entries.put_todo(&todo(1, TodoState::Open, &[]), None).await.expect("put");
    stage.entries.put_todo(&todo(2, TodoState::Open, &["ben"]), Some(&put)).await.expect("put");
    let statuses = stage.platform.asked("/v1.0/todo/users/boss/tasks/t1/executorStatus");
    assert_eq!(statuses[0].body, json!({"executorStatusList": [{"id": "ben", "isDone": true}]}));
    stage.entries.put_todo(&todo(3, TodoState::Done, &["ben"]), Some(&put)).await.expect("put");
    let asked = stage.platform.asked(TASK);
    assert_eq!((asked.len(), &asked[1].body["done"]), (2, &json!(true)));
    stage.entries.put_todo(&todo(2, TodoState::Open, &[]), Some(&put)).await.expect("a late one is dropped");
    assert_eq!(stage.platform.asked(TASK).len(), 2);
    let gone = json!({"code": "todo.taskDelete.paramError", "message": "task not exist"});
    stage.platform.next(TASK, 400, gone);
    stage.entries.put_todo(&todo(4, TodoState::Canceled, &[]), Some(&put)).await.expect("gone is taken away");
    let mut without_link = todo(1, TodoState::Open, &[]);
    without_link.head = EntryHead { link: None, ..head("task/2", 1) };
    assert!(!stage.entries.put_todo(&without_link, None).await.expect_err("no link").passes());
}

#[tokio::test]
async fn what_somebody_else_did_is_told_once_and_our_own_never() {
    let mut stage = stage().await;
    stage.platform.next(TASKS, 200, json!({"id": "t1"}));
    let put = stage.entries.put_todo(&todo(1, TodoState::Open, &[]), None).await.expect("put");
    let changed = || json!({"taskId": "t1", "unionIdList": ["anna"], "bizTag": "x"});
    let read =
        |done: bool| json!({"id": "t1", "done": done, "modifierId": "ben", "modifiedTime": NOW_MS + 5});
    stage.platform.next(TASK, 200, read(false));
    assert!(stage.heard("todo_task_update", changed(), true).await.is_empty(), "nothing is new");
    let mut told = Vec::new();
    for is_kept in [false, true] {
        stage.platform.next(TASK, 200, read(true));
        told.extend(stage.heard("todo_task_update", changed(), is_kept).await);
        stage.restart();
    }
    assert_eq!((told.len(), &told[0].key), (2, &told[1].key), "killed before it was noted, it is told again");
    let done = acted(&told[0]);
    assert_eq!((done.key.as_str(), &done.by, done.action), ("task/1", &union("ben"), Action::Done));
    assert_eq!((told[0].at_ms, done.proof.len()), (NOW_MS + 5, 64));
    stage.platform.next(TASK, 200, read(true));
    assert!(stage.heard("todo_task_update", changed(), true).await.is_empty(), "noted, it is not");
    let asked = stage.platform.asked(TASK).len();
    stage.entries.put_todo(&todo(2, TodoState::Done, &[]), Some(&put)).await.expect("put");
    assert_eq!(stage.platform.asked(TASK).len(), asked, "the platform has it already");
    let foreign = json!({"taskId": "t9", "unionIdList": ["anna"]});
    assert!(stage.heard("todo_task_update", foreign, true).await.is_empty());
    assert!(stage.platform.asked("/v1.0/todo/users/boss/tasks/t9").is_empty(), "others cost no call");
}
