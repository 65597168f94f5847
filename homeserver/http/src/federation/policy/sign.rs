//! `POST /_matrix/policy/v1/sign`

use axum::extract::State;
use ruma::api::federation::policy::sign_event::v1::{Request, Response};

use crate::{Answer, App, MatrixError, federation::Peer};

/// [Specification](https://spec.matrix.org/v1.19/server-server-api/#post_matrixpolicyv1sign)
pub async fn handler(
    State(app): State<App>,
    Peer { origin, request, .. }: Peer<Request>,
) -> Result<Answer<Response>, MatrixError> {
    let signature = app.federation.sign_for_room(&origin, &request.pdu).await?;
    Ok(Answer(Response::new(app.settings.server_name.clone(), signature)))
}
