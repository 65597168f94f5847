use store::Scan;

use crate::{
    AccountError, AuthError, DeviceChoice, LoginName, NewUser, NewVisit, Standing, UnfinishedWork,
    tables::LOGIN_TOKENS,
};

use super::{PASSWORD, START_MS, fixture};

#[tokio::test]
async fn whoever_left_is_refused_everywhere_and_their_sessions_are_owed_an_end() {
    let f = fixture().await;
    let [alice, bob] = [f.user("alice").await, f.user("bob").await];
    let session = f.refreshable(&alice).await;
    let seen = f.accounts.authenticate(&session.tokens.access_token).await.unwrap();
    let watch = f.accounts.watch_session(&seen).await.unwrap();
    let (login_token, _) = f.accounts.create_login_token(&alice).await.unwrap();
    f.accounts.create_login_token(&bob).await.unwrap();
    let mark = f.accounts.set_standing(&alice, Standing::Left).await.unwrap().unwrap();
    assert!(matches!(watch.ended().await, AuthError::Locked), "a long poll ends at once");
    let authenticated = f.accounts.authenticate(&session.tokens.access_token).await;
    assert!(matches!(authenticated, Err(AuthError::Locked)));
    let (name, choice) = (LoginName::User("alice".to_owned()), DeviceChoice::default());
    let by_password = f.accounts.login_with_password(&name, PASSWORD, &choice).await;
    assert!(matches!(by_password, Err(AccountError::UserLocked)));
    let by_token = f.accounts.login_with_token(&login_token, &choice).await;
    assert!(matches!(by_token, Err(AccountError::UserLocked)));
    let refreshed = f.accounts.refresh(session.tokens.refresh_token.as_deref().unwrap()).await;
    assert!(matches!(refreshed, Err(AccountError::UserLocked)));
    assert!(f.accounts.set_standing(&alice, Standing::Left).await.unwrap().is_none(), "once more is nothing");
    let work = f.accounts.unfinished_work().await.unwrap();
    assert_eq!(work, [(UnfinishedWork::EndSessions, alice.clone(), mark)]);

    f.accounts.forget_login_tokens_of(&alice).await.unwrap();
    let tokens = f.accounts.reader().scan(&LOGIN_TOKENS, Scan::all()).await.unwrap();
    assert_eq!(tokens.into_iter().map(|(_, row)| row.user).collect::<Vec<_>>(), [bob]);
}

#[tokio::test]
async fn whoever_comes_back_finds_their_account_when_the_leaving_is_finished() {
    let f = fixture().await;
    let alice = f.user("alice").await;
    let session = f.refreshable(&alice).await;
    let mark = f.accounts.set_standing(&alice, Standing::Left).await.unwrap().unwrap();
    let early = f.accounts.set_standing(&alice, Standing::Active).await;
    assert!(matches!(early, Err(AccountError::Contended)));
    f.accounts.remove_other_devices(&alice, None).await.unwrap();
    f.accounts.finish_work(UnfinishedWork::EndSessions, &alice, mark).await.unwrap();
    f.accounts.set_standing(&alice, Standing::Active).await.unwrap();
    assert!(f.accounts.devices(f.accounts.reader(), &alice).await.unwrap().is_empty());
    let old = f.accounts.authenticate(&session.tokens.access_token).await;
    assert!(matches!(old, Err(AuthError::Unknown)));
    f.login(&alice, DeviceChoice::default()).await;
}

#[tokio::test]
async fn the_organisation_and_an_administrator_lock_beside_each_other() {
    let f = fixture().await;
    let alice = f.user("alice").await;
    let flags = || async {
        let status = f.accounts.status(f.accounts.reader(), &alice).await.unwrap().unwrap();
        (status.locked, status.suspended)
    };
    f.accounts.set_suspended(&alice, true).await.unwrap();
    f.accounts.set_standing(&alice, Standing::Suspended).await.unwrap();
    f.accounts.set_standing(&alice, Standing::Active).await.unwrap();
    assert_eq!(flags().await, (false, true), "what the administrator said stands");
    f.accounts.set_suspended(&alice, false).await.unwrap();
    f.accounts.set_standing(&alice, Standing::Suspended).await.unwrap();
    assert_eq!(flags().await, (false, true));
    let session = f.login(&alice, DeviceChoice::default()).await;
    assert!(f.accounts.authenticate(&session.tokens.access_token).await.unwrap().is_suspended);
    f.accounts.set_suspended(&alice, false).await.unwrap();
    assert_eq!(flags().await, (false, false), "an administrator who lets somebody act lets them act");

    f.accounts.set_locked(&alice, true).await.unwrap();
    let mark = f.accounts.set_standing(&alice, Standing::Left).await.unwrap().unwrap();
    f.accounts.finish_work(UnfinishedWork::EndSessions, &alice, mark).await.unwrap();
    f.accounts.set_standing(&alice, Standing::Active).await.unwrap();
    assert_eq!(flags().await, (true, false));
    f.accounts.set_standing(&alice, Standing::Left).await.unwrap();
    let [(_, _, mark)] = f.accounts.unfinished_work().await.unwrap().try_into().unwrap();
    f.accounts.finish_work(UnfinishedWork::EndSessions, &alice, mark).await.unwrap();
    f.accounts.set_locked(&alice, false).await.unwrap();
    assert_eq!(flags().await, (false, false), "an administrator who opens an account opens it");
    assert_eq!(f.accounts.standing(&alice).await.unwrap(), Standing::Active);
}

#[tokio::test]
async fn no_organisation_has_a_say_in_accounts_that_are_no_colleagues() {
    let f = fixture().await;
    let root = NewUser {
        localpart: "root".to_owned(),
        password: Some(PASSWORD.to_owned()),
        admin: true,
        display_name: None,
    };
    let root = f.accounts.create_user(root).await.unwrap();
    let refused = f.accounts.set_standing(&root, Standing::Left).await;
    assert!(matches!(refused, Err(AccountError::Administrator)));
    assert!(!f.accounts.status(f.accounts.reader(), &root).await.unwrap().unwrap().locked);
    let visit = NewVisit {
        address: "wang@partner.example".to_owned(),
        name: "Wang".to_owned(),
        room: ruma::owned_room_id!("!r:example.org"),
        until_ms: START_MS + 1_000,
        by: None,
    };
    let visitor = f.accounts.invite_visitor(&visit).await.unwrap().user;
    assert!(matches!(f.accounts.standing(&visitor).await, Err(AccountError::NoColleague)));
    let closed = f.user("closed").await;
    f.accounts.deactivate(&closed, false).await.unwrap();
    assert!(matches!(f.accounts.standing(&closed).await, Err(AccountError::UserDeactivated)));
    let nobody = ruma::owned_user_id!("@nobody:example.org");
    assert!(matches!(f.accounts.standing(&nobody).await, Err(AccountError::UnknownUser)));
}
