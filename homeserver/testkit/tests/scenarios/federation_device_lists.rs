//! Devices of people on other servers: their list is kept, followed by what their server announces, and fetched anew when
//! something is missing.

use serde_json::{Value, json};
use testkit::limits::LOOK_INTERVAL;
use testkit::{Peer, SigningKey, User, World, segment};

use crate::federation_inbound::{Meeting, meeting};
use crate::federation_sending::process_and_peer;

/// A server that can be killed, with a room of alice's in which eve of the peer is.
struct Killable {
    world: World,
    peer: Peer,
    alice: User,
    eve: String,
    room: String,
}

async fn killable() -> Killable {
    let (world, peer) = process_and_peer().await;
    let alice = world.user("alice").await;
    let room = alice.creates_room_like(json!({ "preset": "public_chat" })).await.room_id();
    peer.joins(&world, &room, "eve").await;
    let eve = peer.user("eve");
    Killable { world, peer, alice, eve, room }
}

/// The question for a whole list, and the one for keys alone.
const WHOLE_LIST: &str = "/user/devices/";
const KEYS_ALONE: &str = "/user/keys/query";

/// The list of a user as their server tells it: devices by name, each with the key of a number.
fn list(user: &str, stream_id: u64, devices: &[(&str, u8)]) -> Value {
    let device = |(device, number): &(&str, u8)| json!({ "device_id": device, "keys": SigningKey::new(*number).device_keys(user, device) });
    let devices: Vec<Value> = devices.iter().map(device).collect();
    json!({ "user_id": user, "stream_id": stream_id, "devices": devices })
}

/// The announcement of a device.
fn update(user: &str, (device, number): (&str, u8), stream_id: u64, previous: &[u64]) -> Value {
    json!({
        "user_id": user, "device_id": device, "stream_id": stream_id, "prev_id": previous,
        "keys": SigningKey::new(number).device_keys(user, device),
    })
}

/// Kills the server and waits until the peer can speak with it again: the port for clients opens first.
async fn dies_and_comes_back(world: &mut World, peer: &Peer) {
    world.is_killed_and_comes_back().await;
    while peer.tries(world, http::Method::GET, "/_matrix/federation/v1/version", None).await.is_err() {
        tokio::time::sleep(LOOK_INTERVAL).await;
    }
}

fn asked(peer: &Peer, part: &str) -> usize {
    peer.asked().iter().filter(|asked| asked.contains(part)).count()
}

async fn is_asked(peer: &Peer, part: &str, times: usize) {
    while asked(peer, part) < times {
        tokio::time::sleep(LOOK_INTERVAL).await;
    }
}

/// The devices that a user sees of somebody.
async fn devices(viewer: &User, user: &str) -> Vec<String> {
    let answer = query(viewer, user).await;
    answer["device_keys"][user].as_object().into_iter().flatten().map(|(device, _)| device.clone()).collect()
}

async fn query(viewer: &User, user: &str) -> Value {
    viewer.post("/_matrix/client/v3/keys/query", json!({ "device_keys": { user: [] } })).await.ok()
}

/// Waits until the user is told that somebody's devices changed.
pub(crate) async fn hears_of(viewer: &User, user: &str) {
    viewer
        .syncs_until("changed devices", |body| {
            body["device_lists"]["changed"].as_array().is_some_and(|changed| changed.contains(&json!(user)))
        })
        .await;
}

#[tokio::test]
async fn a_list_is_fetched_once_and_followed_by_announcements() {
    let Meeting { world, peer, alice, eve, .. } = meeting().await;
    peer.answers(WHOLE_LIST, 200, list(&eve, 3, &[("ONE", 1)]));
    assert_eq!(devices(&alice, &eve).await, ["ONE"]);
    assert_eq!(devices(&alice, &eve).await, ["ONE"]);
    assert_eq!((asked(&peer, WHOLE_LIST), asked(&peer, KEYS_ALONE)), (1, 0));

    peer.sends_edu(&world, "m.device_list_update", update(&eve, ("TWO", 2), 4, &[3])).await;
    hears_of(&alice, &eve).await;
    assert_eq!(devices(&alice, &eve).await, ["ONE", "TWO"]);
    let gone = json!({
        "user_id": eve, "device_id": "ONE", "stream_id": 5, "prev_id": [4], "deleted": true,
    });
    peer.sends_edu(&world, "m.device_list_update", gone).await;
    hears_of(&alice, &eve).await;
    assert_eq!(devices(&alice, &eve).await, ["TWO"]);
    // What is repeated says nothing new.
    peer.sends_edu(&world, "m.device_list_update", update(&eve, ("ONE", 1), 4, &[3])).await;
    assert_eq!(devices(&alice, &eve).await, ["TWO"]);
    assert_eq!((asked(&peer, WHOLE_LIST), asked(&peer, KEYS_ALONE)), (1, 0));
}

#[tokio::test]
async fn a_gap_between_announcements_has_the_list_fetched_anew() {
    let Meeting { world, peer, alice, eve, .. } = meeting().await;
    peer.answers(WHOLE_LIST, 200, list(&eve, 3, &[("ONE", 1)]));
    assert_eq!(devices(&alice, &eve).await, ["ONE"]);
    peer.answers(WHOLE_LIST, 200, list(&eve, 6, &[("ONE", 1), ("LOST", 2), ("TOLD", 3)]));
    peer.sends_edu(&world, "m.device_list_update", update(&eve, ("TOLD", 3), 6, &[5])).await;
    hears_of(&alice, &eve).await;
    // Nobody has to ask for that.
    is_asked(&peer, WHOLE_LIST, 2).await;
    assert_eq!(devices(&alice, &eve).await, ["LOST", "ONE", "TOLD"]);
    peer.sends_edu(&world, "m.device_list_update", update(&eve, ("NEXT", 4), 7, &[6])).await;
    hears_of(&alice, &eve).await;
    assert_eq!(devices(&alice, &eve).await, ["LOST", "NEXT", "ONE", "TOLD"]);
    // One that names nothing before it follows on nothing.
    peer.answers(WHOLE_LIST, 200, list(&eve, 1, &[("ANEW", 5)]));
    peer.sends_edu(&world, "m.device_list_update", update(&eve, ("DUMMY", 6), 1, &[])).await;
    hears_of(&alice, &eve).await;
    is_asked(&peer, WHOLE_LIST, 3).await;
    assert_eq!(devices(&alice, &eve).await, ["ANEW"]);
    assert_eq!(asked(&peer, KEYS_ALONE), 0);
}

#[tokio::test]
async fn many_who_ask_at_once_ask_once() {
    let Meeting { peer, alice, eve, .. } = meeting().await;
    peer.answers(WHOLE_LIST, 200, list(&eve, 3, &[("ONE", 1)]));
    let answers = futures_util::future::join_all((0..8).map(|_| devices(&alice, &eve))).await;
    assert!(answers.iter().all(|devices| *devices == ["ONE"]), "{answers:?}");
    assert_eq!(asked(&peer, WHOLE_LIST), 1);
}

#[tokio::test]
async fn a_list_that_a_server_does_not_give_is_asked_for_as_keys() {
    let Meeting { peer, alice, eve, .. } = meeting().await;
    let keys = SigningKey::new(1).device_keys(&eve, "ONE");
    peer.answers(KEYS_ALONE, 200, json!({ "device_keys": { &eve: { "ONE": keys } } }));
    assert_eq!(devices(&alice, &eve).await, ["ONE"]);
    assert_eq!((asked(&peer, WHOLE_LIST), asked(&peer, KEYS_ALONE)), (1, 1));
}

#[tokio::test]
async fn the_list_of_somebody_who_went_is_not_believed_any_more() {
    let mut meeting = meeting().await;
    let eve = meeting.eve.clone();
    let member = |membership: &str| json!({ "membership": membership });
    meeting.peer.answers(WHOLE_LIST, 200, list(&eve, 3, &[("ONE", 1)]));
    assert_eq!(devices(&meeting.alice, &eve).await, ["ONE"]);
    let (id, left) = meeting.branch.adds(&meeting.peer, &eve, "m.room.member", Some(&eve), member("leave"));
    meeting.peer.sends(&meeting.world, [&left]).await;
    meeting.alice.waits_for_event(&meeting.room, &id).await;
    // Strangers are asked for each time.
    let keys = SigningKey::new(2).device_keys(&eve, "TWO");
    meeting.peer.answers(KEYS_ALONE, 200, json!({ "device_keys": { &eve: { "TWO": keys } } }));
    assert_eq!(devices(&meeting.alice, &eve).await, ["TWO"]);
    // What a stranger announces is nobody's business here.
    let strange = update(&eve, ("THREE", 3), 4, &[3]);
    meeting.peer.sends_edu(&meeting.world, "m.device_list_update", strange).await;
    let (id, back) = meeting.branch.adds(&meeting.peer, &eve, "m.room.member", Some(&eve), member("join"));
    meeting.peer.sends(&meeting.world, [&back]).await;
    meeting.alice.waits_for_event(&meeting.room, &id).await;
    meeting.peer.answers(WHOLE_LIST, 200, list(&eve, 9, &[("FOUR", 4)]));
    assert_eq!(devices(&meeting.alice, &eve).await, ["FOUR"]);
    assert_eq!(asked(&meeting.peer, WHOLE_LIST), 2);
}

#[tokio::test]
async fn t11_garbage_device_keys_of_another_server_are_refused() {
    let Meeting { world, peer, alice, eve, .. } = meeting().await;
    let mut forged = SigningKey::new(2).device_keys(&eve, "FORGED");
    forged["algorithms"] = json!(["m.other"]);
    let foreign = SigningKey::new(3).device_keys("@alice:elsewhere.test", "FOREIGN");
    let huge = json!({ "user_id": eve, "device_id": "HUGE", "keys": { "x": "y".repeat(100_000) } });
    let mut told = list(&eve, 3, &[("GOOD", 1)]);
    for (device, keys) in
        [("FORGED", forged.clone()), ("FOREIGN", foreign.clone()), ("HUGE", huge), ("NUMBER", json!(7))]
    {
        told["devices"].as_array_mut().unwrap().push(json!({ "device_id": device, "keys": keys }));
    }
    peer.answers(WHOLE_LIST, 200, told);
    assert_eq!(devices(&alice, &eve).await, ["GOOD"]);
    for (number, (device, keys)) in
        [("FORGED", forged), ("FOREIGN", foreign), ("LIST", json!([]))].iter().enumerate()
    {
        let number = number as u64;
        let update = json!({
            "user_id": eve, "device_id": device, "stream_id": 4 + number, "prev_id": [3 + number], "keys": keys,
        });
        peer.sends_edu(&world, "m.device_list_update", update).await;
    }
    let other = update(&alice.id, ("MINE", 5), 9, &[]);
    peer.sends_edu(&world, "m.device_list_update", other).await;
    assert_eq!(devices(&alice, &eve).await, ["GOOD"]);
    assert_eq!(devices(&alice, &alice.id).await, [""; 0]);
    assert_eq!((asked(&peer, WHOLE_LIST), asked(&peer, KEYS_ALONE)), (1, 0));
}

#[tokio::test]
async fn announced_cross_signing_keys_are_believed_when_they_hold() {
    let Meeting { world, peer, alice, eve, .. } = meeting().await;
    peer.answers(WHOLE_LIST, 200, list(&eve, 3, &[("ONE", 1)]));
    assert_eq!(devices(&alice, &eve).await, ["ONE"]);
    let (master, own, thief) = (SigningKey::new(10), SigningKey::new(11), SigningKey::new(12));
    let mut forged = own.cross_signing_key(&eve, "self_signing");
    thief.sign(&mut forged, &eve, &master.public());
    let public = master.cross_signing_key(&eve, "master");
    let forged = json!({ "user_id": eve, "master_key": public, "self_signing_key": forged });
    peer.sends_edu(&world, "m.signing_key_update", forged).await;
    assert!(query(&alice, &eve).await["master_keys"].get(&eve).is_none());

    let mut signed = own.cross_signing_key(&eve, "self_signing");
    master.sign(&mut signed, &eve, &master.public());
    let good = json!({ "user_id": eve, "master_key": public, "self_signing_key": signed });
    peer.sends_edu(&world, "m.signing_key_update", good).await;
    hears_of(&alice, &eve).await;
    let seen = query(&alice, &eve).await;
    assert_eq!(seen["master_keys"][&eve]["keys"], public["keys"]);
    assert_eq!(seen["self_signing_keys"][&eve]["keys"], signed["keys"]);
    assert_eq!((asked(&peer, WHOLE_LIST), asked(&peer, KEYS_ALONE)), (1, 0));

    // Now alice can verify eve.
    let (mine, user_signing) = (SigningKey::new(20), SigningKey::new(21));
    let mut user_key = user_signing.cross_signing_key(&alice.id, "user_signing");
    mine.sign(&mut user_key, &alice.id, &mine.public());
    let upload = json!({
        "master_key": mine.cross_signing_key(&alice.id, "master"), "user_signing_key": user_key,
    });
    alice.post("/_matrix/client/v3/keys/device_signing/upload", upload).await.ok();
    let mut verified = public.clone();
    user_signing.sign(&mut verified, &alice.id, &user_signing.public());
    let body = json!({ &eve: { master.public(): verified } });
    let answer = alice.post("/_matrix/client/v3/keys/signatures/upload", body).await.ok();
    assert!(answer["failures"].get(&eve).is_none(), "{answer}");
    let by_alice = &query(&alice, &eve).await["master_keys"][&eve]["signatures"][&alice.id];
    assert!(by_alice.get(format!("ed25519:{}", user_signing.public())).is_some());
}

#[tokio::test]
async fn lists_and_what_is_to_be_fetched_survive_a_kill() {
    let Killable { mut world, peer, alice, eve, .. } = killable().await;
    peer.answers(WHOLE_LIST, 200, list(&eve, 3, &[("ONE", 1)]));
    assert_eq!(devices(&alice, &eve).await, ["ONE"]);
    dies_and_comes_back(&mut world, &peer).await;
    assert_eq!(devices(&alice, &eve).await, ["ONE"]);
    assert_eq!(asked(&peer, WHOLE_LIST), 1);

    peer.answers(WHOLE_LIST, 500, json!({ "errcode": "M_UNKNOWN", "error": "later" }));
    peer.sends_edu(&world, "m.device_list_update", update(&eve, ("TOLD", 3), 6, &[5])).await;
    is_asked(&peer, WHOLE_LIST, 2).await;
    // Before the server is back, which asks as soon as it is.
    peer.answers(WHOLE_LIST, 200, list(&eve, 6, &[("TOLD", 3)]));
    dies_and_comes_back(&mut world, &peer).await;
    // Nobody asks for it: what was owed when the server died is fetched.
    is_asked(&peer, WHOLE_LIST, 3).await;
    assert_eq!(devices(&alice, &eve).await, ["TOLD"]);
    assert_eq!(asked(&peer, KEYS_ALONE), 0);
}

#[tokio::test]
async fn a_message_to_a_device_and_an_announcement_outlive_kills_and_come_in_order() {
    let Killable { mut world, peer, alice, eve, room } = killable().await;
    peer.answers("/federation/v1/send/", 503, json!({ "errcode": "M_UNKNOWN", "error": "later" }));
    let mut expected = Vec::new();
    for round in 0..3 {
        for message in 0..10 {
            let text = format!("{round}.{message}");
            let path = format!("/_matrix/client/v3/sendToDevice/m.test/{}", segment(&text));
            let body = json!({ "messages": { &eve: { "ONE": { "body": text } } } });
            alice.put(&path, body).await.ok();
            expected.push(text);
        }
        alice.uploads_keys_of(&SigningKey::new(7), 0).await.ok();
        let path = format!("/_matrix/client/v3/devices/{}", segment(&alice.device_id));
        alice.put(&path, json!({ "display_name": format!("name {round}") })).await.ok();
        dies_and_comes_back(&mut world, &peer).await;
    }
    peer.answers("/federation/v1/send/", 200, json!({ "pdus": {} }));
    // Whoever speaks is told at once what it missed.
    let typing = json!({ "room_id": room, "user_id": eve, "typing": true });
    peer.sends_edu(&world, "m.typing", typing).await;
    let told = |kind: &str| -> Vec<Value> {
        let edus = peer.edus().into_iter();
        edus.filter(|edu| edu["edu_type"] == kind).map(|edu| edu["content"].clone()).collect()
    };
    let texts = || -> Vec<String> {
        let mut texts: Vec<String> = Vec::new();
        for content in told("m.direct_to_device") {
            let text = content["messages"][&eve]["ONE"]["body"].as_str().unwrap().to_owned();
            // A transaction whose answer was lost is repeated.
            if !texts.contains(&text) {
                texts.push(text);
            }
        }
        texts
    };
    while texts().len() < expected.len() {
        tokio::time::sleep(LOOK_INTERVAL).await;
    }
    assert_eq!(texts(), expected);
    let names_device = |content: &Value| content["device_id"] == alice.device_id.as_str();
    while !told("m.device_list_update")
        .iter()
        .any(|content| names_device(content) && content["keys"].is_object())
    {
        tokio::time::sleep(LOOK_INTERVAL).await;
    }
    let announced = told("m.device_list_update");
    assert!(announced.iter().all(|content| content.get("device_display_name").is_none()), "{announced:?}");
    let mut known: Option<u64> = None;
    for content in announced.iter().filter(|content| content["user_id"] == alice.id.as_str()) {
        let (number, previous) = (content["stream_id"].as_u64().unwrap(), &content["prev_id"]);
        // A transaction whose answer was lost is repeated.
        if known.is_some_and(|known| number <= known) {
            continue;
        }
        assert_eq!(*previous, known.map_or(json!([]), |known| json!([known])), "{announced:?}");
        known = Some(number);
    }
}
