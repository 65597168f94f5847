//! What goes wrong.

use http::Method;
use serde_json::{Value, json};
use store::Scan;

use super::{ALICE, BOB, CLERK, Person, encrypted};
use crate::{
    Call,
    crypto::{KeyNews, tables::DEVICES},
    limits::UNREAD_WAIT_MS,
    tests::clerk::NOTES,
};

/// Has a person say something whose key the clerk does not get, and gives the key's messages back.
async fn says_without_key(
    stage: &crate::double::Stage,
    person: &Person,
    room: &str,
    body: &str,
) -> Vec<Value> {
    person.forgets_the_key(room).await;
    person.gives_key(stage, room).await;
    let device = stage.kit().store().get(&DEVICES, "clerk").await.unwrap().unwrap().device;
    let kept = stage.homeserver().take_messages(CLERK, device.as_str());
    let content = person.seals(room, "m.room.message", &json!({ "msgtype": "m.text", "body": body })).await;
    stage.sends(person.user, room, "m.room.encrypted", content);
    kept
}

#[tokio::test]
async fn a_message_waits_for_its_key_and_is_answered_in_its_turn() {
    let (mut stage, alice, room) = encrypted().await;
    let key = says_without_key(&stage, &alice, &room, "!note late").await;
    assert!(!key.is_empty());
    stage.settle().await;
    assert!(alice.reads(&stage, &room).await.is_empty());
    stage.restart().await;
    stage.settle().await;
    stage.kit().take("key", json!({ "events": [], "to_device": key }).to_string().as_bytes()).await.unwrap();
    stage.settle().await;
    assert_eq!(alice.reads(&stage, &room).await, ["noted: late"]);
    stage.advance_ms(UNREAD_WAIT_MS + 1);
    stage.settle().await;
    assert_eq!(alice.reads(&stage, &room).await, ["noted: late"]);
}

#[tokio::test]
async fn a_key_that_came_in_the_moment_of_a_crash_is_used() {
    let (mut stage, alice, room) = encrypted().await;
    let key = says_without_key(&stage, &alice, &room, "!note crash").await;
    stage.settle().await;
    // The keys are written, the transaction is not.
    let body = json!({ "events": [], "to_device": key }).to_string();
    let news: KeyNews = serde_json::from_str(&body).unwrap();
    assert_eq!(stage.kit().receive_keys(&news).await.unwrap().len(), 1);
    stage.restart().await;
    stage.kit().take("key", body.as_bytes()).await.unwrap();
    stage.settle().await;
    assert_eq!(alice.reads(&stage, &room).await, ["noted: crash"]);
}

#[tokio::test]
async fn who_cannot_be_read_is_told_once_after_a_while_and_never_in_the_clear() {
    let (mut stage, alice, room) = encrypted().await;
    says_without_key(&stage, &alice, &room, "!note lost").await;
    stage.settle().await;
    assert!(alice.reads(&stage, &room).await.is_empty());
    for _ in 0..2 {
        stage.advance_ms(UNREAD_WAIT_MS);
        stage.settle().await;
        stage.settle().await;
        let said = alice.reads(&stage, &room).await;
        assert!(said.len() == 1 && said[0].starts_with("我没有收到这条消息的密钥"), "{said:?}");
        says_without_key(&stage, &alice, &room, "!note lost again").await;
        stage.settle().await;
    }
    alice.forgets_the_key(&room).await;
    alice.says(&stage, &room, "!note found").await;
    stage.settle().await;
    assert_eq!(alice.reads(&stage, &room).await[1..], ["noted: found"]);
}

#[tokio::test]
async fn a_message_that_somebody_sends_again_is_not_heard() {
    let (mut stage, alice, room) = encrypted().await;
    stage.invites(ALICE, &room, BOB);
    stage.joins(BOB, &room);
    stage.settle().await;
    alice.gives_key(&stage, &room).await;
    let content = json!({ "msgtype": "m.text", "body": "!note as alice" });
    let sealed = alice.seals(&room, "m.room.message", &content).await;
    stage.sends(BOB, &room, "m.room.encrypted", sealed);
    // The same message once more, from her own server.
    let sealed =
        alice.seals(&room, "m.room.message", &json!({ "msgtype": "m.text", "body": "!note once" })).await;
    for _ in 0..2 {
        stage.sends(ALICE, &room, "m.room.encrypted", sealed.clone());
        stage.settle().await;
    }
    // What only the homeserver may tell, said inside of a message.
    let member = json!({ "membership": "leave" });
    let sealed = alice.seals(&room, "m.room.member", &member).await;
    stage.sends(ALICE, &room, "m.room.encrypted", sealed);
    stage.settle().await;
    assert_eq!(alice.reads(&stage, &room).await, ["noted: once"]);
}

#[tokio::test]
async fn a_room_that_was_encrypted_never_gets_anything_in_the_clear() {
    let (mut stage, alice, room) = encrypted().await;
    for rules in [json!({}), json!({ "algorithm": "rot13" })] {
        alice.sets_encryption(&stage, &room, rules);
        stage.settle().await;
        alice.says(&stage, &room, "!note secret").await;
        stage.settle().await;
        stage.restart().await;
        stage.settle().await;
    }
    assert!(alice.reads(&stage, &room).await.is_empty());
    let given_back = stage.kit().store().scan(&NOTES, Scan::all()).await.unwrap();
    assert_eq!(given_back.len(), 2, "the bot is told: {given_back:?}");
    assert!(given_back.iter().all(|(_, reason)| reason.contains("cannot be encrypted")), "{given_back:?}");
}

#[tokio::test]
async fn encryption_that_is_turned_on_later_holds_from_then_on() {
    let mut stage = crate::double::Stage::new(crate::tests::clerk::play()).await;
    let alice = Person::signs_in(&stage, ALICE, "PHONE").await;
    let room = stage.room_with(ALICE, "clerk", false);
    stage.settle().await;
    stage.says(ALICE, &room, "!alarm 1000");
    stage.says(ALICE, &room, "!note open");
    stage.settle().await;
    assert_eq!(stage.said(&room), ["noted: open"]);
    alice.sets_encryption(&stage, &room, json!({ "algorithm": "m.megolm.v1.aes-sha2" }));
    stage.settle().await;
    stage.advance_ms(1_000);
    stage.settle().await;
    stage.settle().await;
    assert_eq!(stage.said(&room), ["noted: open"]);
    let sealed = stage.events_of_bots(&room).pop().unwrap();
    assert_eq!(sealed["type"], "m.room.encrypted");
}

#[tokio::test]
async fn what_is_secret_is_said_in_encrypted_rooms_alone() {
    let mut stage = crate::double::Stage::new(crate::tests::clerk::play()).await;
    let alice = Person::signs_in(&stage, ALICE, "PHONE").await;
    let room = stage.room_with(ALICE, "clerk", false);
    stage.settle().await;
    let says_secretly = async |stage: &mut crate::double::Stage, key: &str| {
        let to = crate::To::Room(ruma::RoomId::parse(&room).unwrap());
        let letter = crate::Letter::message(key, "clerk", to, crate::message("the plans", &[])).secret(true);
        let mut batch = store::Batch::new();
        stage.kit().outbox().put(&mut batch, letter);
        stage.kit().store().commit(batch).await.unwrap();
        stage.settle().await;
    };
    says_secretly(&mut stage, "one").await;
    let hidden = "有一条保密内容未显示：这个会话未端到端加密。请在会话设置中打开加密，再查看。";
    assert_eq!(stage.said(&room), [hidden]);
    assert!(!stage.events_of_bots(&room)[0].to_string().contains("plans"));
    alice.sets_encryption(&stage, &room, json!({ "algorithm": "m.megolm.v1.aes-sha2" }));
    stage.settle().await;
    says_secretly(&mut stage, "two").await;
    let sealed = stage.events_of_bots(&room).pop().unwrap();
    assert_eq!((sealed["type"].as_str(), stage.said(&room).len()), (Some("m.room.encrypted"), 1));
}

#[tokio::test]
async fn a_device_that_somebody_deleted_is_replaced() {
    let (mut stage, alice, room) = encrypted().await;
    alice.says(&stage, &room, "!note one").await;
    stage.settle().await;
    let device = stage.kit().store().get(&DEVICES, "clerk").await.unwrap().unwrap().device;
    stage.homeserver().does(CLERK, Call::new(Method::DELETE, &["client", "v3", "devices", device.as_str()]));
    stage.restart().await;
    assert_ne!(stage.kit().store().get(&DEVICES, "clerk").await.unwrap().unwrap().device, device);
    assert!(alice.trusts_the_clerk(&stage).await);
    alice.forgets_the_key(&room).await;
    alice.says(&stage, &room, "!note two").await;
    stage.settle().await;
    assert_eq!(alice.reads(&stage, &room).await, ["noted: one", "noted: two"]);
}
