//! Reporting rooms, events and people, and the list that administrators get.

use serde_json::json;
use testkit::{World, segment};

#[tokio::test(flavor = "multi_thread")]
async fn what_users_report_is_what_administrators_read() {
    let w = World::start().await;
    let root = w.administrator("root").await;
    let [alice, bob] = w.users(["alice", "bob"]).await;
    let room = alice.creates_room_with([&bob]).await;
    let event = bob.sends(&room, "buy this").await.event_id();
    let path = format!("report/{}", segment(&event));
    alice.room_action(&room, &path, json!({"reason": "spam", "score": -100})).await.ok();
    alice.room_action(&room, "report", json!({"reason": "noise"})).await.ok();
    let user = format!("/_matrix/client/v3/users/{}/report", segment(&bob.id));
    alice.post(&user, json!({"reason": "rude"})).await.ok();

    let list = root.get("/_synapse/admin/v1/event_reports").await.ok();
    let report = &list["event_reports"][0];
    assert_eq!(list["total"], 1);
    assert_eq!((&report["sender"], &report["user_id"]), (&json!(bob.id), &json!(alice.id)));
    assert_eq!((&report["reason"], &report["score"]), (&json!("spam"), &json!(-100)));
    let one = format!("/_synapse/admin/v1/event_reports/{}", report["id"]);
    assert_eq!(root.get(&one).await.ok()["event_json"]["content"]["body"], "buy this");
    alice.get(&one).await.fails_as(403, "M_FORBIDDEN");
    root.delete(&one).await.ok();
    root.get(&one).await.fails_as(404, "M_NOT_FOUND");

    let rooms = root.get("/_synapse/admin/v1/room_reports").await.ok();
    assert_eq!(rooms["room_reports"][0]["room_id"], room);
    let users = root.get("/_synapse/admin/v1/user_reports").await.ok();
    assert_eq!(users["user_reports"][0]["target_user_id"], bob.id);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_one_cannot_see_one_cannot_report() {
    let w = World::start().await;
    let [alice, mallory] = w.users(["alice", "mallory"]).await;
    let room = alice.creates_room_with([]).await;
    let event = alice.sends(&room, "secret").await.event_id();
    let path = format!("report/{}", segment(&event));
    mallory.room_action(&room, &path, json!({"reason": "?"})).await.fails_as(404, "M_NOT_FOUND");
    alice.room_action(&room, "report/$unknown", json!({"reason": "?"})).await.fails_as(404, "M_NOT_FOUND");
    mallory
        .room_action("!none:test.example", "report", json!({"reason": ""}))
        .await
        .fails_as(404, "M_NOT_FOUND");
    let long = json!({"reason": "x".repeat(20_000)});
    alice.room_action(&room, "report", long).await.fails_as(400, "M_TOO_LARGE");
}

#[tokio::test(flavor = "multi_thread")]
async fn reporting_somebody_does_not_tell_whether_they_exist() {
    let w = World::start().await;
    let root = w.administrator("root").await;
    let path = format!("/_matrix/client/v3/users/{}/report", segment("@nobody:test.example"));
    root.post(&path, json!({"reason": "rude"})).await.ok();
    assert_eq!(root.get("/_synapse/admin/v1/user_reports").await.ok()["total"], 0);
}
