//! Which addresses of the network lead to the platform. Files and session webhooks come as addresses in messages, and whoever
//! could forge one would else make us ask within our own network.

use bridge_api::Refusal;
use reqwest::{Response, Url};

use super::{
    Client,
    error::{CallError, Meaning},
    wire::{joined, sent},
};
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
        trusted(address, &bases, &self.settings.file_hosts).ok_or_else(|| {
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

/// The address, when it has the origin of one of the bases or lies below one of the domains.
fn trusted(address: &str, bases: &[&Url], domains: &[String]) -> Option<Url> {
    let url: Url = address.parse().ok()?;
    if bases.iter().any(|base| base.origin() == url.origin()) {
        return Some(url);
    }
    let plain =
        matches!(url.scheme(), "http" | "https") && url.username().is_empty() && url.password().is_none();
    let standard = url.port().is_none();
    let host = url.domain()?.to_ascii_lowercase();
    let below = |domain: &String| {
        let domain = domain.trim_start_matches('.').to_ascii_lowercase();
        !domain.is_empty() && (host == domain || host.ends_with(&format!(".{domain}")))
    };
    (plain && standard && domains.iter().any(below)).then_some(url)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_platform_is_asked() {
        let base: Url = "http://127.0.0.1:8123/x".parse().expect("an address");
        let domains = ["dingtalk.com".to_owned(), ".aliyuncs.com".to_owned()];
        let table = [
            ("https://oapi.dingtalk.com/robot/sendBySession?session=s", true),
            ("http://static.dingtalk.com/a.file", true),
            ("https://x.oss-cn-hangzhou.aliyuncs.com/a.file?Expires=1", true),
            ("http://127.0.0.1:8123/file", true),
            ("http://127.0.0.1:8124/file", false),
            ("http://169.254.169.254/latest", false),
            ("https://evildingtalk.com/a", false),
            ("https://dingtalk.com.evil.example/a", false),
            ("https://a@oapi.dingtalk.com/a", false),
            ("https://oapi.dingtalk.com:8443/a", false),
            ("ftp://oapi.dingtalk.com/a", false),
            ("file:///etc/passwd", false),
            ("nonsense", false),
        ];
        for (address, expected) in table {
            assert_eq!(trusted(address, &[&base], &domains).is_some(), expected, "{address}");
        }
    }
}
