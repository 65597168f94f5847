//! Namespaces that several services share with each other and with people.

use std::collections::BTreeSet;

use http::Method;
use serde_json::{Value, json};
use testkit::{Bridge, User, World, segment};

use super::{CLIENT, register};

/// One more pattern for users, which keeps nobody else out.
const STAFF: &str = "  - exclusive: false\n    regex: '@staff_.*:test\\.example'\n  aliases:";

/// A server with two services that share the people of a namespace.
async fn sharing(services: [&Bridge; 2]) -> World {
    let shared =
        |service: &Bridge| service.registration("receive_ephemeral: true").replace("  aliases:", STAFF);
    let registrations = services.map(shared);
    World::configured(move |config| {
        for (number, registration) in registrations.iter().enumerate() {
            register(config, &number.to_string(), registration);
        }
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn services_that_share_a_namespace_hear_and_act_and_its_people_keep_their_accounts() {
    let (irc, xmpp) = (Bridge::start("irc").await, Bridge::start("xmpp").await);
    let w = sharing([&irc, &xmpp]).await;
    // Whoever likes a name of it has it, without any service.
    let ann = w.user("staff_ann").await;
    let room = ann.creates_room().await;
    let said = ann.sends(&room, "hello").await.event_id();
    for bridge in [&irc, &xmpp] {
        bridge.hears_of(&said).await;
        let path = Bridge::acting(&format!("{CLIENT}/account/whoami"), &ann.id);
        assert_eq!(bridge.client(&w).get(&path).await.ok()["user_id"], ann.id.as_str());
    }
    let path = format!("{CLIENT}/rooms/{}/send/m.room.message/1", segment(&room));
    let body = json!({ "msgtype": "m.text", "body": "in her name" });
    let sent = irc.client(&w).put(&Bridge::acting(&path, &ann.id), body).await.event_id();
    assert_eq!(ann.event(&room, &sent).await.ok()["sender"], ann.id.as_str());
    xmpp.hears_of(&sent).await;
    let heard = |bridge: &Bridge| -> Vec<Value> {
        let ids = bridge.events().into_iter().map(|event| event["event_id"].clone());
        ids.filter(|id| *id == said || *id == sent).collect()
    };
    irc.hears_of(&sent).await;
    for bridge in [&irc, &xmpp] {
        assert_eq!(heard(bridge), [said.as_str(), sent.as_str()], "each once");
    }
}

/// The messages to devices that a service was told, by one of each transaction: a restart repeats what was under way.
fn to_devices(bridge: &Bridge) -> Vec<Value> {
    let mut known = BTreeSet::new();
    let accepted = bridge.transactions().into_iter().filter(|received| received.status == 200);
    let first = accepted.filter(|received| known.insert(received.transaction_id().to_owned()));
    first.flat_map(|received| received.json()["to_device"].as_array().cloned().unwrap_or_default()).collect()
}

async fn tells_device(of: &User, by: &User, number: u32) {
    let messages = json!({ of.id.as_str(): { of.device_id.as_str(): { "number": number } } });
    let path = format!("{CLIENT}/sendToDevice/m.test/{number}");
    by.put(&path, json!({ "messages": messages })).await.ok();
}

#[tokio::test(flavor = "multi_thread")]
async fn messages_to_devices_of_a_shared_namespace_reach_its_services_and_the_devices_themselves() {
    let (irc, xmpp) = (Bridge::start("irc").await, Bridge::start("xmpp").await);
    let mut w = sharing([&irc, &xmpp]).await;
    let [ann, bob] = w.users(["staff_ann", "bob"]).await;
    let expected = |number: u32| {
        json!({
            "type": "m.test", "sender": bob.id, "content": { "number": number },
            "to_user_id": ann.id, "to_device_id": ann.device_id,
        })
    };
    tells_device(&ann, &bob, 1).await;
    for bridge in [&irc, &xmpp] {
        bridge.waits_until("the message", |bridge| to_devices(bridge).len() == 1).await;
    }
    // The services took none of it away, and a restart tells them nothing again.
    w.restarts().await;
    tells_device(&ann, &bob, 2).await;
    for bridge in [&irc, &xmpp] {
        bridge.waits_until("the next one", |bridge| to_devices(bridge).len() >= 2).await;
        assert_eq!(to_devices(bridge), [expected(1), expected(2)]);
    }
    let sync = ann.syncs().await;
    let numbers = sync["to_device"]["events"].as_array().unwrap().iter();
    let numbers: Vec<_> = numbers.map(|event| event["content"]["number"].clone()).collect();
    assert_eq!(numbers, [1, 2]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_service_uploads_for_its_users_before_it_has_the_content() {
    let bridge = Bridge::start("irc").await;
    let w = super::world(&bridge, "").await;
    let [ghost, other] = [bridge.makes_user(&w, "_irc_a").await, bridge.makes_user(&w, "_irc_b").await];
    let service = bridge.client(&w);
    let made = service.post(&Bridge::acting("/_matrix/media/v1/create", &ghost), json!({})).await.ok();
    let uri = made["content_uri"].as_str().unwrap().to_owned();
    let path = format!("/_matrix/media/v3/upload/{}", uri.strip_prefix("mxc://").unwrap());
    let text = [("content-type", "text/plain")];
    let upload = async |user: &str| {
        let path = Bridge::acting(&path, user);
        service.sends_body(Method::PUT, &path, "from elsewhere", &text).await
    };
    upload(&other).await.fails_as(403, "M_FORBIDDEN");
    upload(&ghost).await.ok();
    let content = w.user("alice").await.downloads(&uri).await;
    assert_eq!((content.status, &content.bytes[..]), (200, &b"from elsewhere"[..]));
}
