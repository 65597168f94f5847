//! The long poll: who wakes, when, and who does not.

use std::{sync::Arc, time::Duration};

use futures_util::future::join_all;
use serde_json::json;
use testkit::World;
use tokio::time::Instant;

use super::{bodies, room};

#[tokio::test(flavor = "multi_thread")]
async fn a_message_ends_the_wait_of_those_in_the_room() {
    let w = World::start().await;
    let [alice, bob] = w.users(["alice", "bob"]).await;
    let id = alice.creates_room_with([&bob]).await;
    alice.syncs().await;
    bob.syncs().await;
    let waiting = tokio::spawn(async move { bob.syncs_with("timeout=20000").await });
    w.until_waiting(1).await;
    assert!(!waiting.is_finished());
    alice.sends(&id, "wake up").await.ok();
    let sent = Instant::now();
    let sync = waiting.await.unwrap();
    assert!(sent.elapsed() < Duration::from_secs(5));
    assert_eq!(bodies(room(&sync, "join", &id)), ["wake up"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn silence_ends_with_the_time_the_client_gave() {
    let w = World::start().await;
    let [alice] = w.users(["alice"]).await;
    alice.syncs().await;
    alice.syncs().await;
    let started = Instant::now();
    let sync = alice.syncs_with("timeout=700&set_presence=offline").await;
    let waited = started.elapsed();
    assert!(waited >= Duration::from_millis(650) && waited < Duration::from_secs(10), "{waited:?}");
    assert!(sync.get("rooms").is_none());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_thousand_sessions_wait_and_a_private_write_wakes_the_right_ones() {
    let w = World::start().await;
    let [alice, bob] = w.users(["alice", "bob"]).await;
    let phone = alice.on_another_device().await;
    let room_id = alice.creates_room_with([&bob]).await;
    for user in [&alice, &bob, &phone] {
        user.syncs_with("timeout=0&set_presence=offline").await;
    }
    let (alice, bob, phone) = (Arc::new(alice), Arc::new(bob), Arc::new(phone));
    let waiting: Vec<_> = (0..1_000)
        .map(|_| {
            let (bob, since) = (bob.clone(), bob.since().unwrap());
            tokio::spawn(async move {
                bob.sync_with(&format!("timeout=20000&set_presence=offline&since={since}")).await.ok()
            })
        })
        .collect();
    let own: Vec<_> = [&alice, &phone]
        .into_iter()
        .map(|user| {
            let user = user.clone();
            tokio::spawn(async move { user.syncs_with("timeout=20000&set_presence=offline").await })
        })
        .collect();
    w.until_waiting(1_002).await;
    alice.sets_account_data("org.lian.private", json!({"mine": true})).await.ok();
    for session in own {
        let sync = session.await.unwrap();
        assert_eq!(sync["account_data"]["events"][0]["type"], "org.lian.private");
    }
    // Whoever was woken by mistake would have been answered before this.
    alice.sets_account_data("org.lian.private", json!({"mine": "again"})).await.ok();
    alice.syncs_with("timeout=0&set_presence=offline").await;
    assert!(waiting.iter().all(|session| !session.is_finished()), "nobody else was answered");
    alice.sends(&room_id, "for all").await.ok();
    for sync in join_all(waiting).await {
        let sync = sync.unwrap();
        assert_eq!(bodies(room(&sync, "join", &room_id)), ["for all"]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stopping_server_answers_those_who_wait() {
    let mut w = World::start().await;
    let [alice] = w.users(["alice"]).await;
    alice.syncs().await;
    alice.syncs().await;
    let waiting = tokio::spawn({
        let (user, since) = (alice.with_token(alice.token().unwrap()), alice.since().unwrap());
        async move { user.sync_with(&format!("timeout=20000&set_presence=offline&since={since}")).await.ok() }
    });
    w.until_waiting(1).await;
    let started = Instant::now();
    w.restarts().await;
    let sync = waiting.await.unwrap();
    assert!(started.elapsed() < Duration::from_secs(15), "the poll did not sit out its time");
    assert!(sync["next_batch"].is_string());
}
