//! The app's token: fetched once for all who ask at the same time, renewed before it dies, thrown away when the
//! platform does not take it any more.

use std::{future::Future, sync::Arc, time::Duration};

use tokio::{sync::Mutex, time::Instant};
use zeroize::Zeroizing;

use super::error::CallError;
use crate::limits::{TOKEN_PAUSE, TOKEN_RENEWED_BELOW};

/// A token and how long it is good.
#[derive(Clone)]
pub struct Token {
    /// The text that goes into the header.
    pub value: Arc<Zeroizing<String>>,
    renewed_at: Instant,
    dead_at: Instant,
}

impl Token {
    /// A token that lives for `life` from `now` on.
    pub fn new(value: String, life: Duration, now: Instant) -> Self {
        // Below half an hour a new one would be given each time: a shorter life is used up to its half.
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
    /// The present token. `stale` is one that the platform has just refused: while it is still the present one,
    /// another is fetched.
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
                held.refused = Some((Instant::now(), error.clone()));
                living.ok_or(error)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};

    use super::*;

    struct Platform {
        fetched: AtomicU32,
        life: Duration,
    }

    impl Platform {
        fn new(life_seconds: u64) -> Self {
            Self { fetched: AtomicU32::new(0), life: Duration::from_secs(life_seconds) }
        }

        async fn fetch(&self) -> Result<Token, CallError> {
            let number = self.fetched.fetch_add(1, Ordering::SeqCst) + 1;
            tokio::time::sleep(Duration::from_millis(50)).await;
            Ok(Token::new(format!("t-{number}"), self.life, Instant::now()))
        }
    }

    #[tokio::test(start_paused = true)]
    async fn many_askers_fetch_once() {
        let (tokens, platform) = (Tokens::default(), Platform::new(7200));
        let asks = (0..20).map(|_| tokens.get(None, || platform.fetch()));
        let all = futures_util::future::join_all(asks).await;
        assert!(all.iter().all(|token| token.as_ref().is_ok_and(|token| token.value.as_str() == "t-1")));
        assert_eq!(platform.fetched.load(Ordering::SeqCst), 1);
    }

    #[tokio::test(start_paused = true)]
    async fn a_token_is_renewed_when_half_an_hour_is_left() {
        let (tokens, platform) = (Tokens::default(), Platform::new(7200));
        tokens.get(None, || platform.fetch()).await.expect("a token");
        tokio::time::advance(Duration::from_secs(5399)).await;
        assert_eq!(tokens.get(None, || platform.fetch()).await.expect("a token").value.as_str(), "t-1");
        tokio::time::advance(Duration::from_secs(2)).await;
        assert_eq!(tokens.get(None, || platform.fetch()).await.expect("a token").value.as_str(), "t-2");
    }

    #[tokio::test(start_paused = true)]
    async fn a_refused_token_is_replaced_once_for_all_who_saw_it_refused() {
        let (tokens, platform) = (Tokens::default(), Platform::new(7200));
        let stale = tokens.get(None, || platform.fetch()).await.expect("a token");
        let asks = (0..5).map(|_| tokens.get(Some(&stale), || platform.fetch()));
        for token in futures_util::future::join_all(asks).await {
            assert_eq!(token.expect("a token").value.as_str(), "t-2");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_failed_renewal_leaves_the_living_token_and_is_not_repeated_at_once() {
        let (tokens, platform) = (Tokens::default(), Platform::new(7200));
        let failed = AtomicU32::new(0);
        let fail = || async {
            failed.fetch_add(1, Ordering::SeqCst);
            Err(CallError::Unreachable("down".to_owned()))
        };
        assert!(tokens.get(None, fail).await.is_err());
        assert!(tokens.get(None, fail).await.is_err());
        assert_eq!(failed.load(Ordering::SeqCst), 1);
        tokio::time::advance(TOKEN_PAUSE).await;
        tokens.get(None, || platform.fetch()).await.expect("a token");
        tokio::time::advance(Duration::from_secs(6000)).await;
        assert_eq!(tokens.get(None, fail).await.expect("the living one").value.as_str(), "t-1");
        tokio::time::advance(Duration::from_secs(1300)).await;
        assert!(tokens.get(None, fail).await.is_err());
    }
}
