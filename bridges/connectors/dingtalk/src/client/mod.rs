//! The client of both generations of the API: tokens, turns, counts, envelopes. It knows no message and no event; what is asked
//! is put together by those who ask.

mod answer;
mod call;
mod codes;
mod hosts;
mod multipart;
mod quota;
mod turns;

use std::{sync::Arc, time::Duration};

pub use bridge_api::{CallError, Meaning};
use bridge_api::{
    Clock, IssuedToken, Shelf, Token, Tokens, Transport, Upload,
    exchange::{body_of, joined, sent},
};
use http::{HeaderValue, Method, header};
use reqwest::{RequestBuilder, Url};
use serde_json::{Value, json};
use tokio::time::sleep;

pub use self::{
    call::Call,
    multipart::upload,
    quota::{Counted, Counter},
    turns::{Bucket, Turns},
};
use crate::{
    lenient,
    limits::{ANSWER_BYTES_MAX, BUSY_PAUSE, BUSY_TRIES_MAX, CALL_TIME_MAX, TOKENS, TRANSFER_TIME_MAX},
    settings::DingTalkSettings,
};

/// The one way from this connector to the platform.
pub struct Client {
    transport: Transport,
    settings: DingTalkSettings,
    tokens: Tokens<CallError>,
    /// Whose turn it is.
    pub turns: Turns,
    /// What is counted in a month.
    pub counter: Counter,
}

impl Client {
    /// A client of one app. Nothing is asked yet.
    ///
    /// # Errors
    /// The reason why no client can be made of these settings.
    pub fn new(settings: DingTalkSettings, shelf: Arc<dyn Shelf>, clock: Clock) -> Result<Self, String> {
        for url in [&settings.api_url, &settings.old_api_url] {
            if !matches!(url.scheme(), "http" | "https") || url.cannot_be_a_base() {
                return Err("the addresses of the API must begin with http:// or https://".to_owned());
            }
        }
        let transport = Transport::new(&settings.authorities)?;
        let counter = Counter::new(shelf, clock, settings.quotas);
        let (tokens, turns) = (Tokens::new(TOKENS), Turns::default());
        Ok(Self { transport, settings, tokens, turns, counter })
    }

    /// What the client was made of.
    pub fn settings(&self) -> &DingTalkSettings {
        &self.settings
    }

    /// The way to the platform, for what is no request.
    pub const fn transport(&self) -> &Transport {
        &self.transport
    }

    /// Does a call. One refused for its token is done once more with another one, one that the platform was too busy for some times.
    ///
    /// # Errors
    /// See [`CallError`]; [`Meaning::Unknown`] when nobody knows whether it was done.
    pub async fn call(&self, call: &Call) -> Result<Value, CallError> {
        let (mut stale, mut tries, mut pause) = (None, 0, BUSY_PAUSE);
        let bucket = Bucket::Api(call.path);
        loop {
            self.turns.wait(&bucket).await?;
            if !call.free {
                self.counter.gate()?;
            }
            let token = self.token(stale.as_ref()).await?;
            let outcome = self.exchange(call, &token).await;
            self.heed(&outcome, &bucket, !call.free).await;
            let error = match outcome {
                Ok(value) => return Ok(value),
                Err(error) => error,
            };
            match error.meaning {
                Meaning::TokenStale if stale.is_none() => stale = Some(token),
                Meaning::Busy if tries + 1 < BUSY_TRIES_MAX => {
                    tries += 1;
                    sleep(pause).await;
                    pause *= 2;
                }
                _ => return Err(error),
            }
        }
    }

    /// Uploads a file of the old generation's kind and says what the platform calls it.
    ///
    /// # Errors
    /// See [`CallError`].
    pub async fn upload(&self, kind: &str, upload: Upload) -> Result<Value, CallError> {
        let bucket = Bucket::Api("/media/upload");
        self.turns.wait(&bucket).await?;
        self.counter.gate()?;
        let token = self.token(None).await?;
        let mut url = joined(&self.settings.old_api_url, "/media/upload")?;
        url.query_pairs_mut().append_pair("access_token", token.expose()).append_pair("type", kind);
        let request = self
            .transport
            .requests()
            .post(url)
            .header(header::CONTENT_TYPE, upload.content_type)
            .header(header::CONTENT_LENGTH, upload.length)
            .body(reqwest::Body::wrap_stream(upload.body));
        let outcome = self.answer(request, TRANSFER_TIME_MAX).await;
        self.heed(&outcome, &bucket, true).await;
        if outcome.as_ref().is_err_and(|error| error.meaning == Meaning::TokenStale) {
            // The bytes are gone; the next try of the core finds a token that is good.
            self.token(Some(&token)).await?;
            return Err(CallError::ours(Meaning::Busy, "the token was renewed during an upload"));
        }
        outcome
    }

    /// Posts JSON to a webhook: no token, counted as a push.
    ///
    /// # Errors
    /// See [`CallError`].
    pub async fn post_webhook(&self, url: Url, body: &Value) -> Result<Value, CallError> {
        let outcome = self.answer(self.json(Method::POST, url, body), CALL_TIME_MAX).await;
        if !outcome
            .as_ref()
            .is_err_and(|error| matches!(error.meaning, Meaning::Limited { .. } | Meaning::Unreachable))
        {
            self.counter.count(Counted::Push).await;
        }
        outcome
    }

    /// Asks the gateway of the stream, which wants no token.
    ///
    /// # Errors
    /// See [`CallError`].
    pub async fn open_stream(&self, body: &Value) -> Result<Value, CallError> {
        let url = joined(&self.settings.api_url, "/v1.0/gateway/connections/open")?;
        self.answer(self.json(Method::POST, url, body), CALL_TIME_MAX).await
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
        let url = joined(&self.settings.api_url, "/v1.0/oauth2/accessToken")?;
        let body =
            json!({ "appKey": self.settings.client_id, "appSecret": self.settings.client_secret.expose() });
        let answer = self.answer(self.json(Method::POST, url, &body), CALL_TIME_MAX).await?;
        let value = lenient::text(&answer, "accessToken");
        let value = value.filter(|value| HeaderValue::from_str(value).is_ok());
        let value = value.ok_or_else(|| CallError::ours(Meaning::Busy, "the platform gave no token"))?;
        Ok(IssuedToken { value, life: lenient::number(&answer, "expireIn").map(Duration::from_secs) })
    }

    async fn exchange(&self, call: &Call, token: &Token) -> Result<Value, CallError> {
        let base = if call.old { &self.settings.old_api_url } else { &self.settings.api_url };
        let mut url = call.url(base)?;
        if call.old {
            url.query_pairs_mut().append_pair("access_token", token.expose());
        }
        let mut request = self.json(call.method.clone(), url, &call.body);
        if let Some(key) = &call.repeat_key {
            request = request.header("x-client-token", key);
        }
        if !call.old {
            let mut value = HeaderValue::from_str(token.expose())
                .map_err(|_| CallError::ours(Meaning::Busy, "the platform gave no token"))?;
            value.set_sensitive(true);
            request = request.header("x-acs-dingtalk-access-token", value);
        }
        self.answer(request, CALL_TIME_MAX).await
    }

    fn json(&self, method: Method, url: Url, body: &Value) -> RequestBuilder {
        let request = self
            .transport
            .requests()
            .request(method, url)
            .header(header::CONTENT_TYPE, "application/json")
            .header(header::ACCEPT, "application/json");
        if body.is_null() { request } else { request.body(body.to_string()) }
    }

    async fn answer(&self, request: RequestBuilder, time_max: Duration) -> Result<Value, CallError> {
        let response = sent(request, time_max).await?;
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        answer::read(status, &headers, &body_of(response, ANSWER_BYTES_MAX, time_max).await?)
    }

    /// Counts a call, and stays away from what the platform has just said no to.
    async fn heed(&self, outcome: &Result<Value, CallError>, bucket: &Bucket, counted: bool) {
        let meaning = outcome.as_ref().err().map(|error| &error.meaning);
        match meaning {
            Some(Meaning::Limited { after, .. }) => self.turns.pause(bucket, *after),
            Some(Meaning::QuotaUsedUp) => self.counter.used_up(),
            _ => {}
        }
        let outcome = if meaning.is_none() { "done" } else { "refused" };
        metrics::counter!("bridge_dingtalk_calls_total", "outcome" => outcome).increment(1);
        if counted && !matches!(meaning, Some(Meaning::Limited { .. } | Meaning::Unreachable)) {
            self.counter.count(Counted::Call).await;
        }
    }
}
