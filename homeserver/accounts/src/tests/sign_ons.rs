//! Links to people at identity providers, sign-ons under way, and the sessions that providers opened.

use ruma::api::client::uiaa::AuthType;

use store::Batch;

use crate::{
    AccountError, AccountSettings, DeviceChoice, ExternalId, ExternalUser, Operation, ProviderLogout,
    SessionOrigin, SignOn, SignOnPurpose, UiaError,
    limits::{SIGN_ON_MS, SIGN_ON_TOKEN_MS},
    tables::{PROVIDER_LOGOUTS, ProviderLogoutRow},
};

use super::{Fixture, fixture, fixture_with, open_settings};

const COMPANY: &str = "company";

fn id(subject: &str) -> ExternalId {
    ExternalId { provider: COMPANY.to_owned(), subject: subject.to_owned() }
}

fn person(localpart: &str, address: Option<&str>) -> ExternalUser {
    ExternalUser {
        localpart: localpart.to_owned(),
        id: id(localpart),
        display_name: Some(localpart.to_uppercase()),
        address: address.map(str::to_owned),
    }
}

fn sign_on() -> SignOn {
    SignOn {
        provider: COMPANY.to_owned(),
        nonce: "nonce".to_owned(),
        verifier: "verifier".to_owned(),
        purpose: SignOnPurpose::LogIn { redirect_url: "https://client.example/".to_owned() },
    }
}

fn origin(subject: &str, sid: Option<&str>) -> SessionOrigin {
    SessionOrigin { provider: COMPANY.to_owned(), subject: subject.to_owned(), sid: sid.map(str::to_owned) }
}

async fn session(f: &Fixture, user: &ruma::UserId, subject: &str, sid: Option<&str>) -> crate::LoggedIn {
    let token = f.accounts.create_sign_on_token(user, &origin(subject, sid), f.clock.now_ms()).await.unwrap();
    f.accounts.login_with_token(&token, &DeviceChoice::default()).await.unwrap()
}

#[tokio::test]
async fn a_person_has_one_account_and_keeps_it_when_it_is_closed() {
    let f = fixture().await;
    let alice = f.accounts.create_external_user(person("alice", Some("Alice@example.org"))).await.unwrap();
    assert_eq!(f.accounts.user_of_external_id(&id("alice")).await.unwrap(), Some(alice.clone()));
    assert_eq!(f.accounts.owner_of_address("alice@example.org").await.unwrap(), Some(alice.clone()));
    let again = f.accounts.create_external_user(person("alice", None)).await;
    assert!(matches!(again, Err(AccountError::UserInUse)));
    let renamed = ExternalUser { localpart: "other".to_owned(), ..person("alice", None) };
    let renamed = f.accounts.create_external_user(renamed).await;
    assert!(matches!(renamed, Err(AccountError::ExternalIdInUse)));
    f.accounts.deactivate(&alice, true).await.unwrap();
    assert_eq!(f.accounts.user_of_external_id(&id("alice")).await.unwrap(), Some(alice));
}

#[tokio::test]
async fn an_address_that_is_somebody_elses_is_left_out() {
    let f = fixture().await;
    let alice = f.accounts.create_external_user(person("alice", Some("a@example.org"))).await.unwrap();
    let bob = f.accounts.create_external_user(person("bob", Some("A@Example.org"))).await.unwrap();
    assert_eq!(f.accounts.owner_of_address("a@example.org").await.unwrap(), Some(alice));
    assert!(f.accounts.addresses(&bob).await.unwrap().is_empty());
}

#[tokio::test]
async fn links_are_set_as_a_whole_and_never_shared() {
    let f = fixture().await;
    let (alice, bob) = (f.user("alice").await, f.user("bob").await);
    f.accounts.link_external_id(&alice, &id("1")).await.unwrap();
    f.accounts.link_external_id(&alice, &id("1")).await.unwrap();
    f.accounts.link_external_id(&alice, &id("2")).await.unwrap();
    assert_eq!(f.accounts.external_ids(&alice).await.unwrap(), [id("1"), id("2")]);
    let taken = f.accounts.set_external_ids(&bob, &[id("3"), id("2")]).await;
    assert!(matches!(taken, Err(AccountError::ExternalIdInUse)));
    assert!(f.accounts.external_ids(&bob).await.unwrap().is_empty(), "all or nothing");
    f.accounts.set_external_ids(&alice, &[id("1")]).await.unwrap();
    f.accounts.set_external_ids(&bob, &[id("2")]).await.unwrap();
    assert_eq!(f.accounts.user_of_external_id(&id("2")).await.unwrap(), Some(bob));
    for wrong in [id(""), id(&"x".repeat(600))] {
        let refused = f.accounts.link_external_id(&alice, &wrong).await;
        assert!(matches!(refused, Err(AccountError::InvalidParameter(_))));
    }
}

#[tokio::test]
async fn a_sign_on_opens_once_for_its_browser_and_provider() {
    let f = fixture().await;
    let begun = f.accounts.begin_sign_on(&sign_on()).await.unwrap();
    let take = |provider: &'static str, state: String, browser: String| {
        let accounts = f.accounts.clone();
        async move { accounts.take_sign_on(provider, &state, &browser).await }
    };
    let (state, browser) = (begun.state.clone(), begun.browser.clone());
    let other = take("partner", state.clone(), browser.clone()).await;
    assert!(matches!(other, Err(AccountError::SignOnUnknown)));
    for wrong in ["", "lqs_wrong"] {
        let elsewhere = take(COMPANY, state.clone(), wrong.to_owned()).await;
        assert!(matches!(elsewhere, Err(AccountError::SignOnElsewhere)));
    }
    assert!(take(COMPANY, state.clone(), browser.clone()).await.unwrap() == sign_on());
    for state in [state, String::new(), "x-".to_owned(), "x".repeat(1_000)] {
        let again = take(COMPANY, state, browser.clone()).await;
        assert!(matches!(again, Err(AccountError::SignOnUnknown)));
    }
}

#[tokio::test]
async fn a_sign_on_dies_and_is_swept_away() {
    let f = fixture().await;
    let begun = f.accounts.begin_sign_on(&sign_on()).await.unwrap();
    assert_eq!(f.accounts.forget_sign_ons().await.unwrap(), 0);
    f.clock.advance(SIGN_ON_MS);
    let late = f.accounts.take_sign_on(COMPANY, &begun.state, &begun.browser).await;
    assert!(matches!(late, Err(AccountError::SignOnUnknown)));
    // The next one takes the dead one along.
    f.accounts.begin_sign_on(&sign_on()).await.unwrap();
    assert_eq!(f.accounts.forget_sign_ons().await.unwrap(), 0);
    f.clock.advance(SIGN_ON_MS);
    assert_eq!(f.accounts.forget_sign_ons().await.unwrap(), 1);
}

#[tokio::test]
async fn a_provider_ends_what_it_opened() {
    let f = fixture().await;
    let alice = f.accounts.create_external_user(person("alice", None)).await.unwrap();
    let bob = f.accounts.create_external_user(person("bob", None)).await.unwrap();
    let first = session(&f, &alice, "alice", Some("s1")).await;
    let second = session(&f, &alice, "alice", Some("s2")).await;
    let third = session(&f, &alice, "alice", None).await;
    let other = session(&f, &bob, "bob", Some("s1")).await;
    let alive = |logged_in: &crate::LoggedIn| {
        let (accounts, token) = (f.accounts.clone(), logged_in.tokens.access_token.clone());
        async move { accounts.authenticate(&token).await.is_ok() }
    };
    let end = |subject: Option<&'static str>, sid: Option<&'static str>| {
        let accounts = f.accounts.clone();
        async move { accounts.end_sessions_of_provider(COMPANY, subject, sid).await.unwrap() }
    };
    assert_eq!(end(Some("alice"), Some("s1")).await, 1);
    assert!(!alive(&first).await && alive(&other).await);
    assert_eq!(end(None, Some("s1")).await, 1);
    assert!(!alive(&other).await && alive(&second).await);
    assert_eq!(f.accounts.end_sessions_of_provider("partner", Some("alice"), None).await.unwrap(), 0);
    assert_eq!(end(Some("alice"), None).await, 2);
    assert!(!alive(&second).await && !alive(&third).await);
    assert_eq!(end(Some("alice"), None).await + end(None, Some("s2")).await, 0, "nothing is left behind");
}

fn logout(token: &str, subject: Option<&str>, sid: Option<&str>) -> ProviderLogout {
    ProviderLogout {
        provider: COMPANY.to_owned(),
        subject: subject.map(str::to_owned),
        sid: sid.map(str::to_owned),
        token_id: token.to_owned(),
        token_expires_ms: 1_700_000_000_000,
    }
}

#[tokio::test]
async fn a_login_token_from_before_the_logout_opens_nothing() {
    let f = fixture().await;
    let alice = f.accounts.create_external_user(person("alice", None)).await.unwrap();
    let token = |sid: Option<&'static str>| {
        let (accounts, alice, now_ms) = (f.accounts.clone(), alice.clone(), f.clock.now_ms());
        async move { accounts.create_sign_on_token(&alice, &origin("alice", sid), now_ms).await.unwrap() }
    };
    let opens = |token: String| {
        let accounts = f.accounts.clone();
        async move { accounts.login_with_token(&token, &DeviceChoice::default()).await.is_ok() }
    };
    let (of_first, of_second) = (token(Some("s1")).await, token(Some("s2")).await);
    f.accounts.log_out_by_provider(&logout("1", Some("alice"), Some("s1"))).await.unwrap();
    assert!(!opens(of_first).await && opens(of_second).await, "one session of the provider ended");
    assert!(!opens(token(Some("s1")).await).await, "also when the provider was asked just before");
    let (of_second, of_none) = (token(Some("s2")).await, token(None).await);
    f.accounts.log_out_by_provider(&logout("2", Some("alice"), None)).await.unwrap();
    assert!(!opens(of_second).await && !opens(of_none).await, "everything ended");
    f.clock.advance(1);
    assert!(opens(token(Some("s1")).await).await, "who signs on again comes in");
}

#[tokio::test]
async fn a_logout_is_told_once_and_remembered_as_long_as_it_matters() {
    let f = fixture().await;
    let alice = f.accounts.create_external_user(person("alice", None)).await.unwrap();
    session(&f, &alice, "alice", Some("s1")).await;
    let told = logout("1", None, Some("s1"));
    assert_eq!(f.accounts.log_out_by_provider(&told).await.unwrap(), 1);
    let again = f.accounts.log_out_by_provider(&told).await;
    assert!(matches!(again, Err(AccountError::LogoutTokenUsed)));
    assert_eq!(f.accounts.forget_provider_logouts().await.unwrap(), 0);
    f.clock.advance(told.token_expires_ms.saturating_sub(f.clock.now_ms()) + SIGN_ON_MS + SIGN_ON_TOKEN_MS);
    assert_eq!(f.accounts.forget_provider_logouts().await.unwrap(), 1);
    assert_eq!(f.accounts.forget_provider_logouts().await.unwrap(), 0);
}

#[tokio::test]
async fn a_logout_that_a_crash_interrupted_is_finished() {
    let f = fixture().await;
    let alice = f.accounts.create_external_user(person("alice", None)).await.unwrap();
    let logged_in = session(&f, &alice, "alice", Some("s1")).await;
    let row = ProviderLogoutRow {
        provider: COMPANY.to_owned(),
        subject: None,
        sid: Some("s1".to_owned()),
        is_done: false,
    };
    let mut batch = Batch::new();
    batch.put(&PROVIDER_LOGOUTS, &(1, [7; 32]), &row);
    f.accounts.0.store.commit(batch).await.unwrap();
    f.accounts.finish_provider_logouts().await.unwrap();
    assert!(f.accounts.authenticate(&logged_in.tokens.access_token).await.is_err());
    assert_eq!(f.accounts.forget_provider_logouts().await.unwrap(), 1, "it is done");
}

#[tokio::test]
async fn login_tokens_that_nobody_spends_are_swept_away() {
    let f = fixture().await;
    let alice = f.user("alice").await;
    let spent = f.accounts.create_sign_on_token(&alice, &origin("alice", None), 0).await.unwrap();
    f.accounts.create_sign_on_token(&alice, &origin("alice", None), 0).await.unwrap();
    f.accounts.login_with_token(&spent, &DeviceChoice::default()).await.unwrap();
    assert_eq!(f.accounts.forget_login_tokens().await.unwrap(), 0);
    f.clock.advance(SIGN_ON_TOKEN_MS);
    assert_eq!(f.accounts.forget_login_tokens().await.unwrap(), 1, "the spent one is gone already");
    assert_eq!(f.accounts.forget_login_tokens().await.unwrap(), 0);
}

#[tokio::test]
async fn a_linked_user_without_password_confirms_by_signing_on() {
    let settings = AccountSettings { identity_providers: vec![COMPANY.to_owned()], ..open_settings() };
    let f = fixture_with(settings).await;
    let alice = f.accounts.create_external_user(person("alice", None)).await.unwrap();
    let bob = f.user("bob").await;
    let operation = || Operation::new("DELETE /devices/{deviceId}").with(&"PHONE");
    let Err(UiaError::Challenge(info)) = f.accounts.user_interactive(operation(), &alice, None).await else {
        panic!("a challenge")
    };
    assert_eq!(info.flows.len(), 1);
    assert_eq!(info.flows[0].stages, [AuthType::Sso]);
    let session = info.session.unwrap();
    assert_eq!(f.accounts.confirmation(&session).unwrap().user, alice);
    assert!(!f.accounts.confirm_by_sign_on(&session, &bob));
    assert!(!f.accounts.confirm_by_sign_on("nonsense", &alice));
    let resumed = serde_json::from_value(serde_json::json!({ "session": session })).unwrap();
    assert!(f.accounts.user_interactive(operation(), &alice, Some(&resumed)).await.is_err());
    // Saying so is not enough, and asking so is no unknown stage.
    let claimed = serde_json::json!({ "type": "m.login.sso", "session": session });
    let claimed = serde_json::from_value(claimed).unwrap();
    let Err(UiaError::Challenge(info)) =
        f.accounts.user_interactive(operation(), &alice, Some(&claimed)).await
    else {
        panic!("a challenge")
    };
    assert_eq!(info.auth_error.unwrap().kind.errcode().as_str(), "M_FORBIDDEN");
    assert!(f.accounts.confirm_by_sign_on(&session, &alice));
    f.accounts.user_interactive(operation(), &alice, Some(&resumed)).await.unwrap();
    assert!(f.accounts.confirmation(&session).is_none());
}
