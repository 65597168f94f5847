//! Extractors of endpoints that need, or look at, an access token.

use axum::extract::{FromRequest, Request};
use http::request::Parts;
use ruma::api::{IncomingRequest, Metadata};

use super::{Caller, ClientInfo, RumaExtractor, parse::parse, suspension, token, visiting};
use crate::{Action, App, MatrixError};

/// A request of a registered user; guests are refused with 403 `M_GUEST_ACCESS_FORBIDDEN`.
pub struct Authed<R> {
    /// Who asks.
    pub caller: Caller,
    /// What is asked.
    pub request: R,
}

/// A request of a registered user or of a guest.
/// [Guest access](https://spec.matrix.org/v1.19/client-server-api/#guest-access) lists the endpoints.
pub struct GuestAllowed<R> {
    /// Who asks.
    pub caller: Caller,
    /// What is asked.
    pub request: R,
}

/// A request to log out, which is the only thing that a locked account may still do.
pub struct LoggingOut<R> {
    /// Who asks.
    pub caller: Caller,
    /// What is asked.
    pub request: R,
}

/// A request that may come without token; a token that is there must be good.
pub struct MaybeAuthed<R> {
    /// Who asks, if a token says so.
    pub caller: Option<Caller>,
    /// Where the request comes from.
    pub client: ClientInfo,
    /// What is asked.
    pub request: R,
}

impl<R: IncomingRequest + Send + 'static> FromRequest<App> for Authed<R> {
    type Rejection = MatrixError;

    async fn from_request(request: Request, app: &App) -> Result<Self, MatrixError> {
        let (parts, body) = request.into_parts();
        let caller = required(&parts, app).await?;
        if caller.is_guest {
            return Err(MatrixError::guest_forbidden());
        }
        suspension::check::<R>(&caller)?;
        visiting::check::<R>(&caller)?;
        limit::<R>(&caller, app)?;
        Ok(Self { caller, request: parse(parts, body, app).await? })
    }
}

impl<R: IncomingRequest + Send + 'static> FromRequest<App> for GuestAllowed<R> {
    type Rejection = MatrixError;

    async fn from_request(request: Request, app: &App) -> Result<Self, MatrixError> {
        let (parts, body) = request.into_parts();
        let caller = required(&parts, app).await?;
        suspension::check::<R>(&caller)?;
        visiting::check::<R>(&caller)?;
        limit::<R>(&caller, app)?;
        Ok(Self { caller, request: parse(parts, body, app).await? })
    }
}

impl<R: IncomingRequest + Send + 'static> FromRequest<App> for LoggingOut<R> {
    type Rejection = MatrixError;

    async fn from_request(request: Request, app: &App) -> Result<Self, MatrixError> {
        let (parts, body) = request.into_parts();
        let token = token::access_token(&parts)?.ok_or_else(MatrixError::missing_token)?;
        let caller = token::authenticate_to_log_out(app, &token, &parts).await?;
        limit::<R>(&caller, app)?;
        Ok(Self { caller, request: parse(parts, body, app).await? })
    }
}

impl<R: IncomingRequest + Send + 'static> FromRequest<App> for MaybeAuthed<R> {
    type Rejection = MatrixError;

    async fn from_request(request: Request, app: &App) -> Result<Self, MatrixError> {
        let (parts, body) = request.into_parts();
        let client = ClientInfo::of(&parts, app);
        let caller = match token::access_token(&parts)? {
            Some(token) => Some(token::authenticate(app, &token, &parts).await?),
            None => None,
        };
        match &caller {
            Some(caller) => {
                visiting::check::<R>(caller)?;
                limit::<R>(caller, app)?;
            }
            None if R::RATE_LIMITED => app.limits.address(client.address, Action::Other)?,
            None => {}
        }
        Ok(Self { caller, client, request: parse(parts, body, app).await? })
    }
}

impl<R: IncomingRequest + Send + 'static> RumaExtractor for Authed<R> {
    type Request = R;
}

impl<R: IncomingRequest + Send + 'static> RumaExtractor for GuestAllowed<R> {
    type Request = R;
}

impl<R: IncomingRequest + Send + 'static> RumaExtractor for LoggingOut<R> {
    type Request = R;
}

impl<R: IncomingRequest + Send + 'static> RumaExtractor for MaybeAuthed<R> {
    type Request = R;
}

/// Who sends a request whose handler reads the rest of it itself.
///
/// # Errors
/// 401 without a good token.
pub async fn required(parts: &Parts, app: &App) -> Result<Caller, MatrixError> {
    let token = token::access_token(parts)?.ok_or_else(MatrixError::missing_token)?;
    token::authenticate(app, &token, parts).await
}

fn limit<R: Metadata>(caller: &Caller, app: &App) -> Result<(), MatrixError> {
    if R::RATE_LIMITED { app.limits.caller(caller, Action::Other) } else { Ok(()) }
}
