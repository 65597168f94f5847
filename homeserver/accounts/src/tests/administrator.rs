use crate::AccountError;

use super::{PASSWORD, fixture};

#[tokio::test]
async fn the_link_makes_one_administrator_and_a_refused_name_does_not_cost_it() {
    let f = fixture().await;
    let former = f.accounts.issue_administrator_token().await.unwrap().unwrap();
    let token = f.accounts.issue_administrator_token().await.unwrap().unwrap();
    assert!(!f.accounts.is_administrator_token(&former).await.unwrap());
    let refused = f.accounts.create_administrator(&token, "not a name", PASSWORD).await;
    assert!(matches!(refused, Err(AccountError::InvalidUsername)));
    let boss = f.accounts.create_administrator(&token, "boss", PASSWORD).await.unwrap();
    assert!(f.accounts.is_admin(f.accounts.reader(), &boss).await.unwrap());
    let again = f.accounts.create_administrator(&token, "second", PASSWORD).await;
    assert!(matches!(again, Err(AccountError::InvalidAdministratorToken)));
    assert!(f.accounts.issue_administrator_token().await.unwrap().is_none());
}

#[tokio::test]
async fn accounts_are_listed_in_pages() {
    let f = fixture().await;
    for name in ["a", "b", "c"] {
        f.user(name).await;
    }
    let first = f.accounts.users(None, 2).await.unwrap();
    assert_eq!(first.iter().map(|line| line.user.localpart()).collect::<Vec<_>>(), ["a", "b"]);
    let second = f.accounts.users(Some(&first[1].user), 2).await.unwrap();
    assert_eq!(second.iter().map(|line| line.user.localpart()).collect::<Vec<_>>(), ["c"]);
}
