use serde_json::json;
use testkit::World;

use super::{CLIENT, login, password_auth, whoami};

#[tokio::test(flavor = "multi_thread")]
async fn the_ways_in_are_listed() {
    let w = World::start().await;
    let flows = w.stranger().get(&format!("{CLIENT}/login")).await.ok()["flows"].clone();
    let types: Vec<_> = flows.as_array().unwrap().iter().map(|flow| flow["type"].clone()).collect();
    assert_eq!(types, ["m.login.password", "m.login.token"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_is_known_by_id_localpart_capitals_and_the_old_key() {
    let w = World::start().await;
    let [alice] = w.users(["alice"]).await;
    for name in [&*alice.id, "alice", "@ALICE:test.example", "Alice"] {
        let session = login(&w.stranger(), name, alice.password()).await.ok();
        assert_eq!(session["user_id"], alice.id);
        let user = w.stranger().with_token(session["access_token"].as_str().unwrap());
        assert_eq!(whoami(&user).await.ok()["device_id"], session["device_id"]);
    }
    let old = json!({"type": "m.login.password", "user": "alice", "password": alice.password()});
    w.stranger().post(&format!("{CLIENT}/login"), old).await.ok();
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_and_unknown_get_the_same_answer() {
    let w = World::start().await;
    let [alice] = w.users(["alice"]).await;
    let wrong = login(&w.stranger(), &alice.id, "wrong").await.fails_as(403, "M_FORBIDDEN");
    let unknown = login(&w.stranger(), "@nobody:test.example", "wrong").await.fails_as(403, "M_FORBIDDEN");
    assert_eq!(wrong, unknown);
    let email = json!({
        "type": "m.login.password", "password": "x",
        "identifier": {"type": "m.id.thirdparty", "medium": "email", "address": "a@b.org"},
    });
    w.stranger().post(&format!("{CLIENT}/login"), email).await.fails_as(403, "M_FORBIDDEN");
}

#[tokio::test(flavor = "multi_thread")]
async fn malformed_logins_are_told_what_is_wrong() {
    let w = World::start().await;
    let stranger = w.stranger();
    let path = format!("{CLIENT}/login");
    stranger.post(&path, json!({"type": "org.example.magic"})).await.fails_as(400, "M_UNKNOWN");
    let mut answer = stranger.post(&path, json!({})).await;
    assert_eq!(answer.status(), 400);
    let nameless = json!({"type": "m.login.password", "password": "x"});
    stranger.post(&path, nameless).await.fails_as(400, "M_MISSING_PARAM");
    let mut device = password_auth("alice", "x");
    device["device_id"] = json!(7);
    stranger.post(&path, device).await.fails_as(400, "M_BAD_JSON");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_logged_out_token_opens_nothing() {
    let w = World::start().await;
    let [alice] = w.users(["alice"]).await;
    let phone = alice.on_another_device().await;
    phone.logs_out().await.ok();
    whoami(&phone).await.fails_as(401, "M_UNKNOWN_TOKEN");
    let devices = alice.get(&format!("{CLIENT}/devices")).await.ok();
    assert_eq!(devices["devices"].as_array().unwrap().len(), 1);
    let phone = alice.on_another_device().await;
    phone.post(&format!("{CLIENT}/logout/all"), json!({})).await.ok();
    for session in [&alice, &phone] {
        whoami(session).await.fails_as(401, "M_UNKNOWN_TOKEN");
    }
    alice.post(&format!("{CLIENT}/logout"), json!({})).await.fails_as(401, "M_UNKNOWN_TOKEN");
    w.stranger().post(&format!("{CLIENT}/logout"), json!({})).await.fails_as(401, "M_MISSING_TOKEN");
    alice.with_token("").post(&format!("{CLIENT}/logout"), json!({})).await.fails_as(401, "M_MISSING_TOKEN");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_login_token_brings_another_device_in_once() {
    let w = World::start().await;
    let [alice] = w.users(["alice"]).await;
    let path = "/_matrix/client/v1/login/get_token";
    alice.post(path, json!({})).await.expect_status(401);
    let issued = alice.posts_with_password(path, json!({})).await.ok();
    assert!(issued["expires_in_ms"].as_u64().unwrap() > 0);
    let body = json!({"type": "m.login.token", "token": issued["login_token"]});
    let session = w.stranger().post(&format!("{CLIENT}/login"), body.clone()).await.ok();
    assert_eq!(session["user_id"], alice.id);
    w.stranger().post(&format!("{CLIENT}/login"), body).await.fails_as(403, "M_FORBIDDEN");
}
