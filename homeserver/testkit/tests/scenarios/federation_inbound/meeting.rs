//! A room of ours in which a peer has a user.

use serde_json::{Value, json};
use testkit::{Neighbourhood, Peer, PeerRoom, User, World};

/// A server with a public room of alice's, and a peer with a user in it.
pub(crate) struct Meeting {
    pub world: World,
    pub peer: Peer,
    pub alice: User,
    pub eve: String,
    pub room: String,
    pub branch: PeerRoom,
}

pub(crate) async fn meeting_in(version: &str) -> Meeting {
    meeting_among(&Neighbourhood::new(&["a", "eve"]), version).await
}

pub(super) async fn meeting_among(neighbourhood: &Neighbourhood, version: &str) -> Meeting {
    let world = neighbourhood.server("a", |_| {}).await;
    let peer = Peer::start(neighbourhood, "eve").await;
    let alice = world.user("alice").await;
    let room = alice.creates_room_like(json!({ "preset": "public_chat", "room_version": version })).await;
    let room = room.ok()["room_id"].as_str().unwrap().to_owned();
    let branch = peer.joins(&world, &room, "eve").await;
    alice.syncs().await;
    let eve = peer.user("eve");
    Meeting { world, peer, alice, eve, room, branch }
}

pub(crate) async fn meeting() -> Meeting {
    meeting_in("11").await
}

impl Meeting {
    /// Sends a message and waits for it, so that everything sent before is worked off.
    pub async fn catches_up(&mut self) {
        let (id, event) = self.branch.says(&self.peer, &self.eve, "are you there?");
        self.peer.sends(&self.world, [&event]).await;
        self.alice.waits_for_event(&self.room, &id).await;
    }

    /// Lets the peer tell of what is missing nothing but this, though it has all when it is asked for one by one.
    pub(super) fn tells_only(&self, event: &Value) {
        self.tells_all();
        self.peer.answers("get_missing_events", 200, json!({ "events": [event] }));
        self.peer.answers("backfill", 404, json!({ "errcode": "M_NOT_FOUND", "error": "not now" }));
    }

    /// Lets the peer tell everything.
    pub(super) fn tells_all(&self) {
        self.peer.answers_truly("get_missing_events");
        self.peer.answers_truly("backfill");
    }

    pub async fn state_is(&self, kind: &str, state_key: &str) -> Value {
        self.alice.state(&self.room, kind, state_key).await.body().clone()
    }

    pub async fn has_event(&self, id: &str) -> bool {
        self.alice.event(&self.room, id).await.status() == 200
    }
}

/// Ids of a room's messages as somebody sees them, oldest first.
pub(super) async fn messages(user: &User, room: &str) -> Vec<String> {
    let history = user.whole_history(room).await;
    let messages = history.iter().filter(|event| event["type"] == "m.room.message");
    messages.filter_map(|event| Some(event["event_id"].as_str()?.to_owned())).collect()
}
