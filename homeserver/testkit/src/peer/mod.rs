//! Another server as a scenario's own: it signs what it is told to sign, and answers with what it is told to have.
//!
//! It can forge, fork and withhold, so it checks nothing. What it was asked is kept for the scenario to look at.

mod hosting;
mod room;
mod serving;

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use http::Method;
use parking_lot::Mutex;
use ruma::signatures::{Ed25519KeyPair, sign_json};
use ruma::{CanonicalJsonObject, MilliSecondsSinceUnixEpoch};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::sync::watch;

pub use room::PeerRoom;

use crate::answer::Answer;
use crate::user::segment;
use crate::{Authority, Neighbourhood, World};

/// The id of the peer's one key.
const KEY: &str = "ed25519:1";

/// How long a peer waits for an event or a question.
const PATIENCE: Duration = Duration::from_secs(20);

/// A server that does what a scenario says.
pub struct Peer {
    name: String,
    key: Arc<Ed25519KeyPair>,
    http: reqwest::Client,
    has: Arc<Has>,
    transactions: AtomicU64,
}

/// What the peer answers with.
#[derive(Default)]
pub(crate) struct Has {
    pub events: Mutex<BTreeMap<String, Value>>,
    pub withheld: Mutex<BTreeSet<String>>,
    /// The state before an event, as the peer tells it.
    pub states: Mutex<BTreeMap<String, Vec<String>>>,
    /// Part of a question, status and body of the answer.
    pub answers: Mutex<Vec<(String, u16, Value)>>,
    pub asked: watch::Sender<Vec<String>>,
    /// Transactions that came, by their ids, each repetition anew.
    pub transactions: Mutex<Vec<(String, Vec<Value>)>>,
    /// Ephemeral messages that came, in their order, also those that were answered with an error.
    pub edus: Mutex<Vec<Value>>,
    /// Events that were sent to the peer, with their ids.
    pub received: Mutex<Vec<(String, Value)>>,
    /// How many events were sent to the peer.
    pub arrived: AtomicUsize,
    /// Tells that an event was sent to the peer.
    pub arrivals: watch::Sender<()>,
    /// Rooms that the peer lets others into, and the tip of each.
    pub hosted: Mutex<BTreeMap<String, PeerRoom>>,
    /// Parts of questions that wait for their answers.
    pub held: watch::Sender<Vec<String>>,
    /// Does not tell its keys.
    pub keeps_keys: AtomicBool,
    /// Tells whoever joins all members, whether they can do without or not.
    pub omits_nobody: AtomicBool,
}

impl Peer {
    /// Starts a peer of this name (`eve` becomes `eve.test`), which the neighbourhood must know.
    pub async fn start(neighbourhood: &Neighbourhood, name: &str) -> Self {
        Self::at(neighbourhood.authority(), &format!("{name}.test")).await
    }

    /// Starts a peer at a host for which the authority has a certificate. Every name is this machine.
    pub async fn at(authority: &Authority, host: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port is free");
        let port = listener.local_addr().expect("a listener has an address").port();
        Self::listening(listener, format!("{host}:{port}"), authority, BTreeMap::new())
    }

    /// Lets a peer of this full name listen here. `hosts` says where it finds others; who is not in it is this machine.
    #[must_use]
    pub fn listening(
        listener: TcpListener,
        name: String,
        authority: &Authority,
        hosts: BTreeMap<String, IpAddr>,
    ) -> Self {
        Self::signing(&Ed25519KeyPair::generate(), listener, name, authority, hosts)
    }

    /// Like [`Peer::listening`], with the key of this PKCS#8 document.
    #[must_use]
    pub fn signing(
        key: &[u8],
        listener: TcpListener,
        name: String,
        authority: &Authority,
        hosts: BTreeMap<String, IpAddr>,
    ) -> Self {
        let key = Ed25519KeyPair::from_der(key, "1".to_owned()).expect("it is a key");
        let (key, has) = (Arc::new(key), Arc::new(Has::default()));
        let keys = own_keys(&name, &key);
        tokio::spawn(serving::serve(listener, serving::acceptor(authority), keys, Arc::clone(&has)));
        let pem = std::fs::read(authority.authority_file()).expect("the authority has a certificate");
        let trusted = reqwest::Certificate::from_pem(&pem).expect("the authority has a certificate");
        let http = reqwest::Client::builder()
            .tls_certs_only([trusted])
            .dns_resolver(Arc::new(serving::Hosts(hosts)))
            .no_proxy()
            .build()
            .expect("a client can be built");
        Self { name, key, http, has, transactions: AtomicU64::new(0) }
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
        self.has.asked.borrow().clone()
    }

    /// Waits until it has been asked a question whose method and path hold this part.
    pub async fn waits_to_be_asked(&self, part: &str) {
        let is_asked = |asked: &Vec<String>| asked.iter().any(|target| target.contains(part));
        let mut asked = self.has.asked.subscribe();
        let waiting = asked.wait_for(is_asked);
        tokio::time::timeout(PATIENCE, waiting).await.expect("it is asked").expect("the peer lives");
    }

    /// The transactions that came, oldest first, with their events. One that was repeated is there again.
    #[must_use]
    pub fn transactions(&self) -> Vec<(String, Vec<Value>)> {
        self.has.transactions.lock().clone()
    }

    /// The ephemeral messages that came, oldest first. One that was repeated is there again.
    #[must_use]
    pub fn edus(&self) -> Vec<Value> {
        self.has.edus.lock().clone()
    }

    /// The id of an event from room version 3 on.
    #[must_use]
    pub fn id_of(version: &str, event: &Value) -> String {
        room::event_id(version, event)
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

    /// An event that the peer has.
    #[must_use]
    pub fn event(&self, event_id: &str) -> Option<Value> {
        self.has.events.lock().get(event_id).cloned()
    }

    /// Says that this was the state before an event; before every other event, where the id is empty.
    pub fn tells_state(&self, event_id: &str, state: Vec<String>) {
        self.has.states.lock().insert(event_id.to_owned(), state);
    }

    /// Answers every question whose method and path hold this part with this, whatever is true.
    pub fn answers(&self, part: &str, status: u16, body: Value) {
        self.has.answers.lock().push((part.to_owned(), status, body));
    }

    /// Does not say what the state before an event was.
    pub fn forgets_state(&self, event_id: &str) {
        self.has.states.lock().remove(event_id);
    }

    /// Answers such questions by what it has again.
    pub fn answers_truly(&self, part: &str) {
        self.has.answers.lock().retain(|(told, ..)| told != part);
    }

    /// How many events were sent to the peer, whatever it answered, repetitions included.
    #[must_use]
    pub fn counts_arrivals(&self) -> usize {
        self.has.arrived.load(Ordering::SeqCst)
    }

    /// A signed request to the server of this name.
    pub async fn asks_server(
        &self,
        destination: &str,
        method: Method,
        path: &str,
        body: Option<Value>,
    ) -> Answer {
        self.tries_server(destination, method, path, body).await.expect("the server answers")
    }

    /// A signed request to a server.
    pub async fn asks(&self, world: &World, method: Method, path: &str, body: Option<Value>) -> Answer {
        self.tries(world, method, path, body).await.expect("the server answers")
    }

    /// Like [`Peer::asks`], where the connection itself may fail.
    ///
    /// # Errors
    /// When it does.
    pub async fn tries(
        &self,
        world: &World,
        method: Method,
        path: &str,
        body: Option<Value>,
    ) -> Result<Answer, reqwest::Error> {
        self.tries_server(&world.server_name(), method, path, body).await
    }

    async fn tries_server(
        &self,
        destination: &str,
        method: Method,
        path: &str,
        body: Option<Value>,
    ) -> Result<Answer, reqwest::Error> {
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
        let response = request.send().await?;
        let (status, headers) = (response.status(), response.headers().clone());
        let text = response.text().await?;
        Ok(Answer::new(format!("{method} {path} by {}", self.name), status, headers, text))
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
        self.sends_as(world, &self.new_transaction_id(), pdus, edus).await
    }

    /// Sends a transaction under an id.
    pub async fn sends_as(&self, world: &World, id: &str, pdus: &[Value], edus: &[Value]) -> Answer {
        self.tries_to_send(world, id, pdus, edus).await.expect("the server answers")
    }

    /// Like [`Peer::sends_as`], where the connection itself may fail.
    ///
    /// # Errors
    /// When it does.
    pub async fn tries_to_send(
        &self,
        world: &World,
        id: &str,
        pdus: &[Value],
        edus: &[Value],
    ) -> Result<Answer, reqwest::Error> {
        let body = json!({
            "origin": self.name, "origin_server_ts": 1_700_000_000_000_u64, "pdus": pdus, "edus": edus,
        });
        self.tries(world, Method::PUT, &format!("/_matrix/federation/v1/send/{id}"), Some(body)).await
    }

    /// An id of a transaction that the peer has not used yet.
    #[must_use]
    pub fn new_transaction_id(&self) -> String {
        format!("t{}", self.transactions.fetch_add(1, Ordering::SeqCst))
    }

    /// Lets a user of this peer join a room of a server.
    pub async fn joins(&self, world: &World, room: &str, localpart: &str) -> PeerRoom {
        self.joins_at(&world.server_name(), room, localpart).await
    }

    /// Lets a user of this peer join a room through the server of this name.
    pub async fn joins_at(&self, destination: &str, room: &str, localpart: &str) -> PeerRoom {
        let user = self.user(localpart);
        let versions = (1..=12).map(|number| format!("ver={number}")).collect::<Vec<_>>().join("&");
        let path =
            format!("/_matrix/federation/v1/make_join/{}/{}?{versions}", segment(room), segment(&user));
        let template = self.asks_server(destination, Method::GET, &path, None).await.ok();
        let version = template["room_version"].as_str().expect("a template has a version").to_owned();
        let mut event = template["event"].clone();
        event["origin_server_ts"] = json!(1_700_000_000_000_u64);
        let (id, event) = self.signs(&version, event);
        let path = format!("/_matrix/federation/v2/send_join/{}/{}", segment(room), segment(&id));
        let told = self.asks_server(destination, Method::PUT, &path, Some(event.clone())).await.ok();
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
