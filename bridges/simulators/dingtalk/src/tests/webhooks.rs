//! Callbacks by HTTP: signs, encryption, answers, and the faults of each.

use std::sync::Arc;

use axum::Router;
use axum::extract::{Request, State};
use axum::response::IntoResponse as _;
use http_body_util::BodyExt as _;
use parking_lot::Mutex;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::sync::mpsc;

use super::client::{APP, world};
use crate::crypto;

const TOKEN: &str = "simtoken";
const KEY: &str = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG";

/// A post as it came: its query, its headers `timestamp` and `sign`, its body.
struct Post {
    query: Vec<(String, String)>,
    timestamp: String,
    sign: String,
    body: Value,
}

impl Post {
    fn query(&self, name: &str) -> &str {
        self.query.iter().find(|(known, _)| known == name).map_or("", |(_, value)| value)
    }

    fn is_signed_rightly(&self) -> bool {
        let encrypted = self.body["encrypt"].as_str().unwrap();
        let (timestamp, nonce) = (self.query("timestamp"), self.query("nonce"));
        crypto::event_signature(TOKEN, timestamp, nonce, encrypted) == self.query("msg_signature")
    }

    fn event(&self) -> Result<Value, &'static str> {
        let (text, owner) = crypto::open(KEY, self.body["encrypt"].as_str().unwrap())?;
        if owner == APP { Ok(serde_json::from_str(&text).unwrap()) } else { Err("another owner") }
    }
}

struct Desk {
    posts: mpsc::UnboundedSender<Post>,
    answers: Mutex<Vec<Value>>,
}

/// A door that answers what it is told, or the word for success when it is told nothing.
async fn door(answers: Vec<Value>) -> (String, mpsc::UnboundedReceiver<Post>) {
    let (posts, received) = mpsc::unbounded_channel();
    let desk = Arc::new(Desk { posts, answers: Mutex::new(answers) });
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/hook", listener.local_addr().unwrap());
    let router = Router::new().fallback(take).with_state(desk);
    tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
    (url, received)
}

async fn take(State(desk): State<Arc<Desk>>, request: Request) -> axum::response::Response {
    let (parts, body) = request.into_parts();
    let header = |name: &str| parts.headers.get(name).map_or("", |value| value.to_str().unwrap()).to_owned();
    let query = simulator_stage::query::pairs(parts.uri.query().unwrap_or(""));
    let (timestamp, sign) = (header("timestamp"), header("sign"));
    let body = serde_json::from_slice(&body.collect().await.unwrap().to_bytes()).unwrap_or_default();
    desk.posts.send(Post { query, timestamp, sign, body }).unwrap();
    let mut answers = desk.answers.lock();
    let answer = if answers.is_empty() { success() } else { answers.remove(0) };
    axum::Json(answer).into_response()
}

fn success() -> Value {
    let encrypted = crypto::seal(KEY, [3; 16], "success", APP).unwrap();
    let signature = crypto::event_signature(TOKEN, "1700000000000", "n", &encrypted);
    json!({ "msg_signature": signature, "timeStamp": "1700000000000", "nonce": "n", "encrypt": encrypted })
}

#[tokio::test]
async fn a_robots_callback_is_signed_and_its_answer_is_said() {
    let world = world().await;
    let empty = json!({ "msgtype": "empty" });
    let text = json!({ "msgtype": "text", "text": { "content": "heard" } });
    let (url, mut posts) = door(vec![text, empty]).await;
    world.act(json!({ "do": "use_robot_webhook", "app": APP, "url": url })).await;
    let said = world.speak("zhang", "hello").await;
    let post = posts.recv().await.unwrap();
    assert_eq!(post.body["msgId"], said);
    assert_eq!(post.sign, crypto::sign("secret", &post.timestamp));
    while world.shown().await.len() < 2 {
        tokio::task::yield_now().await;
    }
    assert_eq!(world.shown().await[1]["text"], "heard");
    world.fail("webhook.wrong_signature", 1, Value::Null).await;
    world.speak("zhang", "forged").await;
    let post = posts.recv().await.unwrap();
    assert_ne!(post.sign, crypto::sign("secret", &post.timestamp));
}

#[tokio::test]
async fn events_are_encrypted_and_want_the_encrypted_word() {
    let world = world().await;
    let (url, mut posts) = door(vec![success(), json!("success")]).await;
    let hook = json!({ "do": "use_event_webhook", "app": APP, "url": url, "token": TOKEN, "aes_key": KEY });
    world.act(hook).await;
    let check = posts.recv().await.unwrap();
    assert!(check.is_signed_rightly());
    assert_eq!(check.event().unwrap(), json!({ "EventType": "check_url" }));
    world.act(json!({ "do": "change_person", "user_id": "li", "name": "李四" })).await;
    let (first, second) = (posts.recv().await.unwrap(), posts.recv().await.unwrap());
    let event = first.event().unwrap();
    assert_eq!((&event["EventType"], &event["userId"]), (&json!("user_modify_org"), &json!(["li"])));
    assert_eq!(second.event().unwrap(), event, "the plain word was not enough");
    assert_ne!(first.query("nonce"), second.query("nonce"));
}

#[tokio::test]
async fn an_address_that_does_not_answer_the_check_is_not_taken() {
    let world = world().await;
    let (url, _posts) = door(vec![json!("success")]).await;
    let hook = json!({ "do": "use_event_webhook", "app": APP, "url": url, "token": TOKEN, "aes_key": KEY });
    assert!(world.try_to(hook).await.is_err());
    let (url, mut posts) = door(vec![]).await;
    let register = json!({ "call_back_tag": ["user_add_org"], "token": TOKEN, "aes_key": KEY, "url": url });
    let refused = world.old_api("POST", "/call_back/register_call_back", register).await;
    assert_eq!(refused["errcode"], 400_002, "for the organisation, not for the app");
    let corp = world.act(json!({ "do": "overview" })).await["corp_id"].clone();
    let check = posts.recv().await.unwrap();
    let (_, owner) = crypto::open(KEY, check.body["encrypt"].as_str().unwrap()).unwrap();
    assert_eq!(corp, owner);
}

#[tokio::test]
async fn faults_of_events_are_what_they_are_called() {
    let world = world().await;
    let (url, mut posts) = door(vec![]).await;
    let hook = json!({ "do": "use_event_webhook", "app": APP, "url": url, "token": TOKEN, "aes_key": KEY });
    world.act(hook).await;
    posts.recv().await.unwrap();
    let names =
        ["wrong_signature", "tampered", "unsigned", "wrong_key", "wrong_owner", "newlines", "old_timestamp"];
    for (number, name) in names.into_iter().enumerate() {
        world.fail(&format!("webhook.{name}"), 1, Value::Null).await;
        let rename = json!({ "do": "change_person", "user_id": "li", "name": format!("Li {number}") });
        world.act(rename).await;
        let post = posts.recv().await.unwrap();
        let signed = !matches!(name, "wrong_signature" | "tampered" | "unsigned");
        assert_eq!(post.is_signed_rightly(), signed, "{name}");
        let readable = !matches!(name, "wrong_key" | "wrong_owner" | "tampered");
        assert_eq!(post.event().is_ok(), readable, "{name}");
    }
}

#[tokio::test]
async fn what_an_address_never_took_is_asked_for_once() {
    let world = world().await;
    // It takes the check, and none of the four posts of an event.
    let mut answers = vec![success()];
    answers.extend(vec![json!("busy"); 4]);
    let (url, mut posts) = door(answers).await;
    let hook = json!({ "do": "use_event_webhook", "app": APP, "url": url, "token": TOKEN, "aes_key": KEY });
    world.act(hook).await;
    posts.recv().await.unwrap();
    let failed = async || world.old_api("GET", "/call_back/get_call_back_failed_result", Value::Null).await;
    world.act(json!({ "do": "change_person", "user_id": "li", "name": "李四" })).await;
    world.fared("given up", 1).await;
    let answer = failed().await;
    assert_eq!((&answer["errcode"], &answer["has_more"]), (&json!(0), &json!(false)));
    let event = &answer["failed_list"][0];
    assert_eq!(event["call_back_tag"], "user_modify_org");
    assert_eq!(event["user_modify_org"]["userId"], json!(["li"]));
    assert!(event["event_time"].is_u64());
    assert_eq!(failed().await["failed_list"], json!([]), "each is told once");
}
