//! `POST /_matrix/client/v3/keys/signatures/upload`

use axum::extract::State;
use bytes::Bytes;
use keys::SignatureFailure;
use ruma::api::client::keys::upload_signatures::v3::Request;
use serde_json::{Map, Value, json};

use crate::{Action, App, Authed, MatrixError, answer::JsonBytes, extract::Raw};

/// [Specification](https://spec.matrix.org/v1.19/client-server-api/#post_matrixclientv3keyssignaturesupload)
pub async fn handler(
    State(app): State<App>,
    Authed { caller, request }: Authed<Raw<Request>>,
) -> Result<JsonBytes, MatrixError> {
    app.limits.caller(&caller, Action::Keys)?;
    let body = request.object()?;
    let upload =
        serde_json::from_str(body.get()).map_err(|error| MatrixError::bad_json(error.to_string()))?;
    let failures = app.flows.upload_signatures(&caller.user, &upload).await?;
    let failures: Map<String, Value> = failures
        .into_iter()
        .map(|(user, keys)| {
            let keys: Map<_, _> = keys.into_iter().map(|(key, failure)| (key, wire(failure))).collect();
            (user.to_string(), Value::Object(keys))
        })
        .collect();
    Ok(JsonBytes(Bytes::from(json!({ "failures": failures }).to_string())))
}

fn wire(failure: SignatureFailure) -> Value {
    let (code, message) = match failure {
        SignatureFailure::UnknownKey => ("M_NOT_FOUND", "No such key that you may sign"),
        SignatureFailure::Malformed => ("M_BAD_JSON", "The signed object is malformed or too large"),
        SignatureFailure::OtherKey => {
            ("M_INVALID_SIGNATURE", "The signed object is not the key that the server knows")
        }
        SignatureFailure::NoSignature => {
            ("M_INVALID_SIGNATURE", "There is no signature of a key that may sign this one")
        }
        SignatureFailure::Forged => ("M_INVALID_SIGNATURE", "Invalid signature"),
    };
    json!({ "errcode": code, "error": message })
}
