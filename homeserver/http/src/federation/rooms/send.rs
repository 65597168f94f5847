//! `PUT /_matrix/federation/v1/send/{txnId}`

use axum::extract::State;
use federation::inbound::Transaction;
use ruma::api::federation::transactions::send_transaction_message::v1::{Request, Response};

use crate::{Answer, App, MatrixError, federation::Peer};

/// [Specification](https://spec.matrix.org/v1.19/server-server-api/#put_matrixfederationv1sendtxnid)
pub async fn handler(
    State(app): State<App>,
    Peer { origin, request, .. }: Peer<Request>,
) -> Result<Answer<Response>, MatrixError> {
    if request.origin != origin {
        return Err(MatrixError::invalid_param(
            "The origin of the transaction is not the server that signed it",
        ));
    }
    let transaction = Transaction {
        origin: &origin,
        id: request.transaction_id.as_str(),
        pdus: &request.pdus,
        edus: &request.edus,
    };
    Ok(Answer(Response::new(app.federation.receive(transaction).await?)))
}
