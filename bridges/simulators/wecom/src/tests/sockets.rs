//! The bot's long connection: one owner, what it hears, what it writes by itself.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::client::{BOT, text, world};
use super::line::markdown;

#[tokio::test]
async fn a_bot_says_who_it_is_or_is_refused() {
    let world = world().await;
    let mut line = world.connect().await.unwrap();
    assert_eq!(line.tell("aibot_send_msg", markdown("x")).await["errcode"], 846_609);
    assert_eq!(line.subscribe("wrong").await, 853_000);
    let other = line.tell("aibot_subscribe", json!({ "bot_id": "aibOther", "secret": "bot secret" })).await;
    assert_eq!(other["errcode"], 93_019);
    world.fail("subscribe.refused", json!(93_019));
    assert_eq!(line.subscribe("bot secret").await, 93_019);
    assert_eq!(line.subscribe("bot secret").await, 0);
    assert_eq!(line.ping().await, 0);
    world.fail("socket.refused", Value::Null);
    assert!(world.connect().await.is_none());
}

#[tokio::test]
async fn a_second_connection_ends_the_first() {
    let world = world().await;
    let mut first = world.subscribed().await;
    let mut second = world.subscribed().await;
    let told = first.callback().await;
    assert_eq!(told["body"]["event"]["eventtype"], "disconnected_event");
    assert!(first.next().await.is_none());
    world.speak("lisi", &world.chat, "hello").await;
    assert_eq!(second.callback().await["cmd"], "aibot_msg_callback");
    assert_eq!(world.act(json!({ "do": "take_over", "bot": BOT })).await["taken_over"], 1);
    assert_eq!(second.callback().await["body"]["event"]["eventtype"], "disconnected_event");
}

#[tokio::test]
async fn in_a_group_a_bot_hears_what_mentions_it_alone() {
    let world = world().await;
    let mut line = world.subscribed().await;
    let unheard =
        json!({ "do": "speak", "person": "lisi", "chat": world.chat, "text": "psst", "at": ["all"] });
    world.act(unheard).await;
    let said = world.speak("ZhangSan", &world.chat, "hello").await;
    let body = line.callback().await["body"].clone();
    assert_eq!((&body["msgid"], &body["text"]["content"]), (&json!(said), &json!("@Robot hello")));
    assert_eq!((&body["chatid"], &body["chattype"]), (&json!(world.chat), &json!("group")));
    assert_eq!((&body["from"]["userid"], &body["aibotid"]), (&json!("ZhangSan"), &json!(BOT)));
    let chat = world.with_bot("lisi").await;
    world.speak("lisi", &chat, "alone").await;
    let body = line.callback().await["body"].clone();
    assert_eq!((&body["chattype"], &body["chatid"]), (&json!("single"), &Value::Null));
    assert_eq!(body["text"]["content"], "alone");
}

#[tokio::test]
async fn an_answer_quotes_without_an_id_and_mixed_words_have_pictures() {
    let world = world().await;
    let mut line = world.subscribed().await;
    let said = world.speak("lisi", &world.chat, "first").await;
    line.callback().await;
    let upload =
        json!({ "do": "upload", "kind": "image", "name": "a.png", "base64": STANDARD.encode("PNG") });
    let key = world.act(upload).await["key"].clone();
    let mixed = json!({
        "do": "say", "person": "lisi", "chat": world.chat, "kind": "mixed", "at": [BOT], "reply_to": said,
        "content": { "items": [{ "text": "look" }, { "key": key }] },
    });
    world.act(mixed).await;
    let body = line.callback().await["body"].clone();
    assert_eq!(body["quote"], json!({ "msgtype": "text", "text": { "content": "@Robot first" } }));
    let items = &body["mixed"]["msg_item"];
    assert_eq!(items[0]["text"]["content"], "@Robot look");
    assert!(items[1]["image"]["aeskey"].is_string());
}

#[tokio::test]
async fn a_bot_writes_by_itself_where_it_was_addressed() {
    let world = world().await;
    let mut line = world.subscribed().await;
    assert_eq!(line.push(&world.chat, 2, "too soon").await, 93_006);
    world.speak("lisi", &world.chat, "hello").await;
    let chat = world.with_bot("lisi").await;
    world.speak("lisi", &chat, "hello").await;
    for _ in 0..2 {
        line.callback().await;
    }
    assert_eq!(line.push(&format!("group:{}", world.chat), 0, "x").await, 93_006);
    assert_eq!(line.push(&world.chat, 0, "to the group").await, 0);
    assert_eq!(line.push("LISI", 1, "to her").await, 0);
    assert_eq!(line.push(&world.chat, 1, "x").await, 93_006);
    assert_eq!(world.words(&chat).await, ["hello", "to her"]);
    let shown = world.shown(&world.chat, "lisi").await;
    assert!(text(&shown[1], "req_id").starts_with("aibot_send_msg_"));
    world.act(json!({ "do": "lapse", "chat": world.chat, "bot": BOT })).await;
    assert_eq!(line.push(&world.chat, 2, "x").await, 93_006);
    world.speak("lisi", &world.chat, "still there?").await;
    assert_eq!(line.push(&world.chat, 2, "yes").await, 0);
    world
        .act(json!({ "do": "set_bot", "person": "lisi", "chat": world.chat, "bot": BOT, "there": false }))
        .await;
    assert_eq!(line.push(&world.chat, 2, "x").await, 93_006);
}

#[tokio::test]
async fn people_are_hidden_from_a_bot_that_may_not_know_them() {
    let world = world().await;
    let mut line = world.subscribed().await;
    world.act(json!({ "do": "change_bot", "bot": BOT, "encrypts_userids": true })).await;
    let chat = world.with_bot("lisi").await;
    world.speak("lisi", &chat, "hello").await;
    let hidden = line.callback().await["body"]["from"]["userid"].clone();
    assert!(hidden.as_str().unwrap().starts_with("wo"));
    let path = "/cgi-bin/batch/openuserid_to_userid";
    let known = world.ask(path, json!({ "open_userid_list": [hidden, "lisi"] })).await;
    assert_eq!(known["userid_list"], json!([{ "open_userid": hidden, "userid": "lisi" }]));
    assert_eq!(known["invalid_open_userid_list"], json!(["lisi"]));
    assert_eq!(line.push(hidden.as_str().unwrap(), 1, "for you").await, 0);
    world.act(json!({ "do": "change_bot", "bot": BOT, "creator_only": "ZhangSan" })).await;
    world.speak("lisi", &chat, "unheard").await;
    world.fared("not pushed: of the creator alone", 1).await;
}
