//! What other servers cost: their events, their forks, their outages, their large rooms.
//!
//! The generator speaks as signing servers on loopback with an authority of its own, and drives Lianqiao alone: no other
//! server could be filled with these sizes in the time that a run may take. Everything is signed before the clock runs.

mod catch_up;
mod fork;
mod inbound;
mod join;
pub mod served;

use std::time::Duration;

use reqwest::Method;
use serde_json::{Value, json};
use testkit::{Authority, Peer, PeerRoom, segment};
use tokio::time::Instant;

use crate::client::{Client, User};
use crate::measure::Measure;
use crate::target::{LianqiaoOptions, Target};

/// How long the whole may take.
const TIME_MAX: Duration = Duration::from_secs(290);

/// How long anything may take to arrive; Synapse takes minutes for a large room.
const ARRIVAL_TIME_MAX: Duration = Duration::from_secs(15 * 60);

/// Pause between two looks for it.
const LOOK_INTERVAL: Duration = Duration::from_millis(5);

/// Events of one transaction.
const TRANSACTION_EVENTS: usize = 50;

/// Pause after a server said that it is busy, and how often it may say so.
const BUSY_PAUSE: Duration = Duration::from_millis(50);
const BUSY_TIMES_MAX: usize = 2_000;

/// The host of all servers of a run; their ports tell them apart.
const HOST: &str = "localhost";

/// The room version of all rooms here.
const ROOM_VERSION: &str = "11";

/// How much of everything.
#[derive(Clone, Copy)]
pub struct Sizes {
    /// Events that come in, into one room and again into many.
    pub inbound: usize,
    /// Rooms that they are spread over.
    pub rooms: usize,
    /// State events of the room that forks, and how often it does.
    pub forked_state: usize,
    pub forks: usize,
    /// Events that destinations missed, and how many these are.
    pub missed: usize,
    pub destinations: usize,
    /// Members of the room that is joined, and its other state events.
    pub members: usize,
    pub parts: usize,
}

impl Sizes {
    /// What the table shows.
    pub const FULL: Self = Self {
        inbound: 10_000,
        rooms: 200,
        forked_state: 30_000,
        forks: 100,
        missed: 5_000,
        destinations: 50,
        members: 10_000,
        parts: 10_000,
    };

    /// Enough to see that it works.
    pub const SMALL: Self = Self {
        inbound: 500,
        rooms: 10,
        forked_state: 1_000,
        forks: 5,
        missed: 200,
        destinations: 5,
        members: 300,
        parts: 300,
    };
}

/// A server under load, somebody on it, and the authority that it and its peers trust.
struct Stage<'a> {
    target: &'a Target,
    /// The server's name among servers.
    server: String,
    authority: &'a Authority,
    alice: User,
}

/// Runs all rows on fresh servers.
pub async fn all(options: &LianqiaoOptions, sizes: Sizes) -> Result<Vec<Measure>, String> {
    let run = async {
        // Peak memory is of a process that did nothing else.
        let mut measures = on_fresh(options, async |stage| join::large(stage, sizes).await).await?;
        let rest = async |stage: &Stage<'_>| {
            let mut measures = vec![inbound::one_room(stage, sizes).await?];
            measures.push(inbound::many_rooms(stage, sizes).await?);
            measures.push(fork::one_conflict(stage, sizes).await?);
            measures.push(catch_up::after_outage(stage, sizes).await?);
            Ok(measures)
        };
        measures.extend(on_fresh(options, rest).await?);
        Ok(measures)
    };
    tokio::time::timeout(TIME_MAX, run).await.map_err(|_| format!("not done after {TIME_MAX:?}"))?
}

async fn on_fresh(
    options: &LianqiaoOptions,
    rows: impl AsyncFnOnce(&Stage<'_>) -> Result<Vec<Measure>, String>,
) -> Result<Vec<Measure>, String> {
    let authority = Authority::new(&[HOST.to_owned()]);
    let (mut target, server) = Target::federating(options, HOST, &authority)?;
    target.start().await?;
    let outcome = async {
        let alice = Client::new(target.url())?.register("alice").await?;
        rows(&Stage { target: &target, server, authority: &authority, alice }).await
    };
    let outcome = outcome.await;
    target.stop().await;
    outcome
}

impl Stage<'_> {
    async fn peer(&self) -> Peer {
        Peer::at(self.authority, HOST).await
    }

    /// A room of alice's that a user of the peer is in.
    async fn shared_room(&self, peer: &Peer, name: &str) -> Result<PeerRoom, String> {
        let body = json!({ "preset": "public_chat", "name": name, "room_version": ROOM_VERSION });
        let answer = self.alice.call(Method::POST, "/_matrix/client/v3/createRoom", Some(&body)).await?;
        let room = crate::client::text(&answer, "room_id")?;
        Ok(peer.joins_at(&self.server, &room, "eve").await)
    }

    /// Has alice join a room through a server.
    async fn joins(&self, via: &str, room: &PeerRoom) -> Result<(), String> {
        let via = segment(via);
        let path = format!("/_matrix/client/v3/join/{}?via={via}&server_name={via}", segment(&room.room_id));
        self.alice.call(Method::POST, &path, Some(&json!({}))).await.map(drop)
    }

    /// Sends one transaction, again as long as the server says that it is busy.
    async fn sends(&self, peer: &Peer, events: &[Value]) -> Result<(), String> {
        let body = json!({ "origin": peer.name(), "origin_server_ts": 1, "pdus": events, "edus": [] });
        for _ in 0..BUSY_TIMES_MAX {
            let path = format!("/_matrix/federation/v1/send/{}", peer.new_transaction_id());
            let mut answer = peer.asks_server(&self.server, Method::PUT, &path, Some(body.clone())).await;
            match answer.status() {
                200 => return Ok(()),
                429 | 503 => tokio::time::sleep(BUSY_PAUSE).await,
                _ => return Err(answer.to_string()),
            }
        }
        Err("the server stays busy".to_owned())
    }

    /// Waits until alice's server has an event in the timeline.
    async fn has_event(&self, room: &str, event: &str) -> Result<(), String> {
        let path = format!("/_matrix/client/v3/rooms/{}/event/{}", segment(room), segment(event));
        self.answers(&path, |_| true).await.map(drop)
    }

    /// Asks until the answer is a success and is what is wanted.
    async fn answers(&self, path: &str, is_wanted: impl Fn(&Value) -> bool) -> Result<Value, String> {
        let deadline = Instant::now() + ARRIVAL_TIME_MAX;
        loop {
            match self.alice.call(Method::GET, path, None).await {
                Ok(answer) if is_wanted(&answer) => return Ok(answer),
                Err(error) if Instant::now() > deadline => return Err(error),
                Ok(_) if Instant::now() > deadline => return Err(format!("{path}: not what is wanted")),
                Ok(_) | Err(_) => tokio::time::sleep(LOOK_INTERVAL).await,
            }
        }
    }
}

/// A room that a user of the peer founded, with so many members and so many other state events, for others to join.
fn large_room(peer: &Peer, members: usize, parts: usize) -> PeerRoom {
    let eve = peer.user("eve");
    let mut room = PeerRoom::founded(peer, &eve, ROOM_VERSION);
    for number in 1..members {
        let user = peer.user(&format!("member{number}"));
        let content = json!({ "membership": "join", "displayname": format!("Member {number}") });
        room.adds_untold(peer, &user, "m.room.member", Some(&user), content);
    }
    for number in 0..parts {
        let key = number.to_string();
        room.adds_untold(peer, &eve, "org.example.part", Some(&key), json!({ "number": number }));
    }
    let (last, _) = room.adds_untold(peer, &eve, "m.room.message", None, json!({ "body": "the last word" }));
    peer.tells_state(&last, room.state.values().cloned().collect());
    peer.hosts(&room);
    room
}
