//! A peer on loopback: it answers each path with what was laid down for it, and remembers what it was asked.

use std::{collections::HashMap, sync::Arc};

use async_trait::async_trait;
use axum::{
    Router,
    extract::{Request, State},
    http::StatusCode,
    response::{IntoResponse as _, Response},
};
use bridge_api::{Arrival, Clock, Inbox, InboxRefused, Line, Quota, Rng, double::Rows};
use parking_lot::Mutex;
use serde_json::{Value, json};
use tokio::sync::Notify;

use crate::{Feishu, FeishuSettings, Mode, OfficeSettings, Secret, limits::READ_AGAIN_EVERY};

/// What the peer was asked.
#[derive(Clone, Debug)]
pub struct Asked {
    pub method: String,
    pub path: String,
    pub query: String,
    pub token: String,
    pub body: String,
}

/// An answer: status, headers, body.
pub type Answer = (u16, Vec<(&'static str, &'static str)>, Value);

/// A good answer.
pub fn good(data: Value) -> Answer {
    (200, Vec::new(), json!({ "code": 0, "msg": "success", "data": data }))
}

/// A refusal with a code.
pub fn bad(status: u16, code: i64) -> Answer {
    (status, vec![("x-tt-logid", "L1")], json!({ "code": code, "msg": "no" }))
}

#[derive(Default)]
pub struct Peer {
    asked: Mutex<Vec<Asked>>,
    answers: Mutex<HashMap<String, Vec<Answer>>>,
    silent: Mutex<Vec<String>>,
    tokens: Mutex<u32>,
    /// Where its long connection is.
    pub socket: Mutex<String>,
}

impl Peer {
    /// Starts a peer and a connector that takes it for the platform.
    pub async fn start() -> (Arc<Self>, Feishu) {
        Self::with(OfficeSettings::default()).await
    }

    /// The same with these settings of what is kept in the platform's own apps.
    pub async fn with(office: OfficeSettings) -> (Arc<Self>, Feishu) {
        let peer = Arc::new(Self::default());
        let router = Router::new().fallback(answer).with_state(Arc::clone(&peer));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        tokio::spawn(async move { axum::serve(listener, router).await });
        let settings = FeishuSettings {
            base_url: format!("http://{address}").parse().expect("an address"),
            app_id: "cli_a".to_owned(),
            app_secret: Secret::new("s"),
            mode: Mode::LongConnection,
            authorities: Arc::new(rustls::RootCertStore::empty()),
            read_again_every: Some(READ_AGAIN_EVERY),
            office,
        };
        let shelf = Arc::new(Rows::default());
        let feishu = Feishu::new(settings, shelf, Clock::fake(1_700_000_000_000), Rng::seeded(1))
            .expect("good settings");
        (peer, feishu)
    }

    /// Lays down the next answers to a path; the last one stays.
    pub fn answers(&self, path: &str, answers: Vec<Answer>) {
        let answers = answers.into_iter().rev().collect();
        self.answers.lock().insert(path.to_owned(), answers);
    }

    /// Never answers a path any more.
    pub fn says_nothing(&self, path: &str) {
        self.silent.lock().push(path.to_owned());
    }

    /// What was asked of a path.
    pub fn asked(&self, path: &str) -> Vec<Asked> {
        self.asked.lock().iter().filter(|asked| asked.path == path).cloned().collect()
    }

    fn next(&self, path: &str) -> Answer {
        match path {
            "/open-apis/auth/v3/tenant_access_token/internal" => {
                let mut tokens = self.tokens.lock();
                *tokens += 1;
                (
                    200,
                    Vec::new(),
                    json!({ "code": 0, "tenant_access_token": format!("t-{tokens}"), "expire": 7200 }),
                )
            }
            "/open-apis/bot/v3/info" => {
                let bot = json!({ "activate_status": 2, "open_id": "ou_bot", "app_name": "Bridge" });
                (200, Vec::new(), json!({ "code": 0, "bot": bot }))
            }
            "/callback/ws/endpoint" => {
                good(json!({ "URL": *self.socket.lock(), "ClientConfig": { "PingInterval": 60 } }))
            }
            path => {
                let mut answers = self.answers.lock();
                let Some(laid) = answers.get_mut(path) else { return bad(404, 99_992_402) };
                if laid.len() > 1 { laid.pop() } else { laid.last().cloned() }.expect("an answer")
            }
        }
    }
}

async fn answer(State(peer): State<Arc<Peer>>, request: Request) -> Response {
    let (head, body) = request.into_parts();
    let body = axum::body::to_bytes(body, 1 << 20).await.expect("a body");
    let token = head.headers.get("authorization").and_then(|value| value.to_str().ok()).unwrap_or_default();
    let path = head.uri.path().to_owned();
    peer.asked.lock().push(Asked {
        method: head.method.to_string(),
        path: path.clone(),
        query: head.uri.query().unwrap_or_default().to_owned(),
        token: token.to_owned(),
        body: String::from_utf8_lossy(&body).into_owned(),
    });
    let is_silent = peer.silent.lock().contains(&path);
    if is_silent {
        std::future::pending::<()>().await;
    }
    let (status, headers, body) = peer.next(&path);
    let mut response = (StatusCode::from_u16(status).expect("a status"), body.to_string()).into_response();
    for (name, value) in headers {
        response.headers_mut().insert(name, value.parse().expect("a value"));
    }
    response
}

/// An inbox in memory, which may refuse.
#[derive(Default)]
pub struct Kept {
    pub arrivals: Mutex<Vec<Arrival>>,
    pub lines: Mutex<Vec<Line>>,
    pub refusals: Mutex<u32>,
    pub changed: Notify,
}

#[async_trait]
impl Inbox for Kept {
    async fn take(&self, arrivals: Vec<Arrival>) -> Result<(), InboxRefused> {
        let mut refusals = self.refusals.lock();
        if *refusals > 0 {
            *refusals -= 1;
            return Err(InboxRefused::Full);
        }
        self.arrivals.lock().extend(arrivals);
        Ok(())
    }

    fn line(&self, line: Line) {
        self.lines.lock().push(line);
        self.changed.notify_waiters();
    }

    fn quota(&self, _: Quota) {}
}
