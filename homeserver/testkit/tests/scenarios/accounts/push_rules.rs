use serde_json::{Value, json};
use testkit::World;

use super::CLIENT;

const GLOBAL: &str = "/_matrix/client/v3/pushrules/global";

fn rules(sync: &Value) -> Option<&Value> {
    let events = sync["account_data"]["events"].as_array()?;
    events.iter().find(|event| event["type"] == "m.push_rules").map(|event| &event["content"]["global"])
}

#[tokio::test(flavor = "multi_thread")]
async fn every_change_of_a_rule_wakes_sync() {
    let w = World::start().await;
    let [alice] = w.users(["alice"]).await;
    assert!(rules(&alice.syncs().await).is_some());
    let rule = format!("{GLOBAL}/room/!foo:example.com");
    let steps = [
        (rule.clone(), json!({"actions": ["notify"]})),
        (format!("{rule}/enabled"), json!({"enabled": false})),
        (format!("{rule}/enabled"), json!({"enabled": true})),
        (format!("{rule}/actions"), json!({"actions": ["dont_notify"]})),
    ];
    for (path, body) in steps {
        alice.put(&path, body).await.ok();
        alice.syncs_until("the rules", |sync| rules(sync).is_some()).await;
    }
    let stored = alice.get(&rule).await.ok();
    assert_eq!(stored["actions"], json!(["dont_notify"]));
    assert_eq!(stored["enabled"], json!(true));
    assert_eq!(alice.get(&format!("{rule}/actions")).await.ok(), json!({"actions": ["dont_notify"]}));
    alice.delete(&rule).await.ok();
    alice.get(&rule).await.fails_as(404, "M_NOT_FOUND");
    alice.delete(&rule).await.fails_as(404, "M_NOT_FOUND");
}

#[tokio::test(flavor = "multi_thread")]
async fn rules_stand_where_they_are_put() {
    let w = World::start().await;
    let [alice] = w.users(["alice"]).await;
    let body = json!({"actions": ["notify"], "pattern": "cake"});
    alice.put(&format!("{GLOBAL}/content/one"), body.clone()).await.ok();
    alice.put(&format!("{GLOBAL}/content/two"), body.clone()).await.ok();
    alice.put(&format!("{GLOBAL}/content/three?before=one"), body.clone()).await.ok();
    alice.put(&format!("{GLOBAL}/content/four?after=one"), body.clone()).await.ok();
    let all = alice.get(&format!("{CLIENT}/pushrules/")).await.ok();
    let ids: Vec<_> =
        all["global"]["content"].as_array().unwrap().iter().map(|rule| &rule["rule_id"]).collect();
    assert_eq!(ids, ["two", "three", "one", "four"]);
    let mut missing = alice.put(&format!("{GLOBAL}/content/five?before=none"), body).await;
    assert_eq!(missing.status(), 400);
}

#[tokio::test(flavor = "multi_thread")]
async fn default_rules_are_protected_but_can_be_switched() {
    let w = World::start().await;
    let [alice] = w.users(["alice"]).await;
    let master = format!("{GLOBAL}/override/.m.rule.master");
    let body = json!({"actions": [], "conditions": []});
    alice.put(&master, body).await.fails_as(400, "M_INVALID_PARAM");
    let mut removed = alice.delete(&master).await;
    assert_eq!(removed.status(), 400);
    alice.put(&format!("{master}/enabled"), json!({"enabled": true})).await.ok();
    assert_eq!(alice.get(&format!("{master}/enabled")).await.ok(), json!({"enabled": true}));
    let unknown = format!("{GLOBAL}/override/.m.rule.never");
    alice.get(&unknown).await.fails_as(404, "M_NOT_FOUND");
    alice.put(&format!("{unknown}/enabled"), json!({"enabled": true})).await.fails_as(404, "M_NOT_FOUND");
    let mut kind = alice.put(&format!("{GLOBAL}/magic/x"), json!({"actions": []})).await;
    assert_eq!(kind.status(), 400);
}
