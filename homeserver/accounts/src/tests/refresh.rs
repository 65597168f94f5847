use store::Scan;

use crate::{
    AccountError, AuthError,
    limits::REFRESH_REUSE_GRACE_MS,
    tables::{ACCESS_TOKENS, REFRESH_TOKENS},
};

use super::{fixture, fixture_with, open_settings};

#[tokio::test]
async fn an_access_token_with_a_refresh_token_expires_softly_and_is_renewed() {
    let f = fixture().await;
    let alice = f.user("alice").await;
    let first = f.refreshable(&alice).await.tokens;
    f.accounts.authenticate(&first.access_token).await.unwrap();
    f.clock.advance(first.expires_in_ms.unwrap());
    assert!(matches!(f.accounts.authenticate(&first.access_token).await, Err(AuthError::Expired)));
    let second = f.accounts.refresh(&first.refresh_token.unwrap()).await.unwrap();
    assert_eq!(f.accounts.authenticate(&second.access_token).await.unwrap().user, alice);
}

#[tokio::test]
async fn a_lost_answer_can_be_asked_for_again_until_the_new_pair_is_used() {
    let f = fixture().await;
    let alice = f.user("alice").await;
    let first = f.refreshable(&alice).await.tokens;
    let refresh = first.refresh_token.unwrap();
    let lost = f.accounts.refresh(&refresh).await.unwrap();
    // Until then the old access token goes on, because requests may be under way.
    f.accounts.authenticate(&first.access_token).await.unwrap();
    let second = f.accounts.refresh(&refresh).await.unwrap();
    assert!(matches!(f.accounts.authenticate(&lost.access_token).await, Err(AuthError::Unknown)));
    f.accounts.authenticate(&second.access_token).await.unwrap();
    assert!(matches!(f.accounts.authenticate(&first.access_token).await, Err(AuthError::Unknown)));
}

#[tokio::test]
async fn a_stolen_refresh_token_ends_the_session_when_it_is_used_after_its_owner_used_it() {
    let f = fixture().await;
    let alice = f.user("alice").await;
    let first = f.refreshable(&alice).await.tokens;
    let stolen = first.refresh_token.unwrap();
    let second = f.accounts.refresh(&stolen).await.unwrap();
    f.accounts.authenticate(&second.access_token).await.unwrap();
    f.clock.advance(REFRESH_REUSE_GRACE_MS + 1);
    assert!(matches!(f.accounts.refresh(&stolen).await, Err(AccountError::UnknownRefreshToken)));
    assert!(matches!(f.accounts.authenticate(&second.access_token).await, Err(AuthError::Unknown)));
    let renewed = f.accounts.refresh(&second.refresh_token.unwrap()).await;
    assert!(matches!(renewed, Err(AccountError::UnknownRefreshToken)));
}

#[tokio::test]
async fn a_client_that_refreshes_twice_at_once_is_forgiven_for_some_seconds() {
    let f = fixture().await;
    let alice = f.user("alice").await;
    let refresh = f.refreshable(&alice).await.tokens.refresh_token.unwrap();
    let one = f.accounts.refresh(&refresh).await.unwrap();
    f.accounts.authenticate(&one.access_token).await.unwrap();
    let other = f.accounts.refresh(&refresh).await.unwrap();
    for token in [one.access_token, other.access_token] {
        assert!(f.accounts.authenticate(&token).await.is_ok());
    }
}

#[tokio::test]
async fn a_long_session_leaves_no_growing_chain_behind() {
    let f = fixture().await;
    let alice = f.user("alice").await;
    let mut tokens = f.refreshable(&alice).await.tokens;
    for _ in 0..20 {
        tokens = f.accounts.refresh(&tokens.refresh_token.unwrap()).await.unwrap();
        f.accounts.authenticate(&tokens.access_token).await.unwrap();
    }
    let reader = f.accounts.reader();
    assert_eq!(reader.scan(&ACCESS_TOKENS, Scan::all()).await.unwrap().len(), 1);
    assert_eq!(reader.scan(&REFRESH_TOKENS, Scan::all()).await.unwrap().len(), 2);
}

#[tokio::test]
async fn refreshing_is_refused_for_unknown_expired_locked_and_deactivated() {
    let settings = crate::AccountSettings { refresh_token_lifetime_ms: Some(1_000), ..open_settings() };
    let f = fixture_with(settings).await;
    for token in ["", "lqr_unknown"] {
        assert!(matches!(f.accounts.refresh(token).await, Err(AccountError::UnknownRefreshToken)));
    }
    let alice = f.user("alice").await;
    let refresh = f.refreshable(&alice).await.tokens.refresh_token.unwrap();
    f.accounts.set_locked(&alice, true).await.unwrap();
    assert!(matches!(f.accounts.refresh(&refresh).await, Err(AccountError::UserLocked)));
    f.accounts.set_locked(&alice, false).await.unwrap();
    f.clock.advance(1_000);
    assert!(matches!(f.accounts.refresh(&refresh).await, Err(AccountError::ExpiredRefreshToken)));
    let bob = f.user("bob").await;
    let refresh = f.refreshable(&bob).await.tokens.refresh_token.unwrap();
    f.accounts.deactivate(&bob, false).await.unwrap();
    assert!(matches!(f.accounts.refresh(&refresh).await, Err(AccountError::UnknownRefreshToken)));
}

#[tokio::test]
async fn an_access_token_does_not_refresh_and_a_refresh_token_does_not_authenticate() {
    let f = fixture().await;
    let alice = f.user("alice").await;
    let tokens = f.refreshable(&alice).await.tokens;
    let refreshed = f.accounts.refresh(&tokens.access_token).await;
    assert!(matches!(refreshed, Err(AccountError::UnknownRefreshToken)));
    let session = f.accounts.authenticate(&tokens.refresh_token.unwrap()).await;
    assert!(matches!(session, Err(AuthError::Unknown)));
}
