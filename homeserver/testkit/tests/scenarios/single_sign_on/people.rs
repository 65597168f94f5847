//! Which account a person has here, and who is let in.

use std::sync::Arc;

use serde_json::json;
use server::Options;
use store::{Engine, MemoryKv};
use testkit::{IdentityProvider, Mailbox, World, segment};

use super::{alice, configure, is_refused, logs_in, provider, signs_on, world, world_with};
use crate::{accounts::CLIENT, email::adds};

#[tokio::test(flavor = "multi_thread")]
async fn a_name_that_is_taken_is_not_given_away_until_an_administrator_links_it() {
    let (w, at) = world().await;
    let root = w.administrator("root").await;
    let [alice] = w.users(["alice"]).await;
    is_refused(&signs_on(&w).await, 409, "属于另一个账号", "belongs to another account");

    let path = format!("/_synapse/admin/v2/users/{}", segment(&alice.id));
    let link = json!({"auth_provider": "company", "external_id": "subject-of-alice"});
    let answer = root.put(&path, json!({"external_ids": [link]})).await.ok();
    assert_eq!(answer["external_ids"], json!([link]));
    assert_eq!(logs_in(&w).await.id, alice.id);
    let found = "/_synapse/admin/v1/auth_providers/company/users/subject-of-alice";
    assert_eq!(root.get(found).await.ok()["user_id"], json!(alice.id));

    // One person, one account.
    let other = format!("/_synapse/admin/v2/users/{}", segment("@bob:test.example"));
    root.put(&other, json!({"external_ids": [link]})).await.expect_status(409);
    root.put(&path, json!({"external_ids": []})).await.ok();
    root.get(found).await.fails_as(404, "M_NOT_FOUND");
    at.seats(super::alice());
    is_refused(&signs_on(&w).await, 409, "属于另一个账号", "belongs to another account");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_operator_may_have_accounts_linked_by_name() {
    let at = IdentityProvider::start().await;
    let w = world_with(&at, |company| company.link_by_name = true, Options::default()).await;
    let [alice] = w.users(["alice"]).await;
    at.seats(super::alice());
    assert_eq!(logs_in(&w).await.id, alice.id);
    // The account has its owner now: the next one of that name is somebody else.
    at.seats(json!({"sub": "another", "preferred_username": "alice"}));
    is_refused(&signs_on(&w).await, 409, "属于另一个账号", "belongs to another account");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_operator_may_have_accounts_linked_by_a_proved_address() {
    let at = IdentityProvider::start().await;
    let mailbox = Mailbox::start().await;
    let engine: Arc<dyn Engine> = Arc::new(MemoryKv::new());
    let options = Options { engine: Some(engine), ..Options::default() };
    let mut company = provider("company", &at);
    company.link_by_email = true;
    let port = mailbox.port();
    let change = move |config: &mut config::Config| {
        configure(config, vec![company]);
        config.mail.host = Some("127.0.0.1".to_owned());
        config.mail.port = port;
        config.mail.security = config::MailSecurity::None;
        config.mail.from = Some("Lianqiao <chat@test.example>".to_owned());
    };
    let w = World::in_process(change, options).await;
    let [carol] = w.users(["carol"]).await;
    adds(&carol, &mailbox, "alice@test.example").await;
    // An address that the provider does not vouch for opens nobody's account.
    let mut unproved = alice();
    unproved["email_verified"] = json!(false);
    unproved["sub"] = json!("somebody-else");
    unproved["preferred_username"] = json!("somebody");
    at.seats(unproved);
    assert_ne!(logs_in(&w).await.id, carol.id);
    at.seats(alice());
    assert_eq!(logs_in(&w).await.id, carol.id, "in whatever case the address is written");
    // The account has its owner now.
    at.seats(json!({"sub": "third", "preferred_username": "third", "email": "alice@test.example", "email_verified": true}));
    assert_ne!(logs_in(&w).await.id, carol.id);
}

#[tokio::test(flavor = "multi_thread")]
async fn only_those_come_in_whom_the_operator_wants() {
    let at = IdentityProvider::start().await;
    let change = |company: &mut config::IdentityProvider| {
        company.required_claims = [("groups".to_owned(), "chat".to_owned())].into();
        company.localpart_claim = "employee_number".to_owned();
        company.update_display_name = true;
    };
    let w = world_with(&at, change, Options::default()).await;
    at.seats(alice());
    is_refused(&signs_on(&w).await, 403, "没有使用此服务器的权限", "not allowed");
    let employee =
        |name: &str| json!({"sub": "1", "name": name, "groups": ["staff", "chat"], "employee_number": 10023});
    at.seats(employee("Alice"));
    let alice = logs_in(&w).await;
    assert_eq!(alice.id, "@10023:test.example");
    at.seats(employee("Alice Li"));
    logs_in(&w).await;
    let profile = alice.get(&format!("{CLIENT}/profile/{}", segment(&alice.id))).await.ok();
    assert_eq!(profile["displayname"], "Alice Li");

    let closed = world_with(&at, |company| company.create_accounts = false, Options::default()).await;
    is_refused(&signs_on(&closed).await, 403, "没有账号", "no account");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_that_no_user_can_have_is_said() {
    let (w, at) = world().await;
    at.seats(json!({"sub": "1"}));
    is_refused(&signs_on(&w).await, 403, "用户名在此不可用", "cannot be a user name");
    at.seats(json!({"sub": "1", "preferred_username": "_bridge_<x>"}));
    is_refused(&signs_on(&w).await, 403, "用户名在此不可用", "cannot be a user name");
    at.seats(json!({"sub": "2", "preferred_username": "张三"}));
    assert_eq!(logs_in(&w).await.id, "@=e5=bc=a0=e4=b8=89:test.example");
}

/// T21, the part of single sign-on: the door of the provider is no way around the door of the server.
#[tokio::test(flavor = "multi_thread")]
async fn t21_a_closed_or_locked_account_is_refused_at_single_sign_on_too() {
    let (w, at) = world().await;
    let root = w.administrator("root").await;
    let alice = logs_in(&w).await;
    let lock = format!("/_matrix/client/v1/admin/lock/{}", segment(&alice.id));
    let waiting = signs_on(&w).await.login_token().unwrap();
    root.put(&lock, json!({"locked": true})).await.ok();
    is_refused(&signs_on(&w).await, 403, "锁定", "locked");
    let late = json!({"type": "m.login.token", "token": waiting});
    w.stranger().post(&format!("{CLIENT}/login"), late).await.fails_as(401, "M_USER_LOCKED");
    root.put(&lock, json!({"locked": false})).await.ok();

    let suspend = format!("/_matrix/client/v1/admin/suspend/{}", segment(&alice.id));
    root.put(&suspend, json!({"suspended": true})).await.ok();
    let suspended = logs_in(&w).await;
    let room = json!({"preset": "private_chat"});
    suspended.post(&format!("{CLIENT}/createRoom"), room).await.fails_as(403, "M_USER_SUSPENDED");
    root.put(&suspend, json!({"suspended": false})).await.ok();

    let deactivate = format!("/_synapse/admin/v1/deactivate/{}", segment(&alice.id));
    root.post(&deactivate, json!({"erase": true})).await.ok();
    at.seats(super::alice());
    is_refused(&signs_on(&w).await, 403, "停用", "deactivated");
    // Not under another name either: the person keeps the closed account.
    let mut renamed = super::alice();
    renamed["preferred_username"] = json!("alice2");
    at.seats(renamed);
    is_refused(&signs_on(&w).await, 403, "停用", "deactivated");
}
