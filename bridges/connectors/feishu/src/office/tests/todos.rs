//! Tasks: put once, changed where they differ, and told of when somebody else changed them.

use bridge_api::{Action, Assignee, FailureKind, Priority, Todo, TodoState, Todos as _, double::Basket};
use serde_json::{Value, json};

use super::{acted, body, head, key, person};
use crate::{
    office::{looks::Look, todos_read},
    tests::peer::{Peer, bad, good},
};

const TASKS: &str = "/open-apis/task/v2/tasks";
const TASK: &str = "/open-apis/task/v2/tasks/g-1";

fn todo(revision: u64) -> Todo {
    Todo {
        head: head("t/1", revision),
        description: String::new(),
        creator: None,
        assignees: vec![Assignee { person: person("ou_a"), is_done: false }],
        followers: Vec::new(),
        is_done_by_any: true,
        due_ms: Some(1_700_000_100_500),
        priority: Priority::High,
        state: TodoState::Open,
    }
}

/// The task as the platform shows it.
fn task(completed: &str) -> Value {
    json!({ "task": {
        "guid": "g-1", "summary": "Report", "description": "Priority: high\nNumber: NO-1",
        "due": { "timestamp": "1700000100000", "is_all_day": false }, "completed_at": completed,
        "members": [{ "id": "ou_a", "type": "user", "role": "assignee" }],
    } })
}

#[tokio::test]
async fn a_task_is_made_once_and_only_what_differs_is_changed() {
    let (peer, feishu) = Peer::start().await;
    peer.answers(TASKS, vec![bad(500, 1_470_422), good(task("0"))]);
    peer.answers(TASK, vec![good(task("0"))]);
    let failure = feishu.put_todo(&todo(1), None).await.expect_err("not yet");
    assert!(matches!(failure.kind, FailureKind::Later(_)), "{failure}");
    let id = feishu.put_todo(&todo(1), None).await.expect("put");
    assert_eq!(id.as_str(), "g-1");
    assert_eq!(feishu.put_todo(&todo(1), None).await.expect("a repeat"), id);
    let made: Vec<Value> = peer.asked(TASKS).iter().map(body).collect();
    assert_eq!(made.len(), 2);
    assert_eq!(made[0], made[1], "a repeat has the same token");
    assert_eq!(made[0]["client_token"].as_str().map(str::len), Some(64));
    assert_eq!(made[0]["origin"]["href"]["url"], "https://chat.example.org/x");
    assert_eq!(made[0]["due"]["timestamp"], "1700000100000");
    assert_eq!(peer.asked(TASK).len(), 0, "nothing differs");
    let later = Todo { due_ms: None, ..todo(2) };
    feishu.put_todo(&later, Some(&id)).await.expect("put");
    feishu.put_todo(&todo(1), Some(&id)).await.expect("an older one is late");
    let asked = peer.asked(TASK);
    assert_eq!((asked.len(), asked[0].method.as_str()), (1, "PATCH"));
    assert_eq!(body(&asked[0]), json!({ "task": {}, "update_fields": ["due"] }));
}

#[tokio::test]
async fn people_come_and_go_by_requests_of_their_own() {
    let (peer, feishu) = Peer::start().await;
    peer.answers(TASKS, vec![good(task("0"))]);
    let (added, removed) = (format!("{TASK}/add_members"), format!("{TASK}/remove_members"));
    peer.answers(&added, vec![good(task("0"))]);
    peer.answers(&removed, vec![good(task("0"))]);
    feishu.put_todo(&todo(1), None).await.expect("put");
    let other = vec![Assignee { person: person("ou_b"), is_done: false }];
    let changed = Todo { assignees: other, creator: Some(person("ou_c")), ..todo(2) };
    feishu.put_todo(&changed, None).await.expect("put");
    let members = |asked: &str| -> Vec<Value> {
        peer.asked(asked).iter().map(|asked| body(asked)["members"][0].clone()).collect()
    };
    assert_eq!(members(&removed), [json!({ "id": "ou_a", "type": "user", "role": "assignee" })]);
    assert_eq!(members(&added)[0]["id"], "ou_b");
    assert_eq!(members(&added)[1], json!({ "id": "ou_c", "type": "user", "role": "follower" }));
}

#[tokio::test]
async fn what_somebody_ticked_off_is_told_once_and_what_we_did_is_not() {
    let (peer, feishu) = Peer::start().await;
    let inbox = Basket::default();
    peer.answers(TASKS, vec![good(task("0"))]);
    let id = feishu.put_todo(&todo(1), None).await.expect("put");
    peer.answers(TASK, vec![good(task("0"))]);
    todos_read::look(&feishu, "g-1", &inbox).await.expect("read");
    todos_read::look(&feishu, "g-of-others", &inbox).await.expect("nothing to read");
    assert!(acted(&inbox).is_empty());
    peer.answers(TASK, vec![good(task("1700000050000"))]);
    inbox.refuse(true);
    assert!(todos_read::look(&feishu, "g-1", &inbox).await.is_err(), "nobody took it");
    inbox.refuse(false);
    for _ in 0..2 {
        todos_read::look(&feishu, "g-1", &inbox).await.expect("read");
    }
    let (told, _) = &acted(&inbox)[0];
    assert_eq!((&told.key, &told.by, told.action), (&key("t/1"), &person("ou_a"), Action::Done));
    assert_eq!((acted(&inbox).len(), told.proof.len()), (1, 64));
    // The bot agrees, which changes nothing there, and opens it again later, which is no news.
    let done = Todo { state: TodoState::Done, ..todo(2) };
    feishu.put_todo(&done, Some(&id)).await.expect("put");
    let patched = |peer: &Peer| peer.asked(TASK).iter().filter(|asked| asked.method == "PATCH").count();
    assert_eq!(patched(&peer), 0);
    feishu.put_todo(&todo(3), Some(&id)).await.expect("put");
    assert_eq!(patched(&peer), 1);
    peer.answers(TASK, vec![good(task("0"))]);
    todos_read::look(&feishu, "g-1", &inbox).await.expect("read");
    assert_eq!(acted(&inbox).len(), 1);
    peer.answers(TASK, vec![good(task("1700000060000"))]);
    todos_read::look(&feishu, "g-1", &inbox).await.expect("read");
    let keys: Vec<_> = acted(&inbox).into_iter().map(|(_, key)| key).collect();
    assert_eq!(keys.len(), 2);
    assert_ne!(keys[0], keys[1], "the second time is another time");
}

#[tokio::test]
async fn what_somebody_ticks_off_while_a_task_is_still_made_is_told_as_well() {
    let (peer, feishu) = Peer::start().await;
    let inbox = Basket::default();
    peer.answers(TASKS, vec![good(task("0"))]);
    peer.answers(TASK, vec![good(task("1700000050000"))]);
    let task = todo(1);
    let put = feishu.put_todo(&task, None);
    let looked = todos_read::look(&feishu, "g-1", &inbox);
    // The task is begun before somebody hears of it, and its row is written after.
    let (put, looked) = tokio::join!(biased; put, looked);
    put.expect("put");
    looked.expect("read");
    assert_eq!(acted(&inbox).len(), 1);
}

#[tokio::test]
async fn what_somebody_ticked_off_before_we_knew_that_the_task_was_made_is_told_and_stays_so() {
    let (peer, feishu) = Peer::start().await;
    let inbox = Basket::default();
    // The first try makes it and its answer is lost; the second one finds it as it is by then.
    peer.answers(TASKS, vec![bad(500, 1_470_422), good(task("1700000050000"))]);
    peer.answers(TASK, vec![good(task("1700000050000"))]);
    feishu.put_todo(&todo(1), None).await.expect_err("not yet");
    todos_read::look(&feishu, "g-1", &inbox).await.expect("nobody knows it yet");
    assert!(acted(&inbox).is_empty());
    feishu.put_todo(&todo(1), None).await.expect("put");
    assert!(peer.asked(TASK).iter().all(|asked| asked.method != "PATCH"), "it is not opened again");
    assert_eq!(feishu.office.looks.all().await.expect("read"), [Look::Todo("g-1".into())]);
    todos_read::look(&feishu, "g-1", &inbox).await.expect("read");
    let (told, _) = &acted(&inbox)[0];
    assert_eq!((&told.key, &told.by, told.action), (&key("t/1"), &person("ou_a"), Action::Done));
}

#[tokio::test]
async fn a_task_that_is_changed_slowly_holds_up_nobody_who_looks_at_others() {
    let (peer, feishu) = Peer::start().await;
    let inbox = Basket::default();
    peer.answers(TASKS, vec![good(task("0"))]);
    feishu.put_todo(&todo(1), None).await.expect("put");
    peer.says_nothing(TASK);
    let later = Todo { due_ms: None, ..todo(2) };
    tokio::select! {
        biased;
        put = feishu.put_todo(&later, None) => panic!("nobody answers: {put:?}"),
        looked = todos_read::look(&feishu, "g-of-others", &inbox) => looked.expect("nothing to read"),
    }
}

#[tokio::test]
async fn a_task_that_is_gone_there_is_made_anew_and_a_canceled_one_stays_away() {
    let (peer, feishu) = Peer::start().await;
    peer.answers(TASKS, vec![good(task("0"))]);
    feishu.put_todo(&todo(1), None).await.expect("put");
    peer.answers(TASK, vec![bad(404, 1_470_404)]);
    let renamed = Todo { due_ms: None, ..todo(2) };
    let failure = feishu.put_todo(&renamed, None).await.expect_err("the peer knows one task alone");
    assert!(matches!(failure.kind, FailureKind::Refused(_)), "{failure}");
    let tokens: Vec<Value> =
        peer.asked(TASKS).iter().map(|asked| body(asked)["client_token"].clone()).collect();
    assert_eq!(tokens.len(), 2);
    assert_ne!(tokens[0], tokens[1], "the token of the one that is gone finds that one");
    let canceled = Todo { state: TodoState::Canceled, ..todo(3) };
    feishu.put_todo(&canceled, None).await.expect("it is gone already");
    feishu.put_todo(&canceled, None).await.expect("a repeat");
    assert_eq!(peer.asked(TASK).iter().filter(|asked| asked.method == "DELETE").count(), 1);
}
