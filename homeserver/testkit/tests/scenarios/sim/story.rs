//! What happens in one seed: people on every server talk, change the room and each other's rights, while wires
//! break, servers stop and the hostile one schemes. The seed decides everything that we decide; what was acknowledged is kept.

use std::time::Duration;

use base::Rng;
use serde_json::{Value, json};
use testkit::{User, segment};

use super::byzantine::{Schemer, Victims};
use super::follower::Follower;
use super::network::pick;
use super::servers::{SERVERS, Servers};

/// How long one request of the story is waited for; one that takes longer counts as lost.
const REQUEST_TIME_MAX: Duration = Duration::from_secs(4);
const NAMES_MAX: u64 = 4;
const JOIN_TRIES_MAX: usize = 3;
/// Longest pause between two things, in ms.
const PAUSE_MS_MAX: u64 = 150;

/// Who is in the room.
pub(super) struct Cast {
    /// One on each server; they stay in the room for ever and see everything. The first made it.
    pub residents: Vec<User>,
    /// One more on each server; they are kicked, banned, made moderators and come back.
    pub guests: Vec<User>,
}

/// What the story left behind.
pub(super) struct Story {
    pub room: String,
    pub cast: Cast,
    /// The messages of residents whose sending was acknowledged, in the order of each sender.
    pub acknowledged: Vec<Vec<String>>,
    /// Those of guests. Other servers may refuse them, their own may not forget them.
    pub acknowledged_to_guests: Vec<Vec<String>>,
    /// Each resident reads along.
    pub followers: Vec<Follower>,
    schemer: Schemer,
    /// The first thing that went wrong while the story went on.
    pub wrong: Option<String>,
    /// What was done, for the report of a failure.
    pub diary: Vec<String>,
}

impl Story {
    /// Makes the room and brings everybody in, in clear weather.
    pub(super) async fn begin(servers: &Servers, rng: &Rng) -> Result<Self, String> {
        let (residents, guests) = (servers.residents.clone(), servers.guests.clone());
        let version = ["6", "10", "11", "12"][pick(rng, 4)];
        // Nobody can take the word from the residents. Whoever made a room of version 12 has all rights without a level.
        let mut levels: serde_json::Map<String, Value> =
            residents.iter().skip(1).map(|resident| (resident.id.clone(), json!(60))).collect();
        levels.insert(servers.eve.peer.user("eve"), json!(50));
        if version != "12" {
            levels.insert(residents[0].id.clone(), json!(100));
        }
        let body = json!({
            "preset": "public_chat", "room_version": version, "power_level_content_override": { "users": levels },
        });
        let room = residents[0].creates_room_like(body).await.room_id();
        let via = residents[0].id.split_once(':').expect("an id has a server").1.to_owned();
        for user in residents.iter().skip(1).chain(&guests) {
            let path = format!("/_matrix/client/v3/join/{}?via={via}&server_name={via}", segment(&room));
            let mut answer = user.post(&path, json!({})).await;
            // On a machine with much else to do, the time of the world may be too fast for a join.
            for _ in 0..JOIN_TRIES_MAX {
                if answer.status() == 200 {
                    break;
                }
                answer = user.post(&path, json!({})).await;
            }
            if answer.status() != 200 {
                return Err(format!("{} cannot join: {}", user.id, answer.body()));
            }
        }
        let schemer = Schemer::joins(servers, &room).await;
        let (acknowledged, acknowledged_to_guests) = (vec![Vec::new(); SERVERS], vec![Vec::new(); SERVERS]);
        let diary = vec![format!("a room of version {version}: {room}")];
        let mut followers = Vec::with_capacity(SERVERS);
        for resident in &residents {
            followers.push(Follower::begin(resident, &room).await?);
        }
        let cast = Cast { residents, guests };
        Ok(Self { room, cast, acknowledged, acknowledged_to_guests, followers, schemer, wrong: None, diary })
    }

    /// One thing happens.
    pub(super) async fn step(&mut self, servers: &mut Servers, rng: &Rng) {
        let done = match rng.below(100) {
            0..45 => self.message(rng).await,
            45..52 => self.topic(rng).await,
            52..58 => self.rights(rng).await,
            58..64 => self.removal(rng).await,
            64..70 => self.return_of_a_guest(rng).await,
            70..84 => self.scheming(servers, rng).await,
            84..95 => servers.network.disturb(rng),
            _ => servers.crash(pick(rng, SERVERS), rng).await,
        };
        self.diary.push(done);
        if let Err(wrong) = self.followers[pick(rng, SERVERS)].looks().await {
            self.diary.push(wrong.clone());
            self.wrong.get_or_insert(wrong);
        }
        tokio::time::sleep(Duration::from_millis(rng.below(PAUSE_MS_MAX))).await;
    }

    async fn scheming(&mut self, servers: &Servers, rng: &Rng) -> String {
        let sender = pick(rng, SERVERS);
        let victims = Victims {
            resident: &self.cast.residents[pick(rng, SERVERS)].id,
            guest: &self.cast.guests[pick(rng, SERVERS)].id,
            acknowledged: self.acknowledged[sender].last().map(|event| (sender, &**event)),
        };
        let acting = self.schemer.acts(servers, rng, &victims);
        // Her patience is short as well.
        tokio::time::timeout(REQUEST_TIME_MAX, acting)
            .await
            .unwrap_or_else(|_| "eve waits in vain".to_owned())
    }

    async fn message(&mut self, rng: &Rng) -> String {
        let server = pick(rng, SERVERS);
        let resident = rng.below(3) > 0;
        let user = if resident { &self.cast.residents[server] } else { &self.cast.guests[server] };
        let path = self.path(&format!("send/m.room.message/{}", user.new_txn_id()));
        let body = json!({"msgtype": "m.text", "body": format!("message {}", rng.below(u64::MAX))});
        let (said, event) = tried(user, http::Method::PUT, &path, body).await;
        let acknowledged = if resident { &mut self.acknowledged } else { &mut self.acknowledged_to_guests };
        acknowledged[server].extend(event);
        said
    }

    async fn topic(&self, rng: &Rng) -> String {
        let user = self.anybody(rng);
        let body = json!({"topic": format!("topic {}", rng.below(NAMES_MAX))});
        tried(user, http::Method::PUT, &self.path("state/m.room.topic/"), body).await.0
    }

    /// The founder makes a guest a moderator or an ordinary member.
    async fn rights(&self, rng: &Rng) -> String {
        let founder = &self.cast.residents[0];
        let path = self.path("state/m.room.power_levels/");
        let Some(Value::Object(mut levels)) = answer(founder, http::Method::GET, &path, None).await else {
            return "the founder reads no power levels".to_owned();
        };
        let level = if rng.below(2) == 0 { 50 } else { 0 };
        levels.entry("users").or_insert_with(|| json!({}))[self.anybody_else(rng)] = json!(level);
        tried(founder, http::Method::PUT, &path, Value::Object(levels)).await.0
    }

    /// Somebody kicks, bans or unbans a guest, with the right to do so or without.
    async fn removal(&self, rng: &Rng) -> String {
        let actor = self.anybody(rng);
        let guest = &self.cast.guests[pick(rng, SERVERS)];
        let action = ["kick", "ban", "unban"][pick(rng, 3)];
        tried(actor, http::Method::POST, &self.path(action), json!({"user_id": guest.id})).await.0
    }

    /// A guest leaves, or comes (back).
    async fn return_of_a_guest(&self, rng: &Rng) -> String {
        let guest = &self.cast.guests[pick(rng, SERVERS)];
        let action = if rng.below(4) == 0 { "leave" } else { "join" };
        tried(guest, http::Method::POST, &self.path(action), json!({})).await.0
    }

    fn anybody(&self, rng: &Rng) -> &User {
        let people = if rng.below(2) == 0 { &self.cast.residents } else { &self.cast.guests };
        &people[pick(rng, SERVERS)]
    }

    /// Whether this is one whose word nobody can take.
    pub(super) fn is_of_a_resident(&self, user: &str) -> bool {
        self.cast.residents.iter().any(|resident| resident.id == user)
    }

    /// A guest or eve.
    fn anybody_else(&self, rng: &Rng) -> &str {
        self.cast.guests.get(pick(rng, SERVERS + 1)).map_or(self.schemer.user(), |guest| &*guest.id)
    }

    fn path(&self, what: &str) -> String {
        format!("/_matrix/client/v3/rooms/{}/{what}", segment(&self.room))
    }
}

/// Does it, and tells in words what came of it and which event it made.
async fn tried(user: &User, method: http::Method, path: &str, body: Value) -> (String, Option<String>) {
    let what = path.rsplit_once("rooms/").map_or(path, |(_, what)| what);
    let what = what.split_once('/').map_or(what, |(_, what)| what).to_owned();
    let answered = answer(user, method, path, Some(body)).await;
    let event = answered.as_ref().and_then(|body| body["event_id"].as_str()).map(ToOwned::to_owned);
    let outcome = match (&answered, &event) {
        (None, _) => "not acknowledged".to_owned(),
        (Some(_), Some(event)) => event.clone(),
        (Some(_), None) => "done".to_owned(),
    };
    (format!("{}: {what}: {outcome}", user.id), event)
}

/// The body of a success; nothing where the request was refused, lost or took too long.
pub(super) async fn answer(
    user: &User,
    method: http::Method,
    path: &str,
    body: Option<Value>,
) -> Option<Value> {
    let body = body.map(|body| body.to_string().into_bytes());
    let asked = tokio::time::timeout(REQUEST_TIME_MAX, user.try_request(method, path, body)).await;
    let mut answer = asked.ok()?.ok()?;
    if answer.status() == 200 { Some(answer.body().clone()) } else { None }
}
