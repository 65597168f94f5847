use serde_json::json;
use testkit::{User, World};

use super::{CLIENT, whoami};

async fn guest(w: &World) -> User {
    let body = w.stranger().post(&format!("{CLIENT}/register?kind=guest"), json!({})).await.ok();
    w.stranger().with_token(body["access_token"].as_str().unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_guest_knows_who_it_is_and_may_do_little() {
    let w = World::start().await;
    let guest = guest(&w).await;
    let me = whoami(&guest).await.ok();
    assert_eq!(me["is_guest"], true);
    let id = me["user_id"].as_str().unwrap();
    let name = format!("{CLIENT}/profile/{id}/displayname");
    guest.put(&name, json!({"displayname": "visitor"})).await.ok();
    let avatar = format!("{CLIENT}/profile/{id}/avatar_url");
    guest.put(&avatar, json!({"avatar_url": "mxc://a/b"})).await.fails_as(403, "M_GUEST_ACCESS_FORBIDDEN");
    let data = format!("{CLIENT}/user/{id}/account_data/a");
    guest.put(&data, json!({})).await.fails_as(403, "M_GUEST_ACCESS_FORBIDDEN");
    let password = format!("{CLIENT}/account/password");
    guest.post(&password, json!({"new_password": "x"})).await.fails_as(403, "M_GUEST_ACCESS_FORBIDDEN");
}
