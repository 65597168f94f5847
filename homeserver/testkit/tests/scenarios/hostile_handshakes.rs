//! A hostile server at the door: invites, templates and rooms that are not what they claim. Nothing of it is signed,
//! nothing of it stays.

use http::Method;
use serde_json::{Value, json};
use testkit::{Neighbourhood, Peer, PeerRoom, User, World, segment};

/// A server with alice, and a hostile one that has founded a room.
struct Encounter {
    world: World,
    alice: User,
    peer: Peer,
    eve: String,
    founded: PeerRoom,
}

async fn encounter() -> Encounter {
    encounter_among(&Neighbourhood::new(&["a", "eve"])).await
}

async fn encounter_among(neighbourhood: &Neighbourhood) -> Encounter {
    let world = neighbourhood.server("a", |_| {}).await;
    let alice = world.user("alice").await;
    let peer = Peer::start(neighbourhood, "eve").await;
    let eve = peer.user("eve");
    let founded = PeerRoom::founded(&peer, &eve, "11");
    Encounter { world, alice, peer, eve, founded }
}

impl Encounter {
    /// An invite for alice that is not signed yet, to be bent.
    fn invite(&self) -> Value {
        let content = json!({ "membership": "invite" });
        self.founded.clone().drafts(&self.eve, "m.room.member", Some(&self.alice.id), content)
    }

    /// Asks the server to sign an event as an invite, under this id.
    async fn asks_to_sign(&self, id: &str, event: &Value, shown: Value) -> testkit::Answer {
        let (room, id) = (segment(&self.founded.room_id), segment(id));
        let body = json!({ "room_version": "11", "event": event, "invite_room_state": shown });
        let path = format!("/_matrix/federation/v2/invite/{room}/{id}");
        self.peer.asks(&self.world, Method::PUT, &path, Some(body)).await
    }

    /// Alice's request to join or knock by the hostile server.
    async fn goes(&self, how: &str) -> testkit::Answer {
        let (room, via) = (segment(&self.founded.room_id), segment(self.peer.name()));
        let path = format!("/_matrix/client/v3/{how}/{room}?via={via}&server_name={via}");
        self.alice.post(&path, json!({})).await
    }

    fn was_asked(&self, what: &str) -> bool {
        self.peer.asked().iter().any(|asked| asked.contains(what))
    }
}

#[tokio::test]
async fn t01_only_an_invite_of_the_asking_servers_own_user_for_one_of_ours_is_signed() {
    let meeting = encounter().await;
    let bent = |path: &str, value: Value| {
        let mut event = meeting.invite();
        *event.pointer_mut(path).expect("an invite has it") = value;
        event
    };
    let elsewhere = format!("!elsewhere:{}", meeting.peer.name());
    for event in [
        bent("/type", json!("m.room.power_levels")),
        bent("/content/membership", json!("join")),
        bent("/content/membership", json!("ban")),
        bent("/room_id", json!(elsewhere)),
        bent("/sender", json!(meeting.alice.id)),
        bent("/sender", json!("@mallory:other.test")),
        bent("/state_key", json!(meeting.eve)),
        bent("/state_key", json!("@bob:other.test")),
        bent("/state_key", json!(format!("@nobody:{}", meeting.world.server_name()))),
        bent("/state_key", json!("alice")),
    ] {
        let (id, signed) = meeting.peer.signs("11", event.clone());
        let mut answer = meeting.asks_to_sign(&id, &signed, json!([])).await;
        assert!((400..500).contains(&answer.status()), "{event}: {answer}");
        assert!(answer.body().get("event").is_none(), "nothing signed comes back: {answer}");
    }
    let (id, signed) = meeting.peer.signs("11", meeting.invite());
    let mut unsigned = signed.clone();
    unsigned["signatures"] = json!({});
    let (other, _) = meeting.peer.signs("11", bent("/depth", json!(99)));
    for (id, event) in [(&id, &unsigned), (&other, &signed)] {
        let mut answer = meeting.asks_to_sign(id, event, json!([])).await;
        assert!((400..500).contains(&answer.status()), "{event}: {answer}");
    }
    assert!(meeting.alice.syncs().await["rooms"]["invite"].get(&meeting.founded.room_id).is_none());
    // The same without a lie is signed.
    let answer = meeting.asks_to_sign(&id, &signed, json!([])).await.ok();
    assert!(answer["event"]["signatures"][meeting.world.server_name()].is_object(), "{answer}");
    meeting.alice.waits_for_invite(&meeting.founded.room_id).await;
}

#[tokio::test]
async fn t02_no_template_of_something_else_gets_our_signature() {
    let meeting = encounter().await;
    let changes = [
        ("/event/type", json!("m.room.power_levels")),
        ("/event/sender", json!(meeting.eve)),
        ("/event/state_key", json!(meeting.eve)),
        ("/event/room_id", json!("!other:eve.test")),
        ("/event/content", json!({ "membership": "ban" })),
        ("/event/content", json!({ "users": { "@eve:eve.test": 100 } })),
        ("/event/prev_events", json!([])),
        ("/room_version", json!("unheard-of")),
    ];
    for (how, asked, membership) in [("join", "make_join", "join"), ("knock", "make_knock", "knock")] {
        for (path, value) in &changes {
            let mut template = meeting.founded.template(&meeting.alice.id);
            template["event"]["content"]["membership"] = json!(membership);
            *template.pointer_mut(path).expect("a template has it") = value.clone();
            meeting.peer.answers(asked, 200, template);
            let mut answer = meeting.goes(how).await;
            assert!(answer.status() >= 400, "{how}, {path} {value}: {answer}");
        }
        let mut with_more = meeting.founded.template(&meeting.alice.id);
        with_more["event"]["content"]["membership"] = json!(membership);
        with_more["event"]["redacts"] = json!("$something");
        meeting.peer.answers(asked, 200, with_more);
        assert!(meeting.goes(how).await.status() >= 400);
        assert!(meeting.was_asked(asked) && !meeting.was_asked("send_"), "{:?}", meeting.peer.asked());
    }
    // An invite is rejected by a template of the inviter's server; a foreign one ends the invite here alone.
    let (id, signed) = meeting.peer.signs("11", meeting.invite());
    meeting.asks_to_sign(&id, &signed, json!([])).await.ok();
    meeting.alice.waits_for_invite(&meeting.founded.room_id).await;
    let mut template = meeting.founded.template(&meeting.alice.id);
    template["event"]["type"] = json!("m.room.power_levels");
    template["event"]["content"] = json!({ "membership": "leave", "users": { &meeting.eve: 100 } });
    meeting.peer.answers("make_leave", 200, template);
    meeting.alice.leaves(&meeting.founded.room_id).await.ok();
    assert!(meeting.was_asked("make_leave") && !meeting.was_asked("send_leave"));
}

#[tokio::test]
async fn t03_a_room_without_its_one_create_event_is_not_joined_and_leaves_no_half() {
    let meeting = encounter().await;
    let told = meeting.founded.told(&meeting.peer);
    meeting.peer.answers("make_join", 200, meeting.founded.template(&meeting.alice.id));
    let without = |kind: &str| {
        let mut told = told.clone();
        for list in ["state", "auth_chain"] {
            told[list].as_array_mut().unwrap().retain(|event| event["type"] != kind);
        }
        told
    };
    let with = |event: &Value| {
        let mut told = told.clone();
        for list in ["state", "auth_chain"] {
            told[list].as_array_mut().unwrap().push(event.clone());
        }
        told
    };
    let other_room = PeerRoom::founded(&meeting.peer, &meeting.peer.user("mallory"), "11");
    let second_create = other_room.told(&meeting.peer)["state"]
        .as_array()
        .unwrap()
        .iter()
        .find(|event| event["type"] == "m.room.create")
        .unwrap()
        .clone();
    let mut forged = told.clone();
    for event in forged["state"].as_array_mut().unwrap() {
        if event["type"] == "m.room.power_levels" {
            event["content"]["users"]["@mallory:eve.test"] = json!(100);
        }
    }
    forged["auth_chain"] = forged["state"].clone();
    for answer in [
        without("m.room.create"),
        without("m.room.member"),
        with(&second_create),
        forged,
        json!({ "state": [], "auth_chain": [] }),
    ] {
        meeting.peer.answers("send_join", 200, answer.clone());
        let mut outcome = meeting.goes("join").await;
        assert!(outcome.status() >= 400, "{outcome} after {answer}");
        assert!(meeting.alice.joined_rooms().await.is_empty());
    }
    meeting.peer.answers("send_join", 200, told);
    assert_eq!(meeting.goes("join").await.room_id(), meeting.founded.room_id);
    assert_eq!(meeting.alice.joined_rooms().await, [meeting.founded.room_id.clone()]);
}

#[tokio::test]
async fn t03_a_join_that_is_sent_for_another_path_is_refused() {
    let meeting = encounter().await;
    let body = json!({ "preset": "public_chat", "room_version": "11" });
    let room = meeting.alice.creates_room_like(body).await.room_id();
    let other = meeting.alice.creates_room().await;
    let path =
        format!("/_matrix/federation/v1/make_join/{}/{}?ver=11", segment(&room), segment(&meeting.eve));
    let template = meeting.peer.gets(&meeting.world, &path).await.ok()["event"].clone();
    let (id, event) = meeting.peer.signs("11", template.clone());
    let mut leave = template.clone();
    leave["content"]["membership"] = json!("leave");
    let (leave_id, leave) = meeting.peer.signs("11", leave);
    let mut of_other = template.clone();
    of_other["sender"] = json!(meeting.alice.id);
    of_other["state_key"] = json!(meeting.alice.id);
    let (of_other_id, of_other) = meeting.peer.signs("11", of_other);
    let mut message = template;
    message.as_object_mut().unwrap().remove("state_key");
    let (message_id, message) = meeting.peer.signs("11", message);
    for (room, id, event) in [
        (&other, &id, &event),
        (&room, &leave_id, &event),
        (&room, &leave_id, &leave),
        (&room, &of_other_id, &of_other),
        (&room, &message_id, &message),
    ] {
        let path = format!("/_matrix/federation/v2/send_join/{}/{}", segment(room), segment(id));
        let mut answer = meeting.peer.asks(&meeting.world, Method::PUT, &path, Some(event.clone())).await;
        assert!((400..500).contains(&answer.status()), "{event}: {answer}");
    }
    meeting.alice.state(&room, "m.room.member", &meeting.eve).await.fails_with("M_NOT_FOUND");
    let path = format!("/_matrix/federation/v2/send_join/{}/{}", segment(&room), segment(&id));
    meeting.peer.asks(&meeting.world, Method::PUT, &path, Some(event)).await.ok();
    assert_eq!(meeting.alice.state(&room, "m.room.member", &meeting.eve).await.ok()["membership"], "join");
}

#[tokio::test]
async fn t10_an_invite_with_odd_state_breaks_no_sync() {
    let meeting = encounter().await;
    let name = |content: Value| json!({ "type": "m.room.name", "state_key": "", "sender": meeting.eve, "content": content });
    let oddities = [
        json!([name(json!({ "name": 5 }))]),
        json!([name(json!([]))]),
        json!([name(json!("x")), name(json!(null))]),
        json!([{}, 5, "text", null, []]),
        json!([{ "type": 7, "state_key": "", "sender": meeting.eve, "content": {} }]),
        json!([{ "type": "m.room.create", "state_key": 3, "sender": 4, "content": { "room_version": {} } }]),
        json!([{ "type": "m.room.member", "state_key": "nobody", "sender": "nobody", "content": {} }]),
        json!(vec![name(json!({ "name": "x".repeat(1_000) })); 500]),
    ];
    for (number, shown) in oddities.into_iter().enumerate() {
        let mut event = meeting.invite();
        event["depth"] = json!(100 + number);
        let (id, signed) = meeting.peer.signs("11", event);
        let mut answer = meeting.asks_to_sign(&id, &signed, shown.clone()).await;
        assert!([200, 400, 403, 413].contains(&answer.status()), "{answer}");
        meeting.alice.syncs_with("timeout=0&full_state=true").await;
        let body = json!({ "lists": { "all": { "ranges": [[0, 9]], "timeline_limit": 1, "required_state": [["*", "*"]] } } });
        let path = "/_matrix/client/unstable/org.matrix.simplified_msc3575/sync?timeout=0";
        meeting.alice.post(path, body).await.ok();
    }
    let (id, signed) = meeting.peer.signs("11", meeting.invite());
    meeting.asks_to_sign(&id, &signed, json!([name(json!({ "name": "Study" }))])).await.ok();
    meeting.alice.waits_for_invite(&meeting.founded.room_id).await;
}

#[tokio::test]
async fn an_invite_is_taken_back_by_its_sender_alone() {
    let neighbourhood = Neighbourhood::new(&["a", "eve", "mo"]);
    let mut meeting = encounter_among(&neighbourhood).await;
    let other = Peer::start(&neighbourhood, "mo").await;
    let (mallory, stranger) = (meeting.peer.user("mallory"), other.user("stranger"));
    // Both may do as they like in the room.
    let levels = json!({ "users": { &meeting.eve: 100, &mallory: 100, &stranger: 100 } });
    meeting.founded.adds(&meeting.peer, &meeting.eve, "m.room.power_levels", Some(""), levels);
    for user in [&mallory, &stranger] {
        let join = json!({ "membership": "join" });
        meeting.founded.adds(&meeting.peer, user, "m.room.member", Some(user), join);
    }
    let (id, signed) = meeting.peer.signs("11", meeting.invite());
    meeting.asks_to_sign(&id, &signed, json!([])).await.ok();
    meeting.alice.waits_for_invite(&meeting.founded.room_id).await;
    meeting.founded.takes(&meeting.peer, &id, &signed);

    let alice = meeting.alice.id.clone();
    let leave = |by: &str| json!({ "membership": "leave", "reason": by });
    let draft = |sender: &str, by: &str| {
        meeting.founded.clone().drafts(sender, "m.room.member", Some(&alice), leave(by))
    };
    let by_colleague = meeting.peer.signs("11", draft(&mallory, "a colleague")).1;
    let by_stranger = other.signs("11", draft(&stranger, "a stranger")).1;
    let in_another_name = other.signs("11", draft(&meeting.eve, "a liar")).1;
    let of_another_kind = {
        let mut draft = draft(&meeting.eve, "no leave");
        draft["content"]["membership"] = json!("invite");
        meeting.peer.signs("11", draft).1
    };
    meeting.peer.sends(&meeting.world, [&by_colleague, &of_another_kind]).await;
    other.sends(&meeting.world, [&by_stranger, &in_another_name]).await;
    // In the line of the room behind the others: had one of them counted, there would be nothing to take back any more.
    let by_sender = meeting.peer.signs("11", draft(&meeting.eve, "who invited")).1;
    meeting.peer.sends(&meeting.world, [&by_sender]).await;
    let room = &meeting.founded.room_id;
    let body =
        meeting.alice.syncs_until("the end of the invite", |body| body["rooms"]["leave"].get(room).is_some());
    let left = body.await["rooms"]["leave"][room].clone();
    assert!(left.to_string().contains("who invited"), "{left}");
}
