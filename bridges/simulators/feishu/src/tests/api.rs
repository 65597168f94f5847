//! The API: tokens, messages, limits, faults.

use serde_json::{Value, json};

use super::client::{APP, world, world_with};
use crate::{Command, Order};

const MINUTE_MS: u64 = 60_000;

#[tokio::test]
async fn a_token_stays_the_same_until_half_an_hour_is_left_and_then_both_are_good() {
    let mut world = world().await;
    world.simulator.order(Order::Skip { ms: 89 * MINUTE_MS }).unwrap();
    let (_, same) = world.token_for("secret").await;
    assert_eq!(same["tenant_access_token"], world.token);
    assert!(same["expire"].as_u64().unwrap() <= 31 * 60);
    world.simulator.order(Order::Skip { ms: 2 * MINUTE_MS }).unwrap();
    let (_, renewed) = world.token_for("secret").await;
    assert_ne!(renewed["tenant_access_token"], world.token);
    assert_eq!(world.ask("GET", "/open-apis/bot/v3/info", Value::Null).await.1["bot"]["app_name"], "Bridge");
    world.simulator.order(Order::Skip { ms: 30 * MINUTE_MS }).unwrap();
    assert_eq!(world.ask("GET", "/open-apis/bot/v3/info", Value::Null).await.1["code"], 99_991_663);
    world.token = renewed["tenant_access_token"].as_str().unwrap().to_owned();
    assert_eq!(world.ask("GET", "/open-apis/bot/v3/info", Value::Null).await.1["code"], 0);
    world.simulator.act(Command::ExpireTokens { app: APP.into() }).await.unwrap();
    assert_eq!(world.ask("GET", "/open-apis/bot/v3/info", Value::Null).await.1["code"], 99_991_663);
    assert_eq!(world.token_for("wrong").await.1["code"], 10_015);
    world.token.clear();
    assert_eq!(world.ask("GET", "/open-apis/bot/v3/info", Value::Null).await.1["code"], 99_991_661);
}

#[tokio::test]
async fn a_message_is_said_once_for_each_uuid_within_an_hour() {
    let world = world().await;
    let (status, first) = world.send("hello <at user_id=\"all\"></at>", "u1").await;
    assert_eq!((status, &first["code"]), (200, &json!(0)));
    let (_, repeat) = world.send("hello", "u1").await;
    assert_eq!(repeat["data"]["message_id"], first["data"]["message_id"]);
    assert_eq!(world.shown().await.len(), 1);
    assert_eq!(world.shown().await[0]["text"], "hello @everybody");
    world.simulator.order(Order::Skip { ms: 61 * MINUTE_MS }).unwrap();
    let (_, later) = world.send("hello", "u1").await;
    assert_ne!(later["data"]["message_id"], first["data"]["message_id"]);
}

#[tokio::test]
async fn an_answer_that_is_lost_leaves_the_message_and_its_uuid() {
    let world = world().await;
    world.fail("api.answer_lost", 1, Value::Null).await;
    let body =
        json!({ "receive_id": world.chat, "msg_type": "text", "content": "{\"text\":\"x\"}", "uuid": "u9" });
    let path = "/open-apis/im/v1/messages?receive_id_type=chat_id";
    let lost = world.raw("POST", path, "application/json", body.to_string().into()).await;
    assert!(lost.is_err(), "{lost:?}");
    assert_eq!(world.shown().await.len(), 1);
    assert_eq!(world.ask("POST", path, body).await.0, 200);
    assert_eq!(world.shown().await.len(), 1);
}

#[tokio::test]
async fn what_may_not_be_sent_is_refused_by_the_code_of_the_page() {
    let world = world().await;
    let other =
        Command::AddChat { name: "Other".into(), owner: None, people: vec!["li".into()], bots: vec![] };
    let other = world.simulator.act(other).await.unwrap()["chat_id"].as_str().unwrap().to_owned();
    let gone = Command::AddChat {
        name: "Gone".into(),
        owner: None,
        people: vec!["li".into()],
        bots: vec![APP.into()],
    };
    let gone = world.simulator.act(gone).await.unwrap()["chat_id"].as_str().unwrap().to_owned();
    let dissolved = Command::Dissolve { person: "li".into(), chat: gone.clone(), keeps_history: false };
    world.simulator.act(dissolved).await.unwrap();
    let long = json!({ "text": "x".repeat(151 << 10) }).to_string();
    let post =
        json!({ "zh_cn": { "content": [[{ "tag": "text", "text": "x".repeat(31 << 10) }]] } }).to_string();
    let text = "{\"text\":\"x\"}".to_owned();
    let chat = world.chat.clone();
    let cases = [
        (&chat, "text", &"no json".to_owned(), 230_001),
        (&chat, "text", &long, 230_025),
        (&chat, "post", &post, 230_025),
        (&chat, "interactive", &"[".to_owned(), 230_099),
        (&chat, "image", &"{\"image_key\":\"img_v3_x\"}".to_owned(), 230_001),
        (&other, "text", &text, 230_002),
        (&gone, "text", &text, 232_009),
        (&"oc_none".to_owned(), "text", &text, 230_034),
    ];
    for (chat, kind, content, code) in cases {
        let body = json!({ "receive_id": chat, "msg_type": kind, "content": content });
        let (status, answer) =
            world.ask("POST", "/open-apis/im/v1/messages?receive_id_type=chat_id", body).await;
        assert_eq!((status, &answer["code"]), (400, &json!(code)), "{kind} {answer}");
        assert!(answer["error"]["log_id"].is_string());
    }
    assert!(world.shown().await.is_empty());
}

#[tokio::test]
async fn limits_say_how_long_to_wait_and_a_chat_has_its_own() {
    let world = world_with(|settings| {
        settings.requests_per_second = 5;
        settings.chat_messages_per_second = 2;
        settings.now = std::sync::Arc::new(|| 1_800_000_000_000);
    })
    .await;
    for uuid in ["a", "b"] {
        assert_eq!(world.send("x", uuid).await.1["code"], 0);
    }
    let (status, answer) = world.send("x", "c").await;
    assert_eq!((status, &answer["code"]), (400, &json!(230_020)));
    assert!(answer["msg"].as_str().unwrap().ends_with("ext=chat rate limit"));
    for _ in 0..2 {
        world.send("x", "c").await;
    }
    let (status, answer) = world.send("x", "c").await;
    assert_eq!((status, &answer["code"]), (429, &json!(99_991_400)));
    world.simulator.order(Order::Skip { ms: 1_000 }).unwrap();
    assert_eq!(world.send("x", "c").await.1["code"], 0);
}

#[tokio::test]
async fn an_app_edits_twenty_times_recalls_and_reads_history() {
    let world = world().await;
    let first = world.speak("zhang", "one").await;
    let (_, sent) = world.send("two", "u").await;
    let id = sent["data"]["message_id"].as_str().unwrap().to_owned();
    let edit = json!({ "msg_type": "text", "content": "{\"text\":\"three\"}" });
    for _ in 0..20 {
        assert_eq!(
            world.ask("PUT", &format!("/open-apis/im/v1/messages/{id}"), edit.clone()).await.1["code"],
            0
        );
    }
    assert_eq!(
        world.ask("PUT", &format!("/open-apis/im/v1/messages/{id}"), edit.clone()).await.1["code"],
        230_072
    );
    assert_eq!(
        world.ask("PUT", &format!("/open-apis/im/v1/messages/{first}"), edit).await.1["code"],
        230_071
    );
    let path = format!(
        "/open-apis/im/v1/messages?container_id_type=chat&container_id={}&sort_type=ByCreateTimeAsc&page_size=1",
        world.chat
    );
    let (_, page) = world.ask("GET", &path, Value::Null).await;
    assert_eq!(
        (&page["data"]["items"][0]["message_id"], &page["data"]["has_more"]),
        (&json!(first), &json!(true))
    );
    let token = page["data"]["page_token"].as_str().unwrap();
    let (_, page) = world.ask("GET", &format!("{path}&page_token={token}"), Value::Null).await;
    assert_eq!(page["data"]["items"][0]["body"]["content"], "{\"text\":\"three\"}");
    assert_eq!(page["data"]["items"][0]["sender"]["id"], APP);
    assert_eq!(
        world.ask("DELETE", &format!("/open-apis/im/v1/messages/{id}"), Value::Null).await.1["code"],
        0
    );
    assert_eq!(
        world.ask("DELETE", &format!("/open-apis/im/v1/messages/{first}"), Value::Null).await.1["code"],
        230_026
    );
    let (_, one) = world.ask("GET", &format!("/open-apis/im/v1/messages/{id}"), Value::Null).await;
    assert_eq!(one["data"]["items"][0]["deleted"], true);
}

#[tokio::test]
async fn pictures_go_up_and_come_down_by_the_message_alone() {
    let world = world().await;
    let upload = |kind: &str, file: &[u8]| {
        let mut body = format!(
            "--b\r\nContent-Disposition: form-data; name=\"image_type\"\r\n\r\n{kind}\r\n--b\r\n\
             Content-Disposition: form-data; name=\"image\"; filename=\"a.png\"\r\n\r\n"
        )
        .into_bytes();
        body.extend_from_slice(file);
        body.extend_from_slice(b"\r\n--b--\r\n");
        body
    };
    let picture = b"\x89PNG\r\n\x1a\nrest";
    let form = "multipart/form-data; boundary=b";
    let path = "/open-apis/im/v1/images";
    let (_, answer) = world.raw("POST", path, form, upload("message", picture).into()).await.unwrap();
    let answer: Value = serde_json::from_slice(&answer).unwrap();
    let key = answer["data"]["image_key"].as_str().unwrap();
    for (file, code) in [(&b""[..], 234_010), (b"text", 234_011)] {
        let (_, answer) = world.raw("POST", path, form, upload("message", file).into()).await.unwrap();
        assert_eq!(serde_json::from_slice::<Value>(&answer).unwrap()["code"], code);
    }
    let content = json!({ "image_key": key }).to_string();
    let body = json!({ "receive_id": world.chat, "msg_type": "image", "content": content });
    let (_, sent) = world.ask("POST", "/open-apis/im/v1/messages?receive_id_type=chat_id", body).await;
    let id = sent["data"]["message_id"].as_str().unwrap();
    let resource = format!("/open-apis/im/v1/messages/{id}/resources/{key}?type=image");
    let (status, bytes) = world.raw("GET", &resource, "", bytes::Bytes::new()).await.unwrap();
    assert_eq!((status, &bytes[..]), (200, &picture[..]));
    let other = format!("/open-apis/im/v1/messages/{id}/resources/img_v3_other?type=image");
    assert_eq!(world.ask("GET", &other, Value::Null).await.1["code"], 234_003);
    let upload = Command::Upload {
        kind: "image".into(),
        name: "b".into(),
        content_type: "image/png".into(),
        base64: "iVBORw==".into(),
    };
    let theirs = world.simulator.act(upload).await.unwrap()["key"].as_str().unwrap().to_owned();
    assert_eq!(world.ask("GET", &format!("{path}/{theirs}"), Value::Null).await.1["code"], 234_008);
}

#[tokio::test]
async fn members_are_people_alone_and_people_are_known_by_the_scopes_of_the_app() {
    let world = world().await;
    let (_, members) =
        world.ask("GET", &format!("/open-apis/im/v1/chats/{}/members", world.chat), Value::Null).await;
    assert_eq!(members["data"]["member_total"], 2);
    let id = members["data"]["items"][0]["member_id"].as_str().unwrap();
    let path = format!("/open-apis/contact/v3/users/{id}");
    let (_, user) = world.ask("GET", &path, Value::Null).await;
    assert_eq!(
        (&user["data"]["user"]["name"], &user["data"]["user"]["email"]),
        (&json!("Li Si"), &json!("li@corp.example"))
    );
    let scopes = Some(vec!["contact:user.base:readonly".to_owned()]);
    let change = Command::ChangeApp {
        app: APP.into(),
        scopes,
        bot_enabled: None,
        disabled: None,
        published: None,
        callbacks_subscribed: None,
        secret: None,
    };
    world.simulator.act(change).await.unwrap();
    let (_, user) = world.ask("GET", &path, Value::Null).await;
    assert!(user["data"]["user"].get("email").is_none() && user["data"]["user"].get("user_id").is_none());
    let (_, refused) = world.send("x", "u").await;
    assert_eq!(refused["code"], 99_991_672);
    assert_eq!(refused["error"]["permission_violations"][0]["subject"], "im:message");
}
