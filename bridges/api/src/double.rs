//! What connectors are tested with: a shelf and an inbox in memory, a platform that answers by a script.
#![expect(
    clippy::expect_used,
    reason = "test code: a broken expectation has to stop the test where it happens"
)]

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
    http::{HeaderMap, StatusCode, Uri, header},
    response::IntoResponse,
};
use parking_lot::Mutex;
use serde_json::Value;
use tokio::net::TcpListener;

use crate::{Arrival, ConversationId, Inbox, InboxRefused, Line, Quota, Shelf, ShelfRefused};

/// A shelf in memory, for which no time passes. It outlives a connector, as rows in a store do.
#[derive(Default)]
pub struct Rows {
    rows: Mutex<HashMap<String, Vec<u8>>>,
    refuses: AtomicBool,
}

impl Rows {
    /// Whether nothing can be written.
    pub fn refuse(&self, refuses: bool) {
        self.refuses.store(refuses, Ordering::SeqCst);
    }
}

#[async_trait]
impl Shelf for Rows {
    async fn get(&self, key: &str) -> Result<Option<Vec<u8>>, ShelfRefused> {
        Ok(self.rows.lock().get(key).cloned())
    }

    async fn put(&self, key: &str, value: &[u8], _: u64) -> Result<(), ShelfRefused> {
        if self.refuses.load(Ordering::SeqCst) {
            return Err(ShelfRefused::Store("told to refuse".to_owned()));
        }
        self.rows.lock().insert(key.to_owned(), value.to_owned());
        Ok(())
    }

    async fn remove(&self, key: &str) -> Result<(), ShelfRefused> {
        self.rows.lock().remove(key);
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
    /// Its headers.
    pub headers: HeaderMap,
    /// Its body as it came.
    pub bytes: Bytes,
    /// Its body; `Null` when it is no JSON.
    pub body: Value,
}

impl Asked {
    /// A header as text; empty when there is none.
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }
}

/// Statuses and bodies, first one first.
type Answers = VecDeque<(u16, String)>;

/// What is answered at a path without an answer of its own, asked there for the so-many-th time.
pub type Otherwise = fn(path: &str, times: usize) -> String;

/// A platform that answers by a script.
#[derive(Clone)]
pub struct Script {
    otherwise: Otherwise,
    asked: Arc<Mutex<Vec<Asked>>>,
    answers: Arc<Mutex<HashMap<String, Answers>>>,
}

impl Script {
    /// One that answers with status 200 and what `otherwise` says where nothing else is scripted.
    pub fn new(otherwise: Otherwise) -> Self {
        Self { otherwise, asked: Arc::default(), answers: Arc::default() }
    }

    /// Starts it and says where it is.
    pub async fn start(&self) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let app = Router::new().fallback(answer).with_state(self.clone());
        tokio::spawn(async move { axum::serve(listener, app).await });
        format!("http://{address}")
    }

    /// The next answer at a path.
    pub fn next(&self, path: &str, status: u16, body: impl ToString) {
        self.answers.lock().entry(path.to_owned()).or_default().push_back((status, body.to_string()));
    }

    /// What was asked at a path.
    pub fn asked(&self, path: &str) -> Vec<Asked> {
        self.asked.lock().iter().filter(|asked| asked.path.split('?').next() == Some(path)).cloned().collect()
    }
}

async fn answer(
    State(script): State<Script>,
    uri: Uri,
    headers: HeaderMap,
    bytes: Bytes,
) -> impl IntoResponse {
    let body = serde_json::from_slice(&bytes).unwrap_or_default();
    script.asked.lock().push(Asked { path: uri.to_string(), headers, bytes, body });
    let scripted = script.answers.lock().get_mut(uri.path()).and_then(VecDeque::pop_front);
    let (status, text) =
        scripted.unwrap_or_else(|| (200, (script.otherwise)(uri.path(), script.asked(uri.path()).len())));
    (StatusCode::from_u16(status).expect("a status"), [(header::CONTENT_TYPE, "application/json")], text)
}
