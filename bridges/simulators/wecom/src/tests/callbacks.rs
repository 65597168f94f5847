//! Callbacks of apps: signed, encrypted, tried three times, and the faults of each.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::client::{APP, text, world, world_with};
use super::door::{KEY, Say, TOKEN, door, wrong_door};

#[tokio::test]
async fn an_address_proves_itself_or_is_not_taken() {
    let world = world().await;
    let wrong = wrong_door().await;
    let hook = |url: &str, key: &str| json!({ "do": "use_callback", "app": APP, "url": url, "token": TOKEN, "aes_key": key });
    assert!(world.try_to(hook(&wrong.url, KEY)).await.is_err(), "the word stood in quotes");
    let right = door(vec![]).await;
    assert!(world.try_to(hook(&right.url, "short")).await.is_err());
    assert!(world.try_to(hook("http://example.org/hook", KEY)).await.is_err(), "never off this machine");
    assert!(world.try_to(hook(&right.url, KEY)).await.is_ok());
}

#[tokio::test]
async fn a_message_comes_encrypted_and_signed_for_the_organisation() {
    let world = world().await;
    let mut door = door(vec![]).await.of_app(&world).await;
    let chat = world.with_app("zhangsan").await;
    let said = world.speak("zhangsan", &chat, "你好 ]]> & <b>").await;
    let post = door.next().await;
    assert!(post.is_signed_rightly());
    assert_eq!(post.opened().unwrap().1, world.corp);
    assert_eq!(text(&post.outer(), "AgentID"), APP.to_string());
    let fields = post.fields();
    assert_eq!(text(&fields, "Content"), "你好 ]]> & <b>");
    assert_eq!((text(&fields, "FromUserName"), text(&fields, "MsgId")), ("ZhangSan".to_owned(), said));
    assert_eq!(
        (text(&fields, "MsgType"), text(&fields, "ToUserName")),
        ("text".to_owned(), world.corp.clone())
    );
    world.fared("acknowledged", 1).await;
}

#[tokio::test]
async fn every_kind_of_message_has_its_fields() {
    let world = world().await;
    let mut door = door(vec![]).await.of_app(&world).await;
    let chat = world.with_app("lisi").await;
    let upload =
        json!({ "do": "upload", "kind": "image", "name": "a.png", "base64": STANDARD.encode("\u{89}PNG") });
    let key = text(&world.act(upload).await, "key");
    let cases = [
        ("image", json!({ "key": key }), "MediaId", key.as_str()),
        ("voice", json!({ "key": key }), "Format", "amr"),
        ("video", json!({ "key": key }), "MediaId", key.as_str()),
        ("file", json!({ "key": key }), "FileName", "a.png"),
        (
            "location",
            json!({ "latitude": 31.2, "longitude": 121.5, "scale": 15, "label": "外滩" }),
            "Location_X",
            "31.2",
        ),
        ("link", json!({ "title": "t", "url": "https://example.org" }), "Url", "https://example.org"),
        ("nobody_knows", json!({ "Odd": "x" }), "Odd", "x"),
    ];
    for (kind, content, field, value) in cases {
        world
            .act(json!({ "do": "say", "person": "lisi", "chat": chat, "kind": kind, "content": content }))
            .await;
        let fields = door.next().await.fields();
        assert_eq!((text(&fields, "MsgType"), text(&fields, field)), (kind.to_owned(), value.to_owned()));
    }
    let path = format!("/cgi-bin/media/get?media_id={key}&access_token={}", world.token);
    let fetched = world.raw("GET", &path, "", bytes::Bytes::new(), None).await.unwrap();
    assert_eq!(fetched.2, "\u{89}PNG");
}

#[tokio::test]
async fn what_is_not_acknowledged_comes_three_times() {
    let world = world().await;
    let says = vec![Say::Status(500), Say::Status(204), Say::Status(503)];
    let mut door = door(says).await.of_app(&world).await;
    let chat = world.with_app("lisi").await;
    let said = world.speak("lisi", &chat, "again").await;
    for _ in 0..3 {
        assert_eq!(text(&door.next().await.fields(), "MsgId"), said);
    }
    world.fared("given up", 1).await;
    assert!(door.is_quiet());
}

#[tokio::test]
async fn an_answer_that_is_too_late_is_none() {
    let world = world_with(|settings| settings.answer_within_ms = 50).await;
    let mut door = door(vec![Say::Silence]).await.of_app(&world).await;
    let chat = world.with_app("lisi").await;
    let said = world.speak("lisi", &chat, "slow").await;
    world.fared("no answer in time", 1).await;
    for _ in 0..2 {
        assert_eq!(text(&door.next().await.fields(), "MsgId"), said);
    }
}

#[tokio::test]
async fn forged_posts_cannot_be_taken_for_real_ones() {
    let world = world().await;
    let mut door = door(vec![]).await.of_app(&world).await;
    let chat = world.with_app("lisi").await;
    let faults = [
        ("wrong_signature", false, true),
        ("tampered", false, true),
        ("unsigned", false, true),
        ("old", true, true),
        ("wrong_key", true, false),
        ("padding", true, false),
    ];
    for (name, signed, readable) in faults {
        world.fail(&format!("callback.{name}"), Value::Null);
        world.speak("lisi", &chat, "forged").await;
        let post = door.next().await;
        assert_eq!(post.is_signed_rightly(), signed, "{name}");
        assert!(post.opened().is_ok() == readable || name == "tampered", "{name}");
    }
    world.fail("callback.wrong_receiver", Value::Null);
    world.speak("lisi", &chat, "forged").await;
    assert_eq!(door.next().await.opened().unwrap().1, "wwanother");
    world.fail("callback.entities", Value::Null);
    world.speak("lisi", &chat, "forged").await;
    assert!(door.next().await.opened().unwrap().0.starts_with("<!DOCTYPE"));
    world.fail("callback.huge", json!(100_000));
    world.speak("lisi", &chat, "forged").await;
    assert_eq!(text(&door.next().await.fields(), "Padding").len(), 100_000);
    world.fail("callback.bare", Value::Null);
    world.speak("lisi", &chat, "forged").await;
    let bare = door.next().await.fields();
    assert_eq!((text(&bare, "MsgType"), &bare["Content"]), ("text".to_owned(), &Value::Null));
    world.fail("callback.unknown", Value::Null);
    world.speak("lisi", &chat, "real").await;
    assert_eq!(text(&door.next().await.fields(), "Event"), "nobody_knows");
    assert_eq!(text(&door.next().await.fields(), "Content"), "real");
}

#[tokio::test]
async fn deliveries_are_doubled_lost_and_brought_in_another_order() {
    let world = world().await;
    let mut door = door(vec![]).await.of_app(&world).await;
    let chat = world.with_app("lisi").await;
    let faults = [("delivery.duplicate", 2), ("delivery.ack_ignored", 3), ("webhook.replayed", 4)];
    for (fault, acknowledged) in faults {
        world.fail(fault, Value::Null);
        let said = world.speak("lisi", &chat, "twice").await;
        for _ in 0..2 {
            assert_eq!(text(&door.next().await.fields(), "MsgId"), said, "{fault}");
        }
        world.fared("acknowledged", acknowledged).await;
    }
    world.fail("delivery.dropped", Value::Null);
    world.speak("lisi", &chat, "lost").await;
    world.order(json!({ "do": "fail", "name": "delivery.reordered", "times": 2 }));
    world.speak("lisi", &chat, "first").await;
    world.speak("lisi", &chat, "second").await;
    assert_eq!(text(&door.next().await.fields(), "Content"), "second");
    assert_eq!(text(&door.next().await.fields(), "Content"), "first");
}

#[tokio::test]
async fn a_passive_answer_is_said() {
    let world = world().await;
    let says = vec![
        Say::Xml(json!({ "MsgType": "text", "Content": "heard" })),
        Say::Xml(json!({ "MsgType": "news", "ArticleCount": 1, "Articles": { "item": { "Title": "T" } } })),
    ];
    let _door = door(says).await.of_app(&world).await;
    let chat = world.with_app("lisi").await;
    world.speak("lisi", &chat, "hello").await;
    world.fared("acknowledged", 1).await;
    world.act(json!({ "do": "enter", "person": "lisi", "app": APP })).await;
    world.fared("acknowledged", 2).await;
    let shown = world.shown(&chat, "lisi").await;
    assert_eq!((&shown[1]["text"], &shown[1]["via"]), (&json!("heard"), &json!("app")));
    assert_eq!(shown[2]["kind"], "news");
}

#[tokio::test]
async fn an_app_is_told_who_has_it_from_now_on_and_who_no_more() {
    let world = world().await;
    let mut door = door(vec![]).await.of_app(&world).await;
    let scopes = [
        (json!({ "departments": [], "people": ["LISI"] }), "unsubscribe", "ZhangSan"),
        (json!({ "departments": [2] }), "subscribe", "ZhangSan"),
    ];
    for (scope, event, person) in scopes {
        let mut change = json!({ "do": "change_app", "app": APP });
        change.as_object_mut().unwrap().extend(scope.as_object().unwrap().clone());
        world.act(change).await;
        let told = door.next().await.fields();
        assert_eq!((text(&told, "Event"), text(&told, "FromUserName")), (event.into(), person.into()));
    }
    assert!(door.is_quiet(), "nothing changed for the others");
}

#[tokio::test]
async fn events_of_every_name_can_be_sent() {
    let world = world().await;
    let mut door = door(vec![]).await.of_app(&world).await;
    world.act(json!({ "do": "enter", "person": "zhangsan", "app": APP })).await;
    let entered = door.next().await.fields();
    assert_eq!(
        (text(&entered, "Event"), text(&entered, "FromUserName")),
        ("enter_agent".into(), "ZhangSan".into())
    );
    let job = json!({ "BatchJob": { "JobId": "j", "ErrCode": 0 } });
    world.act(json!({ "do": "emit", "app": APP, "event": "batch_job_result", "fields": job })).await;
    assert_eq!(door.next().await.fields()["BatchJob"]["JobId"], "j");
    let archive = json!({ "AgentID": 2_000_004 });
    world.act(json!({ "do": "emit", "app": APP, "event": "msgaudit_notify", "fields": archive })).await;
    assert_eq!(text(&door.next().await.outer(), "AgentID"), "2000004");
}
