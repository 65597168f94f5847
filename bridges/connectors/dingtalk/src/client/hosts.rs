//! Which addresses of the network lead to the platform. Files and session webhooks come as addresses in messages, and whoever
//! could forge one would else make us ask within our own network.

use bridge_api::{
    CallError, Meaning, Refusal,
    exchange::{joined, leading_to, sent},
};
use reqwest::{Response, Url};

use super::Client;
use crate::limits::TRANSFER_TIME_MAX;

impl Client {
    /// Opens a file at an address that the platform named.
    ///
    /// # Errors
    /// See [`CallError`]; [`Meaning::Refused`] when the address leads elsewhere than to the platform.
    pub async fn fetch(&self, address: &str) -> Result<Response, CallError> {
        let url = self.trusted(address)?;
        let response = sent(self.transport.requests().get(url), TRANSFER_TIME_MAX).await?;
        let status = response.status();
        if status.is_success() {
            return Ok(response);
        }
        let meaning = match status.as_u16() {
            404 | 410 => Meaning::Refused(Refusal::Gone),
            // Addresses are good for minutes: the next try gets another one.
            _ => Meaning::Busy,
        };
        Err(CallError::ours(meaning, format!("the file is not given out, with status {}", status.as_u16())))
    }

    /// An address that came over the network, when it leads to the platform.
    ///
    /// # Errors
    /// [`Meaning::Refused`] otherwise.
    pub fn trusted(&self, address: &str) -> Result<Url, CallError> {
        let bases = [&self.settings.api_url, &self.settings.old_api_url];
        leading_to(address, &bases, &self.settings.file_hosts).ok_or_else(|| {
            let refusal = Refusal::Other("the address leads away from the platform".into());
            CallError::ours(Meaning::Refused(refusal), "the address leads away from the platform")
        })
    }

    /// The address of a custom webhook, without its query.
    ///
    /// # Errors
    /// When the base address takes no path.
    pub fn webhook_url(&self) -> Result<Url, CallError> {
        joined(&self.settings.old_api_url, "/robot/send")
    }
}
