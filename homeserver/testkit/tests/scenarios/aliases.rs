//! Names of rooms, and the public directory.

use serde_json::{Value, json};
use testkit::{User, World, segment};

fn path(alias: &str) -> String {
    format!("/_matrix/client/v3/directory/room/{}", segment(alias))
}

async fn alias_on(user: &User, name: &str) -> String {
    let server = user.id.split_once(':').unwrap().1;
    format!("#{name}:{server}")
}

#[tokio::test(flavor = "multi_thread")]
async fn an_alias_is_made_found_listed_and_deleted() {
    let w = World::start().await;
    let [alice, bob] = w.users(["alice", "bob"]).await;
    let room = alice.creates_room().await;
    for name in ["plain", "老虎🤨"] {
        let alias = alias_on(&alice, name).await;
        alice.publishes_alias(&alias, &room).await.ok();
        assert_eq!(w.stranger().get(&path(&alias)).await.ok()["room_id"], room.as_str());
        alice.publishes_alias(&alias, &room).await.fails_as(409, "M_UNKNOWN");
        let listed = alice.reads_room(&room, "aliases").await.ok();
        assert_eq!(listed["aliases"], json!([alias]));
        bob.reads_room(&room, "aliases").await.fails_as(403, "M_FORBIDDEN");
        bob.joins(&alias).await.ok();
        bob.leaves(&room).await.ok();
        bob.delete(&path(&alias)).await.fails_as(403, "M_FORBIDDEN");
        alice.delete(&path(&alias)).await.ok();
        alice.delete(&path(&alias)).await.fails_as(404, "M_NOT_FOUND");
        bob.joins(&alias).await.fails_as(404, "M_NOT_FOUND");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn only_members_name_a_room_and_only_with_our_server() {
    let w = World::start().await;
    let [alice, bob] = w.users(["alice", "bob"]).await;
    let room = alice.creates_room().await;
    let alias = alias_on(&alice, "name").await;
    bob.publishes_alias(&alias, &room).await.fails_as(403, "M_FORBIDDEN");
    alice.publishes_alias("#name:elsewhere.test", &room).await.fails_as(400, "M_INVALID_PARAM");
    alice.publishes_alias(&alias, "!nowhere:elsewhere.test").await.fails_as(404, "M_NOT_FOUND");
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_made_an_alias_may_delete_it() {
    let w = World::start().await;
    let [alice, bob] = w.users(["alice", "bob"]).await;
    let room = alice.creates_room().await;
    bob.joins(&room).await.ok();
    let alias = alias_on(&alice, "bobs").await;
    bob.publishes_alias(&alias, &room).await.ok();
    alice.sets_state(&room, "m.room.canonical_alias", "", json!({"alias": alias})).await.ok();
    bob.delete(&path(&alias)).await.ok();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deleted_alias_is_no_longer_the_canonical_one() {
    let w = World::start().await;
    let alice = w.user("alice").await;
    let room = alice.creates_room_like(json!({"room_alias_name": "main"})).await.room_id();
    let (main, other) = (alias_on(&alice, "main").await, alias_on(&alice, "other").await);
    alice.publishes_alias(&other, &room).await.ok();
    let content = json!({"alias": main, "alt_aliases": [other]});
    alice.sets_state(&room, "m.room.canonical_alias", "", content).await.ok();
    alice.delete(&path(&main)).await.ok();
    let content = alice.state(&room, "m.room.canonical_alias", "").await.ok();
    assert_eq!(content, json!({"alt_aliases": [other]}));
    alice.delete(&path(&other)).await.ok();
    assert_eq!(alice.state(&room, "m.room.canonical_alias", "").await.ok(), json!({}));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_canonical_alias_must_name_the_room() {
    let w = World::start().await;
    let alice = w.user("alice").await;
    let (room, other) = (alice.creates_room().await, alice.creates_room().await);
    let (here, there) = (alias_on(&alice, "here").await, alias_on(&alice, "there").await);
    alice.publishes_alias(&here, &room).await.ok();
    alice.publishes_alias(&there, &other).await.ok();
    let set = |content: Value| alice.sets_state(&room, "m.room.canonical_alias", "", content);
    set(json!({"alias": alias_on(&alice, "missing").await})).await.fails_as(400, "M_BAD_ALIAS");
    set(json!({"alias": there})).await.fails_as(400, "M_BAD_ALIAS");
    set(json!({"alias": here, "alt_aliases": [there]})).await.fails_as(400, "M_BAD_ALIAS");
    set(json!({"alias": "%no:alias"})).await.fails_as(400, "M_INVALID_PARAM");
    set(json!({"alias": here, "alt_aliases": ["%no:alias"]})).await.fails_as(400, "M_INVALID_PARAM");
    set(json!({"alias": here, "alt_aliases": [here]})).await.ok();
}

#[tokio::test(flavor = "multi_thread")]
async fn the_directory_shows_what_was_published() {
    let w = World::start().await;
    let [alice, bob] = w.users(["alice", "bob"]).await;
    let body = json!({"visibility": "public", "name": "Wombles", "topic": "un thé", "room_alias_name": "w"});
    let room = alice.creates_room_like(body).await.room_id();
    let space = json!({"visibility": "public", "name": "Space", "creation_content": {"type": "m.space"}});
    let space = alice.creates_room_like(space).await.room_id();
    alice.creates_room_like(json!({"name": "hidden"})).await.ok();
    bob.joins(&room).await.ok();
    let all = w.stranger().get("/_matrix/client/v3/publicRooms").await.ok();
    assert_eq!(all["total_room_count_estimate"], 2);
    let entry = &all["chunk"][0];
    assert_eq!(entry["room_id"], room.as_str());
    assert_eq!((&entry["name"], &entry["topic"]), (&json!("Wombles"), &json!("un thé")));
    assert_eq!(entry["canonical_alias"], alias_on(&alice, "w").await.as_str());
    assert_eq!(entry["num_joined_members"], 2);
    assert_eq!((&entry["world_readable"], &entry["guest_can_join"]), (&json!(false), &json!(false)));
    assert_eq!(entry["join_rule"], "public", "said also where it is what a missing one means");
    let search = |filter: Value| {
        let bob = &bob;
        async move {
            let found = bob.post("/_matrix/client/v3/publicRooms", json!({"filter": filter})).await.ok();
            let rooms = found["chunk"].as_array().unwrap().clone();
            rooms.iter().map(|room| room["room_id"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
        }
    };
    assert_eq!(search(json!({"generic_search_term": "wombLES"})).await, [room.clone()]);
    assert_eq!(search(json!({"generic_search_term": "THÉ"})).await, [room.clone()]);
    assert!(search(json!({"generic_search_term": "hidden"})).await.is_empty());
    assert_eq!(search(json!({"room_types": ["m.space"]})).await, [space.clone()]);
    assert_eq!(search(json!({"room_types": [null]})).await, [room.clone()]);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_directory_is_read_page_by_page() {
    let w = World::start().await;
    let alice = w.user("alice").await;
    let mut rooms = std::collections::BTreeSet::new();
    for _ in 0..5 {
        rooms.insert(alice.creates_room_like(json!({"visibility": "public"})).await.room_id());
    }
    let mut seen = Vec::new();
    let mut since = String::new();
    loop {
        let page = alice.get(&format!("/_matrix/client/v3/publicRooms?limit=2{since}")).await.ok();
        seen.extend(
            page["chunk"].as_array().unwrap().iter().map(|room| room["room_id"].as_str().unwrap().to_owned()),
        );
        match page["next_batch"].as_str() {
            Some(next) => since = format!("&since={next}"),
            None => break,
        }
    }
    assert_eq!(seen.len(), 5);
    assert_eq!(seen.into_iter().collect::<std::collections::BTreeSet<_>>(), rooms);
    alice.get("/_matrix/client/v3/publicRooms?since=foreign").await.fails_as(400, "M_INVALID_PARAM");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_entry_in_the_directory_is_changed_by_moderators() {
    let w = World::start().await;
    let [alice, bob] = w.users(["alice", "bob"]).await;
    let room = alice.creates_room().await;
    bob.joins(&room).await.ok();
    let entry = format!("/_matrix/client/v3/directory/list/room/{}", segment(&room));
    assert_eq!(w.stranger().get(&entry).await.ok()["visibility"], "private");
    bob.put(&entry, json!({"visibility": "public"})).await.fails_as(403, "M_FORBIDDEN");
    alice.put(&entry, json!({"visibility": "public"})).await.ok();
    assert_eq!(w.stranger().get(&entry).await.ok()["visibility"], "public");
    alice.put(&entry, json!({"visibility": "private"})).await.ok();
    assert_eq!(w.stranger().get(&entry).await.ok()["visibility"], "private");
    let root = w.administrator("root").await;
    root.put(&entry, json!({"visibility": "public"})).await.ok();
    assert_eq!(w.stranger().get(&entry).await.ok()["visibility"], "public", "without being in the room");
    let unknown = format!("/_matrix/client/v3/directory/list/room/{}", segment("!nowhere:x.y"));
    w.stranger().get(&unknown).await.fails_as(404, "M_NOT_FOUND");
}
