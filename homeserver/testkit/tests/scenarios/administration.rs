//! What consoles and moderation bots do as administrators.

use serde_json::{Value, json};
use testkit::{Answer, User, World, segment};

use crate::accounts::{login, whoami};

const ADMIN: &str = "/_synapse/admin";

fn user_path(version: &str, user: &User, end: &str) -> String {
    format!("{ADMIN}/{version}/users/{}{end}", segment(&user.id))
}

fn room_path(version: &str, room: &str, end: &str) -> String {
    format!("{ADMIN}/{version}/rooms/{}{end}", segment(room))
}

async fn audit(admin: &User) -> Vec<Value> {
    let body = admin.get("/_lianqiao/admin/v1/audit?dir=f&limit=1000").await.ok();
    body["entries"].as_array().unwrap().clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_else_gets_in() {
    let w = World::start().await;
    w.administrator("root").await;
    let [alice] = w.users(["alice"]).await;
    for path in ["v1/server_version", "v2/users", "v3/users", "v1/rooms", "v1/event_reports"] {
        let path = format!("{ADMIN}/{path}");
        alice.get(&path).await.fails_as(403, "M_FORBIDDEN");
        w.stranger().get(&path).await.fails_as(401, "M_MISSING_TOKEN");
    }
    alice.get("/_lianqiao/admin/v1/audit").await.fails_as(403, "M_FORBIDDEN");
    let path = user_path("v2", &alice, "");
    alice.put(&path, json!({"admin": true})).await.fails_as(403, "M_FORBIDDEN");
    alice.get(&format!("{ADMIN}/v1/nothing")).await.fails_as(404, "M_UNRECOGNIZED");
}

#[tokio::test(flavor = "multi_thread")]
async fn accounts_are_listed_made_and_changed() {
    let w = World::start().await;
    let root = w.administrator("root").await;
    let [alice] = w.users(["alice"]).await;
    let path = format!("{ADMIN}/v2/users/{}", segment("@carol:test.example"));
    let body =
        json!({"password": "carols", "displayname": "Carol", "admin": false, "avatar_url": "mxc://a/b"});
    let carol = root.put(&path, body).await.ok();
    assert_eq!((&carol["displayname"], &carol["avatar_url"]), (&json!("Carol"), &json!("mxc://a/b")));
    login(&w.stranger(), "carol", "carols").await.ok();
    root.put(&path, json!({"displayname": null, "password": "other"})).await.ok();
    login(&w.stranger(), "carol", "carols").await.fails_as(403, "M_FORBIDDEN");
    assert_eq!(root.get(&path).await.ok()["displayname"], Value::Null);

    let names = |body: &Value| -> Vec<String> {
        let users = body["users"].as_array().unwrap().iter();
        users.map(|user| user["name"].as_str().unwrap().to_owned()).collect()
    };
    let page = root.get(&format!("{ADMIN}/v2/users?from=0&limit=2")).await.ok();
    assert_eq!(names(&page), ["@alice:test.example", "@carol:test.example"]);
    assert_eq!((&page["total"], &page["next_token"]), (&json!(3), &json!("2")));
    let rest = root.get(&format!("{ADMIN}/v3/users?from=2&limit=2")).await.ok();
    assert_eq!((names(&rest), rest.get("next_token")), (vec![root.id.clone()], None));
    let found = root.get(&format!("{ADMIN}/v2/users?name=AROL&dir=b")).await.ok();
    assert_eq!(names(&found), ["@carol:test.example"]);
    root.put(&path, json!({"deactivated": true})).await.ok();
    assert_eq!(root.get(&format!("{ADMIN}/v2/users")).await.ok()["total"], 2);
    assert_eq!(root.get(&format!("{ADMIN}/v2/users?deactivated=true")).await.ok()["total"], 3);
    assert_eq!(root.get(&format!("{ADMIN}/v2/users?admins=true")).await.ok()["total"], 1);
    root.put(&path, json!({"deactivated": false})).await.fails_as(400, "M_MISSING_PARAM");
    root.put(&user_path("v2", &root, ""), json!({"admin": false})).await.fails_as(400, "M_UNKNOWN");
    root.get(&format!("{ADMIN}/v2/users/{}", segment("@no:test.example"))).await.fails_as(404, "M_NOT_FOUND");
    root.get(&format!("{ADMIN}/v2/users?limit=x")).await.fails_as(400, "M_INVALID_PARAM");
    root.get(&format!("{ADMIN}/v1/username_available?username=alice")).await.fails_as(400, "M_USER_IN_USE");
    assert_eq!(
        root.get(&format!("{ADMIN}/v1/username_available?username=zoe")).await.ok()["available"],
        true
    );
    drop(alice);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_closed_account_is_opened_again_with_a_password_and_nothing_else() {
    let mut w = World::start().await;
    let root = w.administrator("root").await;
    let [alice, bob] = w.users(["alice", "bob"]).await;
    let room = bob.creates_room_with([&alice]).await;
    alice.sets_displayname("Alice").await.ok();
    let path = user_path("v2", &alice, "");
    root.put(&path, json!({"admin": true})).await.ok();
    root.put(&path, json!({"deactivated": true})).await.ok();
    root.put(&path, json!({"password": "fresh"})).await.fails_as(403, "M_USER_DEACTIVATED");
    root.put(&path, json!({"deactivated": false, "password": ""})).await.fails_as(400, "M_WEAK_PASSWORD");
    login(&w.stranger(), &alice.id, "fresh").await.fails_as(403, "M_USER_DEACTIVATED");

    let opened = root.put(&path, json!({"deactivated": false, "password": "fresh"})).await.ok();
    assert_eq!((&opened["deactivated"], &opened["admin"]), (&json!(false), &json!(false)));
    assert_eq!(opened["displayname"], "Alice");
    whoami(&alice).await.fails_as(401, "M_UNKNOWN_TOKEN");
    login(&w.stranger(), &alice.id, alice.password()).await.fails_as(403, "M_FORBIDDEN");
    w.restarts().await;
    let session = login(&w.stranger(), &alice.id, "fresh").await.ok();
    let alice = alice.with_token(session["access_token"].as_str().unwrap());
    assert!(alice.joined_rooms().await.is_empty());
    alice.sends(&room, "still there?").await.fails_as(403, "M_FORBIDDEN");
    bob.invites(&room, &alice).await.ok();
    alice.joins(&room).await.ok();
}

#[tokio::test(flavor = "multi_thread")]
async fn passwords_sessions_and_devices_of_others() {
    let w = World::start().await;
    let root = w.administrator("root").await;
    let [alice] = w.users(["alice"]).await;
    let devices = root.get(&user_path("v2", &alice, "/devices")).await.ok();
    assert_eq!(
        (&devices["total"], &devices["devices"][0]["device_id"]),
        (&json!(1), &json!(alice.device_id))
    );
    let device = user_path("v2", &alice, &format!("/devices/{}", alice.device_id));
    root.put(&device, json!({"display_name": "seen"})).await.ok();
    assert_eq!(root.get(&device).await.ok()["display_name"], "seen");
    let token = root.post(&user_path("v1", &alice, "/login"), json!({})).await.ok()["access_token"].clone();
    let borrowed = alice.with_token(token.as_str().unwrap());
    assert_eq!(whoami(&borrowed).await.ok()["user_id"], alice.id);
    let who = root.get(&format!("{ADMIN}/v1/whois/{}", segment(&alice.id))).await.ok();
    assert!(who["devices"][&alice.device_id]["sessions"][0]["connections"].is_array());
    root.delete(&device).await.ok();
    whoami(&alice).await.fails_as(401, "M_UNKNOWN_TOKEN");
    whoami(&borrowed).await.ok();
    let reset = format!("{ADMIN}/v1/reset_password/{}", segment(&alice.id));
    root.post(&reset, json!({"new_password": "fresh"})).await.ok();
    whoami(&borrowed).await.fails_as(401, "M_UNKNOWN_TOKEN");
    login(&w.stranger(), &alice.id, "fresh").await.ok();
    root.post(&reset, json!({})).await.fails_as(400, "M_MISSING_PARAM");
}

#[tokio::test(flavor = "multi_thread")]
async fn every_changing_call_stands_in_the_audit_stream_with_its_outcome_and_no_secret() {
    let w = World::start().await;
    let root = w.administrator("root").await;
    let [alice] = w.users(["alice"]).await;
    let reset = format!("{ADMIN}/v1/reset_password/{}", segment(&alice.id));
    root.post(&reset, json!({"new_password": "top-secret"})).await.ok();
    root.post(&format!("{ADMIN}/v1/deactivate/{}", segment("@no:test.example")), json!({}))
        .await
        .fails_as(404, "M_NOT_FOUND");
    let lock = format!("/_matrix/client/v1/admin/lock/{}", segment(&alice.id));
    root.put(&lock, json!({"locked": true})).await.ok();
    root.get(&format!("{ADMIN}/v2/users")).await.ok();
    let entries = audit(&root).await;
    let lines: Vec<(&str, &str, &str)> = entries
        .iter()
        .map(|entry| {
            let text = |key: &str| entry[key].as_str().unwrap();
            (text("action"), text("target"), text("outcome"))
        })
        .collect();
    assert_eq!(
        lines,
        [
            ("POST /_synapse/admin/v1/reset_password/{user_id}", alice.id.as_str(), "done"),
            ("POST /_synapse/admin/v1/deactivate/{user_id}", "@no:test.example", "failed"),
            ("lock user", alice.id.as_str(), "done"),
        ]
    );
    assert!(entries.iter().all(|entry| entry["actor"] == root.id));
    assert_eq!(entries[1]["error"], "404 M_NOT_FOUND");
    assert!(!json!(entries).to_string().contains("top-secret"));
    let newest = root.get("/_lianqiao/admin/v1/audit?limit=1").await.ok();
    assert_eq!(newest["entries"][0]["action"], "lock user");
    let next =
        root.get(&format!("/_lianqiao/admin/v1/audit?limit=1&from={}", newest["next_token"])).await.ok();
    assert_eq!(next["entries"][0]["target"], "@no:test.example");
}

#[tokio::test(flavor = "multi_thread")]
async fn rooms_are_listed_described_and_rescued() {
    let w = World::start().await;
    let root = w.administrator("root").await;
    let [alice, bob] = w.users(["alice", "bob"]).await;
    let room = alice.creates_room_like(json!({"name": "Harbour", "preset": "public_chat"})).await.room_id();
    bob.joins(&room).await.ok();
    alice.creates_room_like(json!({"name": "Attic"})).await.room_id();
    let list = root.get(&format!("{ADMIN}/v1/rooms")).await.ok();
    let names: Vec<&Value> = list["rooms"].as_array().unwrap().iter().map(|room| &room["name"]).collect();
    assert_eq!((names, &list["total_rooms"]), (vec![&json!("Attic"), &json!("Harbour")], &json!(2)));
    let found = root.get(&format!("{ADMIN}/v1/rooms?search_term=harb&order_by=joined_members")).await.ok();
    assert_eq!(found["rooms"][0]["room_id"], room);
    let details = root.get(&room_path("v1", &room, "")).await.ok();
    assert_eq!((&details["joined_members"], &details["creator"]), (&json!(2), &json!(alice.id)));
    let members = root.get(&room_path("v1", &room, "/members")).await.ok();
    assert_eq!(members["members"], json!([alice.id, bob.id]));
    let state = root.get(&room_path("v1", &room, "/state")).await.ok();
    assert!(state["state"].as_array().unwrap().iter().any(|event| event["type"] == "m.room.name"));
    assert_eq!(root.get(&room_path("v1", &room, "/forward_extremities")).await.ok()["count"], 1);
    let joined = root.get(&user_path("v1", &bob, "/joined_rooms")).await.ok();
    assert_eq!(joined["joined_rooms"], json!([room]));
    assert_eq!(root.get(&user_path("v1", &bob, "/memberships")).await.ok()["memberships"][&room], "join");

    bob.sets_state(&room, "m.room.name", "", json!({"name": "Mine"})).await.fails_as(403, "M_FORBIDDEN");
    root.post(&room_path("v1", &room, "/make_room_admin"), json!({"user_id": bob.id})).await.ok();
    bob.sets_state(&room, "m.room.name", "", json!({"name": "Mine"})).await.ok();
    let private = alice.creates_room_with([]).await;
    let join = format!("{ADMIN}/v1/join/{}", segment(&private));
    root.post(&join, json!({"user_id": bob.id})).await.ok();
    assert!(bob.joined_rooms().await.contains(&private));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_blocked_room_cannot_be_entered() {
    let w = World::start().await;
    let root = w.administrator("root").await;
    let [alice, bob] = w.users(["alice", "bob"]).await;
    let room = alice.creates_room().await;
    let path = room_path("v1", &room, "/block");
    root.put(&path, json!({"block": true})).await.ok();
    assert_eq!(root.get(&path).await.ok(), json!({"block": true, "user_id": root.id}));
    bob.joins(&room).await.fails_as(403, "M_FORBIDDEN");
    alice.invites(&room, &bob).await.fails_as(403, "M_FORBIDDEN");
    root.put(&path, json!({"block": false})).await.ok();
    bob.joins(&room).await.ok();
}

async fn deleted(root: &User, id: &Value) -> Value {
    let path = format!("{ADMIN}/v2/rooms/delete_status/{}", id.as_str().unwrap());
    root.gets_until(&path, |body| body["status"] == "complete" || body["status"] == "failed").await
}

async fn deletes(root: &User, version: &str, room: &str, body: Value) -> Answer {
    root.request(http::Method::DELETE, &room_path(version, room, ""), Some(body)).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deleted_room_is_gone_for_everybody_and_others_are_not() {
    let w = World::start().await;
    let root = w.administrator("root").await;
    let [alice, bob] = w.users(["alice", "bob"]).await;
    let room = alice.creates_room_with([&bob]).await;
    let kept = alice.creates_room_with([&bob]).await;
    alice.publishes_alias("#gone:test.example", &room).await.ok();
    let event = bob.sends(&room, "soon gone").await.event_id();
    bob.sends(&kept, "stays").await.ok();
    alice.syncs().await;
    let done = deletes(&root, "v1", &room, json!({"block": true})).await.ok();
    assert_eq!(done["kicked_users"], json!([alice.id, bob.id]));
    assert_eq!(done["local_aliases"], json!(["#gone:test.example"]));

    alice.syncs().await;
    assert_eq!(alice.joined_rooms().await, [kept.clone()]);
    alice.reads_room(&room, "messages?dir=b").await.fails_as(403, "M_FORBIDDEN");
    alice.reads_room(&room, &format!("event/{}", segment(&event))).await.fails_as(404, "M_NOT_FOUND");
    alice.joins(&room).await.fails_as(404, "M_NOT_FOUND");
    alice.joins("#gone:test.example").await.fails_as(404, "M_NOT_FOUND");
    root.get(&room_path("v1", &room, "")).await.fails_as(404, "M_NOT_FOUND");
    assert_eq!(root.get(&format!("{ADMIN}/v1/rooms")).await.ok()["total_rooms"], 1);
    let newcomer = alice.on_another_device().await;
    let fresh = newcomer.sync_with("timeout=0&full_state=true").await.ok();
    assert!(fresh["rooms"]["join"][&kept].is_object() && fresh["rooms"]["leave"].get(&room).is_none());
    let page = bob.reads_room(&kept, "messages?dir=b").await.ok();
    assert_eq!(page["chunk"][0]["content"]["body"], "stays");
}

#[tokio::test(flavor = "multi_thread")]
async fn members_of_a_deleted_room_are_brought_to_another_and_the_status_can_be_read() {
    let w = World::start().await;
    let root = w.administrator("root").await;
    let [alice, bob] = w.users(["alice", "bob"]).await;
    let room = alice.creates_room_with([&bob]).await;
    let body =
        json!({"new_room_user_id": root.id, "room_name": "Moved", "message": "Come here", "purge": false});
    let id = deletes(&root, "v2", &room, body).await.ok()["delete_id"].clone();
    let done = deleted(&root, &id).await;
    assert_eq!(done["status"], "complete");
    let new = done["shutdown_room"]["new_room_id"].as_str().unwrap().to_owned();
    assert_eq!(bob.joined_rooms().await, [new.clone()]);
    assert_eq!(bob.state(&new, "m.room.name", "").await.ok()["name"], "Moved");
    let of_room = root.get(&room_path("v2", &room, "/delete_status")).await.ok();
    assert_eq!(of_room["results"][0]["delete_id"], id);
    deletes(&root, "v2", "!unknown:test.example", json!({})).await.fails_as(404, "M_NOT_FOUND");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deletion_that_a_restart_interrupts_goes_on() {
    let mut w = World::on_disk().await;
    let root = w.administrator("root").await;
    let [alice] = w.users(["alice"]).await;
    let room = alice.creates_room().await;
    for index in 0..50 {
        alice.sends(&room, &format!("message {index}")).await.ok();
    }
    let id = deletes(&root, "v2", &room, json!({})).await.ok()["delete_id"].clone();
    w.restarts().await;
    assert_eq!(deleted(&root, &id).await["status"], "complete");
    assert_eq!(alice.joined_rooms().await, [""; 0]);
    root.get(&room_path("v1", &room, "")).await.fails_as(404, "M_NOT_FOUND");
    alice.creates_room().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn old_messages_are_purged_and_the_room_goes_on() {
    let w = World::start().await;
    let root = w.administrator("root").await;
    let [alice] = w.users(["alice"]).await;
    let room = alice.creates_room().await;
    let old = alice.sends(&room, "old").await.event_id();
    let new = alice.sends(&room, "new").await.event_id();
    let path = format!("{ADMIN}/v1/purge_history/{}/{}", segment(&room), segment(&new));
    root.post(&path, json!({})).await.fails_as(400, "M_UNKNOWN");
    let id = root.post(&path, json!({"delete_local_events": true})).await.ok()["purge_id"].clone();
    let status = format!("{ADMIN}/v1/purge_history_status/{}", id.as_str().unwrap());
    let body = root.gets_until(&status, |body| body["status"] != "active").await;
    assert_eq!(body["status"], "complete");
    alice.reads_room(&room, &format!("event/{}", segment(&old))).await.fails_as(404, "M_NOT_FOUND");
    alice.reads_room(&room, &format!("event/{}", segment(&new))).await.ok();
    let bodies: Vec<Value> = alice.reads_room(&room, "messages?dir=b&limit=100").await.ok()["chunk"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|event| event["type"] == "m.room.message")
        .map(|event| event["content"]["body"].clone())
        .collect();
    assert_eq!(bodies, ["new"]);
    alice.sends(&room, "newer").await.ok();
    alice.on_another_device().await.syncs().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn registration_tokens_are_made_changed_and_counted() {
    let w = World::configured(|config| {
        config.registration.open = false;
        config.registration.token = Some("first".to_owned());
    })
    .await;
    let root = w.administrator("root").await;
    let path = format!("{ADMIN}/v1/registration_tokens");
    let made = root.post(&format!("{path}/new"), json!({"token": "abcd", "uses_allowed": 1})).await.ok();
    let expected =
        json!({"token": "abcd", "uses_allowed": 1, "pending": 0, "completed": 0, "expiry_time": null});
    assert_eq!(made, expected);
    root.post(&format!("{path}/new"), json!({"token": "abcd"})).await.fails_as(400, "M_INVALID_PARAM");
    root.post(&format!("{path}/new"), json!({"expiry_time": 1})).await.fails_as(400, "M_INVALID_PARAM");
    root.post(&format!("{path}/new"), json!({"uses_allowed": "x"})).await.fails_as(400, "M_INVALID_PARAM");
    let body = json!({
        "username": "alice", "password": "p",
        "auth": {"type": "m.login.registration_token", "token": "abcd"},
    });
    w.stranger().post("/_matrix/client/v3/register", body).await.ok();
    assert_eq!(root.get(&format!("{path}/abcd")).await.ok()["completed"], 1);
    let valid = root.get(&format!("{path}?valid=true")).await.ok();
    assert_eq!(valid["registration_tokens"].as_array().unwrap().len(), 1);
    root.put(&format!("{path}/abcd"), json!({"uses_allowed": null})).await.ok();
    let valid = root.get(&format!("{path}?valid=true")).await.ok();
    assert_eq!(valid["registration_tokens"].as_array().unwrap().len(), 2);
    root.delete(&format!("{path}/abcd")).await.ok();
    root.get(&format!("{path}/abcd")).await.fails_as(404, "M_NOT_FOUND");
}

#[tokio::test(flavor = "multi_thread")]
async fn administrators_are_not_rate_limited_and_others_can_have_a_rate_of_their_own() {
    let w = World::configured(|config| {
        config.rate_limits.enabled = true;
        config.rate_limits.message.per_second = 0.001;
        config.rate_limits.message.burst = 2;
        config.rate_limits.registration.burst = 100;
        config.rate_limits.login.burst = 100;
    })
    .await;
    let root = w.administrator("root").await;
    let [alice] = w.users(["alice"]).await;
    let room = root.creates_room_with([&alice]).await;
    for index in 0..10 {
        root.sends(&room, &format!("message {index}")).await.ok();
    }
    let floods = || async {
        let mut sent = 0;
        while sent < 5 && alice.sends(&room, "again").await.status() == 200 {
            sent += 1;
        }
        sent
    };
    assert_eq!(floods().await, 2);
    let path = user_path("v1", &alice, "/override_ratelimit");
    assert_eq!(root.get(&path).await.ok(), json!({}));
    let rate = json!({"messages_per_second": 0, "burst_count": 0});
    assert_eq!(root.post(&path, rate.clone()).await.ok(), rate);
    assert_eq!(floods().await, 5);
    root.delete(&path).await.ok();
    assert!(floods().await < 5);
}

#[tokio::test(flavor = "multi_thread")]
async fn media_are_listed_quarantined_and_deleted() {
    let w = World::start().await;
    let root = w.administrator("root").await;
    let [alice] = w.users(["alice"]).await;
    let uploaded = alice
        .request_raw(
            http::Method::POST,
            "/_matrix/media/v3/upload?filename=a.txt",
            Some(b"some text".to_vec()),
        )
        .await
        .ok();
    let uri = uploaded["content_uri"].as_str().unwrap().to_owned();
    let id = uri.rsplit_once('/').unwrap().1.to_owned();
    let list = root.get(&user_path("v1", &alice, "/media")).await.ok();
    assert_eq!((&list["total"], &list["media"][0]["media_id"]), (&json!(1), &json!(id)));
    let usage = root.get(&format!("{ADMIN}/v1/statistics/users/media")).await.ok();
    assert_eq!(
        (&usage["users"][0]["user_id"], &usage["users"][0]["media_length"]),
        (&json!(alice.id), &json!(9))
    );
    let download = format!("/_matrix/client/v1/media/download/test.example/{id}");
    alice.get(&download).await.ok();
    root.post(&format!("{ADMIN}/v1/media/quarantine/test.example/{id}"), json!({})).await.ok();
    alice.get(&download).await.fails_as(404, "M_NOT_FOUND");
    root.post(&format!("{ADMIN}/v1/media/unquarantine/test.example/{id}"), json!({})).await.ok();
    alice.get(&download).await.ok();
    let room = alice.creates_room().await;
    let picture = json!({"msgtype": "m.file", "body": "a.txt", "url": uri});
    let path =
        format!("/_matrix/client/v3/rooms/{}/send/m.room.message/{}", segment(&room), alice.new_txn_id());
    alice.put(&path, picture).await.ok();
    let named = root.get(&format!("{ADMIN}/v1/room/{}/media", segment(&room))).await.ok();
    assert_eq!(named, json!({"local": [uri], "remote": []}));
    root.delete(&format!("{ADMIN}/v1/media/test.example/{id}")).await.ok();
    alice.get(&download).await.fails_as(404, "M_NOT_FOUND");
    assert_eq!(root.get(&user_path("v1", &alice, "/media")).await.ok()["total"], 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_media_of_a_user_or_a_room_are_quarantined_at_once() {
    let w = World::start().await;
    let root = w.administrator("root").await;
    let [alice, bob] = w.users(["alice", "bob"]).await;
    let room = alice.creates_room_with([&bob]).await;
    let shown = async |user: &User, text: &str| {
        let uri = user.uploads(text.as_bytes(), "text/plain", None).await;
        let file = json!({"msgtype": "m.file", "body": text, "url": uri});
        user.sends_event(&room, "m.room.message", file).await.ok();
        uri
    };
    let [one, two] = [shown(&alice, "one").await, shown(&alice, "two").await];
    let bobs = shown(&bob, "bob's").await;
    let unseen = bob.uploads(b"never sent", "text/plain", None).await;
    let kept = shown(&alice, "kept").await;
    let id = |uri: &str| uri.rsplit_once('/').unwrap().1.to_owned();
    let status = async |uri: &str| bob.downloads(uri).await.status;
    root.post(&format!("{ADMIN}/v1/media/protect/{}", id(&kept)), json!({})).await.ok();

    let of_alice = format!("{ADMIN}/v1/user/{}/media/quarantine", segment(&alice.id));
    bob.post(&of_alice, json!({})).await.fails_as(403, "M_FORBIDDEN");
    assert_eq!(root.post(&of_alice, json!({})).await.ok(), json!({"num_quarantined": 2}));
    assert_eq!(root.post(&of_alice, json!({})).await.ok(), json!({"num_quarantined": 0}), "they are already");
    for (uri, expected) in [(&one, 404), (&two, 404), (&kept, 200), (&bobs, 200), (&unseen, 200)] {
        assert_eq!(status(uri).await, expected, "{uri}");
    }

    let of_room = format!("{ADMIN}/v1/room/{}/media/quarantine", segment(&room));
    bob.post(&of_room, json!({})).await.fails_as(403, "M_FORBIDDEN");
    assert_eq!(root.post(&of_room, json!({})).await.ok(), json!({"num_quarantined": 1}));
    for (uri, expected) in [(&kept, 200), (&bobs, 404), (&unseen, 200)] {
        assert_eq!(status(uri).await, expected, "{uri}");
    }
    let info = root.get(&format!("{ADMIN}/v1/media/test.example/{}", id(&bobs))).await.ok();
    assert_eq!(info["media_info"]["quarantined_by"], root.id);
    let nowhere = format!("{ADMIN}/v1/room/{}/media/quarantine", segment("!no:test.example"));
    root.post(&nowhere, json!({})).await.fails_as(404, "M_NOT_FOUND");
    let nobody = format!("{ADMIN}/v1/user/{}/media/quarantine", segment("@no:test.example"));
    root.post(&nobody, json!({})).await.fails_as(404, "M_NOT_FOUND");
}
