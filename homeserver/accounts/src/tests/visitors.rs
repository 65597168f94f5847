use ruma::{OwnedRoomId, owned_room_id};

use super::{Fixture, PASSWORD, START_MS, fixture};
use crate::{AccountError, AuthError, Closed, DeviceChoice, InvitedVisitor, LoginName, NewVisit};

const HOUR_MS: u64 = 60 * 60 * 1_000;
const ADDRESS: &str = "wang@partner.example";

fn room(name: &str) -> OwnedRoomId {
    OwnedRoomId::try_from(format!("!{name}:example.org")).unwrap()
}

impl Fixture {
    async fn invites(&self, room_name: &str, hours: u64) -> InvitedVisitor {
        let visit = NewVisit {
            address: ADDRESS.to_uppercase(),
            name: "王\u{7} （外部）".to_owned(),
            room: room(room_name),
            until_ms: START_MS + hours * HOUR_MS,
        };
        self.accounts.invite_visitor(&visit).await.unwrap()
    }

    /// Closes what is due, and what is left to do about each.
    async fn closes(&self) -> Vec<(OwnedRoomId, Closed)> {
        let mut closed = Vec::new();
        for due in self.accounts.due_visits().await.unwrap() {
            let left = self.accounts.close_visit(&due).await.unwrap();
            assert_eq!(self.accounts.close_visit(&due).await.unwrap(), left, "a crash repeats it");
            self.accounts.strike_visit(&due).await.unwrap();
            closed.push((due.room, left));
        }
        closed
    }
}

#[tokio::test]
async fn a_visitor_comes_in_by_a_link_once_and_goes_when_the_time_is_over() {
    let f = fixture().await;
    let InvitedVisitor { user, token } = f.invites("meeting", 2).await;
    let profile = f.accounts.profile(f.accounts.reader(), &user).await.unwrap().unwrap();
    assert_eq!(profile.displayname.as_deref(), Some("王（外部）"));
    let visit = f.accounts.visit_of_link(&token).await.unwrap().unwrap();
    assert_eq!((visit.user.clone(), visit.room, visit.has_password), (user.clone(), room("meeting"), false));
    let weak = f.accounts.enter_visit(&token, "short").await;
    assert!(matches!(weak, Err(AccountError::WeakPassword(_))));
    f.accounts.enter_visit(&token, PASSWORD).await.unwrap();
    let again = f.accounts.enter_visit(&token, PASSWORD).await;
    assert!(matches!(again, Err(AccountError::FirstLoginUnknown)));
    let name = LoginName::User(user.to_string());
    let session = f.accounts.login_with_password(&name, PASSWORD, &DeviceChoice::default()).await.unwrap();
    let seen = f.accounts.authenticate(&session.tokens.access_token).await.unwrap();
    assert!(seen.is_visitor && !seen.is_guest);
    assert_eq!(f.accounts.rooms_of_visitor(&user).await.unwrap(), [room("meeting")].into());
    assert!(f.closes().await.is_empty());
    f.clock.advance(2 * HOUR_MS);
    assert!(f.accounts.rooms_of_visitor(&user).await.unwrap().is_empty());
    assert_eq!(f.closes().await, [(room("meeting"), Closed::Account)]);
    assert!(f.closes().await.is_empty());
    let seen = f.accounts.authenticate(&session.tokens.access_token).await;
    assert!(matches!(seen, Err(AuthError::Locked)));
}

#[tokio::test]
async fn one_address_is_one_account_with_the_latest_of_its_ends() {
    let f = fixture().await;
    let first = f.invites("one", 1).await;
    let second = f.invites("two", 3).await;
    assert_eq!(first.user, second.user);
    f.accounts.enter_visit(&first.token, PASSWORD).await.unwrap();
    let visit = f.accounts.visit_of_link(&second.token).await.unwrap().unwrap();
    assert!(visit.has_password, "the second link asks for none");
    f.accounts.enter_visit(&second.token, "").await.unwrap();
    assert!(f.accounts.is_password(&first.user, PASSWORD).await.unwrap());
    f.clock.advance(HOUR_MS);
    assert_eq!(f.closes().await, [(room("one"), Closed::Room)]);
    assert_eq!(f.accounts.rooms_of_visitor(&first.user).await.unwrap(), [room("two")].into());
    // The meeting is moved: what was due is not.
    let moved = f.invites("two", 5).await;
    assert!(f.accounts.visit_of_link(&second.token).await.unwrap().is_none());
    assert!(f.accounts.visit_of_link(&moved.token).await.unwrap().is_some());
    f.clock.advance(2 * HOUR_MS);
    assert!(f.closes().await.is_empty());
    assert!(f.accounts.end_visit(ADDRESS, &room("two")).await.unwrap());
    assert!(!f.accounts.end_visit(ADDRESS, &owned_room_id!("!never:example.org")).await.unwrap());
    assert!(f.accounts.visit_of_link(&moved.token).await.unwrap().is_none(), "the meeting was called off");
    assert_eq!(f.closes().await, [(room("two"), Closed::Account)]);
}

#[tokio::test]
async fn who_is_asked_again_comes_back_with_a_new_password() {
    let f = fixture().await;
    let first = f.invites("one", 1).await;
    f.accounts.enter_visit(&first.token, PASSWORD).await.unwrap();
    f.clock.advance(HOUR_MS);
    f.closes().await;
    let second = f.invites("two", 3).await;
    assert_eq!(first.user, second.user);
    let visit = f.accounts.visit_of_link(&second.token).await.unwrap().unwrap();
    assert!(!visit.has_password);
    f.accounts.enter_visit(&second.token, "another horse").await.unwrap();
    let name = LoginName::User(first.user.to_string());
    f.accounts.login_with_password(&name, "another horse", &DeviceChoice::default()).await.unwrap();
}

#[tokio::test]
async fn what_an_administrator_closed_no_invitation_opens() {
    let f = fixture().await;
    let first = f.invites("one", 9).await;
    f.accounts.set_locked(&first.user, true).await.unwrap();
    assert!(f.accounts.visit_of_link(&first.token).await.unwrap().is_none());
    let visit = NewVisit {
        address: ADDRESS.to_owned(),
        name: "王".to_owned(),
        room: room("two"),
        until_ms: START_MS + HOUR_MS,
    };
    let asked = f.accounts.invite_visitor(&visit).await;
    assert!(matches!(asked, Err(AccountError::UserLocked)));
    let given = f.accounts.give_first_login(&first.user, None, HOUR_MS).await;
    assert!(given.is_err(), "a visitor is nobody of the organisation");
    for wrong in [
        NewVisit { address: "nobody".to_owned(), ..visit.clone() },
        NewVisit { name: "（外部）".to_owned(), ..visit.clone() },
        NewVisit { until_ms: START_MS, ..visit },
    ] {
        let asked = f.accounts.invite_visitor(&wrong).await;
        assert!(matches!(asked, Err(AccountError::InvalidParameter(_))), "{wrong:?}");
    }
}
