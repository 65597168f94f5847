//! Where an identity provider tells that somebody logged out there.
//!
//! `POST /_lianqiao/single-sign-on/{provider}/logout`, a form with `logout_token`:
//! [OpenID Connect Back-Channel Logout 1.0](https://openid.net/specs/openid-connect-backchannel-1_0.html#BCRequest).

use axum::{
    Json,
    extract::{Path, Request, State},
    response::{IntoResponse as _, Response},
};
use flows::single_sign_on::SingleSignOnError;
use http::{HeaderValue, StatusCode, header};
use serde_json::json;

use crate::{Action, App, MatrixError, page::Fields};

pub(super) async fn handler(
    State(app): State<App>,
    Path(provider): Path<String>,
    request: Request,
) -> Response {
    let form = match Fields::of_form(&app, request, Action::Other).await {
        Ok(form) => form,
        Err(refused) => return refused.into_response(),
    };
    let outcome = app.flows.log_out_by_provider(&provider, &form.value("logout_token")).await;
    if let Err(error) = &outcome {
        tracing::warn!(provider, %error, "end sessions for an identity provider");
    }
    let mut response = match outcome {
        Ok(_) => StatusCode::OK.into_response(),
        Err(SingleSignOnError::Account(error)) => MatrixError::from(error).into_response(),
        Err(error) => {
            let status = match error {
                SingleSignOnError::UnknownProvider => StatusCode::NOT_FOUND,
                SingleSignOnError::Unavailable(_) => StatusCode::SERVICE_UNAVAILABLE,
                _ => StatusCode::BAD_REQUEST,
            };
            let words = json!({ "error": "invalid_request", "error_description": error.to_string() });
            (status, Json(words)).into_response()
        }
    };
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}
