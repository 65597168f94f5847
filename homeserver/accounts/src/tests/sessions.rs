use crate::{AccountError, AuthError, DeviceChoice, LoginName, tables::ACCESS_TOKENS};

use super::{PASSWORD, fixture};

#[tokio::test]
async fn a_token_opens_the_session_it_was_issued_for_and_is_stored_as_a_hash_only() {
    let f = fixture().await;
    let alice = f.user("alice").await;
    let logged_in = f.login(&alice, DeviceChoice::default()).await;
    let token = logged_in.tokens.access_token;
    let session = f.accounts.authenticate(&token).await.unwrap();
    assert_eq!((session.user, session.device), (alice, Some(logged_in.device)));
    let rows = f.accounts.reader().scan(&ACCESS_TOKENS, store::Scan::all()).await.unwrap();
    assert_eq!(rows.len(), 1);
    assert_eq!(rows[0].0, crate::tokens::hash(&token));
}

#[tokio::test]
async fn empty_unknown_and_huge_tokens_open_nothing() {
    let f = fixture().await;
    assert!(matches!(f.accounts.authenticate("").await, Err(AuthError::Missing)));
    for token in ["nonsense", &"x".repeat(100_000)] {
        assert!(matches!(f.accounts.authenticate(token).await, Err(AuthError::Unknown)));
    }
}

#[tokio::test]
async fn names_are_found_as_id_as_localpart_and_in_capitals_and_nowhere_else() {
    let f = fixture().await;
    let alice = f.user("alice").await;
    for name in ["@alice:example.org", "alice", "ALICE", "@Alice:example.org"] {
        let name = LoginName::User(name.to_owned());
        let logged_in =
            f.accounts.login_with_password(&name, PASSWORD, &DeviceChoice::default()).await.unwrap();
        assert_eq!(logged_in.user, alice);
    }
    let wrong = [
        (LoginName::User("@alice:other.org".to_owned()), PASSWORD),
        (LoginName::User("bob".to_owned()), PASSWORD),
        (LoginName::User("alice".to_owned()), "wrong"),
        (LoginName::User("alice".to_owned()), ""),
        (LoginName::User(String::new()), PASSWORD),
        (LoginName::ThirdParty, PASSWORD),
    ];
    for (name, password) in wrong {
        let result = f.accounts.login_with_password(&name, password, &DeviceChoice::default()).await;
        assert!(matches!(result, Err(AccountError::WrongCredentials)), "{name:?}");
    }
}

#[tokio::test]
async fn an_account_without_password_accepts_none() {
    let f = fixture().await;
    let new =
        crate::NewUser { localpart: "bridge".to_owned(), password: None, admin: false, display_name: None };
    let user = f.accounts.create_user(new).await.unwrap();
    for password in ["", "password", "\0"] {
        assert!(!f.accounts.is_password(&user, password).await.unwrap());
    }
}

#[tokio::test]
async fn logging_in_on_a_known_device_ends_its_former_token_and_keeps_its_name() {
    let f = fixture().await;
    let alice = f.user("alice").await;
    let choice =
        DeviceChoice { id: Some("PHONE".into()), display_name: Some("Phone".to_owned()), refreshable: false };
    let first = f.login(&alice, choice.clone()).await;
    f.accounts.authenticate(&first.tokens.access_token).await.unwrap();
    let second = f.login(&alice, DeviceChoice { display_name: Some("Other".to_owned()), ..choice }).await;
    assert!(matches!(f.accounts.authenticate(&first.tokens.access_token).await, Err(AuthError::Unknown)));
    assert!(f.accounts.authenticate(&second.tokens.access_token).await.is_ok());
    let devices = f.accounts.devices(f.accounts.reader(), &alice).await.unwrap();
    assert_eq!(devices.len(), 1);
    assert_eq!(devices[0].display_name.as_deref(), Some("Phone"));
}

#[tokio::test]
async fn a_locked_account_is_refused_and_comes_back_when_unlocked() {
    let f = fixture().await;
    let alice = f.user("alice").await;
    let token = f.login(&alice, DeviceChoice::default()).await.tokens.access_token;
    f.accounts.authenticate(&token).await.unwrap();
    f.accounts.set_locked(&alice, true).await.unwrap();
    assert!(matches!(f.accounts.authenticate(&token).await, Err(AuthError::Locked)));
    let name = LoginName::User("alice".to_owned());
    let login = f.accounts.login_with_password(&name, PASSWORD, &DeviceChoice::default()).await;
    assert!(matches!(login, Err(AccountError::UserLocked)));
    f.accounts.set_locked(&alice, false).await.unwrap();
    assert!(f.accounts.authenticate(&token).await.is_ok());
}

#[tokio::test]
async fn a_login_token_works_once_and_not_after_its_time() {
    let f = fixture().await;
    let alice = f.user("alice").await;
    let choice = DeviceChoice::default();
    let (token, lifetime_ms) = f.accounts.create_login_token(&alice).await.unwrap();
    let logged_in = f.accounts.login_with_token(&token, &choice).await.unwrap();
    assert_eq!(logged_in.user, alice);
    assert!(matches!(
        f.accounts.login_with_token(&token, &choice).await,
        Err(AccountError::WrongCredentials)
    ));
    let (late, _) = f.accounts.create_login_token(&alice).await.unwrap();
    f.clock.advance(lifetime_ms);
    assert!(matches!(f.accounts.login_with_token(&late, &choice).await, Err(AccountError::WrongCredentials)));
}

#[tokio::test]
async fn of_many_logins_with_one_login_token_one_wins() {
    let f = fixture().await;
    let alice = f.user("alice").await;
    let (token, _) = f.accounts.create_login_token(&alice).await.unwrap();
    let logins: Vec<_> = (0..8)
        .map(|_| {
            let (accounts, token) = (f.accounts.clone(), token.clone());
            tokio::spawn(
                async move { accounts.login_with_token(&token, &DeviceChoice::default()).await.is_ok() },
            )
        })
        .collect();
    let mut won = 0;
    for login in logins {
        won += usize::from(login.await.unwrap());
    }
    assert_eq!(won, 1);
}

#[tokio::test]
async fn a_waiting_session_hears_of_its_end_and_others_do_not() {
    let f = fixture().await;
    let alice = f.user("alice").await;
    let [phone, desk] =
        [f.login(&alice, DeviceChoice::default()).await, f.login(&alice, DeviceChoice::default()).await];
    let session = f.accounts.authenticate(&phone.tokens.access_token).await.unwrap();
    let other = f.accounts.authenticate(&desk.tokens.access_token).await.unwrap();
    let watch = f.accounts.watch_session(&session).await.unwrap();
    let others = f.accounts.watch_session(&other).await.unwrap();
    watch.check().unwrap();
    let ended = tokio::spawn(async move { watch.ended().await });
    f.accounts.remove_devices(&alice, &[phone.device]).await.unwrap();
    assert!(matches!(ended.await.unwrap(), AuthError::Unknown));
    assert!(matches!(f.accounts.watch_session(&session).await.err(), Some(AuthError::Unknown)));
    others.check().unwrap();
    f.accounts.set_locked(&alice, true).await.unwrap();
    assert!(matches!(others.check(), Err(AuthError::Locked)));
    assert!(matches!(others.ended().await, AuthError::Locked));
    assert!(matches!(f.accounts.watch_session(&other).await.err(), Some(AuthError::Locked)));
    assert!(matches!(f.accounts.authenticate(&desk.tokens.access_token).await, Err(AuthError::Locked)));
    let allowed = f.accounts.authenticate_to_log_out(&desk.tokens.access_token).await.unwrap();
    assert_eq!(allowed.device, Some(desk.device));
}

#[tokio::test]
async fn an_openid_token_vouches_for_an_hour_and_opens_no_session() {
    let f = fixture().await;
    let alice = f.user("alice").await;
    let (token, life_ms) = f.accounts.create_openid_token(&alice).await.unwrap();
    assert_eq!(f.accounts.openid_user(&token).await.unwrap(), Some(alice.clone()));
    assert!(matches!(f.accounts.authenticate(&token).await, Err(AuthError::Unknown)));
    assert_eq!(f.accounts.openid_user("lqo_other").await.unwrap(), None);
    assert_eq!(f.accounts.forget_expired_openid_tokens().await.unwrap(), 0);
    f.clock.advance(life_ms);
    assert_eq!(f.accounts.openid_user(&token).await.unwrap(), None);
    f.clock.advance(1);
    assert_eq!(f.accounts.forget_expired_openid_tokens().await.unwrap(), 1);
    assert_eq!(f.accounts.forget_expired_openid_tokens().await.unwrap(), 0);
}
