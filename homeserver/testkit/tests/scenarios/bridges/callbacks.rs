//! Platforms that post what happens to the public address of the server, through its own doors.

use serde_json::{Value, json};
use simulator_feishu::{Command, Fault, FaultSpec};
use testkit::{free_port, limits::LOOK_INTERVAL};
use tokio::time::Instant;

use super::dingtalk::DingTalk;
use crate::bridges::{APP, Bridge, PATIENCE, bodies, ours, platform, prepared};

/// What Feishu encrypts its posts with.
const ENCRYPT_KEY: &str = "a key of the scenario";
/// What DingTalk signs and encrypts events with.
const EVENT_TOKEN: &str = "ScenarioToken";
const EVENT_KEY: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8";

/// A server whose bridge to Feishu is posted to.
async fn posted_to() -> Bridge {
    let (platform, token) = platform(Some(ENCRYPT_KEY)).await;
    let mode =
        format!("mode = \"webhook\"\nverification_token = \"{token}\"\nencrypt_key = \"{ENCRYPT_KEY}\"\n");
    let directory = tempfile::tempdir().unwrap();
    let mut server = prepared(directory.path(), free_port(), &platform, &mode, &[]);
    server.spawn().await;
    // The platform looks at the address before it takes it.
    let url = format!("{}/_lianqiao/bridge/feishu", server.client_url());
    let begin = Instant::now();
    while let Err(refused) = platform.act(Command::UseWebhook { app: APP.to_owned(), url: url.clone() }).await
    {
        assert!(begin.elapsed() < PATIENCE, "{refused:?}");
        tokio::time::sleep(LOOK_INTERVAL).await;
    }
    Bridge::between(platform, server, directory).await
}

/// Posts something that nobody of the platform wrote; what the door says. What is refused stands in the log by its request.
async fn forges(bridge: &Bridge, network: &str, body: &Value) -> u16 {
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let url = format!("{}/_lianqiao/bridge/{network}", bridge.server.client_url());
    let answer = client.post(url).json(body).send().await.unwrap();
    let (status, id) = (answer.status().as_u16(), answer.headers()["x-request-id"].to_str().unwrap());
    let log = bridge.log();
    let is_told = |line: &str| line.contains(id) && line.contains("refuse");
    assert!(status == 404 || log.lines().any(is_told), "{id}: {log}");
    status
}

#[tokio::test(flavor = "multi_thread")]
async fn what_feishu_posts_comes_once_also_after_a_kill_and_what_is_forged_never() {
    let mut bridge = posted_to().await;
    let once = || FaultSpec { times: Some(1), path: None, value: Value::Null };
    bridge.speaks(&bridge.chat, "posted").await;
    bridge.hears_until(|heard| bodies(heard) == ["posted"]).await;
    bridge.platform.fail(Fault::DeliveryDuplicate, once());
    bridge.speaks(&bridge.chat, "posted twice").await;
    // Refused as it comes first, and right when it is posted again.
    bridge.platform.fail(Fault::WebhookWrongSignature, once());
    bridge.speaks(&bridge.chat, "signed at last").await;
    bridge.hears_until(|heard| bodies(heard).contains(&"signed at last")).await;
    let event = json!({
        "schema": "2.0",
        "header": { "event_id": "forged", "event_type": "im.message.receive_v1", "token": "guessed" },
        "event": { "message": { "chat_id": bridge.chat, "content": "{\"text\":\"forged\"}" } },
    });
    let status = forges(&bridge, "feishu", &event).await;
    assert!((400..500).contains(&status), "{status}");
    assert_eq!(forges(&bridge, "nowhere", &event).await, 404);
    bridge.alice.sends(&bridge.room, "from the room").await.ok();
    bridge
        .shows_until(&bridge.chat, |shown| ours(shown).iter().any(|text| text.contains("from the room")))
        .await;

    bridge.server.kill();
    bridge.speaks(&bridge.chat, "while nobody answers").await;
    bridge.server.spawn().await;
    bridge.speaks(&bridge.chat, "in the end").await;
    let heard = bridge
        .hears_until(|heard| {
            ["in the end", "while nobody answers"].iter().all(|body| bodies(heard).contains(body))
        })
        .await;
    let mut said = bodies(&heard);
    said.sort_unstable();
    assert_eq!(said, ["in the end", "posted", "posted twice", "signed at last", "while nobody answers"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_dingtalk_posts_comes_once_and_what_is_forged_never() {
    let ding = DingTalk::start().await;
    let mode = format!(
        "mode = \"webhook\"\ncallback_token = \"{EVENT_TOKEN}\"\ncallback_aes_key = \"{EVENT_KEY}\"\n"
    );
    let bridge = Bridge::beside(&ding.section(&mode)).await;
    let url = format!("{}/_lianqiao/bridge/dingtalk", bridge.server.client_url());
    ding.does(json!({ "do": "use_robot_webhook", "app": "dingapp", "url": url })).await;
    // The platform looks at this address before it takes it.
    ding.does(json!({
        "do": "use_event_webhook", "app": "dingapp", "url": url, "token": EVENT_TOKEN, "aes_key": EVENT_KEY,
    }))
    .await;
    let code = bridge.code("dingtalk").await;
    ding.speaks(&format!("绑定 {code}")).await;
    bridge.until_bound(&ding.chat).await;
    let forged = json!({
        "conversationId": ding.chat, "conversationType": "2", "msgtype": "text", "msgId": "forged",
        "text": { "content": "forged" }, "senderStaffId": "zhang", "senderNick": "张三",
    });
    let status = forges(&bridge, "dingtalk", &forged).await;
    assert!((400..500).contains(&status), "{status}");
    ding.speaks("来自钉钉").await;
    let heard = bridge.hears_until(|heard| bodies(heard).iter().any(|body| body.contains("来自钉钉"))).await;
    assert_eq!(heard.len(), 1, "{heard:#?}");
    assert!(heard[0]["sender"].as_str().unwrap().starts_with("@dt_"), "{heard:?}");
    bridge.alice.sends(&bridge.room, "from the room").await.ok();
    let begin = Instant::now();
    loop {
        let shown = ding.does(json!({ "do": "show", "chat": ding.chat })).await;
        let shown = shown["messages"].as_array().unwrap().clone();
        if ours(&shown).into_iter().filter(|text| text.contains("from the room")).count() == 1 {
            break;
        }
        assert!(begin.elapsed() < PATIENCE, "{shown:#?}\n{}", bridge.log());
        tokio::time::sleep(LOOK_INTERVAL).await;
    }
}
