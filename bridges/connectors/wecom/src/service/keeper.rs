//! Fetches what there is of each account from where it stopped, hands it over, and only then notes how far it came: a kill at any moment
//! loses nothing, and what comes twice is known by its key. Everything is fetched at the start and once in a while besides, because an
//! event may be lost.

use std::time::Duration;

use bridge_api::{
    CallError, Failure, FailureKind, Inbox, Meaning, Refusal, Shutdown, digest, doubled_pause, handed_over,
    lenient::items,
};
use serde_json::{Value, json};
use tokio::time::{Instant, sleep, sleep_until};

use super::{
    Service,
    bell::Token,
    limits::{CURSOR_KEPT_MS, EMPTY_MAX, EMPTY_PAUSE, PAGE, PAGES_MAX, PAUSE_MAX, PAUSE_MIN},
};
use crate::{
    Intervals,
    lenient::{number, text},
    limits::{MISCONFIGURED_PAUSE, TAKEN_WITHIN},
};

/// The platform's words for a parameter that is bad, or out of its range.
const CURSOR_BLAMED: [&str; 2] = ["40035", "40058"];

impl Service {
    /// Keeps fetching until `shutdown` fires.
    pub async fn keep(&self, inbox: &dyn Inbox, shutdown: &Shutdown) {
        let (mut look_at, mut failed, mut told) = (Instant::now(), 0_u32, String::new());
        loop {
            tokio::select! {
                () = shutdown.wait() => return,
                () = self.bell.rung() => {}
                () = sleep_until(look_at) => {}
            }
            let is_look = Instant::now() >= look_at;
            let outcome = tokio::select! {
                () = shutdown.wait() => return,
                outcome = Box::pin(self.round(inbox, is_look)) => outcome,
            };
            self.failing.note(outcome.is_err());
            let pause = match outcome {
                Ok(()) => {
                    if failed > 0 {
                        tracing::info!("customer service is read again");
                    }
                    (failed, told) = (0, String::new());
                    metrics::gauge!("bridge_wecom_service_up").set(1.0);
                    if is_look {
                        look_at = Instant::now() + self.until_look();
                    }
                    continue;
                }
                Err(failure) => {
                    metrics::gauge!("bridge_wecom_service_up").set(0.0);
                    failed = failed.saturating_add(1);
                    self.told(&failure, &mut told);
                    match failure.kind {
                        FailureKind::NotSignedIn(_) => MISCONFIGURED_PAUSE,
                        FailureKind::Limited { after, .. } => after,
                        _ => doubled_pause(PAUSE_MIN, PAUSE_MAX, failed - 1, &self.rng),
                    }
                }
            };
            tokio::select! {
                () = shutdown.wait() => return,
                () = sleep(pause) => {}
            }
        }
    }

    /// The rest of the connector goes on, so the log is the place where somebody looks; the same is said there once.
    fn told(&self, failure: &Failure, told: &mut String) {
        let words = failure.to_string();
        match (&failure.kind, words == *told) {
            (FailureKind::NotSignedIn(_), false) => {
                tracing::error!(%failure, "customer service is not read before this is mended");
            }
            (_, false) => tracing::warn!(%failure, "customer service is not read for a moment"),
            (_, true) => tracing::debug!(%failure, "customer service is still not read"),
        }
        *told = words;
    }

    fn until_look(&self) -> Duration {
        let Intervals { look, .. } = self.client().settings().intervals;
        let spread_ms = u64::try_from((look / 5).as_millis()).unwrap_or(1).max(1);
        look - Duration::from_millis(self.rng.below(spread_ms))
    }

    /// Fetches what is due; with `is_look` of every account. What failed is due again, and holds nothing else up.
    async fn round(&self, inbox: &dyn Inbox, is_look: bool) -> Result<(), Failure> {
        let mut outcome = Ok(());
        if self.bell.take_other_accounts() || is_look {
            outcome = self.list().await;
            match &outcome {
                Ok(()) => self.accounts.lock().keys().for_each(|account| self.bell.ring(account, None)),
                Err(_) => self.bell.ring_for_all(),
            }
        }
        for (account, token) in self.bell.take() {
            if !self.serves(&account) {
                continue;
            }
            let fetched = async {
                self.heard_of(&account).await?;
                Box::pin(self.fetch_all(&account, token.clone(), inbox)).await
            };
            match fetched.await {
                Ok(()) => {}
                // Nothing is gained by asking again: the next event or look does.
                Err(failure) if !failure.passes() => {
                    tracing::warn!(%failure, account, "an account of customer service is not read");
                }
                Err(failure) => {
                    self.bell.ring_by(&account, token);
                    outcome = Err(failure);
                }
            }
        }
        outcome
    }

    /// Fetches all that there is of an account.
    async fn fetch_all(
        &self,
        account: &str,
        mut token: Option<Token>,
        inbox: &dyn Inbox,
    ) -> Result<(), Failure> {
        let (mut empty, mut is_anew) = (0, false);
        for _ in 0..PAGES_MAX {
            let cursor = if is_anew { String::new() } else { self.cursor(account).await? };
            let value = token.as_ref().map(|token| token.value.as_str());
            let page = match self.page(account, value, &cursor).await {
                Err(CallError { meaning: Meaning::Refused(Refusal::Other(reason)), .. })
                    if token.is_some() =>
                {
                    tracing::debug!(
                        reason,
                        account,
                        "customer service is read without the token of the event"
                    );
                    token = None;
                    continue;
                }
                // What came before is known by its keys and its messages, so beginning anew brings nothing twice. Until something
                // came of it the place is kept: it may have been something else that the platform meant.
                Err(error) if !cursor.is_empty() && blames_cursor(&error) => {
                    tracing::error!(
                        %error,
                        account,
                        "customer service is not read on; begin with what there is"
                    );
                    is_anew = true;
                    continue;
                }
                page => page?,
            };
            let arrivals = self.read(account, items(&page, "msg_list")).await?;
            if !handed_over(inbox, arrivals, TAKEN_WITHIN).await {
                return Err(Failure::later("what customers wrote is not taken in at the moment"));
            }
            let next = text(&page, "next_cursor").filter(|next| *next != cursor);
            let row = cursor_row(account);
            match &next {
                Some(next) => self.incoming.shelf.write(&row, next, CURSOR_KEPT_MS).await?,
                None if is_anew => self.incoming.shelf.remove(&row).await?,
                None => {}
            }
            is_anew = false;
            if number(&page, "has_more") != Some(1) {
                return Ok(());
            }
            // A page may hold nothing and say that there is more.
            if next.is_none() {
                empty += 1;
                if empty >= EMPTY_MAX {
                    return Err(Failure::later(
                        "the platform says again and again that there is more, and brings nothing",
                    ));
                }
                sleep(EMPTY_PAUSE).await;
            }
        }
        self.bell.ring_by(account, token);
        Ok(())
    }

    async fn page(&self, account: &str, token: Option<&str>, cursor: &str) -> Result<Value, CallError> {
        let mut body = json!({
            "cursor": cursor, "limit": PAGE, "voice_format": 0, "open_kfid": account,
        });
        if let Some(token) = token {
            body["token"] = json!(token);
        }
        self.client().post("kf/sync_msg", &body).await.map_err(CallError::of_reading)
    }

    /// Up to where everything was handed over; nothing for the beginning of what the platform keeps.
    async fn cursor(&self, account: &str) -> Result<String, Failure> {
        Ok(self.incoming.shelf.read(&cursor_row(account)).await?.unwrap_or_default())
    }
}

/// Whether the platform may mean the place from which we read on: it names a parameter out of its range, and not which one.
fn blames_cursor(error: &CallError) -> bool {
    error.code.as_deref().is_some_and(|code| CURSOR_BLAMED.contains(&code))
}

fn cursor_row(account: &str) -> String {
    format!("service:cursor:{}", digest(account.as_bytes()))
}
