//! Rooms that the peer lets users of other servers into.

use std::sync::atomic::Ordering;

use serde_json::{Value, json};

use super::{Has, PATIENCE, Peer, PeerRoom, room};

impl Peer {
    /// From now on users of other servers may join the room as it is. Members are left out of what they are told, if
    /// their server can do without (MSC3706).
    pub fn hosts(&self, room: &PeerRoom) {
        self.has.hosted.lock().insert(room.room_id.clone(), room.clone());
    }

    /// Whether whoever joins is told all members, also who can do without.
    pub fn omits_nobody(&self, all: bool) {
        self.has.omits_nobody.store(all, Ordering::SeqCst);
    }

    /// Whether whoever asks for the keys of this peer is answered by an error.
    pub fn keeps_keys(&self, keeps: bool) {
        self.has.keeps_keys.store(keeps, Ordering::SeqCst);
    }

    /// The room with those who joined.
    #[must_use]
    pub fn hosted(&self, room_id: &str) -> PeerRoom {
        self.has.hosted.lock().get(room_id).cloned().expect("the peer hosts the room")
    }

    /// Whether whoever asks for the state of a room waits for the answer.
    pub fn holds_state(&self, holds: bool) {
        if holds { self.holds("/state_ids/") } else { self.lets_go("/state_ids/") }
    }

    /// From now on whoever asks a question whose method and path hold this part waits for the answer.
    pub fn holds(&self, part: &str) {
        self.has.held.send_modify(|held| held.push(part.to_owned()));
    }

    /// Answers such questions again, also those that wait.
    pub fn lets_go(&self, part: &str) {
        self.has.held.send_modify(|held| held.retain(|other| other != part));
    }

    /// Events that were sent to the peer, oldest first.
    #[must_use]
    pub fn received(&self) -> Vec<Value> {
        self.has.received.lock().iter().map(|(_, event)| event.clone()).collect()
    }

    /// Waits until the peer was sent this event.
    pub async fn waits_to_receive(&self, event_id: &str) {
        let mut arrivals = self.has.arrivals.subscribe();
        let is_here = || self.has.received.lock().iter().any(|(id, _)| id == event_id);
        let waiting = async {
            while !is_here() {
                arrivals.changed().await.expect("the peer lives");
            }
        };
        tokio::time::timeout(PATIENCE, waiting).await.expect("the event arrives");
    }
}

impl Has {
    /// Events of a transaction. From room version 3 on.
    pub(super) fn receives(&self, events: &[Value]) {
        // The rooms that peers host and join have one form of ids in all versions that they use.
        let id = |event: &Value| room::event_id("11", event);
        self.received.lock().extend(events.iter().map(|event| (id(event), event.clone())));
        self.arrivals.send_replace(());
    }

    pub(super) fn join_template(&self, room_id: &str, user: &str) -> Option<Value> {
        Some(self.hosted.lock().get(room_id)?.template(user))
    }

    pub(super) fn takes_join(
        &self,
        room_id: &str,
        event_id: &str,
        event: &Value,
        omit_members: &[String],
    ) -> Option<Value> {
        let mut hosted = self.hosted.lock();
        let room = hosted.get_mut(room_id)?;
        let omits = omit_members.first().is_some_and(|omit| omit == "true")
            && !self.omits_nobody.load(Ordering::SeqCst);
        let is_told = |kind: &str| !omits || kind != "m.room.member";
        let told = room.state.iter().filter(|((kind, _), _)| is_told(kind));
        let told: Vec<String> = told.map(|(_, id)| id.clone()).collect();
        room.takes_for(self, event_id, event);
        let asked: Vec<String> = told.iter().cloned().chain([event_id.to_owned()]).collect();
        let server = room_id.split_once(':').map_or("", |(_, server)| server);
        Some(json!({
            "state": self.given(&told), "auth_chain": self.given(&self.behind(&asked)), "event": event,
            "members_omitted": omits, "servers_in_room": [server],
        }))
    }
}
