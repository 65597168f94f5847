//! What the server asks services: pings, users, aliases, other networks.

use serde_json::json;
use testkit::{Bridge, World, segment};

use super::{CLIENT, register, world};

#[tokio::test(flavor = "multi_thread")]
async fn a_service_can_have_itself_pinged() {
    let bridge = Bridge::start("irc").await;
    let w = world(&bridge, "").await;
    let service = bridge.client(&w);
    let path = "/_matrix/client/v1/appservice/irc/ping";
    let answer = service.post(path, json!({ "transaction_id": "mine" })).await.ok();
    assert!(answer["duration_ms"].is_u64(), "{answer}");
    let ping =
        bridge.received().into_iter().find(|received| received.line == "POST /_matrix/app/v1/ping").unwrap();
    assert_eq!(
        (ping.json(), ping.authorization.as_str()),
        (json!({ "transaction_id": "mine" }), "Bearer hs-irc")
    );
    service.post("/_matrix/client/v1/appservice/other/ping", json!({})).await.fails_as(403, "M_FORBIDDEN");
    w.user("alice").await.post(path, json!({})).await.fails_as(403, "M_FORBIDDEN");
    bridge.answers("/_matrix/app/v1/ping", 418, json!("a teapot"));
    let answer = service.post(path, json!({})).await.fails_as(502, "M_BAD_STATUS");
    assert_eq!((&answer["status"], &answer["body"]), (&json!(418), &json!("\"a teapot\"")));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_ping_says_why_it_failed() {
    let registration = |url: &str, id: &str| {
        format!(
            "id: {id}\nurl: {url}\nas_token: as-{id}\nhs_token: hs-{id}\nsender_localpart: {id}\nnamespaces: {{}}\n"
        )
    };
    let closed = format!("http://127.0.0.1:{}", testkit::free_port());
    let (one, two) = (registration("null", "mute"), registration(&closed, "closed"));
    let w = World::configured(move |config| {
        register(config, "1", &one);
        register(config, "2", &two);
    })
    .await;
    for (id, status, code) in [("mute", 400, "M_URL_NOT_SET"), ("closed", 502, "M_CONNECTION_FAILED")] {
        let service = w.stranger().with_token(&format!("as-{id}"));
        let path = format!("/_matrix/client/v1/appservice/{id}/ping");
        service.post(&path, json!({})).await.fails_as(status, code);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn users_are_made_when_somebody_asks_for_them() {
    let bridge = Bridge::start("irc").await;
    let w = world(&bridge, "").await;
    let alice = w.user("alice").await;
    let profile = |user: &str| format!("{CLIENT}/profile/{}", segment(user));
    alice.get(&profile("@_irc_one:test.example")).await.fails_as(404, "M_NOT_FOUND");
    bridge.makes_what_is_asked_for(&w);
    assert_eq!(alice.get(&profile("@_irc_two:test.example")).await.ok()["displayname"], "_irc_two");
    let room = alice.creates_room().await;
    alice.room_action(&room, "invite", json!({ "user_id": "@_irc_three:test.example" })).await.ok();
    alice.get(&profile("@nobody:test.example")).await.fails_as(404, "M_NOT_FOUND");
    let asked: Vec<_> = bridge
        .received()
        .into_iter()
        .filter(|received| received.line.starts_with("GET"))
        .map(|received| received.line)
        .collect();
    let expected =
        ["one", "two", "three"].map(|name| format!("GET /_matrix/app/v1/users/@_irc_{name}:test.example"));
    assert_eq!(asked, expected, "only users of the service are asked for");
}

#[tokio::test(flavor = "multi_thread")]
async fn rooms_are_made_when_somebody_goes_to_their_alias() {
    let bridge = Bridge::start("irc").await;
    let w = world(&bridge, "").await;
    let alice = w.user("alice").await;
    bridge.makes_what_is_asked_for(&w);
    let (one, two) = ("#_irc_one:test.example", "#_irc_two:test.example");
    let found = alice.get(&format!("{CLIENT}/directory/room/{}", segment(one))).await.ok();
    let joined = alice.post(&format!("{CLIENT}/join/{}", segment(two)), json!({})).await.room_id();
    assert_ne!(found["room_id"], joined.as_str());
    assert_eq!(alice.joined_rooms().await, [joined]);
    alice
        .get(&format!("{CLIENT}/directory/room/{}", segment("#other:test.example")))
        .await
        .fails_as(404, "M_NOT_FOUND");
}

#[tokio::test(flavor = "multi_thread")]
async fn aliases_of_a_service_are_its_own() {
    let bridge = Bridge::start("irc").await;
    let w = world(&bridge, "").await;
    let alice = w.user("alice").await;
    let (room, service) = (alice.creates_room().await, bridge.client(&w));
    alice.publishes_alias("#_irc_mine:test.example", &room).await.fails_as(400, "M_EXCLUSIVE");
    let create = |name: &str| json!({ "room_alias_name": name });
    alice.post(&format!("{CLIENT}/createRoom"), create("_irc_mine")).await.fails_as(400, "M_EXCLUSIVE");
    alice.publishes_alias("#mine:test.example", &room).await.ok();
    service.post(&format!("{CLIENT}/createRoom"), create("_irc_one")).await.ok();
    service.post(&format!("{CLIENT}/createRoom"), create("other")).await.fails_as(400, "M_EXCLUSIVE");
    let alias = format!("{CLIENT}/directory/room/{}", segment("#_irc_one:test.example"));
    alice.delete(&alias).await.fails_as(400, "M_EXCLUSIVE");
    service.delete(&alias).await.ok();
}
