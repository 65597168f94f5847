//! Finding people, and rooms shared with them.

use serde_json::{Value, json};
use testkit::{User, World, segment};

async fn find(user: &User, term: &str) -> Value {
    user.post("/_matrix/client/v3/user_directory/search", json!({"search_term": term})).await.ok()
}

/// The ids that a term finds, in order.
async fn found(user: &User, term: &str) -> Vec<String> {
    let answer = find(user, term).await;
    let results = answer["results"].as_array().unwrap();
    results.iter().map(|result| result["user_id"].as_str().unwrap().to_owned()).collect()
}

async fn names(user: &User, name: &str) {
    let path = format!("/_matrix/client/v3/profile/{}/displayname", segment(&user.id));
    user.put(&path, json!({"displayname": name})).await.ok();
}

fn none() -> Vec<String> {
    Vec::new()
}

#[tokio::test(flavor = "multi_thread")]
async fn people_in_open_rooms_are_found_by_the_begins_of_their_names() {
    let w = World::start().await;
    let [alice, bob, eve] = w.users(["user-alice", "user-bob", "user-eve"]).await;
    names(&alice, "Alice 王小明").await;
    alice.creates_room().await;
    for term in ["alice", "ALI", "alice 王", "小明", "@user", "user-alice", &alice.id] {
        assert_eq!(found(&eve, term).await, [alice.id.clone()], "{term}");
    }
    let answer = find(&eve, "ali").await;
    assert_eq!(answer["results"][0]["display_name"], "Alice 王小明");
    assert_eq!(answer["limited"], false);
    for term in ["lice", "bob", "alice carol", "@user-alice:elsewhere", "", "@", "!?"] {
        assert_eq!(found(&eve, term).await, none(), "{term}");
    }
    assert_eq!(found(&bob, "@user").await, [alice.id.clone()]);
}

#[tokio::test(flavor = "multi_thread")]
async fn people_without_a_common_or_open_room_are_not_found() {
    let w = World::start().await;
    let [alice, bob, eve] = w.users(["alice", "bob", "eve"]).await;
    assert_eq!(found(&eve, "alice").await, none());
    let room = alice.creates_room_with([&bob]).await;
    assert_eq!(found(&bob, "alice").await, [alice.id.clone()]);
    assert_eq!(found(&eve, "alice").await, none());
    let rules = json!({"join_rule": "public"});
    alice.sets_state(&room, "m.room.join_rules", "", rules).await.ok();
    assert_eq!(found(&eve, "alice").await, [alice.id.clone()]);
    alice.sets_state(&room, "m.room.join_rules", "", json!({"join_rule": "invite"})).await.ok();
    assert_eq!(found(&eve, "alice").await, none());
    bob.leaves(&room).await.ok();
    assert_eq!(found(&bob, "alice").await, none());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_operator_may_let_everybody_find_everybody() {
    let w = World::configured(|config| config.user_directory.all_users = true).await;
    let [alice, bob] = w.users(["alice", "bob"]).await;
    assert_eq!(found(&bob, "alice").await, [alice.id.clone()]);
    assert_eq!(found(&alice, "alice").await, none());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_for_one_room_is_not_told() {
    let w = World::start().await;
    let [alice, bob, eve] = w.users(["alice", "bob", "eve"]).await;
    names(&alice, "Alice Cooper").await;
    alice.creates_room().await;
    let room = alice.creates_room_with([&bob]).await;
    let member = json!({"membership": "join", "displayname": "Freddy"});
    alice.sets_state(&room, "m.room.member", &alice.id, member).await.ok();
    for asker in [&bob, &eve] {
        assert_eq!(find(asker, "Alice Cooper").await["results"][0]["display_name"], "Alice Cooper");
        assert_eq!(found(asker, "Freddy").await, none());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn changed_names_and_closed_accounts_show_at_once() {
    let w = World::start().await;
    let [alice, bob] = w.users(["alice", "bob"]).await;
    alice.creates_room().await;
    names(&alice, "Before").await;
    assert_eq!(found(&bob, "before").await, [alice.id.clone()]);
    names(&alice, "After").await;
    assert_eq!(found(&bob, "before").await, none());
    assert_eq!(found(&bob, "after").await, [alice.id.clone()]);
    let auth = json!({
        "type": "m.login.password",
        "identifier": {"type": "m.id.user", "user": alice.id},
        "password": alice.password(),
    });
    alice.post("/_matrix/client/v3/account/deactivate", json!({"auth": auth})).await.ok();
    assert_eq!(found(&bob, "after").await, none());
}

#[tokio::test(flavor = "multi_thread")]
async fn those_who_share_a_room_come_first_and_the_limit_is_kept() {
    let w = World::start().await;
    let [asker, a, b, c] = w.users(["asker", "lee-a", "lee-b", "lee-c"]).await;
    for user in [&a, &b, &c] {
        user.creates_room().await;
    }
    asker.creates_room_with([&c]).await;
    assert_eq!(found(&asker, "lee").await, [c.id.clone(), a.id.clone(), b.id.clone()]);
    names(&b, "Lee").await;
    assert_eq!(found(&asker, "lee").await, [c.id.clone(), b.id.clone(), a.id.clone()]);
    let body = json!({"search_term": "lee", "limit": 2});
    let answer = asker.post("/_matrix/client/v3/user_directory/search", body).await.ok();
    assert_eq!(answer["results"].as_array().unwrap().len(), 2);
    assert_eq!(answer["limited"], true);
}

#[tokio::test(flavor = "multi_thread")]
async fn people_of_other_servers_are_found_by_the_names_of_rooms_that_one_may_see() {
    let [a, b] = World::federated(["a", "b"]).await;
    let ([alice, eve], bob) = (a.users(["alice", "eve"]).await, b.user("bob").await);
    names(&bob, "Robert Builder").await;
    assert_eq!(found(&alice, "bob").await, none());
    let room = alice.creates_room_with([&bob]).await;
    for term in ["builder", "ROB", "bob", &bob.id] {
        assert_eq!(found(&alice, term).await, [bob.id.clone()], "{term}");
        assert_eq!(found(&eve, term).await, none(), "{term}, of a room that eve may not see");
    }
    assert_eq!(find(&alice, "builder").await["results"][0]["display_name"], "Robert Builder");
    assert_eq!(found(&alice, &format!("@bob:{}", a.server_name())).await, none());

    // A room that anybody may enter shows him to everybody, under the name that he has there.
    let open = alice.creates_room().await;
    let by = format!("/_matrix/client/v3/join/{}?via={}", segment(&open), segment(&a.server_name()));
    bob.post(&by, json!({})).await.ok();
    let content = json!({"membership": "join", "displayname": "Bobby"});
    let renamed = bob.sets_state(&open, "m.room.member", &bob.id, content).await.event_id();
    alice.waits_for_event(&open, &renamed).await;
    assert_eq!(found(&eve, "bobby").await, [bob.id.clone()]);
    assert_eq!(found(&eve, "builder").await, none(), "a name of the other room");
    assert_eq!(found(&alice, "builder").await, [bob.id.clone()]);

    // With the last of ours everybody else goes.
    for room in [&room, &open] {
        alice.leaves(room).await.ok();
    }
    assert_eq!(found(&eve, "bob").await, none());
    assert_eq!(found(&alice, "bob").await, none());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_directory_survives_a_restart() {
    let mut w = World::start().await;
    let [alice, bob] = w.users(["alice", "bob"]).await;
    alice.creates_room().await;
    w.restarts().await;
    names(&alice, "Later").await;
    assert_eq!(found(&bob, "later").await, [alice.id.clone()]);
    assert_eq!(found(&bob, "alice").await, [alice.id.clone()]);
}

#[tokio::test(flavor = "multi_thread")]
async fn absurd_user_searches_are_refused() {
    let w = World::start().await;
    let alice = w.user("alice").await;
    let path = "/_matrix/client/v3/user_directory/search";
    alice.post(path, json!({"search_term": "x".repeat(100_000)})).await.fails_as(400, "M_INVALID_PARAM");
    alice.post(path, json!({"limit": 3})).await.fails_as(400, "M_MISSING_PARAM");
    alice.post(path, json!({"search_term": "x", "limit": 9_000_000_000_u64})).await.ok();
    w.stranger().post(path, json!({"search_term": "x"})).await.fails_as(401, "M_MISSING_TOKEN");
}

#[tokio::test(flavor = "multi_thread")]
async fn mutual_rooms_are_those_that_both_are_in() {
    let w = World::start().await;
    let [alice, bob, carol] = w.users(["alice", "bob", "carol"]).await;
    let common = alice.creates_room_with([&bob]).await;
    let left = alice.creates_room_with([&bob]).await;
    bob.leaves(&left).await.ok();
    alice.creates_room_with([&carol]).await;
    let query = format!("user_id={}", segment(&bob.id));
    let stable = alice.get(&format!("/_matrix/client/v1/mutual_rooms?{query}")).await.ok();
    assert_eq!(stable, json!({"joined": [common], "count": 1}));
    let unstable = "/_matrix/client/unstable/uk.half-shot.msc2666/user/mutual_rooms";
    let answer = alice.get(&format!("{unstable}?{query}")).await.ok();
    assert_eq!(answer["joined"], json!([common]));
    let nobody = alice.get("/_matrix/client/v1/mutual_rooms?user_id=%40nobody:x.y").await.ok();
    assert_eq!(nobody, json!({"joined": [], "count": 0}));
    let own = format!("/_matrix/client/v1/mutual_rooms?user_id={}", segment(&alice.id));
    alice.get(&own).await.fails_as(400, "M_INVALID_PARAM");
    alice.get("/_matrix/client/v1/mutual_rooms").await.expect_status(400);
    alice
        .get(&format!("/_matrix/client/v1/mutual_rooms?{query}&from=foreign"))
        .await
        .fails_as(400, "M_INVALID_PARAM");
    let batch = alice.get(&format!("{unstable}?{query}&batch_token=foreign")).await;
    batch.fails_as(400, "M_INVALID_PARAM");
}

#[tokio::test(flavor = "multi_thread")]
async fn no_third_party_network_is_known() {
    let w = World::start().await;
    let alice = w.user("alice").await;
    let base = "/_matrix/client/v3/thirdparty";
    assert_eq!(alice.get(&format!("{base}/protocols")).await.ok(), json!({}));
    for path in [
        "protocol/irc",
        "location/irc?channel=x",
        "user/irc?nick=x",
        "location?alias=%23a:x.y",
        "user?userid=%40a:x.y",
    ] {
        alice.get(&format!("{base}/{path}")).await.fails_as(404, "M_NOT_FOUND");
    }
    w.stranger().get(&format!("{base}/protocols")).await.fails_as(401, "M_MISSING_TOKEN");
}
