//! Answers of a bot over its connection: by their handles, in streams, on cards.

use serde_json::{Value, json};

use super::client::{BOT, world, world_with};
use super::line::{markdown, stream};

#[tokio::test]
async fn a_message_is_answered_by_its_handle_and_streams_are_replaced() {
    let world = world().await;
    let mut line = world.subscribed().await;
    world.speak("lisi", &world.chat, "work").await;
    let asked = line.callback().await;
    assert_eq!(line.reply(&asked, "aibot_respond_msg", stream("s1", "work", false)).await, 0);
    assert_eq!(line.reply(&asked, "aibot_respond_msg", stream("s1", "working: done", true)).await, 0);
    assert_eq!(line.reply(&asked, "aibot_respond_msg", stream("s1", "more", true)).await, 846_608);
    assert_eq!(line.reply(&asked, "aibot_respond_msg", markdown("and **this**")).await, 0);
    let text_alone = json!({ "msgtype": "text", "text": { "content": "x" } });
    assert_eq!(line.reply(&asked, "aibot_respond_msg", text_alone).await, 40_008);
    assert_eq!(line.reply(&asked, "aibot_respond_welcome_msg", markdown("x")).await, 846_605);
    assert_eq!(world.words(&world.chat).await, ["@Robot work", "working: done", "and **this**"]);
    let shown = world.shown(&world.chat, "lisi").await;
    assert_eq!((&shown[1]["finished"], &shown[1]["edits"]), (&json!(true), &json!(1)));
    assert_eq!(shown[1]["req_id"], asked["headers"]["req_id"]);
    let both = json!({
        "msgtype": "stream_with_template_card", "stream": { "id": "s2", "finish": true, "content": "see" },
        "template_card": { "card_type": "text_notice", "main_title": { "title": "Card" } },
    });
    assert_eq!(line.reply(&asked, "aibot_respond_msg", both).await, 0);
    assert_eq!(world.words(&world.chat).await[3], "see\nCard");
}

#[tokio::test]
async fn a_stream_ends_after_six_minutes() {
    let world = world().await;
    let mut line = world.subscribed().await;
    world.speak("lisi", &world.chat, "work").await;
    let asked = line.callback().await;
    assert_eq!(line.reply(&asked, "aibot_respond_msg", stream("s", "a", false)).await, 0);
    world.skip_minutes(7);
    assert_eq!(line.reply(&asked, "aibot_respond_msg", stream("s", "b", true)).await, 846_608);
    assert_eq!(
        line.reply(&asked, "aibot_respond_msg", markdown("b")).await,
        0,
        "the message may be answered still"
    );
    world.skip_minutes(24 * 60);
    assert_eq!(line.reply(&asked, "aibot_respond_msg", markdown("c")).await, 846_605);
}

#[tokio::test]
async fn three_interactions_of_a_person_may_go_on() {
    let world = world().await;
    let mut line = world.subscribed().await;
    for number in 0..3 {
        world.speak("lisi", &world.chat, "work").await;
        let asked = line.callback().await;
        line.reply(&asked, "aibot_respond_msg", stream(&format!("s{number}"), "…", false)).await;
    }
    world.speak("lisi", &world.chat, "too much").await;
    world.fared("not pushed: too many interactions", 1).await;
    world.speak("ZhangSan", &world.chat, "mine").await;
    assert_eq!(line.callback().await["body"]["from"]["userid"], "ZhangSan");
}

#[tokio::test]
async fn a_conversation_takes_thirty_a_minute() {
    let world = world_with(|settings| settings.bot_per_minute = 3).await;
    let mut line = world.subscribed().await;
    world.speak("lisi", &world.chat, "hello").await;
    let asked = line.callback().await;
    assert_eq!(line.reply(&asked, "aibot_respond_msg", markdown("1")).await, 0);
    assert_eq!(line.push(&world.chat, 0, "2").await, 0);
    assert_eq!(line.push(&world.chat, 0, "3").await, 0);
    assert_eq!(line.push(&world.chat, 0, "4").await, 45_009);
    world.skip_minutes(2);
    world.fail("socket.frequency", Value::Null);
    assert_eq!(line.push(&world.chat, 0, "5").await, 45_009);
    assert_eq!(line.push(&world.chat, 0, "6").await, 0);
}

#[tokio::test]
async fn who_opens_the_chat_is_welcomed_within_seconds() {
    let world = world().await;
    let mut line = world.subscribed().await;
    world.act(json!({ "do": "enter", "person": "lisi", "bot": BOT })).await;
    let entered = line.callback().await;
    assert_eq!(entered["body"]["event"]["eventtype"], "enter_chat");
    let welcome = json!({ "msgtype": "text", "text": { "content": "welcome" } });
    assert_eq!(line.reply(&entered, "aibot_respond_welcome_msg", welcome.clone()).await, 0);
    assert_eq!(line.reply(&entered, "aibot_respond_welcome_msg", welcome.clone()).await, 846_605);
    world.act(json!({ "do": "enter", "person": "lisi", "bot": BOT })).await;
    let entered = line.callback().await;
    world.skip_minutes(1);
    assert_eq!(line.reply(&entered, "aibot_respond_welcome_msg", welcome).await, 846_605);
    world.act(json!({ "do": "feedback", "person": "lisi", "bot": BOT, "id": "f1", "kind": 2 })).await;
    let feedback = line.callback().await;
    assert_eq!(feedback["body"]["event"]["feedback_event"], json!({ "id": "f1", "type": 2 }));
    assert_eq!(line.reply(&feedback, "aibot_respond_msg", markdown("x")).await, 846_605);
}

#[tokio::test]
async fn a_pressed_card_is_changed_over_the_socket() {
    let world = world().await;
    let mut line = world.subscribed().await;
    world.speak("lisi", &world.chat, "leave").await;
    let asked = line.callback().await;
    let card = |title: &str| {
        json!({
            "card_type": "button_interaction", "task_id": "t1", "main_title": { "title": title },
            "button_list": [{ "text": "Yes", "key": "y" }],
        })
    };
    let first = json!({ "msgtype": "template_card", "template_card": card("Leave") });
    assert_eq!(line.reply(&asked, "aibot_respond_msg", first).await, 0);
    let message = world.shown(&world.chat, "lisi").await[1]["message_id"].clone();
    let press = world.act(json!({ "do": "press", "person": "lisi", "message": message, "button": "Yes" }));
    let bot = async {
        let pressed = line.callback().await;
        let event = &pressed["body"]["event"]["template_card_event"];
        assert_eq!((&event["event_key"], &event["task_id"]), (&json!("y"), &json!("t1")));
        let update = json!({ "response_type": "update_template_card", "template_card": card("Decided") });
        assert_eq!(line.reply(&pressed, "aibot_respond_update_msg", update).await, 0);
    };
    let (pressed, ()) = tokio::join!(press, bot);
    assert_eq!((&pressed["answered"], &pressed["card_changed"]), (&json!(true), &json!(true)));
    assert_eq!(world.words(&world.chat).await[1], "Decided");
}
