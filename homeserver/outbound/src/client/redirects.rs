//! Where an answer sends us, and what is asked there.

use http::{Method, StatusCode, header};
use reqwest::Url;

use crate::{OutboundError, Request, guard};

/// Where the answer sends us, checked like a URL from outside; nothing when it is the final one. A
/// body is sent again only where the status says so (307, 308).
pub(super) fn redirect(
    request: &Request,
    url: &Url,
    response: &reqwest::Response,
) -> Result<Option<Url>, OutboundError> {
    let follows = match response.status() {
        StatusCode::TEMPORARY_REDIRECT | StatusCode::PERMANENT_REDIRECT | StatusCode::SEE_OTHER => true,
        StatusCode::MOVED_PERMANENTLY | StatusCode::FOUND => request.body.is_empty(),
        _ => false,
    };
    let Some(location) = response.headers().get(header::LOCATION).filter(|_| follows) else {
        return Ok(None);
    };
    let wrong = |reason: String| OutboundError::InvalidUrl(format!("redirect: {reason}"));
    let location = std::str::from_utf8(location.as_bytes()).map_err(|error| wrong(error.to_string()))?;
    let next = url.join(location).map_err(|error| wrong(error.to_string()))?;
    guard::check(&next)?;
    Ok(Some(next))
}

/// The request as it is repeated where the answer wants nothing but to be fetched.
pub(super) fn become_get(request: &mut Request) {
    if request.method != Method::HEAD {
        request.method = Method::GET;
    }
    request.body = bytes::Bytes::new();
    request.headers.remove(header::CONTENT_TYPE);
}
