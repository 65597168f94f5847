//! Knocks on rooms of other servers whose answers take their time.

use serde_json::{Value, json};
use testkit::{Neighbourhood, Peer, PeerRoom, User, World, segment};

const SEND_KNOCK: &str = "/send_knock/";

/// A room of eve's on which somebody of another server knocks.
struct Door {
    eve: Peer,
    founder: String,
    room: PeerRoom,
}

impl Door {
    fn of(eve: Peer) -> Self {
        let founder = eve.user("founder");
        let mut room = PeerRoom::founded(&eve, &founder, "11");
        room.adds(&eve, &founder, "m.room.join_rules", Some(""), json!({ "join_rule": "knock" }));
        let name = json!({
            "type": "m.room.name", "state_key": "", "sender": founder, "content": { "name": "the door" },
        });
        eve.answers(SEND_KNOCK, 200, json!({ "knock_room_state": [name] }));
        Self { eve, founder, room }
    }

    /// The user knocks, and the room takes it.
    async fn hears(&mut self, user: &User) {
        let knock = json!({ "membership": "knock" });
        let event = self.room.clone().drafts(&user.id, "m.room.member", Some(&user.id), knock);
        self.eve.answers("/make_knock/", 200, json!({ "room_version": "11", "event": event }));
        let path = format!(
            "/_matrix/client/v3/knock/{}?via={}",
            segment(&self.room.room_id),
            segment(self.eve.name())
        );
        user.post(&path, json!({})).await.ok();
        let asked = self.eve.asked();
        let sent = asked.iter().rfind(|target| target.contains(SEND_KNOCK)).expect("the knock was sent");
        let id = sent.rsplit('/').next().unwrap().replace("%24", "$");
        self.room.takes(&self.eve, &id, &event);
    }

    /// The founder refuses; nobody is told yet.
    fn refuses(&mut self, user: &User, reason: &str) -> Value {
        let leave = json!({ "membership": "leave", "reason": reason });
        self.room.adds(&self.eve, &self.founder, "m.room.member", Some(&user.id), leave).1
    }
}

#[tokio::test]
async fn a_refusal_that_comes_late_does_not_end_the_next_knock() {
    let neighbourhood = Neighbourhood::new(&["a", "eve"]);
    let a: World = neighbourhood.server("a", |_| {}).await;
    let mut door = Door::of(Peer::start(&neighbourhood, "eve").await);
    let bob = a.user("bob").await;
    door.hears(&bob).await;
    let first = door.refuses(&bob, "not now");
    door.hears(&bob).await;
    let second = door.refuses(&bob, "and not ever");
    bob.syncs().await;
    door.eve.sends(&a, [&first]).await;
    door.eve.sends(&a, [&second]).await;
    let id = door.room.room_id.clone();
    let sync = bob.syncs_until("the end of the knock", |sync| sync["rooms"]["leave"][&id].is_object()).await;
    // Had the first one ended the knock, there would have been nothing left for the second one to end.
    let events = sync["rooms"]["leave"][&id].to_string();
    assert!(events.contains("and not ever") && !events.contains("not now"), "{events}");
}
