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
    http::{StatusCode, Uri, header},
    response::IntoResponse,
};
use bridge_api::{Arrival, Inbox, InboxRefused, Line, Quota, Secret, Shelf, ShelfRefused};
use parking_lot::Mutex;
use serde_json::Value;
use tokio::net::TcpListener;

use crate::settings::{App, Bot, BotMode, Hook, WeComSettings, Webhook};

/// The token of the page's vectors.
pub const TOKEN: &str = "SimToken01";
/// The key of the page's vectors.
pub const KEY: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8";
/// The company of the page's vectors.
pub const CORP: &str = "ww1234567890abcdef";

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
    refuses: AtomicBool,
}

impl Basket {
    /// What was taken.
    pub fn taken(&self) -> Vec<Arrival> {
        self.taken.lock().clone()
    }

    /// Whether it takes nothing.
    pub fn refuse(&self, refuses: bool) {
        self.refuses.store(refuses, Ordering::SeqCst);
    }
}

#[async_trait]
impl Inbox for Basket {
    async fn take(&self, arrivals: Vec<Arrival>) -> Result<(), InboxRefused> {
        if self.refuses.load(Ordering::SeqCst) {
            return Err(InboxRefused::Full);
        }
        self.taken.lock().extend(arrivals);
        Ok(())
    }

    fn line(&self, _: Line) {}

    fn quota(&self, _: Quota) {}
}

/// A request as the scripted platform saw it.
#[derive(Clone, Debug)]
pub struct Asked {
    /// Its path with the query.
    pub path: String,
    /// Its body; `Null` when it is no JSON.
    pub body: Value,
}

/// Statuses and bodies, first one first.
type Answers = VecDeque<(u16, String)>;

/// A platform that answers by a script; a path without an answer left gets its token or an empty success.
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

    /// The next answer at a path below `/cgi-bin/`.
    pub fn next(&self, path: &str, status: u16, body: impl ToString) {
        let path = format!("/cgi-bin/{path}");
        self.answers.lock().entry(path).or_default().push_back((status, body.to_string()));
    }

    /// What was asked at a path below `/cgi-bin/`.
    pub fn asked(&self, path: &str) -> Vec<Asked> {
        let path = format!("/cgi-bin/{path}");
        self.asked
            .lock()
            .iter()
            .filter(|asked| asked.path.split('?').next() == Some(&path))
            .cloned()
            .collect()
    }
}

async fn answer(State(platform): State<Platform>, uri: Uri, body: Bytes) -> impl IntoResponse {
    let body = serde_json::from_slice(&body).unwrap_or_default();
    platform.asked.lock().push(Asked { path: uri.to_string(), body });
    let scripted = platform.answers.lock().get_mut(uri.path()).and_then(VecDeque::pop_front);
    let count = platform.asked("gettoken").len();
    let (status, text) = scripted.unwrap_or_else(|| match uri.path() {
        "/cgi-bin/gettoken" => {
            (200, format!(r#"{{"errcode":0,"errmsg":"ok","access_token":"t{count}","expires_in":7200}}"#))
        }
        "/cgi-bin/message/send" => (200, r#"{"errcode":0,"errmsg":"ok","msgid":"M1"}"#.to_owned()),
        _ => (200, r#"{"errcode":0,"errmsg":"ok"}"#.to_owned()),
    });
    (StatusCode::from_u16(status).expect("a status"), [(header::CONTENT_TYPE, "application/json")], text)
}

/// Settings of an app and a bot, both called by HTTP, whose platform is at `base`.
pub fn settings(base: &str) -> WeComSettings {
    let hook = || Hook { token: Secret::new(TOKEN), aes_key: Secret::new(KEY) };
    WeComSettings {
        api_url: base.parse().expect("an address"),
        corp_id: CORP.into(),
        app: Some(App { agent_id: 1_000_002, secret: Secret::new("secret"), callback: Some(hook()) }),
        bot: Some(Bot { id: "aibX".into(), names: vec!["Bridge".into()], mode: BotMode::Callback(hook()) }),
        webhooks: vec![Webhook { name: "ops".into(), key: Secret::new("KEY") }],
        group_chats: vec!["sale42".into()],
        file_hosts: Vec::new(),
        authorities: Arc::new(rustls::RootCertStore::empty()),
    }
}
