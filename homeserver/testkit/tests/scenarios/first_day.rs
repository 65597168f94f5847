//! The shortest story that needs everything: two people meet, talk, and find it all again.

use testkit::World;

#[tokio::test(flavor = "multi_thread")]
async fn two_people_meet_and_talk() {
    let w = World::start().await;
    let [alice, bob] = w.users(["alice", "bob"]).await;
    let room = alice.creates_room_with([&bob]).await;
    let hello = alice.sends(&room, "hello").await.event_id();
    let heard = bob.waits_for_event(&room, &hello).await;
    assert_eq!(heard["content"]["body"], "hello");
    assert_eq!(heard["sender"], alice.id.as_str());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restart_loses_and_doubles_nothing() {
    let mut w = World::on_disk().await;
    let [alice, bob] = w.users(["alice", "bob"]).await;
    let room = alice.creates_room_with([&bob]).await;
    bob.syncs().await;
    let before = alice.sends(&room, "before").await.event_id();
    w.restarts().await;
    let after = bob.sends(&room, "after").await.event_id();
    let history = alice.whole_history(&room).await;
    for event in [&before, &after] {
        assert_eq!(history.iter().filter(|found| found["event_id"] == event.as_str()).count(), 1);
    }
    let sync = bob.syncs().await;
    let seen: Vec<_> = sync["rooms"]["join"][&room]["timeline"]["events"]
        .as_array()
        .unwrap()
        .iter()
        .map(|event| event["event_id"].clone())
        .collect();
    assert_eq!(seen, [before, after]);
}
