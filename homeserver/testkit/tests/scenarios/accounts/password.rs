use serde_json::json;
use testkit::World;

use super::{CLIENT, login, password_auth, whoami};

#[tokio::test(flavor = "multi_thread")]
async fn a_new_password_ends_the_other_sessions_and_the_old_password() {
    let w = World::start().await;
    let [alice] = w.users(["alice"]).await;
    let other = alice.on_another_device().await;
    let auth = password_auth(&alice.id, alice.password());
    let body = json!({"new_password": "my_new_password", "auth": auth});
    alice.post(&format!("{CLIENT}/account/password"), body).await.ok();
    whoami(&alice).await.ok();
    whoami(&other).await.fails_as(401, "M_UNKNOWN_TOKEN");
    login(&w.stranger(), &alice.id, alice.password()).await.fails_as(403, "M_FORBIDDEN");
    login(&w.stranger(), &alice.id, "my_new_password").await.ok();
}

#[tokio::test(flavor = "multi_thread")]
async fn other_sessions_can_be_kept() {
    let w = World::start().await;
    let [alice] = w.users(["alice"]).await;
    let other = alice.on_another_device().await;
    let auth = password_auth(&alice.id, alice.password());
    let body = json!({"new_password": "my_new_password", "auth": auth, "logout_devices": false});
    alice.post(&format!("{CLIENT}/account/password"), body).await.ok();
    whoami(&other).await.ok();
}
