//! A push gateway on loopback, as a scenario's own.

use std::{
    collections::VecDeque,
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use parking_lot::Mutex;
use serde_json::{Value, json};
use tokio::{
    io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader},
    net::{TcpListener, TcpStream},
    sync::Notify,
};

use crate::limits::REQUEST_TIMEOUT;

/// Records what the server tells it, and answers as the scenario says.
#[derive(Clone)]
pub struct Gateway {
    address: SocketAddr,
    shared: Arc<Shared>,
}

#[derive(Default)]
struct Shared {
    told: Mutex<VecDeque<Value>>,
    news: Notify,
    /// Answers to come; success when there is none left.
    answers: Mutex<VecDeque<(u16, Value)>>,
    requests: AtomicUsize,
}

impl Gateway {
    /// Listens on a free port of this machine.
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port is free");
        let address = listener.local_addr().expect("a listener has an address");
        let shared = Arc::new(Shared::default());
        let gateway = Self { address, shared: Arc::clone(&shared) };
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, Arc::clone(&shared)));
            }
        });
        gateway
    }

    /// The address that a pusher names.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}/_matrix/push/v1/notify", self.address)
    }

    /// The next request is answered like this, after those that were set before.
    pub fn answers(&self, status: u16, body: Value) {
        self.shared.answers.lock().push_back((status, body));
    }

    /// How many requests came in so far, whatever the answer.
    #[must_use]
    pub fn requests(&self) -> usize {
        self.shared.requests.load(Ordering::SeqCst)
    }

    /// Waits for the next notification that was accepted.
    pub async fn is_told(&self) -> Value {
        let next = async {
            loop {
                if let Some(told) = self.shared.told.lock().pop_front() {
                    return told;
                }
                self.shared.news.notified().await;
            }
        };
        tokio::time::timeout(REQUEST_TIMEOUT, next).await.expect("the gateway is told something")
    }

    /// Waits for a notification about this event, and returns it with those that came before.
    pub async fn is_told_of(&self, event: &str) -> Vec<Value> {
        let mut all = Vec::new();
        loop {
            let told = self.is_told().await;
            let found = told["event_id"] == event;
            all.push(told);
            if found {
                return all;
            }
        }
    }
}

async fn serve(stream: TcpStream, shared: Arc<Shared>) {
    let mut stream = BufReader::new(stream);
    while let Some(body) = read_request(&mut stream).await {
        shared.requests.fetch_add(1, Ordering::SeqCst);
        let answer = shared.answers.lock().pop_front();
        let (status, answer) = answer.unwrap_or_else(|| (200, json!({ "rejected": [] })));
        if status == 200 {
            shared.told.lock().push_back(body["notification"].clone());
            shared.news.notify_one();
        }
        let text = answer.to_string();
        let head = format!(
            "HTTP/1.1 {status} x\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n",
            text.len()
        );
        let written = stream.get_mut().write_all(format!("{head}{text}").as_bytes()).await;
        if written.is_err() {
            return;
        }
    }
}

/// The body of one HTTP/1.1 request with a length; none when the client has gone.
async fn read_request(stream: &mut BufReader<TcpStream>) -> Option<Value> {
    let mut length = 0;
    loop {
        let mut line = String::new();
        if stream.read_line(&mut line).await.ok()? == 0 {
            return None;
        }
        let line = line.trim_end();
        if line.is_empty() {
            break;
        }
        if let Some((name, value)) = line.split_once(':')
            && name.eq_ignore_ascii_case("content-length")
        {
            length = value.trim().parse().ok()?;
        }
    }
    let mut body = vec![0; length];
    stream.read_exact(&mut body).await.ok()?;
    serde_json::from_slice(&body).ok()
}
