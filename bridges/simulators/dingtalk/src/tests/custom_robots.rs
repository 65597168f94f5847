//! Custom robots: signs, repeats, haste.

use serde_json::{Value, json};

use super::client::world;
use crate::crypto;

#[tokio::test]
async fn a_custom_robot_signs_and_is_stopped_when_it_is_too_fast() {
    let world = world().await;
    let robot = json!({ "do": "add_custom_robot", "chat": world.chat, "name": "Alarm", "secret": "SEC1" });
    let token = world.act(robot).await["token"].as_str().unwrap().to_owned();
    let now = world.act(json!({ "do": "overview" })).await["now_ms"].as_u64().unwrap();
    let post = async |timestamp: u64, secret: &str, body: Value| {
        let timestamp = timestamp.to_string();
        let sign = crypto::sign(secret, &timestamp).replace('+', "%2B");
        let url = format!(
            "{}/robot/send?access_token={token}&timestamp={timestamp}&sign={sign}",
            world.simulator.old_api_url()
        );
        let answer = world.raw("POST", &url, "application/json", body.to_string().into()).await.unwrap();
        serde_json::from_slice::<Value>(&answer.1).unwrap()["errcode"].clone()
    };
    let text =
        |text: &str, uuid: &str| json!({ "msgtype": "text", "text": { "content": text }, "msgUuid": uuid });
    assert_eq!(post(now, "SEC2", text("x", "")).await, 310_000);
    assert_eq!(post(now - 2 * 60 * 60_000, "SEC1", text("x", "")).await, 310_000);
    assert_eq!(post(now, "SEC1", text("once", "u")).await, 0);
    assert_eq!(post(now, "SEC1", text("once", "u")).await, 0);
    assert_eq!(world.shown().await.len(), 1, "the same msgUuid is said once");
    for _ in 0..18 {
        assert_eq!(post(now, "SEC1", text("more", "")).await, 0);
    }
    assert_eq!(post(now, "SEC1", text("too much", "")).await, 130_101);
    world.act(json!({ "do": "skip", "ms": 5 * 60_000 })).await;
    assert_eq!(post(now, "SEC1", text("still blocked", "")).await, 130_101);
    world.act(json!({ "do": "skip", "ms": 6 * 60_000 })).await;
    assert_eq!(post(now, "SEC1", text("again", "")).await, 0);
}
