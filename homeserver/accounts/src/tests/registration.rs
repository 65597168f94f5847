use hmac::{Hmac, KeyInit, Mac};
use sha1::Sha1;

use crate::{
    AccountError, AccountSettings, DeviceChoice, Registration, RegistrationRequest, SharedSecretRegistration,
    limits::NONCE_MS,
};

use super::{PASSWORD, fixture, fixture_with, open_settings};

fn request(name: &str) -> RegistrationRequest {
    RegistrationRequest {
        username: Some(name.to_owned()),
        password: Some(PASSWORD.to_owned()),
        ..RegistrationRequest::default()
    }
}

#[tokio::test]
async fn names_follow_the_grammar_and_capitals_become_small() {
    let f = fixture().await;
    for name in ["a", "user.name", "u_s-e=r/1+2", "3"] {
        assert!(f.accounts.check_available(name).await.is_ok(), "{name}");
    }
    let registered = f.accounts.register(request("User-UPPER")).await.unwrap();
    assert_eq!(registered.user, "@user-upper:example.org");
    for name in ["", "a b", "a!", "a:b", "@a", "é", "a\n", "a\\", &"a".repeat(250)] {
        let result = f.accounts.check_available(name).await;
        assert!(matches!(result, Err(AccountError::InvalidUsername)), "{name}");
    }
}

#[tokio::test]
async fn taken_and_reserved_names_are_refused() {
    let settings = AccountSettings { reserved_localparts: vec!["admin".to_owned()], ..open_settings() };
    let f = fixture_with(settings).await;
    f.accounts.register(request("alice")).await.unwrap();
    assert!(matches!(f.accounts.register(request("ALICE")).await, Err(AccountError::UserInUse)));
    for name in ["admin", "Admin", "_bridge"] {
        let result = f.accounts.register(request(name)).await;
        assert!(matches!(result, Err(AccountError::Exclusive)), "{name}");
    }
}

#[tokio::test]
async fn of_many_registrations_of_one_name_one_wins() {
    let f = fixture().await;
    let tries: Vec<_> = (0..8)
        .map(|_| {
            let accounts = f.accounts.clone();
            tokio::spawn(async move { accounts.register(request("alice")).await.is_ok() })
        })
        .collect();
    let mut won = 0;
    for one in tries {
        won += usize::from(one.await.unwrap());
    }
    assert_eq!(won, 1);
}

#[tokio::test]
async fn a_registration_opens_a_session_unless_none_is_wanted() {
    let f = fixture().await;
    let device = DeviceChoice { id: Some("D".into()), ..DeviceChoice::default() };
    let with = f.accounts.register(RegistrationRequest { device, ..request("alice") }).await.unwrap();
    let session = with.session.unwrap();
    assert_eq!(session.device, "D");
    f.accounts.authenticate(&session.tokens.access_token).await.unwrap();
    let without = RegistrationRequest { inhibit_login: true, ..request("bob") };
    assert!(f.accounts.register(without).await.unwrap().session.is_none());
}

#[tokio::test]
async fn closed_means_closed_and_guests_are_another_question() {
    let settings = AccountSettings { registration: Registration::Closed, guests: false, ..open_settings() };
    let f = fixture_with(settings).await;
    assert!(matches!(f.accounts.register(request("a")).await, Err(AccountError::RegistrationClosed)));
    let guest = f.accounts.register_guest(DeviceChoice::default()).await;
    assert!(matches!(guest, Err(AccountError::GuestsRefused)));
    let f = fixture().await;
    let guest = f.accounts.register_guest(DeviceChoice::default()).await.unwrap();
    let session = f.accounts.authenticate(&guest.session.unwrap().tokens.access_token).await.unwrap();
    assert!(session.is_guest);
}

#[tokio::test]
async fn short_and_endless_passwords_are_refused() {
    let f = fixture().await;
    for password in ["short", "", &"x".repeat(10_000)] {
        let request = RegistrationRequest { password: Some(password.to_owned()), ..request("alice") };
        let result = f.accounts.register(request).await;
        assert!(matches!(result, Err(AccountError::WeakPassword(_))));
    }
}

#[tokio::test]
async fn a_registration_token_admits_as_many_as_it_says() {
    let f = fixture().await;
    f.accounts.create_registration_token(Some("two".to_owned()), Some(2), None).await.unwrap();
    let tries: Vec<_> = (0..6)
        .map(|number| {
            let accounts = f.accounts.clone();
            let request = RegistrationRequest {
                earned: crate::Earned { registration_token: Some("two".to_owned()), ..Default::default() },
                ..request(&format!("user{number}"))
            };
            tokio::spawn(async move { accounts.register(request).await.is_ok() })
        })
        .collect();
    let mut won = 0;
    for one in tries {
        won += usize::from(one.await.unwrap());
    }
    assert_eq!(won, 2);
    assert!(!f.accounts.is_registration_token_valid("two").await.unwrap());
}

#[tokio::test]
async fn registration_tokens_expire_and_are_checked_for_form() {
    let f = fixture().await;
    let expires_ms = super::START_MS + 1_000;
    let token = f.accounts.create_registration_token(None, None, Some(expires_ms)).await.unwrap().token;
    assert!(f.accounts.is_registration_token_valid(&token).await.unwrap());
    f.clock.advance(1_000);
    assert!(!f.accounts.is_registration_token_valid(&token).await.unwrap());
    for token in ["", "with space", &"x".repeat(65)] {
        let result = f.accounts.create_registration_token(Some(token.to_owned()), None, None).await;
        assert!(matches!(result, Err(AccountError::InvalidParameter(_))));
        assert!(!f.accounts.is_registration_token_valid(token).await.unwrap());
    }
    f.accounts.delete_registration_token(&token).await.unwrap();
    assert!(matches!(f.accounts.delete_registration_token(&token).await, Err(AccountError::NotFound)));
}

fn signed(nonce: &str, username: &str, admin: bool) -> SharedSecretRegistration {
    let mut mac = Hmac::<Sha1>::new_from_slice(b"secret").unwrap();
    let role = if admin { "admin" } else { "notadmin" };
    mac.update([nonce, username, PASSWORD, role].join("\0").as_bytes());
    let mac = mac.finalize().into_bytes().iter().map(|byte| format!("{byte:02x}")).collect();
    SharedSecretRegistration {
        nonce: nonce.to_owned(),
        username: username.to_owned(),
        password: PASSWORD.to_owned(),
        admin,
        user_type: None,
        display_name: None,
        mac,
        device: DeviceChoice::default(),
    }
}

#[tokio::test]
async fn the_shared_secret_registers_users_and_administrators_once_per_nonce() {
    let f = fixture().await;
    let nonce = f.accounts.shared_secret_nonce().unwrap();
    let registered = f.accounts.register_with_shared_secret(signed(&nonce, "Boss", true)).await.unwrap();
    assert_eq!(registered.user, "@boss:example.org");
    assert!(f.accounts.is_admin(f.accounts.reader(), &registered.user).await.unwrap());
    let again = f.accounts.register_with_shared_secret(signed(&nonce, "bob", false)).await;
    assert!(matches!(again, Err(AccountError::UnknownNonce)));
}

#[tokio::test]
async fn a_wrong_signature_or_a_late_nonce_registers_nobody() {
    let f = fixture().await;
    let nonce = f.accounts.shared_secret_nonce().unwrap();
    let promoted = SharedSecretRegistration { admin: true, ..signed(&nonce, "bob", false) };
    let result = f.accounts.register_with_shared_secret(promoted).await;
    assert!(matches!(result, Err(AccountError::WrongMac)));
    for mac in ["", "zz", "é", "abc"] {
        let nonce = f.accounts.shared_secret_nonce().unwrap();
        let request = SharedSecretRegistration { mac: mac.to_owned(), ..signed(&nonce, "bob", false) };
        let result = f.accounts.register_with_shared_secret(request).await;
        assert!(matches!(result, Err(AccountError::WrongMac)), "{mac}");
    }
    let nonce = f.accounts.shared_secret_nonce().unwrap();
    f.clock.advance(NONCE_MS);
    let late = f.accounts.register_with_shared_secret(signed(&nonce, "bob", false)).await;
    assert!(matches!(late, Err(AccountError::UnknownNonce)));
}
