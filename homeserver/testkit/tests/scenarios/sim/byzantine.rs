//! The hostile server of the world: it signs whatever it likes, says one thing to one server and another to the next,
//! forges, floods and withholds. Only about the state behind its events it does not lie: whoever misses the past has to
//! believe somebody, and then servers that were told different things would rightly hold different things.

use std::collections::BTreeMap;
use std::net::IpAddr;

use base::Rng;
use http::Method;
use parking_lot::Mutex;
use serde_json::{Value, json};
use testkit::{Authority, Peer, PeerRoom, key_document, segment};
use tokio::net::TcpListener;

use super::network::pick;
use super::servers::{SERVERS, Servers};

/// Events of a flood, as many as a transaction may hold.
const FLOOD: usize = 50;
/// Her key; the servers have those of their numbers.
const KEY_NUMBER: u8 = 100;
const INTEGER_MAX: u64 = 9_007_199_254_740_991;

/// The server.
pub(super) struct Eve {
    pub peer: Peer,
    withheld: Mutex<Vec<String>>,
}

impl Eve {
    /// Lets it listen under this name.
    pub(super) fn open(
        listener: TcpListener,
        name: String,
        authority: &Authority,
        hosts: BTreeMap<String, IpAddr>,
    ) -> Self {
        let peer = Peer::signing(&key_document(KEY_NUMBER), listener, name, authority, hosts);
        Self { peer, withheld: Mutex::default() }
    }

    fn withholds(&self, event_id: &str) {
        self.peer.withholds(event_id);
        self.withheld.lock().push(event_id.to_owned());
    }

    /// Gives everything that it withheld.
    pub(super) fn comes_clean(&self) {
        for event_id in self.withheld.lock().drain(..) {
            self.peer.gives_again(&event_id);
        }
    }
}

/// Its user in the room of one seed.
pub(super) struct Schemer {
    user: String,
    branch: PeerRoom,
}

/// Whom it can act against.
pub(super) struct Victims<'a> {
    pub resident: &'a str,
    pub guest: &'a str,
    /// Something that a server acknowledged, by the number of the server.
    pub acknowledged: Option<(usize, &'a str)>,
}

impl Schemer {
    /// Comes into the room over the first server.
    pub(super) async fn joins(servers: &Servers, room: &str) -> Self {
        let branch = servers.eve.peer.joins(&servers.hosts[0].world, room, "eve").await;
        Self { user: servers.eve.peer.user("eve"), branch }
    }

    /// Its id.
    pub(super) fn user(&self) -> &str {
        &self.user
    }

    /// Does one thing that no honest server does, and tells in words what.
    pub(super) async fn acts(&mut self, servers: &Servers, rng: &Rng, victims: &Victims<'_>) -> String {
        let server = pick(rng, SERVERS);
        // She builds some events at once, and each is one deeper.
        self.branch.depth = self.branch.depth.min(INTEGER_MAX - 10);
        match rng.below(11) {
            0 => self.speaks(servers).await,
            1 | 2 => self.forks(servers, rng, victims.guest).await,
            3 => self.forges(servers, server, victims.resident).await,
            4 => self.seizes_power(servers, server).await,
            5 => self.floods(servers, server).await,
            6 => self.lies_about_depth(servers, rng, server).await,
            7 => self.withholds(servers, server).await,
            8 => self.writes_nonsense(servers, server).await,
            9 => self.tells_tales(servers, server, victims.acknowledged).await,
            _ => self.builds_on_others(servers, server).await,
        }
    }

    async fn speaks(&mut self, servers: &Servers) -> String {
        let (id, event) = self.branch.says(&servers.eve.peer, &self.user, "listen to me");
        for server in 0..SERVERS {
            send(servers, server, &[event.clone()], &[]).await;
        }
        format!("eve says {id} to all")
    }

    /// Two events in one place, one for each of two servers.
    async fn forks(&mut self, servers: &Servers, rng: &Rng, guest: &str) -> String {
        let mut other = self.branch.clone();
        let user = self.user.clone();
        let one = pick(rng, SERVERS);
        let two = (one + 1) % SERVERS;
        let kind = rng.below(4);
        let side = |branch: &mut PeerRoom, word: &str| match kind {
            0 => branch.says(&servers.eve.peer, &user, word),
            1 => {
                let content = json!({ "membership": "join", "displayname": word });
                branch.adds(&servers.eve.peer, &user, "m.room.member", Some(&*user), content)
            }
            2 => branch.adds(&servers.eve.peer, &user, "m.room.topic", Some(""), json!({ "topic": word })),
            _ => {
                let content = json!({ "membership": "leave", "reason": word });
                branch.adds(&servers.eve.peer, &user, "m.room.member", Some(guest), content)
            }
        };
        let (first, event) = side(&mut self.branch, "left");
        send(servers, one, &[event], &[]).await;
        let (second, event) = side(&mut other, "right");
        send(servers, two, &[event], &[]).await;
        if rng.below(2) == 0 {
            self.branch = other;
        }
        format!("eve forks: {first} for server {one}, {second} for server {two}")
    }

    async fn forges(&mut self, servers: &Servers, server: usize, resident: &str) -> String {
        let (id, event) = self.branch.clone().says(&servers.eve.peer, resident, "I never said that");
        send(servers, server, &[event], &[]).await;
        format!("eve forges {id} of {resident} for server {server}")
    }

    async fn seizes_power(&mut self, servers: &Servers, server: usize) -> String {
        let mut branch = self.branch.clone();
        let content = json!({ "users": { &self.user: 100 } });
        let (id, event) =
            branch.adds(&servers.eve.peer, &self.user, "m.room.power_levels", Some(""), content);
        let (_, on_top) = branch.says(&servers.eve.peer, &self.user, "obey");
        send(servers, server, &[event, on_top], &[]).await;
        format!("eve makes herself the master with {id} on server {server}")
    }

    /// As many branches as a transaction holds, and ephemeral messages of others.
    async fn floods(&mut self, servers: &Servers, server: usize) -> String {
        let events: Vec<Value> = (0..FLOOD)
            .map(|number| {
                self.branch.clone().says(&servers.eve.peer, &self.user, &format!("flood {number}")).1
            })
            .collect();
        let room = &self.branch.room_id;
        let typing = json!({
            "edu_type": "m.typing",
            "content": { "room_id": room, "user_id": "@nobody:elsewhere.test", "typing": true },
        });
        let receipt = json!({ "edu_type": "m.receipt", "content": { room: { "m.read": { "x": 7 } } } });
        let devices = json!({ "edu_type": "m.direct_to_device", "content": { "messages": [] } });
        let edus: Vec<Value> = [typing, receipt, devices].into_iter().cycle().take(FLOOD * 2).collect();
        send(servers, server, &events, &edus).await;
        format!("eve floods server {server}")
    }

    async fn lies_about_depth(&mut self, servers: &Servers, rng: &Rng, server: usize) -> String {
        let depth = [0, 1, INTEGER_MAX][pick(rng, 3)];
        let content = json!({ "msgtype": "m.text", "body": "how deep am I?" });
        let mut event = self.branch.drafts(&self.user, "m.room.message", None, content);
        event["depth"] = json!(depth);
        let (id, event) = servers.eve.peer.signs(&self.branch.version, event);
        self.branch.takes(&servers.eve.peer, &id, &event);
        send(servers, server, &[event], &[]).await;
        format!("eve says {id} with depth {depth} to server {server}")
    }

    async fn withholds(&mut self, servers: &Servers, server: usize) -> String {
        let (hidden, _) = self.branch.says(&servers.eve.peer, &self.user, "hidden");
        servers.eve.withholds(&hidden);
        let (id, event) = self.branch.says(&servers.eve.peer, &self.user, "on something hidden");
        send(servers, server, &[event], &[]).await;
        format!("eve withholds {hidden} and says {id} to server {server}")
    }

    /// Everything that is no event.
    async fn writes_nonsense(&mut self, servers: &Servers, server: usize) -> String {
        let content = json!({ "msgtype": "m.text", "body": "nonsense" });
        let draft = self.branch.clone().drafts(&self.user, "m.room.message", None, content);
        let bend = |bend: &dyn Fn(&mut Value)| {
            let mut event = draft.clone();
            bend(&mut event);
            servers.eve.peer.signs(&self.branch.version, event).1
        };
        let mut large = bend(&|_| {});
        large["content"]["body"] = json!("x".repeat(70_000));
        let events = [
            large,
            bend(&|event| event["prev_events"] = json!([])),
            bend(&|event| event["auth_events"] = json!([])),
            bend(&|event| event["auth_events"] = json!([event["auth_events"][0], event["auth_events"][0]])),
            bend(&|event| event["prev_events"] = json!(["$unknown", "$unheard", "$unseen"])),
            bend(&|event| event["room_id"] = json!("!elsewhere:elsewhere.test")),
            bend(&|event| event["sender"] = json!("@nobody:elsewhere.test")),
            bend(&|event| event["type"] = json!("m.room.create")),
            bend(&|event| event["state_key"] = json!("@".repeat(300))),
            json!({ "room_id": self.branch.room_id }),
            json!([[[[[]]]]]),
        ];
        send(servers, server, &events, &[]).await;
        format!("eve writes nonsense to server {server}")
    }

    /// Passes on what somebody else said, before the one who said it does.
    async fn tells_tales(
        &mut self,
        servers: &Servers,
        server: usize,
        acknowledged: Option<(usize, &str)>,
    ) -> String {
        let Some((of, id)) = acknowledged else { return "eve has heard nothing".to_owned() };
        let path = format!("/_matrix/federation/v1/event/{}", segment(id));
        let Some(mut told) = asked(servers, of, &path).await else { return format!("eve does not get {id}") };
        let event = told["pdus"][0].take();
        send(servers, server, &[event], &[]).await;
        format!("eve tells server {server} of {id}")
    }

    /// Goes on where a server is now, of which the others may know nothing yet.
    async fn builds_on_others(&mut self, servers: &Servers, server: usize) -> String {
        let path = format!(
            "/_matrix/federation/v1/make_join/{}/{}?ver={}",
            segment(&self.branch.room_id),
            segment(&self.user),
            self.branch.version,
        );
        let Some(template) = asked(servers, server, &path).await else {
            return format!("eve gets no template of server {server}");
        };
        let last: Vec<String> =
            serde_json::from_value(template["event"]["prev_events"].clone()).unwrap_or_default();
        let mut branch = self.branch.clone();
        branch.depth = template["event"]["depth"].as_u64().unwrap_or(1).saturating_sub(1);
        branch.last = last;
        let (id, event) = branch.says(&servers.eve.peer, &self.user, "on what others said");
        // Of the state there she knows nothing.
        servers.eve.peer.forgets_state(&id);
        let to = (server + 1) % SERVERS;
        send(servers, to, &[event], &[]).await;
        format!("eve builds {id} on what server {server} has and sends it to server {to}")
    }
}

/// Sends a transaction; whether it arrives is the weather's business.
async fn send(servers: &Servers, server: usize, pdus: &[Value], edus: &[Value]) {
    let peer = &servers.eve.peer;
    let world = &servers.hosts[server].world;
    let id = peer.new_transaction_id();
    if let Ok(mut answer) = peer.tries_to_send(world, &id, pdus, edus).await {
        answer.status();
    }
}

/// What a server answers, if the weather and the server let it.
async fn asked(servers: &Servers, server: usize, path: &str) -> Option<Value> {
    let world = &servers.hosts[server].world;
    let mut answer = servers.eve.peer.tries(world, Method::GET, path, None).await.ok()?;
    if answer.status() == 200 { Some(answer.body().clone()) } else { None }
}
