//! What nobody should send: each gets the Matrix error the specification names, and the server stays up.

use std::time::Duration;

use http::Method;
use serde_json::{Value, json};
use testkit::{User, World, segment};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// A request and the error it must get.
struct Case {
    what: &'static str,
    method: Method,
    path: String,
    body: Vec<u8>,
    status: u16,
    code: &'static str,
}

fn case(
    what: &'static str,
    method: Method,
    path: impl Into<String>,
    body: impl Into<Vec<u8>>,
    status: u16,
    code: &'static str,
) -> Case {
    Case { what, method, path: path.into(), body: body.into(), status, code }
}

/// Sends every case as this user; then the server must still do its work.
async fn each_is_refused(user: &User, room: &str, cases: Vec<Case>) {
    let mut wrong = Vec::new();
    for case in cases {
        let body = (case.method != Method::GET).then_some(case.body);
        let mut answer = user.request_raw(case.method, &case.path, body).await;
        let (status, code) = (answer.status(), answer.body()["errcode"].clone());
        if status != case.status || code != case.code {
            wrong.push(format!("{}: expected {} {}, {answer}", case.what, case.status, case.code));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    user.sends(room, "still here").await.ok();
}

fn send_path(room: &str, txn: &str) -> String {
    format!("/_matrix/client/v3/rooms/{}/send/m.room.message/{txn}", segment(room))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_that_is_not_the_json_expected_is_refused() {
    let w = World::start().await;
    let alice = w.user("alice").await;
    let room = alice.creates_room().await;
    let state = format!("/_matrix/client/v3/rooms/{}/state/m.room.topic/", segment(&room));
    let filter = format!("/_matrix/client/v3/user/{}/filter", segment(&alice.id));
    let create = "/_matrix/client/v3/createRoom";
    let login = "/_matrix/client/v3/login";
    let (put, post) = (Method::PUT, Method::POST);
    each_is_refused(
        &alice,
        &room,
        vec![
            case("no JSON", post.clone(), create, "{", 400, "M_NOT_JSON"),
            case("a word", post.clone(), login, "hello", 400, "M_NOT_JSON"),
            case("trailing bytes", put.clone(), send_path(&room, "a"), "{} {}", 400, "M_NOT_JSON"),
            case("no UTF-8", put.clone(), send_path(&room, "b"), b"{\"body\":\"\xff\"}", 400, "M_NOT_JSON"),
            case(
                "a lone surrogate",
                put.clone(),
                send_path(&room, "c"),
                r#"{"body":"\ud800"}"#,
                400,
                "M_BAD_JSON",
            ),
            case("a list as content", put.clone(), send_path(&room, "d"), "[]", 400, "M_BAD_JSON"),
            case("a list as state", put.clone(), state, "[1]", 400, "M_BAD_JSON"),
            case("a number as a name", post.clone(), create, r#"{"name":5}"#, 400, "M_BAD_JSON"),
            case("a text as a list", post.clone(), create, r#"{"invite":"@a:b"}"#, 400, "M_BAD_JSON"),
            case("an object as a type", post.clone(), login, r#"{"type":{}}"#, 400, "M_BAD_JSON"),
            case("no type", post.clone(), login, "{}", 400, "M_MISSING_PARAM"),
            case("a filter of text", post, filter, r#"{"room":"x"}"#, 400, "M_INVALID_PARAM"),
        ],
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn numbers_outside_canonical_json_are_refused() {
    let w = World::start().await;
    let alice = w.user("alice").await;
    let room = alice.creates_room().await;
    let numbers = [
        "1.5",
        "1e3",
        "-0.0",
        "9007199254740992",
        "-9007199254740992",
        "1e400",
        "123456789012345678901234567890",
    ];
    let cases = numbers
        .iter()
        .enumerate()
        .map(|(index, number)| {
            let body = format!(r#"{{"body":"x","msgtype":"m.text","n":{{"deep":[{number}]}}}}"#);
            case(number, Method::PUT, send_path(&room, &format!("n{index}")), body, 400, "M_BAD_JSON")
        })
        .collect();
    each_is_refused(&alice, &room, cases).await;
    let largest = json!({"body": "x", "msgtype": "m.text", "n": 9_007_199_254_740_991_i64});
    alice.sends_event(&room, "m.room.message", largest).await.ok();
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_too_large_is_refused() {
    let w = World::start().await;
    let alice = w.user("alice").await;
    let room = alice.creates_room().await;
    let text = |bytes: usize| json!({"msgtype": "m.text", "body": "x".repeat(bytes)}).to_string();
    let long_key =
        format!("/_matrix/client/v3/rooms/{}/state/m.room.topic/{}", segment(&room), "k".repeat(256));
    let long_kind = format!("/_matrix/client/v3/rooms/{}/send/{}/t", segment(&room), "k".repeat(256));
    each_is_refused(
        &alice,
        &room,
        vec![
            case("an event of 66 kB", Method::PUT, send_path(&room, "a"), text(66_000), 413, "M_TOO_LARGE"),
            case("a body of 20 MB", Method::PUT, send_path(&room, "b"), text(20_000_000), 413, "M_TOO_LARGE"),
            case("a state key of 256 bytes", Method::PUT, long_key, "{}", 413, "M_TOO_LARGE"),
            case("a type of 256 bytes", Method::PUT, long_kind, "{}", 413, "M_TOO_LARGE"),
        ],
    )
    .await;
    alice.sends(&room, &"x".repeat(60_000)).await.ok();
}

#[tokio::test(flavor = "multi_thread")]
async fn json_of_ten_thousand_levels_is_refused_everywhere() {
    let w = World::start().await;
    let alice = w.user("alice").await;
    let room = alice.creates_room().await;
    let deep = format!(r#"{{"a":{}{}}}"#, "[".repeat(10_000), "]".repeat(10_000));
    let objects = format!("{}1{}", r#"{"a":"#.repeat(10_000), "}".repeat(10_000));
    let account_data =
        format!("/_matrix/client/v3/user/{}/account_data/org.example.deep", segment(&alice.id));
    let mut failures = Vec::new();
    for body in [deep, objects] {
        let places = [
            (Method::PUT, send_path(&room, "deep")),
            (Method::PUT, account_data.clone()),
            (Method::POST, "/_matrix/client/v3/createRoom".to_owned()),
            (Method::POST, "/_matrix/client/v3/login".to_owned()),
        ];
        for (method, path) in places {
            let mut answer = alice.request_raw(method, &path, Some(body.clone().into_bytes())).await;
            let code = answer.body()["errcode"].clone();
            if answer.status() != 400 || (code != "M_BAD_JSON" && code != "M_NOT_JSON") {
                failures.push(answer.to_string());
            }
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
    alice.sends(&room, "still here").await.ok();
}

#[tokio::test(flavor = "multi_thread")]
async fn bad_identifiers_are_refused() {
    let w = World::start().await;
    let alice = w.user("alice").await;
    let room = alice.creates_room().await;
    let (get, post, put) = (Method::GET, Method::POST, Method::PUT);
    let invite = format!("/_matrix/client/v3/rooms/{}/invite", segment(&room));
    let long_user = format!("@{}:test.example", "a".repeat(300));
    let invite_long = json!({"user_id": long_user}).to_string();
    let alias = |alias: &str| format!("/_matrix/client/v3/directory/room/{}", segment(alias));
    let room_body = json!({"room_id": room}).to_string();
    each_is_refused(
        &alice,
        &room,
        vec![
            case("no user id", post.clone(), invite.clone(), r#"{"user_id":"bob"}"#, 400, "M_BAD_JSON"),
            case("a user id of 300 bytes", post.clone(), invite, invite_long, 400, "M_BAD_JSON"),
            case(
                "no room id",
                get.clone(),
                "/_matrix/client/v3/rooms/nonsense/state",
                "",
                400,
                "M_INVALID_PARAM",
            ),
            case("no alias", put.clone(), alias("nonsense"), room_body.clone(), 400, "M_INVALID_PARAM"),
            case(
                "no user in a profile",
                get,
                "/_matrix/client/v3/profile/nonsense",
                "",
                400,
                "M_INVALID_PARAM",
            ),
            case(
                "a NUL in a name",
                post.clone(),
                "/_matrix/client/v3/createRoom",
                r#"{"room_alias_name":"a\u0000b"}"#,
                400,
                "M_INVALID_PARAM",
            ),
            case(
                "an unknown room version",
                post.clone(),
                "/_matrix/client/v3/createRoom",
                r#"{"room_version":"999"}"#,
                400,
                "M_UNSUPPORTED_ROOM_VERSION",
            ),
            case(
                "an unknown version to upgrade to",
                post,
                format!("/_matrix/client/v3/rooms/{}/upgrade", segment(&room)),
                r#"{"new_version":"0"}"#,
                400,
                "M_UNSUPPORTED_ROOM_VERSION",
            ),
            case(
                "an alias of another server",
                put,
                alias("#a:elsewhere.example"),
                room_body,
                400,
                "M_INVALID_PARAM",
            ),
        ],
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_without_a_good_token_learns_nothing() {
    let w = World::start().await;
    let [alice, bob] = w.users(["alice", "bob"]).await;
    let whoami = "/_matrix/client/v3/account/whoami";
    w.stranger().get(whoami).await.fails_as(401, "M_MISSING_TOKEN");
    w.stranger().get("/_matrix/client/v3/sync?access_token=").await.fails_as(401, "M_MISSING_TOKEN");
    for token in ["nonsense", "x".repeat(4_000).as_str()] {
        alice.with_token(token).get(whoami).await.fails_as(401, "M_UNKNOWN_TOKEN");
    }
    bob.logs_out().await.ok();
    bob.get(whoami).await.fails_as(401, "M_UNKNOWN_TOKEN");
    alice.get(whoami).await.ok();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pagination_token_of_somebody_else_is_refused() {
    let w = World::start().await;
    let alice = w.user("alice").await;
    let room = alice.creates_room().await;
    let rooms = format!("/_matrix/client/v3/rooms/{}", segment(&room));
    let tokens = ["t47429-4392820_219380_26003_2265", "s1", "", "🙂", "s1_99999999999999999999999", "%00"];
    let mut cases = Vec::new();
    for token in tokens {
        let token = segment(token);
        cases.push(case(
            "from",
            Method::GET,
            format!("{rooms}/messages?dir=b&from={token}"),
            "",
            400,
            "M_INVALID_PARAM",
        ));
        if !token.is_empty() {
            cases.push(case(
                "since",
                Method::GET,
                format!("/_matrix/client/v3/sync?timeout=0&since={token}"),
                "",
                400,
                "M_INVALID_PARAM",
            ));
        }
    }
    cases.push(case(
        "a direction",
        Method::GET,
        format!("{rooms}/messages?dir=x"),
        "",
        400,
        "M_INVALID_PARAM",
    ));
    cases.push(case(
        "a limit",
        Method::GET,
        format!("{rooms}/messages?dir=b&limit=-1"),
        "",
        400,
        "M_INVALID_PARAM",
    ));
    each_is_refused(&alice, &room, cases).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unknown_path_and_a_wrong_method_are_told_apart() {
    let w = World::start().await;
    let alice = w.user("alice").await;
    for path in ["/_matrix/client/v3/nonsense", "/_matrix/key/v2/nonsense", "/_matrix/nonsense", "/_matrix"] {
        alice.get(path).await.fails_as(404, "M_UNRECOGNIZED");
    }
    alice.delete("/_matrix/client/v3/login").await.fails_as(405, "M_UNRECOGNIZED");
}

#[tokio::test(flavor = "multi_thread")]
async fn limits_in_a_request_are_bounds_not_orders() {
    let w = World::start().await;
    let alice = w.user("alice").await;
    let room = alice.creates_room().await;
    for number in 0..3 {
        alice.sends(&room, &format!("message {number}")).await.ok();
    }
    let page = alice.messages(&room, "dir=b&limit=1000000").await.ok();
    assert!(page["chunk"].as_array().unwrap().len() >= 3);
    let started = tokio::time::Instant::now();
    alice
        .sync_with("timeout=0&filter=%7B%22room%22%3A%7B%22timeline%22%3A%7B%22limit%22%3A999999999%7D%7D%7D")
        .await
        .ok();
    assert!(started.elapsed() < Duration::from_secs(20));
}

#[tokio::test(flavor = "multi_thread")]
async fn slow_clients_do_not_keep_others_waiting() {
    let w = World::start().await;
    let alice = w.user("alice").await;
    let room = alice.creates_room().await;
    let address = w.client_url().trim_start_matches("http://").to_owned();
    let mut slow = Vec::new();
    for _ in 0..50 {
        let mut stream = TcpStream::connect(&address).await.unwrap();
        let head = "PUT /_matrix/client/v3/rooms/!a:b/send/m.room.message/1 HTTP/1.1\r\nhost: x\r\ncontent-length: 1000\r\n\r\n{";
        stream.write_all(head.as_bytes()).await.unwrap();
        slow.push(stream);
    }
    let mut half_a_head = TcpStream::connect(&address).await.unwrap();
    half_a_head.write_all(b"GET /_matrix/client/versions HT").await.unwrap();
    for number in 0..20 {
        alice.sends(&room, &format!("message {number}")).await.ok();
    }
    drop(slow);
    alice.sends(&room, "still here").await.ok();
}

#[tokio::test(flavor = "multi_thread")]
async fn bytes_that_are_not_http_end_the_connection_only() {
    let w = World::start().await;
    let alice = w.user("alice").await;
    let address = w.client_url().trim_start_matches("http://").to_owned();
    for bytes in [&b"\x16\x03\x01\x02\x00"[..], b"\0\0\0\0", b"GET / HTTP/9.9\r\n\r\n", &[b'x'; 70_000]] {
        let mut stream = TcpStream::connect(&address).await.unwrap();
        // The server may hang up before everything is written.
        let _ = stream.write_all(bytes).await;
        let _ = stream.shutdown().await;
        let mut answer = Vec::new();
        let end = tokio::time::timeout(Duration::from_secs(30), stream.read_to_end(&mut answer)).await;
        assert!(end.is_ok(), "the connection stays open after {} bytes of nonsense", bytes.len());
    }
    let who: Value = alice.get("/_matrix/client/v3/account/whoami").await.ok();
    assert_eq!(who["user_id"], alice.id.as_str());
}
