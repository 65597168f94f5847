//! Events that another server sends: into one room, and into many.

use serde_json::{Value, json};
use testkit::{Peer, PeerRoom};

use super::{Sizes, Stage, TRANSACTION_EVENTS};
use crate::measure::{Done, Measure, measured, timed};

pub async fn one_room(stage: &Stage<'_>, sizes: Sizes) -> Result<Measure, String> {
    let peer = stage.peer().await;
    let mut room = stage.shared_room(&peer, "one").await?;
    let events: Vec<Said> = (0..sizes.inbound).map(|number| Said::new(&mut room, &peer, number)).collect();
    measured(stage.target, "an event of another server, in one room", send(stage, &peer, &events)).await
}

pub async fn many_rooms(stage: &Stage<'_>, sizes: Sizes) -> Result<Measure, String> {
    let peer = stage.peer().await;
    let mut rooms = Vec::with_capacity(sizes.rooms);
    for number in 0..sizes.rooms {
        rooms.push(stage.shared_room(&peer, &format!("one of many: {number}")).await?);
    }
    let mut events = Vec::with_capacity(sizes.inbound);
    for number in 0..sizes.inbound {
        let at = number % sizes.rooms;
        events.push(Said::new(&mut rooms[at], &peer, number));
    }
    let name = format!("an event of another server, in {} rooms", sizes.rooms);
    measured(stage.target, &name, send(stage, &peer, &events)).await
}

/// A message of the peer's.
struct Said {
    room: String,
    id: String,
    event: Value,
}

impl Said {
    fn new(room: &mut PeerRoom, peer: &Peer, number: usize) -> Self {
        let content = json!({ "msgtype": "m.text", "body": format!("message {number}") });
        let (id, event) = room.adds_untold(peer, &peer.user("eve"), "m.room.message", None, content);
        Self { room: room.room_id.clone(), id, event }
    }
}

/// Sends all of them, one transaction after the other, and waits for the last ones.
async fn send(stage: &Stage<'_>, peer: &Peer, events: &[Said]) -> Result<Done, String> {
    let mut waits = Vec::with_capacity(events.len() / TRANSACTION_EVENTS + 1);
    for page in events.chunks(TRANSACTION_EVENTS) {
        let pdus: Vec<Value> = page.iter().map(|said| said.event.clone()).collect();
        waits.push(timed(stage.sends(peer, &pdus)).await?.1);
    }
    // The last of every room is among as many as there are rooms, and of one room among any.
    for said in events.iter().rev().take(TRANSACTION_EVENTS * 4) {
        stage.has_event(&said.room, &said.id).await?;
    }
    Ok(Done { operations: events.len(), waits, closed_loop: true })
}
