//! A service that looks after people has them let in: those of the organisation for good, visitors for a while. It becomes
//! nobody by that.

use base::Clock;
use http::Method;
use serde_json::{Value, json};
use server::Options;
use std::sync::Arc;
use store::{Engine, MemoryKv};
use testkit::{Bridge, Mailbox, User, World, segment};

use super::{CLIENT, register, world};

const PEOPLE: &str = "/_matrix/client/unstable/com.lianqiao.people";
const LOOKS_AFTER_PEOPLE: &str = "lianqiao.looks_after_people: true\n";
const START_MS: u64 = 1_793_840_400_000;
const HOUR_MS: u64 = 60 * 60 * 1_000;

/// A server with such a service, a mail server and a clock in our hands.
async fn office(bridge: &Bridge, mailbox: &Mailbox) -> (World, Clock) {
    let clock = Clock::fake(START_MS);
    let (registration, port) = (bridge.registration(LOOKS_AFTER_PEOPLE), mailbox.port());
    let kept: Arc<dyn Engine> = Arc::new(MemoryKv::new());
    let options = Options { engine: Some(kept), clock: Some(clock.clone()), ..Options::default() };
    let change = move |config: &mut config::Config| {
        register(config, "bridge", &registration);
        config.server.public_base_url = Some("https://chat.example.org".to_owned());
        config.mail.host = Some("127.0.0.1".to_owned());
        config.mail.port = port;
        config.mail.security = config::MailSecurity::None;
        config.mail.from = Some("Lianqiao <chat@example.org>".to_owned());
    };
    (World::in_process(change, options).await, clock)
}

/// Asks for the links of these people; the answers in their order.
async fn asks(service: &User, keeps_open: bool, people: Value) -> Value {
    let body = json!({ "by": "@boss:test.example", "keeps_open": keeps_open, "people": people });
    service.post(&format!("{PEOPLE}/first_logins"), body).await.ok()["people"].clone()
}

/// Sends the form of a page back, with these passwords; the status.
async fn fills_in(w: &World, link: &str, password: &str, again: &str) -> u16 {
    let (path, query) = link.split_once('?').unwrap();
    let form = format!("{query}&password={password}&again={again}");
    w.stranger().request_raw(Method::POST, path, Some(form.into_bytes())).await.status()
}

async fn logs_in(w: &World, user: &str, password: &str) -> User {
    let body = json!({ "type": "m.login.password", "password": password,
        "identifier": { "type": "m.id.user", "user": user } });
    let answer = w.stranger().post(&format!("{CLIENT}/login"), body).await.ok();
    w.stranger().with_token(answer["access_token"].as_str().unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_of_the_organisation_comes_in_by_a_link_once() {
    let (bridge, mailbox) = (Bridge::start("irc").await, Mailbox::start().await);
    let (w, clock) = office(&bridge, &mailbox).await;
    let service = bridge.client(&w);
    let zhang = json!({ "user_id": "@zhangsan:test.example", "display_name": "张三" });
    let first = asks(&service, false, json!([zhang])).await[0]["path"].as_str().unwrap().to_owned();
    let open = asks(&service, true, json!([zhang])).await;
    assert_eq!((&open[0]["refused"], &open[0]["path"]), (&json!("open"), &Value::Null));
    let link = asks(&service, false, json!([zhang])).await[0]["path"].as_str().unwrap().to_owned();

    let page = w.stranger().get(&link).await;
    let policy = page.header("content-security-policy").unwrap();
    assert!(policy.contains("default-src 'none'") && !policy.contains("script-src"), "{policy}");
    let text = page.to_string();
    assert!(text.contains("@zhangsan:test.example") && !text.contains("<script"), "{text}");
    page.ok();
    // What is void looks like what never was.
    let void = w.stranger().get(&first).await;
    let never = w.stranger().get("/_lianqiao/first-login?token=lqi_never").await;
    let of = |answer: &testkit::Answer| answer.to_string().split_once("<body>").unwrap().1.to_owned();
    assert_eq!(of(&void), of(&never));
    for answer in [void, never] {
        answer.expect_status(404);
    }
    assert_eq!(fills_in(&w, &first, "a-password", "a-password").await, 404);
    assert_eq!(fills_in(&w, &link, "a-password", "another").await, 400);
    assert_eq!(fills_in(&w, &link, "", "").await, 400);
    assert_eq!(fills_in(&w, &link, "a-password", "a-password").await, 200);
    assert_eq!(fills_in(&w, &link, "b-password", "b-password").await, 404);
    let zhangsan = logs_in(&w, "zhangsan", "a-password").await;
    let profile = format!("{CLIENT}/profile/{}", segment("@zhangsan:test.example"));
    assert_eq!(zhangsan.get(&profile).await.ok()["displayname"], "张三");

    // Who is in, is locked or cannot be a person gets none; a link is over after 72 hours.
    w.user("alice").await;
    let others = json!([
        { "user_id": "@zhangsan:test.example" },
        { "user_id": "@alice:test.example" },
        { "user_id": "@_irc_ghost:test.example" },
        { "user_id": "@li:elsewhere.example" },
        { "user_id": "@lisi:test.example", "address": "li@corp.example" },
    ]);
    let answers = asks(&service, false, others).await;
    let refused: Vec<&Value> = (0..4).map(|place| &answers[place]["refused"]).collect();
    assert_eq!(refused, ["past", "past", "name", "elsewhere"]);
    let (mailed, letter) = (answers[4]["path"].as_str().unwrap(), mailbox.receives().await);
    assert_eq!((&answers[4]["mailed"], letter.to.as_str()), (&json!(true), "li@corp.example"));
    assert_eq!(letter.link(), mailed);
    clock.advance(72 * HOUR_MS);
    assert_eq!(fills_in(&w, mailed, "a-password", "a-password").await, 404);
}

#[tokio::test(flavor = "multi_thread")]
async fn only_a_service_that_says_so_lets_people_in() {
    let bridge = Bridge::start("irc").await;
    let w = world(&bridge, "").await;
    let body = json!({ "by": "me", "people": [{ "user_id": "@zhangsan:test.example" }] });
    let alice = w.user("alice").await;
    for caller in [bridge.client(&w), alice] {
        caller.post(&format!("{PEOPLE}/first_logins"), body.clone()).await.fails_as(403, "M_FORBIDDEN");
        let visit = json!({ "by": "me", "address": "a@b.example", "name": "A", "room_id": "!r:test.example",
            "until_ms": u64::MAX >> 12 });
        caller.post(&format!("{PEOPLE}/visitors"), visit).await.fails_as(403, "M_FORBIDDEN");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_visitor_is_in_one_room_until_the_meeting_is_over() {
    let (bridge, mailbox) = (Bridge::start("irc").await, Mailbox::start().await);
    let (mut w, clock) = office(&bridge, &mailbox).await;
    let service = bridge.client(&w);
    let alice = w.user("alice").await;
    let (room, other) = (service.creates_room_with([&alice]).await, alice.creates_room().await);
    let asked = |room: &str| {
        json!({ "by": alice.id, "address": "wang@partner.example", "name": "王", "room_id": room,
            "until_ms": START_MS + 2 * HOUR_MS })
    };
    let path = format!("{PEOPLE}/visitors");
    service.post(&path, asked(&other)).await.fails_as(403, "M_FORBIDDEN");
    let invited = service.post(&path, asked(&room)).await.ok();
    let (user, link) = (invited["user_id"].as_str().unwrap(), invited["path"].as_str().unwrap());
    assert_eq!(fills_in(&w, link, "a-password", "a-password").await, 200);
    assert_eq!(fills_in(&w, link, "a-password", "a-password").await, 404);
    let member = alice.state(&room, "m.room.member", user).await.ok();
    assert_eq!((&member["membership"], &member["displayname"]), (&json!("join"), &json!("王（外部）")));

    let visitor = logs_in(&w, user, "a-password").await;
    visitor.sends(&room, "hello").await.ok();
    let refused = [
        (Method::POST, "createRoom".to_owned(), json!({})),
        (Method::POST, "user_directory/search".to_owned(), json!({ "search_term": "alice" })),
        (Method::GET, "publicRooms".to_owned(), Value::Null),
        (Method::POST, format!("rooms/{}/invite", segment(&room)), json!({ "user_id": "@bob:test.example" })),
        (Method::POST, format!("join/{}", segment(&other)), json!({})),
        (Method::POST, format!("rooms/{}/join", segment(&other)), json!({})),
        (Method::POST, format!("knock/{}", segment(&other)), json!({})),
        (Method::PUT, format!("profile/{}/displayname", segment(user)), json!({ "displayname": "Alice" })),
    ];
    for (method, path, body) in refused {
        let body = Some(body).filter(|body| !body.is_null());
        visitor.request(method, &format!("{CLIENT}/{path}"), body).await.fails_as(403, "M_FORBIDDEN");
    }
    // Whoever went by mistake comes back while the visit lasts.
    visitor.leaves(&room).await.ok();
    service.post(&path, asked(&room)).await.ok();
    visitor.joins(&room).await.ok();

    clock.advance(2 * HOUR_MS);
    w.restarts().await;
    let path = format!("{CLIENT}/rooms/{}/state/m.room.member/{}", segment(&room), segment(user));
    alice.gets_until(&path, |member| member["membership"] == "leave").await;
    let login = json!({ "type": "m.login.password", "password": "a-password",
        "identifier": { "type": "m.id.user", "user": user } });
    assert!(w.stranger().post(&format!("{CLIENT}/login"), login).await.status() >= 400);
    assert_eq!(visitor.get(&format!("{CLIENT}/account/whoami")).await.status(), 401);
}
