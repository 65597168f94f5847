//! Addresses, requests and bodies of a platform's API, within their bounds. No word of an error holds an address: it may hold a
//! token.

use std::{error::Error, time::Duration};

use bytes::BytesMut;
use futures_util::StreamExt as _;
use http::{HeaderMap, header};
use reqwest::{RequestBuilder, Response, Url};
use tokio::time::timeout;

use crate::{ByteStream, CallError, Failure, Meaning, bounded};

/// A path below an address of an API, with or without a slash before it.
///
/// # Errors
/// [`Meaning::SetUp`] when the address takes none.
pub fn joined(base: &Url, path: &str) -> Result<Url, CallError> {
    let mut url = base.clone();
    url.path_segments_mut()
        .map_err(|()| CallError::ours(Meaning::SetUp, "the address of the API takes no path"))?
        .pop_if_empty()
        .extend(path.trim_start_matches('/').split('/'));
    Ok(url)
}

/// An address that came over the network, when it leads to the platform: when it has the origin of one of the `bases`, or lies at
/// one of `hosts`, each a whole origin (`http://127.0.0.1:8080`) or a domain with all below it. Whoever could forge another one
/// would else make us ask within our own network.
pub fn leading_to(address: &str, bases: &[&Url], hosts: &[String]) -> Option<Url> {
    let url: Url = address.parse().ok()?;
    let same = |other: &Url| other.origin() == url.origin();
    let named = |host: &String| host.contains("://") && host.parse().is_ok_and(|other: Url| same(&other));
    if bases.iter().any(|base| same(base)) || hosts.iter().any(named) {
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
    (plain && standard && hosts.iter().any(below)).then_some(url)
}

/// Sends a request and waits for the head of the answer.
///
/// # Errors
/// [`Meaning::Unreachable`] when nothing was sent, [`Meaning::Unknown`] when there is no answer.
pub async fn sent(request: RequestBuilder, time_max: Duration) -> Result<Response, CallError> {
    match timeout(time_max, request.send()).await {
        Ok(Ok(response)) => Ok(response),
        Ok(Err(error)) if error.is_connect() => {
            let words = format!("the platform is not reached: {}", reasons(error));
            Err(CallError::ours(Meaning::Unreachable, words))
        }
        Ok(Err(error)) => Err(CallError::ours(Meaning::Unknown, format!("no answer: {}", reasons(error)))),
        Err(_) => Err(CallError::ours(Meaning::Unknown, "no answer in time")),
    }
}

/// The whole body of an answer, of so many bytes at most.
///
/// # Errors
/// [`Meaning::Unknown`] when it does not come whole and in time, or is too long.
pub async fn body_of(
    mut response: Response,
    bytes_max: usize,
    time_max: Duration,
) -> Result<BytesMut, CallError> {
    let unknown = |words: String| CallError::ours(Meaning::Unknown, words);
    let reading = async {
        let mut body = BytesMut::new();
        loop {
            match response.chunk().await {
                Ok(Some(chunk)) if body.len() + chunk.len() > bytes_max => {
                    return Err(unknown("the answer is too long to be read".to_owned()));
                }
                Ok(Some(chunk)) => body.extend_from_slice(&chunk),
                Ok(None) => return Ok(body),
                Err(error) => return Err(unknown(format!("no whole answer: {}", reasons(error)))),
            }
        }
    };
    timeout(time_max, reading)
        .await
        .unwrap_or_else(|_| Err(unknown("the answer did not end in time".to_owned())))
}

/// The bytes of an answer as they come; beyond the bound they end with a failure.
pub fn bytes_of(response: Response, bytes_max: u64) -> ByteStream {
    let broken = |error| Failure::later(format!("the file broke off: {}", reasons(error)));
    bounded(Box::pin(response.bytes_stream().map(move |chunk| chunk.map_err(broken))), bytes_max)
}

/// What a header says, as far as it is text: names of files come as raw UTF-8.
pub fn header_text(headers: &HeaderMap, name: header::HeaderName) -> Option<String> {
    let value = headers.get(name)?;
    std::str::from_utf8(value.as_bytes()).ok().map(str::to_owned)
}

/// An error with what lies below it, because the top says only "error sending request"; without its address.
pub fn reasons(error: reqwest::Error) -> String {
    let error = error.without_url();
    let mut text = error.to_string();
    let mut below = error.source();
    while let Some(error) = below {
        text.push_str(": ");
        text.push_str(&error.to_string());
        below = error.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_joined_however_they_are_written() {
        for (base, path) in [("https://a.example", "/b/c"), ("https://a.example/", "b/c")] {
            let base = base.parse().expect("an address");
            assert_eq!(joined(&base, path).expect("an address").as_str(), "https://a.example/b/c");
        }
        assert!(joined(&"mailto:a@b".parse().expect("an address"), "c").is_err());
    }

    #[test]
    fn only_the_platform_is_asked() {
        let bases: Vec<Url> = ["https://qyapi.weixin.qq.com", "http://127.0.0.1:8123/x"]
            .map(|base| base.parse().expect("an address"))
            .into();
        let hosts = ["dingtalk.com", ".aliyuncs.com", "myqcloud.com", "http://127.0.0.1:8125"];
        let hosts = hosts.map(str::to_owned);
        let table = [
            ("https://qyapi.weixin.qq.com/cgi-bin/aibot/response?response_code=c", true),
            ("https://ww-aibot-img-1.cos.ap-guangzhou.myqcloud.com/a?sign=b", true),
            ("https://oapi.dingtalk.com/robot/sendBySession?session=s", true),
            ("http://static.dingtalk.com/a.file", true),
            ("https://x.oss-cn-hangzhou.aliyuncs.com/a.file?Expires=1", true),
            ("http://127.0.0.1:8123/file", true),
            ("http://127.0.0.1:8125/file", true),
            ("http://127.0.0.1:8124/file", false),
            ("http://169.254.169.254/latest", false),
            ("https://evildingtalk.com/a", false),
            ("https://evilmyqcloud.com/a", false),
            ("https://dingtalk.com.evil.example/a", false),
            ("https://myqcloud.com.evil.example/a", false),
            ("https://a@oapi.dingtalk.com/a", false),
            ("https://a@x.myqcloud.com/a", false),
            ("https://oapi.dingtalk.com:8443/a", false),
            ("https://x.myqcloud.com:8443/a", false),
            ("ftp://oapi.dingtalk.com/a", false),
            ("file:///etc/passwd", false),
            ("nonsense", false),
        ];
        let bases: Vec<&Url> = bases.iter().collect();
        for (address, expected) in table {
            assert_eq!(leading_to(address, &bases, &hosts).is_some(), expected, "{address}");
        }
    }
}
