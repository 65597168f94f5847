//! Backups of room keys.

use futures_util::future::join_all;
use serde_json::{Value, json};
use testkit::{User, World, segment};

const VERSION: &str = "/_matrix/client/v3/room_keys/version";
const KEYS: &str = "/_matrix/client/v3/room_keys/keys";
const ROOM: &str = "!room:test.example";

fn description(public_key: &str) -> Value {
    json!({
        "algorithm": "m.megolm_backup.v1.curve25519-aes-sha2",
        "auth_data": {"public_key": public_key, "signatures": {}},
    })
}

async fn creates(user: &User) -> String {
    let body = user.post(VERSION, description("abc")).await.ok();
    body["version"].as_str().unwrap().to_owned()
}

fn session(first: u64, forwarded: u64, verified: bool) -> Value {
    json!({
        "first_message_index": first,
        "forwarded_count": forwarded,
        "is_verified": verified,
        "session_data": {"ephemeral": "a", "ciphertext": "b", "mac": "c"},
    })
}

fn path(version: &str, room: Option<&str>, id: Option<&str>) -> String {
    let parts: String = [room, id].into_iter().flatten().map(|part| format!("/{}", segment(part))).collect();
    format!("{KEYS}{parts}?version={version}")
}

async fn info(user: &User, version: &str) -> (u64, String) {
    let body = user.get(&format!("{VERSION}/{version}")).await.ok();
    (body["count"].as_u64().unwrap(), body["etag"].as_str().unwrap().to_owned())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backup_is_described_changed_and_deleted() {
    let w = World::start().await;
    let [alice, bob] = w.users(["alice", "bob"]).await;
    alice.get(VERSION).await.fails_as(404, "M_NOT_FOUND");
    let first = creates(&alice).await;
    let second = creates(&alice).await;
    assert_ne!(first, second);
    let latest = alice.get(VERSION).await.ok();
    assert_eq!(latest["version"], second.as_str());
    assert_eq!(latest["count"], 0);
    assert_eq!(latest["auth_data"]["public_key"], "abc");
    assert_eq!(alice.get(&format!("{VERSION}/{first}")).await.ok()["version"], first.as_str());

    alice.put(&format!("{VERSION}/{second}"), description("def")).await.ok();
    assert_eq!(alice.get(VERSION).await.ok()["auth_data"]["public_key"], "def");
    let other = json!({"algorithm": "m.other", "auth_data": {}});
    alice.put(&format!("{VERSION}/{second}"), other).await.fails_as(400, "M_INVALID_PARAM");
    let mut wrong = description("def");
    wrong["version"] = json!(first);
    alice.put(&format!("{VERSION}/{second}"), wrong).await.fails_as(400, "M_INVALID_PARAM");
    alice.put(&format!("{VERSION}/99"), description("x")).await.fails_as(404, "M_NOT_FOUND");

    alice.put(&path(&second, Some(ROOM), Some("s")), session(0, 0, true)).await.ok();
    bob.get(VERSION).await.fails_as(404, "M_NOT_FOUND");
    bob.delete(&format!("{VERSION}/{second}")).await.fails_as(404, "M_NOT_FOUND");
    alice.delete(&format!("{VERSION}/{second}")).await.ok();
    assert_eq!(alice.get(VERSION).await.ok()["version"], first.as_str(), "the one before is current again");
    alice.get(&path(&second, None, None)).await.fails_as(404, "M_NOT_FOUND");
    alice.delete(&format!("{VERSION}/{second}")).await.fails_as(404, "M_NOT_FOUND");
    let third = creates(&alice).await;
    assert!(third != second && third != first, "a number is not used again");
    assert_eq!(info(&alice, &third).await.0, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn sessions_are_kept_singly_by_room_and_all_together() {
    let w = World::start().await;
    let [alice] = w.users(["alice"]).await;
    let version = creates(&alice).await;
    let other = "!other:test.example";
    let one = alice.put(&path(&version, Some(ROOM), Some("a/b+c=")), session(1, 2, true)).await.ok();
    assert_eq!(one["count"], 1);
    let body = json!({"sessions": {"x": session(0, 0, false), "y": session(0, 0, false)}});
    assert_eq!(alice.put(&path(&version, Some(ROOM), None), body).await.ok()["count"], 3);
    let body = json!({"rooms": {
        ROOM: {"sessions": {"z": session(0, 0, false)}},
        other: {"sessions": {"x": session(5, 0, false)}},
    }});
    let all = alice.put(&path(&version, None, None), body).await.ok();
    assert_eq!(all["count"], 5);
    assert_ne!(all["etag"], one["etag"]);

    assert_eq!(alice.get(&path(&version, Some(ROOM), Some("a/b+c="))).await.ok(), session(1, 2, true));
    let room = alice.get(&path(&version, Some(ROOM), None)).await.ok();
    assert_eq!(room["sessions"].as_object().unwrap().len(), 4);
    let all = alice.get(&path(&version, None, None)).await.ok();
    assert_eq!(all["rooms"][other]["sessions"], json!({"x": session(5, 0, false)}));
    assert_eq!(all["rooms"][ROOM], room);
    let empty = alice.get(&path(&version, Some("!none:test.example"), None)).await.ok();
    assert_eq!(empty, json!({"sessions": {}}));
    alice.get(&path(&version, Some(ROOM), Some("none"))).await.fails_as(404, "M_NOT_FOUND");
    alice.get(&path("77", Some(ROOM), Some("x"))).await.fails_as(404, "M_NOT_FOUND");

    let before = info(&alice, &version).await;
    let left = alice.delete(&path(&version, Some(ROOM), Some("x"))).await.ok();
    assert_eq!((left["count"].as_u64().unwrap(), left["etag"] == before.1.as_str()), (4, false));
    let again = alice.delete(&path(&version, Some(ROOM), Some("x"))).await.ok();
    assert_eq!(again, left, "nothing was there to delete");
    assert_eq!(alice.delete(&path(&version, Some(ROOM), None)).await.ok()["count"], 1);
    assert_eq!(alice.delete(&path(&version, None, None)).await.ok()["count"], 0);
    assert_eq!(alice.get(&path(&version, None, None)).await.ok(), json!({"rooms": {}}));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_large_backup_comes_whole_and_goes_whole() {
    let w = World::start().await;
    let [alice] = w.users(["alice"]).await;
    let version = creates(&alice).await;
    let rooms: serde_json::Map<String, Value> = (0..5)
        .map(|room| {
            let sessions: serde_json::Map<String, Value> =
                (0..500).map(|n| (format!("session {n}"), session(n, 0, false))).collect();
            (format!("!r{room}:test.example"), json!({"sessions": sessions}))
        })
        .collect();
    let body = json!({"rooms": rooms});
    assert_eq!(alice.put(&path(&version, None, None), body.clone()).await.ok()["count"], 2_500);
    assert_eq!(alice.get(&path(&version, None, None)).await.ok(), body);
    let one = alice.get(&path(&version, Some("!r3:test.example"), None)).await.ok();
    assert_eq!(one, body["rooms"]["!r3:test.example"]);
    assert_eq!(alice.delete(&path(&version, None, None)).await.ok()["count"], 0);
    assert_eq!(info(&alice, &version).await.0, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_better_copy_of_a_session_stays() {
    let w = World::start().await;
    let [alice] = w.users(["alice"]).await;
    let version = creates(&alice).await;
    let place = path(&version, Some(ROOM), Some("s"));
    let mut etag = String::new();
    for (given, kept, is_new) in [
        (session(10, 5, false), session(10, 5, false), true),
        (session(11, 5, false), session(10, 5, false), false),
        (session(10, 6, false), session(10, 5, false), false),
        (session(10, 4, false), session(10, 4, false), true),
        (session(9, 7, false), session(9, 7, false), true),
        (session(50, 50, true), session(50, 50, true), true),
        (session(0, 0, false), session(50, 50, true), false),
        (session(50, 50, true), session(50, 50, true), false),
    ] {
        let answer = alice.put(&place, given).await.ok();
        assert_eq!(answer["count"], 1);
        assert_eq!(answer["etag"] != etag.as_str(), is_new, "the etag changes with the content");
        etag = answer["etag"].as_str().unwrap().to_owned();
        assert_eq!(alice.get(&place).await.ok(), kept);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn only_the_current_version_takes_sessions() {
    let w = World::start().await;
    let [alice] = w.users(["alice"]).await;
    alice.put(&path("1", Some(ROOM), Some("s")), session(0, 0, true)).await.fails_as(404, "M_NOT_FOUND");
    let first = creates(&alice).await;
    alice.put(&path(&first, Some(ROOM), Some("s")), session(0, 0, true)).await.ok();
    let second = creates(&alice).await;
    let refused = alice
        .put(&path(&first, Some(ROOM), Some("t")), session(0, 0, true))
        .await
        .fails_as(403, "M_WRONG_ROOM_KEYS_VERSION");
    assert_eq!(refused["current_version"], second.as_str());
    alice.put(&path("77", Some(ROOM), Some("t")), session(0, 0, true)).await.fails_as(404, "M_NOT_FOUND");
    assert_eq!(alice.get(&path(&first, Some(ROOM), Some("s"))).await.ok(), session(0, 0, true));
    assert_eq!(info(&alice, &second).await.0, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn concurrent_uploads_are_counted_exactly() {
    let w = World::start().await;
    let [alice] = w.users(["alice"]).await;
    let version = creates(&alice).await;
    let places: Vec<String> =
        (0..64).map(|n| path(&version, Some(ROOM), Some(&format!("s{}", n % 48)))).collect();
    join_all(places.iter().map(|place| async { alice.put(place, session(0, 0, true)).await.ok() })).await;
    let (count, etag) = info(&alice, &version).await;
    assert_eq!((count, etag.as_str()), (48, "48"), "sixteen were there already");
    let all = alice.get(&path(&version, Some(ROOM), None)).await.ok();
    assert_eq!(all["sessions"].as_object().unwrap().len(), 48);
}

#[tokio::test(flavor = "multi_thread")]
async fn garbage_is_refused_and_changes_nothing() {
    let w = World::start().await;
    let [alice] = w.users(["alice"]).await;
    for body in [
        json!({}),
        json!({"algorithm": "m.x"}),
        json!({"algorithm": 7, "auth_data": {}}),
        json!({"algorithm": "m.x", "auth_data": []}),
        json!({"algorithm": "m.x", "auth_data": {"signed": 0.5}}),
        json!({"algorithm": "m.x", "auth_data": {"signed": 9_007_199_254_740_993_u64}}),
        json!({"algorithm": "m.megolm_backup.v1.curve25519-aes-sha2", "auth_data": {}}),
    ] {
        alice.post(VERSION, body).await.fails_as(400, "M_BAD_JSON");
    }
    let huge = json!({"algorithm": "m.x", "auth_data": {"a": "x".repeat(70_000)}});
    alice.post(VERSION, huge).await.fails_as(413, "M_TOO_LARGE");
    let version = creates(&alice).await;
    let place = path(&version, Some(ROOM), Some("s"));
    for (key, value) in [
        ("first_message_index", json!(-1)),
        ("first_message_index", json!(0.5)),
        ("first_message_index", json!("0")),
        ("forwarded_count", json!(null)),
        ("is_verified", json!(1)),
        ("session_data", json!("text")),
        ("session_data", json!([])),
    ] {
        let mut body = session(0, 0, true);
        body[key] = value;
        alice.put(&place, body).await.fails_as(400, "M_BAD_JSON");
    }
    let mut huge = session(0, 0, true);
    huge["session_data"]["ciphertext"] = json!("x".repeat(70_000));
    alice.put(&place, huge).await.fails_as(413, "M_TOO_LARGE");
    let no_version = format!("{KEYS}/{}/s", segment(ROOM));
    alice.put(&no_version, session(0, 0, true)).await.expect_status(400);
    assert_eq!(info(&alice, &version).await, (0, "0".to_owned()));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backup_outlives_the_device_that_made_it() {
    let mut w = World::on_disk().await;
    let [alice] = w.users(["alice"]).await;
    let phone = alice.on_another_device().await;
    let version = creates(&phone).await;
    phone.put(&path(&version, Some(ROOM), Some("s")), session(0, 0, true)).await.ok();
    phone.logs_out().await.ok();
    w.restarts().await;
    assert_eq!(alice.get(&path(&version, Some(ROOM), Some("s"))).await.ok(), session(0, 0, true));
    assert_eq!(info(&alice, &version).await.0, 1);
}
