//! What the tests of this crate talk to: a shelf and an inbox in memory, a platform that answers by a script.

use std::{
    collections::{HashMap, VecDeque},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use async_trait::async_trait;
use axum::{
    Router,
    body::Bytes,
    extract::State,
    http::{HeaderMap, Method, StatusCode, Uri},
    response::IntoResponse,
};
use bridge_api::{Arrival, ConversationId, Inbox, InboxRefused, Line, Quota, Secret, Shelf, ShelfRefused};
use parking_lot::Mutex;
use serde_json::Value;
use tokio::net::TcpListener;

use crate::settings::{DingTalkSettings, Mode, Quotas, file_hosts_default};

/// A shelf in memory.
#[derive(Default)]
pub struct Rows(Mutex<HashMap<String, Vec<u8>>>);

#[async_trait]
impl Shelf for Rows {
    async fn get(&self, key: &str) -> Result<Option<Vec<u8>>, ShelfRefused> {
        Ok(self.0.lock().get(key).cloned())
    }

    async fn put(&self, key: &str, value: &[u8], _: u64) -> Result<(), ShelfRefused> {
        self.0.lock().insert(key.to_owned(), value.to_owned());
        Ok(())
    }

    async fn remove(&self, key: &str) -> Result<(), ShelfRefused> {
        self.0.lock().remove(key);
        Ok(())
    }
}

/// An inbox in memory.
#[derive(Default)]
pub struct Basket {
    taken: Mutex<Vec<Arrival>>,
    quotas: Mutex<Vec<(&'static str, u64)>>,
    lines: Mutex<Vec<Line>>,
    refuses: AtomicBool,
    full: Mutex<Option<ConversationId>>,
}

impl Basket {
    /// What was taken.
    pub fn taken(&self) -> Vec<Arrival> {
        self.taken.lock().clone()
    }

    /// What was said of quotas.
    pub fn quotas(&self) -> Vec<(&'static str, u64)> {
        self.quotas.lock().clone()
    }

    /// What was said of the line.
    pub fn lines(&self) -> Vec<Line> {
        self.lines.lock().clone()
    }

    /// Whether it takes nothing.
    pub fn refuse(&self, refuses: bool) {
        self.refuses.store(refuses, Ordering::SeqCst);
    }

    /// Nothing of this conversation is taken any more.
    pub fn fill(&self, conversation: Option<ConversationId>) {
        *self.full.lock() = conversation;
    }
}

#[async_trait]
impl Inbox for Basket {
    async fn take(&self, arrivals: Vec<Arrival>) -> Result<(), InboxRefused> {
        let full = self.full.lock().clone();
        let is_full = full.is_some() && arrivals.iter().any(|arrival| arrival.conversation == full);
        if is_full || self.refuses.load(Ordering::SeqCst) {
            return Err(InboxRefused::Full);
        }
        self.taken.lock().extend(arrivals);
        Ok(())
    }

    fn line(&self, line: Line) {
        self.lines.lock().push(line);
    }

    fn quota(&self, quota: Quota) {
        self.quotas.lock().push((quota.what, quota.left));
    }
}

/// A request as the scripted platform saw it.
#[derive(Clone, Debug)]
pub struct Asked {
    /// Its path with the query.
    pub path: String,
    /// Its token header.
    pub token: String,
    /// Its body; `Null` when it is no JSON.
    pub body: Value,
}

/// Statuses and bodies, first one first.
type Answers = VecDeque<(u16, String)>;

/// A platform that answers by a script; a path without an answer left gets its token or an empty object.
#[derive(Clone, Default)]
pub struct Platform {
    asked: Arc<Mutex<Vec<Asked>>>,
    answers: Arc<Mutex<HashMap<String, Answers>>>,
}

impl Platform {
    /// Starts it and says where it is.
    pub async fn start(&self) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let app = Router::new().fallback(answer).with_state(self.clone());
        tokio::spawn(async move { axum::serve(listener, app).await });
        format!("http://{address}")
    }

    /// The next answer below a path.
    pub fn next(&self, path: &str, status: u16, body: impl ToString) {
        self.answers.lock().entry(path.to_owned()).or_default().push_back((status, body.to_string()));
    }

    /// What was asked below a path.
    pub fn asked(&self, path: &str) -> Vec<Asked> {
        self.asked.lock().iter().filter(|asked| asked.path.split('?').next() == Some(path)).cloned().collect()
    }
}

async fn answer(
    State(platform): State<Platform>,
    _: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> impl IntoResponse {
    let token = headers.get("x-acs-dingtalk-access-token").and_then(|value| value.to_str().ok());
    let body = serde_json::from_slice(&body).unwrap_or_default();
    platform.asked.lock().push(Asked {
        path: uri.to_string(),
        token: token.unwrap_or_default().to_owned(),
        body,
    });
    let scripted = platform.answers.lock().get_mut(uri.path()).and_then(VecDeque::pop_front);
    let count = platform.asked("/v1.0/oauth2/accessToken").len();
    let (status, text) = scripted.unwrap_or_else(|| match uri.path() {
        "/v1.0/oauth2/accessToken" => (200, format!(r#"{{"accessToken":"t{count}","expireIn":7200}}"#)),
        _ => (200, "{}".to_owned()),
    });
    (StatusCode::from_u16(status).expect("a status"), text)
}

/// Settings of an app whose platform is at `base`.
pub fn settings(base: &str) -> DingTalkSettings {
    DingTalkSettings {
        api_url: base.parse().expect("an address"),
        old_api_url: base.parse().expect("an address"),
        client_id: "dingsimapp".into(),
        client_secret: Secret::new("secret"),
        robot_code: "dingsimapp".into(),
        mode: Mode::Stream,
        cool_app_code: None,
        card_template: None,
        webhooks: Vec::new(),
        quotas: Quotas::default(),
        file_hosts: file_hosts_default(),
        authorities: Arc::new(rustls::RootCertStore::empty()),
    }
}
