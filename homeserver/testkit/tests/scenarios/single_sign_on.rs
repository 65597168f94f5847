//! Single sign-on: from a client to an identity provider and back, and everything that can go wrong on the way.

use std::sync::Arc;

use base::Clock;
use serde_json::{Value, json};
use server::Options;
use store::{Engine, MemoryKv};
use testkit::{
    Browser, CLIENT_ID, CLIENT_SECRET, Fault, IdentityProvider, Page, User, World, login_token, segment,
};

use crate::accounts::{CLIENT, whoami};

/// Where browsers and the provider know the server.
const PUBLIC: &str = "https://chat.test.example";
/// A client that the operator vouches for.
const TRUSTED: &str = "https://client.test.example/app/";
/// One that nobody knows.
const STRANGE: &str = "https://strange.example.org/?a=b#/login";

fn provider(id: &str, at: &IdentityProvider) -> config::IdentityProvider {
    let text = format!(
        "id = \"{id}\"\nname = \"公司 Company\"\nbrand = \"company\"\nissuer = \"{}\"\nclient_id = \"{CLIENT_ID}\"\n\
         client_secret = \"{CLIENT_SECRET}\"\n",
        at.issuer()
    );
    let parsed: config::Config =
        config::load(&format!("[server]\nname = \"a.example\"\npublic_base_url = \"{PUBLIC}\"\n[[single_sign_on.providers]]\n{text}"), &[])
            .expect("the provider is valid");
    parsed.single_sign_on.providers.unwrap().remove(0)
}

async fn world_with(
    at: &IdentityProvider,
    change: impl FnOnce(&mut config::IdentityProvider),
    options: Options,
) -> World {
    let mut company = provider("company", at);
    change(&mut company);
    let engine: Arc<dyn Engine> = Arc::new(MemoryKv::new());
    let options = Options { engine: Some(engine), ..options };
    World::in_process(|config| configure(config, vec![company]), options).await
}

fn configure(config: &mut config::Config, providers: Vec<config::IdentityProvider>) {
    config.server.public_base_url = Some(PUBLIC.to_owned());
    config.outbound.allowed_ranges = vec!["127.0.0.0/8".to_owned()];
    config.single_sign_on.providers = Some(providers);
    config.single_sign_on.trusted_clients = vec![TRUSTED.to_owned()];
    config.single_sign_on.timeout_seconds = 2;
}

/// A server with one provider, and Alice at the keyboard.
async fn world() -> (World, IdentityProvider) {
    let at = IdentityProvider::start().await;
    at.seats(alice());
    (world_with(&at, |_| {}, Options::default()).await, at)
}

fn alice() -> Value {
    json!({
        "sub": "subject-of-alice", "sid": "session-of-alice", "name": "Alice 王", "preferred_username": "Alice",
        "email": "Alice@test.example", "email_verified": true,
    })
}

fn somebody(name: &str) -> Value {
    json!({"sub": format!("subject-of-{name}"), "sid": format!("session-of-{name}"), "preferred_username": name})
}

fn redirect(client: &str) -> String {
    format!("{CLIENT}/login/sso/redirect?redirectUrl={}", segment(client))
}

async fn signs_on(w: &World) -> Page {
    Browser::of(w, PUBLIC).opens(&redirect(TRUSTED)).await
}

/// The whole way: sign on in a browser, log in by the token.
async fn logs_in(w: &World) -> User {
    let page = signs_on(w).await;
    let token = page.login_token().unwrap_or_else(|| panic!("a token: {page:?}"));
    w.stranger().logs_in_by_token(&token).await
}

fn is_refused(page: &Page, status: u16, chinese: &str, english: &str) {
    assert_eq!(page.status, status, "{page:?}");
    assert!(page.text.contains(chinese) && page.text.contains(english), "{page:?}");
    assert!(page.login_token().is_none() && !page.text.contains("loginToken"), "{page:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn clients_are_offered_the_providers() {
    let (w, _) = world().await;
    let answer = w.stranger().get(&format!("{CLIENT}/login")).await.ok();
    let flows = answer["flows"].as_array().unwrap();
    let sso = flows.iter().find(|flow| flow["type"] == "m.login.sso").unwrap();
    let expected = json!([{"id": "company", "name": "公司 Company", "brand": "company"}]);
    assert_eq!(sso["identity_providers"], expected);
    assert!(flows.iter().any(|flow| flow["type"] == "m.login.token"));

    let plain = World::start().await;
    let answer = plain.stranger().get(&format!("{CLIENT}/login")).await.ok();
    assert!(answer["flows"].as_array().unwrap().iter().all(|flow| flow["type"] != "m.login.sso"));
    plain.stranger().get(&redirect(TRUSTED)).await.fails_as(404, "M_UNRECOGNIZED");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_first_sign_on_makes_an_account_and_the_next_one_finds_it() {
    let (w, at) = world().await;
    let page = signs_on(&w).await;
    assert!(page.address.starts_with(TRUSTED), "{page:?}");
    let token = page.login_token().unwrap();
    let alice = w.stranger().logs_in_by_token(&token).await;
    assert_eq!(alice.id, "@alice:test.example");
    let again = json!({"type": "m.login.token", "token": token});
    w.stranger().post(&format!("{CLIENT}/login"), again).await.fails_as(403, "M_FORBIDDEN");

    let profile = alice.get(&format!("{CLIENT}/profile/{}", segment(&alice.id))).await.ok();
    assert_eq!(profile["displayname"], "Alice 王");
    let addresses = alice.get(&format!("{CLIENT}/account/3pid")).await.ok();
    assert_eq!(addresses["threepids"][0]["address"], "alice@test.example");

    // Whatever the provider calls her later, her subject is hers.
    let mut renamed = self::alice();
    renamed["preferred_username"] = json!("alice.li");
    at.seats(renamed);
    let second = logs_in(&w).await;
    assert_eq!(second.id, alice.id);
    assert_ne!(second.device_id, alice.device_id);
    at.seats(somebody("bob"));
    assert_eq!(logs_in(&w).await.id, "@bob:test.example");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_request_to_the_provider_is_protected_and_the_cookie_is_for_the_callback_alone() {
    let (w, at) = world().await;
    let page = signs_on(&w).await;
    let query = at.last_query();
    for part in [
        "response_type=code",
        "code_challenge_method=S256",
        "code_challenge=",
        "nonce=",
        "state=",
        "scope=openid+profile+email",
        "redirect_uri=https%3A%2F%2Fchat.test.example%2F_lianqiao%2Fsingle-sign-on%2Fcompany%2Fcallback",
    ] {
        assert!(query.contains(part), "{part} in {query}");
    }
    let cookie = &page.cookies[0];
    for part in ["Path=/_lianqiao/single-sign-on", "HttpOnly", "SameSite=Lax", "Secure", "Max-Age=900"] {
        assert!(cookie.contains(part), "{part} in {cookie}");
    }
    assert!(page.cookies.last().unwrap().contains("Max-Age=0"), "{:?}", page.cookies);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_nobody_vouches_for_is_shown_to_the_person_first() {
    let (w, _) = world().await;
    let page = Browser::of(&w, PUBLIC).opens(&redirect(STRANGE)).await;
    assert_eq!(page.status, 200);
    assert!(page.text.contains("https://strange.example.org") && page.text.contains("继续"), "{page:?}");
    assert!(page.content_security_policy.contains("default-src 'none'"), "{page:?}");
    let links = page.links();
    assert!(links[0].starts_with("https://strange.example.org/?a=b&loginToken="), "{links:?}");
    assert!(links[0].ends_with("#/login"), "{links:?}");
    let alice = w.stranger().logs_in_by_token(&login_token(&links[0]).unwrap()).await;
    whoami(&alice).await.ok();
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_that_is_no_client_is_never_gone_to() {
    let (w, at) = world().await;
    let browser = Browser::of(&w, PUBLIC);
    for client in
        ["javascript:alert(1)", "data:text/html,x", " java\tscript:alert(1)", "/relative", "file:///x"]
    {
        let page = browser.opens(&redirect(client)).await;
        is_refused(&page, 400, "返回地址", "called back");
    }
    assert_eq!(at.last_query(), "", "the provider was never asked");
    w.stranger().get(&format!("{CLIENT}/login/sso/redirect")).await.fails_as(400, "M_MISSING_PARAM");
}

#[tokio::test(flavor = "multi_thread")]
async fn every_spelling_of_the_endpoint_works_and_the_action_is_tolerated() {
    let (w, _) = world().await;
    let client = segment(TRUSTED);
    for path in [
        format!("{CLIENT}/login/sso/redirect?redirectUrl={client}&action=register"),
        format!(
            "{CLIENT}/login/sso/redirect?redirectUrl={client}&action=dance&org.matrix.msc3824.action=login"
        ),
        format!("/_matrix/client/r0/login/sso/redirect?redirectUrl={client}"),
        format!("{CLIENT}/login/sso/redirect/company?redirectUrl={client}&action=login"),
        format!("/_matrix/client/r0/login/sso/redirect/company?redirectUrl={client}"),
        format!(
            "/_matrix/client/unstable/org.matrix.msc2858/login/sso/redirect/company?redirectUrl={client}"
        ),
    ] {
        let page = Browser::of(&w, PUBLIC).opens(&path).await;
        assert!(page.login_token().is_some(), "{path}: {page:?}");
    }
    let unknown = format!("{CLIENT}/login/sso/redirect/nobody?redirectUrl={client}");
    is_refused(&Browser::of(&w, PUBLIC).opens(&unknown).await, 404, "没有这个登录服务", "no such sign-on");
}

#[tokio::test(flavor = "multi_thread")]
async fn with_several_providers_the_person_chooses_and_people_stay_apart() {
    let (first, second) = (IdentityProvider::start().await, IdentityProvider::start().await);
    let providers = vec![provider("company", &first), provider("partner", &second)];
    let w = World::configured(|config| configure(config, providers)).await;
    first.seats(json!({"sub": "1", "preferred_username": "alice"}));
    second.seats(json!({"sub": "1", "preferred_username": "bob"}));
    let browser = Browser::of(&w, PUBLIC);
    let page = browser.opens(&redirect(TRUSTED)).await;
    let links = page.links();
    assert_eq!((page.status, links.len()), (200, 2), "{page:?}");
    let mut users = Vec::new();
    for link in links {
        let token = browser.opens(&link).await.login_token().unwrap();
        users.push(w.stranger().logs_in_by_token(&token).await.id);
    }
    assert_eq!(users, ["@alice:test.example", "@bob:test.example"]);

    // The answer of one provider at the place of the other: a mix-up.
    let path = format!("{CLIENT}/login/sso/redirect/company?redirectUrl={}", segment(TRUSTED));
    let there = browser.is_sent_to(&path).await;
    let back = browser.is_sent_to(&there).await.replace("/company/", "/partner/");
    is_refused(&browser.opens(&back).await, 400, "已过期或已完成", "expired or was finished");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sign_on_is_finished_once_and_by_the_browser_that_began_it() {
    let (w, _) = world().await;
    let (own, other) = (Browser::of(&w, PUBLIC), Browser::of(&w, PUBLIC));
    let there = own.is_sent_to(&redirect(TRUSTED)).await;
    let back = own.is_sent_to(&there).await;
    is_refused(&other.opens(&back).await, 400, "这个浏览器", "this browser");
    // That somebody else tried does not spend it.
    assert!(own.opens(&back).await.login_token().is_some());
    is_refused(&own.opens(&back).await, 400, "已过期或已完成", "expired or was finished");
    for state in ["", "nonsense", "lqs_aaaaaaaaaaaaaaaaaaaaaaaa-ffffffffffff"] {
        let page =
            own.opens(&format!("/_lianqiao/single-sign-on/company/callback?code=1&state={state}")).await;
        is_refused(&page, 400, "已过期或已完成", "expired or was finished");
    }
    let page = own.opens("/_lianqiao/single-sign-on/nobody/callback?code=1&state=x").await;
    is_refused(&page, 404, "没有这个登录服务", "no such sign-on");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restart_in_the_middle_costs_nobody_the_sign_on() {
    let (mut w, _) = world().await;
    let browser = Browser::of(&w, PUBLIC);
    let there = browser.is_sent_to(&redirect(TRUSTED)).await;
    let back = browser.is_sent_to(&there).await;
    w.restarts().await;
    let token = browser.opens(&back).await.login_token().expect("the sign-on goes on");
    w.restarts().await;
    assert_eq!(w.stranger().logs_in_by_token(&token).await.id, "@alice:test.example");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sign_on_and_its_token_do_not_wait_for_ever() {
    let at = IdentityProvider::start().await;
    at.seats(alice());
    let clock = Clock::fake(Clock::system().now_ms());
    let w = world_with(&at, |_| {}, Options { clock: Some(clock.clone()), ..Options::default() }).await;
    let token = signs_on(&w).await.login_token().unwrap();
    let browser = Browser::of(&w, PUBLIC);
    let there = browser.is_sent_to(&redirect(TRUSTED)).await;
    let back = browser.is_sent_to(&there).await;
    clock.advance(16 * 60 * 1_000);
    let late = json!({"type": "m.login.token", "token": token});
    w.stranger().post(&format!("{CLIENT}/login"), late).await.fails_as(403, "M_FORBIDDEN");
    is_refused(&browser.opens(&back).await, 400, "已过期或已完成", "expired or was finished");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_provider_says_is_checked_before_it_is_believed() {
    let (w, at) = world().await;
    for fault in [
        Fault::WrongNonce,
        Fault::NoNonce,
        Fault::WrongAudience,
        Fault::FurtherAudience,
        Fault::WrongIssuer,
        Fault::Expired,
        Fault::NotYet,
        Fault::Unsigned,
        Fault::SharedSecret,
        Fault::ForeignKey,
        Fault::Tampered,
        Fault::NoIdToken,
        Fault::AnotherSubject,
        Fault::ForeignAnswer,
    ] {
        at.errs(fault);
        let page = signs_on(&w).await;
        assert!(page.login_token().is_none(), "{fault:?}: {page:?}");
        assert!([403, 502].contains(&page.status), "{fault:?}: {page:?}");
        assert!(
            page.text.contains("登录服务") && page.text.contains("sign-on service"),
            "{fault:?}: {page:?}"
        );
    }
    at.errs(None);
    assert_eq!(logs_in(&w).await.id, "@alice:test.example");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_provider_that_refuses_is_quoted_and_one_that_is_away_is_excused() {
    let (w, at) = world().await;
    at.errs(Fault::AccessDenied);
    let page = signs_on(&w).await;
    is_refused(&page, 403, "拒绝", "refused");
    assert!(page.text.contains("the person said &lt;b&gt;no&lt;/b&gt;"), "{page:?}");
    at.errs(Fault::CodeRefused);
    let page = signs_on(&w).await;
    is_refused(&page, 403, "拒绝", "refused");
    assert!(page.text.contains("invalid_grant"), "{page:?}");
    for fault in [Fault::Garbage, Fault::Flood, Fault::Slow, Fault::Broken] {
        at.errs(fault);
        is_refused(&signs_on(&w).await, 502, "无法访问", "cannot be reached");
    }
    at.errs(None);
    assert_eq!(logs_in(&w).await.id, "@alice:test.example");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_provider_that_is_away_at_the_start_is_found_later() {
    let at = IdentityProvider::start().await;
    at.seats(alice());
    let clock = Clock::fake(Clock::system().now_ms());
    let w = world_with(&at, |_| {}, Options { clock: Some(clock.clone()), ..Options::default() }).await;
    for fault in [Fault::Broken, Fault::ForeignDescription] {
        at.errs(fault);
        clock.advance(5_000);
        is_refused(&signs_on(&w).await, 502, "无法访问", "cannot be reached");
    }
    at.errs(None);
    clock.advance(5_000);
    assert_eq!(logs_in(&w).await.id, "@alice:test.example");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_provider_may_change_its_key() {
    let (w, at) = world().await;
    logs_in(&w).await;
    at.changes_key();
    assert_eq!(logs_in(&w).await.id, "@alice:test.example");
}

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
    at.seats(self::alice());
    is_refused(&signs_on(&w).await, 409, "属于另一个账号", "belongs to another account");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_operator_may_have_accounts_linked_by_name() {
    let at = IdentityProvider::start().await;
    let w = world_with(&at, |company| company.link_by_name = true, Options::default()).await;
    let [alice] = w.users(["alice"]).await;
    at.seats(self::alice());
    assert_eq!(logs_in(&w).await.id, alice.id);
    // The account has its owner now: the next one of that name is somebody else.
    at.seats(json!({"sub": "another", "preferred_username": "alice"}));
    is_refused(&signs_on(&w).await, 409, "属于另一个账号", "belongs to another account");
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
    at.seats(self::alice());
    is_refused(&signs_on(&w).await, 403, "停用", "deactivated");
    // Not under another name either: the person keeps the closed account.
    let mut renamed = self::alice();
    renamed["preferred_username"] = json!("alice2");
    at.seats(renamed);
    is_refused(&signs_on(&w).await, 403, "停用", "deactivated");
}

fn fallback(session: &Value) -> String {
    format!("{CLIENT}/auth/m.login.sso/fallback/web?session={}", segment(session.as_str().unwrap()))
}

#[tokio::test(flavor = "multi_thread")]
async fn who_has_no_password_confirms_by_signing_on_once_more() {
    let (w, at) = world().await;
    let alice = logs_in(&w).await;
    let second = logs_in(&w).await;
    let path = format!("{CLIENT}/delete_devices");
    let body = json!({"devices": [second.device_id]});
    let challenge = alice.post(&path, body.clone()).await.expect_status(401);
    assert_eq!(challenge["flows"], json!([{"stages": ["m.login.sso"]}]));
    let session = challenge["session"].clone();
    let confirmed = |session: &Value| {
        let mut body = body.clone();
        body["auth"] = json!({"session": session});
        body
    };
    alice.post(&path, confirmed(&session)).await.expect_status(401);
    let mut claimed = body.clone();
    claimed["auth"] = json!({"type": "m.login.sso", "session": session});
    assert_eq!(alice.post(&path, claimed).await.expect_status(401)["errcode"], "M_FORBIDDEN");

    // The page says what is asked, and leads on only when it is pressed.
    let browser = Browser::of(&w, PUBLIC);
    let page = browser.opens(&fallback(&session)).await;
    assert_eq!(page.status, 200);
    assert!(page.text.contains("移除设备") && page.text.contains("remove devices"), "{page:?}");
    at.seats(somebody("mallory"));
    let link = page.links().remove(0);
    assert!(link.contains("prompt=login"), "{link}");
    is_refused(&browser.opens(&link).await, 403, "不是此账号的主人", "Somebody else");
    alice.post(&path, confirmed(&session)).await.expect_status(401);

    at.seats(self::alice());
    let page = browser.opens(&fallback(&session)).await;
    let done = browser.opens(&page.links()[0]).await;
    assert_eq!(done.status, 200, "{done:?}");
    assert!(done.text.contains("onAuthDone") && done.text.contains("已确认"), "{done:?}");
    assert!(done.content_security_policy.contains("script-src 'sha256-"), "{done:?}");
    // Only for this operation, and once.
    let mut other = json!({"devices": [alice.device_id]});
    other["auth"] = json!({"session": session});
    alice.post(&path, other).await.fails_with("M_FORBIDDEN");
    alice.post(&path, confirmed(&session)).await.ok();
    whoami(&second).await.fails_as(401, "M_UNKNOWN_TOKEN");
    alice.post(&path, confirmed(&session)).await.expect_status(401);

    is_refused(
        &browser.opens(&fallback(&json!("nonsense"))).await,
        404,
        "没有需要确认",
        "nothing to confirm",
    );
    let dummy = format!("{CLIENT}/auth/m.login.dummy/fallback/web?session=x");
    w.stranger().get(&dummy).await.fails_as(404, "M_UNRECOGNIZED");
}

#[tokio::test(flavor = "multi_thread")]
async fn who_has_both_may_confirm_either_way_and_who_was_never_linked_by_password_alone() {
    let at = IdentityProvider::start().await;
    let w = world_with(&at, |company| company.link_by_name = true, Options::default()).await;
    let [alice, bob] = w.users(["alice", "bob"]).await;
    at.seats(self::alice());
    logs_in(&w).await;
    let path = format!("{CLIENT}/account/deactivate");
    let both = json!([{"stages": ["m.login.password"]}, {"stages": ["m.login.sso"]}]);
    let challenge = alice.post(&path, json!({})).await.expect_status(401);
    assert_eq!(challenge["flows"], both);
    assert_eq!(bob.post(&path, json!({})).await.expect_status(401)["flows"], json!([both[0]]));
    let page = Browser::of(&w, PUBLIC).opens(&fallback(&challenge["session"])).await;
    assert!(page.text.contains("停用账号"), "{page:?}");
    alice.posts_with_password(&path, json!({})).await.ok();
}

async fn tells_logout(w: &World, token: &str) -> testkit::Answer {
    let form = format!("logout_token={}", segment(token));
    w.stranger()
        .request_raw(http::Method::POST, "/_lianqiao/single-sign-on/company/logout", Some(form.into_bytes()))
        .await
}

#[tokio::test(flavor = "multi_thread")]
async fn the_provider_ends_the_sessions_that_it_opened() {
    let (w, at) = world().await;
    let [carol] = w.users(["carol"]).await;
    let phone = logs_in(&w).await;
    let mut elsewhere = alice();
    elsewhere["sid"] = json!("another-session");
    at.seats(elsewhere);
    let laptop = logs_in(&w).await;
    at.seats(somebody("bob"));
    let bob = logs_in(&w).await;

    // One session of the provider.
    let token = at.logout_token(json!({"sid": "session-of-alice"}));
    let mut answer = tells_logout(&w, &token).await;
    assert_eq!(answer.status(), 200);
    assert_eq!(answer.header("cache-control").as_deref(), Some("no-store"));
    whoami(&phone).await.fails_as(401, "M_UNKNOWN_TOKEN");
    whoami(&laptop).await.ok();

    // Everything of a person.
    at.seats(alice());
    let phone = logs_in(&w).await;
    tells_logout(&w, &at.logout_token(json!({"sub": "subject-of-alice"}))).await.ok();
    for ended in [&phone, &laptop] {
        whoami(ended).await.fails_as(401, "M_UNKNOWN_TOKEN");
    }
    for other in [&bob, &carol] {
        whoami(other).await.ok();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_but_the_provider_ends_sessions_and_no_token_does_it_twice() {
    let (w, at) = world().await;
    let alice = logs_in(&w).await;
    let of_alice = |mut changes: Value| {
        changes["sub"] = json!("subject-of-alice");
        at.logout_token(changes)
    };
    let good = of_alice(json!({}));
    let (signed, signature) = good.rsplit_once('.').unwrap();
    let forged = format!("{signed}.{}", signature.chars().rev().collect::<String>());
    let stranger = IdentityProvider::start().await;
    stranger.changes_key();
    for token in [
        String::new(),
        "nonsense".to_owned(),
        format!("{signed}."),
        forged,
        of_alice(json!({"iss": "https://evil.example.org"})),
        of_alice(json!({"aud": "another"})),
        of_alice(json!({"iat": 1_600_000_000})),
        of_alice(json!({"exp": 1_600_000_000})),
        of_alice(json!({"events": {}})),
        of_alice(json!({"nonce": "n"})),
        of_alice(json!({"jti": null})),
        at.logout_token(json!({})),
        stranger.logout_token(json!({"iss": at.issuer(), "sub": "subject-of-alice"})),
    ] {
        let refused = tells_logout(&w, &token).await.expect_status(400);
        assert_eq!(refused["error"], "invalid_request", "{token}");
    }
    whoami(&alice).await.ok();
    tells_logout(&w, &good).await.ok();
    whoami(&alice).await.fails_as(401, "M_UNKNOWN_TOKEN");
    let alice = logs_in(&w).await;
    tells_logout(&w, &good).await.expect_status(400);
    whoami(&alice).await.ok();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_device_that_is_logged_in_by_other_means_is_no_longer_the_providers() {
    let at = IdentityProvider::start().await;
    let w = world_with(&at, |company| company.link_by_name = true, Options::default()).await;
    let [alice] = w.users(["alice"]).await;
    at.seats(self::alice());
    let session = logs_in(&w).await;
    let login = json!({
        "type": "m.login.password", "identifier": {"type": "m.id.user", "user": alice.id},
        "password": alice.password(), "device_id": session.device_id,
    });
    let login = w.stranger().post(&format!("{CLIENT}/login"), login).await.ok();
    tells_logout(&w, &at.logout_token(json!({"sub": "subject-of-alice"}))).await.ok();
    whoami(&session.with_token(login["access_token"].as_str().unwrap())).await.ok();
}
