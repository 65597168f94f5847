//! `POST /_matrix/client/v3/keys/device_signing/upload`

use accounts::Operation;
use axum::extract::State;
use keys::CrossSigningUpload;
use ruma::api::client::keys::upload_signing_keys::v3::{Request, Response};

use crate::{Action, Answer, App, Authed, MatrixError, client::confirm::confirm, extract::Uia};

/// [Specification](https://spec.matrix.org/v1.19/client-server-api/#post_matrixclientv3keysdevice_signingupload)
pub async fn handler(
    State(app): State<App>,
    Authed { caller, request: Uia(request) }: Authed<Uia<Request>>,
) -> Result<Answer<Response>, MatrixError> {
    app.limits.caller(&caller, Action::Keys)?;
    let upload = CrossSigningUpload::check(
        &caller.user,
        request.master_key.as_ref().map(|key| key.json()),
        request.self_signing_key.as_ref().map(|key| key.json()),
        request.user_signing_key.as_ref().map(|key| key.json()),
    )?;
    let proof_needed = app.flows.cross_signing_needs_proof(&caller.user, &upload).await?;
    if proof_needed {
        let operation = Operation::new("POST /keys/device_signing/upload").with(&upload.fingerprint());
        confirm(&app, &caller, operation, request.auth.as_ref()).await?;
    }
    app.flows.upload_cross_signing(&caller.user, &upload, proof_needed).await?;
    Ok(Answer(Response::new()))
}
