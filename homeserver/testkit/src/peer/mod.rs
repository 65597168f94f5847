//! Another server as a scenario's own: it signs what it is told to sign, and answers with what it is told to have.
//!
//! It can forge, fork and withhold, so it checks nothing. What it was asked is kept for the scenario to look at.

mod room;
mod serving;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use http::Method;
use parking_lot::Mutex;
use ruma::signatures::{Ed25519KeyPair, sign_json};
use ruma::{CanonicalJsonObject, MilliSecondsSinceUnixEpoch};
use serde_json::{Value, json};
use tokio::net::TcpListener;

pub use room::PeerRoom;

use crate::answer::Answer;
use crate::user::segment;
use crate::{Neighbourhood, World};

/// The id of the peer's one key.
const KEY: &str = "ed25519:1";

/// A server that does what a scenario says.
pub struct Peer {
    name: String,
    key: Arc<Ed25519KeyPair>,
    http: reqwest::Client,
    has: Arc<Has>,
    transactions: std::sync::atomic::AtomicU64,
}

/// What the peer answers with.
#[derive(Default)]
pub(crate) struct Has {
    pub events: Mutex<BTreeMap<String, Value>>,
    pub withheld: Mutex<BTreeSet<String>>,
    /// The state before an event, as the peer tells it.
    pub states: Mutex<BTreeMap<String, Vec<String>>>,
    pub asked: Mutex<Vec<String>>,
}

impl Peer {
    /// Starts a peer of this name (`eve` becomes `eve.test`), which the neighbourhood must know.
    pub async fn start(neighbourhood: &Neighbourhood, name: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port is free");
        let port = listener.local_addr().expect("a listener has an address").port();
        let name = format!("{name}.test:{port}");
        let document = Ed25519KeyPair::generate();
        let key = Ed25519KeyPair::from_der(&document, "1".to_owned()).expect("a fresh key is a key");
        let (key, has) = (Arc::new(key), Arc::new(Has::default()));
        let authority = neighbourhood.authority();
        let keys = own_keys(&name, &key);
        tokio::spawn(serving::serve(listener, serving::acceptor(authority), keys, Arc::clone(&has)));
        let pem = std::fs::read(authority.authority_file()).expect("the authority has a certificate");
        let trusted = reqwest::Certificate::from_pem(&pem).expect("the authority has a certificate");
        let http = reqwest::Client::builder()
            .tls_certs_only([trusted])
            .dns_resolver(Arc::new(serving::Loopback))
            .no_proxy()
            .build()
            .expect("a client can be built");
        Self { name, key, http, has, transactions: std::sync::atomic::AtomicU64::new(0) }
    }

    /// The name with its port.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The id of a user of this peer.
    #[must_use]
    pub fn user(&self, localpart: &str) -> String {
        format!("@{localpart}:{}", self.name)
    }

    /// What the server under test asked, oldest first: method and path.
    #[must_use]
    pub fn asked(&self) -> Vec<String> {
        self.has.asked.lock().clone()
    }

    /// Does not have this event when it is asked.
    pub fn withholds(&self, event_id: &str) {
        self.has.withheld.lock().insert(event_id.to_owned());
    }

    /// Has the event again.
    pub fn gives_again(&self, event_id: &str) {
        self.has.withheld.lock().remove(event_id);
    }

    /// Has an event, to be asked for.
    pub fn keeps(&self, event_id: &str, event: &Value) {
        self.has.events.lock().insert(event_id.to_owned(), event.clone());
    }

    /// Says that this was the state before an event.
    pub fn tells_state(&self, event_id: &str, state: Vec<String>) {
        self.has.states.lock().insert(event_id.to_owned(), state);
    }

    /// A signed request to a server.
    pub async fn asks(&self, world: &World, method: Method, path: &str, body: Option<Value>) -> Answer {
        let destination = world.server_name();
        let mut signed = json!({
            "method": method.as_str(), "uri": path, "origin": self.name, "destination": destination,
        });
        if let Some(body) = &body {
            signed["content"] = body.clone();
        }
        let mut object: CanonicalJsonObject =
            serde_json::from_value(signed).expect("what is signed is canonical JSON");
        sign_json(&self.name, &*self.key, &mut object).expect("an object can be signed");
        let signature = serde_json::to_value(&object["signatures"]).expect("a signature is JSON");
        let signature = signature[&self.name][KEY].as_str().unwrap_or_default().to_owned();
        let header = format!(
            "X-Matrix origin=\"{}\",destination=\"{destination}\",key=\"{KEY}\",sig=\"{signature}\"",
            self.name,
        );
        let url = format!("https://{destination}{path}");
        let mut request = self.http.request(method.clone(), url).header("authorization", header);
        if let Some(body) = body {
            request = request.json(&body);
        }
        let response = request.send().await.expect("the server answers");
        let (status, headers) = (response.status(), response.headers().clone());
        let text = response.text().await.expect("the answer can be read");
        Answer::new(format!("{method} {path} by {}", self.name), status, headers, text)
    }

    /// A signed question.
    pub async fn gets(&self, world: &World, path: &str) -> Answer {
        self.asks(world, Method::GET, path, None).await
    }

    /// Sends events, and returns what became of each.
    pub async fn sends<const N: usize>(&self, world: &World, events: [&Value; N]) -> Value {
        self.sends_all(world, &events.map(Clone::clone), &[]).await.ok()
    }

    /// Sends an ephemeral message.
    pub async fn sends_edu(&self, world: &World, kind: &str, content: Value) {
        let edu = json!({ "edu_type": kind, "content": content });
        self.sends_all(world, &[], &[edu]).await.ok();
    }

    /// Sends a transaction under a new id.
    pub async fn sends_all(&self, world: &World, pdus: &[Value], edus: &[Value]) -> Answer {
        let number = self.transactions.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
        self.sends_as(world, &format!("t{number}"), pdus, edus).await
    }

    /// Sends a transaction under an id.
    pub async fn sends_as(&self, world: &World, id: &str, pdus: &[Value], edus: &[Value]) -> Answer {
        let body = json!({
            "origin": self.name, "origin_server_ts": 1_700_000_000_000_u64, "pdus": pdus, "edus": edus,
        });
        self.asks(world, Method::PUT, &format!("/_matrix/federation/v1/send/{id}"), Some(body)).await
    }

    /// Lets a user of this peer join a room of a server.
    pub async fn joins(&self, world: &World, room: &str, localpart: &str) -> PeerRoom {
        let user = self.user(localpart);
        let versions = (1..=12).map(|number| format!("ver={number}")).collect::<Vec<_>>().join("&");
        let path =
            format!("/_matrix/federation/v1/make_join/{}/{}?{versions}", segment(room), segment(&user));
        let template = self.gets(world, &path).await.ok();
        let version = template["room_version"].as_str().expect("a template has a version").to_owned();
        let mut event = template["event"].clone();
        event["origin_server_ts"] = json!(1_700_000_000_000_u64);
        let (id, event) = self.signs(&version, event);
        let path = format!("/_matrix/federation/v2/send_join/{}/{}", segment(room), segment(&id));
        let told = self.asks(world, Method::PUT, &path, Some(event.clone())).await.ok();
        PeerRoom::new(self, room, &version, &told, (&id, &event))
    }

    /// Hashes and signs an event, and returns its id with it.
    #[must_use]
    pub fn signs(&self, version: &str, event: Value) -> (String, Value) {
        room::sign(&self.name, &self.key, version, event)
    }
}

/// What the peer says of its keys.
fn own_keys(name: &str, key: &Ed25519KeyPair) -> Value {
    let valid_until = MilliSecondsSinceUnixEpoch::now().get();
    let valid_until = u64::from(valid_until) + 24 * 60 * 60 * 1000;
    let keys = json!({
        "server_name": name,
        "valid_until_ts": valid_until,
        "verify_keys": { KEY: { "key": STANDARD_NO_PAD.encode(key.public_key()) } },
        "old_verify_keys": {},
    });
    let mut object: CanonicalJsonObject = serde_json::from_value(keys).expect("keys are canonical JSON");
    sign_json(name, key, &mut object).expect("an object can be signed");
    serde_json::to_value(object).expect("an object is JSON")
}
