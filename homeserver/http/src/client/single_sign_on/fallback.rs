//! `GET /_matrix/client/v3/auth/m.login.sso/fallback/web`
//!
//! The page says what is to be confirmed, and only a click leads on: a client that stole a token must not get
//! a confirmation out of a browser that happens to be signed on.

use axum::{extract::State, response::Response};
use ruma::api::client::uiaa::{AuthType, get_uiaa_fallback_page::v3::Request};

use super::{cookie, words};
use crate::{Action, App, MatrixError, Public};

/// [Specification](https://spec.matrix.org/v1.19/client-server-api/#fallback)
pub async fn handler(
    State(app): State<App>,
    Public { client, request }: Public<Request>,
) -> Result<Response, MatrixError> {
    if request.auth_type != AuthType::Sso {
        return Err(MatrixError::unrecognized());
    }
    app.limits.address(client.address, Action::Login)?;
    Ok(match app.flows.begin_confirmation(&request.session).await {
        Ok((wanted, ways)) => {
            let links: Vec<_> = ways.iter().map(|way| (way.provider.clone(), way.location.clone())).collect();
            let mut response = words::confirmation(wanted.user.as_str(), wanted.operation, &links);
            for way in &ways {
                cookie::keep(&app, &mut response, way);
            }
            response
        }
        Err(error) => words::refusal(error),
    })
}
