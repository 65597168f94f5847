//! Commands that are picked in a form, and buttons that are pressed: the same as what is typed and tapped.

use serde_json::{Value, json};

use super::{ALICE, BOT, clerk, in_a_room};
use crate::double::Stage;

const DESCRIPTION: &str = "org.matrix.msc4391.command_description";

fn picks(name: &str, words: &str, mentions: &[&str]) -> Value {
    json!({
        "msgtype": "m.text", "body": format!("/{name} {words}"), "m.mentions": { "user_ids": mentions },
        "org.matrix.msc4391.command": { "command": name, "arguments": { "arguments": words } },
    })
}

#[tokio::test]
async fn a_picked_command_is_as_good_as_a_typed_one() {
    let (mut stage, room) = in_a_room().await;
    let bot = format!("@{BOT}:test");
    stage.sends(ALICE, &room, "m.room.message", picks("note", "picked", &[&bot]));
    stage.sends(ALICE, &room, "m.room.message", picks("记录", "without a mention", &[]));
    stage.sends(ALICE, &room, "m.room.message", picks("note", "for a colleague", &["@bob:test"]));
    stage.settle().await;
    let expected = ["noted: picked", "noted: without a mention", "noted: for a colleague"];
    assert_eq!(stage.said(&room), expected);
    // What nobody knows is refused in the same words.
    stage.sends(ALICE, &room, "m.room.message", picks("nte", "", &[&bot]));
    stage.says(ALICE, &room, "!nte");
    stage.settle().await;
    let said = stage.said(&room);
    assert_eq!((said.len(), &said[3]), (5, &said[4]));
    // A form that is none of ours: the words count.
    let mut odd = picks("note", "x", &[&bot]);
    odd["org.matrix.msc4391.command"]["arguments"] = json!({ "title": "x" });
    odd["body"] = json!("!note typed");
    stage.sends(ALICE, &room, "m.room.message", odd);
    stage.settle().await;
    assert_eq!(stage.last(&room), "noted: typed");
}

#[tokio::test]
async fn rooms_that_a_bot_makes_describe_its_commands() {
    let mut stage = Stage::new(clerk::play()).await;
    let asked = stage.room_with(ALICE, BOT, false);
    stage.settle().await;
    stage.says(ALICE, &asked, "!tell @bob:test");
    stage.settle().await;
    let chat = stage.chat(BOT, "@bob:test");
    let described: Vec<Value> =
        stage.homeserver().events(&chat).into_iter().filter(|event| event["type"] == DESCRIPTION).collect();
    let commands: Vec<&str> =
        described.iter().map(|event| event["content"]["command"].as_str().unwrap()).collect();
    assert!(commands.starts_with(&["note", "tell"]) && commands.ends_with(&["help", "lang"]), "{commands:?}");
    let keys: std::collections::BTreeSet<_> =
        described.iter().map(|event| event["state_key"].as_str().unwrap()).collect();
    assert_eq!(keys.len(), commands.len());
    let note = &described[0]["content"];
    assert_eq!(note["aliases"], json!(["记录"]));
    assert_eq!(note["description"]["m.text"][0]["body"], "写下来");
    assert_eq!(note["parameters"][0]["key"], note["fi.mau.tail_parameter"]);
    let others = stage.homeserver().events(&asked);
    assert!(others.iter().all(|event| event["type"] != DESCRIPTION), "a room of somebody else stays theirs");
}

#[tokio::test]
async fn a_card_offers_its_reactions_as_buttons_and_a_press_is_a_tap() {
    let (mut stage, room) = in_a_room().await;
    stage.says(ALICE, &room, "!card");
    stage.settle().await;
    let card = stage.newest(&room, |body| body == "[open]");
    let prompts = |event: &Value| event["content"]["org.matrix.msc4139.prompts"]["prompts"].clone();
    let events = stage.homeserver().events(&room);
    let sent = events.iter().find(|event| event["event_id"] == card.as_str()).unwrap();
    assert_eq!(prompts(sent)[0]["id"], "✅");
    let press = |id: &str, mentions: Value| {
        json!({
            "msgtype": "m.text", "body": id, "m.mentions": mentions,
            "org.matrix.msc4139.used_prompt": { "id": id },
            "m.relates_to": { "rel_type": "m.thread", "event_id": card, "is_falling_back": true,
                              "m.in_reply_to": { "event_id": card } },
        })
    };
    stage.sends(ALICE, &room, "m.room.message", press("✅", json!({})));
    stage.settle().await;
    assert_eq!(stage.last(&room), "✅ on card");
    // Without a card it is a message.
    let stray =
        json!({ "msgtype": "m.text", "body": "about ✅", "org.matrix.msc4139.used_prompt": { "id": "✅" } });
    stage.sends(ALICE, &room, "m.room.message", stray);
    stage.settle().await;
    assert_eq!(stage.last(&room), "about ✅ on , direct false");
}

#[tokio::test]
async fn the_buttons_of_a_card_are_those_of_its_newest_version() {
    let (mut stage, room) = in_a_room().await;
    stage.says(ALICE, &room, "!card");
    stage.settle().await;
    let card = stage.newest(&room, |body| body == "[open]");
    assert_eq!(stage.offers(&room, &card), ["✅"]);
    for (command, offered) in [
        ("!close", &["✅"][..]),
        // What stands behind a version takes the place of what was there before, for the next ones as well.
        ("!close seeds ✋ 🙅", &["✋", "🙅"]),
        ("!close", &["✋", "🙅"]),
        ("!close offers ✋ ⏰", &["✋", "⏰"]),
        ("!close", &["✋", "⏰"]),
        // Nothing can be done with it any more.
        ("!close offers", &[]),
        ("!close", &[]),
    ] {
        stage.says(ALICE, &room, command);
        stage.settle().await;
        stage.restart().await;
        assert_eq!(stage.offers(&room, &card), offered, "{command}");
    }
}

#[tokio::test]
async fn a_press_is_for_the_card_whatever_its_thread_ends_with() {
    let (mut stage, room) = in_a_room().await;
    stage.says(ALICE, &room, "!card");
    stage.settle().await;
    let (card, history) =
        (stage.newest(&room, |body| body == "[open]"), stage.newest(&room, |body| body == "history"));
    // As clients do it: old ones are shown an answer to what stands last in the thread.
    let press = |answers: &str, falls_back: bool| {
        json!({
            "msgtype": "m.text", "body": "✅", "org.matrix.msc4139.used_prompt": { "id": "✅" },
            "m.relates_to": { "rel_type": "m.thread", "event_id": card, "is_falling_back": falls_back,
                              "m.in_reply_to": { "event_id": answers } },
        })
    };
    stage.sends(ALICE, &room, "m.room.message", press(&history, true));
    stage.settle().await;
    assert_eq!(stage.last(&room), "✅ on card");
    // Somebody who answers a letter of the thread means that one.
    stage.sends(ALICE, &room, "m.room.message", press(&history, false));
    stage.settle().await;
    assert_eq!(stage.last(&room), "✅ on thread");
}
