//! What an operator is told of credentials before the bridges use them.

use serde_json::json;

use crate::bridges::{APP, Bridge};

#[tokio::test(flavor = "multi_thread")]
async fn credentials_are_tried_on_the_platform_and_what_is_missing_is_named() {
    let bridge = Bridge::new().await;
    let (is_done, said) = bridge.server.commands(&["bridge", "login", "feishu"]).await;
    assert!(
        is_done && said.contains("[ok] feishu.app_secret") && said.contains("The credentials work"),
        "{said}"
    );
    assert!(!said.contains("[!!]"), "{said}");

    // A right that bots need is named, and what is carried without it works all the same.
    let scopes = json!(["im:message", "im:chat", "calendar:calendar", "calendar:calendar.free_busy:read"]);
    bridge.plays(json!({ "do": "change_app", "app": APP, "scopes": scopes })).await;
    let (is_done, said) = bridge.server.commands(&["bridge", "login", "feishu"]).await;
    let line = said.lines().find(|line| line.contains("task:task:write")).unwrap_or_default();
    assert!(is_done && line.starts_with("[--]") && line.contains("权限管理"), "{said}");

    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("secret");
    std::fs::write(&file, "another secret\n").unwrap();
    let order = ["bridge", "login", "feishu", "--secret-file", file.to_str().unwrap()];
    let (is_done, said) = bridge.server.commands(&order).await;
    assert!(!is_done && said.contains("[!!]"), "{said}");
    assert!(!said.contains("another secret"), "{said}");

    let (is_done, said) = bridge.server.commands(&["bridge", "login", "dingtalk"]).await;
    assert!(!is_done && said.contains("dingtalk.client_id is missing"), "{said}");
    assert!(said.contains("LIANQIAO__DINGTALK__"), "{said}");
}
