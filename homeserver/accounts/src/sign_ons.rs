//! Sign-ons under way: what a browser took along to an identity provider, until it comes back.
//!
//! A sign-on is a row, because people spend minutes at their provider and a restart must not cost them that. It
//! opens once, for the browser that began it (whose secret is in a cookie) and at the provider it was begun
//! for, and dies after some minutes. Its expiry is part of its key, so that old ones go without a search.

use std::collections::VecDeque;

use parking_lot::Mutex;
use ruma::{OwnedUserId, UserId};
use store::{Batch, Scan, StoreError};
use subtle::ConstantTimeEq as _;

use crate::{
    AccountError, Accounts,
    limits::{
        SIGN_ON_MS, SIGN_ON_TOKEN_MS, SIGN_ONS_DROPPED_AT_ONCE, SIGN_ONS_PER_PAGE, SIGN_ONS_UNDER_WAY_MAX,
        TOKEN_BYTES_MAX,
    },
    tables::{LoginTokenRow, SIGN_ONS, SessionOriginRow, SignOnRow, TokenHash},
    tokens::{self, TokenKind},
};

/// What a sign-on is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SignOnPurpose {
    /// A new session for a client, to which the browser is sent back.
    LogIn {
        /// The address of the client, checked.
        redirect_url: String,
    },
    /// A stage of user-interactive auth.
    Confirm {
        /// The id of the user-interactive session.
        session: String,
    },
}

/// A sign-on as it goes to the provider.
#[derive(Clone, PartialEq, Eq)]
pub struct SignOn {
    /// The provider's id in the configuration.
    pub provider: String,
    /// What the provider must repeat in its id token.
    pub nonce: String,
    /// The secret of [PKCE](https://www.rfc-editor.org/rfc/rfc7636).
    pub verifier: String,
    /// What it is for.
    pub purpose: SignOnPurpose,
}

/// A sign-on that was begun.
#[derive(Clone)]
pub struct SignOnBegun {
    /// Goes to the provider and comes back with the browser.
    pub state: String,
    /// Stays with the browser, in a cookie.
    pub browser: String,
}

/// Who opened a session at which provider, so that the provider can end it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionOrigin {
    /// The provider's id in the configuration.
    pub provider: String,
    /// The person's `sub`.
    pub subject: String,
    /// The provider's own session (`sid`), if it names one.
    pub sid: Option<String>,
}

/// When the sign-ons of this process end, oldest first: only to bound their number.
#[derive(Default)]
pub(crate) struct SignOnsUnderWay(Mutex<VecDeque<u64>>);

impl SignOnsUnderWay {
    /// Notes one more, unless there are too many.
    fn enter(&self, now_ms: u64, expires_ms: u64) -> Result<(), AccountError> {
        let mut under_way = self.0.lock();
        while under_way.front().is_some_and(|expires_ms| *expires_ms <= now_ms) {
            under_way.pop_front();
        }
        if under_way.len() >= SIGN_ONS_UNDER_WAY_MAX {
            return Err(AccountError::Busy);
        }
        under_way.push_back(expires_ms);
        Ok(())
    }
}

impl Accounts {
    /// Begins a sign-on.
    ///
    /// # Errors
    /// `Busy` while very many are under way.
    pub async fn begin_sign_on(&self, sign_on: &SignOn) -> Result<SignOnBegun, AccountError> {
        let now_ms = self.0.clock.now_ms();
        let expires_ms = now_ms.saturating_add(SIGN_ON_MS);
        self.0.sign_ons.enter(now_ms, expires_ms)?;
        let begun = SignOnBegun {
            state: format!("{}-{expires_ms:x}", tokens::generate(&self.0.rng, TokenKind::SignOn)),
            browser: tokens::generate(&self.0.rng, TokenKind::SignOn),
        };
        let (redirect_url, session) = match &sign_on.purpose {
            SignOnPurpose::LogIn { redirect_url } => (Some(redirect_url.clone()), None),
            SignOnPurpose::Confirm { session } => (None, Some(session.clone())),
        };
        let row = SignOnRow {
            provider: sign_on.provider.clone(),
            browser: tokens::hash(&begun.browser),
            nonce: sign_on.nonce.clone(),
            verifier: sign_on.verifier.clone(),
            redirect_url,
            session,
        };
        let mut batch = Batch::new();
        // Each newcomer takes some of the dead along, so that the table does not wait for housekeeping.
        self.add_dropped_sign_ons(&mut batch, now_ms, SIGN_ONS_DROPPED_AT_ONCE).await?;
        batch.put(&SIGN_ONS, &(expires_ms, tokens::hash(&begun.state)), &row);
        self.0.store.commit(batch).await?;
        Ok(begun)
    }

    /// Takes a sign-on back from the browser that began it; it is spent.
    ///
    /// # Errors
    /// `SignOnUnknown` for a state that is unknown, used, too old or of another provider; `SignOnElsewhere` when another
    /// browser shows it: the one that began it may still come.
    pub async fn take_sign_on(
        &self,
        provider: &str,
        state: &str,
        browser: &str,
    ) -> Result<SignOn, AccountError> {
        let key = key(state).ok_or(AccountError::SignOnUnknown)?;
        let row = self.0.store.get(&SIGN_ONS, &key).await?.ok_or(AccountError::SignOnUnknown)?;
        if key.0 <= self.0.clock.now_ms() || row.provider != provider {
            return Err(AccountError::SignOnUnknown);
        }
        if browser.len() > TOKEN_BYTES_MAX || !bool::from(tokens::hash(browser).ct_eq(&row.browser)) {
            return Err(AccountError::SignOnElsewhere);
        }
        let mut batch = Batch::new();
        batch.expect_eq(&SIGN_ONS, &key, &row);
        batch.delete(&SIGN_ONS, &key);
        match self.0.store.commit(batch).await {
            Ok(_) => {}
            // The same answer of the provider came twice, and the other one was faster.
            Err(StoreError::Conflict) => return Err(AccountError::SignOnUnknown),
            Err(error) => return Err(error.into()),
        }
        let purpose = match (row.redirect_url, row.session) {
            (Some(redirect_url), _) => SignOnPurpose::LogIn { redirect_url },
            (None, Some(session)) => SignOnPurpose::Confirm { session },
            (None, None) => return Err(AccountError::SignOnUnknown),
        };
        Ok(SignOn { provider: row.provider, nonce: row.nonce, verifier: row.verifier, purpose })
    }

    /// A one-time token for `m.login.token`, for a person whom a provider vouched for when it was asked at
    /// `vouched_ms`. It is void when the provider has ended the person's sessions, or the one it vouched for, since.
    pub async fn create_sign_on_token(
        &self,
        user: &UserId,
        origin: &SessionOrigin,
        vouched_ms: u64,
    ) -> Result<String, AccountError> {
        let token = tokens::generate(&self.0.rng, TokenKind::Login);
        let row = LoginTokenRow {
            user: OwnedUserId::from(user),
            expires_ms: self.0.clock.now_ms().saturating_add(SIGN_ON_TOKEN_MS),
            origin: Some(SessionOriginRow {
                provider: origin.provider.clone(),
                subject: origin.subject.clone(),
                sid: origin.sid.clone(),
            }),
            vouched_ms,
        };
        self.keep_login_token(&token, &row).await?;
        Ok(token)
    }

    /// Drops sign-ons from which nobody came back in time; how many. Asked again until it answers 0.
    pub async fn forget_sign_ons(&self) -> Result<usize, StoreError> {
        let mut batch = Batch::new();
        let dropped = self.add_dropped_sign_ons(&mut batch, self.0.clock.now_ms(), SIGN_ONS_PER_PAGE).await?;
        if dropped > 0 {
            self.0.store.commit(batch).await?;
        }
        Ok(dropped)
    }

    async fn add_dropped_sign_ons(
        &self,
        batch: &mut Batch,
        now_ms: u64,
        limit: usize,
    ) -> Result<usize, StoreError> {
        let keys = self.0.store.scan_keys(&SIGN_ONS, Scan::all().limit(limit)).await?;
        let dead: Vec<_> = keys.into_iter().take_while(|(expires_ms, _)| *expires_ms <= now_ms).collect();
        for key in &dead {
            batch.delete(&SIGN_ONS, key);
        }
        Ok(dead.len())
    }
}

/// Where the row of a state lies: its expiry stands at its end.
fn key(state: &str) -> Option<(u64, TokenHash)> {
    if state.len() > TOKEN_BYTES_MAX {
        return None;
    }
    let (_, expires_ms) = state.rsplit_once('-')?;
    Some((u64::from_str_radix(expires_ms, 16).ok()?, tokens::hash(state)))
}
