//! Events arrive once and in order, through outages, stops and kills.

use std::collections::{BTreeMap, BTreeSet};

use base::Clock;
use serde_json::{Value, json};
use server::Options;
use testkit::limits::LOOK_INTERVAL;
use testkit::{Neighbourhood, Peer, User, World, segment};

use super::neighbours::{process_and_peer, says_many, shared_room, texts};

#[tokio::test]
async fn messages_arrive_in_the_order_in_which_they_were_sent() {
    let [a, b] = World::federated(["a", "b"]).await;
    let ([alice], [bob]) = (a.users(["alice"]).await, b.users(["bob"]).await);
    let room = shared_room(&alice, &bob, &a).await;
    let (expected, last) = says_many(&alice, &room, 30).await;
    bob.waits_for_event(&room, &last).await;
    assert_eq!(texts(&bob, &room, &alice).await, expected);
}

#[tokio::test]
async fn a_server_that_was_away_gets_everything_once_and_in_order() {
    let [a, mut b] = World::federated(["a", "b"]).await;
    let ([alice], [bob]) = (a.users(["alice"]).await, b.users(["bob"]).await);
    let room = shared_room(&alice, &bob, &a).await;
    b.stops().await;
    // More than one transaction holds.
    let (expected, last) = says_many(&alice, &room, 70).await;
    b.starts_again().await;
    bob.waits_for_event(&room, &last).await;
    assert_eq!(texts(&bob, &room, &alice).await, expected);
}

#[tokio::test]
async fn what_was_not_sent_before_a_stop_is_sent_after_the_start() {
    let [mut a, mut b] = World::federated(["a", "b"]).await;
    let ([alice], [bob]) = (a.users(["alice"]).await, b.users(["bob"]).await);
    let room = shared_room(&alice, &bob, &a).await;
    b.stops().await;
    let (expected, last) = says_many(&alice, &room, 5).await;
    a.restarts().await;
    b.starts_again().await;
    bob.waits_for_event(&room, &last).await;
    assert_eq!(texts(&bob, &room, &alice).await, expected);
}

#[tokio::test]
async fn t34_two_servers_agree_after_a_day_without_each_other_and_restarts() {
    const DAY_MS: u64 = 24 * 60 * 60 * 1_000;
    let clock = Clock::fake(1_800_000_000_000);
    let neighbourhood = Neighbourhood::new(&["a", "b"]);
    let options = || Options { clock: Some(clock.clone()), ..Options::default() };
    let mut a = neighbourhood.server_with("a", |_| {}, options()).await;
    let mut b = neighbourhood.server_with("b", |_| {}, options()).await;
    let (alice, bob) = (a.user("alice").await, b.user("bob").await);
    let room = shared_room(&alice, &bob, &a).await;
    b.stops().await;
    let (said_here, _) = says_many(&alice, &room, 60).await;
    clock.advance(DAY_MS);
    a.restarts().await;
    a.stops().await;
    b.starts_again().await;
    let (said_there, _) = says_many(&bob, &room, 60).await;
    clock.advance(DAY_MS);
    b.restarts().await;
    a.starts_again().await;
    // The first tries after a start are spread over some moments.
    clock.advance(60_000);
    let (here, there) =
        (alice.sends(&room, "back").await.event_id(), bob.sends(&room, "here").await.event_id());
    bob.waits_for_event(&room, &here).await;
    alice.waits_for_event(&room, &there).await;
    for viewer in [&alice, &bob] {
        for (sender, said, last) in [(&alice, &said_here, "back"), (&bob, &said_there, "here")] {
            let mut expected = said.clone();
            expected.push(last.to_owned());
            assert_eq!(texts(viewer, &room, sender).await, expected, "{} of {}", viewer.id, sender.id);
        }
    }
}

#[tokio::test]
async fn a_server_that_speaks_is_told_at_once_what_it_missed() {
    let [a, mut b] = World::federated(["a", "b"]).await;
    let ([alice], [bob]) = (a.users(["alice"]).await, b.users(["bob"]).await);
    let room = shared_room(&alice, &bob, &a).await;
    b.stops().await;
    let missed = alice.sends(&room, "missed").await.event_id();
    b.starts_again().await;
    let answer = bob.sends(&room, "back").await.event_id();
    alice.waits_for_event(&room, &answer).await;
    bob.waits_for_event(&room, &missed).await;
}

#[tokio::test]
async fn an_administrator_sees_who_cannot_be_reached() {
    let [a, mut b] = World::federated(["a", "b"]).await;
    let root = a.administrator("root").await;
    let ([alice], [bob]) = (a.users(["alice"]).await, b.users(["bob"]).await);
    let room = shared_room(&alice, &bob, &a).await;
    let all = "/_synapse/admin/v1/federation/destinations";
    let listed = root.get(all).await.ok();
    assert_eq!(
        (listed["total"].clone(), listed["destinations"][0]["destination"].clone()),
        (json!(1), json!(b.server_name()))
    );
    let one = format!("{all}/{}", segment(&b.server_name()));
    root.post(&format!("{one}/reset_connection"), json!({})).await.expect_status(400);
    root.get(&format!("{all}/nobody.test")).await.fails_as(404, "M_NOT_FOUND");

    let name = b.server_name();
    b.stops().await;
    let missed = alice.sends(&room, "missed").await.event_id();
    loop {
        let state = root.get(&one).await.ok();
        assert_eq!(state["destination"], name);
        if state["failure_ts"].is_u64() {
            break;
        }
        tokio::task::yield_now().await;
    }
    let owed = root.get(&format!("{one}/rooms")).await.ok();
    assert_eq!(owed["rooms"][0]["room_id"], room);
    b.starts_again().await;
    root.post(&format!("{one}/reset_connection"), json!({})).await.ok();
    bob.waits_for_event(&room, &missed).await;
    let mut state = root.get(&one).await.ok();
    while state["queued"] != 0 {
        tokio::task::yield_now().await;
        state = root.get(&one).await.ok();
    }
    assert_eq!(state["failure_ts"], Value::Null);
}

/// Sends messages until one is not acknowledged; the ids of the others, in their order.
async fn sends_until_it_dies(user: User, room: String) -> Vec<String> {
    let mut acknowledged = Vec::new();
    loop {
        let path =
            format!("/_matrix/client/v3/rooms/{}/send/m.room.message/{}", segment(&room), user.new_txn_id());
        let body = json!({ "msgtype": "m.text", "body": "hello" }).to_string().into_bytes();
        let Ok(mut answer) = user.try_request(http::Method::PUT, &path, Some(body)).await else {
            return acknowledged;
        };
        if answer.status() != 200 {
            return acknowledged;
        }
        acknowledged.extend(answer.body()["event_id"].as_str().map(ToOwned::to_owned));
    }
}

#[tokio::test]
async fn t28_a_server_killed_while_it_sends_loses_nothing_and_doubles_nothing() {
    let (mut world, peer) = process_and_peer().await;
    let alice = world.user("alice").await;
    let room = alice.creates_room().await;
    let version = peer.joins(&world, &room, "bob").await.version;
    let mut sent = Vec::new();
    for round in 0..5 {
        let writing = tokio::spawn(sends_until_it_dies(alice.clone(), room.clone()));
        // The server dies with some transactions answered, one under way, and events behind it.
        let enough = peer.transactions().len() + 1 + 2 * round;
        while peer.transactions().len() < enough {
            tokio::time::sleep(LOOK_INTERVAL).await;
        }
        world.is_killed_and_comes_back().await;
        sent.extend(writing.await.unwrap());
    }
    sent.push(alice.sends(&room, "I live").await.event_id());
    let arrived = || -> Vec<(String, Vec<String>)> {
        let ids = |events: Vec<Value>| events.iter().map(|event| Peer::id_of(&version, event)).collect();
        peer.transactions().into_iter().map(|(id, events)| (id, ids(events))).collect()
    };
    while !arrived().iter().any(|(_, events)| events.contains(&sent[sent.len() - 1])) {
        tokio::time::sleep(LOOK_INTERVAL).await;
    }
    let mut transactions: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let (mut order, mut seen) = (Vec::new(), BTreeSet::new());
    for (id, events) in arrived() {
        if let Some(first) = transactions.get(&id) {
            assert_eq!(*first, events, "transaction {id} is repeated as it was");
            continue;
        }
        for event in &events {
            assert!(seen.insert(event.clone()), "{event} is in two transactions");
            order.push(event.clone());
        }
        transactions.insert(id, events);
    }
    order.retain(|event| sent.contains(event));
    assert_eq!(order, sent, "everything acknowledged arrives, in its order");
}
