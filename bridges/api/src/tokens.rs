//! The token by which a platform knows an app: fetched once for all who ask at the same time, renewed before it dies, thrown away
//! when the platform does not take it any more. A failure is told and never kept as a token.

use std::{fmt, sync::Arc, time::Duration};

use tokio::{sync::Mutex, time::Instant};

use crate::Secret;

/// How a platform's tokens are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TokenRules {
    /// A token is renewed when it lives no longer than this, or when its half is over where its whole life is not twice as long.
    pub renewed_below: Duration,
    /// The life of a token whose answer names none, or nothing: it would be fetched in a circle otherwise.
    pub life_unknown: Duration,
    /// The longest life that is believed.
    pub life_max: Duration,
    /// After a refusal nobody asks for another one for this long.
    pub pause: Duration,
}

/// A token as the platform gave it.
#[derive(Clone)]
pub struct IssuedToken {
    /// The text.
    pub value: String,
    /// How long it is good from the request on, if the platform said so.
    pub life: Option<Duration>,
}

/// A token and how long it is good.
#[derive(Clone)]
pub struct Token {
    value: Arc<Secret>,
    renewed_at: Instant,
    dead_at: Instant,
}

impl Token {
    fn new(issued: IssuedToken, asked_at: Instant, rules: &TokenRules) -> Self {
        let life = issued.life.filter(|life| !life.is_zero()).unwrap_or(rules.life_unknown);
        let life = life.min(rules.life_max);
        let used = life.saturating_sub(rules.renewed_below).max(life / 2);
        Self {
            value: Arc::new(Secret::new(issued.value)),
            renewed_at: asked_at + used,
            dead_at: asked_at + life,
        }
    }

    /// The text that goes into a request.
    pub fn expose(&self) -> &str {
        self.value.expose()
    }

    fn is(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.value, &other.value)
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        to.write_str("Token(…)")
    }
}

/// The one place where an app's token is. `E` is why there is none.
pub struct Tokens<E> {
    rules: TokenRules,
    held: Mutex<Held<E>>,
}

struct Held<E> {
    token: Option<Token>,
    refused: Option<(Instant, E)>,
}

impl<E: Clone> Tokens<E> {
    /// No token yet.
    pub fn new(rules: TokenRules) -> Self {
        Self { rules, held: Mutex::new(Held { token: None, refused: None }) }
    }

    /// The present token, fetched by `fetch` when there is none. `stale` is one that the platform has just refused: while it is
    /// still the present one, another is fetched, once for all who saw it refused.
    ///
    /// # Errors
    /// What `fetch` said, now or within the last [`TokenRules::pause`], while no living token is left.
    pub async fn get<F>(&self, stale: Option<&Token>, fetch: impl FnOnce() -> F) -> Result<Token, E>
    where
        F: Future<Output = Result<IssuedToken, E>>,
    {
        // Held over the request on purpose: whoever comes meanwhile wants the very same answer.
        let mut held = self.held.lock().await;
        let now = Instant::now();
        if held.token.as_ref().is_some_and(|token| stale.is_some_and(|stale| stale.is(token))) {
            held.token = None;
        }
        if let Some(token) = held.token.as_ref().filter(|token| now < token.renewed_at) {
            return Ok(token.clone());
        }
        let living = held.token.clone().filter(|token| now < token.dead_at);
        if let Some((at, error)) = &held.refused
            && now < *at + self.rules.pause
        {
            return living.ok_or_else(|| error.clone());
        }
        match fetch().await {
            Ok(issued) => {
                let token = Token::new(issued, now, &self.rules);
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

    use futures_util::future::join_all;

    use super::*;

    const RULES: TokenRules = TokenRules {
        renewed_below: Duration::from_secs(300),
        life_unknown: Duration::from_secs(60),
        life_max: Duration::from_secs(7200),
        pause: Duration::from_secs(2),
    };

    /// A platform that counts what it gives out.
    struct Platform {
        fetched: AtomicU32,
        life: Option<Duration>,
    }

    impl Platform {
        fn new(life_seconds: Option<u64>) -> Self {
            Self { fetched: AtomicU32::new(0), life: life_seconds.map(Duration::from_secs) }
        }

        async fn fetch(&self) -> Result<IssuedToken, &'static str> {
            let number = self.fetched.fetch_add(1, Ordering::SeqCst) + 1;
            tokio::time::sleep(Duration::from_millis(50)).await;
            Ok(IssuedToken { value: format!("t{number}"), life: self.life })
        }
    }

    async fn refuse() -> Result<IssuedToken, &'static str> {
        Err("wrong secret")
    }

    #[tokio::test(start_paused = true)]
    async fn many_who_ask_at_once_cause_one_request() {
        let (tokens, platform) = (Tokens::new(RULES), Platform::new(Some(7200)));
        let all = join_all((0..20).map(|_| tokens.get(None, || platform.fetch()))).await;
        assert!(all.iter().all(|token| token.as_ref().is_ok_and(|token| token.expose() == "t1")));
        let stale = all[0].clone().expect("a token");
        let all = join_all((0..5).map(|_| tokens.get(Some(&stale), || platform.fetch()))).await;
        assert!(all.iter().all(|token| token.as_ref().is_ok_and(|token| token.expose() == "t2")));
        assert_eq!(platform.fetched.load(Ordering::SeqCst), 2);
    }

    #[tokio::test(start_paused = true)]
    async fn a_token_is_renewed_in_time() {
        let table = [
            (Some(7200), 6890, 20),
            // A short life is used up to its half.
            (Some(400), 190, 20),
            // A life of nothing is no circle.
            (Some(0), 20, 20),
            (None, 20, 20),
            // Nobody gives a token for a year.
            (Some(365 * 24 * 3600), 6890, 20),
        ];
        for (life, still_good_s, and_then_s) in table {
            let (tokens, platform) = (Tokens::new(RULES), Platform::new(life));
            tokens.get(None, || platform.fetch()).await.expect("a token");
            tokio::time::advance(Duration::from_secs(still_good_s)).await;
            tokens.get(None, || platform.fetch()).await.expect("a token");
            assert_eq!(platform.fetched.load(Ordering::SeqCst), 1, "{life:?}");
            tokio::time::advance(Duration::from_secs(and_then_s)).await;
            tokens.get(None, || platform.fetch()).await.expect("a token");
            assert_eq!(platform.fetched.load(Ordering::SeqCst), 2, "{life:?}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_failed_renewal_leaves_the_living_token_and_is_not_repeated_at_once() {
        let (tokens, platform) = (Tokens::new(RULES), Platform::new(Some(7200)));
        assert_eq!(tokens.get(None, refuse).await.err(), Some("wrong secret"));
        assert!(tokens.get(None, || platform.fetch()).await.is_err(), "not so soon");
        assert_eq!(platform.fetched.load(Ordering::SeqCst), 0);
        tokio::time::advance(RULES.pause).await;
        tokens.get(None, || platform.fetch()).await.expect("a token");
        tokio::time::advance(Duration::from_secs(7000)).await;
        assert_eq!(tokens.get(None, refuse).await.expect("the living one").expose(), "t1");
        tokio::time::advance(Duration::from_secs(300)).await;
        assert!(tokens.get(None, refuse).await.is_err());
    }

    #[test]
    fn a_token_is_not_printed() {
        let issued = IssuedToken { value: "hush".into(), life: None };
        assert_eq!(format!("{:?}", Token::new(issued, Instant::now(), &RULES)), "Token(…)");
    }
}
