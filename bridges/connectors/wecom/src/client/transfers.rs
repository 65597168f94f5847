//! Files on their way: uploads of app and webhooks, the app's media in ranges, files at addresses that the platform named.

use bridge_api::{
    CallError, Meaning, Refusal, Token, Upload,
    exchange::{body_of, header_text, joined, sent},
};
use http::{StatusCode, header};
use reqwest::{RequestBuilder, Response, Url};

use super::{Client, answer, answered};
use crate::{
    lenient,
    limits::{ANSWER_BYTES_MAX, CALL_TIME_MAX, RANGE_BYTES, TRANSFER_TIME_MAX},
};

impl Client {
    /// Uploads a file and says what the platform calls it.
    ///
    /// # Errors
    /// See [`CallError`].
    pub async fn upload(&self, kind: &str, upload: Upload) -> Result<String, CallError> {
        let token = self.token(None).await?;
        let url = self.address("media/upload", &token, &[("type", kind)])?;
        let outcome = self.put(url, upload).await;
        if outcome.as_ref().is_err_and(|error| error.meaning == Meaning::TokenStale) {
            // The bytes are gone; the next try of the core finds a token that is good.
            self.token(Some(&token)).await?;
            return Err(CallError::ours(Meaning::Busy, "the token was renewed during an upload"));
        }
        outcome
    }

    /// Uploads a file for a webhook.
    ///
    /// # Errors
    /// See [`CallError`].
    pub async fn upload_to_webhook(
        &self,
        key: &str,
        kind: &str,
        upload: Upload,
    ) -> Result<String, CallError> {
        let mut url = joined(&self.settings.api_url, "cgi-bin/webhook/upload_media")?;
        url.query_pairs_mut().append_pair("key", key).append_pair("type", kind);
        self.put(url, upload).await
    }

    async fn put(&self, url: Url, upload: Upload) -> Result<String, CallError> {
        let request = self
            .transport
            .requests()
            .post(url)
            .header(header::CONTENT_TYPE, upload.content_type)
            .header(header::CONTENT_LENGTH, upload.length)
            .body(reqwest::Body::wrap_stream(upload.body));
        // An upload that may have been done is done again: it shows nothing to anybody.
        let answer = answered(request, TRANSFER_TIME_MAX).await.map_err(CallError::of_reading)?;
        lenient::text(&answer, "media_id")
            .ok_or_else(|| CallError::ours(Meaning::Busy, "the platform gave the file no name"))
    }

    /// Opens a piece of a file of the app, from a byte on. The answer says how long the whole is.
    ///
    /// # Errors
    /// See [`CallError`].
    pub async fn media(&self, media: &str, from: u64) -> Result<Response, CallError> {
        let mut stale: Option<Token> = None;
        loop {
            let token = self.token(stale.as_ref()).await?;
            let url = self.address("media/get", &token, &[("media_id", media)])?;
            let range = format!("bytes={from}-{}", from.saturating_add(RANGE_BYTES - 1));
            let request = self.transport.requests().get(url).header(header::RANGE, range);
            let response = fetched(request).await?;
            // A refusal is JSON and no attachment; people send files of any kind.
            let is_json = header_text(response.headers(), header::CONTENT_TYPE)
                .is_some_and(|kind| kind.contains("json") || kind.starts_with("text/plain"));
            if !is_json || response.headers().contains_key(header::CONTENT_DISPOSITION) {
                return Ok(response);
            }
            let status = response.status().as_u16();
            match answer::read(status, &body_of(response, ANSWER_BYTES_MAX, CALL_TIME_MAX).await?) {
                Ok(_) => return Err(CallError::ours(Meaning::Busy, "the platform gave no file")),
                Err(error) if error.meaning == Meaning::TokenStale && stale.is_none() => stale = Some(token),
                Err(error) => return Err(error),
            }
        }
    }

    /// Opens a file at an address that the platform named.
    ///
    /// # Errors
    /// See [`CallError`]; [`Meaning::Refused`] when the address leads elsewhere than to the platform.
    pub async fn fetch(&self, address: &str) -> Result<Response, CallError> {
        fetched(self.transport.requests().get(self.trusted(address)?)).await
    }
}

async fn fetched(request: RequestBuilder) -> Result<Response, CallError> {
    let response = sent(request, TRANSFER_TIME_MAX).await.map_err(CallError::of_reading)?;
    match response.status() {
        status if status.is_success() => Ok(response),
        // The addresses of a bot's files are good for five minutes, and then forbidden.
        StatusCode::FORBIDDEN | StatusCode::NOT_FOUND | StatusCode::GONE => {
            Err(CallError::ours(Meaning::Refused(Refusal::Gone), "the platform gives the file out no more"))
        }
        status => Err(CallError::ours(
            Meaning::Busy,
            format!("the file is not given out, with status {}", status.as_u16()),
        )),
    }
}
