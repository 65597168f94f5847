//! Logouts that identity providers tell: what they end, and what they keep from being opened.
//!
//! A logout is a row before anything ends: no logout token works twice, and one that a crash interrupts is finished at
//! the next start. Beside it stands when the person or the provider's session ended, and a login token that the
//! provider vouched for before that opens nothing. Whether a token is the provider's is decided by `flows`.

use store::{Batch, Scan, StoreError};

use crate::{
    AccountError, Accounts,
    limits::{PROVIDER_LOGOUTS_PER_PAGE, SIGN_ON_MS, SIGN_ON_TOKEN_MS},
    tables::{ENDED_BY_PROVIDER, PROVIDER_LOGOUTS, ProviderLogoutRow, SessionOriginRow, TokenHash},
    tokens,
};

/// A logout as a provider tells it, verified.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProviderLogout {
    /// The provider's id in the configuration.
    pub provider: String,
    /// The person's `sub`; none when only the provider's session is named.
    pub subject: Option<String>,
    /// The provider's own session; none for all of the person.
    pub sid: Option<String>,
    /// The id of the logout token.
    pub token_id: String,
    /// When the token is too old to be accepted, in ms: always the same for the same token.
    pub token_expires_ms: u64,
}

type Key = (u64, TokenHash);

impl Accounts {
    /// Ends what a provider ends, once: all sessions of a person, those of one session (`sid`) of the provider, or those
    /// that are both. How many devices went.
    ///
    /// # Errors
    /// `LogoutTokenUsed`; else as for [`Accounts::remove_devices`], and then the same logout may come again.
    pub async fn log_out_by_provider(&self, logout: &ProviderLogout) -> Result<usize, AccountError> {
        // Whatever was under way at the provider when it told the logout is over by then.
        let kept_until_ms = logout.token_expires_ms.saturating_add(SIGN_ON_MS + SIGN_ON_TOKEN_MS);
        let key = (kept_until_ms, tokens::hash(&format!("{} {}", logout.provider, logout.token_id)));
        let row = ProviderLogoutRow {
            provider: logout.provider.clone(),
            subject: logout.subject.clone(),
            sid: logout.sid.clone(),
            is_done: false,
        };
        match self.0.store.get(&PROVIDER_LOGOUTS, &key).await? {
            Some(known) if known.is_done => return Err(AccountError::LogoutTokenUsed),
            // An earlier try broke off.
            Some(_) => {}
            None => {
                let mut batch = Batch::new();
                batch.expect_absent(&PROVIDER_LOGOUTS, &key);
                batch.put(&PROVIDER_LOGOUTS, &key, &row);
                let ended = (self.0.clock.now_ms(), kept_until_ms);
                let whom = match (&row.sid, &row.subject) {
                    (Some(sid), _) => Some(of_session(sid)),
                    (None, Some(subject)) => Some(of_person(subject)),
                    (None, None) => None,
                };
                if let Some(whom) = whom {
                    batch.put(&ENDED_BY_PROVIDER, &(row.provider.clone(), whom), &ended);
                }
                match self.0.store.commit(batch).await {
                    Ok(_) => {}
                    Err(StoreError::Conflict) => return Err(AccountError::LogoutTokenUsed),
                    Err(error) => return Err(error.into()),
                }
            }
        }
        self.finish_provider_logout(&key, row).await
    }

    /// Finishes the logouts that a crash interrupted.
    ///
    /// # Errors
    /// As for [`Accounts::log_out_by_provider`].
    pub async fn finish_provider_logouts(&self) -> Result<(), AccountError> {
        let mut after: Option<Key> = None;
        loop {
            let mut scan = Scan::all().limit(PROVIDER_LOGOUTS_PER_PAGE);
            if let Some(after) = &after {
                scan = scan.after(after);
            }
            let rows = self.0.store.scan(&PROVIDER_LOGOUTS, scan).await?;
            let is_last_page = rows.len() < PROVIDER_LOGOUTS_PER_PAGE;
            after = rows.last().map(|(key, _)| *key);
            for (key, row) in rows.into_iter().filter(|(_, row)| !row.is_done) {
                self.finish_provider_logout(&key, row).await?;
            }
            if is_last_page {
                return Ok(());
            }
        }
    }

    /// Forgets logouts that are too old for anything to come after them; how many. Asked again until it answers 0.
    ///
    /// # Errors
    /// The store's own.
    pub async fn forget_provider_logouts(&self) -> Result<usize, StoreError> {
        let now_ms = self.0.clock.now_ms();
        let scan = Scan::all().limit(PROVIDER_LOGOUTS_PER_PAGE);
        let rows = self.0.store.scan(&PROVIDER_LOGOUTS, scan).await?;
        let mut batch = Batch::new();
        let mut dropped = 0;
        let old = rows.into_iter().take_while(|((kept_until_ms, _), _)| *kept_until_ms <= now_ms);
        for (key, row) in old.filter(|(_, row)| row.is_done) {
            let whom = [row.sid.as_deref().map(of_session), row.subject.as_deref().map(of_person)];
            for whom in whom.into_iter().flatten() {
                let ended = (row.provider.clone(), whom);
                let known = self.0.store.get(&ENDED_BY_PROVIDER, &ended).await?;
                if let Some(known) = known.filter(|(_, kept_until_ms)| *kept_until_ms <= now_ms) {
                    batch.expect_eq(&ENDED_BY_PROVIDER, &ended, &known);
                    batch.delete(&ENDED_BY_PROVIDER, &ended);
                }
            }
            batch.delete(&PROVIDER_LOGOUTS, &key);
            dropped += 1;
        }
        if dropped > 0 {
            self.0.store.commit(batch).await?;
        }
        Ok(dropped)
    }

    /// Adds to `batch` the condition that the provider has not ended what it vouched for since it was asked at
    /// `vouched_ms`.
    ///
    /// # Errors
    /// `WrongCredentials` when it has.
    pub(crate) async fn expect_not_ended(
        &self,
        batch: &mut Batch,
        origin: &SessionOriginRow,
        vouched_ms: u64,
    ) -> Result<(), AccountError> {
        let whom = [Some(of_person(&origin.subject)), origin.sid.as_deref().map(of_session)];
        for whom in whom.into_iter().flatten() {
            let key = (origin.provider.clone(), whom);
            let ended = self.0.store.get(&ENDED_BY_PROVIDER, &key).await?;
            if ended.is_some_and(|(at_ms, _)| at_ms >= vouched_ms) {
                return Err(AccountError::WrongCredentials);
            }
            batch.expect_read(&ENDED_BY_PROVIDER, &key, ended.as_ref());
        }
        Ok(())
    }

    async fn finish_provider_logout(&self, key: &Key, row: ProviderLogoutRow) -> Result<usize, AccountError> {
        let (subject, sid) = (row.subject.as_deref(), row.sid.as_deref());
        let ended = self.end_sessions_of_provider(&row.provider, subject, sid).await?;
        let mut batch = Batch::new();
        batch.put(&PROVIDER_LOGOUTS, key, &ProviderLogoutRow { is_done: true, ..row });
        self.0.store.commit(batch).await?;
        Ok(ended)
    }
}

fn of_session(sid: &str) -> String {
    format!("sid {sid}")
}

fn of_person(subject: &str) -> String {
    format!("sub {subject}")
}
