//! A service that looks after people has them let in: those of the organisation for good, visitors for a while. It becomes
//! nobody by that.

use base::Clock;
use http::Method;
use serde_json::{Value, json};
use server::Options;
use std::sync::Arc;
use store::{Engine, MemoryKv};
use testkit::{Bridge, Mailbox, ReceivedLetter, User, World, segment};

use super::{CLIENT, register, world};

const PEOPLE: &str = "/_matrix/client/unstable/com.lianqiao.people";
const DELAYED: &str = "/_matrix/client/unstable/org.matrix.msc4140";
const LOOKS_AFTER_PEOPLE: &str = "lianqiao.looks_after_people: true\n";
const START_MS: u64 = 1_793_840_400_000;
const HOUR_MS: u64 = 60 * 60 * 1_000;
const GUEST: &str = "wang@partner.example";

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

/// Asks for a code on the page of a visitor's link; the status.
async fn asks_for_code(w: &World, link: &str) -> u16 {
    let (path, query) = link.split_once('?').unwrap();
    let form = format!("{query}&step=ask");
    w.stranger().request_raw(Method::POST, path, Some(form.into_bytes())).await.status()
}

/// Asks for a code and reads it in the mailbox.
async fn gets_code(w: &World, mailbox: &Mailbox, link: &str) -> String {
    assert_eq!(asks_for_code(w, link).await, 200);
    code_in(&mailbox.receives().await)
}

/// The code of a letter: the one word of eight digits.
fn code_in(letter: &ReceivedLetter) -> String {
    assert_eq!(letter.to, GUEST);
    let is_code = |word: &&str| word.len() == 8 && word.bytes().all(|sign| sign.is_ascii_digit());
    letter.text.split_whitespace().find(is_code).expect("the letter has a code").to_owned()
}

/// Sends the form with the code back; the status.
async fn enters(w: &World, link: &str, code: &str, password: &str) -> u16 {
    fills_in(w, &format!("{link}&code={code}"), password, password).await
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
async fn what_fails_for_one_person_costs_nobody_elses_link() {
    let (bridge, mailbox) = (Bridge::start("irc").await, Mailbox::start().await);
    let (w, _) = office(&bridge, &mailbox).await;
    let service = bridge.client(&w);
    let people = json!([
        { "user_id": "@lisi:test.example", "display_name": "李".repeat(1_000) },
        { "user_id": "@zhangsan:test.example" },
        { "user_id": "@zhaoliu:test.example", "display_name": "赵".repeat(1_000) },
        { "user_id": "@wangwu:test.example" },
    ]);
    let answers = asks(&service, false, people.clone()).await;
    for place in [0, 2] {
        assert_eq!((&answers[place]["refused"], &answers[place]["path"]), (&json!("later"), &Value::Null));
    }
    for place in [1, 3] {
        let link = answers[place]["path"].as_str().unwrap();
        assert_eq!(fills_in(&w, link, "a-password", "a-password").await, 200);
    }
    // Where it fails for all of them, whoever asks learns what is wrong.
    let body = json!({ "by": "me", "people": [people[0], people[2]] });
    service.post(&format!("{PEOPLE}/first_logins"), body).await.fails_as(400, "M_TOO_LARGE");
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
        let left = said("@alice:test.example", "left");
        caller.post(&format!("{PEOPLE}/standings"), left).await.fails_as(403, "M_FORBIDDEN");
    }
}

/// A state event, now or later, lets a visitor into no other room, asks nobody in, and takes no mark off their name.
async fn no_state_does_it_either(visitor: &User, user: &str, [room, other]: [&str; 2]) {
    for (room, kind, key, content) in [
        (other, "m.room.member", user, json!({ "membership": "join" })),
        (room, "m.room.member", "@bob:test.example", json!({ "membership": "invite" })),
        (room, "m.room.member", user, json!({ "membership": "join", "displayname": "李总" })),
        (room, "m.room.third_party_invite", "token", json!({ "display_name": "Bob" })),
    ] {
        let (room, state_key) = (segment(room), segment(key));
        let now = format!("{CLIENT}/rooms/{room}/state/{kind}/{state_key}");
        let later = format!("{now}?org.matrix.msc4140.delay=1000");
        let newer = format!("{DELAYED}/rooms/{room}/delayed_event/{kind}/{}", visitor.new_txn_id());
        let body = json!({ "delay_ms": 1000, "state_key": key, "content": content });
        for (path, body) in [(now, &content), (later, &content), (newer, &body)] {
            visitor.put(&path, body.clone()).await.fails_as(403, "M_FORBIDDEN");
        }
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
        json!({ "by": alice.id, "address": GUEST, "name": "王", "room_id": room,
            "until_ms": START_MS + 2 * HOUR_MS })
    };
    let path = format!("{PEOPLE}/visitors");
    service.post(&path, asked(&other)).await.fails_as(403, "M_FORBIDDEN");
    let invited = service.post(&path, asked(&room)).await.ok();
    let (user, link) = (invited["user_id"].as_str().unwrap(), invited["path"].as_str().unwrap());
    let code = gets_code(&w, &mailbox, link).await;
    assert_eq!(enters(&w, link, &code, "a-password").await, 200);
    assert_eq!(enters(&w, link, &code, "a-password").await, 404);
    assert_eq!(asks_for_code(&w, link).await, 404);
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
    no_state_does_it_either(&visitor, user, [&room, &other]).await;
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

#[tokio::test(flavor = "multi_thread")]
async fn a_link_is_not_spent_while_the_room_lets_its_visitor_not_in() {
    let (bridge, mailbox) = (Bridge::start("irc").await, Mailbox::start().await);
    let (w, _) = office(&bridge, &mailbox).await;
    let service = bridge.client(&w);
    let room = service.creates_room_with([]).await;
    let asked = json!({ "by": "me", "address": GUEST, "name": "王", "room_id": room,
        "until_ms": START_MS + HOUR_MS });
    let invited = service.post(&format!("{PEOPLE}/visitors"), asked).await.ok();
    let (user, link) = (json!({ "user_id": invited["user_id"] }), invited["path"].as_str().unwrap());
    let code = gets_code(&w, &mailbox, link).await;
    let act = |action: &str| format!("{CLIENT}/rooms/{}/{action}", segment(&room));
    service.post(&act("kick"), user.clone()).await.ok();
    assert_eq!(enters(&w, link, &code, "a-password").await, 403);
    service.post(&act("invite"), user).await.ok();
    assert_eq!(enters(&w, link, &code, "").await, 200);
    assert_eq!(enters(&w, link, &code, "").await, 404);
    let visitor = logs_in(&w, invited["user_id"].as_str().unwrap(), "a-password").await;
    visitor.sends(&room, "hello").await.ok();
}

/// What is said of one person.
fn said(user: &str, standing: &str) -> Value {
    let followers = ["@boss:test.example", "@carol:test.example", "@bob:test.example"];
    json!({ "people": [{ "user_id": user, "standing": standing, "by": "@boss:test.example",
        "followers": followers }] })
}

async fn stands(service: &User, user: &str, standing: &str) -> Value {
    let answer = service.post(&format!("{PEOPLE}/standings"), said(user, standing)).await.ok();
    answer["people"][0]["refused"].clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_left_is_locked_out_with_their_guests_and_comes_back_without_a_device() {
    let (bridge, mailbox) = (Bridge::start("irc").await, Mailbox::start().await);
    let (mut w, _) = office(&bridge, &mailbox).await;
    let service = bridge.client(&w);
    let [alice, bob] = w.users(["alice", "bob"]).await;
    let room = service.creates_room_with([&alice, &bob]).await;
    let visit = json!({ "by": alice.id, "address": "wang@partner.example", "name": "王", "room_id": room,
        "until_ms": START_MS + 2 * HOUR_MS });
    let visitor = service.post(&format!("{PEOPLE}/visitors"), visit).await.ok();
    // Only they lead the one room, and not the other.
    let (own, shared) = (alice.creates_room_with([&bob]).await, bob.creates_room_with([&alice]).await);
    let before = bob.state(&shared, "m.room.power_levels", "").await.ok();
    let second = logs_in(&w, &alice.id, alice.password()).await;
    let since = second.get(&format!("{CLIENT}/sync?timeout=0")).await.ok()["next_batch"].clone();
    let waiting = {
        let path = format!("{CLIENT}/sync?timeout=30000&since={}", since.as_str().unwrap());
        tokio::spawn(async move { second.get(&path).await })
    };

    let path = format!("{CLIENT}/rooms/{}/send/m.room.message/later", segment(&room));
    let delayed = json!({ "msgtype": "m.text", "body": "still here" });
    let delayed = alice.put(&format!("{path}?org.matrix.msc4140.delay=60000"), delayed).await.ok();
    let delayed = format!("{DELAYED}/delayed_events/{}/send", delayed["delay_id"].as_str().unwrap());

    assert_eq!(stands(&service, &alice.id, "left").await, Value::Null);
    assert_eq!(stands(&service, &alice.id, "left").await, Value::Null, "once more is the same");
    let mut told = waiting.await.unwrap();
    assert_eq!(told.status(), 401, "a client that waits hears of it at once");
    alice.get(&format!("{CLIENT}/account/whoami")).await.fails_as(401, "M_UNKNOWN_TOKEN");
    // What was made before and needs no session says nothing for them either.
    w.stranger().post(&delayed, json!({})).await.fails_as(403, "M_FORBIDDEN");
    let login = json!({ "type": "m.login.password", "password": alice.password(),
        "identifier": { "type": "m.id.user", "user": alice.id } });
    w.stranger().post(&format!("{CLIENT}/login"), login).await.fails_as(401, "M_USER_LOCKED");
    let member =
        |user: &str| format!("{CLIENT}/rooms/{}/state/m.room.member/{}", segment(&room), segment(user));
    w.restarts().await;
    bob.gets_until(&member(visitor["user_id"].as_str().unwrap()), |member| member["membership"] == "leave")
        .await;
    assert_eq!(bob.get(&member(&alice.id)).await.ok()["membership"], "join", "what was theirs stays");
    let levels = bob.state(&own, "m.room.power_levels", "").await.ok();
    assert_eq!(levels["users"][&bob.id], 100, "the first who is there leads: {levels}");
    assert_eq!(bob.state(&shared, "m.room.power_levels", "").await.ok(), before);

    assert_eq!(stands(&service, &alice.id, "active").await, Value::Null);
    let back = logs_in(&w, &alice.id, alice.password()).await;
    let devices = back.get(&format!("{CLIENT}/devices")).await.ok();
    assert_eq!(devices["devices"].as_array().unwrap().len(), 1, "none but the new one: {devices}");

    let root = w.administrator("root").await;
    let acts = root.get("/_lianqiao/admin/v1/audit?limit=100").await.ok().to_string();
    for act in ["lock out who has left", "let in who is here again"] {
        assert_eq!(acts.matches(act).count(), 1, "{act}: {acts}");
    }
    assert!(acts.contains(&format!("{} for @boss:test.example", alice.id)), "{acts}");
}

#[tokio::test(flavor = "multi_thread")]
async fn those_who_lead_a_room_together_and_leave_together_leave_it_led() {
    let (bridge, mailbox) = (Bridge::start("irc").await, Mailbox::start().await);
    let (w, _) = office(&bridge, &mailbox).await;
    let service = bridge.client(&w);
    let [alice, bob, carol, dave] = w.users(["alice", "bob", "carol", "dave"]).await;
    let room = alice.creates_room_with([&bob, &carol, &dave]).await;
    let mut levels = alice.state(&room, "m.room.power_levels", "").await.ok();
    levels["users"][&bob.id] = 100.into();
    alice.sets_state(&room, "m.room.power_levels", "", levels).await.ok();
    assert_eq!(stands(&service, &dave.id, "left").await, Value::Null);
    let left = |user: &str| {
        json!({ "user_id": user, "standing": "left", "by": "@boss:test.example",
            "followers": [alice.id, bob.id, dave.id, carol.id] })
    };
    let body = json!({ "people": [left(&alice.id), left(&bob.id)] });
    service.post(&format!("{PEOPLE}/standings"), body).await.ok();
    let levels = carol.state(&room, "m.room.power_levels", "").await.ok();
    assert_eq!(levels["users"][&carol.id], 100, "who is there and can act leads: {levels}");
    assert_eq!(levels["users"].get(&dave.id), None, "{levels}");
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_is_away_reads_and_says_nothing_until_they_are_back() {
    let (bridge, mailbox) = (Bridge::start("irc").await, Mailbox::start().await);
    let (w, _) = office(&bridge, &mailbox).await;
    let service = bridge.client(&w);
    let alice = w.user("alice").await;
    let room = alice.creates_room().await;
    assert_eq!(stands(&service, &alice.id, "suspended").await, Value::Null);
    alice.sends(&room, "hello").await.fails_as(403, "M_USER_SUSPENDED");
    alice.syncs().await;
    assert_eq!(stands(&service, &alice.id, "active").await, Value::Null);
    alice.sends(&room, "hello").await.ok();
}

#[tokio::test(flavor = "multi_thread")]
async fn an_organisation_has_no_say_in_the_accounts_of_administrators_services_and_visitors() {
    let (bridge, mailbox) = (Bridge::start("irc").await, Mailbox::start().await);
    let (w, _) = office(&bridge, &mailbox).await;
    let service = bridge.client(&w);
    let root = w.administrator("root").await;
    let room = service.creates_room_with([&root]).await;
    let visit = json!({ "by": "me", "address": "wang@partner.example", "name": "王", "room_id": room,
        "until_ms": START_MS + HOUR_MS });
    let visitor = service.post(&format!("{PEOPLE}/visitors"), visit).await.ok();
    let refused = [
        (root.id.as_str(), "administrator"),
        ("@ircbot:test.example", "service"),
        (visitor["user_id"].as_str().unwrap(), "visitor"),
        ("@nobody:test.example", "unknown"),
        ("@li:elsewhere.example", "elsewhere"),
    ];
    for (user, reason) in refused {
        assert_eq!(stands(&service, user, "left").await, reason, "{user}");
    }
    root.sends(&room, "still here").await.ok();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_link_in_other_hands_lets_nobody_in() {
    let (bridge, mailbox) = (Bridge::start("irc").await, Mailbox::start().await);
    let (mut w, clock) = office(&bridge, &mailbox).await;
    let service = bridge.client(&w);
    let alice = w.user("alice").await;
    let mut links = Vec::new();
    for _ in 0..2 {
        let room = service.creates_room_with([&alice]).await;
        let visit = json!({ "by": alice.id, "address": GUEST, "name": "王", "room_id": room,
            "until_ms": START_MS + 48 * HOUR_MS });
        let invited = service.post(&format!("{PEOPLE}/visitors"), visit).await.ok();
        links.push(invited["path"].as_str().unwrap().to_owned());
    }
    let (link, other) = (&links[0], &links[1]);

    // Opening it changes nothing and shows no more of the address than has to be seen.
    for _ in 0..2 {
        let page = w.stranger().get(link).await;
        let policy = page.header("content-security-policy").unwrap();
        assert!(policy.contains("default-src 'none'") && !policy.contains("script-src"), "{policy}");
        let text = page.to_string();
        assert!(text.contains("w***@partner.example") && !text.contains(GUEST), "{text}");
        assert!(!text.contains("<script") && !text.contains("name=\"code\""), "{text}");
        page.ok();
    }
    assert_eq!(mailbox.waiting(), 0);
    assert_eq!(enters(&w, link, "00000000", "a-password").await, 400, "no code was sent");

    // The code of another link, and guesses until none is left.
    let code_of_other = gets_code(&w, &mailbox, other).await;
    let mut code = gets_code(&w, &mailbox, link).await;
    assert_eq!(enters(&w, link, &code_of_other, "a-password").await, 400);
    for _ in 0..4 {
        assert_eq!(enters(&w, link, "wrong", "a-password").await, 400);
    }
    assert_eq!(enters(&w, link, &code, "a-password").await, 400, "all tries are used");
    let text = w.stranger().get(link).await.to_string();
    assert!(!text.contains("name=\"code\""), "a new one is needed: {text}");

    // A newer code voids the one before, and every code ends.
    let before = gets_code(&w, &mailbox, link).await;
    code = gets_code(&w, &mailbox, link).await;
    assert_eq!(enters(&w, link, &before, "a-password").await, 400);
    clock.advance(10 * 60 * 1_000);
    assert_eq!(enters(&w, link, &code, "a-password").await, 400, "it is too old");

    // So many an hour.
    for _ in 0..2 {
        code = gets_code(&w, &mailbox, link).await;
    }
    assert_eq!(asks_for_code(&w, link).await, 429);
    assert_eq!(mailbox.waiting(), 0);
    // Whoever reads the mailbox comes in, also when the server was started anew in between, and once.
    w.restarts().await;
    assert_eq!(enters(&w, link, &code, "").await, 400);
    assert_eq!(enters(&w, link, &code, "a-password").await, 200);
    assert_eq!(enters(&w, link, &code, "b-password").await, 404);
    // The account has a password now: the other link asks for its code alone.
    clock.advance(HOUR_MS);
    let code = gets_code(&w, &mailbox, other).await;
    assert_eq!(enters(&w, other, &code, "").await, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn without_mail_nobody_from_outside_is_asked_in() {
    let bridge = Bridge::start("irc").await;
    let w = world(&bridge, LOOKS_AFTER_PEOPLE).await;
    let service = bridge.client(&w);
    let alice = w.user("alice").await;
    let room = service.creates_room_with([&alice]).await;
    let soon_ms = Clock::system().now_ms() + HOUR_MS;
    let visit =
        json!({ "by": alice.id, "address": GUEST, "name": "王", "room_id": room, "until_ms": soon_ms });
    service.post(&format!("{PEOPLE}/visitors"), visit).await.fails_as(403, "M_THREEPID_DENIED");
}
