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
    assert_eq!(ids, ["two", "three", "one", "four", ".m.rule.contains_user_name"]);
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

#[tokio::test(flavor = "multi_thread")]
async fn a_name_in_the_text_highlights_unless_the_event_says_whom_it_mentions() {
    let w = World::start().await;
    let [alice, bob] = w.users(["alice", "bob"]).await;
    let room = alice.creates_room_with([&bob]).await;
    let send = |content: Value| {
        let (alice, room) = (alice.clone(), room.clone());
        async move { alice.sends_event(&room, "m.room.message", content).await.event_id() }
    };
    send(json!({"msgtype": "m.text", "body": "hello bob!"})).await;
    send(json!({"msgtype": "m.text", "body": format!("hello {}!", bob.id)})).await;
    send(json!({"msgtype": "m.text", "body": "hello bob!", "m.mentions": {}})).await;
    send(json!({"msgtype": "m.text", "body": "hello @room"})).await;
    send(json!({"msgtype": "m.text", "body": "hello bobby"})).await;
    let sync = bob.syncs().await;
    let counts = &sync["rooms"]["join"][&room]["unread_notifications"];
    assert_eq!(counts, &json!({"highlight_count": 3, "notification_count": 5}));
}

#[tokio::test(flavor = "multi_thread")]
async fn every_default_rule_can_be_read_by_its_id() {
    let w = World::start().await;
    let [alice] = w.users(["alice"]).await;
    let all = alice.get(&format!("{CLIENT}/pushrules/")).await.ok();
    let mut seen = 0;
    for (kind, rules) in all["global"].as_object().unwrap() {
        for rule in rules.as_array().unwrap() {
            let path = format!("{GLOBAL}/{kind}/{}", rule["rule_id"].as_str().unwrap());
            assert_eq!(&alice.get(&path).await.ok(), rule);
            seen += 1;
        }
    }
    assert!(seen >= 25, "{seen} default rules");
    let poll = json!({"rule_id": "x", "actions": [], "conditions": []});
    let own = format!("{GLOBAL}/postcontent/mine");
    assert_eq!(alice.put(&own, poll).await.status(), 400);
}

#[tokio::test(flavor = "multi_thread")]
async fn thousands_of_push_rules_meet_a_bound_and_slow_nobody_down() {
    let w = World::configured(|config| config.rate_limits.enabled = false).await;
    let [alice, bob] = w.users(["alice", "bob"]).await;
    let room = alice.creates_room_with([&bob]).await;
    // Patterns that a backtracking matcher would not survive.
    let pattern = "*a".repeat(150);
    let mut refused = 0;
    for number in 0..1_010 {
        let rule = json!({"actions": ["notify"], "pattern": pattern});
        let mut answer = bob.put(&format!("{GLOBAL}/content/rule{number}"), rule).await;
        if answer.status() != 200 {
            assert_eq!(answer.body()["errcode"], "M_TOO_LARGE");
            refused += 1;
        }
    }
    assert_eq!(refused, 10);
    let huge = json!({"actions": ["notify"], "pattern": "x".repeat(10_000)});
    bob.put(&format!("{GLOBAL}/content/rule1"), huge).await.fails_as(400, "M_TOO_LARGE");
    let text = "aaaaaaaaab".repeat(4_000);
    alice.sends_event(&room, "m.room.message", json!({"msgtype": "m.text", "body": text})).await.ok();
    let sync = bob.syncs().await;
    assert_eq!(sync["rooms"]["join"][&room]["unread_notifications"]["notification_count"], 1);
}
