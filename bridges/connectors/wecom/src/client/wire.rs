//! Addresses, requests and bodies, within their bounds. No word of an error holds an address: it holds a token.

use std::time::Duration;

use bytes::BytesMut;
use http::{HeaderMap, header};
use reqwest::{RequestBuilder, Response, Url};
use tokio::time::timeout;

use super::error::{CallError, Meaning};
use crate::limits::ANSWER_BYTES_MAX;

/// A path below the address of the API.
///
/// # Errors
/// When the address takes none.
pub fn joined(base: &Url, path: &str) -> Result<Url, CallError> {
    let mut url = base.clone();
    url.path_segments_mut()
        .map_err(|()| CallError::ours(Meaning::SetUp, "the address of the API takes no path"))?
        .pop_if_empty()
        .extend(path.split('/'));
    Ok(url)
}

/// Sends a request and waits for the head of the answer.
///
/// # Errors
/// [`Meaning::Unreachable`] when nothing was sent, [`Meaning::Unknown`] when there is no answer.
pub async fn sent(request: RequestBuilder, time_max: Duration) -> Result<Response, CallError> {
    match timeout(time_max, request.send()).await {
        Ok(Ok(response)) => Ok(response),
        Ok(Err(error)) if error.is_connect() => Err(CallError::ours(
            Meaning::Unreachable,
            format!("the platform is not reached: {}", error.without_url()),
        )),
        Ok(Err(error)) => {
            Err(CallError::ours(Meaning::Unknown, format!("no answer: {}", error.without_url())))
        }
        Err(_) => Err(CallError::ours(Meaning::Unknown, "no answer in time")),
    }
}

/// The whole body of an answer.
///
/// # Errors
/// [`Meaning::Unknown`] when it does not come whole and in time, or is too long.
pub async fn body_of(mut response: Response, time_max: Duration) -> Result<BytesMut, CallError> {
    let reading = async {
        let mut body = BytesMut::new();
        loop {
            match response.chunk().await {
                Ok(Some(chunk)) if body.len() + chunk.len() > ANSWER_BYTES_MAX => {
                    return Err(CallError::ours(Meaning::Unknown, "the answer is too long to be read"));
                }
                Ok(Some(chunk)) => body.extend_from_slice(&chunk),
                Ok(None) => return Ok(body),
                Err(error) => {
                    let words = format!("no whole answer: {}", error.without_url());
                    return Err(CallError::ours(Meaning::Unknown, words));
                }
            }
        }
    };
    timeout(time_max, reading)
        .await
        .map_err(|_| CallError::ours(Meaning::Unknown, "the answer did not end in time"))?
}

/// What a header says, as far as it is text.
pub fn header_text(headers: &HeaderMap, name: header::HeaderName) -> Option<String> {
    let value = headers.get(name)?;
    // Names of files come as raw UTF-8.
    std::str::from_utf8(value.as_bytes()).ok().map(str::to_owned)
}

/// The name of a file in a `Content-Disposition`: the encoded one before the plain one.
pub fn file_name(headers: &HeaderMap) -> Option<String> {
    let value = header_text(headers, header::CONTENT_DISPOSITION)?;
    let parts = || value.split(';').map(str::trim);
    let encoded = parts().find_map(|part| {
        let (_, rest) = part.split_once('=').filter(|(name, _)| name.eq_ignore_ascii_case("filename*"))?;
        decoded(rest.trim_matches('"').rsplit('\'').next()?)
    });
    let plain = || {
        parts().find_map(|part| {
            let (_, rest) = part.split_once('=').filter(|(name, _)| name.eq_ignore_ascii_case("filename"))?;
            decoded(rest.trim_matches('"'))
        })
    };
    encoded.or_else(plain).filter(|name| !name.is_empty())
}

/// Text whose bytes may be written with percent signs.
fn decoded(text: &str) -> Option<String> {
    let (mut bytes, mut rest) = (Vec::new(), text.bytes());
    while let Some(byte) = rest.next() {
        if byte == b'%' {
            let digits = [rest.next()?, rest.next()?];
            bytes.push(u8::from_str_radix(std::str::from_utf8(&digits).ok()?, 16).ok()?);
        } else {
            bytes.push(byte);
        }
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_files_are_read_in_every_form() {
        let table = [
            ("attachment; filename=\"a.pdf\"", Some("a.pdf")),
            ("attachment; filename=\"_.pdf\"; filename*=UTF-8''%E6%8A%A5.pdf", Some("报.pdf")),
            ("attachment; filename=\"%E6%8A%A5.pdf\"", Some("报.pdf")),
            ("attachment", None),
            ("attachment; filename=\"\"", None),
        ];
        for (value, expected) in table {
            let mut headers = HeaderMap::new();
            headers.insert(header::CONTENT_DISPOSITION, value.parse().expect("a header"));
            assert_eq!(file_name(&headers).as_deref(), expected, "{value}");
        }
    }
}
