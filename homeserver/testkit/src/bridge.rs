//! An application service on loopback, as a scenario's own: it records what the server sends, and answers as it is told.

use std::{
    collections::{HashMap, VecDeque},
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use axum::{
    Router,
    body::Bytes,
    extract::State,
    http::{HeaderMap, Method, StatusCode, Uri, header::AUTHORIZATION},
};
use parking_lot::Mutex;
use serde_json::{Value, json};
use tokio::sync::Notify;

use crate::{User, World, limits::REQUEST_TIMEOUT, user::segment};

/// A request that came in.
#[derive(Clone, Debug, PartialEq)]
pub struct Received {
    /// Method and path with its query, like `PUT /_matrix/app/v1/transactions/1`.
    pub line: String,
    /// The `Authorization` header.
    pub authorization: String,
    /// The body.
    pub body: Bytes,
    /// What was answered.
    pub status: u16,
}

impl Received {
    /// The id of a transaction; empty for another request.
    #[must_use]
    pub fn transaction_id(&self) -> &str {
        self.line.strip_prefix("PUT /_matrix/app/v1/transactions/").unwrap_or_default()
    }

    /// The body as JSON.
    #[must_use]
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).expect("the server sends JSON")
    }
}

/// A recording application service.
#[derive(Clone)]
pub struct Bridge {
    id: String,
    address: SocketAddr,
    shared: Arc<Shared>,
}

#[derive(Default)]
struct Shared {
    received: Mutex<Vec<Received>>,
    news: Notify,
    /// Statuses for the transactions to come; success when there is none left.
    statuses: Mutex<VecDeque<u16>>,
    /// Whether every transaction is refused.
    down: AtomicBool,
    /// Whether pings are not answered at all.
    silent: AtomicBool,
    /// Answers to everything but transactions, by path without query.
    answers: Mutex<HashMap<String, (u16, Value)>>,
    /// Who makes a user or a room when the server asks for it.
    maker: Mutex<Option<User>>,
}

impl Bridge {
    /// Listens on a free port of this machine.
    pub async fn start(id: &str) -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port is free");
        let address = listener.local_addr().expect("a listener has an address");
        let shared = Arc::new(Shared::default());
        let router = Router::new().fallback(handle).with_state(Arc::clone(&shared));
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { id: id.to_owned(), address, shared }
    }

    /// A registration that claims `@_{id}_…` and `#_{id}_…` for itself, with more lines of YAML.
    #[must_use]
    pub fn registration(&self, more: &str) -> String {
        let Self { id, address, .. } = self;
        format!(
            "id: {id}\nurl: http://{address}\nas_token: as-{id}\nhs_token: hs-{id}\nsender_localpart: {id}bot\n\
             namespaces:\n  users:\n  - exclusive: true\n    regex: '@_{id}_.*'\n  \
             aliases:\n  - exclusive: true\n    regex: '#_{id}_.*'\n{more}\n"
        )
    }

    /// The service as a client: its own user.
    #[must_use]
    pub fn client(&self, world: &World) -> User {
        world.stranger().with_token(&format!("as-{}", self.id))
    }

    /// A path that names one of its users, for [`Bridge::client`].
    #[must_use]
    pub fn acting(path: &str, user: &str) -> String {
        let sign = if path.contains('?') { '&' } else { '?' };
        format!("{path}{sign}user_id={}", segment(user))
    }

    /// Registers a user of its own.
    pub async fn makes_user(&self, world: &World, localpart: &str) -> String {
        let body =
            json!({ "type": "m.login.application_service", "username": localpart, "inhibit_login": true });
        let made = self.client(world).post("/_matrix/client/v3/register", body).await.ok();
        made["user_id"].as_str().expect("a user id").to_owned()
    }

    /// The next transactions are answered with these statuses.
    pub fn answers_with(&self, statuses: impl IntoIterator<Item = u16>) {
        self.shared.statuses.lock().extend(statuses);
    }

    /// Refuses every transaction, or takes them again.
    pub fn is_down(&self, down: bool) {
        self.shared.down.store(down, Ordering::SeqCst);
    }

    /// Answers no ping, or does so again.
    pub fn is_silent(&self, silent: bool) {
        self.shared.silent.store(silent, Ordering::SeqCst);
    }

    /// How a path is answered.
    pub fn answers(&self, path: &str, status: u16, body: Value) {
        self.shared.answers.lock().insert(path.to_owned(), (status, body));
    }

    /// Makes the users that the server asks for, and the rooms of aliases.
    pub fn makes_what_is_asked_for(&self, world: &World) {
        *self.shared.maker.lock() = Some(self.client(world));
    }

    /// Everything that came in so far.
    #[must_use]
    pub fn received(&self) -> Vec<Received> {
        self.shared.received.lock().clone()
    }

    /// The transactions that came in so far, refused ones too.
    #[must_use]
    pub fn transactions(&self) -> Vec<Received> {
        self.received().into_iter().filter(|received| !received.transaction_id().is_empty()).collect()
    }

    /// The events of all accepted transactions, in order.
    #[must_use]
    pub fn events(&self) -> Vec<Value> {
        self.items("events")
    }

    /// What all accepted transactions hold under a key that is a list, in order.
    #[must_use]
    pub fn items(&self, key: &str) -> Vec<Value> {
        let accepted = self.transactions().into_iter().filter(|received| received.status == 200);
        accepted.flat_map(|received| received.json()[key].as_array().cloned().unwrap_or_default()).collect()
    }

    /// Waits until what came in is as wanted.
    pub async fn waits_until(&self, what: &str, mut is_met: impl FnMut(&Self) -> bool) {
        let met = async {
            loop {
                let news = self.shared.news.notified();
                if is_met(self) {
                    return;
                }
                news.await;
            }
        };
        if tokio::time::timeout(REQUEST_TIMEOUT, met).await.is_err() {
            panic!("the bridge was not told in time: {what}; it has {:?}", self.received());
        }
    }

    /// Waits for an event.
    pub async fn hears_of(&self, event: &str) {
        self.waits_until(event, |bridge| bridge.events().iter().any(|heard| heard["event_id"] == event))
            .await;
    }
}

async fn handle(
    State(shared): State<Arc<Shared>>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> (StatusCode, String) {
    let path = uri.path().to_owned();
    if path.ends_with("/ping") && shared.silent.load(Ordering::SeqCst) {
        std::future::pending::<()>().await;
    }
    let (status, answer) = if path.contains("/transactions/") {
        let status = shared.statuses.lock().pop_front().unwrap_or(200);
        let down = shared.down.load(Ordering::SeqCst);
        (if down { 503 } else { status }, json!({}))
    } else {
        answer(&shared, &path).await
    };
    let authorization = headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok()).unwrap_or_default();
    shared.received.lock().push(Received {
        line: format!("{method} {uri}"),
        authorization: authorization.to_owned(),
        body,
        status,
    });
    shared.news.notify_waiters();
    (StatusCode::from_u16(status).expect("a status"), answer.to_string())
}

async fn answer(shared: &Shared, path: &str) -> (u16, Value) {
    if let Some(answer) = shared.answers.lock().get(path) {
        return answer.clone();
    }
    let maker = shared.maker.lock().clone();
    let name = path.rsplit('/').next().unwrap_or_default();
    let name = name.replace("%23", "#").replace("%3A", ":").replace("%40", "@");
    let localpart = name.get(1..).and_then(|name| name.split(':').next()).unwrap_or_default().to_owned();
    match maker {
        Some(maker) if path.contains("/users/") => {
            let body = json!({ "type": "m.login.application_service", "username": localpart, "inhibit_login": true });
            let made = maker.post("/_matrix/client/v3/register", body).await.status();
            (if made == 200 { 200 } else { 404 }, json!({}))
        }
        Some(maker) if path.contains("/rooms/") => {
            let body = json!({ "room_alias_name": localpart, "preset": "public_chat" });
            let made = maker.post("/_matrix/client/v3/createRoom", body).await.status();
            (if made == 200 { 200 } else { 404 }, json!({}))
        }
        Some(_) | None => (if path.ends_with("/ping") { 200 } else { 404 }, json!({})),
    }
}
