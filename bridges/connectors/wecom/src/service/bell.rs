//! Of which accounts something is to be fetched, and by which token. Forgotten with the process: at its start everything is fetched.

use std::{
    collections::BTreeMap,
    sync::atomic::{AtomicBool, Ordering},
};

use parking_lot::Mutex;
use tokio::{sync::Notify, time::Instant};

use super::limits::{ACCOUNTS_MAX, TOKEN_LIFE};

/// The token of an event, and when it came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Token {
    /// By what the platform lets something be fetched without haste.
    pub value: String,
    at: Instant,
}

/// Rings when something is to be fetched.
#[derive(Default)]
pub struct Bell {
    due: Mutex<BTreeMap<String, Option<Token>>>,
    has_other_accounts: AtomicBool,
    news: Notify,
}

impl Bell {
    /// Something is to be fetched of an account; without the token of an event the platform lets it be fetched seldom.
    pub fn ring(&self, account: &str, token: Option<&str>) {
        let at = Instant::now();
        self.ring_by(account, token.map(|value| Token { value: value.to_owned(), at }));
    }

    /// The same once more, by a token that may have come some time ago.
    pub(super) fn ring_by(&self, account: &str, token: Option<Token>) {
        let mut due = self.due.lock();
        if !due.contains_key(account) && due.len() >= ACCOUNTS_MAX {
            tracing::warn!(
                account,
                "too many accounts of customer service wait to be read; it is read with the next look"
            );
            return;
        }
        let known = due.entry(account.to_owned()).or_default();
        let is_younger = |token: &Token| known.as_ref().is_none_or(|known| known.at <= token.at);
        if let Some(token) = token.filter(is_younger) {
            *known = Some(token);
        }
        drop(due);
        self.news.notify_one();
    }

    /// There are other accounts than before.
    pub fn ring_for_all(&self) {
        self.has_other_accounts.store(true, Ordering::Relaxed);
        self.news.notify_one();
    }

    /// Waits until it was rung since somebody last waited. Safe to drop.
    pub(super) async fn rung(&self) {
        self.news.notified().await;
    }

    /// Whether there were other accounts since this was last asked.
    pub(super) fn take_other_accounts(&self) -> bool {
        self.has_other_accounts.swap(false, Ordering::Relaxed)
    }

    /// What is to be fetched, with tokens that are still good.
    pub(super) fn take(&self) -> Vec<(String, Option<Token>)> {
        let due = std::mem::take(&mut *self.due.lock());
        let is_good = |token: &Token| token.at.elapsed() < TOKEN_LIFE;
        due.into_iter().map(|(account, token)| (account, token.filter(is_good))).collect()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn an_account_is_due_once_by_its_youngest_token_as_long_as_that_is_good() {
        let bell = Bell::default();
        for (account, token) in [("wkA", Some("old")), ("wkA", Some("new")), ("wkA", None), ("wkB", None)] {
            bell.ring(account, token);
        }
        bell.rung().await;
        let due = |account: &str, token: Option<&str>| (account.to_owned(), token.map(str::to_owned));
        let taken = || -> Vec<(String, Option<String>)> {
            bell.take()
                .into_iter()
                .map(|(account, token)| (account, token.map(|token| token.value)))
                .collect()
        };
        assert_eq!(taken(), [due("wkA", Some("new")), due("wkB", None)]);
        assert_eq!(taken(), []);
        bell.ring("wkA", Some("old"));
        tokio::time::advance(TOKEN_LIFE / 2).await;
        let (_, half_old) = bell.take().remove(0);
        bell.ring_by("wkA", half_old);
        tokio::time::advance(TOKEN_LIFE / 2 + Duration::from_secs(1)).await;
        assert_eq!(taken(), [due("wkA", None)], "it is as old as it is, however often it is handed on");
        bell.ring_for_all();
        assert_eq!((bell.take_other_accounts(), bell.take_other_accounts()), (true, false));
    }

    #[tokio::test]
    async fn no_more_accounts_wait_than_may() {
        let bell = Bell::default();
        for number in 0..=ACCOUNTS_MAX {
            bell.ring(&format!("wk{number}"), None);
        }
        assert_eq!(bell.take().len(), ACCOUNTS_MAX);
    }
}
