//! Rooms of other servers that are entered before their members are known (MSC3706, MSC3902).

use http::Method;
use serde_json::{Value, json};
use testkit::limits::LOOK_INTERVAL;
use testkit::{Answer, Neighbourhood, Peer, PeerRoom, User, World, segment};

/// A filter of a client to which members are sent when it needs them.
const LAZY: &str = r#"{"room":{"state":{"lazy_load_members":true},"timeline":{"lazy_load_members":true}}}"#;

/// A server whose user alice is in a room of a peer, where charlie and derek are too. The peer does not tell the state.
struct Partial {
    world: World,
    peer: Peer,
    alice: User,
    charlie: String,
    derek: String,
    room: PeerRoom,
}

async fn joins(user: &User, room: &str, peer: &Peer) -> Answer {
    let path = format!("/_matrix/client/v3/join/{}?via={}", segment(room), segment(peer.name()));
    user.post(&path, json!({})).await
}

/// What alice's server and room are, with some more done to the room before she comes.
async fn entered_after(prepare: impl FnOnce(&Peer, &mut PeerRoom)) -> Partial {
    entered_in(&Neighbourhood::new(&["a", "eve"]), prepare).await
}

async fn entered_in(neighbourhood: &Neighbourhood, prepare: impl FnOnce(&Peer, &mut PeerRoom)) -> Partial {
    let world = neighbourhood.server("a", |_| {}).await;
    let peer = Peer::start(neighbourhood, "eve").await;
    let (charlie, derek) = (peer.user("charlie"), peer.user("derek"));
    let mut room = PeerRoom::founded(&peer, &charlie, "11");
    room.adds(&peer, &derek, "m.room.member", Some(&derek), json!({ "membership": "join" }));
    prepare(&peer, &mut room);
    peer.hosts(&room);
    peer.holds_state(true);
    let alice = world.user("alice").await;
    alice.syncs().await;
    joins(&alice, &room.room_id, &peer).await.ok();
    let room = peer.hosted(&room.room_id);
    Partial { world, peer, alice, charlie, derek, room }
}

async fn entered() -> Partial {
    entered_after(|_, _| {}).await
}

/// A sync of a client to which members are sent when it needs them.
async fn lazily(user: &User, since: Option<&str>) -> Value {
    let since = since.map(|since| format!("&since={since}&timeout=1000")).unwrap_or_default();
    user.get(&format!("/_matrix/client/v3/sync?filter={}{since}", segment(LAZY))).await.ok()
}

/// Syncs so until an event is in the timeline, and returns the room's part of the answer and the token.
async fn lazily_until(user: &User, room: &str, event: &str) -> (Value, String) {
    let mut since: Option<String> = None;
    for _ in 0..30 {
        let mut body = lazily(user, since.as_deref()).await;
        let token = body["next_batch"].as_str().unwrap().to_owned();
        let events = body["rooms"]["join"][room]["timeline"]["events"].as_array().cloned();
        if events.unwrap_or_default().iter().any(|shown| shown["event_id"] == event) {
            return (body["rooms"]["join"][room].take(), token);
        }
        since = Some(token);
    }
    panic!("{event} did not come");
}

fn members_in(room: &Value) -> Vec<String> {
    let parts = ["state", "timeline"].into_iter().filter_map(|part| room[part]["events"].as_array());
    let events = parts.flatten().filter(|event| event["type"] == "m.room.member");
    events.map(|event| event["state_key"].as_str().unwrap().to_owned()).collect()
}

impl Partial {
    fn id(&self) -> &str {
        &self.room.room_id
    }

    /// A message of a user of the peer, which is sent.
    async fn says(&mut self, sender: &str, text: &str) -> String {
        let (id, event) = self.room.says(&self.peer, sender, text);
        self.peer.sends(&self.world, [&event]).await;
        id
    }

    async fn has(&self, event: &str) -> bool {
        self.alice.event(self.id(), event).await.status() == 200
    }

    /// Lets the peer tell the state, and waits until everybody is known.
    async fn becomes_whole(&self) -> Value {
        self.peer.holds_state(false);
        self.alice.reads_room(self.id(), "members").await.ok()
    }

    async fn asked_for_state_at(&self, event: &str) -> Answer {
        let query = format!("event_id={}", segment(event));
        let path = format!("/_matrix/federation/v1/state_ids/{}?{query}", segment(self.id()));
        self.peer.gets(&self.world, &path).await
    }

    /// The ids of the state before an event, as alice's server tells them.
    async fn told_state_at(&self, event: &str) -> Vec<String> {
        let told = self.asked_for_state_at(event).await.ok();
        let mut ids: Vec<String> = serde_json::from_value(told["pdu_ids"].clone()).unwrap();
        ids.sort();
        ids
    }

    fn own_state(&self) -> Vec<String> {
        let mut ids: Vec<String> = self.room.state.values().cloned().collect();
        ids.sort();
        ids
    }
}

#[tokio::test]
async fn a_room_is_used_before_its_members_are_known() {
    let mut meeting = entered().await;
    let room = meeting.id().to_owned();
    let eager = meeting.alice.syncs().await;
    assert!(eager["rooms"]["join"].get(&room).is_none(), "who wants all members is not shown a part of them");
    let shown = lazily(&meeting.alice, None).await;
    assert_eq!(members_in(&shown["rooms"]["join"][&room]), [meeting.alice.id.clone()]);
    let own = meeting.alice.sends(&room, "hello").await.event_id();
    meeting.peer.waits_to_receive(&own).await;
    let derek = meeting.derek.clone();
    let heard = meeting.says(&derek, "welcome").await;
    let (part, token) = lazily_until(&meeting.alice, &room, &heard).await;
    assert!(members_in(&part).contains(&derek), "{part}");
    let members = meeting.becomes_whole().await;
    assert_eq!(members["chunk"].as_array().unwrap().len(), 3, "{members}");
    let body = meeting.alice.syncs_until("the room", |body| body["rooms"]["join"].get(&room).is_some()).await;
    let mut known = members_in(&body["rooms"]["join"][&room]);
    known.sort();
    known.dedup();
    let mut expected = vec![meeting.alice.id.clone(), meeting.charlie.clone(), derek];
    expected.sort();
    assert_eq!(known, expected);
    // The other client is told of nobody whom it does not need, and how many there are.
    let later = lazily(&meeting.alice, Some(&token)).await;
    let part = &later["rooms"]["join"][&room];
    assert!(!members_in(part).contains(&meeting.charlie), "{part}");
    assert_eq!(part["summary"]["m.joined_member_count"], 3, "{part}");
}

#[tokio::test]
async fn who_wants_all_members_is_woken_when_they_are_known() {
    let meeting = entered().await;
    meeting.alice.syncs().await;
    let waiting =
        meeting.alice.syncs_until("the room", |body| body["rooms"]["join"].get(meeting.id()).is_some());
    let released = async { meeting.peer.holds_state(false) };
    let (body, ()) = tokio::join!(waiting, released);
    assert!(members_in(&body["rooms"]["join"][meeting.id()]).contains(&meeting.charlie));
}

#[tokio::test]
async fn questions_for_all_members_wait_until_they_are_known() {
    let meeting = entered().await;
    let charlies = format!("state/m.room.member/{}", segment(&meeting.charlie));
    for what in ["members", "joined_members", "state", &charlies] {
        let mut waiting = Box::pin(meeting.alice.reads_room(meeting.id(), what));
        let patience = std::time::Duration::from_millis(200);
        assert!(tokio::time::timeout(patience, &mut waiting).await.is_err(), "{what} was answered");
    }
    let levels = meeting.alice.state(meeting.id(), "m.room.power_levels", "").await.ok();
    assert_eq!(levels["users"][&meeting.charlie], 100);
    meeting.becomes_whole().await;
    let joined = meeting.alice.reads_room(meeting.id(), "joined_members").await.ok();
    assert_eq!(joined["joined"].as_object().unwrap().len(), 3);
    let charlie = meeting.alice.state(meeting.id(), "m.room.member", &meeting.charlie).await.ok();
    assert_eq!(charlie["membership"], "join");
}

#[tokio::test]
async fn members_go_on_arriving_after_a_restart() {
    let mut meeting = entered().await;
    let room = meeting.id().to_owned();
    let charlie = meeting.charlie.clone();
    let before = meeting.says(&charlie, "before").await;
    lazily_until(&meeting.alice, &room, &before).await;
    meeting.world.restarts().await;
    let eager = meeting.alice.syncs().await;
    assert!(eager["rooms"]["join"].get(&room).is_none());
    let after = meeting.says(&charlie, "after").await;
    lazily_until(&meeting.alice, &room, &after).await;
    let members = meeting.becomes_whole().await;
    assert_eq!(members["chunk"].as_array().unwrap().len(), 3);
    assert_eq!(meeting.told_state_at(&after).await, meeting.own_state());
    meeting.world.restarts().await;
    let members = meeting.alice.reads_room(&room, "members").await.ok();
    assert_eq!(members["chunk"].as_array().unwrap().len(), 3);
}

#[tokio::test]
async fn while_members_are_missing_nobody_else_is_let_in_and_the_state_is_not_told() {
    let mut meeting = entered().await;
    let (user, charlie) = (meeting.peer.user("elsie"), meeting.charlie.clone());
    let event = meeting.says(&charlie, "hello").await;
    lazily_until(&meeting.alice, meeting.id(), &event).await;
    meeting.asked_for_state_at(&event).await.fails_as(403, "M_FORBIDDEN");
    for kind in ["join", "knock", "leave"] {
        let (room, user) = (segment(meeting.id()), segment(&user));
        let path = format!("/_matrix/federation/v1/make_{kind}/{room}/{user}?ver=11");
        meeting.peer.gets(&meeting.world, &path).await.fails_as(404, "M_NOT_FOUND");
    }
    let draft = meeting.room.drafts(&user, "m.room.member", Some(&user), json!({ "membership": "join" }));
    let (id, join) = meeting.peer.signs("11", draft);
    let path = format!("/_matrix/federation/v2/send_join/{}/{}", segment(meeting.id()), segment(&id));
    let sent = meeting.peer.asks(&meeting.world, Method::PUT, &path, Some(join)).await;
    sent.fails_as(404, "M_NOT_FOUND");
    meeting.becomes_whole().await;
    assert_eq!(meeting.told_state_at(&event).await, meeting.own_state());
}

/// A room in which derek has left, who may do what others may not.
async fn entered_after_derek_left() -> (Partial, String) {
    let mut stay = String::new();
    let meeting = entered_after(|peer, room| {
        let elsie = peer.user("elsie");
        stay = derek_leaves(peer, room, &elsie);
        room.adds(peer, &elsie, "m.room.member", Some(&elsie), json!({ "membership": "join" }));
    })
    .await;
    (meeting, stay)
}

/// Lets derek rise above elsie and leave. Returns the event by which he had come.
fn derek_leaves(peer: &Peer, room: &mut PeerRoom, elsie: &str) -> String {
    let (charlie, derek) = (peer.user("charlie"), peer.user("derek"));
    let levels = json!({ "users": { charlie.clone(): 100, derek.clone(): 100, elsie: 50 } });
    room.adds(peer, &charlie, "m.room.power_levels", Some(""), levels);
    let stay = room.state[&("m.room.member".to_owned(), derek.clone())].clone();
    room.adds(peer, &derek, "m.room.member", Some(&derek), json!({ "membership": "leave" }));
    stay
}

impl Partial {
    /// An event of derek, who claims to be in the room still. It is no part of the room's state.
    fn derek_claims(&mut self, stay: &str, kind: &str, state_key: &str, content: Value) -> (String, Value) {
        let derek = self.derek.clone();
        let mut draft = self.room.drafts(&derek, kind, Some(state_key), content);
        let left = self.room.state[&("m.room.member".to_owned(), derek)].clone();
        for named in draft["auth_events"].as_array_mut().unwrap() {
            if *named == left {
                *named = json!(stay);
            }
        }
        let (id, event) = self.peer.signs("11", draft);
        let state = self.room.state.clone();
        self.room.takes(&self.peer, &id, &event);
        self.room.state = state;
        (id, event)
    }
}

#[tokio::test]
async fn state_that_was_accepted_wrongly_is_taken_back() {
    let (mut meeting, stay) = entered_after_derek_left().await;
    let (bad, event) = meeting.derek_claims(&stay, "m.room.test", "", json!({ "body": "mine" }));
    meeting.peer.sends(&meeting.world, [&event]).await;
    lazily_until(&meeting.alice, meeting.id(), &bad).await;
    let charlie = meeting.charlie.clone();
    let good = meeting.says(&charlie, "hello").await;
    lazily_until(&meeting.alice, meeting.id(), &good).await;
    meeting.becomes_whole().await;
    assert!(!meeting.has(&bad).await, "derek was not in the room");
    assert!(meeting.has(&good).await);
    meeting.alice.state(meeting.id(), "m.room.test", "").await.fails_as(404, "M_NOT_FOUND");
    assert_eq!(meeting.told_state_at(&good).await, meeting.own_state());
}

#[tokio::test]
async fn who_was_banned_does_not_speak_from_before_the_ban_while_members_are_missing() {
    let mut meeting = entered().await;
    let (charlie, derek) = (meeting.charlie.clone(), meeting.derek.clone());
    let mut before = meeting.room.clone();
    let ban = json!({ "membership": "ban" });
    let (ban, event) = meeting.room.adds(&meeting.peer, &charlie, "m.room.member", Some(&derek), ban);
    meeting.peer.sends(&meeting.world, [&event]).await;
    lazily_until(&meeting.alice, meeting.id(), &ban).await;
    let (late, event) = before.says(&meeting.peer, &derek, "I was here before");
    meeting.peer.sends(&meeting.world, [&event]).await;
    let good = meeting.says(&charlie, "hello").await;
    lazily_until(&meeting.alice, meeting.id(), &good).await;
    meeting.becomes_whole().await;
    assert!(!meeting.has(&late).await, "what came after the ban is not shown");
    assert!(meeting.has(&ban).await && meeting.has(&good).await);
    let sent = meeting.alice.sends(meeting.id(), "who is there?").await.event_id();
    assert_eq!(meeting.told_state_at(&sent).await, {
        let mut state = meeting.own_state();
        state.sort();
        state
    });
}

#[tokio::test]
async fn what_was_rejected_wrongly_is_allowed_after_all() {
    let (mut meeting, stay) = entered_after_derek_left().await;
    let elsie = meeting.peer.user("elsie");
    let (kick, event) =
        meeting.derek_claims(&stay, "m.room.member", &elsie, json!({ "membership": "leave" }));
    meeting.peer.sends(&meeting.world, [&event]).await;
    let (state, event) =
        meeting.room.adds(&meeting.peer, &elsie, "m.room.test", Some(""), json!({ "body": "x" }));
    meeting.peer.sends(&meeting.world, [&event]).await;
    let charlie = meeting.charlie.clone();
    let last = meeting.says(&charlie, "hello").await;
    lazily_until(&meeting.alice, meeting.id(), &last).await;
    assert!(meeting.has(&kick).await && !meeting.has(&state).await);
    meeting.becomes_whole().await;
    assert!(!meeting.has(&kick).await && meeting.has(&state).await);
    assert_eq!(meeting.alice.state(meeting.id(), "m.room.test", "").await.ok()["body"], "x");
    assert_eq!(meeting.told_state_at(&last).await, meeting.own_state());
}

#[tokio::test]
async fn others_of_the_server_come_in_and_leave_while_members_are_missing() {
    let mut meeting = entered().await;
    let room = meeting.id().to_owned();
    let bob = meeting.world.user("bob").await;
    joins(&bob, &room, &meeting.peer).await.ok();
    meeting.room = meeting.peer.hosted(&room);
    let own = bob.sends(&room, "here I am").await.event_id();
    lazily_until(&meeting.alice, &room, &own).await;
    meeting.alice.leaves(&room).await.ok();
    assert!(meeting.alice.joined_rooms().await.is_empty());
    joins(&meeting.alice, &room, &meeting.peer).await.ok();
    let again = meeting.alice.sends(&room, "again").await.event_id();
    lazily_until(&bob, &room, &again).await;
    let members = meeting.becomes_whole().await;
    assert_eq!(members["chunk"].as_array().unwrap().len(), 4, "{members}");
}

#[tokio::test]
async fn a_room_that_everybody_left_before_its_members_were_known_is_entered_again() {
    let mut meeting = entered().await;
    let room = meeting.id().to_owned();
    meeting.alice.leaves(&room).await.ok();
    joins(&meeting.alice, &room, &meeting.peer).await.ok();
    meeting.room = meeting.peer.hosted(&room);
    let charlie = meeting.charlie.clone();
    let message = meeting.says(&charlie, "welcome back").await;
    lazily_until(&meeting.alice, &room, &message).await;
    let members = meeting.becomes_whole().await;
    assert_eq!(members["chunk"].as_array().unwrap().len(), 3, "{members}");
}

#[tokio::test]
async fn who_was_invited_before_comes_in_or_declines_while_members_are_missing() {
    let neighbourhood = Neighbourhood::new(&["a", "eve"]);
    let world = neighbourhood.server("a", |_| {}).await;
    let peer = Peer::start(&neighbourhood, "eve").await;
    let [alice, bob, carol] = world.users(["alice", "bob", "carol"]).await;
    let charlie = peer.user("charlie");
    let mut room = PeerRoom::founded(&peer, &charlie, "11");
    room.adds(&peer, &charlie, "m.room.join_rules", Some(""), json!({ "join_rule": "invite" }));
    for user in [&alice, &bob, &carol] {
        let content = json!({ "membership": "invite" });
        let (id, invite) = room.adds(&peer, &charlie, "m.room.member", Some(&user.id), content);
        let path = format!("/_matrix/federation/v2/invite/{}/{}", segment(&room.room_id), segment(&id));
        let body = json!({ "room_version": "11", "event": invite, "invite_room_state": [] });
        peer.asks(&world, Method::PUT, &path, Some(body)).await.ok();
    }
    peer.hosts(&room);
    peer.holds_state(true);
    joins(&alice, &room.room_id, &peer).await.ok();
    joins(&bob, &room.room_id, &peer).await.ok();
    let hello = bob.sends(&room.room_id, "hello").await.event_id();
    lazily_until(&alice, &room.room_id, &hello).await;
    peer.holds_state(false);
    carol.leaves(&room.room_id).await.ok();
    let members = alice.reads_room(&room.room_id, "members?membership=join").await.ok();
    assert_eq!(members["chunk"].as_array().unwrap().len(), 3, "{members}");
}

#[tokio::test]
async fn a_ban_counts_while_members_are_missing() {
    let mut meeting = entered().await;
    let (charlie, alice) = (meeting.charlie.clone(), meeting.alice.id.clone());
    let content = json!({ "membership": "ban" });
    let (_, ban) = meeting.room.adds(&meeting.peer, &charlie, "m.room.member", Some(&alice), content);
    meeting.peer.sends(&meeting.world, [&ban]).await;
    let room = meeting.id().to_owned();
    let body = meeting.alice.syncs_until("the ban", |body| body["rooms"]["leave"].get(&room).is_some()).await;
    assert!(body["rooms"]["join"].get(&room).is_none());
    joins(&meeting.alice, &room, &meeting.peer).await.fails_as(403, "M_FORBIDDEN");
    meeting.peer.holds_state(false);
}

#[tokio::test]
async fn an_alias_names_the_servers_that_were_told_with_the_join() {
    let meeting = entered().await;
    let alias = format!("#here:{}", meeting.world.server_name());
    meeting.alice.publishes_alias(&alias, meeting.id()).await.ok();
    let path = format!("/_matrix/client/v3/directory/room/{}", segment(&alias));
    let found = meeting.alice.get(&path).await.ok();
    let servers = found["servers"].as_array().unwrap();
    assert!(servers.contains(&json!(meeting.peer.name())), "{found}");
    assert!(servers.contains(&json!(meeting.world.server_name())), "{found}");
    meeting.becomes_whole().await;
}

#[tokio::test]
async fn users_who_are_not_known_yet_are_heard_typing() {
    let meeting = entered().await;
    let content = json!({ "room_id": meeting.id(), "user_id": meeting.derek, "typing": true });
    meeting.peer.sends_edu(&meeting.world, "m.typing", content).await;
    let body = lazily(&meeting.alice, None).await;
    let ephemeral = &body["rooms"]["join"][meeting.id()]["ephemeral"]["events"];
    assert_eq!(ephemeral[0]["content"]["user_ids"], json!([meeting.derek]), "{body}");
    meeting.becomes_whole().await;
}

#[tokio::test]
async fn rooms_become_whole_between_two_servers() {
    let [a, b] = World::federated(["a", "b"]).await;
    let ([alice, anna], [bob]) = (a.users(["alice", "anna"]).await, b.users(["bob"]).await);
    for version in ["1", "6", "11", "12"] {
        let body = json!({ "preset": "public_chat", "room_version": version });
        let room = alice.creates_room_like(body).await.room_id();
        anna.joins(&room).await.ok();
        let path = format!("/_matrix/client/v3/join/{}?via={}", segment(&room), segment(&a.server_name()));
        bob.post(&path, json!({})).await.ok();
        let members = bob.reads_room(&room, "members").await.ok();
        assert_eq!(members["chunk"].as_array().unwrap().len(), 3, "version {version}");
        let body = bob.waits_to_have_joined(&room).await;
        assert!(members_in(&body).contains(&anna.id), "version {version}: {body}");
        let hello = bob.sends(&room, "hello").await.event_id();
        anna.waits_for_event(&room, &hello).await;
    }
}

/// A membership event of a user of another peer, which the host of the room knows.
fn adds_of(room: &mut PeerRoom, host: &Peer, other: &Peer, user: &str, membership: &str) -> (String, Value) {
    let content = json!({ "membership": membership });
    let draft = room.drafts(user, "m.room.member", Some(user), content);
    let (id, event) = other.signs(&room.version, draft);
    room.takes(host, &id, &event);
    (id, event)
}

/// How often a peer was told that devices of a user changed.
fn told_of(peer: &Peer, user: &str) -> usize {
    let is_it =
        |edu: &&Value| edu["edu_type"] == "m.device_list_update" && edu["content"]["user_id"] == *user;
    peer.edus().iter().filter(is_it).count()
}

async fn is_told_of(peer: &Peer, user: &str, times: usize) {
    while told_of(peer, user) < times {
        tokio::time::sleep(LOOK_INTERVAL).await;
    }
}

impl Partial {
    /// Gives alice's device another name, of which the host is told.
    async fn renames_device(&self, name: &str) {
        let before = told_of(&self.peer, &self.alice.id);
        let path = format!("/_matrix/client/v3/devices/{}", segment(&self.alice.device_id));
        self.alice.put(&path, json!({ "display_name": name })).await.ok();
        is_told_of(&self.peer, &self.alice.id, before + 1).await;
    }

    /// Lets a user of another peer come into a room of alice's and leave the one that is not whole. Returns the event of
    /// the leave, which is sent.
    async fn meets_elsewhere(&mut self, other: &Peer, user: &str) -> String {
        let body = json!({ "preset": "public_chat" });
        let elsewhere = self.alice.creates_room_like(body).await.room_id();
        let localpart = user.trim_start_matches('@').split(':').next().unwrap();
        other.joins(&self.world, &elsewhere, localpart).await;
        let (id, left) = adds_of(&mut self.room, &self.peer, other, user, "leave");
        self.peer.sends(&self.world, [&left]).await;
        id
    }
}

#[tokio::test]
async fn a_server_that_nobody_named_learns_late_whose_devices_changed() {
    for goes_meanwhile in [false, true] {
        let neighbourhood = Neighbourhood::new(&["a", "eve", "mo"]);
        let other = Peer::start(&neighbourhood, "mo").await;
        let elsie = other.user("elsie");
        let mut meeting =
            entered_in(&neighbourhood, |peer, room| drop(adds_of(room, peer, &other, &elsie, "join"))).await;
        meeting.renames_device("one").await;
        assert_eq!(told_of(&other, &meeting.alice.id), 0, "nobody said that elsie is there");
        if goes_meanwhile {
            let left = meeting.meets_elsewhere(&other, &elsie).await;
            lazily_until(&meeting.alice, meeting.id(), &left).await;
        }
        meeting.becomes_whole().await;
        is_told_of(&other, &meeting.alice.id, 1).await;
        meeting.renames_device("two").await;
        is_told_of(&other, &meeting.alice.id, 2).await;
    }
}

#[tokio::test]
async fn a_server_that_was_thought_away_learns_late_whose_devices_changed() {
    for goes_meanwhile in [false, true] {
        let neighbourhood = Neighbourhood::new(&["a", "eve", "mo"]);
        let other = Peer::start(&neighbourhood, "mo").await;
        let elsie = other.user("elsie");
        let mut stay = String::new();
        let mut meeting =
            entered_in(&neighbourhood, |peer, room| stay = derek_leaves(peer, room, &elsie)).await;
        let (id, join) = adds_of(&mut meeting.room, &meeting.peer, &other, &elsie, "join");
        meeting.peer.sends(&meeting.world, [&join]).await;
        lazily_until(&meeting.alice, meeting.id(), &id).await;
        meeting.renames_device("one").await;
        is_told_of(&other, &meeting.alice.id, 1).await;

        let leave = json!({ "membership": "leave" });
        let (kick, event) = meeting.derek_claims(&stay, "m.room.member", &elsie, leave);
        meeting.peer.sends(&meeting.world, [&event]).await;
        lazily_until(&meeting.alice, meeting.id(), &kick).await;
        meeting.renames_device("two").await;
        assert_eq!(told_of(&other, &meeting.alice.id), 1, "elsie is thought to have gone");
        let mut gone = None;
        if goes_meanwhile {
            let leave = meeting.meets_elsewhere(&other, &elsie).await;
            // What comes after it is here, so it was looked at.
            let charlie = meeting.charlie.clone();
            let after = meeting.says(&charlie, "has elsie gone?").await;
            lazily_until(&meeting.alice, meeting.id(), &after).await;
            assert!(!meeting.has(&leave).await, "who is thought to have gone cannot go");
            gone = Some(leave);
        }
        meeting.becomes_whole().await;
        assert!(!meeting.has(&kick).await, "derek could kick nobody");
        if let Some(leave) = gone {
            assert!(meeting.has(&leave).await, "elsie has gone by herself");
        }
        is_told_of(&other, &meeting.alice.id, 2).await;
        meeting.renames_device("three").await;
        is_told_of(&other, &meeting.alice.id, 3).await;
    }
}

#[tokio::test]
async fn the_directories_know_everybody_when_the_room_is_whole() {
    let meeting = entered().await;
    let root = meeting.world.administrator("root").await;
    let entry = format!("/_matrix/client/v3/directory/list/room/{}", segment(meeting.id()));
    root.put(&entry, json!({ "visibility": "public" })).await.ok();
    let found = async |term: &str| {
        let body = json!({ "search_term": term });
        let answer = root.post("/_matrix/client/v3/user_directory/search", body).await.ok();
        answer["results"].as_array().unwrap().iter().map(|user| user["user_id"].clone()).collect::<Vec<_>>()
    };
    let joined = async || root.get("/_matrix/client/v3/publicRooms").await.ok()["chunk"][0].clone();
    assert_eq!(joined().await["num_joined_members"], 1);
    assert_eq!(found("alice").await, [json!(meeting.alice.id)], "who is in a room that anybody may enter");
    assert_eq!(found("derek").await, [json!(null); 0]);
    meeting.becomes_whole().await;
    assert_eq!(joined().await["num_joined_members"], 3);
    assert_eq!(found("derek").await, [json!(meeting.derek)]);
}
