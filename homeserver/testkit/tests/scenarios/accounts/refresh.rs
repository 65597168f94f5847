use serde_json::{Value, json};
use testkit::{Answer, User, World};

use super::{CLIENT, password_auth, whoami};

async fn refreshes(client: &User, token: &Value) -> Answer {
    client.post(&format!("{CLIENT}/refresh"), json!({"refresh_token": token})).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refresh_token_gives_a_new_pair_and_the_old_pair_ends_with_its_use() {
    let w = World::start().await;
    let [alice] = w.users(["alice"]).await;
    let mut body = password_auth(&alice.id, alice.password());
    body["refresh_token"] = json!(true);
    let first = w.stranger().post(&format!("{CLIENT}/login"), body).await.ok();
    assert!(first["expires_in_ms"].as_u64().unwrap() > 0);
    let old = alice.with_token(first["access_token"].as_str().unwrap());
    let second = refreshes(&w.stranger(), &first["refresh_token"]).await.ok();
    whoami(&old).await.ok();
    let new = alice.with_token(second["access_token"].as_str().unwrap());
    assert_eq!(whoami(&new).await.ok()["device_id"], first["device_id"]);
    whoami(&old).await.fails_as(401, "M_UNKNOWN_TOKEN");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_without_refresh_token_does_not_expire() {
    let w = World::start().await;
    let [alice] = w.users(["alice"]).await;
    let session = super::login(&w.stranger(), &alice.id, alice.password()).await.ok();
    assert!(session.get("refresh_token").is_none() && session.get("expires_in_ms").is_none());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_refresh_token_is_refused() {
    let w = World::start().await;
    let [alice] = w.users(["alice"]).await;
    for token in [json!(""), json!("nonsense"), json!(alice.token().unwrap())] {
        refreshes(&w.stranger(), &token).await.fails_as(401, "M_UNKNOWN_TOKEN");
    }
    w.stranger().post(&format!("{CLIENT}/refresh"), json!({})).await.fails_as(400, "M_MISSING_PARAM");
}
