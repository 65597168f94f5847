//! Rooms that let a policy server look at what is said before anybody hears it.

use http::Method;
use serde_json::{Value, json};
use testkit::{Neighbourhood, Peer, User, World, segment};

const SIGN: &str = "/_matrix/policy/v1/sign";

/// `a`, and `p` that serves as policy server and wants nobody to speak of casinos.
async fn servers(neighbourhood: &Neighbourhood) -> (World, World) {
    let a = neighbourhood.server("a", |_| {}).await;
    let serves = |config: &mut config::Config| {
        config.policy_server.enabled = true;
        config.policy_server.denied_words = vec!["Casino".to_owned()];
    };
    let p = neighbourhood.server("p", serves).await;
    (a, p)
}

/// What a room says to use a server.
async fn naming(server: &World) -> Value {
    let document = server.stranger().get("/.well-known/matrix/policy_server").await.ok();
    json!({ "via": server.server_name(), "public_keys": document["public_keys"] })
}

/// A room on `a` with a user of `p` in it, which uses `p`; with whoever founded it.
async fn protected_room(a: &World, p: &World) -> (User, User, String) {
    let (alice, polly) = (a.user("alice").await, p.user("polly").await);
    let room = alice.creates_room_like(json!({ "preset": "public_chat" })).await.room_id();
    let path = format!("/_matrix/client/v3/join/{}?via={}", segment(&room), segment(&a.server_name()));
    polly.post(&path, json!({})).await.ok();
    alice.sets_state(&room, "m.room.policy", "", naming(p).await).await.ok();
    polly.syncs_until("the room to be protected", |body| body.to_string().contains("m.room.policy")).await;
    (alice, polly, room)
}

/// Whether the policy server's signature is on an event, as another server gets it.
async fn is_signed(eve: &Peer, world: &World, event_id: &str, by: &World) -> bool {
    let answer = eve.gets(world, &format!("/_matrix/federation/v1/event/{}", segment(event_id))).await.ok();
    answer["pdus"][0]["signatures"][by.server_name()]["ed25519:policy_server"].is_string()
}

#[tokio::test]
async fn a_policy_server_is_asked_before_an_event_is_sent_and_its_refusal_is_told() {
    let neighbourhood = Neighbourhood::new(&["a", "p", "eve"]);
    let (a, p) = servers(&neighbourhood).await;
    let (alice, polly, room) = protected_room(&a, &p).await;
    let eve = Peer::start(&neighbourhood, "eve").await;
    let bob = a.user("bob").await;
    bob.joins(&room).await.ok();

    let good = bob.sends(&room, "hello").await.event_id();
    polly.waits_for_event(&room, &good).await;
    eve.joins(&a, &room, "eve").await;
    assert!(is_signed(&eve, &a, &good, &p).await);

    let refused = bob.sends(&room, "come to the CASINO").await.fails_as(403, "M_FORBIDDEN");
    assert_eq!(refused["error"], "This text is not welcome here");
    let of_its_own = polly.sends(&room, "casino").await;
    of_its_own.fails_as(403, "M_FORBIDDEN");
    // Who moderates the room is spared, and what names the policy server needs no word of it.
    let quoted = alice.sends(&room, "who said casino?").await.event_id();
    polly.waits_for_event(&room, &quoted).await;
    let after = polly.sends(&room, "nobody").await.event_id();
    alice.waits_for_event(&room, &after).await;
    assert!(is_signed(&eve, &a, &after, &p).await);
    for user in [&alice, &polly] {
        let said = json!(user.whole_history(&room).await).to_string();
        assert!(!said.contains("come to the") && said.contains("who said"), "{said}");
    }
}

#[tokio::test]
async fn a_request_that_is_repeated_makes_one_event_also_with_a_policy_server() {
    let neighbourhood = Neighbourhood::new(&["a", "p"]);
    let (a, p) = servers(&neighbourhood).await;
    let (alice, _, room) = protected_room(&a, &p).await;
    let content = || json!({ "msgtype": "m.text", "body": "once" });
    let send = || alice.sends_event_as(&room, "m.room.message", "the-same", content());
    let (first, second) = tokio::join!(send(), send());
    let first = first.event_id();
    assert_eq!(first, second.event_id());
    assert_eq!(first, send().await.event_id());
    // Many at once stand on each other or beside each other, and all of them are there.
    let many = (0..8).map(|number| {
        let (alice, room) = (&alice, &room);
        async move { alice.sends(room, &format!("number {number} of many")).await.event_id() }
    });
    let sent = futures_util::future::join_all(many).await;
    let history = json!(alice.whole_history(&room).await).to_string();
    assert!(sent.iter().all(|event_id| history.contains(event_id.as_str())), "{history}");
    let last = alice.sends(&room, "the last word").await.event_id();
    alice.waits_for_event(&room, &last).await;
}

#[tokio::test]
async fn what_a_server_sends_without_asking_is_shown_to_the_policy_server_by_those_who_get_it() {
    let neighbourhood = Neighbourhood::new(&["a", "p", "eve"]);
    let (a, p) = servers(&neighbourhood).await;
    let (alice, _, room) = protected_room(&a, &p).await;
    let eve = Peer::start(&neighbourhood, "eve").await;
    let mut branch = eve.joins(&a, &room, "eve").await;
    let user = eve.user("eve");

    let (welcome, event) = branch.says(&eve, &user, "a word in passing");
    eve.sends(&a, [&event]).await;
    alice.waits_for_event(&room, &welcome).await;
    assert!(is_signed(&eve, &a, &welcome, &p).await);

    let mut aside = branch.clone();
    let (unwelcome, event) = aside.says(&eve, &user, "casino casino casino");
    eve.sends(&a, [&event]).await;
    let (later, event) = branch.says(&eve, &user, "as I was saying");
    eve.sends(&a, [&event]).await;
    alice.waits_for_event(&room, &later).await;
    alice.event(&room, &unwelcome).await.fails_as(404, "M_NOT_FOUND");
}

#[tokio::test]
async fn a_room_whose_policy_server_is_gone_tells_so_and_can_do_without_it() {
    let neighbourhood = Neighbourhood::new(&["a", "p"]);
    let (a, mut p) = servers(&neighbourhood).await;
    let (alice, _, room) = protected_room(&a, &p).await;
    alice.sends(&room, "while it is there").await.ok();
    let name = p.server_name();
    p.stops().await;
    let mut refused = alice.sends(&room, "nobody signs this").await;
    assert_eq!(refused.status(), 502);
    assert!(refused.body()["error"].as_str().unwrap().contains(&name), "{:?}", refused.body());
    alice.sets_state(&room, "m.room.policy", "", json!({})).await.ok();
    alice.sends(&room, "free again").await.ok();
}

#[tokio::test]
async fn a_room_that_names_a_wrong_key_spoils_no_other_room_of_the_policy_server() {
    let neighbourhood = Neighbourhood::new(&["a", "p"]);
    let (a, p) = servers(&neighbourhood).await;
    let (alice, polly, room) = protected_room(&a, &p).await;
    let other = alice.creates_room_like(json!({ "preset": "public_chat" })).await.room_id();
    let path = format!("/_matrix/client/v3/join/{}?via={}", segment(&other), segment(&a.server_name()));
    polly.post(&path, json!({})).await.ok();
    let mut wrong = naming(&p).await;
    wrong["public_keys"]["ed25519"] = json!("A".repeat(43));
    alice.sets_state(&other, "m.room.policy", "", wrong).await.ok();
    alice.sends(&other, "nobody can sign this").await.expect_status(502);
    alice.sends(&room, "and this is signed as before").await.ok();
}

#[tokio::test]
async fn a_room_without_a_member_of_the_named_server_uses_no_policy_server() {
    let neighbourhood = Neighbourhood::new(&["a", "p"]);
    let (a, p) = servers(&neighbourhood).await;
    let alice = a.user("alice").await;
    let room = alice.creates_room_like(json!({ "preset": "public_chat" })).await.room_id();
    alice.sets_state(&room, "m.room.policy", "", naming(&p).await).await.ok();
    alice.sends(&room, "casino").await.ok();
}

#[tokio::test]
async fn a_policy_server_signs_for_its_rooms_only_and_only_what_it_was_shown() {
    let neighbourhood = Neighbourhood::new(&["a", "p", "eve"]);
    let (a, p) = servers(&neighbourhood).await;
    let (_, _, room) = protected_room(&a, &p).await;
    let eve = Peer::start(&neighbourhood, "eve").await;
    let mut branch = eve.joins(&a, &room, "eve").await;
    let user = eve.user("eve");
    let asks =
        async |world: &World, event: &Value| eve.asks(world, Method::POST, SIGN, Some(event.clone())).await;

    let (_, good) = branch.says(&eve, &user, "good evening");
    let signed = asks(&p, &good).await.ok();
    assert!(signed[p.server_name()]["ed25519:policy_server"].is_string(), "{signed}");
    let (_, bad) = branch.says(&eve, &user, "casino");
    asks(&p, &bad).await.fails_as(400, "M_FORBIDDEN");
    // The signature covers the hash: another content under the same hash must not get one.
    let mut disguised = bad.clone();
    disguised["content"]["body"] = json!("good evening");
    asks(&p, &disguised).await.fails_as(400, "M_BAD_JSON");
    let mut forged = good.clone();
    forged["sender"] = json!(format!("@alice:{}", a.server_name()));
    asks(&p, &forged).await.fails_as(400, "M_BAD_JSON");
    let draft = branch.drafts(&user, "m.room.policy", Some(""), json!({}));
    asks(&p, &eve.signs(&branch.version, draft).1).await.fails_as(400, "M_BAD_JSON");
    asks(&p, &json!({ "type": "m.room.message" })).await.fails_as(400, "M_BAD_JSON");

    let mut elsewhere = good.clone();
    elsewhere["room_id"] = json!("!elsewhere:a.test");
    asks(&p, &elsewhere).await.fails_as(404, "M_NOT_FOUND");
    asks(&a, &good).await.fails_as(404, "M_UNRECOGNIZED");
}
