//! The stream: tickets, what robots hear, acknowledgements, repeats, the ends of connections.

use serde_json::{Value, json};

use super::client::{APP, data, world, world_with};

#[tokio::test]
async fn a_robot_hears_what_mentions_it_and_answers_in_the_session() {
    let world = world().await;
    let mut line = world.connect().await;
    let (zhang, chat) = ("zhang", &world.chat);
    world.act(json!({ "do": "speak", "person": zhang, "chat": chat, "text": "among us" })).await;
    world.act(json!({ "do": "speak", "person": zhang, "chat": chat, "text": "all", "at": ["all"] })).await;
    let said = json!({ "do": "speak", "person": zhang, "chat": chat, "text": "你好", "at": [APP, "li"] });
    let said = world.act(said).await["message_id"].clone();
    let frame = line.frame("CALLBACK").await;
    let headers = frame["headers"].as_object().unwrap();
    assert!(headers.values().all(Value::is_string), "every header is a text");
    assert_eq!(headers["topic"], "/v1.0/im/bot/messages/get");
    line.answer(&frame, 200, json!({ "response": null })).await;
    let heard = data(&frame);
    assert_eq!(heard["msgId"], said, "neither what mentions nobody nor what mentions everybody came");
    assert_eq!((&heard["conversationType"], &heard["senderStaffId"]), (&json!("2"), &json!("zhang")));
    assert_eq!(heard["text"]["content"], " 你好", "the space after the robot's name remains");
    let at = heard["atUsers"].as_array().unwrap();
    assert!(at.iter().any(|at| at["dingtalkId"] == heard["chatbotUserId"]));
    assert!(at.iter().any(|at| at["staffId"] == "li"));
    let webhook = heard["sessionWebhook"].as_str().unwrap().to_owned();
    let path = webhook.strip_prefix(&world.simulator.old_api_url()).unwrap().to_owned();
    let text = json!({
        "msgtype": "text", "text": { "content": "@zhang and @li" }, "at": { "atUserIds": ["zhang", "nobody"] },
    });
    assert_eq!(world.old_api("POST", &path, text).await["errcode"], 0);
    let last = world.shown().await.pop().unwrap();
    assert_eq!((&last["text"], &last["mentions"]), (&json!("@张三 and @li"), &json!(["zhang"])));
    world.act(json!({ "do": "skip", "ms": 91 * 60_000 })).await;
    let text = json!({ "msgtype": "text", "text": { "content": "late" } });
    assert_eq!(world.old_api("POST", &path, text).await["errcode"], 300_001);
}

#[tokio::test]
async fn a_direct_chat_carries_every_kind_and_its_files_can_be_downloaded() {
    let world = world().await;
    let mut line = world.connect().await;
    let chat = world.act(json!({ "do": "enter", "person": "li", "app": APP })).await["chat_id"].clone();
    let upload = json!({ "do": "upload", "kind": "file", "name": "a.pdf", "base64": "UERG" });
    let key = world.act(upload).await["key"].clone();
    let content = json!({ "key": key, "fileName": "a.pdf" });
    let say = json!({ "do": "say", "person": "li", "chat": chat, "kind": "file", "content": content });
    let said = world.act(say).await["message_id"].clone();
    let heard = line.hear().await;
    assert_eq!((&heard["conversationType"], &heard["msgtype"]), (&json!("1"), &json!("file")));
    assert_eq!(heard["content"]["fileName"], "a.pdf");
    let ask = json!({ "downloadCode": heard["content"]["downloadCode"], "robotCode": APP });
    let path = "/v1.0/robot/messageFiles/download";
    let (_, answer) = world.new_api("POST", path, ask.clone()).await;
    let url = answer["downloadUrl"].as_str().unwrap().to_owned();
    assert!(url.contains(".file?Expires="));
    assert_eq!(world.raw("GET", &url, "", "".into()).await.unwrap(), (200, "PDF".into()));
    let forged = url.replace("Signature=", "Signature=0");
    assert_eq!(world.raw("GET", &forged, "", "".into()).await.unwrap().0, 403);
    let wrong = json!({ "downloadCode": "x", "robotCode": APP });
    let refused = world.new_api("POST", path, wrong).await;
    assert_eq!((refused.0, &refused.1["code"]), (400, &json!("invalidParameter.robotCode.downloadCode")));
    world.act(json!({ "do": "speak", "person": "li", "chat": chat, "text": "this", "reply_to": said })).await;
    let heard = line.hear().await;
    assert_eq!(heard["text"]["content"], "this");
    assert_eq!((&heard["originalMsgId"], &heard["text"]["isReplyMsg"]), (&said, &json!(true)));
    assert_eq!(heard["text"]["repliedMsg"]["content"]["fileName"], "a.pdf");
    world.act(json!({ "do": "skip", "ms": 3 * 60 * 60_000 })).await;
    assert_eq!(world.raw("GET", &url, "", "".into()).await.unwrap().0, 403, "the address is too old");
    let refused = world.new_api("POST", path, ask).await;
    assert_eq!(refused.1["code"], "InvalidAuthentication", "the token is too old as well");
}

#[tokio::test]
async fn a_picture_has_two_codes_also_inside_a_rich_text() {
    let world = world().await;
    let mut line = world.connect().await;
    let chat = world.act(json!({ "do": "enter", "person": "li", "app": APP })).await["chat_id"].clone();
    let upload = json!({ "do": "upload", "kind": "image", "name": "a.png", "base64": "UE5H" });
    let key = world.act(upload).await["key"].clone();
    let say = |kind: &str, content: Value| json!({ "do": "say", "person": "li", "chat": chat, "kind": kind, "content": content });
    world.act(say("picture", json!({ "key": key }))).await;
    let heard = line.hear().await;
    let codes = ["downloadCode", "pictureDownloadCode"].map(|name| heard["content"][name].clone());
    let parts = json!([{ "text": "look" }, { "type": "picture", "key": key }]);
    world.act(say("richText", json!({ "richText": parts }))).await;
    let heard = line.hear().await;
    let within = heard["content"]["richText"].clone();
    assert!(within[0].get("pictureDownloadCode").is_none() && within[1]["pictureDownloadCode"].is_string());
    for code in codes {
        let ask = json!({ "downloadCode": code, "robotCode": APP });
        assert_eq!(world.new_api("POST", "/v1.0/robot/messageFiles/download", ask).await.0, 200);
    }
}

#[tokio::test]
async fn a_ticket_is_good_once_and_for_a_while() {
    let world = world().await;
    let (status, refused) = world.gateway("wrong").await;
    assert_eq!((status, &refused["code"]), (401, &json!("authFailed")));
    let opened = world.gateway("secret").await.1;
    assert!(world.redeem(&opened).await.is_some());
    assert!(world.redeem(&opened).await.is_none(), "it was used");
    let opened = world.gateway("secret").await.1;
    world.act(json!({ "do": "skip", "ms": 90_000 })).await;
    assert!(world.redeem(&opened).await.is_none(), "it is too old");
}

#[tokio::test]
async fn what_nobody_acknowledges_comes_again_and_what_nobody_hears_is_lost() {
    let world = world_with(|settings| settings.acknowledge_within_ms = 200).await;
    world.speak("zhang", "nobody is there").await;
    world.fared("lost: nobody is connected", 1).await;
    let mut line = world.connect().await;
    let said = world.speak("zhang", "again").await;
    let (first, second) = (line.frame("CALLBACK").await, line.frame("CALLBACK").await);
    assert_eq!(data(&first)["msgId"], said, "what was said before is not replayed");
    assert_eq!(data(&second)["msgId"], said);
    assert_ne!(first["headers"]["messageId"], second["headers"]["messageId"]);
    assert_eq!(line.hear().await["msgId"], said);
    world.fared("acknowledged", 1).await;
    world.fail("delivery.duplicate", 1, Value::Null).await;
    let said = world.speak("li", "twice").await;
    assert_eq!(
        (line.hear().await["msgId"].clone(), line.hear().await["msgId"].clone()),
        (said.clone().into(), said.into())
    );
    world.fail("delivery.reordered", 2, Value::Null).await;
    let (one, two) = (world.speak("li", "one").await, world.speak("li", "two").await);
    assert_eq!(line.hear().await["msgId"], two);
    assert_eq!(line.hear().await["msgId"], one);
}

#[tokio::test]
async fn a_connection_that_is_sent_away_hears_nothing_more() {
    let world = world().await;
    let (mut old, mut new) = (world.connect().await, world.connect().await);
    world.fail("socket.disconnect", 1, Value::Null).await;
    let said = world.speak("zhang", "over the other one").await;
    // Which of the two is chosen is chance.
    let (one, two) = (old.next().await.unwrap(), new.next().await.unwrap());
    let (away, heard) = if one["type"] == "SYSTEM" { (one, two) } else { (two, one) };
    assert_eq!(away["headers"]["topic"], "disconnect");
    assert_eq!(data(&away)["reason"], "connection is expired");
    assert_eq!(data(&heard)["msgId"], said);
    assert_eq!(world.act(json!({ "do": "disconnect", "app": APP })).await["disconnected"], 1);
    world.act(json!({ "do": "close_connections", "app": APP })).await;
    let mut third = world.connect().await;
    world.act(json!({ "do": "close_connections", "app": APP })).await;
    assert_eq!(third.next().await, None);
}

#[tokio::test]
async fn who_does_not_answer_pings_is_sent_away() {
    let world = world_with(|settings| settings.ping_interval_ms = 50).await;
    let mut line = world.connect().await;
    for _ in 0..3 {
        let ping = line.frame("SYSTEM").await;
        assert_eq!(ping["headers"]["topic"], "ping");
        line.answer(&ping, 200, data(&ping)).await;
    }
    loop {
        let frame = line.frame("SYSTEM").await;
        if frame["headers"]["topic"] == "disconnect" {
            assert_eq!(data(&frame)["reason"], "persistent connection is timeout");
            break;
        }
    }
    assert_eq!(line.next().await, None);
}

#[tokio::test]
async fn a_rival_takes_its_share() {
    let world = world_with(|settings| {
        settings.retry_at_ms = vec![];
        settings.acknowledge_within_ms = 50;
    })
    .await;
    let mut line = world.connect().await;
    world.act(json!({ "do": "add_rival", "app": APP })).await;
    let mut said = Vec::new();
    for number in 0..40 {
        said.push(world.speak("zhang", &number.to_string()).await);
    }
    world.fared("given up", said.len()).await;
    world.act(json!({ "do": "disconnect", "app": APP })).await;
    let mut heard = Vec::new();
    loop {
        let frame = line.next().await.unwrap();
        if frame["type"] == "SYSTEM" {
            break;
        }
        heard.push(data(&frame)["msgId"].as_str().unwrap().to_owned());
    }
    assert!(!heard.is_empty() && heard.len() < said.len(), "{} of {}", heard.len(), said.len());
    assert!(heard.iter().all(|one| said.contains(one)));
}

#[tokio::test]
async fn when_the_pushes_are_used_up_messages_come_without_content() {
    let world = world().await;
    let mut line = world.connect().await;
    world.act(json!({ "do": "set_quota", "pushes": 1 })).await;
    world.speak("zhang", "the last").await;
    assert_eq!(line.hear().await["text"]["content"], " the last");
    world.speak("zhang", "one too many").await;
    let heard = line.hear().await;
    assert_eq!(heard["errorCode"], "20001");
    assert!(heard.get("text").is_none());
}
