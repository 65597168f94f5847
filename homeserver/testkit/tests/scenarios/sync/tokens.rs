//! Tokens: opaque, lasting, and never a reason to block.

use testkit::World;

use super::{bodies, room};

#[tokio::test(flavor = "multi_thread")]
async fn texts_that_are_no_tokens_are_refused() {
    let w = World::start().await;
    let [alice] = w.users(["alice"]).await;
    alice.syncs().await;
    let good = alice.since().unwrap();
    let damaged = [
        &good[..good.len() - 1],
        "s1_7_AAAA",
        "s72594_4483_1934",
        "%00",
        "t1_5",
        "s1_99999999999999999999_A",
    ];
    for text in damaged {
        let answer = alice.sync_with(&format!("timeout=0&since={text}")).await;
        answer.fails_as(400, "M_INVALID_PARAM");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_survives_a_restart() {
    let mut w = World::on_disk().await;
    let [alice, bob] = w.users(["alice", "bob"]).await;
    let id = alice.creates_room_with([&bob]).await;
    bob.syncs().await;
    alice.sends(&id, "before").await.ok();
    w.restarts().await;
    alice.sends(&id, "after").await.ok();
    let sync = bob.syncs().await;
    assert_eq!(bodies(room(&sync, "join", &id)), ["before", "after"]);
    assert!(bob.syncs().await.get("rooms").is_none());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_from_beyond_our_time_answers_from_now() {
    let w = World::start().await;
    let other = World::start().await;
    let [far] = other.users(["far"]).await;
    let room_there = far.creates_room().await;
    for number in 0..40 {
        far.sends(&room_there, &format!("{number}")).await.ok();
    }
    far.syncs().await;
    let ahead = far.since().unwrap();
    let [alice] = w.users(["alice"]).await;
    let id = alice.creates_room().await;
    let started = tokio::time::Instant::now();
    let sync = alice.sync_with(&format!("timeout=0&since={ahead}")).await.ok();
    assert!(started.elapsed().as_secs() < 5, "nothing waits for a position that may never come");
    let next = sync["next_batch"].as_str().unwrap().to_owned();
    alice.sends(&id, "hello").await.ok();
    let sync = alice.sync_with(&format!("timeout=0&since={next}")).await.ok();
    assert_eq!(bodies(room(&sync, "join", &id)), ["hello"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_token_twice_gives_the_same_news_twice() {
    let w = World::start().await;
    let [alice, bob] = w.users(["alice", "bob"]).await;
    let id = alice.creates_room_with([&bob]).await;
    bob.syncs().await;
    alice.sends(&id, "hello").await.ok();
    let since = bob.since().unwrap();
    for _ in 0..2 {
        let sync = bob.sync_with(&format!("timeout=0&since={since}")).await.ok();
        assert_eq!(bodies(room(&sync, "join", &id)), ["hello"]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sync_token_is_a_place_in_a_room() {
    let w = World::start().await;
    let [alice] = w.users(["alice"]).await;
    let id = alice.creates_room().await;
    alice.sends(&id, "before").await.ok();
    alice.syncs().await;
    alice.sends(&id, "after").await.ok();
    let page = alice.messages(&id, &format!("dir=b&limit=1&from={}", alice.since().unwrap())).await.ok();
    assert_eq!(page["chunk"][0]["content"]["body"], "before");
}
