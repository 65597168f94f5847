use http::Method;
use serde_json::json;
use testkit::World;

use super::{CLIENT, password_auth, whoami};

#[tokio::test(flavor = "multi_thread")]
async fn devices_are_shown_and_renamed() {
    let w = World::start().await;
    let [alice] = w.users(["alice"]).await;
    let path = format!("{CLIENT}/devices/{}", alice.device_id);
    alice.put(&path, json!({"display_name": "new device display"})).await.ok();
    alice.put(&path, json!({})).await.ok();
    let device = alice.get(&path).await.ok();
    assert_eq!(device["device_id"], alice.device_id);
    assert_eq!(device["display_name"], "new device display");
    let unknown = format!("{CLIENT}/devices/unknown_device");
    alice.get(&unknown).await.fails_as(404, "M_NOT_FOUND");
    alice.put(&unknown, json!({"display_name": "x"})).await.fails_as(404, "M_NOT_FOUND");
    alice.put(&unknown, json!({})).await.fails_as(404, "M_NOT_FOUND");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_device_is_deleted_with_the_password_of_its_owner_only() {
    let w = World::start().await;
    let [alice, bob] = w.users(["alice", "bob"]).await;
    let phone = alice.on_another_device().await;
    let path = format!("{CLIENT}/devices/{}", phone.device_id);
    let delete = |auth| {
        let (alice, path) = (alice.clone(), path.clone());
        async move { alice.request(Method::DELETE, &path, Some(json!({"auth": auth}))).await }
    };
    let bare = alice.delete(&path).await.expect_status(401);
    assert!(bare["session"].is_string() && bare["flows"].is_array() && bare["params"].is_object());
    let wrong = delete(password_auth(&alice.id, "wrong")).await.fails_as(401, "M_FORBIDDEN");
    assert!(wrong["session"].is_string() && wrong["error"].is_string() && wrong["flows"].is_array());
    delete(password_auth(&bob.id, bob.password())).await.fails_as(403, "M_FORBIDDEN");
    alice.get(&path).await.ok();
    delete(password_auth(&alice.id, alice.password())).await.ok();
    alice.get(&path).await.fails_as(404, "M_NOT_FOUND");
    whoami(&phone).await.fails_as(401, "M_UNKNOWN_TOKEN");
}

#[tokio::test(flavor = "multi_thread")]
async fn several_devices_go_at_once() {
    let w = World::start().await;
    let [alice] = w.users(["alice"]).await;
    let (one, two) = (alice.on_another_device().await, alice.on_another_device().await);
    let body = json!({"devices": [one.device_id, two.device_id, "NEVER"]});
    alice.posts_with_password(&format!("{CLIENT}/delete_devices"), body).await.ok();
    for gone in [&one, &two] {
        whoami(gone).await.fails_as(401, "M_UNKNOWN_TOKEN");
    }
    whoami(&alice).await.ok();
}
