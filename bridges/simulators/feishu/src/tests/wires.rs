//! Long connections: events, answers, tries, fragments, cards.

use serde_json::{Value, json};

use super::client::{APP, world, world_with};
use crate::{Command, Order};

#[tokio::test]
async fn a_person_writes_and_the_app_hears_it_once() {
    let world = world().await;
    let mut line = world.connect().await;
    let said = world.speak("zhang", "你好").await;
    let heard = line.hear().await;
    assert_eq!(heard["header"]["event_type"], "im.message.receive_v1");
    assert_eq!(heard["event"]["message"]["message_id"], said);
    assert_eq!(heard["event"]["message"]["content"], "{\"text\":\"你好\"}");
    assert_eq!(heard["event"]["sender"]["sender_type"], "user");
    world.send("from the bot", "u").await;
    world.simulator.act(Command::Recall { person: "zhang".into(), message: said.clone() }).await.unwrap();
    let recalled = line.hear().await;
    assert_eq!(recalled["header"]["event_type"], "im.message.recalled_v1", "no bot hears what bots say");
    assert_eq!(recalled["event"]["message_id"], said);
}

#[tokio::test]
async fn what_is_refused_or_not_answered_comes_again() {
    let world = world_with(|settings| settings.acknowledge_within_ms = 300).await;
    let mut line = world.connect().await;
    world.speak("zhang", "again").await;
    let (frame, first) = line.event().await;
    line.answer(frame, 500, None).await;
    let (_, second) = line.event().await;
    assert_eq!(second["header"]["event_id"], first["header"]["event_id"]);
    let third = line.hear().await;
    assert_eq!(third, second);
}

#[tokio::test]
async fn the_same_message_comes_under_another_event_id() {
    let world = world().await;
    let mut line = world.connect().await;
    world.fail("delivery.new_event_id", 1, Value::Null).await;
    world.speak("zhang", "twice").await;
    let (original, copy) = (line.hear().await, line.hear().await);
    assert_ne!(original["header"]["event_id"], copy["header"]["event_id"]);
    assert_eq!(original["event"], copy["event"]);
}

#[tokio::test]
async fn an_event_in_fragments_is_the_same_in_any_order() {
    let world = world().await;
    let mut line = world.connect().await;
    world.fail("socket.fragments_reversed", 1, Value::Null).await;
    let said = world.speak("li", "pieces").await;
    let mut parts = Vec::new();
    for expected in ["2", "1", "0"] {
        let frame = line.frame().await;
        assert_eq!((frame.header("sum"), frame.header("seq")), (Some("3"), Some(expected)));
        parts.insert(0, frame.payload.clone().unwrap());
        if expected == "0" {
            line.answer(frame, 200, None).await;
        }
    }
    let event: Value = serde_json::from_slice(&parts.concat()).unwrap();
    assert_eq!(event["event"]["message"]["message_id"], said);
}

#[tokio::test]
async fn a_rival_takes_its_share_and_what_it_swallows_comes_again() {
    let world = world_with(|settings| {
        settings.acknowledge_within_ms = 50;
        settings.retry_after_ms = vec![1_000; 20];
    })
    .await;
    let mut line = world.connect().await;
    world.simulator.act(Command::AddRival { app: APP.into(), acknowledges: false }).await.unwrap();
    let mut said = Vec::new();
    for number in 0..8 {
        said.push(world.speak("zhang", &number.to_string()).await);
    }
    let mut heard = std::collections::BTreeSet::new();
    while heard.len() < said.len() {
        heard.insert(line.hear().await["event"]["message"]["message_id"].as_str().unwrap().to_owned());
    }
    let deliveries = world.simulator.order(Order::Deliveries).unwrap();
    let swallowed =
        deliveries.as_array().unwrap().iter().filter(|line| line["outcome"] == "no answer in time");
    assert!(swallowed.count() > 0, "{deliveries}");
}

#[tokio::test]
async fn what_a_rival_acknowledges_never_comes_again() {
    let world = world_with(|settings| settings.retry_after_ms = vec![1; 3]).await;
    world.simulator.act(Command::AddRival { app: APP.into(), acknowledges: true }).await.unwrap();
    let swallowed = world.speak("zhang", "swallowed").await;
    let is_acknowledged = || {
        let deliveries = world.simulator.order(Order::Deliveries).unwrap();
        deliveries.as_array().unwrap().iter().any(|line| line["outcome"] == "acknowledged")
    };
    while !is_acknowledged() {
        tokio::task::yield_now().await;
    }
    world.simulator.act(Command::CloseConnections { app: APP.into() }).await.unwrap();
    let mut line = world.connect().await;
    let said = world.speak("li", "heard").await;
    let heard = line.hear().await["event"]["message"]["message_id"].clone();
    assert_eq!(heard, said);
    assert_ne!(heard, swallowed);
}

#[tokio::test]
async fn a_pong_carries_the_settings_and_faults_change_them() {
    let world = world().await;
    let mut line = world.connect().await;
    let config: Value = serde_json::from_slice(&line.ping().await).unwrap();
    assert_eq!(
        config,
        json!({ "ReconnectCount": -1, "ReconnectInterval": 120, "ReconnectNonce": 30, "PingInterval": 120 })
    );
    world.fail("socket.ping_interval", 1, json!(9)).await;
    let config: Value = serde_json::from_slice(&line.ping().await).unwrap();
    assert_eq!(config["PingInterval"], 9);
    world.fail("socket.pong_malformed", 1, Value::Null).await;
    assert!(serde_json::from_slice::<Value>(&line.ping().await).is_err());
}

#[tokio::test]
async fn discovery_and_handshake_refuse_as_the_page_says() {
    let world = world().await;
    let ask = |secret: &'static str| {
        world.ask("POST", "/callback/ws/endpoint", json!({ "AppID": APP, "AppSecret": secret }))
    };
    assert_eq!(ask("wrong").await.1, json!({ "code": 514, "msg": "auth failed", "data": null }));
    world.fail("connect.code", 1, json!(1_000_040_350)).await;
    assert_eq!(ask("secret").await.1["code"], 1_000_040_350);
    let (_, answer) = ask("secret").await;
    let url = answer["data"]["URL"].as_str().unwrap().replace("ws://", "http://");
    let path = url.strip_prefix(&world.simulator.api_url()).unwrap().to_owned();
    world.fail("connect.refused", 1, Value::Null).await;
    assert_eq!(world.raw("GET", &path, "", bytes::Bytes::new()).await.unwrap().0, 400);
    let forged = path.replace("ticket=", "ticket=0");
    assert_eq!(world.raw("GET", &forged, "", bytes::Bytes::new()).await.unwrap().0, 400);
}

#[tokio::test]
async fn a_button_is_pressed_and_the_answer_is_seen() {
    let world = world().await;
    let mut line = world.connect().await;
    let card = json!({ "schema": "2.0", "header": { "title": { "tag": "plain_text", "content": "Leave" } }, "body": { "elements": [
        { "tag": "button", "text": { "tag": "plain_text", "content": "同意" }, "behaviors": [{ "type": "callback", "value": { "op": "yes" } }] },
    ] } });
    let body = json!({ "receive_id": world.chat, "msg_type": "interactive", "content": card.to_string() });
    let (_, sent) = world.ask("POST", "/open-apis/im/v1/messages?receive_id_type=chat_id", body).await;
    let message = sent["data"]["message_id"].as_str().unwrap().to_owned();
    assert_eq!(world.shown().await[0]["buttons"], json!([{ "id": "0", "label": "同意" }]));
    let press = || Command::Press {
        person: "li".into(),
        message: message.clone(),
        button: "同意".into(),
        form: None,
    };
    let answer = json!({ "toast": { "type": "success", "content": "好" }, "card": { "type": "raw", "data": { "schema": "2.0", "body": { "elements": [] } } } });
    let answered = async {
        let (frame, event) = line.event().await;
        assert_eq!(event["header"]["event_type"], "card.action.trigger");
        assert_eq!(event["header"]["create_time"].as_str().unwrap().len(), 16);
        assert_eq!(event["event"]["action"]["value"], json!({ "op": "yes" }));
        line.answer(frame, 200, Some(answer)).await;
        event["event"]["token"].as_str().unwrap().to_owned()
    };
    let (seen, token) = tokio::join!(world.simulator.act(press()), answered);
    assert_eq!(
        seen.unwrap(),
        json!({ "code": 0, "toast": { "type": "success", "content": "好" }, "notice": "好", "card_changed": true })
    );
    assert_eq!(world.shown().await[0]["buttons"], json!([]));
    let update = json!({ "token": token, "card": card });
    for code in [0, 0, 300_040] {
        let (_, updated) = world.ask("POST", "/open-apis/interactive/v1/card/update", update.clone()).await;
        assert_eq!(updated["code"], code);
    }
    let silent = async {
        let (frame, _) = line.event().await;
        line.answer(frame, 200, None).await;
    };
    let (seen, ()) = tokio::join!(world.simulator.act(press()), silent);
    assert_eq!(seen.unwrap()["code"], 200_672, "a callback without a body is no answer");
}

#[tokio::test]
async fn what_happens_while_nobody_is_connected_comes_later() {
    let world = world().await;
    let chat = Command::AddChat {
        name: "Late".into(),
        owner: Some("li".into()),
        people: vec![],
        bots: vec![APP.into()],
    };
    let chat = world.simulator.act(chat).await.unwrap()["chat_id"].clone();
    let mut line = world.connect().await;
    let added = line.hear().await;
    assert_eq!(added["header"]["event_type"], "im.chat.member.bot.added_v1");
    assert_eq!(added["event"]["chat_id"], chat);
    let join = Command::Join { person: "zhang".into(), chat: chat.as_str().unwrap().into() };
    world.simulator.act(join).await.unwrap();
    let joined = line.hear().await;
    assert_eq!(joined["header"]["event_type"], "im.chat.member.user.added_v1");
    assert_eq!(joined["event"]["users"][0]["name"], "张三");
}
