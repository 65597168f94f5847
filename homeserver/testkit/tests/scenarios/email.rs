//! E-mail: proving addresses, setting passwords by them, and letters about what stayed unread.

use std::sync::Arc;

use serde_json::{Value, json};
use server::Options;
use store::{Engine, MemoryKv};
use testkit::{Mailbox, ReceivedLetter, User, World, segment};

const CLIENT: &str = "/_matrix/client/v3";

async fn world(mailbox: &Mailbox) -> World {
    let port = mailbox.port();
    let kept: Arc<dyn Engine> = Arc::new(MemoryKv::new());
    World::in_process(
        |config| {
            config.server.public_base_url = Some("https://chat.example.org".to_owned());
            config.mail.host = Some("127.0.0.1".to_owned());
            config.mail.port = port;
            config.mail.security = config::MailSecurity::None;
            config.mail.from = Some("Lianqiao <chat@example.org>".to_owned());
            config.mail.notification_delay_seconds = 0;
            config.rate_limits.enabled = false;
        },
        Options { engine: Some(kept), ..Options::default() },
    )
    .await
}

async fn asks(user: &User, place: &str, address: &str, secret: &str) -> String {
    let body = json!({"client_secret": secret, "email": address, "send_attempt": 1});
    let answer = user.post(&format!("{CLIENT}/{place}/email/requestToken"), body).await.ok();
    answer["sid"].as_str().unwrap().to_owned()
}

/// Opens the link of a letter, and presses the button.
async fn confirms(user: &User, letter: &ReceivedLetter) -> u16 {
    let link = letter.link();
    let page = user.get(&link).await;
    let (path, query) = link.split_once('?').unwrap();
    assert!(page.to_string().contains("确认"), "{page}");
    page.ok();
    let form = query.as_bytes().to_vec();
    user.request_raw(http::Method::POST, path, Some(form)).await.status()
}

/// Goes through the whole of adding an address.
pub(crate) async fn adds(user: &User, mailbox: &Mailbox, address: &str) {
    let sid = asks(user, "account/3pid", address, "add-secret").await;
    assert_eq!(confirms(user, &mailbox.receives().await).await, 200);
    let body = json!({"client_secret": "add-secret", "sid": sid});
    user.posts_with_password(&format!("{CLIENT}/account/3pid/add"), body).await.ok();
}

fn stage(session: &str, sid: &str, secret: &str) -> Value {
    let credentials = json!({"sid": sid, "client_secret": secret});
    json!({"type": "m.login.email.identity", "session": session, "threepid_creds": credentials})
}

async fn addresses(user: &User) -> Vec<String> {
    let answer = user.get(&format!("{CLIENT}/account/3pid")).await.ok();
    let list = answer["threepids"].as_array().unwrap().clone();
    list.iter().map(|own| own["address"].as_str().unwrap().to_owned()).collect()
}

fn by_address(address: &str, password: &str) -> Value {
    let identifier = json!({"type": "m.id.thirdparty", "medium": "email", "address": address});
    json!({"type": "m.login.password", "identifier": identifier, "password": password})
}

#[tokio::test(flavor = "multi_thread")]
async fn a_proved_address_is_listed_logs_in_and_can_be_given_up() {
    let mailbox = Mailbox::start().await;
    let w = world(&mailbox).await;
    let [alice] = w.users(["alice"]).await;
    let sid = asks(&alice, "account/3pid", "Alice@Example.org", "s3cret").await;
    let body = json!({"client_secret": "s3cret", "sid": sid});
    let add = format!("{CLIENT}/account/3pid/add");
    alice.posts_with_password(&add, body.clone()).await.fails_as(400, "M_THREEPID_AUTH_FAILED");
    let letter = mailbox.receives().await;
    assert_eq!(letter.to, "alice@example.org");
    assert!(letter.text.contains("链接") && letter.text.contains("Open this link"), "{}", letter.text);
    assert_eq!(confirms(&alice, &letter).await, 200);
    alice.posts_with_password(&add, body).await.ok();
    assert_eq!(addresses(&alice).await, ["alice@example.org"]);
    let password = alice.password().to_owned();
    let login = format!("{CLIENT}/login");
    let session = w.stranger().post(&login, by_address("ALICE@example.org", &password)).await.ok();
    assert_eq!(session["user_id"], alice.id.as_str());
    w.stranger().post(&login, by_address("alice@example.org", "wrong")).await.fails_as(403, "M_FORBIDDEN");
    let gone = json!({"medium": "email", "address": "alice@example.org"});
    let answer = alice.post(&format!("{CLIENT}/account/3pid/delete"), gone).await.ok();
    assert_eq!(answer, json!({"id_server_unbind_result": "no-support"}));
    assert!(addresses(&alice).await.is_empty());
    w.stranger().post(&login, by_address("alice@example.org", &password)).await.fails_as(403, "M_FORBIDDEN");
}

#[tokio::test(flavor = "multi_thread")]
async fn t22_a_link_opens_once_and_for_its_own_session() {
    let mailbox = Mailbox::start().await;
    let w = world(&mailbox).await;
    let [alice, mallory] = w.users(["alice", "mallory"]).await;
    let sid = asks(&alice, "account/3pid", "alice@example.org", "s3cret").await;
    let letter = mailbox.receives().await;
    assert_eq!(confirms(&alice, &letter).await, 200);
    // Used: the page says so, and so does the button.
    alice.get(&letter.link()).await.expect_status(404);
    let (path, query) = letter.link().split_once('?').map(|(p, q)| (p.to_owned(), q.to_owned())).unwrap();
    let form = Some(query.into_bytes());
    assert_eq!(alice.request_raw(http::Method::POST, &path, form).await.status(), 404);
    let add = format!("{CLIENT}/account/3pid/add");
    for (who, secret) in [(&mallory, "s3cret"), (&alice, "guess")] {
        let body = json!({"client_secret": secret, "sid": sid});
        who.posts_with_password(&add, body).await.fails_as(400, "M_THREEPID_AUTH_FAILED");
    }
    let body = json!({"client_secret": "s3cret", "sid": sid});
    alice.posts_with_password(&add, body.clone()).await.ok();
    alice.posts_with_password(&add, body).await.fails_as(400, "M_THREEPID_AUTH_FAILED");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_forgotten_password_is_set_anew_by_mail() {
    let mailbox = Mailbox::start().await;
    let w = world(&mailbox).await;
    let [alice, bob] = w.users(["alice", "bob"]).await;
    adds(&alice, &mailbox, "alice@example.org").await;
    let stranger = w.stranger();
    let path = format!("{CLIENT}/account/password");
    let wanted = json!({"new_password": "another long one"});
    let challenge = stranger.post(&path, wanted.clone()).await.expect_status(401);
    assert_eq!(challenge["flows"], json!([{"stages": ["m.login.email.identity"]}]));
    let session = challenge["session"].as_str().unwrap();
    let sid = asks(&stranger, "account/password", "alice@example.org", "s3cret").await;
    let mut body = wanted;
    body["auth"] = stage(session, &sid, "s3cret");
    let refused = stranger.post(&path, body.clone()).await.expect_status(401);
    assert_eq!(refused["errcode"], "M_THREEPID_AUTH_FAILED", "before the link was opened");
    assert_eq!(confirms(&stranger, &mailbox.receives().await).await, 200);
    stranger.post(&path, body.clone()).await.ok();
    stranger.post(&path, body).await.expect_status(401);
    alice.get(&format!("{CLIENT}/account/whoami")).await.fails_as(401, "M_UNKNOWN_TOKEN");
    bob.get(&format!("{CLIENT}/account/whoami")).await.ok();
    let login = by_address("alice@example.org", "another long one");
    stranger.post(&format!("{CLIENT}/login"), login).await.ok();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_account_can_bring_its_address() {
    let mailbox = Mailbox::start().await;
    let w = world(&mailbox).await;
    let stranger = w.stranger();
    let path = format!("{CLIENT}/register");
    let mut body = json!({"username": "carol", "password": "a long password"});
    let challenge = stranger.post(&path, body.clone()).await.expect_status(401);
    let session = challenge["session"].as_str().unwrap().to_owned();
    let stages = json!({"stages": ["m.login.dummy", "m.login.email.identity"]});
    assert!(challenge["flows"].as_array().unwrap().contains(&stages), "{challenge}");
    let sid = asks(&stranger, "register", "carol@example.org", "s3cret").await;
    assert_eq!(confirms(&stranger, &mailbox.receives().await).await, 200);
    body["auth"] = stage(&session, &sid, "s3cret");
    let half = stranger.post(&path, body.clone()).await.expect_status(401);
    assert_eq!(half["completed"], json!(["m.login.email.identity"]));
    body["auth"] = json!({"type": "m.login.dummy", "session": session});
    let account = stranger.post(&path, body).await.ok();
    let carol = stranger.with_token(account["access_token"].as_str().unwrap());
    assert_eq!(addresses(&carol).await, ["carol@example.org"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_learns_who_has_an_account_by_asking_for_letters() {
    let mailbox = Mailbox::start().await;
    let w = world(&mailbox).await;
    let [alice] = w.users(["alice"]).await;
    adds(&alice, &mailbox, "alice@example.org").await;
    let stranger = w.stranger();
    // Known and unknown alike: a session id, and the rest is between us and the mailbox.
    asks(&stranger, "account/password", "nobody@example.org", "one").await;
    asks(&stranger, "register", "alice@example.org", "two").await;
    let letter = mailbox.receives().await;
    assert_eq!(letter.to, "alice@example.org");
    assert!(letter.text.contains("belongs to an account already"), "{}", letter.text);
    assert_eq!(mailbox.waiting(), 0, "the unknown mailbox hears nothing");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_is_refused_with_the_words_of_the_specification() {
    let mailbox = Mailbox::start().await;
    let w = world(&mailbox).await;
    let [alice] = w.users(["alice"]).await;
    let letter =
        |email: &str, secret: &str| json!({"client_secret": secret, "email": email, "send_attempt": 1});
    let place = format!("{CLIENT}/register/email/requestToken");
    for address in ["alice", "a@b@c", "a@example.org\r\nBcc: b@example.org", ""] {
        alice.post(&place, letter(address, "s")).await.fails_as(400, "M_INVALID_PARAM");
    }
    let mut bad_secret = alice.post(&place, letter("a@example.org", "with space")).await;
    assert_eq!(bad_secret.status(), 400);
    let msisdn =
        json!({"client_secret": "s", "country": "GB", "phone_number": "07700900001", "send_attempt": 1});
    let number = |place: &str| {
        let (alice, path, body) =
            (alice.clone(), format!("{CLIENT}/{place}/msisdn/requestToken"), msisdn.clone());
        async move { alice.post(&path, body).await }
    };
    number("register").await.fails_as(403, "M_THREEPID_DENIED");
    number("account/password").await.fails_as(403, "M_THREEPID_DENIED");
    number("account/3pid").await.fails_as(400, "M_THREEPID_MEDIUM_NOT_SUPPORTED");
    let capabilities = alice.get(&format!("{CLIENT}/capabilities")).await.ok();
    assert_eq!(capabilities["capabilities"]["m.3pid_changes"], json!({"enabled": true}));

    let without = World::start().await;
    let [bob] = without.users(["bob"]).await;
    bob.post(&place, letter("bob@example.org", "s")).await.fails_as(403, "M_THREEPID_DENIED");
    without
        .stranger()
        .post(&format!("{CLIENT}/account/password"), json!({"new_password": "long enough"}))
        .await
        .fails_as(401, "M_MISSING_TOKEN");
}

fn pusher(address: &str, lang: &str) -> Value {
    json!({
        "kind": "email", "app_id": "m.email", "pushkey": address, "lang": lang, "append": true,
        "app_display_name": "Email Notifications", "device_display_name": address, "data": {"brand": "x"},
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn one_letter_tells_of_what_stayed_unread_until_its_reader_has_enough() {
    let mailbox = Mailbox::start().await;
    let w = world(&mailbox).await;
    let [alice, bob] = w.users(["alice", "bob"]).await;
    let set = format!("{CLIENT}/pushers/set");
    bob.post(&set, pusher("bob@example.org", "zh-CN")).await.fails_as(400, "M_THREEPID_NOT_FOUND");
    adds(&bob, &mailbox, "bob@example.org").await;
    bob.post(&set, pusher("bob@example.org", "zh-CN")).await.ok();
    let room = alice.creates_room_like(json!({"name": "午饭", "preset": "public_chat"})).await.room_id();
    bob.joins(&room).await.ok();
    alice.sends(&room, "noodles <today>?").await.ok();
    let letter = mailbox.receives().await;
    assert_eq!(letter.to, "bob@example.org");
    for expected in ["午饭", "noodles <today>?", "noodles &lt;today&gt;?", "alice", "不再接收此类邮件"]
    {
        assert!(letter.text.contains(expected), "{expected} in {}", letter.text);
    }
    let stop = letter.link();
    assert!(stop.starts_with("/_lianqiao/email/unsubscribe?pusher="), "{stop}");
    let wrong = stop.replace("token=", "token=x");
    assert_eq!(bob.request_raw(http::Method::POST, &wrong, None).await.status(), 404);
    bob.get(&stop).await.ok();
    let pushers =
        |bob: User| async move { bob.get(&format!("{CLIENT}/pushers")).await.ok()["pushers"].clone() };
    assert_eq!(pushers(bob.clone()).await.as_array().unwrap().len(), 1, "looking at the page ends nothing");
    assert_eq!(bob.request_raw(http::Method::POST, &stop, None).await.status(), 200);
    assert_eq!(pushers(bob.clone()).await, json!([]));
    // The pusher also goes with its address.
    bob.post(&set, pusher("bob@example.org", "en")).await.ok();
    let gone = json!({"medium": "email", "address": "bob@example.org"});
    bob.post(&format!("{CLIENT}/account/3pid/delete"), gone).await.ok();
    assert_eq!(pushers(bob).await, json!([]));
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_is_locked_out_gets_no_letter_either() {
    let mailbox = Mailbox::start().await;
    let w = world(&mailbox).await;
    let [alice, bob, carol] = w.users(["alice", "bob", "carol"]).await;
    let room = alice.creates_room_with([&bob, &carol]).await;
    for (user, address) in [(&bob, "bob@example.org"), (&carol, "carol@example.org")] {
        adds(user, &mailbox, address).await;
        user.post(&format!("{CLIENT}/pushers/set"), pusher(address, "zh-CN")).await.ok();
    }
    let root = w.administrator("root").await;
    let lock = format!("/_matrix/client/v1/admin/lock/{}", segment(&bob.id));
    root.put(&lock, json!({"locked": true})).await.ok();
    alice.sends(&room, "noodles?").await.ok();
    assert_eq!(mailbox.receives().await.to, "carol@example.org");
    assert_eq!(mailbox.waiting(), 0);
}
