//! Log-in by QR code: the mailboxes of MSC4108 and MSC4388. And what a server says of calls (MSC4143).

use http::{Method, StatusCode};
use serde_json::{Value, json};
use testkit::World;

const OLD: &str = "/_matrix/client/unstable/org.matrix.msc4108/rendezvous";
const NEW: &str = "/_matrix/client/unstable/io.element.msc4388/rendezvous";

/// A device without account that speaks plain text.
struct Device(reqwest::Client);

impl Device {
    async fn asks(
        &self,
        method: Method,
        url: &str,
        headers: &[(&str, &str)],
        body: Option<&str>,
    ) -> reqwest::Response {
        let mut request = self.0.request(method, url);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        if let Some(body) = body {
            request = request.body(body.to_owned());
        }
        request.send().await.unwrap()
    }
}

fn header(response: &reqwest::Response, name: &str) -> String {
    response
        .headers()
        .get(name)
        .unwrap_or_else(|| panic!("{name}: {response:?}"))
        .to_str()
        .unwrap()
        .to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn two_devices_meet_by_entity_tags() {
    let w = World::start().await;
    let device = Device(reqwest::Client::builder().no_proxy().build().unwrap());
    let base = format!("{}{OLD}", w.client_url());
    let text = ("content-type", "text/plain");
    let made = device.asks(Method::POST, &base, &[text], Some("one")).await;
    assert_eq!(made.status(), StatusCode::CREATED);
    let first = header(&made, "etag");
    assert!(header(&made, "cache-control").contains("no-store"));
    assert!(header(&made, "access-control-expose-headers").contains("ETag"));
    for name in ["expires", "last-modified"] {
        assert!(header(&made, name).ends_with("GMT"), "{name}");
    }
    let made: Value = made.json().await.unwrap();
    let url = made["url"].as_str().unwrap().to_owned();
    assert!(url.starts_with(&w.client_url()), "{url}");

    let same = device.asks(Method::GET, &url, &[("if-none-match", &first)], None).await;
    assert_eq!(same.status(), StatusCode::NOT_MODIFIED);
    let read = device.asks(Method::GET, &url, &[], None).await;
    assert_eq!((header(&read, "etag"), read.text().await.unwrap()), (first.clone(), "one".to_owned()));
    let page = device.asks(Method::GET, &url, &[("sec-fetch-mode", "navigate")], None).await;
    assert_eq!(page.status(), StatusCode::FORBIDDEN);

    let written = device.asks(Method::PUT, &url, &[text, ("if-match", &first)], Some("two")).await;
    assert_eq!(written.status(), StatusCode::ACCEPTED);
    assert_ne!(header(&written, "etag"), first);
    let late = device.asks(Method::PUT, &url, &[text, ("if-match", &first)], Some("three")).await;
    assert_eq!(late.status(), StatusCode::PRECONDITION_FAILED);
    let late: Value = late.json().await.unwrap();
    assert_eq!(late["errcode"], "M_CONCURRENT_WRITE");
    let read = device.asks(Method::GET, &url, &[("if-none-match", &first)], None).await;
    assert_eq!(read.text().await.unwrap(), "two");

    assert_eq!(device.asks(Method::DELETE, &url, &[], None).await.status(), StatusCode::NO_CONTENT);
    assert_eq!(device.asks(Method::GET, &url, &[], None).await.status(), StatusCode::NOT_FOUND);
    let large = "x".repeat(4_097);
    let large = device.asks(Method::POST, &base, &[text], Some(&large)).await;
    assert_eq!(large.status(), StatusCode::PAYLOAD_TOO_LARGE);
    let json = device.asks(Method::POST, &base, &[("content-type", "application/json")], Some("{}")).await;
    assert_eq!(json.status(), StatusCode::BAD_REQUEST);
}

#[tokio::test(flavor = "multi_thread")]
async fn two_devices_meet_by_sequence_tokens() {
    let w = World::start().await;
    let alice = w.user("alice").await;
    let stranger = w.stranger();
    assert_eq!(stranger.get(NEW).await.ok(), json!({"create_available": true}));
    stranger.post(NEW, json!({"data": "one"})).await.fails_as(401, "M_MISSING_TOKEN");
    let made = alice.post(NEW, json!({"data": "one"})).await.ok();
    let path = format!("{NEW}/{}", made["id"].as_str().unwrap());
    let first = made["sequence_token"].clone();
    assert!(made["expires_in_ms"].as_u64().is_some_and(|left_ms| left_ms > 0));
    let read = stranger.get(&path).await.ok();
    assert_eq!((&read["data"], &read["sequence_token"]), (&json!("one"), &first));
    let second = stranger.put(&path, json!({"sequence_token": first, "data": "two"})).await.ok();
    assert_ne!(second["sequence_token"], first);
    let code = "IO_ELEMENT_MSC4388_CONCURRENT_WRITE";
    alice.put(&path, json!({"sequence_token": first, "data": "three"})).await.fails_as(409, code);
    let again = stranger.put(&path, json!({"sequence_token": first, "data": "two"})).await.ok();
    assert_eq!(again, second);
    alice.put(&path, json!({"sequence_token": first})).await.fails_as(400, "M_BAD_JSON");
    alice.post(NEW, json!({"data": "x".repeat(4_097)})).await.fails_as(413, "M_TOO_LARGE");
    stranger.delete(&path).await.ok();
    stranger.get(&path).await.fails_as(404, "M_NOT_FOUND");
}

#[tokio::test(flavor = "multi_thread")]
async fn transports_for_calls_are_those_of_the_operator() {
    let transports = "/_matrix/client/unstable/org.matrix.msc4143/rtc/transports";
    let without = World::start().await;
    let alice = without.user("alice").await;
    alice.get(transports).await.fails_as(404, "M_UNRECOGNIZED");
    let versions = alice.get("/_matrix/client/versions").await.ok();
    assert_eq!(versions["unstable_features"]["org.matrix.msc4143"], Value::Null);
    assert_eq!(versions["unstable_features"]["io.element.e2ee_forced.public"], false);

    let with = World::configured(|config| {
        config.rtc.livekit_service_urls = vec!["https://rtc.example.org".to_owned()];
        config.server.public_base_url = Some("https://matrix.example.org".to_owned());
    })
    .await;
    let bob = with.user("bob").await;
    let livekit = json!([{"type": "livekit", "livekit_service_url": "https://rtc.example.org"}]);
    assert_eq!(bob.get(transports).await.ok()["rtc_transports"], livekit);
    let well_known = bob.get("/.well-known/matrix/client").await.ok();
    assert_eq!(well_known["org.matrix.msc4143.rtc_foci"], livekit);
    assert_eq!(well_known["m.homeserver"]["base_url"], "https://matrix.example.org");
    let versions = bob.get("/_matrix/client/versions").await.ok();
    assert_eq!(versions["unstable_features"]["org.matrix.msc4143"], true);
    with.stranger().get(transports).await.fails_as(401, "M_MISSING_TOKEN");
}
