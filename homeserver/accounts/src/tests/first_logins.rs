use ruma::{OwnedUserId, owned_user_id};

use super::{Fixture, PASSWORD, fixture};
use crate::{AccountError, AccountSettings, DeviceChoice, ExternalId, LoginName, NewUser};

const HOUR_MS: u64 = 60 * 60 * 1_000;
const LIFE_MS: u64 = 72 * HOUR_MS;

fn zhangsan() -> OwnedUserId {
    owned_user_id!("@zhangsan:example.org")
}

impl Fixture {
    async fn link(&self, user: &OwnedUserId) -> String {
        self.accounts.give_first_login(user, Some("张三"), LIFE_MS).await.unwrap().token
    }

    async fn opens(&self, token: &str) -> bool {
        self.accounts.user_of_first_login(token).await.unwrap().is_some()
    }
}

#[tokio::test]
async fn a_link_makes_the_account_and_lets_its_person_in_once() {
    let f = fixture().await;
    let token = f.link(&zhangsan()).await;
    let profile = f.accounts.profile(f.accounts.reader(), &zhangsan()).await.unwrap().unwrap();
    assert_eq!(profile.displayname.as_deref(), Some("张三"));
    assert_eq!(f.accounts.user_of_first_login(&token).await.unwrap(), Some(zhangsan()));
    let weak = f.accounts.finish_first_login(&token, "short").await;
    assert!(matches!(weak, Err(AccountError::WeakPassword(_))));
    assert_eq!(f.accounts.finish_first_login(&token, PASSWORD).await.unwrap(), zhangsan());
    let name = LoginName::User("zhangsan".to_owned());
    f.accounts.login_with_password(&name, PASSWORD, &DeviceChoice::default()).await.unwrap();
    let again = f.accounts.finish_first_login(&token, "another horse").await;
    assert!(matches!(again, Err(AccountError::FirstLoginUnknown)));
    let another = f.accounts.give_first_login(&zhangsan(), None, LIFE_MS).await;
    assert!(matches!(another, Err(AccountError::FirstLoginPast)), "nobody else sets the password again");
}

#[tokio::test]
async fn a_newer_link_voids_the_older_one_and_none_works_for_ever() {
    let f = fixture().await;
    let first = f.link(&zhangsan()).await;
    let second = f.link(&zhangsan()).await;
    assert_eq!((f.opens(&first).await, f.opens(&second).await), (false, true));
    f.clock.advance(LIFE_MS - 1);
    assert!(f.opens(&second).await);
    f.clock.advance(1);
    let late = f.accounts.finish_first_login(&second, PASSWORD).await;
    assert!(matches!(late, Err(AccountError::FirstLoginUnknown)));
    assert_eq!(f.accounts.first_login_of(&zhangsan()).await.unwrap(), None);
    assert_eq!(f.accounts.forget_first_logins().await.unwrap(), 1);
    assert_eq!(f.accounts.forget_first_logins().await.unwrap(), 0);
}

#[tokio::test]
async fn whatever_closes_the_account_voids_the_link_for_good() {
    let f = fixture().await;
    let locked = f.link(&zhangsan()).await;
    f.accounts.set_locked(&zhangsan(), true).await.unwrap();
    f.accounts.set_locked(&zhangsan(), false).await.unwrap();
    assert!(!f.opens(&locked).await);
    let ended = f.link(&zhangsan()).await;
    f.accounts.end_first_login(&zhangsan()).await.unwrap();
    assert!(!f.opens(&ended).await);
    let given = f.link(&zhangsan()).await;
    f.accounts.set_password(&zhangsan(), PASSWORD).await.unwrap();
    assert!(!f.opens(&given).await, "an operator set a password meanwhile");
    let closed = owned_user_id!("@lisi:example.org");
    let link = f.link(&closed).await;
    f.accounts.deactivate(&closed, false).await.unwrap();
    assert!(!f.opens(&link).await);
    let given = f.accounts.give_first_login(&closed, None, LIFE_MS).await;
    assert!(matches!(given, Err(AccountError::UserDeactivated)));
}

#[tokio::test]
async fn no_link_is_given_for_an_account_that_is_somebodys() {
    let f = fixture().await;
    let alice = f.user("alice").await;
    let root = NewUser { localpart: "root".to_owned(), password: None, admin: true, display_name: None };
    let root = f.accounts.create_user(root).await.unwrap();
    let guest = f.accounts.register_guest(DeviceChoice::default()).await.unwrap().user;
    let empty = |localpart: &str| NewUser {
        localpart: localpart.to_owned(),
        password: None,
        admin: false,
        display_name: None,
    };
    let linked = f.accounts.create_user(empty("linked")).await.unwrap();
    let id = ExternalId { provider: "corp".to_owned(), subject: "7".to_owned() };
    f.accounts.link_external_id(&linked, &id).await.unwrap();
    let device = f.accounts.create_user(empty("device")).await.unwrap();
    f.accounts.login_for_service(&device, &DeviceChoice::default()).await.unwrap();
    for user in [alice, root, guest, linked, device] {
        let given = f.accounts.give_first_login(&user, None, LIFE_MS).await;
        assert!(matches!(given, Err(AccountError::FirstLoginPast)), "{user}");
        assert!(f.accounts.first_login_of(&user).await.is_err(), "{user}");
    }
    let empty = f.accounts.create_user(empty("empty")).await.unwrap();
    assert!(f.accounts.give_first_login(&empty, None, LIFE_MS).await.is_ok(), "the operator made it in vain");
}

#[tokio::test]
async fn names_that_are_kept_and_servers_without_passwords_have_no_first_login() {
    let settings = AccountSettings { reserved_localparts: vec!["boss".to_owned()], ..super::open_settings() };
    let f = super::fixture_with(settings).await;
    for kept in [owned_user_id!("@boss:example.org"), owned_user_id!("@_irc_x:example.org")] {
        let given = f.accounts.give_first_login(&kept, None, LIFE_MS).await;
        assert!(matches!(given, Err(AccountError::Exclusive)), "{kept}");
    }
    let f = super::fixture_with(AccountSettings { password_login: false, ..super::open_settings() }).await;
    let given = f.accounts.give_first_login(&zhangsan(), None, LIFE_MS).await;
    assert!(matches!(given, Err(AccountError::LoginUnsupported)));
}
