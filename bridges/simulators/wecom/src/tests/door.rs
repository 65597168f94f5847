//! An address of ours that is called: it proves itself, remembers what came, and answers what it is told.

use std::sync::Arc;

use axum::Router;
use axum::extract::{Request, State};
use axum::response::{IntoResponse as _, Response};
use http::{Method, StatusCode};
use http_body_util::BodyExt as _;
use parking_lot::Mutex;
use serde_json::{Value, json};
use simulator_stage::query;
use tokio::net::TcpListener;
use tokio::sync::mpsc;

use super::client::{APP, BOT, World, text};
use crate::{crypto, xml};

pub(super) const TOKEN: &str = "SimToken01";
pub(super) const KEY: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8";

/// What the door says to the next post.
#[derive(Clone, Debug)]
pub(super) enum Say {
    /// 200 and nothing.
    Nothing,
    /// Nothing at all, for ever.
    Silence,
    /// Another status.
    Status(u16),
    /// This, in XML, encrypted.
    Xml(Value),
    /// This, in JSON, encrypted, with the nonce of the question or another one.
    Json(Value, bool),
}

/// A post as it came.
pub(super) struct Post {
    query: Vec<(String, String)>,
    body: String,
}

impl Post {
    pub(super) fn query(&self, name: &str) -> &str {
        self.query.iter().find(|(known, _)| known == name).map_or("", |(_, value)| value)
    }

    /// What is encrypted, whichever form it came in.
    pub(super) fn encrypted(&self) -> String {
        match xml::read(&self.body) {
            Some(outer) => text(&outer, "Encrypt"),
            None => text(&serde_json::from_str(&self.body).unwrap_or_default(), "encrypt"),
        }
    }

    pub(super) fn is_signed_rightly(&self) -> bool {
        let signature =
            crypto::signature(TOKEN, self.query("timestamp"), self.query("nonce"), &self.encrypted());
        signature == self.query("msg_signature")
    }

    /// The decrypted text and for whom it is.
    pub(super) fn opened(&self) -> Result<(String, String), &'static str> {
        crypto::open(&crypto::key(KEY).unwrap(), &self.encrypted())
    }

    /// The fields of an app's XML.
    pub(super) fn fields(&self) -> Value {
        xml::read(&self.opened().unwrap().0).unwrap()
    }

    /// The body of a bot's JSON.
    pub(super) fn json(&self) -> Value {
        serde_json::from_str(&self.opened().unwrap().0).unwrap()
    }

    pub(super) fn outer(&self) -> Value {
        xml::read(&self.body).unwrap()
    }
}

struct Desk {
    posts: mpsc::UnboundedSender<Post>,
    says: Mutex<Vec<Say>>,
    proves: bool,
}

/// A door and what comes to it.
pub(super) struct Door {
    pub(super) url: String,
    posts: mpsc::UnboundedReceiver<Post>,
}

impl Door {
    pub(super) async fn next(&mut self) -> Post {
        self.posts.recv().await.unwrap()
    }

    pub(super) fn is_quiet(&mut self) -> bool {
        self.posts.try_recv().is_err()
    }

    /// Becomes the address of the app.
    pub(super) async fn of_app(self, world: &World) -> Self {
        let to = json!({ "do": "use_callback", "app": APP, "url": self.url, "token": TOKEN, "aes_key": KEY });
        world.act(to).await;
        self
    }

    /// Becomes the address of the bot.
    pub(super) async fn of_bot(self, world: &World) -> Self {
        let to =
            json!({ "do": "use_bot_callback", "bot": BOT, "url": self.url, "token": TOKEN, "aes_key": KEY });
        world.act(to).await;
        self
    }
}

pub(super) async fn door(says: Vec<Say>) -> Door {
    open(says, true).await
}

/// A door that answers another word than the one that it is asked for.
pub(super) async fn wrong_door() -> Door {
    open(Vec::new(), false).await
}

async fn open(says: Vec<Say>, proves: bool) -> Door {
    let (posts, received) = mpsc::unbounded_channel();
    let desk = Arc::new(Desk { posts, says: Mutex::new(says), proves });
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/hook", listener.local_addr().unwrap());
    let router = Router::new().fallback(take).with_state(desk);
    tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
    Door { url, posts: received }
}

async fn take(State(desk): State<Arc<Desk>>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let query = query::pairs(parts.uri.query().unwrap_or(""));
    let part = |name: &str| query.iter().find(|(known, _)| known == name).map(|(_, value)| value.clone());
    if parts.method == Method::GET {
        let word = part("echostr").unwrap();
        let signature = crypto::signature(TOKEN, &part("timestamp").unwrap(), &part("nonce").unwrap(), &word);
        assert_eq!(part("msg_signature").unwrap(), signature);
        let (word, _) = crypto::open(&crypto::key(KEY).unwrap(), &word).unwrap();
        return if desk.proves { word } else { format!("\"{word}\"") }.into_response();
    }
    let nonce = part("nonce").unwrap_or_default();
    let body = body.collect().await.unwrap().to_bytes();
    let say = {
        let says = &mut *desk.says.lock();
        if says.is_empty() { Say::Nothing } else { says.remove(0) }
    };
    desk.posts.send(Post { query, body: String::from_utf8_lossy(&body).into_owned() }).unwrap();
    let seal = |words: &str, owner: &str, nonce: &str| {
        let sealed = crypto::seal(&crypto::key(KEY).unwrap(), [3; 16], words, owner, None).unwrap();
        let signature = crypto::signature(TOKEN, "1700000000", nonce, &sealed);
        (sealed, signature)
    };
    match say {
        Say::Nothing => StatusCode::OK.into_response(),
        Say::Silence => std::future::pending().await,
        Say::Status(status) => StatusCode::from_u16(status).unwrap().into_response(),
        Say::Xml(fields) => {
            let (sealed, signature) = seal(&xml::write(&fields), "wwcorp", "n");
            let outer = json!({
                "Encrypt": sealed, "MsgSignature": signature, "TimeStamp": 1_700_000_000, "Nonce": "n",
            });
            xml::write(&outer).into_response()
        }
        Say::Json(body, right) => {
            let nonce = if right { nonce.as_str() } else { "another" };
            let (sealed, signature) = seal(&body.to_string(), "", nonce);
            let outer = json!({
                "encrypt": sealed, "msgsignature": signature, "timestamp": 1_700_000_000, "nonce": nonce,
            });
            outer.to_string().into_response()
        }
    }
}
