//! A service speaks for people who said so, does nothing else for them, and for nobody else.

use serde_json::{Value, json};
use testkit::{Bridge, User, World, segment};

use super::{CLIENT, shared_room, world};

/// Where a service asks to speak for somebody.
fn speaking(user: &str, room: &str, event: &str) -> String {
    let said = format!("room_id={}&event_id={}", segment(room), segment(event));
    format!("/_matrix/client/unstable/com.lianqiao.speaking/irc/{}?{said}", segment(user))
}

fn send(user: &User, room: &str, txn: &str) -> String {
    Bridge::acting(&format!("{CLIENT}/rooms/{}/send/m.room.message/{txn}", segment(room)), &user.id)
}

fn words() -> Value {
    json!({ "msgtype": "m.text", "body": "from elsewhere" })
}

/// An event as the service hears it.
async fn heard(bridge: &Bridge, event: &str) -> Value {
    bridge.hears_of(event).await;
    bridge.events().into_iter().find(|heard| heard["event_id"] == event).unwrap()
}

async fn stage() -> (Bridge, World, User, User, String) {
    let bridge = Bridge::start("irc").await;
    let w = world(&bridge, "").await;
    let service = bridge.client(&w);
    let bob = w.user("bob").await;
    let (room, _) = shared_room(&w, &bridge, &bob).await;
    service.joins(&room).await.ok();
    (bridge, w, service, bob, room)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_service_speaks_for_who_said_so_and_does_nothing_else_for_them() {
    let (bridge, _w, service, bob, room) = stage().await;
    service.put(&send(&bob, &room, "1"), words()).await.fails_as(403, "M_FORBIDDEN");
    let said = bob.sends(&room, "!me irc").await.event_id();
    service.put(&speaking(&bob.id, &room, &said), json!({})).await.ok();
    let event = service.put(&send(&bob, &room, "2"), words()).await.event_id();
    assert_eq!(bob.event(&room, &event).await.ok()["sender"], bob.id.as_str());
    // The service knows its own words by their transaction id; a person's are theirs.
    let seen = heard(&bridge, &event).await;
    assert_eq!(seen["unsigned"]["transaction_id"], "2", "{seen}");
    let own = bob.sends(&room, "by myself").await.event_id();
    let seen = heard(&bridge, &own).await;
    assert!(seen["unsigned"].get("transaction_id").is_none(), "{seen}");
    for path in ["account/whoami", "sync", "account/3pid", "devices", "joined_rooms"] {
        let path = Bridge::acting(&format!("{CLIENT}/{path}"), &bob.id);
        service.get(&path).await.fails_as(403, "M_FORBIDDEN");
    }
    let name = Bridge::acting(&format!("{CLIENT}/rooms/{}/state/m.room.name/", segment(&room)), &bob.id);
    service.put(&name, json!({ "name": "x" })).await.fails_as(403, "M_FORBIDDEN");
    let leave = Bridge::acting(&format!("{CLIENT}/rooms/{}/leave", segment(&room)), &bob.id);
    service.post(&leave, json!({})).await.fails_as(403, "M_FORBIDDEN");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_taken_back_is_given_by_a_new_word_alone() {
    let (_bridge, _w, service, bob, room) = stage().await;
    let said = bob.sends(&room, "！我 飞书").await.event_id();
    let path = speaking(&bob.id, &room, &said);
    service.put(&path, json!({})).await.ok();
    service.get(&path).await.ok();
    bob.delete(&path).await.ok();
    service.put(&send(&bob, &room, "1"), words()).await.fails_as(403, "M_FORBIDDEN");
    service.get(&path).await.fails_as(404, "M_NOT_FOUND");
    service.put(&path, json!({})).await.fails_as(403, "M_FORBIDDEN");
    let anew = bob.sends(&room, "!me feishu").await.event_id();
    service.put(&speaking(&bob.id, &room, &anew), json!({})).await.ok();
    service.put(&send(&bob, &room, "2"), words()).await.ok();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_service_speaks_for_nobody_by_another_word() {
    let (_bridge, w, service, bob, room) = stage().await;
    let carol = w.user("carol").await;
    carol.joins(&room).await.ok();
    let by_carol = carol.sends(&room, "!me irc").await.event_id();
    service.put(&speaking(&bob.id, &room, &by_carol), json!({})).await.fails_as(403, "M_FORBIDDEN");
    for text in ["hello", "!me", "!me irc off", "say !me irc"] {
        let said = bob.sends(&room, text).await.event_id();
        service.put(&speaking(&bob.id, &room, &said), json!({})).await.fails_as(403, "M_FORBIDDEN");
    }
    let said = bob.sends(&room, "!me irc").await.event_id();
    let path = speaking(&bob.id, &room, &said);
    carol.put(&path, json!({})).await.fails_as(403, "M_FORBIDDEN");
    bob.put(&path, json!({})).await.fails_as(403, "M_FORBIDDEN");
    bob.redacts(&room, &said).await.ok();
    service.put(&path, json!({})).await.fails_as(403, "M_FORBIDDEN");
    // What the service said itself in somebody's name is not their word.
    let said = bob.sends(&room, "!me irc").await.event_id();
    service.put(&speaking(&bob.id, &room, &said), json!({})).await.ok();
    let forged = json!({ "msgtype": "m.text", "body": "!me irc" });
    let later = format!("{}&ts=4000000000000", send(&bob, &room, "9"));
    let forged = service.put(&later, forged).await.event_id();
    let path = speaking(&bob.id, &room, &forged);
    bob.delete(&path).await.ok();
    service.put(&path, json!({})).await.fails_as(403, "M_FORBIDDEN");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_service_takes_back_nothing_of_others_and_says_nothing_later() {
    let (_bridge, w, service, bob, room) = stage().await;
    let carol = w.user("carol").await;
    carol.joins(&room).await.ok();
    let by_carol = carol.sends(&room, "hello").await.event_id();
    let said = bob.sends(&room, "!me irc").await.event_id();
    service.put(&speaking(&bob.id, &room, &said), json!({})).await.ok();
    let own = service.put(&send(&bob, &room, "1"), words()).await.event_id();
    let redact = |event: &str, txn: &str| {
        let path = format!("{CLIENT}/rooms/{}/redact/{}/{txn}", segment(&room), segment(event));
        Bridge::acting(&path, &bob.id)
    };
    // Bob made the room and may take back everybody's words; the service may not, in whatever way it asks.
    service.put(&redact(&by_carol, "2"), json!({})).await.fails_as(403, "M_FORBIDDEN");
    let as_message = format!("{CLIENT}/rooms/{}/send/m.room.redaction/3", segment(&room));
    let as_message = Bridge::acting(&as_message, &bob.id);
    service.put(&as_message, json!({ "redacts": by_carol })).await.fails_as(403, "M_FORBIDDEN");
    let related = json!({ "with_rel_types": ["*"] });
    service.put(&redact(&own, "4"), related).await.fails_as(403, "M_FORBIDDEN");
    let later = format!("{}&org.matrix.msc4140.delay=60000", send(&bob, &room, "5"));
    service.put(&later, words()).await.fails_as(403, "M_FORBIDDEN");
    service.put(&redact(&own, "6"), json!({})).await.ok();
    assert_eq!(carol.event(&room, &by_carol).await.ok()["content"]["body"], "hello");
    assert_eq!(carol.event(&room, &own).await.ok()["content"], json!({}));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_word_that_a_service_does_not_hear_is_not_for_it() {
    let (_bridge, _w, service, bob, _room) = stage().await;
    let elsewhere = bob.creates_room().await;
    let said = bob.sends(&elsewhere, "!me irc").await.event_id();
    service.put(&speaking(&bob.id, &elsewhere, &said), json!({})).await.fails_as(404, "M_NOT_FOUND");
}
