//! Extractor of endpoints that need no token.

use axum::extract::{FromRequest, Request};
use ruma::api::IncomingRequest;

use super::{ClientInfo, RumaExtractor, parse::parse};
use crate::{Action, App, MatrixError};

/// A request from anybody; a token, good or bad, is not looked at.
pub struct Public<R> {
    /// Where the request comes from.
    pub client: ClientInfo,
    /// What is asked.
    pub request: R,
}

impl<R: IncomingRequest + Send + 'static> FromRequest<App> for Public<R> {
    type Rejection = MatrixError;

    async fn from_request(request: Request, app: &App) -> Result<Self, MatrixError> {
        let (parts, body) = request.into_parts();
        let client = ClientInfo::of(&parts, app);
        if R::RATE_LIMITED {
            app.limits.address(client.address, Action::Other)?;
        }
        Ok(Self { client, request: parse(parts, body, app).await? })
    }
}

impl<R: IncomingRequest + Send + 'static> RumaExtractor for Public<R> {
    type Request = R;
}
