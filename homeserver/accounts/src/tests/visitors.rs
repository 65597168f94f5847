use ruma::{OwnedRoomId, OwnedUserId, owned_room_id};

use super::{Fixture, PASSWORD, START_MS, fixture};
use crate::{
    AccountError, AuthError, Closed, DeviceChoice, InvitedVisitor, LoginName, NewVisit, Visit,
    limits::VISITS_DUE_PER_PAGE,
};

pub(super) const HOUR_MS: u64 = 60 * 60 * 1_000;
const ADDRESS: &str = "wang@partner.example";

pub(super) fn room(name: &str) -> OwnedRoomId {
    OwnedRoomId::try_from(format!("!{name}:example.org")).unwrap()
}

impl Fixture {
    pub(super) async fn invites(&self, room_name: &str, hours: u64) -> InvitedVisitor {
        let visit = NewVisit {
            address: ADDRESS.to_uppercase(),
            name: "王\u{7} （外部）".to_owned(),
            room: room(room_name),
            until_ms: START_MS + hours * HOUR_MS,
            by: None,
        };
        self.accounts.invite_visitor(&visit).await.unwrap()
    }

    /// Asks for a code and enters it; the room lets them in.
    pub(super) async fn enters(&self, token: &str, password: &str) -> Result<Visit, AccountError> {
        let code = self.accounts.give_visit_code(token).await?.code;
        let visit = self.accounts.enter_visit(token, &code, password).await?;
        self.accounts.end_visit_link(token).await?;
        Ok(visit)
    }

    /// Closes what is due, and what is left to do about each.
    async fn closes(&self) -> Vec<(OwnedRoomId, Closed)> {
        let mut closed = Vec::new();
        for due in self.accounts.due_visits(None).await.unwrap() {
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
    let weak = f.enters(&token, "short").await;
    assert!(matches!(weak, Err(AccountError::WeakPassword(_))));
    f.enters(&token, PASSWORD).await.unwrap();
    let again = f.enters(&token, PASSWORD).await;
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
    f.enters(&first.token, PASSWORD).await.unwrap();
    let visit = f.accounts.visit_of_link(&second.token).await.unwrap().unwrap();
    assert!(visit.has_password, "the second link asks for none");
    f.enters(&second.token, "").await.unwrap();
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
    f.enters(&first.token, PASSWORD).await.unwrap();
    f.clock.advance(HOUR_MS);
    f.closes().await;
    let second = f.invites("two", 3).await;
    assert_eq!(first.user, second.user);
    let visit = f.accounts.visit_of_link(&second.token).await.unwrap().unwrap();
    assert!(!visit.has_password);
    f.enters(&second.token, "another horse").await.unwrap();
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
        until_ms: START_MS + 99 * HOUR_MS,
        by: None,
    };
    let asked = f.accounts.invite_visitor(&visit).await;
    assert!(matches!(asked, Err(AccountError::UserLocked)));
    // The end of their visit takes nothing back of it.
    f.clock.advance(9 * HOUR_MS);
    assert_eq!(f.closes().await, [(room("one"), Closed::Account)]);
    let asked = f.accounts.invite_visitor(&visit).await;
    assert!(matches!(asked, Err(AccountError::UserLocked)));
    // Nor is it too late for it once the visit is over.
    f.accounts.set_locked(&first.user, false).await.unwrap();
    let again =
        f.accounts.invite_visitor(&NewVisit { until_ms: START_MS + 10 * HOUR_MS, ..visit.clone() }).await;
    assert_eq!(again.unwrap().user, first.user);
    f.clock.advance(HOUR_MS);
    assert_eq!(f.closes().await, [(room("two"), Closed::Account)]);
    f.accounts.set_locked(&first.user, true).await.unwrap();
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

#[tokio::test]
async fn visits_end_with_whoever_asked_for_them() {
    let f = fixture().await;
    let (li, zhao) = (f.user("li").await, f.user("zhao").await);
    let visit = |name: &str, by: &OwnedUserId| NewVisit {
        address: ADDRESS.to_owned(),
        name: "王".to_owned(),
        room: room(name),
        until_ms: START_MS + HOUR_MS,
        by: Some(by.clone()),
    };
    for name in ["one", "two"] {
        f.accounts.invite_visitor(&visit(name, &li)).await.unwrap();
    }
    let taken_over = f.accounts.invite_visitor(&visit("two", &zhao)).await.unwrap();
    for _ in 0..2 {
        f.accounts.end_visits_of(&li).await.unwrap();
        assert_eq!(f.accounts.rooms_of_visitor(&taken_over.user).await.unwrap(), [room("two")].into());
    }
    assert_eq!(f.closes().await, [(room("one"), Closed::Room)]);
    f.accounts.end_visits_of(&zhao).await.unwrap();
    assert_eq!(f.closes().await, [(room("two"), Closed::Account)]);
    f.accounts.end_visits_of(&zhao).await.unwrap();
    assert!(f.closes().await.is_empty());
}

#[tokio::test]
async fn a_visit_that_cannot_be_ended_hides_no_other() {
    let f = fixture().await;
    for number in 0..=VISITS_DUE_PER_PAGE {
        let visit = NewVisit {
            address: format!("{number}@partner.example"),
            name: "王".to_owned(),
            room: room("meeting"),
            until_ms: START_MS + HOUR_MS,
            by: None,
        };
        f.accounts.invite_visitor(&visit).await.unwrap();
    }
    f.clock.advance(HOUR_MS);
    // None of the first page is struck off.
    let first = f.accounts.due_visits(None).await.unwrap();
    assert_eq!(first.len(), VISITS_DUE_PER_PAGE);
    let second = f.accounts.due_visits(first.last()).await.unwrap();
    assert_eq!(second.len(), 1);
    assert!(!first.contains(&second[0]));
    assert!(f.accounts.due_visits(second.last()).await.unwrap().is_empty());
}

#[tokio::test]
async fn whoever_is_asked_again_while_their_account_is_being_closed_does_not_lose_it() {
    let f = fixture().await;
    f.invites("one", 1).await;
    f.clock.advance(HOUR_MS);
    let due = f.accounts.due_visits(None).await.unwrap().remove(0);
    assert_eq!(f.accounts.close_visit(&due).await.unwrap(), Closed::Account);
    let again = f.invites("two", 3).await;
    // What is repeated after a crash is about the room alone.
    assert_eq!(f.accounts.close_visit(&due).await.unwrap(), Closed::Room);
    f.enters(&again.token, PASSWORD).await.unwrap();
    assert!(f.accounts.is_password(&again.user, PASSWORD).await.unwrap());
}

#[tokio::test]
async fn a_link_works_until_its_visitor_is_in_the_room() {
    let f = fixture().await;
    let invited = f.invites("meeting", 2).await;
    let code = f.accounts.give_visit_code(&invited.token).await.unwrap().code;
    f.accounts.enter_visit(&invited.token, &code, PASSWORD).await.unwrap();
    // The room could not be joined: the same again.
    let visit = f.accounts.enter_visit(&invited.token, &code, "").await.unwrap();
    assert!(visit.has_password && f.accounts.is_password(&invited.user, PASSWORD).await.unwrap());
    for _ in 0..2 {
        f.accounts.end_visit_link(&invited.token).await.unwrap();
        let again = f.accounts.enter_visit(&invited.token, &code, "").await;
        assert!(matches!(again, Err(AccountError::FirstLoginUnknown)));
    }
    assert_eq!(f.accounts.rooms_of_visitor(&invited.user).await.unwrap(), [room("meeting")].into());
}
