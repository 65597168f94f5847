//! Push notifications, as a gateway sees them.

use std::{sync::Arc, time::Duration};

use serde_json::{Value, json};
use server::Options;
use store::{Engine, MemoryKv};
use testkit::{Gateway, User, World, segment};

const CLIENT: &str = "/_matrix/client/v3";

/// A world whose server may speak to gateways on this machine.
async fn world() -> World {
    let kept: Arc<dyn Engine> = Arc::new(MemoryKv::new());
    World::in_process(
        |config| {
            config.outbound.allowed_ranges = vec!["127.0.0.0/8".to_owned()];
            config.push.plain_http = true;
        },
        Options { engine: Some(kept), ..Options::default() },
    )
    .await
}

fn pusher(gateway: &Gateway, pushkey: &str) -> Value {
    json!({
        "kind": "http", "app_id": "org.example.app", "pushkey": pushkey, "lang": "en",
        "app_display_name": "App", "device_display_name": "Phone",
        "data": {"url": gateway.url(), "brand": "x"},
    })
}

async fn sets(user: &User, pusher: Value) {
    user.post(&format!("{CLIENT}/pushers/set"), pusher).await.ok();
}

async fn pushers(user: &User) -> Vec<Value> {
    user.get(&format!("{CLIENT}/pushers")).await.ok()["pushers"].as_array().unwrap().clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_gateway_is_told_what_the_rules_say() {
    let (w, gateway) = (world().await, Gateway::start().await);
    let [alice, bob] = w.users(["alice", "bob"]).await;
    sets(&bob, pusher(&gateway, "key")).await;
    let room = alice.creates_room_like(json!({"name": "Lunch", "preset": "public_chat"})).await.room_id();
    bob.joins(&room).await.ok();
    let event = alice.sends(&room, "hello bob").await.event_id();
    let told = gateway.is_told_of(&event).await.pop().unwrap();
    let since = told["devices"][0]["pushkey_ts"].clone();
    let device = json!({
        "app_id": "org.example.app", "pushkey": "key", "pushkey_ts": since, "data": {"brand": "x"},
        "tweaks": {"highlight": true, "sound": "default"},
    });
    assert_eq!(
        told,
        json!({
            "event_id": event, "room_id": room, "type": "m.room.message", "sender": alice.id,
            "sender_display_name": "alice", "room_name": "Lunch", "prio": "high",
            "content": {"msgtype": "m.text", "body": "hello bob"},
            "counts": {"unread": 1}, "devices": [device],
        })
    );
    // Not one's own messages, not what a rule silences, and one notification an event.
    bob.sends(&room, "hello alice").await.ok();
    alice.sends_event(&room, "m.room.message", json!({"msgtype": "m.notice", "body": "beep"})).await.ok();
    let last = alice.sends(&room, "two").await.event_id();
    let told = gateway.is_told_of(&last).await;
    assert!(
        told.iter().all(|told| told["event_id"] == last.as_str() || told["event_id"].is_null()),
        "{told:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_invitation_and_what_is_private_reach_the_right_phone_alone() {
    let (w, gateway) = (world().await, Gateway::start().await);
    let [alice, bob, carol] = w.users(["alice", "bob", "carol"]).await;
    sets(&bob, pusher(&gateway, "bob")).await;
    sets(&carol, pusher(&gateway, "carol")).await;
    let room = alice.creates_room_like(json!({"preset": "private_chat"})).await.room_id();
    alice.sends(&room, "before anybody came").await.ok();
    alice.invites(&room, &bob).await.ok();
    let told = gateway.is_told().await;
    assert_eq!(told["type"], "m.room.member");
    assert_eq!(told["user_is_target"], true);
    assert_eq!(told["devices"][0]["pushkey"], "bob");
    assert_eq!(told["counts"], json!({"unread": 1}), "an invitation counts");
    bob.joins(&room).await.ok();
    let event = alice.sends(&room, "only for bob").await.event_id();
    for told in gateway.is_told_of(&event).await {
        assert_eq!(told["devices"][0]["pushkey"], "bob");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn reading_takes_the_number_off_the_icon() {
    let (w, gateway) = (world().await, Gateway::start().await);
    let [alice, bob] = w.users(["alice", "bob"]).await;
    let room = alice.creates_room_with([&bob]).await;
    sets(&bob, pusher(&gateway, "key")).await;
    alice.sends(&room, "one").await.ok();
    let event = alice.sends(&room, "two").await.event_id();
    let told = gateway.is_told_of(&event).await.pop().unwrap();
    assert_eq!(told["counts"], json!({"unread": 2}));
    bob.has_read(&room, &event).await.ok();
    let told = gateway.is_told().await;
    assert_eq!(told["counts"], json!({"unread": 0}));
    assert!(told["event_id"].is_null() && told["devices"][0]["pushkey"] == "key");
}

#[tokio::test(flavor = "multi_thread")]
async fn event_id_only_keeps_the_words_at_home() {
    let (w, gateway) = (world().await, Gateway::start().await);
    let [alice, bob] = w.users(["alice", "bob"]).await;
    let room = alice.creates_room_with([&bob]).await;
    let mut private = pusher(&gateway, "key");
    private["data"]["format"] = json!("event_id_only");
    sets(&bob, private).await;
    let event = alice.sends(&room, "a secret").await.event_id();
    let told = gateway.is_told_of(&event).await.pop().unwrap();
    let mut keys: Vec<_> = told.as_object().unwrap().keys().cloned().collect();
    keys.sort();
    assert_eq!(keys, ["counts", "devices", "event_id", "prio", "room_id"]);
    assert_eq!(told["devices"][0]["data"], json!({"format": "event_id_only", "brand": "x"}));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rejected_pushkey_loses_its_pusher() {
    let (w, gateway) = (world().await, Gateway::start().await);
    let [alice, bob] = w.users(["alice", "bob"]).await;
    let room = alice.creates_room_with([&bob]).await;
    sets(&bob, pusher(&gateway, "stale")).await;
    gateway.answers(200, json!({"rejected": ["stale"]}));
    alice.sends(&room, "hello").await.ok();
    gateway.is_told().await;
    for _ in 0..1_000 {
        if pushers(&bob).await.is_empty() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    panic!("the pusher is still there");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_gateway_that_was_down_hears_everything_in_order_and_once() {
    let (w, gateway) = (world().await, Gateway::start().await);
    let [alice, bob] = w.users(["alice", "bob"]).await;
    let room = alice.creates_room_with([&bob]).await;
    sets(&bob, pusher(&gateway, "key")).await;
    gateway.answers(502, json!({}));
    let mut expected = Vec::new();
    for number in 0..12 {
        expected.push(alice.sends(&room, &format!("message {number}")).await.event_id());
    }
    let told = gateway.is_told_of(expected.last().unwrap()).await;
    let events: Vec<_> = told.iter().map(|told| told["event_id"].as_str().unwrap()).collect();
    assert_eq!(events, expected);
    assert_eq!(gateway.requests(), 13);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_queued_survives_a_restart() {
    let (mut w, gateway) = (world().await, Gateway::start().await);
    let [alice, bob] = w.users(["alice", "bob"]).await;
    let room = alice.creates_room_with([&bob]).await;
    sets(&bob, pusher(&gateway, "key")).await;
    // The gateway refuses often enough that the pause outlasts the restart.
    for _ in 0..3 {
        gateway.answers(503, json!({}));
    }
    let first = alice.sends(&room, "one").await.event_id();
    let second = alice.sends(&room, "two").await.event_id();
    w.restarts().await;
    let told = gateway.is_told_of(&second).await;
    let events: Vec<_> = told.iter().map(|told| told["event_id"].as_str().unwrap()).collect();
    assert_eq!(events, [first, second]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_read_or_taken_back_meanwhile_is_not_told() {
    let (w, gateway) = (world().await, Gateway::start().await);
    let [alice, bob] = w.users(["alice", "bob"]).await;
    let room = alice.creates_room_with([&bob]).await;
    gateway.answers(503, json!({}));
    sets(&bob, pusher(&gateway, "key")).await;
    let hook = alice.sends(&room, "the gateway fails here").await.event_id();
    let taken_back = alice.sends(&room, "wrong room").await.event_id();
    alice.redacts(&room, &taken_back).await.ok();
    bob.has_read(&room, &hook).await.ok();
    let last = alice.sends(&room, "this one").await.event_id();
    let told = gateway.is_told_of(&last).await;
    let events: Vec<_> = told.iter().filter_map(|told| told["event_id"].as_str()).collect();
    assert!(!events.contains(&taken_back.as_str()), "{events:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pusher_goes_with_its_device_and_can_be_switched_off() {
    let (w, gateway) = (world().await, Gateway::start().await);
    let [alice, bob] = w.users(["alice", "bob"]).await;
    let phone = bob.on_another_device().await;
    sets(&bob, pusher(&gateway, "laptop")).await;
    sets(&phone, pusher(&gateway, "phone")).await;
    let devices: Vec<_> = pushers(&bob).await.iter().map(|pusher| pusher["device_id"].clone()).collect();
    assert_eq!(devices, [json!(bob.device_id), json!(phone.device_id)]);
    phone.logs_out().await.ok();
    assert_eq!(pushers(&bob).await.len(), 1);
    let mut silent = pusher(&gateway, "laptop");
    silent["org.matrix.msc3881.enabled"] = json!(false);
    sets(&bob, silent).await;
    assert_eq!(pushers(&bob).await[0]["enabled"], false);
    let room = alice.creates_room_with([&bob]).await;
    alice.sends(&room, "nobody hears this").await.ok();
    sets(&bob, pusher(&gateway, "loud")).await;
    let event = alice.sends(&room, "this").await.event_id();
    let told = gateway.is_told_of(&event).await;
    assert_eq!(told.len(), 1);
    assert_eq!(told[0]["devices"][0]["pushkey"], "loud");
    let gone = json!({"kind": null, "app_id": "org.example.app", "pushkey": "laptop"});
    sets(&bob, gone).await;
    assert_eq!(pushers(&bob).await.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_is_locked_out_is_shown_nothing_on_their_phone_either() {
    let (w, gateway) = (world().await, Gateway::start().await);
    let root = w.administrator("root").await;
    let [alice, bob, carol] = w.users(["alice", "bob", "carol"]).await;
    let room = alice.creates_room_with([&bob, &carol]).await;
    let lock = format!("/_matrix/client/v1/admin/lock/{}", segment(&bob.id));
    let lock = |locked: bool| root.put(&lock, json!({"locked": locked}));
    for (user, pushkey) in [(&bob, "bob"), (&carol, "carol")] {
        sets(user, pusher(&gateway, pushkey)).await;
    }
    let bob_is_told = async |event: &str| {
        let is_his = |told: &Value| told["event_id"] == event && told["devices"][0]["pushkey"] == "bob";
        while !is_his(&gateway.is_told().await) {}
    };
    let before = alice.sends(&room, "before").await.event_id();
    bob_is_told(&before).await;
    lock(true).await.ok();
    for text in ["one", "two", "three"] {
        let event = alice.sends(&room, text).await.event_id();
        for told in gateway.is_told_of(&event).await {
            assert_eq!(told["devices"][0]["pushkey"], "carol", "{told}");
        }
    }
    // The phone is still theirs when they are back.
    lock(false).await.ok();
    let after = alice.sends(&room, "welcome back").await.event_id();
    bob_is_told(&after).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_phone_that_changes_hands_tells_its_new_owner_alone() {
    let (w, gateway) = (world().await, Gateway::start().await);
    let [alice, bob] = w.users(["alice", "bob"]).await;
    sets(&alice, pusher(&gateway, "shared")).await;
    let mut both = pusher(&gateway, "shared");
    both["append"] = json!(true);
    sets(&bob, both).await;
    assert_eq!(pushers(&alice).await.len(), 1, "asked to leave others alone");
    sets(&bob, pusher(&gateway, "shared")).await;
    assert_eq!((pushers(&alice).await.len(), pushers(&bob).await.len()), (0, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn bad_pushers_are_refused_with_words() {
    let (w, gateway) = (world().await, Gateway::start().await);
    let [alice] = w.users(["alice"]).await;
    let with = |change: &dyn Fn(&mut Value)| {
        let mut body = pusher(&gateway, "key");
        change(&mut body);
        body
    };
    let set = format!("{CLIENT}/pushers/set");
    for (body, code) in [
        (with(&|body| drop(body.as_object_mut().unwrap().remove("kind"))), "M_MISSING_PARAM"),
        (with(&|body| drop(body.as_object_mut().unwrap().remove("data"))), "M_MISSING_PARAM"),
        (with(&|body| drop(body.as_object_mut().unwrap().remove("lang"))), "M_MISSING_PARAM"),
        (with(&|body| body["data"] = json!({})), "M_MISSING_PARAM"),
        (with(&|body| body["kind"] = json!("pigeon")), "M_INVALID_PARAM"),
        (with(&|body| body["data"]["url"] = json!("https://example.org/elsewhere")), "M_INVALID_PARAM"),
        (with(&|body| body["data"]["url"] = json!(7)), "M_INVALID_PARAM"),
        (with(&|body| body["pushkey"] = json!("x".repeat(513))), "M_INVALID_PARAM"),
        (with(&|body| body["app_id"] = json!("x".repeat(65))), "M_INVALID_PARAM"),
        (with(&|body| body["app_display_name"] = json!("x".repeat(2_000))), "M_INVALID_PARAM"),
        (with(&|body| body["data"]["x"] = json!("x".repeat(20_000))), "M_INVALID_PARAM"),
        (with(&|body| body["kind"] = json!("email")), "M_INVALID_PARAM"),
    ] {
        alice.post(&set, body).await.fails_as(400, code);
    }
    assert!(pushers(&alice).await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_gateway_in_the_private_network_is_not_spoken_to() {
    let gateway = Gateway::start().await;
    let w = World::configured(|config| config.push.plain_http = true).await;
    let [alice, bob] = w.users(["alice", "bob"]).await;
    let room = alice.creates_room_with([&bob]).await;
    sets(&bob, pusher(&gateway, "key")).await;
    alice.sends(&room, "hello").await.ok();
    let failed = "push_requests_total{outcome=\"failed\",kind=\"http\"}";
    for _ in 0..1_000 {
        let mut metrics = w.operator().get("/metrics").await;
        metrics.status();
        if metrics.to_string().contains(failed) || gateway.requests() > 0 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    assert_eq!(gateway.requests(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn notifications_are_listed_newest_first_over_all_rooms() {
    let w = world().await;
    let [alice, bob] = w.users(["alice", "bob"]).await;
    let quiet = alice.creates_room_with([&bob]).await;
    let loud = alice.creates_room_with([&bob]).await;
    let mut sent = Vec::new();
    for number in 0..5 {
        let room = if number % 2 == 0 { &quiet } else { &loud };
        sent.push(alice.sends(room, &format!("message {number}")).await.event_id());
    }
    sent.push(alice.sends(&loud, "hello bob").await.event_id());
    bob.has_read(&quiet, &sent[2]).await.ok();
    let page = |query: String| {
        let bob = bob.clone();
        async move { bob.get(&format!("{CLIENT}/notifications{query}")).await.ok() }
    };
    let (mut listed, mut query) = (Vec::new(), "?limit=2".to_owned());
    loop {
        let answer = page(query).await;
        listed.extend(answer["notifications"].as_array().unwrap().clone());
        match answer["next_token"].as_str() {
            Some(next) => query = format!("?limit=2&from={next}"),
            None => break,
        }
    }
    let messages: Vec<_> = listed.iter().filter(|entry| entry["event"]["type"] == "m.room.message").collect();
    let ids: Vec<_> = messages.iter().map(|entry| entry["event"]["event_id"].as_str().unwrap()).collect();
    assert_eq!(ids, sent.iter().rev().map(String::as_str).collect::<Vec<_>>());
    let read: Vec<_> = messages.iter().map(|entry| entry["read"].as_bool().unwrap()).collect();
    assert_eq!(read, [false, false, false, true, false, true]);
    let first = messages[0];
    assert_eq!(first["room_id"], loud.as_str());
    assert!(first["ts"].is_u64() && first["event"]["room_id"].is_null());
    let highlight = json!({"set_tweak": "highlight", "value": true});
    assert!(first["actions"].as_array().unwrap().contains(&highlight));
    let only = page("?only=highlight".to_owned()).await;
    assert_eq!(only["notifications"].as_array().unwrap().len(), 1);
    bob.get(&format!("{CLIENT}/notifications?from=garbage")).await.fails_as(400, "M_INVALID_PARAM");
}

#[tokio::test(flavor = "multi_thread")]
async fn encrypted_events_are_told_whatever_a_room_says_once_the_rule_for_it_is_on() {
    let (w, gateway) = (world().await, Gateway::start().await);
    let [alice, bob] = w.users(["alice", "bob"]).await;
    let (quiet, other) = (alice.creates_room_with([&bob]).await, alice.creates_room_with([&bob]).await);
    sets(&bob, pusher(&gateway, "key")).await;
    bob.put(&format!("{CLIENT}/pushrules/global/room/{}", segment(&quiet)), json!({"actions": []}))
        .await
        .ok();
    let secret = json!({"algorithm": "m.megolm.v1.aes-sha2", "ciphertext": "x", "session_id": "s"});
    let unheard = alice.sends_event(&quiet, "m.room.encrypted", secret.clone()).await.event_id();
    let heard = alice.sends(&other, "hello").await.event_id();
    let told = gateway.is_told_of(&heard).await;
    assert!(told.iter().all(|told| told["event_id"] != unheard), "{told:?}");
    let rule = format!("{CLIENT}/pushrules/global/override/.org.matrix.msc4028.encrypted_event/enabled");
    bob.put(&rule, json!({"enabled": true})).await.ok();
    let heard = alice.sends_event(&quiet, "m.room.encrypted", secret).await.event_id();
    gateway.is_told_of(&heard).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_invitation_from_another_server_reaches_the_phone() {
    let (neighbourhood, gateway) = (testkit::Neighbourhood::new(&["a", "b"]), Gateway::start().await);
    let a = neighbourhood.server("a", |_| {}).await;
    let b = neighbourhood.server("b", |config| config.push.plain_http = true).await;
    let (alice, bob) = (a.user("alice").await, b.user("bob").await);
    sets(&bob, pusher(&gateway, "bob")).await;
    let room = alice.creates_room_like(json!({"name": "Study", "preset": "private_chat"})).await.room_id();
    alice.invites(&room, &bob).await.ok();
    let told = gateway.is_told().await;
    assert_eq!((&told["room_id"], &told["sender"]), (&json!(room), &json!(alice.id)), "{told}");
    assert_eq!((&told["room_name"], &told["sender_display_name"]), (&json!("Study"), &json!("alice")));
    assert_eq!(told["user_is_target"], true);
    assert_eq!(told["counts"], json!({"unread": 1}), "an invitation counts");
}
