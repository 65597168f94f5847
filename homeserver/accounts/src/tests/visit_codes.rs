//! What keeps a link that was passed on from letting in whoever opens it.

use super::{
    Fixture, PASSWORD, fixture,
    visitors::{HOUR_MS, room},
};
use crate::{
    AccountError, VisitCode,
    limits::{
        VISIT_CODE_MS, VISIT_CODE_TRIES_MAX, VISIT_CODES_PER_ADDRESS_MAX, VISIT_CODES_PER_LINK_MAX,
        VISIT_CODES_WITHIN_MS,
    },
};

impl Fixture {
    async fn gives(&self, token: &str) -> VisitCode {
        self.accounts.give_visit_code(token).await.unwrap()
    }

    async fn refuses(&self, token: &str, code: &str) -> AccountError {
        self.accounts.enter_visit(token, code, PASSWORD).await.unwrap_err()
    }
}

/// Another code of the same form.
fn another(code: &str) -> String {
    let number: u64 = code.parse().unwrap();
    format!("{:08}", (number + 1) % 100_000_000)
}

#[tokio::test]
async fn a_link_lets_in_whoever_reads_the_mailbox_and_nobody_else() {
    let f = fixture().await;
    let invited = f.invites("meeting", 2).await;
    let link = &invited.token;
    let visit = f.accounts.visit_of_link(link).await.unwrap().unwrap();
    assert_eq!((visit.masked_address.as_str(), visit.has_code), ("w***@partner.example", false));
    assert!(matches!(f.refuses(link, "00000000").await, AccountError::VisitCodeVoid), "none was sent");
    let given = f.gives(link).await;
    assert_eq!((given.address.as_str(), given.room), ("wang@partner.example", room("meeting")));
    assert!(f.accounts.visit_of_link(link).await.unwrap().unwrap().has_code);
    assert!(matches!(f.refuses(link, &another(&given.code)).await, AccountError::VisitCodeWrong(4)));
    assert!(matches!(f.refuses(link, "").await, AccountError::VisitCodeWrong(3)));
    // A password that is too short takes no try.
    let weak = f.accounts.enter_visit(link, &given.code, "short").await;
    assert!(matches!(weak, Err(AccountError::WeakPassword(_))));
    let entered = f.accounts.enter_visit(link, &given.code, PASSWORD).await.unwrap();
    assert_eq!(entered.user, invited.user);
    f.accounts.end_visit_link(link).await.unwrap();
    assert!(matches!(f.refuses(link, &given.code).await, AccountError::FirstLoginUnknown));
    assert!(matches!(f.accounts.give_visit_code(link).await, Err(AccountError::FirstLoginUnknown)));
}

#[tokio::test]
async fn a_code_opens_its_own_link_for_some_minutes_and_tries() {
    let f = fixture().await;
    let (one, two) = (f.invites("one", 9).await.token, f.invites("two", 9).await.token);
    let (of_one, of_two) = (f.gives(&one).await.code, f.gives(&two).await.code);
    assert!(matches!(f.refuses(&two, &of_one).await, AccountError::VisitCodeWrong(4)));
    // A newer one voids the one before.
    let newer = f.gives(&one).await.code;
    assert!(matches!(f.refuses(&one, &of_one).await, AccountError::VisitCodeWrong(4)));
    for left in (0..VISIT_CODE_TRIES_MAX - 1).rev() {
        assert!(matches!(f.refuses(&one, "0").await, AccountError::VisitCodeWrong(tries) if tries == left));
    }
    assert!(!f.accounts.visit_of_link(&one).await.unwrap().unwrap().has_code);
    assert!(matches!(f.refuses(&one, &newer).await, AccountError::VisitCodeVoid), "all tries are used");
    f.clock.advance(VISIT_CODE_MS);
    assert!(matches!(f.refuses(&two, &of_two).await, AccountError::VisitCodeVoid), "it is too old");
    f.enters(&one, PASSWORD).await.unwrap();
    f.enters(&two, "").await.unwrap();
}

#[tokio::test]
async fn many_guesses_at_once_are_not_more_tries() {
    let f = fixture().await;
    let link = f.invites("meeting", 2).await.token;
    f.gives(&link).await;
    let mut guesses = tokio::task::JoinSet::new();
    for _ in 0..40 {
        let (accounts, link) = (f.accounts.clone(), link.clone());
        guesses.spawn(async move { accounts.enter_visit(&link, "1", PASSWORD).await });
    }
    let answers = guesses.join_all().await;
    let wrong = answers.iter().filter(|answer| matches!(answer, Err(AccountError::VisitCodeWrong(_))));
    assert_eq!(wrong.count(), VISIT_CODE_TRIES_MAX as usize);
    let void = answers.iter().filter(|answer| matches!(answer, Err(AccountError::VisitCodeVoid)));
    assert_eq!(void.count(), 40 - VISIT_CODE_TRIES_MAX as usize);
}

#[tokio::test]
async fn an_address_gets_so_many_codes_an_hour() {
    let f = fixture().await;
    let links =
        [f.invites("one", 9).await.token, f.invites("two", 9).await.token, f.invites("three", 9).await.token];
    for link in &links[..2] {
        for _ in 0..VISIT_CODES_PER_LINK_MAX {
            f.gives(link).await;
        }
        let further = f.accounts.give_visit_code(link).await;
        assert!(matches!(further, Err(AccountError::VisitCodesSpent)));
    }
    assert_eq!(VISIT_CODES_PER_ADDRESS_MAX, 2 * VISIT_CODES_PER_LINK_MAX);
    let further = f.accounts.give_visit_code(&links[2]).await;
    assert!(matches!(further, Err(AccountError::VisitCodesSpent)), "the address has had its number");
    // A new invitation is a new link, and the same address.
    let anew = f.invites("one", 9).await.token;
    assert!(matches!(f.accounts.give_visit_code(&anew).await, Err(AccountError::VisitCodesSpent)));
    f.clock.advance(VISIT_CODES_WITHIN_MS);
    f.gives(&anew).await;
    assert_eq!(VISIT_CODES_WITHIN_MS, HOUR_MS);
}
