//! Edits, reactions, references and threads: listed, bundled, and gone with a redaction.

use base::Clock;
use serde_json::{Value, json};
use server::Options;
use testkit::{User, World, segment};

async fn relations(user: &User, room: &str, event: &str, rest: &str) -> Value {
    let path = format!("/_matrix/client/v1/rooms/{}/relations/{}{rest}", segment(room), segment(event));
    user.get(&path).await.ok()
}

async fn threads(user: &User, room: &str, query: &str) -> Value {
    user.get(&format!("/_matrix/client/v1/rooms/{}/threads{query}", segment(room))).await.ok()
}

fn ids(page: &Value) -> Vec<&str> {
    page["chunk"].as_array().expect("a list").iter().filter_map(|event| event["event_id"].as_str()).collect()
}

fn bundle(event: &Value) -> &Value {
    &event["unsigned"]["m.relations"]
}

#[tokio::test(flavor = "multi_thread")]
async fn children_are_listed_by_type_and_page() {
    let w = World::start().await;
    let [alice, bob] = w.users(["alice", "bob"]).await;
    let room = alice.creates_room_with([&bob]).await;
    let root = alice.sends(&room, "root").await.event_id();
    let reply = bob.replies_in_thread(&room, &root, "reply").await.event_id();
    let like = bob.reacts(&room, &root, "👍").await.event_id();
    let edit = alice.edits(&room, &root, "edited").await.event_id();
    assert_eq!(ids(&relations(&alice, &room, &root, "").await), [&*edit, &*like, &*reply]);
    assert_eq!(ids(&relations(&alice, &room, &root, "/m.thread").await), [&*reply]);
    assert_eq!(ids(&relations(&alice, &room, &root, "/m.annotation/m.reaction").await), [&*like]);
    assert_eq!(ids(&relations(&alice, &room, &root, "/m.annotation/m.sticker").await), [""; 0]);
    let first = relations(&alice, &room, &root, "?dir=f&limit=2").await;
    assert_eq!(ids(&first), [&*reply, &*like]);
    let next = first["next_batch"].as_str().expect("there is more");
    let second = relations(&alice, &room, &root, &format!("?dir=f&limit=2&from={next}")).await;
    assert_eq!(ids(&second), [&*edit]);
    assert!(second.get("next_batch").is_none());
}

#[tokio::test(flavor = "multi_thread")]
async fn children_of_children_are_listed_on_request() {
    let w = World::start().await;
    let [alice] = w.users(["alice"]).await;
    let room = alice.creates_room().await;
    let root = alice.sends(&room, "root").await.event_id();
    let reply = alice.replies_in_thread(&room, &root, "reply").await.event_id();
    let like = alice.reacts(&room, &reply, "👍").await.event_id();
    assert_eq!(ids(&relations(&alice, &room, &root, "").await), [&*reply]);
    let all = relations(&alice, &room, &root, "?recurse=true").await;
    assert_eq!(ids(&all), [&*like, &*reply]);
    assert!(all["recursion_depth"].as_u64().is_some_and(|depth| depth >= 2));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_latest_edit_by_the_author_is_bundled() {
    let clock = Clock::fake(Clock::system().now_ms());
    let w = World::in_process(|_| {}, Options { clock: Some(clock.clone()), ..Options::default() }).await;
    let [alice, bob] = w.users(["alice", "bob"]).await;
    let room = alice.creates_room_with([&bob]).await;
    let root = alice.sends(&room, "root").await.event_id();
    alice.edits(&room, &root, "one").await.ok();
    // Edits of one millisecond are ordered by their ids, which are as good as random.
    clock.advance(2);
    let two = alice.edits(&room, &root, "two").await.event_id();
    bob.edits(&room, &root, "not mine").await.ok();
    let seen = bob.event(&room, &root).await.ok();
    assert_eq!(bundle(&seen)["m.replace"]["event_id"], two.as_str());
    assert_eq!(bundle(&seen)["m.replace"]["content"]["m.new_content"]["body"], "two");
    alice.redacts(&room, &two).await.ok();
    let seen = bob.event(&room, &root).await.ok();
    assert_eq!(bundle(&seen)["m.replace"]["content"]["m.new_content"]["body"], "one");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_thread_is_summed_up_with_its_root() {
    let w = World::start().await;
    let [alice, bob, carol] = w.users(["alice", "bob", "carol"]).await;
    let room = alice.creates_room_with([&bob, &carol]).await;
    let root = alice.sends(&room, "root").await.event_id();
    bob.replies_in_thread(&room, &root, "one").await.ok();
    let two = bob.replies_in_thread(&room, &root, "two").await.event_id();
    let page = carol.messages(&room, "dir=b&limit=10").await.ok();
    let seen =
        page["chunk"].as_array().expect("events").iter().find(|event| event["event_id"] == root.as_str());
    let thread = bundle(seen.expect("the root"))["m.thread"].clone();
    assert_eq!((thread["count"].as_u64(), &thread["latest_event"]["event_id"]), (Some(2), &json!(two)));
    assert_eq!(thread["current_user_participated"], false);
    assert_eq!(bundle(&bob.event(&room, &root).await.ok())["m.thread"]["current_user_participated"], true);
    bob.redacts(&room, &two).await.ok();
    let thread = bundle(&carol.event(&room, &root).await.ok())["m.thread"].clone();
    assert_eq!(
        (thread["count"].as_u64(), &thread["latest_event"]["content"]["body"]),
        (Some(1), &json!("one"))
    );
    carol.ignores([&bob]).await.ok();
    assert!(
        bundle(&carol.event(&room, &root).await.ok()).get("m.thread").is_none(),
        "bob's replies are ignored"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn references_are_bundled_as_ids() {
    let w = World::start().await;
    let [alice] = w.users(["alice"]).await;
    let room = alice.creates_room().await;
    let root = alice.sends(&room, "root").await.event_id();
    let content = json!({"m.relates_to": {"rel_type": "m.reference", "event_id": root}});
    let child = alice.sends_event(&room, "org.example.link", content).await.event_id();
    let seen = alice.event(&room, &root).await.ok();
    assert_eq!(bundle(&seen)["m.reference"], json!({"chunk": [{"event_id": child}]}));
}

#[tokio::test(flavor = "multi_thread")]
async fn threads_are_listed_by_their_latest_reply() {
    let w = World::start().await;
    let [alice, bob] = w.users(["alice", "bob"]).await;
    let room = alice.creates_room_with([&bob]).await;
    let one = alice.sends(&room, "one").await.event_id();
    let two = bob.sends(&room, "two").await.event_id();
    bob.replies_in_thread(&room, &one, "reply").await.ok();
    bob.replies_in_thread(&room, &two, "reply").await.ok();
    assert_eq!(ids(&threads(&alice, &room, "").await), [&*two, &*one]);
    bob.replies_in_thread(&room, &one, "again").await.ok();
    assert_eq!(ids(&threads(&alice, &room, "").await), [&*one, &*two]);
    assert_eq!(ids(&threads(&alice, &room, "?include=participated").await), [&*one]);
    let first = threads(&alice, &room, "?limit=1").await;
    let next = first["next_batch"].as_str().expect("there is more");
    assert_eq!(ids(&threads(&alice, &room, &format!("?limit=1&from={next}")).await), [&*two]);
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_can_be_filtered_by_relation() {
    let w = World::start().await;
    let [alice] = w.users(["alice"]).await;
    let room = alice.creates_room().await;
    let root = alice.sends(&room, "root").await.event_id();
    let reply = alice.replies_in_thread(&room, &root, "reply").await.event_id();
    for (filter, expected) in [
        (json!({"related_by_rel_types": ["m.thread"]}), &root),
        (json!({"related_by_senders": [alice.id]}), &root),
        (json!({"org.matrix.msc3874.rel_types": ["m.thread"]}), &reply),
    ] {
        let query = format!("dir=b&limit=50&filter={}", segment(&filter.to_string()));
        let page = alice.messages(&room, &query).await.ok();
        assert_eq!(ids(&page), [expected.as_str()], "{filter}");
    }
}
