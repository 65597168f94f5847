//! `PUT /_matrix/client/v3/sendToDevice/{eventType}/{txnId}`

use axum::extract::State;
use flows::devices::{SendToDevice, send_to_device};
use ruma::api::client::to_device::send_event_to_device::v3::{Request, Response};

use crate::{Answer, App, Authed, MatrixError};

/// [Specification](https://spec.matrix.org/v1.19/client-server-api/#put_matrixclientv3sendtodeviceeventtypetxnid)
pub async fn handler(
    State(app): State<App>,
    Authed { caller, request }: Authed<Request>,
) -> Result<Answer<Response>, MatrixError> {
    let send = SendToDevice {
        sender: &caller.user,
        device: caller.device.as_deref(),
        transaction_id: request.txn_id.as_str(),
        kind: &request.event_type.to_string(),
        messages: request.messages,
    };
    send_to_device(&app.store, &app.accounts, &app.keys, send).await?;
    Ok(Answer(Response::new()))
}
