//! What becomes of a bound room: it forbids, it removes the bot, it is replaced; and older messages that take their time.

use serde_json::{Value, json};
use simulator_feishu::{Fault, FaultSpec, Order};
use testkit::User;

use crate::bridges::{BOT, Bridge, bodies, ours};

/// Changes the powers of a room.
async fn changes_powers(person: &User, room: &str, change: impl Fn(&mut Value)) {
    let mut powers = person.state(room, "m.room.power_levels", "").await.ok();
    change(&mut powers);
    person.sets_state(room, "m.room.power_levels", "", powers).await.ok();
}

/// How often the bot said something with these words.
fn told(history: &[Value], words: &str) -> usize {
    let said = history.iter().filter(|event| event["sender"] == BOT);
    said.filter_map(|event| event["content"]["body"].as_str()).filter(|body| body.contains(words)).count()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_room_forbids_is_said_once_and_ends_with_the_power_to_speak() {
    let bridge = Bridge::new().await;
    bridge.speaks(&bridge.chat, "before").await;
    bridge.hears_until(|heard| bodies(heard) == ["before"]).await;
    changes_powers(&bridge.alice, &bridge.room, |powers| {
        powers["events_default"] = json!(50);
        powers["users"][BOT] = json!(50);
    })
    .await;
    for words in ["lost-1", "lost-2", "lost-3"] {
        bridge.speaks(&bridge.chat, words).await;
    }
    bridge.history_until(|history| told(history, "不允许其成员发言") > 0).await;
    // What is said last finds its way, so what came before it was looked at.
    changes_powers(&bridge.alice, &bridge.room, |powers| powers["events_default"] = json!(0)).await;
    bridge.speaks(&bridge.chat, "after").await;
    let heard = bridge.hears_until(|heard| bodies(heard).contains(&"after")).await;
    assert_eq!(bodies(&heard).iter().filter(|body| **body == "after").count(), 1);
    let history = bridge.history_until(|_| true).await;
    assert_eq!(told(&history, "不允许其成员发言"), 1, "{history:#?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn who_removes_the_bot_unbinds_the_room_and_both_sides_are_told() {
    let bridge = Bridge::beside("\n[bridges]\nadministrators = [\"@carol:test.example\"]\n").await;
    let carol = bridge.server.user("carol").await;
    bridge.alice.room_action(&bridge.room, "kick", json!({ "user_id": BOT })).await.ok();
    let shown = bridge
        .shows_until(&bridge.chat, |shown| ours(shown).iter().any(|text| text.contains("互通已停止")))
        .await;
    assert_eq!(ours(&shown).iter().filter(|text| text.contains("互通已停止")).count(), 1);
    let (_, said) = bridge.server.commands(&["bridge", "list"]).await;
    assert!(said.contains(&bridge.chat) && !said.contains(&bridge.room), "{said}");

    let invited = |sync: &Value| {
        let rooms = sync["rooms"]["invite"].as_object()?;
        rooms.iter().map(|(room, _)| room.clone()).next()
    };
    let sync = carol.gets_until("/_matrix/client/v3/sync?timeout=0", |sync| invited(sync).is_some()).await;
    let direct = invited(&sync).unwrap();
    carol.joins(&direct).await.ok();
    let path = format!("/_matrix/client/v3/rooms/{direct}/messages?dir=b&limit=50");
    let is_told = |page: &Value| {
        let chunk = page["chunk"].as_array().unwrap();
        bodies(chunk).iter().any(|body| body.contains(&bridge.room) && body.contains("绑定已解除"))
    };
    carol.gets_until(&path, is_told).await;

    bridge.alice.sends(&bridge.room, "nobody carries this").await.ok();
    bridge.speaks(&bridge.chat, "nor this").await;
    // The same conversation in another room: what was said meanwhile is in neither.
    let other = bridge.room_with_bot().await;
    let (is_done, said) = bridge.server.commands(&["bridge", "bind", "feishu", &bridge.chat, &other]).await;
    assert!(is_done, "{said}");
    bridge.alice.sends(&other, "carried again").await.ok();
    let shown = bridge
        .shows_until(&bridge.chat, |shown| ours(shown).iter().any(|text| text.contains("carried again")))
        .await;
    assert!(!ours(&shown).iter().any(|text| text.contains("nobody carries this")), "{shown:#?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_binding_goes_along_when_its_room_is_upgraded() {
    let bridge = Bridge::new().await;
    let upgraded =
        bridge.alice.room_action(&bridge.room, "upgrade", json!({ "new_version": "11" })).await.ok();
    let new = upgraded["replacement_room"].as_str().unwrap().to_owned();
    // Said while the bot may be on its way.
    bridge.speaks(&bridge.chat, "in between").await;
    // It may have come by itself.
    let mut invited = bridge.alice.room_action(&new, "invite", json!({ "user_id": BOT })).await;
    assert!(matches!(invited.status(), 200 | 403), "{invited:?}");
    bridge.until_listed(&bridge.chat, &new).await;
    bridge.speaks(&bridge.chat, "in the new room").await;
    let path = format!("/_matrix/client/v3/rooms/{new}/messages?dir=b&limit=100");
    let says = |page: &Value| bodies(page["chunk"].as_array().unwrap()).contains(&"in the new room");
    bridge.alice.gets_until(&path, says).await;
    bridge.alice.sends(&new, "hello from there").await.ok();
    bridge
        .shows_until(&bridge.chat, |shown| ours(shown).iter().any(|text| text.contains("hello from there")))
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn older_messages_take_their_time_and_the_bot_answers_meanwhile() {
    let bridge = Bridge::beside("\n[bridges]\nadministrators = [\"@alice:test.example\"]\n").await;
    let forever = FaultSpec { times: None, path: Some("/im/v1/messages".to_owned()), value: Value::Null };
    bridge.platform.fail(Fault::ApiServerError, forever);
    let asked =
        bridge.alice.sends(&bridge.room, &format!("!backfill feishu {} 24", bridge.chat)).await.event_id();
    let again =
        bridge.alice.sends(&bridge.room, &format!("!backfill feishu {} 24", bridge.chat)).await.event_id();
    let status = bridge.alice.sends(&bridge.room, "!status").await.event_id();
    let answers = |history: &[Value], event: &str| -> Vec<String> {
        let is_answer = |found: &&Value| {
            found["sender"] == BOT && found["content"]["m.relates_to"]["m.in_reply_to"]["event_id"] == event
        };
        let bodies = history.iter().filter(is_answer).filter_map(|found| found["content"]["body"].as_str());
        bodies.map(str::to_owned).collect()
    };
    let history = bridge.history_until(|history| !answers(history, &status).is_empty()).await;
    assert_eq!(answers(&history, &asked).len(), 1, "it began and is not done: {history:#?}");
    assert!(answers(&history, &again)[0].contains("already"), "{:?}", answers(&history, &again));
    bridge.platform.order(Order::Mend).unwrap();
    let history = bridge.history_until(|history| answers(history, &asked).len() == 2).await;
    assert!(answers(&history, &asked).iter().any(|answer| answer.contains("补齐 0 条")), "{history:#?}");
}
