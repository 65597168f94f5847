//! Bots at an address: JSON both ways, streams that are asked for, one later answer.

use bytes::Bytes;
use serde_json::{Value, json};

use super::client::{BOT, text, world, world_with};
use super::door::{Say, door};

fn stream(words: &str, finish: bool) -> Say {
    let body = json!({ "msgtype": "stream", "stream": { "id": "s1", "finish": finish, "content": words } });
    Say::Json(body, true)
}

#[tokio::test]
async fn a_message_comes_for_nobody_in_particular_and_may_be_answered_later_once() {
    let world = world().await;
    let mut door = door(vec![]).await.of_bot(&world).await;
    let said = world.speak("lisi", &world.chat, "hello").await;
    let post = door.next().await;
    assert!(post.is_signed_rightly());
    assert_eq!(post.opened().unwrap().1, "");
    let body = post.json();
    assert_eq!((&body["msgid"], &body["text"]["content"]), (&json!(said), &json!("@Robot hello")));
    let answer = json!({ "msgtype": "markdown", "markdown": { "content": "later" } }).to_string();
    let url = text(&body, "response_url");
    let mut codes = Vec::new();
    for _ in 0..2 {
        let (_, _, answered) =
            world.raw("POST", &url, "application/json", answer.clone().into(), None).await.unwrap();
        codes.push(serde_json::from_slice::<Value>(&answered).unwrap()["errcode"].clone());
    }
    assert_eq!(codes, [json!(0), json!(40_058)]);
    assert_eq!(world.words(&world.chat).await[1], "later");
}

#[tokio::test]
async fn the_address_for_a_later_answer_ends_after_an_hour() {
    let world = world().await;
    let mut door = door(vec![]).await.of_bot(&world).await;
    world.speak("lisi", &world.chat, "hello").await;
    let url = text(&door.next().await.json(), "response_url");
    world.skip_minutes(61);
    let answer = json!({ "msgtype": "markdown", "markdown": { "content": "late" } }).to_string();
    let (_, _, answered) = world.raw("POST", &url, "application/json", answer.into(), None).await.unwrap();
    assert_eq!(serde_json::from_slice::<Value>(&answered).unwrap()["errcode"], 40_058);
}

#[tokio::test]
async fn a_stream_is_asked_for_until_it_ends() {
    let world = world().await;
    let says = vec![stream("w", false), stream("wo", false), Say::Status(500), stream("word", true)];
    let mut door = door(says).await.of_bot(&world).await;
    world.speak("lisi", &world.chat, "hello").await;
    assert_eq!(door.next().await.json()["msgtype"], "text");
    for _ in 0..3 {
        let asked = door.next().await.json();
        assert_eq!((&asked["msgtype"], &asked["stream"]["id"]), (&json!("stream"), &json!("s1")));
    }
    while world.words(&world.chat).await[1] != "word" {
        tokio::task::yield_now().await;
    }
    assert_eq!(world.shown(&world.chat, "lisi").await[1]["finished"], true);
}

#[tokio::test]
async fn a_stream_is_not_asked_for_after_six_minutes() {
    let world = world_with(|settings| settings.stream_life_ms = 1).await;
    let mut door = door(vec![stream("w", false)]).await.of_bot(&world).await;
    world.speak("lisi", &world.chat, "hello").await;
    door.next().await;
    world.fared("acknowledged", 1).await;
    world.speak("ZhangSan", &world.chat, "next").await;
    assert_eq!(door.next().await.json()["from"]["userid"], "ZhangSan");
    assert_eq!(world.words(&world.chat).await[1], "w");
}

#[tokio::test]
async fn an_answer_with_another_nonce_or_of_a_kind_for_sockets_is_none() {
    let world = world().await;
    let markdown = json!({ "msgtype": "markdown", "markdown": { "content": "x" } });
    let card = json!({
        "msgtype": "template_card", "template_card": { "card_type": "text_notice", "main_title": { "title": "T" } },
    });
    let says = vec![Say::Json(card.clone(), false), Say::Json(markdown, true), Say::Json(card, true)];
    let mut door = door(says).await.of_bot(&world).await;
    let said = world.speak("lisi", &world.chat, "hello").await;
    for _ in 0..3 {
        assert_eq!(door.next().await.json()["msgid"], said);
    }
    world.fared("acknowledged", 1).await;
    assert_eq!(world.words(&world.chat).await, ["@Robot hello", "T"]);
}

#[tokio::test]
async fn a_welcome_a_press_that_comes_once_and_no_socket_beside() {
    let world = world().await;
    let mut line = world.subscribed().await;
    let welcome = json!({ "msgtype": "template_card", "template_card": {
        "card_type": "button_interaction", "task_id": "t", "main_title": { "title": "Hello" },
        "button_list": [{ "text": "Yes", "key": "y" }],
    }});
    let mut closed = welcome["template_card"].clone();
    closed["main_title"]["title"] = "Closed".into();
    let update =
        json!({ "response_type": "update_template_card", "userids": ["lisi"], "template_card": closed });
    let says = vec![Say::Json(welcome, true), Say::Status(500), Say::Json(update, true)];
    let mut door = door(says).await.of_bot(&world).await;
    assert!(line.next().await.is_none(), "the other way of being connected ended");
    let mut line = world.connect().await.unwrap();
    assert_eq!(line.subscribe("bot secret").await, 93_019, "an address and a socket exclude each other");
    let chat = text(&world.act(json!({ "do": "enter", "person": "lisi", "bot": BOT })).await, "chat_id");
    assert_eq!(door.next().await.json()["event"]["eventtype"], "enter_chat");
    world.fared("acknowledged", 1).await;
    let message = world.shown(&chat, "lisi").await[0]["message_id"].clone();
    let press = json!({ "do": "press", "person": "lisi", "message": message, "button": "Yes" });
    assert_eq!(world.act(press.clone()).await["answered"], false);
    door.next().await;
    assert!(door.is_quiet(), "a press comes once");
    let pressed = world.act(press).await;
    assert_eq!((&pressed["answered"], &pressed["card_changed"]), (&json!(true), &json!(true)));
    assert_eq!(world.words(&chat).await, ["Closed"]);
}

#[tokio::test]
async fn files_are_encrypted_by_the_key_of_the_address() {
    let world = world().await;
    let mut door = door(vec![]).await.of_bot(&world).await;
    let chat = world.with_bot("lisi").await;
    let upload = json!({ "do": "upload", "kind": "image", "name": "a.png", "base64": "aGVsbG8gd2Vjb20=" });
    let key = world.act(upload).await["key"].clone();
    let image =
        json!({ "do": "say", "person": "lisi", "chat": chat, "kind": "image", "content": { "key": key } });
    world.act(image).await;
    let image = door.next().await.json()["image"].clone();
    assert_eq!(image["aeskey"], Value::Null);
    let (_, _, bytes) = world.raw("GET", &text(&image, "url"), "", Bytes::new(), None).await.unwrap();
    let published = "6c18ef7939e6c90b61105034be4971e0bc934565924a5ed562eeb5da8c771a03";
    assert_eq!(crate::crypto::hex(&bytes), published);
}

#[tokio::test]
async fn a_bot_goes_back_to_its_socket() {
    let world = world().await;
    let mut door = door(vec![]).await.of_bot(&world).await;
    world.act(json!({ "do": "use_bot_socket", "bot": BOT })).await;
    let mut line = world.subscribed().await;
    world.speak("lisi", &world.chat, "hello").await;
    assert_eq!(line.callback().await["body"]["text"]["content"], "@Robot hello");
    assert!(door.is_quiet());
}
