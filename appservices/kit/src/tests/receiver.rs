//! The door for the homeserver.

use std::sync::Arc;

use axum::{Router, body::Body, http::Request};
use base::Rng;
use ruma::OwnedServerName;
use serde_json::{Value, json};
use store::{Identity, MemoryKv, Store};
use tower::ServiceExt as _;

use super::{ALICE, BOT, clerk, in_a_room};
use crate::{
    Kit, KitError, KitParts, KitSettings,
    double::Stage,
    limits::TRANSACTION_BYTES_MAX,
    texts::{Lang, Texts},
};

async fn asks(router: &Router, method: &str, path: &str, token: &str, body: String) -> (u16, Value) {
    let request = Request::builder().method(method).uri(path).header("content-type", "application/json");
    let request =
        if token.is_empty() { request } else { request.header("authorization", format!("Bearer {token}")) };
    let response = router.clone().oneshot(request.body(Body::from(body)).unwrap()).await.unwrap();
    let status = response.status().as_u16();
    let bytes = axum::body::to_bytes(response.into_body(), 1 << 20).await.unwrap();
    (status, serde_json::from_slice(&bytes).unwrap_or_default())
}

#[tokio::test]
async fn only_the_homeserver_comes_in() {
    let stage = Stage::new(clerk::play()).await;
    let router = stage.kit().router("secret");
    let path = "/_matrix/app/v1/transactions/1";
    for (token, path, body, status, code) in [
        ("", path, "{}".to_owned(), 401, "M_MISSING_TOKEN"),
        ("secre", path, "{}".to_owned(), 403, "M_FORBIDDEN"),
        ("secret2", path, "{}".to_owned(), 403, "M_FORBIDDEN"),
        ("", "/_matrix/app/v1/nothing", String::new(), 401, "M_MISSING_TOKEN"),
        ("secret", "/_matrix/app/v1/nothing", String::new(), 404, "M_NOT_FOUND"),
        ("secret", path, "[".to_owned(), 400, "M_BAD_JSON"),
        ("secret", path, json!({ "events": 7 }).to_string(), 400, "M_BAD_JSON"),
    ] {
        let (got, answer) = asks(&router, "PUT", path, token, body.clone()).await;
        assert_eq!((got, answer["errcode"].as_str()), (status, Some(code)), "{token} {path} {body}");
    }
    let huge = "x".repeat(TRANSACTION_BYTES_MAX + 1);
    assert_eq!(asks(&router, "PUT", path, "secret", huge).await.0, 413);
    assert_eq!(asks(&router, "POST", "/_matrix/app/v1/ping", "secret", "{}".to_owned()).await.0, 200);
    let user = |name: &str| format!("/_matrix/app/v1/users/{name}");
    assert_eq!(asks(&router, "GET", &user("@clerk:test"), "secret", String::new()).await.0, 200);
    assert_eq!(asks(&router, "GET", &user("@alice:test"), "secret", String::new()).await.0, 404);
    let (_, health) = asks(&router, "GET", "/health", "", String::new()).await;
    assert_eq!((&health["inbox"], &health["outbox"]), (&json!(0), &json!(0)));
}

#[tokio::test]
async fn what_comes_twice_is_heard_once() {
    let (mut stage, room) = in_a_room().await;
    let event = |id: &str, body: &str| {
        let content = json!({ "msgtype": "m.text", "body": body });
        json!({ "event_id": id, "room_id": room, "sender": ALICE, "type": "m.room.message", "content": content })
    };
    let take = |id: &'static str, events: Vec<Value>| (id, json!({ "events": events }).to_string());
    let (one, two) = (event("$one", "!note one"), event("$two", "!note two"));
    for (id, body) in [
        take("x1", vec![one.clone(), one.clone()]),
        take("x1", vec![one.clone(), one.clone()]),
        take("x2", vec![one.clone(), json!({ "type": "nonsense" }), json!(7), two.clone()]),
        // A homeserver from a backup counts anew.
        take("x1", vec![event("$three", "!note three")]),
    ] {
        stage.kit().take(id, body.as_bytes()).await.unwrap();
        stage.restart().await;
    }
    stage.settle().await;
    assert_eq!(stage.said(&room), ["noted: one", "noted: two", "noted: three"]);
}

#[tokio::test]
async fn an_account_that_was_there_before_the_bot_is_not_taken() {
    let stage = Stage::new(clerk::play()).await;
    let server_name = OwnedServerName::try_from("test").unwrap();
    for takes_over_accounts in [false, true] {
        let clock = stage.kit().clock().clone();
        // These bots know nothing of the clerk that the homeserver has.
        let tables = [crate::tables(), clerk::play().tables].concat();
        let identity = Identity::new(&server_name, &clock);
        let store = Store::open(Arc::new(MemoryKv::new()), tables, identity, Vec::new()).await.unwrap();
        let kit = Kit::new(KitParts {
            store,
            clock,
            rng: Rng::seeded(2),
            wire: Arc::clone(stage.homeserver()) as Arc<dyn crate::Wire>,
            server_name: server_name.clone(),
            localparts: vec![BOT],
            texts: Texts::with(&[]),
            settings: KitSettings {
                partners: Vec::new(),
                language: Lang::En,
                takes_over_accounts,
                encrypts_direct_chats: true,
                bridge: None,
            },
        })
        .unwrap();
        let bot = (clerk::play().bots)(&kit).remove(0);
        // The homeserver tells of the person's rooms in any case.
        let invite = json!({
            "event_id": "$invite", "room_id": "!r:test", "sender": ALICE, "type": "m.room.member",
            "state_key": "@clerk:test", "content": { "membership": "invite" },
        });
        kit.take("1", json!({ "events": [&invite] }).to_string().as_bytes()).await.unwrap();
        let outcome = kit.prepare_bot(&*bot).await;
        assert_eq!(matches!(outcome, Err(KitError::Occupied(_))), !takes_over_accounts, "{outcome:?}");
        let mut again = invite;
        again["event_id"] = json!("$again");
        kit.take("2", json!({ "events": [again] }).to_string().as_bytes()).await.unwrap();
        assert_eq!(kit.health().await.inbox, if takes_over_accounts { 2 } else { 0 });
    }
}

#[tokio::test]
async fn further_questions_are_answered_to_the_homeserver_alone() {
    let stage = Stage::new(clerk::play()).await;
    let path = "/_matrix/app/unstable/org.example/question";
    let questions =
        Router::new().route(path, axum::routing::get(async || axum::Json(json!({ "yes": true }))));
    let router = stage.kit().router_with("secret", questions);
    for (token, status) in [("", 401), ("other", 403), ("secret", 200)] {
        assert_eq!(asks(&router, "GET", path, token, String::new()).await.0, status, "{token}");
    }
    assert_eq!(asks(&router, "GET", path, "secret", String::new()).await.1, json!({ "yes": true }));
    let nothing = "/_matrix/app/v1/nothing";
    assert_eq!(asks(&router, "GET", nothing, "", String::new()).await.0, 401, "the rest is as it was");
    let (_, health) = asks(&router, "GET", "/health", "", String::new()).await;
    assert_eq!(health["inbox"], 0, "and anybody may ask how the bots are: {health}");
}
