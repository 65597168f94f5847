use config::Config;
use serde_json::{Value, json};
use testkit::{Answer, User, World};

use super::{CLIENT, whoami};

async fn registers(client: &User, body: Value) -> Answer {
    client.post(&format!("{CLIENT}/register"), body).await
}

fn dummy(username: &str) -> Value {
    json!({"username": username, "password": "sUp3rs3kr1t", "auth": {"type": "m.login.dummy"}})
}

#[tokio::test(flavor = "multi_thread")]
async fn an_empty_request_learns_the_flows() {
    let w = World::start().await;
    let body = registers(&w.stranger(), json!({})).await.expect_status(401);
    assert_eq!(body["flows"][0]["stages"], json!(["m.login.dummy"]));
    assert!(body["session"].is_string() && body["params"].is_object());
    assert!(body.get("errcode").is_none());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_registration_in_two_steps_keeps_device_and_name() {
    let w = World::start().await;
    let stranger = w.stranger();
    let mut body = json!({
        "username": "Test_User",
        "password": "übers3kr1t",
        "device_id": "xyzzy",
        "initial_device_display_name": "display_name",
    });
    let session = registers(&stranger, body.clone()).await.expect_status(401)["session"].clone();
    body["auth"] = json!({"type": "m.login.dummy", "session": session});
    let registered = registers(&stranger, body).await.ok();
    assert_eq!(registered["user_id"], "@test_user:test.example");
    assert_eq!(registered["device_id"], "xyzzy");
    let user = stranger.with_token(registered["access_token"].as_str().unwrap());
    let device = user.get(&format!("{CLIENT}/devices/xyzzy")).await.ok();
    assert_eq!(device["display_name"], "display_name");
}

#[tokio::test(flavor = "multi_thread")]
async fn bad_and_taken_names_are_named() {
    let w = World::start().await;
    let stranger = w.stranger();
    for sign in ["!", "\"", ":", "?", "\\", "@", "[", "]", "{", "|", "}", "£", "é", "\n", "'"] {
        let body = dummy(&format!("user-{sign}-reject-please"));
        registers(&stranger, body).await.fails_as(400, "M_INVALID_USERNAME");
    }
    registers(&stranger, dummy("once")).await.ok();
    registers(&stranger, dummy("once")).await.fails_as(400, "M_USER_IN_USE");
    registers(&stranger, dummy("_bridge")).await.fails_as(400, "M_EXCLUSIVE");
    let available = |name: &str| {
        let (stranger, path) = (stranger.clone(), format!("{CLIENT}/register/available?username={name}"));
        async move { stranger.get(&path).await }
    };
    assert_eq!(available("free").await.ok(), json!({"available": true}));
    available("once").await.fails_as(400, "M_USER_IN_USE");
    available("a,b").await.fails_as(400, "M_INVALID_USERNAME");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_can_be_left_out() {
    let w = World::start().await;
    let mut body = dummy("alice");
    body["inhibit_login"] = json!(true);
    let registered = registers(&w.stranger(), body).await.ok();
    assert!(registered.get("access_token").is_none() && registered.get("device_id").is_none());
    let mut body = dummy("bob");
    body.as_object_mut().unwrap().remove("password");
    registers(&w.stranger(), body).await.fails_as(400, "M_MISSING_PARAM");
}

#[tokio::test(flavor = "multi_thread")]
async fn closed_is_closed() {
    let w = World::configured(|config: &mut Config| {
        config.registration.open = false;
        config.registration.guests = false;
    })
    .await;
    registers(&w.stranger(), dummy("alice")).await.fails_as(403, "M_FORBIDDEN");
    let guest = w.stranger().post(&format!("{CLIENT}/register?kind=guest"), json!({})).await;
    guest.fails_as(403, "M_GUEST_ACCESS_FORBIDDEN");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_registration_token_opens_the_door() {
    let w = World::configured(|config: &mut Config| {
        config.registration.open = false;
        config.registration.token = Some("let-me-in".to_owned());
    })
    .await;
    let stranger = w.stranger();
    let validity = |token: &str| {
        let path = format!("/_matrix/client/v1/register/m.login.registration_token/validity?token={token}");
        let stranger = stranger.clone();
        async move { stranger.get(&path).await.ok()["valid"].clone() }
    };
    assert_eq!(validity("let-me-in").await, json!(true));
    assert_eq!(validity("other").await, json!(false));
    let refused = registers(&stranger, dummy("alice")).await.expect_status(401);
    assert_eq!(refused["flows"][0]["stages"], json!(["m.login.registration_token"]));
    assert_eq!(refused.get("completed").cloned().unwrap_or(json!([])), json!([]));
    let with = |token: &str| {
        let mut body = dummy("alice");
        body["auth"] = json!({"type": "m.login.registration_token", "token": token});
        body
    };
    let wrong = registers(&stranger, with("other")).await.expect_status(401);
    assert!(wrong["errcode"].is_string() && wrong["session"].is_string());
    registers(&stranger, with("let-me-in")).await.ok();
}

#[tokio::test(flavor = "multi_thread")]
async fn the_shared_secret_endpoint_wants_nonce_and_signature() {
    let w = World::start().await;
    let stranger = w.stranger();
    let path = "/_synapse/admin/v1/register";
    let nonce = stranger.get(path).await.ok()["nonce"].clone();
    let body = json!({"nonce": nonce, "username": "a", "password": "p", "mac": "00", "admin": true});
    stranger.post(path, body.clone()).await.fails_as(403, "M_FORBIDDEN");
    stranger.post(path, body).await.fails_as(400, "M_UNKNOWN");
    stranger.post(path, json!({"nonce": 7})).await.fails_as(400, "M_BAD_JSON");
}

#[tokio::test(flavor = "multi_thread")]
async fn accounts_and_tokens_outlive_a_restart() {
    let mut w = World::on_disk().await;
    let [alice] = w.users(["alice"]).await;
    alice.sets_account_data("org.example.kept", json!({"v": 1})).await.ok();
    w.restarts().await;
    assert_eq!(whoami(&alice).await.ok()["user_id"], alice.id);
    assert_eq!(alice.account_data("org.example.kept").await.ok(), json!({"v": 1}));
}
