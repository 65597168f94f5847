//! Finding the access token, and finding out whose it is.

use accounts::Session;
use http::{HeaderMap, Request, Uri, header::AUTHORIZATION, request::Parts};
use ruma::api::error::DeserializationError;

use super::{Caller, ClientInfo, Part, masquerade};
use crate::{App, MatrixError, limits::TOKEN_BYTES_MAX};

/// The token that came with a request which needs none of a person: that of an application service, if any.
#[derive(Clone)]
pub struct ServiceToken(pub Option<String>);

impl Part for ServiceToken {
    fn of(request: &Request<&[u8]>) -> Result<Self, DeserializationError> {
        Ok(Self(presented(request.headers(), request.uri()).unwrap_or_default()))
    }
}

/// The token of the `Authorization` header or, deprecated but still in the specification, of the
/// query parameter `access_token`. An empty token is as good as none.
///
/// # Errors
/// 401 `M_MISSING_TOKEN` for an `Authorization` of another scheme, `M_UNKNOWN_TOKEN` for one that
/// cannot be a token of ours.
pub fn access_token(parts: &Parts) -> Result<Option<String>, MatrixError> {
    presented(&parts.headers, &parts.uri)
}

/// The token that came with a request, wherever it stands.
///
/// # Errors
/// As [`access_token`].
pub(crate) fn presented(headers: &HeaderMap, uri: &Uri) -> Result<Option<String>, MatrixError> {
    let token = match headers.get(AUTHORIZATION) {
        Some(value) => Some(bearer(value.to_str().unwrap_or_default())?),
        None => from_query(uri.query().unwrap_or_default()),
    };
    match token.filter(|token| !token.is_empty()) {
        Some(token) if token.len() > TOKEN_BYTES_MAX => Err(MatrixError::unknown_token(false)),
        token => Ok(token),
    }
}

fn bearer(value: &str) -> Result<String, MatrixError> {
    match value.trim().split_once(' ') {
        Some((scheme, token)) if scheme.eq_ignore_ascii_case("bearer") => Ok(token.trim().to_owned()),
        None if value.trim().eq_ignore_ascii_case("bearer") => Ok(String::new()),
        Some(_) | None => Err(MatrixError::missing_token()),
    }
}

fn from_query(query: &str) -> Option<String> {
    let value = query.split('&').find_map(|pair| pair.strip_prefix("access_token="))?;
    percent_decode(value)
}

/// Decodes `%XX` and `+`; none for what does not decode to UTF-8.
pub(crate) fn percent_decode(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'+' => b' ',
            b'%' => {
                let high = char::from(rest.next()?).to_digit(16)?;
                let low = char::from(rest.next()?).to_digit(16)?;
                u8::try_from(high * 16 + low).ok()?
            }
            other => other,
        });
    }
    String::from_utf8(bytes).ok()
}

/// Whose token it is, or for whom the service of the token acts.
pub(super) async fn authenticate(app: &App, token: &str, parts: &Parts) -> Result<Caller, MatrixError> {
    let client = ClientInfo::of(parts, app);
    if let Some(service) = masquerade::service(app, token) {
        return masquerade::caller(app, service, &parts.uri, client).await;
    }
    let session = app.accounts.authenticate(token).await?;
    if let Some(device) = &session.device {
        let address = Some(client.address);
        app.accounts.note_seen(&session.user, device, address, client.user_agent.as_deref());
    }
    app.limits.note_administrator(&session.user, session.is_admin);
    Ok(caller(session, client))
}

/// Whose token it is, also when the account is locked.
pub(super) async fn authenticate_to_log_out(
    app: &App,
    token: &str,
    parts: &Parts,
) -> Result<Caller, MatrixError> {
    let client = ClientInfo::of(parts, app);
    if let Some(service) = masquerade::service(app, token) {
        return masquerade::caller(app, service, &parts.uri, client).await;
    }
    Ok(caller(app.accounts.authenticate_to_log_out(token).await?, client))
}

fn caller(session: Session, client: ClientInfo) -> Caller {
    Caller {
        user: session.user.clone(),
        device: session.device.clone(),
        is_guest: session.is_guest,
        client,
        session,
        service: None,
    }
}

#[cfg(test)]
mod tests {
    use http::Request;

    use super::*;

    fn token_of(uri: &str, authorization: Option<&str>) -> Result<Option<String>, String> {
        let mut request = Request::get(uri);
        if let Some(value) = authorization {
            request = request.header(AUTHORIZATION, value);
        }
        let (parts, ()) = request.body(()).unwrap().into_parts();
        access_token(&parts).map_err(|error| error.code().to_owned())
    }

    #[test]
    fn the_token_is_found_in_header_or_query() {
        let some = |token: &str| Ok(Some(token.to_owned()));
        assert_eq!(token_of("/x", None), Ok(None));
        assert_eq!(token_of("/x", Some("Bearer abc")), some("abc"));
        assert_eq!(token_of("/x", Some("bearer  abc ")), some("abc"));
        assert_eq!(token_of("/x?access_token=query", Some("Bearer header")), some("header"));
        assert_eq!(token_of("/x?a=1&access_token=a%2Bb", None), some("a+b"));
        assert_eq!(token_of("/x?access_token=", None), Ok(None));
        assert_eq!(token_of("/x?access_token=%zz", None), Ok(None));
        assert_eq!(token_of("/x", Some("Bearer ")), Ok(None));
        assert_eq!(token_of("/x", Some("Basic abc")), Err("M_MISSING_TOKEN".to_owned()));
        let long = format!("Bearer {}", "a".repeat(TOKEN_BYTES_MAX + 1));
        assert_eq!(token_of("/x", Some(&long)), Err("M_UNKNOWN_TOKEN".to_owned()));
    }
}
