use ruma::{
    OwnedUserId,
    api::client::uiaa::{AuthData, AuthType, UiaaInfo},
};
use serde_json::{Value, json};

use crate::{AccountSettings, Operation, Registration, UiaError, limits::UIA_SESSION_MS};

use super::{Fixture, PASSWORD, fixture, fixture_with, open_settings};

fn auth(value: Value) -> AuthData {
    serde_json::from_value(value).unwrap()
}

fn password(user: &OwnedUserId, password: &str, session: Option<&str>) -> AuthData {
    auth(json!({
        "type": "m.login.password",
        "identifier": { "type": "m.id.user", "user": user },
        "password": password,
        "session": session,
    }))
}

fn operation() -> Operation {
    Operation::new("DELETE /devices/{deviceId}").with(&"PHONE")
}

fn challenge<T: std::fmt::Debug>(result: Result<T, UiaError>) -> UiaaInfo {
    match result {
        Err(UiaError::Challenge(info)) => *info,
        other => panic!("no challenge: {other:?}"),
    }
}

async fn begin(f: &Fixture, user: &OwnedUserId) -> String {
    challenge(f.accounts.user_interactive(operation(), user, None).await).session.unwrap()
}

#[tokio::test]
async fn the_first_answer_names_flows_params_and_session() {
    let f = fixture().await;
    let alice = f.user("alice").await;
    let info = challenge(f.accounts.user_interactive(operation(), &alice, None).await);
    assert_eq!(info.flows.len(), 1);
    assert_eq!(info.flows[0].stages, [AuthType::Password]);
    assert_eq!(info.params.unwrap().get(), "{}");
    assert!(info.auth_error.is_none() && info.session.is_some());
}

#[tokio::test]
async fn the_password_passes_with_and_without_a_session_and_a_session_serves_once() {
    let f = fixture().await;
    let alice = f.user("alice").await;
    let direct = password(&alice, PASSWORD, None);
    f.accounts.user_interactive(operation(), &alice, Some(&direct)).await.unwrap();
    let session = begin(&f, &alice).await;
    let answer = password(&alice, PASSWORD, Some(&session));
    f.accounts.user_interactive(operation(), &alice, Some(&answer)).await.unwrap();
    let again = auth(json!({ "session": session }));
    let info = challenge(f.accounts.user_interactive(operation(), &alice, Some(&again)).await);
    assert_ne!(info.session.unwrap(), session);
}

#[tokio::test]
async fn a_wrong_password_is_told_inside_the_challenge_and_the_session_goes_on() {
    let f = fixture().await;
    let alice = f.user("alice").await;
    let session = begin(&f, &alice).await;
    let wrong = password(&alice, "wrong", Some(&session));
    let info = challenge(f.accounts.user_interactive(operation(), &alice, Some(&wrong)).await);
    assert_eq!(info.session.as_deref(), Some(&*session));
    let body = serde_json::to_value(&info).unwrap();
    assert_eq!(body["errcode"], "M_FORBIDDEN");
    let right = password(&alice, PASSWORD, Some(&session));
    f.accounts.user_interactive(operation(), &alice, Some(&right)).await.unwrap();
}

#[tokio::test]
async fn another_users_password_proves_nothing() {
    let f = fixture().await;
    let (alice, bob) = (f.user("alice").await, f.user("bob").await);
    let result =
        f.accounts.user_interactive(operation(), &alice, Some(&password(&bob, PASSWORD, None))).await;
    assert!(matches!(result, Err(UiaError::WrongUser)));
}

#[tokio::test]
async fn a_session_serves_its_user_and_its_operation_only() {
    let f = fixture().await;
    let (alice, bob) = (f.user("alice").await, f.user("bob").await);
    let session = begin(&f, &alice).await;
    let other_device = Operation::new("DELETE /devices/{deviceId}").with(&"LAPTOP");
    let answer = password(&alice, PASSWORD, Some(&session));
    let changed = f.accounts.user_interactive(other_device, &alice, Some(&answer)).await;
    assert!(matches!(changed, Err(UiaError::OperationChanged)));
    let answer = password(&bob, PASSWORD, Some(&session));
    let taken = f.accounts.user_interactive(operation(), &bob, Some(&answer)).await;
    assert!(matches!(taken, Err(UiaError::OperationChanged)));
}

#[tokio::test]
async fn a_session_expires_and_an_unknown_one_begins_anew() {
    let f = fixture().await;
    let alice = f.user("alice").await;
    let session = begin(&f, &alice).await;
    f.clock.advance(UIA_SESSION_MS);
    for session in [&*session, "never seen"] {
        let answer = password(&alice, PASSWORD, Some(session));
        let info = challenge(f.accounts.user_interactive(operation(), &alice, Some(&answer)).await);
        assert!(info.auth_error.is_some());
        assert_ne!(info.session.as_deref(), Some(session));
    }
}

#[tokio::test]
async fn a_stage_of_another_flow_does_not_count() {
    let f = fixture().await;
    let alice = f.user("alice").await;
    let dummy = auth(json!({ "type": "m.login.dummy" }));
    let info = challenge(f.accounts.user_interactive(operation(), &alice, Some(&dummy)).await);
    assert!(info.completed.is_empty());
    let settings = AccountSettings { registration: Registration::Token, ..open_settings() };
    let f = fixture_with(settings).await;
    let info =
        challenge(f.accounts.registration_interactive(Operation::new("POST /register"), Some(&dummy)).await);
    assert_eq!(info.flows[0].stages, [AuthType::RegistrationToken]);
    assert!(info.completed.is_empty());
}

#[tokio::test]
async fn a_registration_token_passes_its_stage_and_comes_back_to_be_counted() {
    let settings = AccountSettings { registration: Registration::Token, ..open_settings() };
    let f = fixture_with(settings).await;
    f.accounts.create_registration_token(Some("good".to_owned()), Some(1), None).await.unwrap();
    let show = |token: &str| auth(json!({ "type": "m.login.registration_token", "token": token }));
    let register = || Operation::new("POST /register");
    let refused = f.accounts.registration_interactive(register(), Some(&show("bad"))).await;
    assert_eq!(serde_json::to_value(challenge(refused)).unwrap()["errcode"], "M_UNAUTHORIZED");
    let passed = f.accounts.registration_interactive(register(), Some(&show("good"))).await.unwrap();
    assert_eq!(passed.registration_token.as_deref(), Some("good"));
}

#[tokio::test]
async fn a_flood_of_sessions_stays_bounded() {
    let f = fixture().await;
    let alice = f.user("alice").await;
    for _ in 0..crate::limits::UIA_SESSIONS_MAX + 10 {
        begin(&f, &alice).await;
    }
    assert!(f.accounts.uia_sessions() <= crate::limits::UIA_SESSIONS_MAX);
}
