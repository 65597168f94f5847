//! The client of the API: tokens, turns, envelopes. It knows no message and no event; what is asked is put together by those who
//! ask. A token goes into the query and nowhere else, so no address is ever told.

mod answer;
mod codes;
mod multipart;
mod naming;
mod transfers;
mod turns;

use std::{
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

pub use bridge_api::{CallError, Meaning};
use bridge_api::{
    Clock, IssuedToken, Refusal, Shelf, Token, Tokens, Transport,
    exchange::{body_of, joined, leading_to, sent},
};
use http::{Method, header};
use parking_lot::Mutex;
use reqwest::{RequestBuilder, Url};
use serde_json::Value;
use tokio::time::{Instant, sleep};

pub use self::{
    answer::verdict,
    codes::meaning,
    multipart::upload,
    naming::file_name,
    turns::{Bucket, Turns},
};
use crate::{
    failing::Failing,
    lenient,
    limits::{
        ANSWER_BYTES_MAX, BUSY_PAUSE, BUSY_TRIES_MAX, CALL_TIME_MAX, SECRET_PAUSE, SECRET_TRIES_MAX, TOKENS,
    },
    settings::{App, WeComSettings},
};

/// The one way from this connector to the platform.
pub struct Client {
    transport: Transport,
    settings: WeComSettings,
    tokens: Tokens<CallError>,
    refused_in_a_row: AtomicU32,
    /// Why nobody asks for a token, and until when.
    locked: Mutex<Option<(Instant, CallError)>>,
    /// Which API is called too often, and until when it is left alone.
    blocked: Mutex<Vec<(&'static str, Instant)>>,
    /// Whether the app gets no token.
    pub failing: Failing,
    /// Whose turn it is.
    pub turns: Turns,
}

impl Client {
    /// A client of one company. Nothing is asked yet.
    ///
    /// # Errors
    /// The reason why no client can be made of these settings.
    pub fn new(settings: WeComSettings, shelf: Arc<dyn Shelf>, clock: &Clock) -> Result<Self, String> {
        if !matches!(settings.api_url.scheme(), "http" | "https") || settings.api_url.cannot_be_a_base() {
            return Err("the address of the API must begin with http:// or https://".to_owned());
        }
        let transport = Transport::new(&settings.authorities)?;
        Ok(Self {
            transport,
            settings,
            tokens: Tokens::new(TOKENS),
            refused_in_a_row: AtomicU32::new(0),
            locked: Mutex::new(None),
            blocked: Mutex::default(),
            failing: Failing::app(),
            turns: Turns::new(shelf, clock),
        })
    }

    /// What the client was made of.
    pub fn settings(&self) -> &WeComSettings {
        &self.settings
    }

    /// The way to the platform, for what is no request.
    pub const fn transport(&self) -> &Transport {
        &self.transport
    }

    /// The app.
    ///
    /// # Errors
    /// [`Refusal::Impossible`] when there is none: only the bot is set up.
    pub fn app(&self) -> Result<&App, CallError> {
        self.settings.app.as_ref().ok_or_else(|| {
            CallError::ours(Meaning::Refused(Refusal::Impossible), "no self-built app is configured")
        })
    }

    /// Asks for something.
    ///
    /// # Errors
    /// See [`CallError`].
    pub async fn get(&self, path: &'static str, query: &[(&str, &str)]) -> Result<Value, CallError> {
        self.call(Method::GET, path, query, None).await
    }

    /// Has something done.
    ///
    /// # Errors
    /// See [`CallError`]; [`Meaning::Unknown`] when nobody knows whether it was done.
    pub async fn post(&self, path: &'static str, body: &Value) -> Result<Value, CallError> {
        self.call(Method::POST, path, &[], Some(body)).await
    }

    /// One refused for its token is done once more with another one, one that the platform was too busy for some times.
    async fn call(
        &self,
        method: Method,
        path: &'static str,
        query: &[(&str, &str)],
        body: Option<&Value>,
    ) -> Result<Value, CallError> {
        let (mut stale, mut tries, mut pause): (Option<Token>, _, _) = (None, 1, BUSY_PAUSE);
        loop {
            self.gate(path)?;
            let token = self.token(stale.as_ref()).await?;
            let url = self.address(path, &token, query)?;
            let mut request = self.transport.requests().request(method.clone(), url);
            if let Some(body) = body {
                request = request.header(header::CONTENT_TYPE, "application/json").body(body.to_string());
            }
            let outcome = answered(request, CALL_TIME_MAX).await;
            self.heed(path, &outcome);
            let error = match outcome {
                Ok(value) => return Ok(value),
                Err(error) => error,
            };
            match error.meaning {
                Meaning::TokenStale if stale.is_none() => stale = Some(token),
                Meaning::Busy if tries < BUSY_TRIES_MAX => {
                    tries += 1;
                    sleep(pause).await;
                    pause *= 2;
                }
                _ => return Err(error),
            }
        }
    }

    /// Says something by a webhook, whose key is its whole credential.
    ///
    /// # Errors
    /// See [`CallError`].
    pub async fn post_webhook(&self, key: &str, body: &Value) -> Result<Value, CallError> {
        let mut url = joined(&self.settings.api_url, "cgi-bin/webhook/send")?;
        url.query_pairs_mut().append_pair("key", key);
        self.post_to(url, body).await
    }

    /// Answers at an address that came with a message.
    ///
    /// # Errors
    /// See [`CallError`]; [`Meaning::Refused`] when it leads elsewhere than to the platform.
    pub async fn post_response(&self, address: &str, body: &Value) -> Result<Value, CallError> {
        self.post_to(self.trusted(address)?, body).await
    }

    async fn post_to(&self, url: Url, body: &Value) -> Result<Value, CallError> {
        let request = self
            .transport
            .requests()
            .post(url)
            .header(header::CONTENT_TYPE, "application/json")
            .body(body.to_string());
        answered(request, CALL_TIME_MAX).await
    }

    fn trusted(&self, address: &str) -> Result<Url, CallError> {
        leading_to(address, &[&self.settings.api_url], &self.settings.file_hosts).ok_or_else(|| {
            let words = "the address leads away from the platform; name its host in `file_hosts` if it is the platform's";
            CallError::ours(Meaning::Refused(Refusal::Other(words.to_owned())), words)
        })
    }

    /// The credentials count: a token is there.
    ///
    /// # Errors
    /// See [`CallError`].
    pub async fn signed_in(&self) -> Result<(), CallError> {
        self.token(None).await.map(drop)
    }

    async fn token(&self, stale: Option<&Token>) -> Result<Token, CallError> {
        self.tokens.get(stale, || self.fetch_token()).await
    }

    async fn fetch_token(&self) -> Result<IssuedToken, CallError> {
        if let Some((until, error)) = &*self.locked.lock()
            && Instant::now() < *until
        {
            return Err(error.clone());
        }
        let app = self.app()?;
        let mut url = joined(&self.settings.api_url, "cgi-bin/gettoken")?;
        url.query_pairs_mut()
            .append_pair("corpid", &self.settings.corp_id)
            .append_pair("corpsecret", app.secret.expose());
        let outcome = answered(self.transport.requests().get(url), CALL_TIME_MAX).await;
        self.failing.note(outcome.is_err());
        if let Err(error) = &outcome
            && matches!(error.meaning, Meaning::SetUp | Meaning::Limited { .. })
        {
            let refused = self.refused_in_a_row.fetch_add(1, Ordering::Relaxed) + 1;
            if refused >= SECRET_TRIES_MAX || matches!(error.meaning, Meaning::Limited { .. }) {
                tracing::error!(%error, "WeCom gives no token; the app's secret is left alone for a while");
                *self.locked.lock() = Some((Instant::now() + SECRET_PAUSE, error.clone()));
            }
        }
        // Nothing was done by a question that nobody answered.
        let answer = outcome.map_err(CallError::of_reading)?;
        self.refused_in_a_row.store(0, Ordering::Relaxed);
        let value = lenient::text(&answer, "access_token")
            .ok_or_else(|| CallError::ours(Meaning::Busy, "the platform gave no token"))?;
        Ok(IssuedToken { value, life: lenient::number(&answer, "expires_in").map(Duration::from_secs) })
    }

    fn address(&self, path: &str, token: &Token, query: &[(&str, &str)]) -> Result<Url, CallError> {
        let mut url = joined(&self.settings.api_url, &format!("cgi-bin/{path}"))?;
        url.query_pairs_mut().append_pair("access_token", token.expose()).extend_pairs(query);
        Ok(url)
    }

    fn gate(&self, path: &'static str) -> Result<(), CallError> {
        let now = Instant::now();
        let mut blocked = self.blocked.lock();
        blocked.retain(|(_, until)| now < *until);
        match blocked.iter().find(|(known, _)| *known == path) {
            Some((_, until)) => Err(CallError::ours(
                Meaning::Limited { after: *until - now, app: true },
                "the platform wants no calls of this kind for a while",
            )),
            None => Ok(()),
        }
    }

    /// Counts a call, and stays away from what the platform has just said no to.
    fn heed(&self, path: &'static str, outcome: &Result<Value, CallError>) {
        let refused = outcome.as_ref().err();
        if let Some(CallError { meaning: Meaning::Limited { after, .. }, .. }) = refused {
            self.blocked.lock().push((path, Instant::now() + *after));
        }
        if let Some(error) = refused.filter(|error| error.meaning == Meaning::SetUp) {
            tracing::error!(%error, path, "WeCom refuses the app: its configuration has to be mended");
        }
        let outcome = if refused.is_none() { "done" } else { "refused" };
        metrics::counter!("bridge_wecom_calls_total", "outcome" => outcome).increment(1);
    }
}

async fn answered(request: RequestBuilder, time_max: Duration) -> Result<Value, CallError> {
    let response = sent(request, time_max).await?;
    let status = response.status().as_u16();
    answer::read(status, &body_of(response, ANSWER_BYTES_MAX, time_max).await?)
}
