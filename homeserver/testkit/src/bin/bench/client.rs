//! The generator's client: one connection pool, JSON in and out, the same requests for every server.

use std::error::Error as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use reqwest::Method;
use serde_json::{Value, json};

/// A client without an account.
#[derive(Clone)]
pub struct Client {
    http: reqwest::Client,
    url: Arc<str>,
    transactions: Arc<AtomicU64>,
}

/// A client that is logged in.
#[derive(Clone)]
pub struct User {
    client: Client,
    token: Arc<str>,
}

impl Client {
    /// A client of the server at `url`.
    pub fn new(url: &str) -> Result<Self, String> {
        let http = reqwest::Client::builder()
            .no_proxy()
            .pool_max_idle_per_host(4096)
            .build()
            .map_err(|error| error.to_string())?;
        Ok(Self { http, url: url.into(), transactions: Arc::default() })
    }

    /// One request; anything but success is an error that names the path.
    pub async fn call(
        &self,
        method: Method,
        path: &str,
        token: Option<&str>,
        body: Option<&Value>,
    ) -> Result<Value, String> {
        let answer = self.answer(&method, path, token, body).await?;
        let status = answer.status();
        let bytes = answer.bytes().await.map_err(|error| format!("{method} {path}: {error}"))?;
        if !status.is_success() {
            return Err(format!("{method} {path}: {status} {}", String::from_utf8_lossy(&bytes)));
        }
        serde_json::from_slice(&bytes).map_err(|error| format!("{method} {path}: {error}"))
    }

    /// The answer to a request. A question that met a kept connection just as the server closed it is asked again,
    /// once: Synapse ends idle connections on its own.
    async fn answer(
        &self,
        method: &Method,
        path: &str,
        token: Option<&str>,
        body: Option<&Value>,
    ) -> Result<reqwest::Response, String> {
        let ask = || {
            let mut request = self.http.request(method.clone(), format!("{}{path}", self.url));
            if let Some(token) = token {
                request = request.bearer_auth(token);
            }
            if let Some(body) = body {
                request = request.json(body);
            }
            request.send()
        };
        let answer = match ask().await {
            Err(_) if *method == Method::GET => ask().await,
            answered => answered,
        };
        answer.map_err(|error| match error.source() {
            Some(cause) => format!("{method} {path}: {error}: {cause}"),
            None => format!("{method} {path}: {error}"),
        })
    }

    /// Registers a user with a dummy stage.
    pub async fn register(&self, name: &str) -> Result<User, String> {
        let body = json!({
            "username": name, "password": password(name), "auth": {"type": "m.login.dummy"},
        });
        let answer = self.call(Method::POST, "/_matrix/client/v3/register", None, Some(&body)).await?;
        self.user_from(&answer)
    }

    /// Logs a registered user in on a new device.
    pub async fn login(&self, name: &str) -> Result<User, String> {
        let body = json!({
            "type": "m.login.password", "password": password(name),
            "identifier": {"type": "m.id.user", "user": name},
        });
        let answer = self.call(Method::POST, "/_matrix/client/v3/login", None, Some(&body)).await?;
        self.user_from(&answer)
    }

    /// Whoever has this token.
    pub fn with_token(&self, token: &str) -> User {
        User { client: self.clone(), token: token.into() }
    }

    fn user_from(&self, answer: &Value) -> Result<User, String> {
        Ok(self.with_token(&text(answer, "access_token")?))
    }
}

impl User {
    /// The same user over the connections of another client.
    pub fn over(&self, client: &Client) -> Self {
        Self { client: client.clone(), token: self.token.clone() }
    }

    /// One request of this user.
    pub async fn call(&self, method: Method, path: &str, body: Option<&Value>) -> Result<Value, String> {
        self.client.call(method, path, Some(&self.token), body).await
    }

    /// Uploads a file.
    pub async fn upload(&self, path: &str, bytes: Vec<u8>) -> Result<Value, String> {
        let url = format!("{}{path}", self.client.url);
        let request = self.client.http.post(url).bearer_auth(&self.token);
        let request = request.header("content-type", "application/octet-stream").body(bytes);
        let answer = request.send().await.map_err(|error| format!("{path}: {error}"))?;
        let bytes = answer.bytes().await.map_err(|error| format!("{path}: {error}"))?;
        serde_json::from_slice(&bytes).map_err(|error| format!("{path}: {error}"))
    }

    /// One request whose answer is no JSON.
    pub async fn bytes(&self, method: Method, path: &str) -> Result<Vec<u8>, String> {
        let request = self.client.http.request(method, format!("{}{path}", self.client.url));
        let answer = request.bearer_auth(&self.token).send().await;
        let answer = answer.map_err(|error| format!("{path}: {error}"))?;
        Ok(answer.bytes().await.map_err(|error| format!("{path}: {error}"))?.to_vec())
    }

    /// Creates a public room.
    pub async fn create_room(&self, name: &str) -> Result<String, String> {
        let body = json!({"preset": "public_chat", "name": name});
        let answer = self.call(Method::POST, "/_matrix/client/v3/createRoom", Some(&body)).await?;
        text(&answer, "room_id")
    }

    /// Joins a room.
    pub async fn join(&self, room: &str) -> Result<(), String> {
        self.call(Method::POST, &format!("/_matrix/client/v3/join/{room}"), Some(&json!({}))).await.map(drop)
    }

    /// Sends a text message and answers its event id.
    pub async fn send(&self, room: &str, body: &str) -> Result<String, String> {
        let transaction = self.client.transactions.fetch_add(1, Ordering::Relaxed);
        let path = format!("/_matrix/client/v3/rooms/{room}/send/m.room.message/b{transaction}");
        let answer = self.call(Method::PUT, &path, Some(&json!({"msgtype": "m.text", "body": body}))).await?;
        text(&answer, "event_id")
    }

    /// One `/sync` with these query parameters.
    pub async fn sync(&self, query: &str) -> Result<Value, String> {
        self.call(Method::GET, &format!("/_matrix/client/v3/sync?{query}"), None).await
    }
}

/// A text member of an answer.
pub fn text(answer: &Value, key: &str) -> Result<String, String> {
    answer[key].as_str().map(str::to_owned).ok_or(format!("the answer has no {key}: {answer}"))
}

fn password(name: &str) -> String {
    format!("a password of {name}")
}
