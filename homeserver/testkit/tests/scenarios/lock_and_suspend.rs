//! Locked and suspended accounts: who may do it, and what is left to them.

use ::accounts::Standing;
use ruma::UserId;
use serde_json::{Value, json};
use testkit::{Answer, User, World, segment};

use crate::accounts::{CLIENT, login, whoami};

async fn sets(admin: &User, what: &str, user: &User, value: bool) -> Answer {
    let path = format!("/_matrix/client/v1/admin/{what}/{}", segment(&user.id));
    let key = if what == "lock" { "locked" } else { "suspended" };
    admin.put(&path, json!({key: value})).await
}

fn is_soft(error: &Value) -> bool {
    error["soft_logout"] == true
}

/// Also a part of T21: an account that is closed to its owner is closed at every door.
#[tokio::test(flavor = "multi_thread")]
async fn t21_a_locked_account_is_refused_at_every_door_and_may_log_out() {
    let w = World::start().await;
    let root = w.administrator("root").await;
    let [alice] = w.users(["alice"]).await;
    let body = json!({
        "type": "m.login.password",
        "identifier": {"type": "m.id.user", "user": alice.id},
        "password": alice.password(),
        "refresh_token": true,
    });
    let session = w.stranger().post(&format!("{CLIENT}/login"), body).await.ok();
    let vouched =
        alice.post(&format!("{CLIENT}/user/{}/openid/request_token", alice.id), json!({})).await.ok();
    assert_eq!(vouched["token_type"], "Bearer");
    assert_eq!(sets(&root, "lock", &alice, true).await.ok()["locked"], true);

    assert!(is_soft(&whoami(&alice).await.fails_as(401, "M_USER_LOCKED")));
    assert!(is_soft(&login(&w.stranger(), &alice.id, alice.password()).await.fails_as(401, "M_USER_LOCKED")));
    let refresh = json!({"refresh_token": session["refresh_token"]});
    w.stranger().post(&format!("{CLIENT}/refresh"), refresh).await.fails_as(401, "M_USER_LOCKED");
    alice.sync_with("timeout=0").await.fails_as(401, "M_USER_LOCKED");
    alice.logs_out().await.ok();
    whoami(&alice).await.fails_as(401, "M_UNKNOWN_TOKEN");

    sets(&root, "lock", &alice, false).await.ok();
    login(&w.stranger(), &alice.id, alice.password()).await.ok();
}

#[tokio::test(flavor = "multi_thread")]
async fn t21_a_closed_account_and_an_empty_token_open_nothing() {
    let w = World::start().await;
    let root = w.administrator("root").await;
    let [alice] = w.users(["alice"]).await;
    root.post(&format!("/_synapse/admin/v1/deactivate/{}", segment(&alice.id)), json!({"erase": true}))
        .await
        .ok();
    whoami(&alice).await.fails_as(401, "M_UNKNOWN_TOKEN");
    login(&w.stranger(), &alice.id, alice.password()).await.fails_as(403, "M_USER_DEACTIVATED");
    whoami(&w.stranger().with_token("")).await.fails_as(401, "M_MISSING_TOKEN");
    sets(&root, "lock", &alice, true).await.fails_as(404, "M_NOT_FOUND");
}

/// T23: what a person types as a password is nowhere in the data, not even while they are half-way
/// through an interactive confirmation.
#[tokio::test(flavor = "multi_thread")]
async fn t23_no_password_is_kept_in_plain_form() {
    let mut w = World::on_disk().await;
    let [alice] = w.users(["alice"]).await;
    let secret = "a-very-telling-passphrase";
    let path = format!("{CLIENT}/account/password");
    let change = json!({"new_password": secret});
    alice.post(&path, change.clone()).await.expect_status(401);
    alice.posts_with_password(&path, change).await.ok();
    login(&w.stranger(), &alice.id, secret).await.ok();
    w.restarts().await;
    for entry in std::fs::read_dir(w.data_directory().join("database"))
        .or_else(|_| std::fs::read_dir(w.data_directory()))
        .unwrap()
    {
        let path = entry.unwrap().path();
        if path.is_file() {
            let bytes = std::fs::read(&path).unwrap_or_default();
            for text in [secret, alice.password()] {
                let found = bytes.windows(text.len()).any(|window| window == text.as_bytes());
                assert!(!found, "{} holds a password", path.display());
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn t21_a_suspended_account_reads_and_leaves_and_says_nothing() {
    let w = World::start().await;
    let root = w.administrator("root").await;
    let [alice, bob] = w.users(["alice", "bob"]).await;
    let room = bob.creates_room_with([&alice]).await;
    let open = bob.creates_room().await;
    let own = alice.sends(&room, "mine").await.event_id();
    let foreign = bob.sends(&room, "yours").await.event_id();
    assert_eq!(sets(&root, "suspend", &alice, true).await.ok()["suspended"], true);

    alice.sends(&room, "more").await.fails_as(403, "M_USER_SUSPENDED");
    alice
        .sets_state(&room, "m.room.topic", "", json!({"topic": "x"}))
        .await
        .fails_as(403, "M_USER_SUSPENDED");
    alice.joins(&open).await.fails_as(403, "M_USER_SUSPENDED");
    alice.knocks(&open).await.fails_as(403, "M_USER_SUSPENDED");
    alice.invites(&room, &root).await.fails_as(403, "M_USER_SUSPENDED");
    alice.creates_room_like(json!({})).await.fails_as(403, "M_USER_SUSPENDED");
    alice.sets_displayname("Mallory").await.fails_as(403, "M_USER_SUSPENDED");
    let redact = |event: &str| {
        let path =
            format!("{CLIENT}/rooms/{}/redact/{}/{}", segment(&room), segment(event), alice.new_txn_id());
        let alice = alice.clone();
        async move { alice.put(&path, json!({})).await }
    };
    redact(&foreign).await.fails_as(403, "M_USER_SUSPENDED");
    redact(&own).await.ok();

    alice.syncs().await;
    alice.reads_room(&room, "messages?dir=b").await.ok();
    login(&w.stranger(), &alice.id, alice.password()).await.ok();
    alice.leaves(&room).await.ok();
    sets(&root, "suspend", &alice, false).await.ok();
    alice.joins(&open).await.ok();
}

#[tokio::test(flavor = "multi_thread")]
async fn only_administrators_lock_and_never_each_other() {
    let w = World::start().await;
    let root = w.administrator("root").await;
    let [alice, bob] = w.users(["alice", "bob"]).await;
    for what in ["lock", "suspend"] {
        sets(&alice, what, &bob, true).await.fails_as(403, "M_FORBIDDEN");
        let unknown = format!("/_matrix/client/v1/admin/{what}/{}", segment("@nobody:test.example"));
        alice.get(&unknown).await.fails_as(403, "M_FORBIDDEN");
        root.get(&unknown).await.fails_as(404, "M_NOT_FOUND");
        let elsewhere = format!("/_matrix/client/v1/admin/{what}/{}", segment("@a:elsewhere.example"));
        root.get(&elsewhere).await.fails_as(400, "M_INVALID_PARAM");
        sets(&root, what, &root, true).await.fails_as(403, "M_FORBIDDEN");
    }
    let capabilities = |user: &User| {
        let user = user.clone();
        async move { user.get(&format!("{CLIENT}/capabilities")).await.ok()["capabilities"].clone() }
    };
    assert_eq!(capabilities(&root).await["m.account_moderation"], json!({"suspend": true, "lock": true}));
    assert_eq!(capabilities(&alice).await.get("m.account_moderation"), None);
    let path = format!("/_synapse/admin/v2/users/{}", segment(&bob.id));
    root.put(&path, json!({"admin": true})).await.ok();
    sets(&root, "lock", &bob, true).await.fails_as(403, "M_FORBIDDEN");
    sets(&bob, "lock", &root, true).await.fails_as(403, "M_FORBIDDEN");
}

/// What stops a leaving before the sessions are gone stops nobody who opens the account: they are ended first.
#[tokio::test(flavor = "multi_thread")]
async fn an_account_whose_leaving_is_not_finished_is_opened_all_the_same() {
    let w = World::start().await;
    let root = w.administrator("root").await;
    let [alice] = w.users(["alice"]).await;
    let accounts = w.accounts().unwrap();
    let user = UserId::parse(&alice.id).unwrap();
    accounts.set_standing(&user, Standing::Left).await.unwrap();
    assert_eq!(accounts.unfinished_work().await.unwrap().len(), 1);
    sets(&root, "lock", &alice, false).await.ok();
    assert_eq!(accounts.unfinished_work().await.unwrap(), []);
    whoami(&alice).await.fails_as(401, "M_UNKNOWN_TOKEN");
    login(&w.stranger(), &alice.id, alice.password()).await.ok();
    // The other doors do the same.
    let path = format!("/_synapse/admin/v2/users/{}", segment(&alice.id));
    accounts.set_standing(&user, Standing::Left).await.unwrap();
    root.put(&path, json!({"locked": false})).await.ok();
    login(&w.stranger(), &alice.id, alice.password()).await.ok();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_waiting_sync_ends_with_its_session() {
    let w = World::start().await;
    let root = w.administrator("root").await;
    let [alice] = w.users(["alice"]).await;
    let phone = alice.on_another_device().await;
    alice.syncs().await;
    phone.syncs().await;
    let wait = |client: &User| {
        let (client, since) = (client.clone(), client.since().unwrap());
        tokio::spawn(async move { client.sync_with(&format!("timeout=30000&since={since}")).await })
    };
    let on_phone = wait(&phone);
    w.until_waiting(1).await;
    phone.logs_out().await.ok();
    // It is not answered with the news that the list of devices changed, which is the same commit.
    on_phone.await.unwrap().fails_as(401, "M_UNKNOWN_TOKEN");
    phone.sync_with("timeout=0").await.fails_as(401, "M_UNKNOWN_TOKEN");
    // The other device goes on; that the list of devices changed is news to it.
    alice.syncs().await;
    let on_desk = wait(&alice);
    w.until_waiting(1).await;
    sets(&root, "lock", &alice, true).await.ok();
    on_desk.await.unwrap().fails_as(401, "M_USER_LOCKED");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_waiting_sliding_sync_ends_with_its_session() {
    let w = World::start().await;
    let root = w.administrator("root").await;
    let [alice] = w.users(["alice"]).await;
    alice.creates_room().await;
    let path = "/_matrix/client/unstable/org.matrix.simplified_msc3575/sync";
    let body = json!({"extensions": {"e2ee": {"enabled": true}}});
    #[expect(clippy::async_yields_async, reason = "the request goes on beside the test")]
    let wait = async |client: &User| {
        let first = client.post(path, body.clone()).await.ok();
        let next = format!("{path}?timeout=30000&pos={}", first["pos"].as_str().unwrap());
        let (client, body) = (client.clone(), body.clone());
        tokio::spawn(async move { client.post(&next, body).await })
    };
    let phone = alice.on_another_device().await;
    let on_phone = wait(&phone).await;
    w.until_waiting(1).await;
    phone.logs_out().await.ok();
    on_phone.await.unwrap().fails_as(401, "M_UNKNOWN_TOKEN");
    let on_desk = wait(&alice).await;
    w.until_waiting(1).await;
    sets(&root, "lock", &alice, true).await.ok();
    on_desk.await.unwrap().fails_as(401, "M_USER_LOCKED");
}

/// A refresh is no end: the poll began with a token that was good, and goes on when the next one is used.
#[tokio::test(flavor = "multi_thread")]
async fn a_waiting_sync_outlives_a_refresh() {
    let w = World::start().await;
    let [alice] = w.users(["alice"]).await;
    let body = json!({
        "type": "m.login.password",
        "identifier": {"type": "m.id.user", "user": alice.id},
        "password": alice.password(),
        "refresh_token": true,
    });
    let session = w.stranger().post(&format!("{CLIENT}/login"), body).await.ok();
    let old = alice.with_token(session["access_token"].as_str().unwrap());
    #[expect(clippy::async_yields_async, reason = "the request goes on beside the test")]
    let begin = async |client: &User| {
        let since = client.sync_with("timeout=0").await.ok()["next_batch"].as_str().unwrap().to_owned();
        let client = client.clone();
        let poll =
            tokio::spawn(async move { client.sync_with(&format!("timeout=30000&since={since}")).await });
        // Its token must have been looked at before it is replaced.
        w.until_waiting(1).await;
        poll
    };
    let refresh = async |token: &Value| {
        let path = format!("{CLIENT}/refresh");
        let pair = w.stranger().post(&path, json!({"refresh_token": token})).await.ok();
        (alice.with_token(pair["access_token"].as_str().unwrap()), pair["refresh_token"].clone())
    };
    let waiting = begin(&old).await;
    let (fresh, _) = refresh(&session["refresh_token"]).await;
    whoami(&fresh).await.ok();
    whoami(&old).await.fails_as(401, "M_UNKNOWN_TOKEN");
    fresh.sets_account_data("org.lian.test", json!({"a": 1})).await.ok();
    assert!(waiting.await.unwrap().ok()["account_data"].is_object());
}
