//! `GET /_matrix/client/v3/login/sso/redirect` and `…/redirect/{idpId}`
//!
//! What a client says in `action` (log in or register, MSC3824) changes nothing: a provider knows people or not.

use axum::{
    extract::State,
    response::{IntoResponse as _, Response},
};
use http::{HeaderValue, StatusCode, header};
use ruma::api::client::session::{
    sso_login::v3::Request as AnyRequest, sso_login_with_provider::v3::Request as OneRequest,
};

use super::{cookie, words};
use crate::{Action, App, ClientInfo, MatrixError, Public};

/// [Specification](https://spec.matrix.org/v1.19/client-server-api/#get_matrixclientv3loginssoredirect)
pub async fn any(
    State(app): State<App>,
    Public { client, request }: Public<AnyRequest>,
) -> Result<Response, MatrixError> {
    let providers: Vec<(String, String)> = app
        .flows
        .single_sign_on()
        .providers()
        .map(|provider| (provider.id.clone(), provider.name.clone()))
        .collect();
    match providers.as_slice() {
        [] => Err(MatrixError::unrecognized()),
        [(only, _)] => Ok(go(&app, &client, only, &request.redirect_url).await?),
        many => {
            if let Err(error) = app.flows.check_redirect_url(&request.redirect_url) {
                return Ok(words::refusal(error));
            }
            let way = |(id, name): &(String, String)| {
                let client = encoded(&request.redirect_url);
                (name.clone(), format!("/_matrix/client/v3/login/sso/redirect/{id}?redirectUrl={client}"))
            };
            Ok(words::choice(&many.iter().map(way).collect::<Vec<_>>()))
        }
    }
}

/// [Specification](https://spec.matrix.org/v1.19/client-server-api/#get_matrixclientv3loginssoredirectidpid)
pub async fn one(
    State(app): State<App>,
    Public { client, request }: Public<OneRequest>,
) -> Result<Response, MatrixError> {
    go(&app, &client, &request.idp_id, &request.redirect_url).await
}

async fn go(
    app: &App,
    client: &ClientInfo,
    provider: &str,
    redirect_url: &str,
) -> Result<Response, MatrixError> {
    app.limits.address(client.address, Action::Login)?;
    Ok(match app.flows.begin_sign_on(provider, redirect_url).await {
        Ok(sign_on) => {
            let mut response = see_other_place(&sign_on.location);
            cookie::keep(app, &mut response, &sign_on);
            response
        }
        Err(error) => words::refusal(error),
    })
}

/// 302, kept by nobody, and telling the next site nothing of where the browser was.
pub(super) fn see_other_place(location: &str) -> Response {
    let Ok(location) = HeaderValue::from_str(location) else {
        return MatrixError::internal("send a browser on", "the address is no header value").into_response();
    };
    let headers = [
        (header::LOCATION, location),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
        (header::REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
    ];
    (StatusCode::FOUND, headers).into_response()
}

/// A text as the value of a query.
fn encoded(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                encoded.push(char::from(byte))
            }
            other => encoded.push_str(&format!("%{other:02X}")),
        }
    }
    encoded
}
