//! Space hierarchies and room summaries: what a user may know of rooms they are not in.

use serde_json::{Value, json};
use testkit::{User, World, segment};

async fn space(owner: &User, preset: &str) -> String {
    owner
        .creates_room_like(json!({"preset": preset, "creation_content": {"type": "m.space"}}))
        .await
        .room_id()
}

async fn named(owner: &User, preset: &str, name: &str) -> String {
    owner.creates_room_like(json!({"preset": preset, "name": name})).await.room_id()
}

async fn links(owner: &User, parent: &str, child: &str, content: Value) {
    owner.sets_state(parent, "m.space.child", child, content).await.ok();
}

async fn hierarchy(user: &User, root: &str, query: &str) -> Value {
    user.get(&format!("/_matrix/client/v1/rooms/{}/hierarchy{query}", segment(root))).await.ok()
}

fn rooms(page: &Value) -> Vec<&str> {
    page["rooms"].as_array().expect("rooms").iter().filter_map(|room| room["room_id"].as_str()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_tree_is_walked_depth_first_in_order() {
    let w = World::start().await;
    let [alice] = w.users(["alice"]).await;
    let root = space(&alice, "public_chat").await;
    let sub = space(&alice, "public_chat").await;
    let [one, two, deep] = [
        named(&alice, "public_chat", "one").await,
        named(&alice, "public_chat", "two").await,
        named(&alice, "public_chat", "deep").await,
    ];
    links(&alice, &root, &one, json!({"via": ["x"], "order": "b", "suggested": true})).await;
    links(&alice, &root, &sub, json!({"via": ["x"], "order": "a"})).await;
    links(&alice, &root, &two, json!({"via": ["x"]})).await;
    links(&alice, &sub, &deep, json!({"via": ["x"]})).await;
    links(&alice, &deep, &root, json!({"via": ["x"]})).await;
    let all = hierarchy(&alice, &root, "").await;
    assert_eq!(rooms(&all), [&*root, &*sub, &*deep, &*one, &*two]);
    assert_eq!(all["rooms"][0]["room_type"], "m.space");
    assert_eq!(all["rooms"][3]["name"], "one");
    assert_eq!(all["rooms"][0]["children_state"][0]["state_key"], sub.as_str());
    assert!(all["rooms"][0]["children_state"][0]["origin_server_ts"].is_u64());
    assert_eq!(all["rooms"][2]["children_state"], json!([]), "only a space has children");
    assert_eq!(rooms(&hierarchy(&alice, &root, "?max_depth=1").await), [&*root, &*sub, &*one, &*two]);
    assert_eq!(rooms(&hierarchy(&alice, &root, "?suggested_only=true").await), [&*root, &*one]);
    let first = hierarchy(&alice, &root, "?limit=3").await;
    assert_eq!(rooms(&first), [&*root, &*sub, &*deep]);
    let next = first["next_batch"].as_str().expect("there is more");
    let second = hierarchy(&alice, &root, &format!("?limit=3&from={next}")).await;
    assert_eq!(rooms(&second), [&*one, &*two]);
    assert!(second.get("next_batch").is_none());
    let other = format!("/_matrix/client/v1/rooms/{}/hierarchy?max_depth=1&from={next}", segment(&root));
    alice.get(&other).await.fails_as(400, "M_INVALID_PARAM");
    links(&alice, &root, &sub, json!({})).await;
    assert_eq!(rooms(&hierarchy(&alice, &root, "").await), [&*root, &*one, &*two]);
}

#[tokio::test(flavor = "multi_thread")]
async fn closed_rooms_are_left_out_with_all_below() {
    let w = World::start().await;
    let [alice, bob] = w.users(["alice", "bob"]).await;
    let root = space(&alice, "public_chat").await;
    let private = space(&alice, "private_chat").await;
    let inside = named(&alice, "public_chat", "inside").await;
    let restricted = alice
        .creates_room_like(json!({"preset": "private_chat", "initial_state": [{
            "type": "m.room.join_rules", "state_key": "",
            "content": {"join_rule": "restricted", "allow": [{"type": "m.room_membership", "room_id": root}]}
        }]}))
        .await
        .room_id();
    for (child, order) in [(&private, "a"), (&restricted, "b")] {
        links(&alice, &root, child, json!({"via": ["x"], "order": order})).await;
    }
    links(&alice, &private, &inside, json!({"via": ["x"]})).await;
    assert_eq!(rooms(&hierarchy(&bob, &root, "").await), [&*root]);
    bob.joins(&root).await.ok();
    assert_eq!(
        rooms(&hierarchy(&bob, &root, "").await),
        [&*root, &*restricted],
        "members of the space may join it"
    );
    alice.invites(&private, &bob).await.ok();
    assert_eq!(rooms(&hierarchy(&bob, &root, "").await), [&*root, &*private, &*inside, &*restricted]);
    bob.get(&format!("/_matrix/client/v1/rooms/{}/hierarchy", segment("!nowhere:x")))
        .await
        .fails_as(403, "M_FORBIDDEN");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_summary_tells_how_to_get_in() {
    let w = World::start().await;
    let [alice, bob] = w.users(["alice", "bob"]).await;
    let open = named(&alice, "public_chat", "open").await;
    let closed = named(&alice, "private_chat", "closed").await;
    let path = |room: &str| format!("/_matrix/client/v1/room_summary/{}", segment(room));
    let summary = bob.get(&path(&open)).await.ok();
    assert_eq!(summary["name"], "open");
    assert_eq!(summary.get("join_rule"), None, "public is what a missing rule means");
    assert_eq!(summary["num_joined_members"], 1);
    assert_eq!(alice.get(&path(&closed)).await.ok()["membership"], "join");
    bob.get(&path(&closed)).await.fails_as(404, "M_NOT_FOUND");
    assert_eq!(w.stranger().get(&path(&open)).await.ok()["room_id"], open.as_str());
}
