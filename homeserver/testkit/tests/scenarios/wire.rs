//! What is HTTP about the server: unknown paths, CORS, tokens, limits, compression, health, stopping.

use std::time::Duration;

use config::{ActionRate, Config};
use http::Method;
use serde_json::json;
use server::{Options, RunningServer, Server};
use testkit::World;

fn client() -> reqwest::Client {
    let _ = rustls::crypto::ring::default_provider().install_default();
    reqwest::Client::builder().no_proxy().build().unwrap()
}

/// A server without a world around it, for scenarios about its start and end.
async fn bare_server(directory: &std::path::Path) -> RunningServer {
    let mut config = Config::default();
    config.server.name = "test.example".to_owned();
    config.server.data_directory = directory.display().to_string();
    config.listeners.client = vec!["127.0.0.1:0".to_owned()];
    config.listeners.federation = Vec::new();
    config.listeners.private = vec!["127.0.0.1:0".to_owned()];
    config.passwords.memory_kibibytes = 8;
    config.passwords.passes = 1;
    Box::pin(Server::start(config, Options::default())).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn unknown_paths_and_methods_are_unrecognized_under_every_prefix() {
    let w = World::start().await;
    let alice = w.user("alice").await;
    for path in [
        "/",
        "/_matrix",
        "/_matrix/unknown",
        "/_matrix/client/unknown",
        "/_matrix/client/v3/rooms/!a:b/unknown",
        "/_matrix/federation/unknown",
        "/_matrix/federation/v1/unknown",
        "/_matrix/key/unknown",
        "/_matrix/media/unknown",
    ] {
        for method in [Method::GET, Method::POST, Method::PUT] {
            alice.request(method, path, None).await.fails_as(404, "M_UNRECOGNIZED");
        }
    }
    for (method, path) in [
        (Method::PUT, "/_matrix/client/v3/login"),
        (Method::DELETE, "/_matrix/client/versions"),
        (Method::POST, "/_matrix/client/v3/sync"),
        (Method::PATCH, "/_matrix/client/v3/createRoom"),
    ] {
        alice.request(method, path, None).await.fails_as(405, "M_UNRECOGNIZED");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn browsers_may_ask_from_any_page() {
    let w = World::start().await;
    let stranger = w.stranger();
    let paths = [
        "/_matrix/client/v3/sync",
        "/_matrix/client/v3/login",
        "/_matrix/unknown",
        "/.well-known/matrix/client",
    ];
    for path in paths {
        let answer = stranger.request(Method::OPTIONS, path, None).await;
        assert_eq!(answer.header("access-control-allow-origin").as_deref(), Some("*"), "{path}");
        assert!(answer.header("access-control-allow-headers").unwrap().contains("Authorization"));
        for method in ["GET", "POST", "PUT", "DELETE"] {
            assert!(answer.header("access-control-allow-methods").unwrap().contains(method));
        }
        answer.ok();
    }
    let refused = stranger.get("/_matrix/client/v3/sync").await;
    assert_eq!(refused.header("access-control-allow-origin").as_deref(), Some("*"));
    refused.fails_as(401, "M_MISSING_TOKEN");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_is_taken_from_header_or_query_and_checked_before_the_body() {
    let w = World::start().await;
    let alice = w.user("alice").await;
    let whoami = "/_matrix/client/v3/account/whoami";
    let query = format!("{whoami}?access_token={}", alice.token().unwrap());
    assert_eq!(w.stranger().get(&query).await.ok()["user_id"], alice.id.as_str());
    w.stranger().get(whoami).await.fails_as(401, "M_MISSING_TOKEN");
    w.stranger().get(&format!("{whoami}?access_token=")).await.fails_as(401, "M_MISSING_TOKEN");
    alice.with_token("nonsense").get(whoami).await.fails_as(401, "M_UNKNOWN_TOKEN");
    let create = "/_matrix/client/v3/createRoom";
    let broken = Some(b"{".to_vec());
    w.stranger().request_raw(Method::POST, create, broken.clone()).await.fails_as(401, "M_MISSING_TOKEN");
    alice.request_raw(Method::POST, create, broken).await.fails_as(400, "M_NOT_JSON");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_empty_body_stands_for_an_empty_object() {
    let w = World::start().await;
    let alice = w.user("alice").await;
    let made = alice.request_raw(Method::POST, "/_matrix/client/v3/createRoom", None).await;
    assert!(made.ok()["room_id"].is_string());
}

#[tokio::test(flavor = "multi_thread")]
async fn bodies_that_are_too_large_or_encoded_are_refused_unread() {
    let w = World::start().await;
    let url = format!("{}/_matrix/client/v3/login", w.client_url());
    let status = async |request: reqwest::RequestBuilder| {
        let response = request.send().await.unwrap();
        let (status, text) = (response.status().as_u16(), response.text().await.unwrap());
        let body: serde_json::Value = serde_json::from_str(&text).unwrap();
        (status, body["errcode"].as_str().unwrap().to_owned())
    };
    let http = client();
    let gzip = http.post(&url).header("content-encoding", "gzip").body(vec![0_u8; 100]);
    assert_eq!(status(gzip).await, (415, "M_UNKNOWN".to_owned()));
    let form = http.post(&url).header("content-type", "Multipart/Form-Data; boundary=x").body("--x--");
    assert_eq!(status(form).await, (415, "M_UNKNOWN".to_owned()));
    let large = http.post(&url).body(vec![b' '; 5 * 1024 * 1024]);
    assert_eq!(status(large).await, (413, "M_TOO_LARGE".to_owned()));
    let long = http.get(format!("{url}?{}", "x".repeat(20_000)));
    assert_eq!(status(long).await.0, 414);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_id_is_taken_over_or_made() {
    let w = World::start().await;
    let url = format!("{}/_matrix/client/versions", w.client_url());
    let id_for = async |id: Option<&str>| {
        let mut request = client().get(&url);
        if let Some(id) = id {
            request = request.header("x-request-id", id);
        }
        let response = request.send().await.unwrap();
        response.headers()["x-request-id"].to_str().unwrap().to_owned()
    };
    assert_eq!(id_for(Some("proxy-1234")).await, "proxy-1234");
    let (made, other) = (id_for(None).await, id_for(None).await);
    assert!(made.len() >= 10);
    assert_ne!(made, other);
    assert_ne!(id_for(Some(&"x".repeat(65))).await, "x".repeat(65));
    assert_ne!(id_for(Some("with space")).await, "with space");
}

#[tokio::test(flavor = "multi_thread")]
async fn long_answers_are_compressed_for_clients_that_ask() {
    let w = World::start().await;
    let alice = w.user("alice").await;
    alice.creates_room().await;
    let sync = format!("{}/_matrix/client/v3/sync", w.client_url());
    let asked = client().get(&sync).bearer_auth(alice.token().unwrap()).header("accept-encoding", "gzip");
    let response = asked.send().await.unwrap();
    assert_eq!(response.headers()["content-encoding"], "gzip");
    assert_eq!(response.bytes().await.unwrap()[..2], [0x1f, 0x8b]);
    let plain = client().get(&sync).bearer_auth(alice.token().unwrap()).send().await.unwrap();
    assert!(plain.headers().get("content-encoding").is_none());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_user_who_asks_too_often_is_told_when_to_come_back() {
    let w = World::configured(|config| {
        config.rate_limits.enabled = true;
        config.rate_limits.other = ActionRate { per_second: 0.5, burst: 3 };
    })
    .await;
    let alice = w.user("alice").await;
    let path = "/_matrix/client/v3/capabilities";
    let mut refused = None;
    for _ in 0..10 {
        let mut answer = alice.get(path).await;
        if answer.status() == 429 {
            refused = Some(answer);
            break;
        }
        answer.ok();
    }
    let answer = refused.expect("ten requests at once are too many");
    let seconds: u64 = answer.header("retry-after").unwrap().parse().unwrap();
    let body = answer.fails_as(429, "M_LIMIT_EXCEEDED");
    let wait_ms = body["retry_after_ms"].as_u64().unwrap();
    assert!((1..=2_000).contains(&wait_ms), "{wait_ms}");
    assert_eq!(seconds, wait_ms.div_ceil(1_000));
}

#[tokio::test(flavor = "multi_thread")]
async fn well_known_documents_say_what_is_configured() {
    let bare = World::start().await;
    for document in ["client", "server", "support"] {
        bare.stranger().get(&format!("/.well-known/matrix/{document}")).await.fails_as(404, "M_NOT_FOUND");
    }
    let w = World::configured(|config| {
        config.server.public_base_url = Some("https://matrix.test.example".to_owned());
        config.server.well_known_server = Some("matrix.test.example:443".to_owned());
        config.server.support_contacts =
            vec!["@admin:test.example".to_owned(), "help@test.example".to_owned()];
        config.clients.key_backup_required = true;
        config.clients.jitsi_domain = Some("meet.test.example".to_owned());
        config.clients.more = Some(r#"{"org.example.hint": [1]}"#.to_owned());
    })
    .await;
    let stranger = w.stranger();
    let client = stranger.get("/.well-known/matrix/client").await.ok();
    assert_eq!(client["m.homeserver"]["base_url"], "https://matrix.test.example");
    assert_eq!(client["io.element.e2ee"], json!({"secure_backup_required": true}));
    assert_eq!(client["io.element.jitsi"]["preferredDomain"], "meet.test.example");
    assert_eq!(client["org.example.hint"], json!([1]));
    let server = stranger.get("/.well-known/matrix/server").await.ok();
    assert_eq!(server, json!({"m.server": "matrix.test.example:443"}));
    let support = stranger.get("/.well-known/matrix/support").await.ok();
    assert_eq!(support["contacts"][0]["matrix_id"], "@admin:test.example");
    assert_eq!(support["contacts"][1]["email_address"], "help@test.example");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_learns_versions_and_capabilities() {
    let w = World::start().await;
    let alice = w.user("alice").await;
    let versions = w.stranger().get("/_matrix/client/versions").await.ok();
    assert!(versions["versions"].as_array().unwrap().contains(&json!("v1.19")));
    let capabilities = alice.get("/_matrix/client/v3/capabilities").await.ok();
    let rooms = &capabilities["capabilities"]["m.room_versions"];
    assert_eq!(rooms["default"], "12");
    for version in 1..=12 {
        assert_eq!(rooms["available"][version.to_string()], "stable", "{version}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_private_port_tells_health_readiness_and_figures() {
    let w = World::start().await;
    let alice = w.user("alice").await;
    alice.creates_room().await;
    let url = w.private_url();
    let text = async |path: &str| {
        let response = client().get(format!("{url}{path}")).send().await.unwrap();
        (response.status().as_u16(), response.text().await.unwrap())
    };
    assert_eq!(text("/health").await.0, 200);
    assert_eq!(text("/ready").await.0, 200);
    let (status, figures) = text("/metrics").await;
    assert_eq!(status, 200);
    for name in ["http_requests_total", "http_request_seconds", "store_frontier_position"] {
        assert!(figures.contains(name), "{name}");
    }
    assert!(figures.contains("route=\"/_matrix/client/v3/createRoom\""));
    for path in ["/metrics", "/health", "/ready"] {
        w.stranger().get(path).await.fails_as(404, "M_UNRECOGNIZED");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_first_link_makes_one_administrator_and_dies() {
    let folder = tempfile::tempdir().unwrap();
    let server = bare_server(folder.path()).await;
    let link = server.first_administrator_link().await.unwrap().expect("there is no administrator yet");
    let (address, token) = link.split_once("?token=").unwrap();
    let post = async |token: &str, name: &str| {
        let form = format!("token={token}&name={name}&password=a-good-password");
        client().post(address).body(form).send().await.unwrap().status().as_u16()
    };

    let page = client().get(&link).send().await.unwrap();
    assert_eq!(page.status(), 200);
    assert!(page.headers()["content-security-policy"].to_str().unwrap().contains("default-src 'none'"));
    let html = page.text().await.unwrap();
    assert!(html.contains("管理员") && html.contains("administrator"));
    assert!(!html.contains("http://") && !html.contains("https://"), "the page loads nothing");

    assert_eq!(post("wrong", "mallory").await, 404);
    assert_eq!(post(token, "NOT+A+NAME").await, 400);
    assert_eq!(post(token, "root").await, 200);
    assert_eq!(post(token, "second").await, 404);
    assert_eq!(client().get(&link).send().await.unwrap().status(), 404);
    assert!(server.first_administrator_link().await.unwrap().is_none());

    let login = json!({"type": "m.login.password", "password": "a-good-password",
        "identifier": {"type": "m.id.user", "user": "root"}});
    let url = format!("{}/_matrix/client/v3/login", server.client_url());
    let answer = client().post(url).body(login.to_string()).send().await.unwrap();
    assert_eq!(answer.status(), 200);
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn stopping_answers_long_polls_and_closes_the_door() {
    let folder = tempfile::tempdir().unwrap();
    let server = bare_server(folder.path()).await;
    let user = accounts_user("alice");
    server.create_user(user).await.unwrap();
    let (url, private) = (server.client_url(), server.private_url().unwrap());
    let login = json!({"type": "m.login.password", "password": "a-good-password",
        "identifier": {"type": "m.id.user", "user": "alice"}});
    let answer = client().post(format!("{url}/_matrix/client/v3/login")).body(login.to_string()).send().await;
    let answer: serde_json::Value = serde_json::from_str(&answer.unwrap().text().await.unwrap()).unwrap();
    let token = answer["access_token"].as_str().unwrap().to_owned();
    let sync = async |query: String| {
        let request = client().get(format!("{url}/_matrix/client/v3/sync{query}")).bearer_auth(&token);
        let response = request.send().await.unwrap();
        let status = response.status().as_u16();
        (status, serde_json::from_str::<serde_json::Value>(&response.text().await.unwrap()).unwrap())
    };
    let (_, first) = sync(String::new()).await;
    let since = first["next_batch"].as_str().unwrap().to_owned();
    let shutdown = server.shutdown().clone();
    let started = tokio::time::Instant::now();
    let polling = sync(format!("?timeout=30000&since={since}"));
    let stopping = async {
        testkit::until_waiting(&server, 1).await;
        shutdown.trigger();
        server.stop().await;
    };
    let ((status, answer), ()) = tokio::join!(polling, stopping);
    assert_eq!(status, 200);
    assert!(answer["next_batch"].is_string());
    assert!(started.elapsed() < Duration::from_secs(10), "the poll was answered early");
    assert!(client().get(format!("{private}/health")).send().await.is_err(), "nobody listens any more");
}

fn accounts_user(name: &str) -> server::NewUser {
    server::NewUser {
        localpart: name.to_owned(),
        password: Some("a-good-password".to_owned()),
        admin: false,
        display_name: None,
    }
}
