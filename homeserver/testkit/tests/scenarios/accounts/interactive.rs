use serde_json::json;
use testkit::World;

use super::{CLIENT, password_auth};

#[tokio::test(flavor = "multi_thread")]
async fn a_session_cannot_be_carried_to_another_operation_or_other_parameters() {
    let w = World::start().await;
    let [alice, bob] = w.users(["alice", "bob"]).await;
    let path = format!("{CLIENT}/delete_devices");
    let challenge = alice.post(&path, json!({"devices": ["A"]})).await.expect_status(401);
    let mut auth = password_auth(&alice.id, alice.password());
    auth["session"] = challenge["session"].clone();
    let changed = json!({"devices": ["A", "B"], "auth": auth});
    alice.post(&path, changed).await.fails_as(403, "M_FORBIDDEN");
    let elsewhere = json!({"auth": auth});
    alice.post(&format!("{CLIENT}/account/deactivate"), elsewhere).await.fails_as(403, "M_FORBIDDEN");
    let mut auth = password_auth(&bob.id, bob.password());
    auth["session"] = challenge["session"].clone();
    bob.post(&path, json!({"devices": ["A"], "auth": auth})).await.fails_as(403, "M_FORBIDDEN");
}

#[tokio::test(flavor = "multi_thread")]
async fn stages_that_no_flow_asks_for_do_not_help() {
    let w = World::start().await;
    let [alice] = w.users(["alice"]).await;
    let path = format!("{CLIENT}/delete_devices");
    let stages = [
        json!({"type": "m.login.dummy"}),
        json!({"type": "m.login.registration_token", "token": "x"}),
        json!({"type": "org.example.magic"}),
    ];
    for stage in stages {
        let body = alice.post(&path, json!({"devices": ["A"], "auth": stage})).await.expect_status(401);
        assert!(body["session"].is_string() && body["errcode"].is_string(), "{body}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_old_way_to_name_the_user_still_works() {
    let w = World::start().await;
    let [alice] = w.users(["alice"]).await;
    let auth = json!({"type": "m.login.password", "user": alice.id, "password": alice.password()});
    alice.post(&format!("{CLIENT}/delete_devices"), json!({"devices": [], "auth": auth})).await.ok();
}
