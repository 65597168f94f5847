//! Who is let in by the door for other servers, and who decides that.

use http::Method;
use serde_json::json;
use testkit::{Neighbourhood, Peer, World, segment};

/// A server, and a peer that asks it for things.
async fn server_and_peer() -> (World, Peer) {
    let neighbourhood = Neighbourhood::new(&["a", "eve"]);
    let a = neighbourhood.server("a", |_| {}).await;
    let eve = Peer::start(&neighbourhood, "eve").await;
    (a, eve)
}

fn profile(user: &str) -> String {
    format!("/_matrix/federation/v1/query/profile?user_id={}", segment(user))
}

#[tokio::test]
async fn only_a_request_that_is_signed_for_us_by_a_key_that_can_be_had_is_let_in() {
    let (a, eve) = server_and_peer().await;
    let alice = a.user("alice").await;
    eve.gets(&a, &profile(&alice.id)).await.ok();
    let (us, them) = (a.server_name(), eve.name().to_owned());
    let signature = "a".repeat(86);
    for header in [
        format!("X-Matrix origin=\"{them}\",destination=\"{us}\",key=\"ed25519:1\",sig=\"{signature}\""),
        format!(
            "X-Matrix origin=\"{them}\",destination=\"other.test\",key=\"ed25519:1\",sig=\"{signature}\""
        ),
        format!("X-Matrix origin=\"{us}\",destination=\"{us}\",key=\"ed25519:1\",sig=\"{signature}\""),
        format!("X-Matrix origin=\"gone.test:1\",destination=\"{us}\",key=\"ed25519:1\",sig=\"{signature}\""),
        format!("X-Matrix origin=\"{them}\""),
        "Bearer token".to_owned(),
    ] {
        let answer = a.stranger().fetches(&profile(&alice.id), &[("authorization", &header)]).await;
        assert_eq!(answer.status, 401, "{header}");
    }
}

#[tokio::test]
async fn an_administrator_changes_the_policy_while_the_server_runs() {
    let (a, eve) = server_and_peer().await;
    let admin = a.administrator("admin").await;
    let path = "/_lianqiao/admin/v1/federation/policy";
    eve.gets(&a, &profile(&admin.id)).await.ok();
    assert_eq!(admin.get(path).await.ok()["overrides_configuration"], false);

    admin.put(path, json!({ "mode": "listed", "allowed": ["*.org"] })).await.ok();
    eve.gets(&a, &profile(&admin.id)).await.fails_as(403, "M_FORBIDDEN");
    admin.put(path, json!({ "mode": "listed", "allowed": ["*.test"] })).await.ok();
    eve.gets(&a, &profile(&admin.id)).await.ok();
    let partner = json!({ "peers": [{ "servers": "eve.test", "kind": "partner", "profiles": false }] });
    admin.put(path, partner).await.ok();
    eve.gets(&a, &profile(&admin.id)).await.fails_as(403, "M_FORBIDDEN");
    eve.gets(&a, "/_matrix/federation/v1/publicRooms").await.fails_as(403, "M_FORBIDDEN");
    admin.delete(path).await.ok();
    eve.gets(&a, &profile(&admin.id)).await.ok();

    admin
        .put(path, json!({ "mode": "listed", "allowed": ["https://a.org/"] }))
        .await
        .fails_as(400, "M_INVALID_PARAM");
    let acts = admin.get("/_lianqiao/admin/v1/audit").await.ok().to_string();
    assert!(acts.contains("PUT /_lianqiao/admin/v1/federation/policy"), "{acts}");
    let alice = a.user("alice").await;
    alice.get(path).await.fails_as(403, "M_FORBIDDEN");
}

#[tokio::test]
async fn questions_about_users_elsewhere_and_of_unknown_kinds_are_refused() {
    let (a, eve) = server_and_peer().await;
    let elsewhere = eve.user("mallory");
    eve.gets(&a, &profile(&elsewhere)).await.fails_as(400, "M_INVALID_PARAM");
    eve.gets(&a, "/_matrix/federation/v1/query/weather?place=x").await.fails_as(404, "M_NOT_FOUND");
    let devices = format!("/_matrix/federation/v1/user/devices/{}", segment(&elsewhere));
    eve.gets(&a, &devices).await.fails_as(404, "M_NOT_FOUND");
    let query = json!({ "device_keys": { elsewhere: [] } });
    let found = eve.asks(&a, Method::POST, "/_matrix/federation/v1/user/keys/query", Some(query)).await.ok();
    assert_eq!(found["device_keys"], json!({}));
}

#[tokio::test]
async fn a_peer_that_shares_no_rooms_is_answered_about_other_things_only() {
    let (a, eve) = server_and_peer().await;
    let (admin, path) = (a.administrator("admin").await, "/_lianqiao/admin/v1/federation/policy");
    let room = admin.creates_room_like(json!({ "preset": "public_chat" })).await.room_id();
    let apart = json!({ "peers": [{ "servers": "eve.test", "rooms": false }] });
    admin.put(path, apart).await.ok();
    eve.gets(&a, &profile(&admin.id)).await.ok();
    eve.gets(&a, "/_matrix/federation/v1/publicRooms").await.ok();
    let user = segment(&eve.user("eve"));
    let join = format!("/_matrix/federation/v1/make_join/{}/{user}?ver=12", segment(&room));
    let keys = format!("/_matrix/federation/v1/user/devices/{}", segment(&admin.id));
    let tree = format!("/_matrix/federation/v1/hierarchy/{}", segment(&room));
    for closed in [&join, &keys, &tree] {
        eve.gets(&a, closed).await.fails_as(403, "M_FORBIDDEN");
    }
    eve.sends_all(&a, &[], &[]).await.fails_as(403, "M_FORBIDDEN");
    // Neither do we go there.
    let elsewhere = format!("/_matrix/client/v3/join/{}?via={}", segment("!x:eve.test"), segment(eve.name()));
    admin.post(&elsewhere, json!({})).await.fails_as(403, "M_FORBIDDEN");
    let invite = json!({ "user_id": eve.user("eve") });
    admin.room_action(&room, "invite", invite).await.fails_as(403, "M_FORBIDDEN");
    assert!(!eve.asked().iter().any(|asked| asked.contains("make_join") || asked.contains("/invite/")));
    admin.delete(path).await.ok();
    eve.joins(&a, &room, "eve").await;
}

#[tokio::test]
async fn presence_of_a_peer_counts_where_the_operator_lets_it() {
    let (a, eve) = server_and_peer().await;
    let (admin, path) = (a.administrator("admin").await, "/_lianqiao/admin/v1/federation/policy");
    let room = admin.creates_room_like(json!({ "preset": "public_chat" })).await.room_id();
    eve.joins(&a, &room, "eve").await;
    let user = eve.user("eve");
    let status = format!("/_matrix/client/v3/presence/{}/status", segment(&user));
    let says =
        |text: &str| json!({ "push": [{ "user_id": user, "presence": "online", "status_msg": text }] });
    eve.sends_edu(&a, "m.presence", says("here")).await;
    admin.gets_until(&status, |body| body["status_msg"] == "here").await;
    admin.put(path, json!({ "peers": [{ "servers": "eve.test", "kind": "partner" }] })).await.ok();
    eve.sends_edu(&a, "m.presence", says("unheard")).await;
    assert_eq!(admin.get(&status).await.ok()["status_msg"], "here");
}
