use serde_json::{json, value::RawValue};

use crate::{AccountError, AuthError, DeviceChoice, LoginName, UnfinishedWork};

use super::{PASSWORD, fixture};

#[tokio::test]
async fn a_deactivated_account_opens_to_nothing_and_its_name_stays_taken() {
    let f = fixture().await;
    let alice = f.user("alice").await;
    let session = f.login(&alice, DeviceChoice::default()).await;
    f.accounts.authenticate(&session.tokens.access_token).await.unwrap();
    let (login_token, _) = f.accounts.create_login_token(&alice).await.unwrap();
    let mark = f.accounts.deactivate(&alice, false).await.unwrap();
    let authenticated = f.accounts.authenticate(&session.tokens.access_token).await;
    assert!(matches!(authenticated, Err(AuthError::Unknown)));
    let (name, choice) = (LoginName::User("alice".to_owned()), DeviceChoice::default());
    let by_password = f.accounts.login_with_password(&name, PASSWORD, &choice).await;
    assert!(matches!(by_password, Err(AccountError::UserDeactivated)));
    let by_token = f.accounts.login_with_token(&login_token, &choice).await;
    assert!(matches!(by_token, Err(AccountError::UserDeactivated)));
    let new_password = f.accounts.set_password(&alice, PASSWORD).await;
    assert!(matches!(new_password, Err(AccountError::UserDeactivated)));
    assert!(matches!(f.accounts.check_available("alice").await, Err(AccountError::UserInUse)));
    assert!(!f.accounts.is_active(f.accounts.reader(), &alice).await.unwrap());
    let work = f.accounts.unfinished_work().await.unwrap();
    assert_eq!(work, [(UnfinishedWork::LeaveRooms, alice, mark)]);
}

#[tokio::test]
async fn erasing_takes_profile_and_account_data_away() {
    let f = fixture().await;
    let alice = f.user("alice").await;
    f.accounts.set_profile_field(&alice, "m.tz", Some(json!("UTC"))).await.unwrap();
    let content = RawValue::from_string(r#"{"v":1}"#.to_owned()).unwrap();
    f.accounts.set_account_data(&alice, None, "a", &content).await.unwrap();
    f.accounts.deactivate(&alice, true).await.unwrap();
    f.accounts.erase_account_data(&alice).await.unwrap();
    let reader = f.accounts.reader();
    assert!(f.accounts.profile(reader, &alice).await.unwrap().unwrap().fields.is_empty());
    assert!(f.accounts.account_data(reader, &alice, None, "a").await.unwrap().is_none());
    assert!(f.accounts.status(reader, &alice).await.unwrap().unwrap().erased);
}

#[tokio::test]
async fn an_account_opens_again_with_a_new_password_once_its_closing_is_done() {
    let f = fixture().await;
    let alice = f.user("alice").await;
    let old = f.login(&alice, DeviceChoice::default()).await;
    f.accounts.set_admin(&alice, true).await.unwrap();
    let mark = f.accounts.deactivate(&alice, true).await.unwrap();
    assert!(matches!(f.accounts.reopen(&alice, None).await, Err(AccountError::MissingParameter(_))));
    assert!(matches!(f.accounts.reopen(&alice, Some(PASSWORD)).await, Err(AccountError::Contended)));
    f.accounts.remove_other_devices(&alice, None).await.unwrap();
    f.accounts.finish_work(UnfinishedWork::LeaveRooms, &alice, mark).await.unwrap();
    f.accounts.reopen(&alice, Some("another horse")).await.unwrap();
    let status = f.accounts.status(f.accounts.reader(), &alice).await.unwrap().unwrap();
    assert!(!status.deactivated && !status.erased && !status.admin);
    assert!(f.accounts.is_password(&alice, "another horse").await.unwrap());
    assert!(matches!(f.accounts.authenticate(&old.tokens.access_token).await, Err(AuthError::Unknown)));
    f.accounts.reopen(&alice, Some(PASSWORD)).await.unwrap();
    assert!(!f.accounts.is_password(&alice, PASSWORD).await.unwrap(), "an open account is left alone");
}

#[tokio::test]
async fn a_new_password_replaces_the_old_one() {
    let f = fixture().await;
    let alice = f.user("alice").await;
    f.accounts.set_password(&alice, "another horse").await.unwrap();
    assert!(!f.accounts.is_password(&alice, PASSWORD).await.unwrap());
    assert!(f.accounts.is_password(&alice, "another horse").await.unwrap());
}
