//! The app's token: fetched once for all who ask at the same time, renewed before it dies, thrown away when the platform does
//! not take it any more. A failure is never kept as a token.

use std::{sync::Arc, time::Duration};

use tokio::{sync::Mutex, time::Instant};
use zeroize::Zeroizing;

use super::error::CallError;
use crate::limits::{TOKEN_LIFE_DEFAULT, TOKEN_LIFE_MAX, TOKEN_PAUSE, TOKEN_RENEWED_BELOW};

/// A token and how long it is good.
#[derive(Clone)]
pub struct Token {
    /// The text that goes into the header or the query.
    pub value: Arc<Zeroizing<String>>,
    renewed_at: Instant,
    dead_at: Instant,
}

impl Token {
    /// A token that lives for so many seconds from `now` on; a life of nothing is taken for a minute, or it would be
    /// fetched in a circle.
    pub fn new(value: String, life_seconds: Option<u64>, now: Instant) -> Self {
        let life = life_seconds.filter(|life| *life > 0).map_or(TOKEN_LIFE_DEFAULT, Duration::from_secs);
        let life = life.min(TOKEN_LIFE_MAX);
        let used = life.saturating_sub(TOKEN_RENEWED_BELOW).max(life / 2);
        Self { value: Arc::new(Zeroizing::new(value)), renewed_at: now + used, dead_at: now + life }
    }
}

/// The one place where the token is.
#[derive(Default)]
pub struct Tokens(Mutex<Held>);

#[derive(Default)]
struct Held {
    token: Option<Token>,
    refused: Option<(Instant, CallError)>,
}

impl Tokens {
    /// The present token. `stale` is one that the platform has just refused: while it is still the present one, another is
    /// fetched.
    ///
    /// # Errors
    /// What `fetch` said, now or within the last [`TOKEN_PAUSE`], while no living token is left.
    pub async fn get<F>(&self, stale: Option<&Token>, fetch: impl FnOnce() -> F) -> Result<Token, CallError>
    where
        F: Future<Output = Result<Token, CallError>>,
    {
        // Held over the request on purpose: whoever comes meanwhile wants the very same answer.
        let mut held = self.0.lock().await;
        let now = Instant::now();
        let is_stale = |token: &Token| stale.is_some_and(|stale| Arc::ptr_eq(&stale.value, &token.value));
        if held.token.as_ref().is_some_and(is_stale) {
            held.token = None;
        }
        if let Some(token) = held.token.as_ref().filter(|token| now < token.renewed_at) {
            return Ok(token.clone());
        }
        let living = held.token.clone().filter(|token| now < token.dead_at);
        if let Some((at, error)) = &held.refused
            && now < *at + TOKEN_PAUSE
        {
            return living.ok_or_else(|| error.clone());
        }
        match fetch().await {
            Ok(token) => {
                *held = Held { token: Some(token.clone()), refused: None };
                Ok(token)
            }
            Err(error) => {
                held.refused = Some((now, error.clone()));
                living.ok_or(error)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};

    use super::*;
    use crate::client::error::Meaning;

    async fn fetched(count: &AtomicU32, life: Option<u64>) -> Result<Token, CallError> {
        let number = count.fetch_add(1, Ordering::SeqCst);
        tokio::time::sleep(Duration::from_millis(10)).await;
        Ok(Token::new(format!("t{number}"), life, Instant::now()))
    }

    #[tokio::test(start_paused = true)]
    async fn many_who_ask_at_once_cause_one_request() {
        let (tokens, count) = (Tokens::default(), AtomicU32::new(0));
        let (one, other) = tokio::join!(
            tokens.get(None, || fetched(&count, Some(7200))),
            tokens.get(None, || fetched(&count, Some(7200)))
        );
        let (one, other) = (one.expect("a token"), other.expect("a token"));
        assert_eq!((one.value.as_str(), count.load(Ordering::SeqCst)), (other.value.as_str(), 1));
        let (again, both) = tokio::join!(
            tokens.get(Some(&one), || fetched(&count, Some(7200))),
            tokens.get(Some(&other), || fetched(&count, Some(7200)))
        );
        assert_eq!(again.expect("a token").value.as_str(), "t1");
        assert_eq!((both.expect("a token").value.as_str(), count.load(Ordering::SeqCst)), ("t1", 2));
    }

    #[tokio::test(start_paused = true)]
    async fn a_life_of_nothing_is_no_circle_and_a_token_is_renewed_in_time() {
        let (tokens, count) = (Tokens::default(), AtomicU32::new(0));
        for life in [Some(0), None] {
            let token = Token::new("t".into(), life, Instant::now());
            assert_eq!(token.dead_at - Instant::now(), TOKEN_LIFE_DEFAULT, "{life:?}");
        }
        tokens.get(None, || fetched(&count, Some(7200))).await.expect("a token");
        tokio::time::advance(Duration::from_secs(6800)).await;
        tokens.get(None, || fetched(&count, Some(7200))).await.expect("a token");
        assert_eq!(count.load(Ordering::SeqCst), 1);
        tokio::time::advance(Duration::from_secs(150)).await;
        tokens.get(None, || fetched(&count, Some(7200))).await.expect("a token");
        assert_eq!(count.load(Ordering::SeqCst), 2);
    }

    #[tokio::test(start_paused = true)]
    async fn a_failure_is_told_and_not_kept_as_a_token() {
        let (tokens, count) = (Tokens::default(), AtomicU32::new(0));
        let refusal = || CallError::ours(Meaning::SetUp, "wrong secret");
        for _ in 0..2 {
            let error = tokens.get(None, || async { Err(refusal()) }).await.err().expect("no token");
            assert_eq!(error.meaning, Meaning::SetUp);
        }
        assert!(tokens.get(None, || fetched(&count, None)).await.is_err(), "not so soon");
        tokio::time::advance(TOKEN_PAUSE).await;
        assert!(tokens.get(None, || fetched(&count, None)).await.is_ok());
    }
}
