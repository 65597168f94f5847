//! Following threads (MSC4306) and what changed of that (MSC4308).

use serde_json::{Value, json};
use testkit::{Answer, User, World, segment};

const NOT_IN_THREAD: &str = "IO.ELEMENT.MSC4306.M_NOT_IN_THREAD";
const CONFLICT: &str = "IO.ELEMENT.MSC4306.M_CONFLICTING_UNSUBSCRIPTION";

fn path(room: &str, root: &str) -> String {
    let prefix = "/_matrix/client/unstable/io.element.msc4306";
    format!("{prefix}/rooms/{}/thread/{}/subscription", segment(room), segment(root))
}

async fn subscription(user: &User, room: &str, root: &str) -> Answer {
    user.get(&path(room, root)).await
}

async fn follows(user: &User, room: &str, root: &str, cause: Option<&str>) -> Answer {
    let body = cause.map_or_else(|| json!({}), |cause| json!({ "automatic": cause }));
    user.put(&path(room, root), body).await
}

async fn gives_up(user: &User, room: &str, root: &str) -> Answer {
    user.delete(&path(room, root)).await
}

async fn changes(user: &User, query: &str) -> Value {
    let prefix = "/_matrix/client/unstable/io.element.msc4308";
    user.get(&format!("{prefix}/thread_subscriptions?dir=b&{query}")).await.ok()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_thread_is_followed_and_given_up() {
    let w = World::start().await;
    let [alice, bob] = w.users(["alice", "bob"]).await;
    let room = alice.creates_room().await;
    let root = alice.sends(&room, "tea?").await.event_id();
    subscription(&alice, &room, &root).await.fails_as(404, "M_NOT_FOUND");
    gives_up(&alice, &room, &root).await.ok();
    follows(&alice, &room, &root, None).await.ok();
    assert_eq!(subscription(&alice, &room, &root).await.ok(), json!({"automatic": false}));
    gives_up(&alice, &room, &root).await.ok();
    subscription(&alice, &room, &root).await.fails_as(404, "M_NOT_FOUND");
    follows(&alice, &room, "$unknown:test", None).await.fails_as(404, "M_NOT_FOUND");
    follows(&bob, &room, &root, None).await.fails_as(404, "M_NOT_FOUND");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_follows_only_because_of_an_event_in_the_thread() {
    let w = World::start().await;
    let alice = w.user("alice").await;
    let room = alice.creates_room().await;
    let root = alice.sends(&room, "tea?").await.event_id();
    let other = alice.sends(&room, "cake?").await.event_id();
    let reply = alice.replies_in_thread(&room, &root, "yes").await.event_id();
    let elsewhere = alice.replies_in_thread(&room, &other, "no").await.event_id();
    for cause in [&root, &other, &elsewhere, "$unknown:test"] {
        follows(&alice, &room, &root, Some(cause)).await.fails_as(400, NOT_IN_THREAD);
    }
    follows(&alice, &room, &root, Some(&reply)).await.ok();
    assert_eq!(subscription(&alice, &room, &root).await.ok(), json!({"automatic": true}));
    follows(&alice, &room, &root, None).await.ok();
    follows(&alice, &room, &root, Some(&reply)).await.ok();
    assert_eq!(subscription(&alice, &room, &root).await.ok(), json!({"automatic": false}));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_came_before_giving_up_does_not_bring_the_thread_back() {
    let w = World::start().await;
    let alice = w.user("alice").await;
    let room = alice.creates_room().await;
    let root = alice.sends(&room, "tea?").await.event_id();
    let first = alice.replies_in_thread(&room, &root, "one").await.event_id();
    follows(&alice, &room, &root, Some(&first)).await.ok();
    let second = alice.replies_in_thread(&room, &root, "two").await.event_id();
    gives_up(&alice, &room, &root).await.ok();
    let third = alice.replies_in_thread(&room, &root, "three").await.event_id();
    for cause in [&first, &second] {
        follows(&alice, &room, &root, Some(cause)).await.fails_as(409, CONFLICT);
        subscription(&alice, &room, &root).await.fails_as(404, "M_NOT_FOUND");
    }
    follows(&alice, &room, &root, Some(&third)).await.ok();
    assert_eq!(subscription(&alice, &room, &root).await.ok(), json!({"automatic": true}));
}

#[tokio::test(flavor = "multi_thread")]
async fn changes_come_newest_first_and_each_thread_once() {
    let mut w = World::start().await;
    let [alice, bob] = w.users(["alice", "bob"]).await;
    let room = alice.creates_room_with([&bob]).await;
    let mut roots = Vec::new();
    for text in ["one", "two", "three"] {
        let root = alice.sends(&room, text).await.event_id();
        follows(&alice, &room, &root, None).await.ok();
        roots.push(root);
    }
    gives_up(&alice, &room, &roots[0]).await.ok();
    w.restarts().await;
    let page = changes(&alice, "limit=2").await;
    assert!(page["subscribed"][&room][&roots[2]]["bump_stamp"].is_u64(), "{page}");
    assert!(page["unsubscribed"][&room][&roots[0]]["bump_stamp"].is_u64(), "{page}");
    assert_eq!(page["subscribed"][&room].as_object().unwrap().len(), 1);
    let rest = changes(&alice, &format!("from={}", page["end"].as_str().unwrap())).await;
    assert_eq!(rest["subscribed"][&room][&roots[1]]["automatic"], false);
    assert_eq!((&rest["unsubscribed"], &rest["end"]), (&Value::Null, &Value::Null));
    assert_eq!(changes(&bob, "").await, json!({}));
    let since = alice.sync_with("timeout=0").await.ok()["next_batch"].as_str().unwrap().to_owned();
    assert_eq!(changes(&alice, &format!("to={}", segment(&since))).await, json!({}));
}
