//! One Matrix client: who it is, and the requests that everything it does is made of.

mod account;
mod keys;
pub(crate) mod media;
mod messages;
mod rooms;
mod sync;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use parking_lot::Mutex;
use serde_json::Value;

use crate::Answer;
use crate::limits::{LOOK_INTERVAL, REQUEST_TIMEOUT, WORK_PATIENCE};

/// An actor of a scenario: one user on one device, speaking HTTP only.
///
/// A clone is the same client: the same token and the same place in its sync.
#[derive(Clone)]
pub struct User {
    /// The full user id, `@alice:test.example`.
    pub id: String,
    /// The device this client logged in with.
    pub device_id: String,
    pub(crate) connection: Connection,
    pub(crate) token: Option<String>,
    pub(crate) password: String,
    pub(crate) since: Arc<Mutex<Option<String>>>,
}

/// Where the server is and the connections to it. Shared by all actors of a world, so that a server which
/// comes back at another port is found again.
#[derive(Clone)]
pub(crate) struct Connection {
    pub(crate) http: reqwest::Client,
    pub(crate) base_url: Arc<Mutex<String>>,
}

impl Connection {
    pub(crate) fn new(base_url: String) -> Self {
        // Several tests of one process race here; the loser finds the provider that it wanted.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let http = reqwest::Client::builder()
            .timeout(REQUEST_TIMEOUT)
            .no_proxy()
            .build()
            .expect("a plain client can be built");
        Self { http, base_url: Arc::new(Mutex::new(base_url)) }
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("{}{path}", self.base_url.lock())
    }
}

impl User {
    /// A client of this server that has no account: its requests carry no token.
    pub(crate) fn stranger(connection: Connection) -> Self {
        Self {
            id: String::new(),
            device_id: String::new(),
            connection,
            token: None,
            password: String::new(),
            since: Arc::default(),
        }
    }

    /// The access token in use, where there is one.
    #[must_use]
    pub fn token(&self) -> Option<&str> {
        self.token.as_deref()
    }

    /// The same user and device with another access token, to show what that one may do.
    #[must_use]
    pub fn with_token(&self, token: &str) -> Self {
        Self { token: Some(token.to_owned()), ..self.clone() }
    }

    /// `GET`; the path begins with `/_matrix` and has its query in it.
    pub async fn get(&self, path: &str) -> Answer {
        self.request(http::Method::GET, path, None).await
    }

    /// Looks again and again until what is answered satisfies the condition, and returns that answer.
    ///
    /// # Panics
    /// When nothing did within [`WORK_PATIENCE`].
    pub async fn gets_until(&self, path: &str, mut is_met: impl FnMut(&Value) -> bool) -> Value {
        let deadline = tokio::time::Instant::now() + WORK_PATIENCE;
        loop {
            let body = self.get(path).await.ok();
            if is_met(&body) {
                return body;
            }
            assert!(tokio::time::Instant::now() < deadline, "{path} still says {body}");
            tokio::time::sleep(LOOK_INTERVAL).await;
        }
    }

    /// `PUT` with a JSON body.
    pub async fn put(&self, path: &str, body: Value) -> Answer {
        self.request(http::Method::PUT, path, Some(body)).await
    }

    /// `POST` with a JSON body.
    pub async fn post(&self, path: &str, body: Value) -> Answer {
        self.request(http::Method::POST, path, Some(body)).await
    }

    /// `DELETE` without a body.
    pub async fn delete(&self, path: &str) -> Answer {
        self.request(http::Method::DELETE, path, None).await
    }

    /// Any request with a JSON body or none.
    pub async fn request(&self, method: http::Method, path: &str, body: Option<Value>) -> Answer {
        let bytes = body.map(|body| serde_json::to_vec(&body).expect("a JSON value is written"));
        self.request_raw(method, path, bytes).await
    }

    /// Any request with any bytes as its body, for input that is not JSON.
    pub async fn request_raw(&self, method: http::Method, path: &str, body: Option<Vec<u8>>) -> Answer {
        let described = format!("{method} {path} by {:?}", self.id);
        self.try_request(method, path, body).await.unwrap_or_else(|error| panic!("{described}: {error}"))
    }

    /// Like [`User::request_raw`], for scenarios in which the connection itself may fail.
    pub async fn try_request(
        &self,
        method: http::Method,
        path: &str,
        body: Option<Vec<u8>>,
    ) -> Result<Answer, reqwest::Error> {
        let described = format!("{method} {path} by {:?}", self.id);
        let mut request = self.connection.http.request(method, self.connection.url(path));
        if let Some(token) = &self.token {
            request = request.bearer_auth(token);
        }
        if let Some(body) = body {
            request = request.header("content-type", "application/json").body(body);
        }
        let response = request.send().await?;
        let (status, headers) = (response.status(), response.headers().clone());
        Ok(Answer::new(described, status, headers, response.text().await?))
    }

    /// A transaction id that this process never used before.
    #[must_use]
    pub fn new_txn_id(&self) -> String {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        format!("txn-{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed))
    }
}

/// Escapes one segment of a path: a room id has `!` and `:` in it, an alias `#`.
#[must_use]
pub fn segment(text: &str) -> String {
    let mut out = String::with_capacity(text.len() * 3);
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => out.push(char::from(byte)),
            other => out.push_str(&format!("%{other:02X}")),
        }
    }
    out
}
