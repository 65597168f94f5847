//! What bridges carry beside words, and what becomes of it while a platform is away.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde_json::{Value, json};
use simulator_feishu::{Command, Fault, FaultSpec, Order};
use testkit::limits::LOOK_INTERVAL;
use tokio::time::Instant;

use crate::bridges::{APP, BOT, Bridge, PATIENCE, bodies, ours};

/// A picture of one pixel.
const PICTURE: &str =
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";
/// How long it may take until a connector tries its line again, with the time that a busy machine takes.
const AGAIN_PATIENCE: std::time::Duration = std::time::Duration::from_secs(150);

/// Waits until the room's history has an event that `is_it` looks for.
async fn finds(bridge: &Bridge, patience: std::time::Duration, is_it: impl Fn(&Value) -> bool) -> Value {
    let history = bridge.history_within(patience, |history| history.iter().any(&is_it)).await;
    history.into_iter().find(&is_it).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn pictures_and_documents_are_the_same_bytes_on_both_sides() {
    let bridge = Bridge::new().await;
    let upload = Command::Upload {
        kind: "image".to_owned(),
        name: "dot.png".to_owned(),
        content_type: "image/png".to_owned(),
        base64: PICTURE.to_owned(),
    };
    let key = bridge.platform.act(upload).await.unwrap()["key"].clone();
    let say = Command::Say {
        person: "li".to_owned(),
        chat: bridge.chat.clone(),
        kind: "image".to_owned(),
        content: json!({ "image_key": key }),
        mentions: Vec::new(),
        reply_to: None,
        in_thread: false,
    };
    bridge.platform.act(say).await.unwrap();
    let heard = bridge.hears_until(|heard| !heard.is_empty()).await;
    assert_eq!(heard[0]["content"]["msgtype"], "m.image", "{heard:#?}");
    let picture = bridge.alice.downloads(heard[0]["content"]["url"].as_str().unwrap()).await;
    assert_eq!(STANDARD.encode(&picture.bytes), PICTURE);

    let document = b"%PDF-1.4 a plan";
    let mxc = bridge.alice.uploads(document, "application/pdf", Some("plan.pdf")).await;
    let file = json!({
        "msgtype": "m.file", "body": "plan.pdf", "filename": "plan.pdf", "url": mxc,
        "info": { "mimetype": "application/pdf", "size": document.len() },
    });
    bridge.alice.sends_event(&bridge.room, "m.room.message", file).await.ok();
    let key_of = |shown: &[Value]| {
        let mut files = shown.iter().filter(|message| message["is_bot"] == true);
        files.find_map(|message| message["content"]["file_key"].as_str().map(str::to_owned))
    };
    let shown = bridge.shows_until(&bridge.chat, |shown| key_of(shown).is_some()).await;
    let opened = bridge.platform.act(Command::Open { key: key_of(&shown).unwrap() }).await.unwrap();
    assert_eq!(
        (opened["name"].as_str(), opened["base64"].as_str()),
        (Some("plan.pdf"), Some(&*STANDARD.encode(document)))
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn reactions_come_and_go_on_both_sides() {
    let bridge = Bridge::new().await;
    let message = bridge.speaks(&bridge.chat, "好").await;
    let heard = bridge.hears_until(|heard| !heard.is_empty()).await;
    let event = heard[0]["event_id"].as_str().unwrap();
    let react = |added| Command::React {
        person: "han".to_owned(),
        message: message.clone(),
        emoji: "THUMBSUP".to_owned(),
        added,
    };
    bridge.platform.act(react(true)).await.unwrap();
    let reaction = finds(&bridge, PATIENCE, |found| found["type"] == "m.reaction").await;
    let relation = json!({ "rel_type": "m.annotation", "event_id": event, "key": "👍" });
    assert_eq!(reaction["content"]["m.relates_to"], relation);
    bridge.platform.act(react(false)).await.unwrap();
    finds(&bridge, PATIENCE, |found| {
        found["event_id"] == reaction["event_id"] && found["unsigned"].get("redacted_because").is_some()
    })
    .await;

    let ours = bridge.alice.reacts(&bridge.room, event, "👍").await.event_id();
    let reactions = |shown: &[Value]| shown[0]["reactions"].as_array().map_or(0, Vec::len);
    bridge.shows_until(&bridge.chat, |shown| reactions(shown) == 1).await;
    bridge.alice.redacts(&bridge.room, &ours).await.ok();
    bridge.shows_until(&bridge.chat, |shown| reactions(shown) == 0).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_comes_and_goes_is_seen_in_the_room_and_so_is_another_name() {
    let bridge = Bridge::new().await;
    let wang = Command::AddPerson {
        user_id: "wang".to_owned(),
        name: "王五".to_owned(),
        email: String::new(),
        department: None,
        outside: false,
    };
    bridge.platform.act(wang).await.unwrap();
    let path = format!("/_matrix/client/v3/rooms/{}/joined_members", bridge.room);
    let is_in = |members: &Value| {
        let mut joined = members["joined"].as_object().into_iter().flatten();
        joined.any(|(_, member)| member["display_name"] == "王五（飞书）")
    };
    let (person, chat) = ("wang".to_owned(), bridge.chat.clone());
    bridge.platform.act(Command::Join { person: person.clone(), chat: chat.clone() }).await.unwrap();
    bridge.alice.gets_until(&path, is_in).await;
    bridge.platform.act(Command::Leave { person, chat, operator: None }).await.unwrap();
    bridge.alice.gets_until(&path, |members| !is_in(members)).await;

    let rename =
        Command::Rename { person: "li".to_owned(), chat: bridge.chat.clone(), name: "新项目".to_owned() };
    bridge.platform.act(rename).await.unwrap();
    finds(&bridge, PATIENCE, |found| {
        found["sender"] == BOT
            && found["content"]["body"].as_str().is_some_and(|body| body.contains("新项目"))
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_said_while_a_platform_is_out_of_order_comes_in_order_and_once() {
    let bridge = Bridge::new().await;
    let forever = FaultSpec { times: None, path: Some("/im/v1/messages".to_owned()), value: Value::Null };
    bridge.platform.fail(Fault::ApiServerError, forever);
    let expected: Vec<_> = (0..8).map(|number| format!("late-{number}")).collect();
    for words in &expected {
        bridge.alice.sends(&bridge.room, words).await.ok();
    }
    let begin = Instant::now();
    while bridge.platform.order(Order::Struck).unwrap()["api.server_error"].as_u64().unwrap_or(0) < 3 {
        assert!(begin.elapsed() < PATIENCE, "{}", bridge.log());
        tokio::time::sleep(LOOK_INTERVAL).await;
    }
    bridge.platform.order(Order::Mend).unwrap();
    let shown = bridge.shows_until(&bridge.chat, |shown| ours(shown).len() >= expected.len()).await;
    let said: Vec<_> =
        ours(&shown).into_iter().map(|text| text[text.find("late-").unwrap()..].to_owned()).collect();
    assert_eq!(said, expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_outage_and_its_end_are_told_in_the_room_and_what_the_platform_cannot_carry_when_it_is_bound() {
    let bridge = Bridge::beside("\n[bridges]\noutage_told_after_seconds = 2\n").await;
    let says = |words: &'static str| {
        move |found: &Value| {
            found["sender"] == BOT
                && found["content"]["body"].as_str().is_some_and(|body| body.contains(words))
        }
    };
    finds(&bridge, PATIENCE, says("不转发的内容")).await;
    let forever = FaultSpec { times: None, path: None, value: Value::Null };
    bridge.platform.fail(Fault::ConnectDataNull, forever);
    bridge.platform.act(Command::CloseConnections { app: APP.to_owned() }).await.unwrap();
    finds(&bridge, PATIENCE, says("连接中断")).await;
    bridge.platform.order(Order::Mend).unwrap();
    finds(&bridge, AGAIN_PATIENCE, says("连接已恢复")).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn operators_see_lines_lags_queues_gaps_and_repeats() {
    let bridge = Bridge::new().await;
    let once = || FaultSpec { times: Some(1), path: None, value: Value::Null };
    bridge.platform.fail(Fault::DeliveryDuplicate, once());
    bridge.speaks(&bridge.chat, "twice").await;
    bridge.hears_until(|heard| bodies(heard) == ["twice"]).await;
    bridge.platform.fail(Fault::DeliveryDropped, once());
    bridge.speaks(&bridge.chat, "missed").await;
    bridge.platform.act(Command::CloseConnections { app: APP.to_owned() }).await.unwrap();
    bridge.hears_until(|heard| bodies(heard) == ["twice", "missed"]).await;
    bridge.alice.sends(&bridge.room, "out").await.ok();
    bridge.shows_until(&bridge.chat, |shown| ours(shown).len() == 1).await;

    let expected = [
        "bridge_up{platform=\"feishu\"} 1",
        "bridge_lag_seconds_bucket{platform=\"feishu\",dir=\"in\"",
        "bridge_lag_seconds_bucket{platform=\"feishu\",dir=\"out\"",
        "bridge_queue_age_seconds{platform=\"feishu\",dir=\"in\"}",
        "bridge_queue_age_seconds{platform=\"feishu\",dir=\"out\"}",
        "bridge_queue_rows{dir=\"in\"}",
        "bridge_gap_total{platform=\"feishu\"} 1",
        "bridge_duplicates_dropped_total{platform=\"feishu\"} 1",
    ];
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let begin = Instant::now();
    loop {
        let url = format!("{}/metrics", bridge.server.private_url());
        let told = client.get(&url).send().await.unwrap().text().await.unwrap();
        let missing: Vec<_> = expected.iter().filter(|line| !told.contains(*line)).collect();
        if missing.is_empty() {
            return;
        }
        assert!(begin.elapsed() < PATIENCE, "{missing:#?}\n{told}");
        tokio::time::sleep(LOOK_INTERVAL).await;
    }
}
