//! What happens on one server reaches the others: in order, once, and after any outage.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use base::Clock;
use serde_json::{Value, json};
use server::Options;
use testkit::limits::LOOK_INTERVAL;
use testkit::{Authority, Neighbourhood, Peer, User, World, segment};
use tokio::net::TcpListener;

use crate::federation_device_lists::hears_of;
use crate::federation_inbound::{Meeting, meeting};

/// The beginning of the path of a transaction.
const TRANSACTION: &str = "/federation/v1/send/";

/// A room of the first user that the second one, of another server, has joined.
async fn shared_room(host: &User, guest: &User, server: &World) -> String {
    let room = host.creates_room().await;
    let path = format!("/_matrix/client/v3/join/{}?via={}", segment(&room), segment(&server.server_name()));
    guest.post(&path, json!({})).await.ok();
    host.syncs_until("the guest", |body| {
        let events =
            body["rooms"]["join"][&room]["timeline"]["events"].as_array().cloned().unwrap_or_default();
        events.iter().any(|event| event["state_key"] == guest.id && event["content"]["membership"] == "join")
    })
    .await;
    room
}

/// A server that can be killed, and a peer of it.
pub(crate) async fn process_and_peer() -> (World, Peer) {
    let (world, authority) = process().await;
    let peer = peer_of(&authority).await;
    (world, peer)
}

/// A server that can be killed, and the authority that it trusts.
pub(crate) async fn process() -> (World, Arc<Authority>) {
    let authority = Arc::new(Authority::new(&["127.0.0.1".to_owned()]));
    (World::federating_process(Arc::clone(&authority)).await, authority)
}

/// A peer whose name is its address.
pub(crate) async fn peer_of(authority: &Authority) -> Peer {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let name = listener.local_addr().unwrap().to_string();
    Peer::listening(listener, name, authority, BTreeMap::new())
}

/// Texts of the messages by somebody in a user's view of the room, oldest first.
async fn texts(user: &User, room: &str, sender: &User) -> Vec<String> {
    let history = user.whole_history(room).await;
    let said =
        history.iter().filter(|event| event["sender"] == sender.id && event["type"] == "m.room.message");
    said.filter_map(|event| Some(event["content"]["body"].as_str()?.to_owned())).collect()
}

/// What a room says of itself beside its timeline.
/// Sends so many messages: their texts, and the id of the last.
async fn says_many(user: &User, room: &str, count: usize) -> (Vec<String>, String) {
    let texts: Vec<String> = (0..count).map(|number| format!("message {number}")).collect();
    let mut last = String::new();
    for text in &texts {
        last = user.sends(room, text).await.event_id();
    }
    (texts, last)
}

fn ephemeral<'a>(body: &'a Value, room: &str, kind: &str) -> Option<&'a Value> {
    let events = body["rooms"]["join"][room]["ephemeral"]["events"].as_array()?;
    events.iter().find(|event| event["type"] == kind)
}

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
async fn typing_and_receipts_are_seen_elsewhere() {
    let [a, b] = World::federated(["a", "b"]).await;
    let ([alice], [bob]) = (a.users(["alice"]).await, b.users(["bob"]).await);
    let room = shared_room(&alice, &bob, &a).await;
    let message = alice.sends(&room, "read this").await.event_id();
    bob.waits_for_event(&room, &message).await;

    bob.types(&room, 30_000).await.ok();
    alice
        .syncs_until("bob to type", |body| {
            ephemeral(body, &room, "m.typing")
                .is_some_and(|event| event["content"]["user_ids"] == json!([bob.id]))
        })
        .await;
    bob.stops_typing(&room).await.ok();
    alice
        .syncs_until("bob to stop", |body| {
            ephemeral(body, &room, "m.typing").is_some_and(|event| event["content"]["user_ids"] == json!([]))
        })
        .await;

    bob.has_read(&room, &message).await.ok();
    alice
        .syncs_until("bob's receipt", |body| {
            ephemeral(body, &room, "m.receipt")
                .is_some_and(|event| event["content"][&message]["m.read"].get(&bob.id).is_some())
        })
        .await;
}

#[tokio::test]
async fn presence_is_seen_elsewhere() {
    let [a, b] = World::federated(["a", "b"]).await;
    let ([alice], [bob]) = (a.users(["alice"]).await, b.users(["bob"]).await);
    shared_room(&alice, &bob, &a).await;
    let path = format!("/_matrix/client/v3/presence/{}/status", segment(&bob.id));
    bob.put(&path, json!({"presence": "unavailable", "status_msg": "at lunch"})).await.ok();
    alice
        .syncs_until("bob's status", |body| {
            let events = body["presence"]["events"].as_array().cloned().unwrap_or_default();
            events
                .iter()
                .any(|event| event["sender"] == bob.id && event["content"]["status_msg"] == "at lunch")
        })
        .await;
}

#[tokio::test]
async fn of_presence_that_waits_only_the_last_is_told() {
    let Meeting { peer, alice, .. } = meeting().await;
    let statuses = || -> Vec<String> {
        let edus = peer.edus().into_iter().filter(|edu| edu["edu_type"] == "m.presence");
        let updates = edus.flat_map(|edu| edu["content"]["push"].as_array().cloned().unwrap_or_default());
        let of_alice = updates.filter(|update| update["user_id"] == alice.id);
        of_alice.filter_map(|update| Some(update["status_msg"].as_str()?.to_owned())).collect()
    };
    let says = async |text: &str| {
        let path = format!("/_matrix/client/v3/presence/{}/status", segment(&alice.id));
        alice.put(&path, json!({ "presence": "online", "status_msg": text })).await.ok();
    };
    let sent = || peer.asked().iter().filter(|asked| asked.contains(TRANSACTION)).count();
    let before = sent();
    peer.holds(TRANSACTION);
    says("one").await;
    while sent() == before {
        tokio::time::sleep(LOOK_INTERVAL).await;
    }
    for text in ["two", "three", "four", "five"] {
        says(text).await;
    }
    peer.lets_go(TRANSACTION);
    while statuses().last().is_none_or(|last| last != "five") {
        tokio::time::sleep(LOOK_INTERVAL).await;
    }
    let mut told = statuses();
    told.dedup();
    assert_eq!(told, ["one", "five"]);
}

#[tokio::test]
async fn messages_to_devices_arrive_and_survive_an_outage() {
    let [a, mut b] = World::federated(["a", "b"]).await;
    let ([alice], [bob]) = (a.users(["alice"]).await, b.users(["bob"]).await);
    shared_room(&alice, &bob, &a).await;
    let arrived = |body: &Value, text: &str| {
        let events = body["to_device"]["events"].as_array().cloned().unwrap_or_default();
        events.iter().any(|event| event["content"]["body"] == text && event["sender"] == alice.id)
    };
    let path = |id: &str| format!("/_matrix/client/v3/sendToDevice/m.test/{id}");
    let body = json!({"messages": {&bob.id: {&bob.device_id: {"body": "first"}}}});
    alice.put(&path("one"), body).await.ok();
    bob.syncs_until("the first message", |body| arrived(body, "first")).await;
    b.stops().await;
    let body = json!({"messages": {&bob.id: {"*": {"body": "second"}}}});
    alice.put(&path("two"), body).await.ok();
    b.starts_again().await;
    bob.syncs_until("the second message", |body| arrived(body, "second")).await;
}

#[tokio::test]
async fn changed_devices_are_announced_elsewhere() {
    let [a, b] = World::federated(["a", "b"]).await;
    let ([alice], [bob]) = (a.users(["alice"]).await, b.users(["bob"]).await);
    shared_room(&alice, &bob, &a).await;
    bob.syncs().await;
    let path = format!("/_matrix/client/v3/devices/{}", segment(&alice.device_id));
    alice.put(&path, json!({"display_name": "a new name"})).await.ok();
    hears_of(&bob, &alice.id).await;
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
