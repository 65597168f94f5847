//! `POST /_matrix/client/v3/account/3pid/add` and its deprecated form without `/add`

use accounts::Operation;
use axum::extract::State;
use ruma::api::{
    IncomingRequest as _,
    client::{
        account::add_3pid::v3::{Request, Response},
        uiaa::AuthData,
    },
};
use serde_json::{Map, Value, json};

use crate::{
    Answer, App, Authed, Caller, MatrixError,
    client::confirm::confirm,
    extract::{Raw, Uia},
};

/// [Specification](https://spec.matrix.org/v1.19/client-server-api/#post_matrixclientv3account3pidadd)
pub async fn handler(
    State(app): State<App>,
    Authed { caller, request: Uia(request) }: Authed<Uia<Request>>,
) -> Result<Answer<Response>, MatrixError> {
    let (sid, secret) = (request.sid.as_str(), request.client_secret.as_str());
    add(&app, &caller, sid, secret, request.auth.as_ref()).await
}

/// [Specification](https://spec.matrix.org/v1.19/client-server-api/#post_matrixclientv3account3pid). The
/// address opens the account from then on, so this form asks for the same proof of identity as the other.
pub async fn deprecated(
    State(app): State<App>,
    Authed { caller, request }: Authed<Raw<Request>>,
) -> Result<Answer<Response>, MatrixError> {
    let body: Map<String, Value> = serde_json::from_str(request.object()?.get())
        .map_err(|error| MatrixError::bad_json(error.to_string()))?;
    let credentials = body.get("three_pid_creds").or_else(|| body.get("threePidCreds"));
    let credentials =
        credentials.ok_or_else(|| MatrixError::missing_param("Missing parameter: three_pid_creds"))?;
    let mut modern = json!({ "sid": credentials["sid"], "client_secret": credentials["client_secret"] });
    if let Some(auth) = body.get("auth") {
        modern["auth"] = auth.clone();
    }
    let modern = modern.to_string();
    let Uia(request) =
        Uia::<Request>::try_from_http_request_inner(http::Request::new(modern.as_bytes()), &[])?;
    let (sid, secret) = (request.sid.as_str(), request.client_secret.as_str());
    add(&app, &caller, sid, secret, request.auth.as_ref()).await
}

async fn add(
    app: &App,
    caller: &Caller,
    sid: &str,
    secret: &str,
    auth: Option<&AuthData>,
) -> Result<Answer<Response>, MatrixError> {
    let operation = Operation::new("POST /account/3pid/add").with(&sid).with(&secret);
    confirm(app, caller, operation, auth).await?;
    app.accounts.add_address(&caller.user, sid, secret).await?;
    Ok(Answer(Response::new()))
}
