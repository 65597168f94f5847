//! The client of the open platform: tokens, turns, envelopes. It knows no message and no event; what is asked
//! is put together by those who ask.

pub mod call;
pub mod codes;
pub mod envelope;
pub mod error;
pub mod multipart;
mod places;
pub mod rates;
mod wire;

use std::time::Duration;

use bridge_api::{IssuedToken, Token, Tokens, Transport};
use http::{HeaderValue, header};
use reqwest::{Response, Url};
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::json;
use zeroize::Zeroizing;

pub use self::{call::Call, error::CallError, multipart::Form};
use self::{
    codes::Meaning,
    envelope::{Answer, trace_of},
    rates::Turns,
    wire::{read, sent},
};
use crate::{
    limits::{CALL_TIME_MAX, CHAT_LIMITED_PAUSE, LIMITED_PAUSE, TOKENS},
    settings::FeishuSettings,
};

/// The one way from this connector to the platform.
pub struct Client {
    transport: Transport,
    settings: FeishuSettings,
    tokens: Tokens<CallError>,
    turns: Turns,
}

#[derive(Deserialize)]
struct TokenAnswer {
    tenant_access_token: String,
    expire: u64,
}

impl Client {
    /// A client of one app. Nothing is asked yet.
    ///
    /// # Errors
    /// The reason why no client can be made of these settings.
    pub fn new(settings: FeishuSettings) -> Result<Self, String> {
        if !matches!(settings.base_url.scheme(), "http" | "https") || settings.base_url.cannot_be_a_base() {
            return Err("the base address must begin with http:// or https://".to_owned());
        }
        let transport = Transport::new(&settings.authorities)?;
        Ok(Self { transport, settings, tokens: Tokens::new(TOKENS), turns: Turns::default() })
    }

    /// What the client was made of.
    pub fn settings(&self) -> &FeishuSettings {
        &self.settings
    }

    /// The way to the platform, for what is no request.
    pub const fn transport(&self) -> &Transport {
        &self.transport
    }

    /// Does a call and reads what stands below `data`.
    ///
    /// # Errors
    /// See [`CallError`].
    pub async fn data<T: DeserializeOwned>(&self, call: Call) -> Result<T, CallError> {
        self.answer(&call).await?.data()
    }

    /// Does a call whose answer stands beside the code.
    ///
    /// # Errors
    /// See [`CallError`].
    pub async fn flat<T: DeserializeOwned>(&self, call: Call) -> Result<T, CallError> {
        self.answer(&call).await?.flat()
    }

    /// Does a call of which only the success counts.
    ///
    /// # Errors
    /// See [`CallError`].
    pub async fn done(&self, call: Call) -> Result<(), CallError> {
        self.answer(&call).await.map(drop)
    }

    /// Posts JSON outside of `/open-apis`, without a token.
    ///
    /// # Errors
    /// See [`CallError`].
    pub async fn post_plainly(&self, path: &[&str], body: String) -> Result<Answer, CallError> {
        let mut url = self.settings.base_url.clone();
        let no_path = || CallError::Unreachable("the base address takes no path".to_owned());
        url.path_segments_mut().map_err(|()| no_path())?.pop_if_empty().extend(path);
        let request = self
            .transport
            .requests()
            .post(url)
            .header(header::CONTENT_TYPE, "application/json")
            .header("locale", "zh");
        let response = sent(request.body(body), CALL_TIME_MAX).await?;
        read(response, CALL_TIME_MAX).await
    }

    /// Opens a download. Its failures are JSON, and so may be the file.
    ///
    /// # Errors
    /// See [`CallError`].
    pub async fn download(&self, call: Call) -> Result<Response, CallError> {
        let mut stale = None;
        loop {
            let (token, response) = self.exchange(&call, stale.as_ref()).await?;
            if response.status().is_success() {
                return Ok(response);
            }
            let error = match read(response, CALL_TIME_MAX).await {
                Err(error) => error,
                Ok(_) => {
                    return Err(CallError::Unreachable("a failure that calls itself a success".to_owned()));
                }
            };
            if error.meaning() != Meaning::TokenStale || stale.is_some() {
                return Err(self.heeded(&call, error));
            }
            stale = Some(token);
        }
    }

    /// Opens a picture by the address that the platform names it by. Only addresses of the platform's own are asked,
    /// and without our token.
    ///
    /// # Errors
    /// See [`CallError`].
    pub async fn picture(&self, address: &str) -> Result<Response, CallError> {
        let refused =
            |reason: &str| CallError::Unexpected { status: 400, reason: reason.to_owned(), trace: None };
        let url = Url::parse(address).map_err(|_| refused("the picture has no address"))?;
        if !places::is_of_platform(&self.settings.base_url, &url) {
            return Err(refused("the picture is at an address that is not the platform's"));
        }
        let response = sent(self.transport.requests().get(url), CALL_TIME_MAX).await?;
        let (status, trace) = (response.status().as_u16(), trace_of(response.headers()));
        if response.status().is_success() {
            return Ok(response);
        }
        Err(CallError::Unexpected { status, reason: "no picture".to_owned(), trace })
    }

    async fn answer(&self, call: &Call) -> Result<Answer, CallError> {
        let mut stale = None;
        loop {
            let (token, response) = self.exchange(call, stale.as_ref()).await?;
            let outcome = read(response, call.time_max).await;
            let error = match outcome {
                Ok(answer) => {
                    metrics::counter!("bridge_feishu_calls_total", "outcome" => "done").increment(1);
                    return Ok(answer);
                }
                Err(error) => error,
            };
            // A token that was just fetched and is refused again will not get better by a third one.
            if error.meaning() != Meaning::TokenStale || stale.is_some() {
                return Err(self.heeded(call, error));
            }
            stale = Some(token);
        }
    }

    /// One request under the present token.
    async fn exchange(&self, call: &Call, stale: Option<&Token>) -> Result<(Token, Response), CallError> {
        self.turns.wait(call.lane.as_ref()).await.map_err(CallError::NoTurn)?;
        let token = self.tokens.get(stale, || self.fetch_token()).await?;
        let url = call.url(&self.settings.base_url);
        let url = url.ok_or_else(|| CallError::Unreachable("the base address takes no path".to_owned()))?;
        let bearer = Zeroizing::new(format!("Bearer {}", token.expose()));
        let mut bearer = HeaderValue::from_str(&bearer).map_err(|_| {
            CallError::Unreachable("the platform gave a token that no header can hold".to_owned())
        })?;
        bearer.set_sensitive(true);
        let mut request =
            self.transport.requests().request(call.method.clone(), url).header(header::AUTHORIZATION, bearer);
        if let Some((kind, body)) = &call.body {
            request = request.header(header::CONTENT_TYPE, kind).body(body.clone());
        }
        Ok((token, sent(request, call.time_max).await?))
    }

    async fn fetch_token(&self) -> Result<IssuedToken, CallError> {
        let mut url = self.settings.base_url.clone();
        if let Ok(mut path) = url.path_segments_mut() {
            path.pop_if_empty().extend(["open-apis", "auth", "v3", "tenant_access_token", "internal"]);
        }
        let body = json!({ "app_id": self.settings.app_id, "app_secret": self.settings.app_secret.expose() });
        let kind = "application/json; charset=utf-8";
        let request =
            self.transport.requests().post(url).header(header::CONTENT_TYPE, kind).body(body.to_string());
        let answer = read(sent(request, CALL_TIME_MAX).await?, CALL_TIME_MAX).await?.flat::<TokenAnswer>()?;
        let life = Some(Duration::from_secs(answer.expire));
        Ok(IssuedToken { value: answer.tenant_access_token, life })
    }

    /// Stays away from what the platform has just said no to, before anybody else meets the same.
    fn heeded(&self, call: &Call, error: CallError) -> CallError {
        let asked = if let CallError::Answered { wait, .. } = &error { *wait } else { None };
        match (error.meaning(), &call.lane) {
            (Meaning::ChatLimited, Some(lane)) => {
                self.turns.pause_lane(lane, asked.unwrap_or(CHAT_LIMITED_PAUSE));
            }
            (Meaning::AppLimited, Some(lane)) if lane.has_own_limit() => {
                self.turns.pause_lane(lane, asked.unwrap_or(LIMITED_PAUSE));
            }
            (Meaning::AppLimited, _) if !matches!(error, CallError::NoTurn(_)) => {
                self.turns.pause_app(asked.unwrap_or(LIMITED_PAUSE));
            }
            _ => {}
        }
        metrics::counter!("bridge_feishu_calls_total", "outcome" => "refused").increment(1);
        error
    }
}
