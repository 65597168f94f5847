//! Users of a service: made, acted for, kept from others.

use config::ActionRate;
use serde_json::json;
use testkit::{Bridge, SigningKey, World, segment};

use super::{CLIENT, joins_as, register, sends_as, shared_room, world};
use crate::accounts::whoami;

#[tokio::test(flavor = "multi_thread")]
async fn a_service_registers_its_own_users_and_nobody_elses() {
    let bridge = Bridge::start("irc").await;
    let w = world(&bridge, "").await;
    let (service, path) = (bridge.client(&w), format!("{CLIENT}/register"));
    let body = |name: &str| json!({ "type": "m.login.application_service", "username": name });
    let made = service.post(&path, body("_irc_one")).await.ok();
    assert_eq!(made["user_id"], "@_irc_one:test.example");
    let one = w.stranger().with_token(made["access_token"].as_str().unwrap());
    assert_eq!(whoami(&one).await.ok()["device_id"], made["device_id"]);
    let mut quiet = body("_irc_two");
    quiet["inhibit_login"] = json!(true);
    let made = service.post(&path, quiet.clone()).await.ok();
    assert!(made.get("access_token").is_none() && made.get("device_id").is_none(), "{made}");
    service.post(&path, quiet).await.fails_as(400, "M_USER_IN_USE");
    service.post(&path, body("alice")).await.fails_as(400, "M_EXCLUSIVE");
    service
        .post(&path, json!({ "type": "m.login.application_service" }))
        .await
        .fails_as(400, "M_MISSING_PARAM");
    w.stranger().post(&path, body("_irc_three")).await.fails_as(401, "M_MISSING_TOKEN");
    w.user("bob").await.post(&path, body("_irc_three")).await.fails_as(401, "M_UNKNOWN_TOKEN");
    // People register neither its users nor its own.
    for name in ["_irc_four", "ircbot", "IrcBot"] {
        let auth = json!({ "username": name, "password": "p", "auth": { "type": "m.login.dummy" } });
        w.stranger().post(&path, auth).await.fails_as(400, "M_EXCLUSIVE");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_service_logs_its_users_in() {
    let bridge = Bridge::start("irc").await;
    let w = world(&bridge, "").await;
    let ghost = bridge.makes_user(&w, "_irc_ghost").await;
    let alice = w.user("alice").await;
    let flows = w.stranger().get(&format!("{CLIENT}/login")).await.ok()["flows"].clone();
    assert!(flows.as_array().unwrap().contains(&json!({ "type": "m.login.application_service" })), "{flows}");
    let body = |user: &str| json!({ "type": "m.login.application_service", "identifier": { "type": "m.id.user", "user": user }, "device_id": "D" });
    let (service, path) = (bridge.client(&w), format!("{CLIENT}/login"));
    for name in ["_irc_ghost", ghost.as_str()] {
        let session = service.post(&path, body(name)).await.ok();
        let client = w.stranger().with_token(session["access_token"].as_str().unwrap());
        assert_eq!(whoami(&client).await.ok()["user_id"], ghost.as_str());
    }
    service.post(&path, body(&alice.id)).await.fails_as(400, "M_EXCLUSIVE");
    w.stranger().post(&path, body(&ghost)).await.fails_as(401, "M_MISSING_TOKEN");
    alice.post(&path, body(&ghost)).await.fails_as(401, "M_UNKNOWN_TOKEN");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_service_acts_for_its_users_alone() {
    let bridge = Bridge::start("irc").await;
    let w = world(&bridge, "").await;
    let alice = w.user("alice").await;
    let service = bridge.client(&w);
    let whoami = |user: &str| Bridge::acting(&format!("{CLIENT}/account/whoami"), user);
    // Its own user is there without having been made.
    assert_eq!(
        service.get(&format!("{CLIENT}/account/whoami")).await.ok()["user_id"],
        "@ircbot:test.example"
    );
    assert_eq!(service.get(&whoami("@ircbot:test.example")).await.ok()["user_id"], "@ircbot:test.example");
    service.get(&whoami("@_irc_nobody:test.example")).await.fails_as(403, "M_FORBIDDEN");
    service.get(&whoami(&alice.id)).await.fails_as(403, "M_FORBIDDEN");
    service.get(&whoami("@_irc_ghost:elsewhere.example")).await.fails_as(403, "M_FORBIDDEN");
    let (room, ghost) = shared_room(&w, &bridge, &alice).await;
    let answer = service.get(&whoami(&ghost)).await.ok();
    assert_eq!(answer["user_id"], ghost.as_str());
    assert!(answer.get("device_id").is_none(), "{answer}");
    // The argument means nothing with a person's token.
    assert_eq!(alice.get(&whoami(&ghost)).await.ok()["user_id"], alice.id.as_str());
    let event = sends_as(&service, &ghost, &room, "from the other side", "").await;
    let event = event["event_id"].as_str().unwrap();
    assert_eq!(alice.event(&room, event).await.ok()["sender"], ghost.as_str());
    // A user of the service may read its own stream too.
    let sync = service.get(&Bridge::acting(&format!("{CLIENT}/sync?timeout=0"), &ghost)).await.ok();
    assert!(sync["rooms"]["join"].get(&room).is_some());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_service_says_when_something_happened() {
    let bridge = Bridge::start("irc").await;
    let w = world(&bridge, "").await;
    let alice = w.user("alice").await;
    let (room, ghost) = shared_room(&w, &bridge, &alice).await;
    let service = bridge.client(&w);
    let event = sends_as(&service, &ghost, &room, "long ago", "?ts=1000").await;
    let event = alice.event(&room, event["event_id"].as_str().unwrap()).await.ok();
    assert_eq!(event["origin_server_ts"], 1000);
    let own = service.post(&format!("{CLIENT}/createRoom"), json!({})).await.ok();
    let own = own["room_id"].as_str().unwrap();
    let path = format!("{CLIENT}/rooms/{}/state/m.room.topic/?ts=2000", segment(own));
    let state = service.put(&path, json!({ "topic": "old" })).await.ok();
    let state = service.event(own, state["event_id"].as_str().unwrap()).await.ok();
    assert_eq!(state["origin_server_ts"], 2000);
    let path = format!("{CLIENT}/rooms/{}/send/m.room.message/t?ts=1000", segment(&room));
    let sent = alice.put(&path, json!({ "msgtype": "m.text", "body": "now" })).await.event_id();
    assert!(alice.event(&room, &sent).await.ok()["origin_server_ts"].as_u64().unwrap() > 1000);
    let path = format!("{CLIENT}/rooms/{}/send/m.room.message/u?ts=never", segment(own));
    service.put(&path, json!({ "body": "x" })).await.fails_as(400, "M_INVALID_PARAM");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_service_makes_devices_and_keys_without_a_password() {
    let bridge = Bridge::start("irc").await;
    let w = world(&bridge, "").await;
    let ghost = bridge.makes_user(&w, "_irc_ghost").await;
    let service = bridge.client(&w);
    let device = Bridge::acting(&format!("{CLIENT}/devices/PUPPET"), &ghost);
    let whoami = |name: &str| Bridge::acting(&format!("{CLIENT}/account/whoami?{name}=PUPPET"), &ghost);
    service.get(&whoami("device_id")).await.fails_as(400, "M_UNKNOWN_DEVICE");
    service.put(&device, json!({ "display_name": "Puppet" })).await.expect_status(201);
    service.put(&device, json!({ "display_name": "Doll" })).await.expect_status(200);
    assert_eq!(service.get(&device).await.ok()["display_name"], "Doll");
    for name in ["device_id", "org.matrix.msc3202.device_id"] {
        assert_eq!(service.get(&whoami(name)).await.ok()["device_id"], "PUPPET");
    }
    let signer = SigningKey::new(1);
    let upload = Bridge::acting(&format!("{CLIENT}/keys/upload?device_id=PUPPET"), &ghost);
    let body = json!({ "device_keys": signer.device_keys(&ghost, "PUPPET") });
    service.post(&upload, body).await.ok();
    for number in [10, 20] {
        let master = SigningKey::new(number).cross_signing_key(&ghost, "master");
        let path = Bridge::acting(&format!("{CLIENT}/keys/device_signing/upload"), &ghost);
        service.post(&path, json!({ "master_key": master })).await.ok();
    }
    service.delete(&device).await.ok();
    service.get(&device).await.fails_as(404, "M_NOT_FOUND");
}

#[tokio::test(flavor = "multi_thread")]
async fn rate_limits_hold_only_the_users_of_a_service_that_asks_for_them() {
    let (free, limited) = (Bridge::start("irc").await, Bridge::start("xmpp").await);
    let (one, two) = (free.registration(""), limited.registration("rate_limited: true"));
    let w = World::configured(move |config| {
        register(config, "1", &one);
        register(config, "2", &two);
        config.rate_limits.enabled = true;
        config.rate_limits.message = ActionRate { per_second: 0.001, burst: 3 };
    })
    .await;
    let alice = w.user("alice").await;
    let room = alice.creates_room_like(json!({ "preset": "public_chat" })).await.room_id();
    for (bridge, name, is_limited) in [(&free, "_irc_a", false), (&limited, "_xmpp_a", true)] {
        let (ghost, service) = (bridge.makes_user(&w, name).await, bridge.client(&w));
        joins_as(&service, &ghost, &room).await;
        service.post(&format!("{CLIENT}/join/{}", segment(&room)), json!({})).await.ok();
        let mut refused = (0, 0);
        for number in 0..6 {
            let path = format!("{CLIENT}/rooms/{}/send/m.room.message/{number}", segment(&room));
            let body = json!({ "msgtype": "m.text", "body": "x" });
            refused.0 +=
                u32::from(service.put(&Bridge::acting(&path, &ghost), body.clone()).await.status() == 429);
            refused.1 += u32::from(service.put(&path, body).await.status() == 429);
        }
        assert_eq!((refused.0 > 0, refused.1), (is_limited, 0), "{name}; the sender is never held");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn t21_a_service_acts_for_no_locked_or_closed_account() {
    let bridge = Bridge::start("irc").await;
    let w = world(&bridge, "").await;
    let root = w.administrator("root").await;
    let [locked, closed] =
        [bridge.makes_user(&w, "_irc_locked").await, bridge.makes_user(&w, "_irc_closed").await];
    let service = bridge.client(&w);
    let whoami = |user: &str| Bridge::acting(&format!("{CLIENT}/account/whoami"), user);
    let login = |user: &str| json!({ "type": "m.login.application_service", "identifier": { "type": "m.id.user", "user": user } });
    let lock = format!("/_matrix/client/v1/admin/lock/{}", segment(&locked));
    root.put(&lock, json!({ "locked": true })).await.ok();
    service.get(&whoami(&locked)).await.fails_as(401, "M_USER_LOCKED");
    service.post(&format!("{CLIENT}/login"), login(&locked)).await.fails_as(401, "M_USER_LOCKED");
    root.put(&lock, json!({ "locked": false })).await.ok();
    service.get(&whoami(&locked)).await.ok();
    let deactivate = format!("/_synapse/admin/v1/deactivate/{}", segment(&closed));
    root.post(&deactivate, json!({ "erase": false })).await.ok();
    service.get(&whoami(&closed)).await.fails_as(403, "M_FORBIDDEN");
    service.post(&format!("{CLIENT}/login"), login(&closed)).await.fails_as(403, "M_USER_DEACTIVATED");
}
