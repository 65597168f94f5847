//! Server notices: what the operator has to tell one user.

use serde_json::{Value, json};
use testkit::{Answer, User, World};

const SEND: &str = "/_synapse/admin/v1/send_server_notice";

async fn with_notices() -> World {
    World::configured(|config| config.server_notices.localpart = Some("_server".to_owned())).await
}

fn notice(user: &User, body: &str) -> Value {
    json!({"user_id": user.id, "content": {"msgtype": "m.text", "body": body}})
}

async fn sends(admin: &User, user: &User, body: &str) -> Answer {
    admin.post(SEND, notice(user, body)).await
}

async fn invited_to(user: &User) -> String {
    let body = user.syncs_until("the notices", |body| {
        body["rooms"]["invite"].as_object().is_some_and(|rooms| !rooms.is_empty())
    });
    let body = body.await;
    let (room, invite) = body["rooms"]["invite"].as_object().unwrap().iter().next().unwrap();
    assert_eq!(invite["invite_state"]["events"][0]["sender"], "@_server:test.example");
    room.clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_notice_invites_to_a_room_that_cannot_be_refused_but_left_later() {
    let w = with_notices().await;
    let root = w.administrator("root").await;
    let [alice] = w.users(["alice"]).await;
    sends(&alice, &alice, "no").await.fails_as(403, "M_FORBIDDEN");
    let first = sends(&root, &alice, "hello").await.event_id();
    let room = invited_to(&alice).await;
    alice.leaves(&room).await.fails_as(403, "M_CANNOT_LEAVE_SERVER_NOTICE_ROOM");
    alice.joins(&room).await.ok();
    assert_eq!(alice.waits_for_event(&room, &first).await["content"]["body"], "hello");
    let tags = alice.get(&format!("/_matrix/client/v3/user/{}/rooms/{room}/tags", alice.id)).await.ok();
    assert!(tags["tags"]["m.server_notice"].is_object());
    alice.sends(&room, "an answer").await.fails_as(403, "M_FORBIDDEN");
    alice.leaves(&room).await.ok();
    sends(&root, &alice, "again").await.ok();
    assert_eq!(invited_to(&alice).await, room, "one room for all notices");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_repeated_request_sends_one_notice() {
    let w = with_notices().await;
    let root = w.administrator("root").await;
    let [alice, bob] = w.users(["alice", "bob"]).await;
    let path = format!("{SEND}/1");
    let first = root.put(&path, notice(&alice, "once")).await.event_id();
    assert_eq!(root.put(&path, notice(&alice, "once")).await.event_id(), first);
    assert_ne!(root.put(&path, notice(&bob, "once")).await.event_id(), first);
}

#[tokio::test(flavor = "multi_thread")]
async fn notices_need_a_setting_and_a_user() {
    let w = World::start().await;
    let root = w.administrator("root").await;
    let [alice] = w.users(["alice"]).await;
    sends(&root, &alice, "hello").await.fails_as(400, "M_UNKNOWN");
    let w = with_notices().await;
    let root = w.administrator("root").await;
    let nobody = json!({"user_id": "@nobody:test.example", "content": {}});
    root.post(SEND, nobody).await.fails_as(404, "M_NOT_FOUND");
    let elsewhere = json!({"user_id": "@alice:elsewhere.example", "content": {}});
    root.post(SEND, elsewhere).await.fails_as(400, "M_UNKNOWN");
    root.post(SEND, json!({"user_id": "@root:test.example"})).await.fails_as(400, "M_MISSING_PARAM");
}
