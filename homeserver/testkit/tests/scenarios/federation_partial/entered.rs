//! A room of a peer that was entered with a part of its state, and what is done to it.

use base::Clock;
use serde_json::{Value, json};
use server::Options;
use testkit::limits::LOOK_INTERVAL;
use testkit::{Answer, Neighbourhood, Peer, PeerRoom, User, World, segment};

/// A filter of a client to which members are sent when it needs them.
pub(super) const LAZY: &str =
    r#"{"room":{"state":{"lazy_load_members":true},"timeline":{"lazy_load_members":true}}}"#;

/// A server whose user alice is in a room of a peer, where charlie and derek are too. The peer does not tell the state.
pub(super) struct Partial {
    pub(super) world: World,
    pub(super) peer: Peer,
    pub(super) alice: User,
    pub(super) charlie: String,
    pub(super) derek: String,
    pub(super) room: PeerRoom,
}

pub(super) async fn joins(user: &User, room: &str, peer: &Peer) -> Answer {
    let path = format!("/_matrix/client/v3/join/{}?via={}", segment(room), segment(peer.name()));
    user.post(&path, json!({})).await
}

/// What alice's server and room are, with some more done to the room before she comes.
pub(super) async fn entered_after(prepare: impl FnOnce(&Peer, &mut PeerRoom)) -> Partial {
    entered_in(&Neighbourhood::new(&["a", "eve"]), prepare).await
}

pub(super) async fn entered_in(
    neighbourhood: &Neighbourhood,
    prepare: impl FnOnce(&Peer, &mut PeerRoom),
) -> Partial {
    entered_at(neighbourhood, &Clock::system(), prepare).await
}

/// The same on a server with this clock.
pub(super) async fn entered_at(
    neighbourhood: &Neighbourhood,
    clock: &Clock,
    prepare: impl FnOnce(&Peer, &mut PeerRoom),
) -> Partial {
    let options = Options { clock: Some(clock.clone()), ..Options::default() };
    let world = neighbourhood.server_with("a", |_| {}, options).await;
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

pub(super) async fn entered() -> Partial {
    entered_after(|_, _| {}).await
}

/// A sync of a client to which members are sent when it needs them.
pub(super) async fn lazily(user: &User, since: Option<&str>) -> Value {
    let since = since.map(|since| format!("&since={since}&timeout=1000")).unwrap_or_default();
    user.get(&format!("/_matrix/client/v3/sync?filter={}{since}", segment(LAZY))).await.ok()
}

/// Syncs so until an event is in the timeline, and returns the room's part of the answer and the token.
pub(super) async fn lazily_until(user: &User, room: &str, event: &str) -> (Value, String) {
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

pub(super) fn members_in(room: &Value) -> Vec<String> {
    let parts = ["state", "timeline"].into_iter().filter_map(|part| room[part]["events"].as_array());
    let events = parts.flatten().filter(|event| event["type"] == "m.room.member");
    events.map(|event| event["state_key"].as_str().unwrap().to_owned()).collect()
}

impl Partial {
    pub(super) fn id(&self) -> &str {
        &self.room.room_id
    }

    /// A message of a user of the peer, which is sent.
    pub(super) async fn says(&mut self, sender: &str, text: &str) -> String {
        let (id, event) = self.room.says(&self.peer, sender, text);
        self.peer.sends(&self.world, [&event]).await;
        id
    }

    pub(super) async fn has(&self, event: &str) -> bool {
        self.alice.event(self.id(), event).await.status() == 200
    }

    /// Lets the peer tell the state, and waits until everybody is known.
    pub(super) async fn becomes_whole(&self) -> Value {
        self.peer.holds_state(false);
        self.alice.reads_room(self.id(), "members").await.ok()
    }

    pub(super) async fn asked_for_state_at(&self, event: &str) -> Answer {
        let query = format!("event_id={}", segment(event));
        let path = format!("/_matrix/federation/v1/state_ids/{}?{query}", segment(self.id()));
        self.peer.gets(&self.world, &path).await
    }

    /// The ids of the state before an event, as alice's server tells them.
    pub(super) async fn told_state_at(&self, event: &str) -> Vec<String> {
        let told = self.asked_for_state_at(event).await.ok();
        let mut ids: Vec<String> = serde_json::from_value(told["pdu_ids"].clone()).unwrap();
        ids.sort();
        ids
    }

    pub(super) fn own_state(&self) -> Vec<String> {
        let mut ids: Vec<String> = self.room.state.values().cloned().collect();
        ids.sort();
        ids
    }
}

/// A room in which derek has left, who may do what others may not.
pub(super) async fn entered_after_derek_left() -> (Partial, String) {
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
pub(super) fn derek_leaves(peer: &Peer, room: &mut PeerRoom, elsie: &str) -> String {
    let (charlie, derek) = (peer.user("charlie"), peer.user("derek"));
    let levels = json!({ "users": { charlie.clone(): 100, derek.clone(): 100, elsie: 50 } });
    room.adds(peer, &charlie, "m.room.power_levels", Some(""), levels);
    let stay = room.state[&("m.room.member".to_owned(), derek.clone())].clone();
    room.adds(peer, &derek, "m.room.member", Some(&derek), json!({ "membership": "leave" }));
    stay
}

impl Partial {
    /// An event of derek, who claims to be in the room still. It is no part of the room's state.
    pub(super) fn derek_claims(
        &mut self,
        stay: &str,
        kind: &str,
        state_key: &str,
        content: Value,
    ) -> (String, Value) {
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

/// A membership event of a user of another peer, which the host of the room knows.
pub(super) fn adds_of(
    room: &mut PeerRoom,
    host: &Peer,
    other: &Peer,
    user: &str,
    membership: &str,
) -> (String, Value) {
    let content = json!({ "membership": membership });
    let draft = room.drafts(user, "m.room.member", Some(user), content);
    let (id, event) = other.signs(&room.version, draft);
    room.takes(host, &id, &event);
    (id, event)
}

/// How often a peer was told that devices of a user changed.
pub(super) fn told_of(peer: &Peer, user: &str) -> usize {
    let is_it =
        |edu: &&Value| edu["edu_type"] == "m.device_list_update" && edu["content"]["user_id"] == *user;
    peer.edus().iter().filter(is_it).count()
}

pub(super) async fn is_told_of(peer: &Peer, user: &str, times: usize) {
    while told_of(peer, user) < times {
        tokio::time::sleep(LOOK_INTERVAL).await;
    }
}

impl Partial {
    /// Gives alice's device another name, of which the host is told.
    pub(super) async fn renames_device(&self, name: &str) {
        let before = told_of(&self.peer, &self.alice.id);
        let path = format!("/_matrix/client/v3/devices/{}", segment(&self.alice.device_id));
        self.alice.put(&path, json!({ "display_name": name })).await.ok();
        is_told_of(&self.peer, &self.alice.id, before + 1).await;
    }

    /// Lets a user of another peer come into a room of alice's and leave the one that is not whole. Returns the event of
    /// the leave, which is sent.
    pub(super) async fn meets_elsewhere(&mut self, other: &Peer, user: &str) -> String {
        let body = json!({ "preset": "public_chat" });
        let elsewhere = self.alice.creates_room_like(body).await.room_id();
        let localpart = user.trim_start_matches('@').split(':').next().unwrap();
        other.joins(&self.world, &elsewhere, localpart).await;
        let (id, left) = adds_of(&mut self.room, &self.peer, other, user, "leave");
        self.peer.sends(&self.world, [&left]).await;
        id
    }
}
