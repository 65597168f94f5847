//! From a client to an identity provider and back, and everything that can go wrong on the way.

use base::Clock;
use serde_json::json;
use server::Options;
use testkit::{Browser, Fault, IdentityProvider, World, login_token, segment};

use super::{
    PUBLIC, STRANGE, TRUSTED, alice, configure, is_refused, logs_in, provider, redirect, signs_on, somebody,
    world, world_with,
};
use crate::accounts::{CLIENT, whoami};

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
    let mut renamed = super::alice();
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
