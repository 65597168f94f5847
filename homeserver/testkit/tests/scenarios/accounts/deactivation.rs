use serde_json::json;
use testkit::World;

use super::{CLIENT, login, password_auth, whoami};

#[tokio::test(flavor = "multi_thread")]
async fn a_closed_account_is_out_of_its_rooms_and_out_of_reach() {
    let w = World::start().await;
    let [alice, bob] = w.users(["alice", "bob"]).await;
    let phone = alice.on_another_device().await;
    let room = bob.creates_room_with([&alice]).await;
    let path = format!("{CLIENT}/account/deactivate");
    let challenge = alice.post(&path, json!({})).await.expect_status(401);
    assert_eq!(challenge["flows"][0]["stages"], json!(["m.login.password"]));
    let wrong = json!({"auth": password_auth(&alice.id, "wrong_password")});
    alice.post(&path, wrong).await.fails_as(401, "M_FORBIDDEN");
    let right = json!({"auth": password_auth(&alice.id, alice.password())});
    let closed = alice.post(&path, right).await.ok();
    assert_eq!(closed["id_server_unbind_result"], "success");
    for session in [&alice, &phone] {
        whoami(session).await.fails_as(401, "M_UNKNOWN_TOKEN");
    }
    login(&w.stranger(), &alice.id, alice.password()).await.fails_as(403, "M_USER_DEACTIVATED");
    let member = bob.state(&room, "m.room.member", &alice.id).await.ok();
    assert_eq!(member["membership"], "leave");
    let again = json!({"username": "alice", "password": "another", "auth": {"type": "m.login.dummy"}});
    w.stranger().post(&format!("{CLIENT}/register"), again).await.fails_as(400, "M_USER_IN_USE");
}
